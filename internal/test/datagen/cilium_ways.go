// SPDX-License-Identifier: Apache-2.0

// cilium_ways.pcapng: the events of one to four observation points on a packet's way through a node, for each kind of
// way, and of packets that are dropped. counts.json has what was sent.

package main

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// sent counts what one side of a connection sent, and how much of it did not arrive.
type sent struct {
	Packets        int `json:"packets"`
	Bytes          int `json:"bytes"`
	DroppedPackets int `json:"dropped_packets,omitempty"`
	DroppedBytes   int `json:"dropped_bytes,omitempty"`
}

// hostEndpoint is the id of the node's own endpoint, under which the host's program reports.
const hostEndpoint = 89

// writeWays writes cilium_ways.pcapng.
func writeWays(path string) (counts, error) {
	n := &node{chance: newChance(7), counts: counts{ByID: map[id]int{}, Sent: map[string]*sent{}}}
	var list []func(at time.Duration)
	for i, r := range releases() {
		if r.trace == 0 { // it has no field for an original address
			continue
		}
		for _, c := range n.connections(r) {
			list = append(list, func(at time.Duration) { c(n.begin(at).as(i)) })
		}
	}
	n.schedule(span, list)
	return n.write(path)
}

// connections are the connections on a node with one release.
func (n *node) connections(r release) []func(f *flow) {
	var list []func(f *flow)
	for _, ipv6 := range []bool{false, true} {
		list = append(list,
			func(f *flow) {
				f.talk(path{from: frontend(), to: backend(), ipv6: ipv6}, (*flow).beside, (*flow).beside)
			},
			func(f *flow) {
				f.talk(path{from: frontend(), to: backend(), ipv6: ipv6}, (*flow).byStack, (*flow).beside)
			},
			func(f *flow) {
				f.talk(path{from: frontend(), to: worldHost(), ipv6: ipv6}, (*flow).toWorld, (*flow).fromNetwork)
			},
			func(f *flow) {
				f.talk(path{from: worldHost(), to: backend(), ipv6: ipv6}, (*flow).fromNetwork, (*flow).byNetwork)
			},
			func(f *flow) { f.talk(path{from: thisNode(), to: worldHost(), ipv6: ipv6}, (*flow).byHost, nil) },
			func(f *flow) {
				f.talk(path{from: backend(), to: thisNode(), ipv6: ipv6}, (*flow).toHost, (*flow).fromHost)
			},
			func(f *flow) {
				f.talk(path{from: frontend(), to: database(), ipv6: ipv6}, (*flow).encrypted, (*flow).fromNetwork)
			},
			func(f *flow) { f.talk(path{from: frontend(), to: coreDNS(), ipv6: ipv6}, (*flow).toProxy, nil) },
			func(f *flow) { f.stopped(path{from: frontend(), to: database(), ipv6: ipv6}, egress) },
			func(f *flow) { f.stopped(path{from: frontend(), to: backend(), ipv6: ipv6}, ingress) },
			func(f *flow) { f.stopped(path{from: worldHost(), to: backend(), ipv6: ipv6}, ingress) },
			func(f *flow) { f.talk(path{from: frontend(), to: worldHost(), ipv6: ipv6}, (*flow).lostByHost, nil) },
		)
	}
	if r.flags {
		list = append(list, func(f *flow) { f.talk(path{from: frontend(), to: database()}, (*flow).overlay, (*flow).fromOverlay) })
	}
	return list
}

// sends counts a packet that is sent, and whether it is dropped.
func (f *flow) sends(packet []byte, dropped bool) {
	key := sender(packet)
	s := f.counts.Sent[key]
	if s == nil {
		s = &sent{}
		f.counts.Sent[key] = s
	}
	s.Packets++
	s.Bytes += len(packet)
	if dropped {
		s.DroppedPackets++
		s.DroppedBytes += len(packet)
	}
}

// sender returns the sender and the destination of a packet.
func sender(packet []byte) string {
	p := gopacket.NewPacket(packet, layers.LayerTypeEthernet, gopacket.NoCopy)
	from, to := p.NetworkLayer().NetworkFlow().Endpoints()
	var ports [2]string
	switch t := p.TransportLayer().(type) {
	case *layers.TCP:
		ports = [2]string{strconv.Itoa(int(t.SrcPort)), strconv.Itoa(int(t.DstPort))}
	case *layers.UDP:
		ports = [2]string{strconv.Itoa(int(t.SrcPort)), strconv.Itoa(int(t.DstPort))}
	}
	return from.String() + " " + ports[0] + " > " + to.String() + " " + ports[1]
}

// course adds the events of a packet's way through the node. reason is connection tracking's.
type course func(f *flow, p path, reason uint8, packet []byte)

// talk is a TCP connection and a datagram, and the replies if there is a way back.
func (f *flow) talk(p path, there, back course) {
	const port = 8443
	s := f.stream(p, port)
	send := func(side int, flags string, payload int) {
		way, on, reason := there, p, uint8(monitor.TraceReasonEstablished)
		if flags == "S" {
			reason = monitor.TraceReasonNew
		}
		if side == 1 {
			way, on, reason = back, p.back(), monitor.TraceReasonReply
		}
		if way != nil {
			way(f, on, reason, f.segment(s, side, flags, make([]byte, payload)))
			f.wait(100*time.Microsecond, 2*time.Millisecond)
		}
	}
	send(0, "S", 0)
	send(1, "SA", 0)
	send(0, "A", 0)
	for range 3 {
		send(0, "PA", 40+f.IntN(1200))
		send(1, "PA", 40+f.IntN(1200))
	}
	again := f.segment(s, 0, "PA", make([]byte, 500))
	for range 2 { // the second time is a retransmission with the same bytes
		there(f, p, monitor.TraceReasonEstablished, again)
		f.wait(200*time.Millisecond, 400*time.Millisecond)
	}
	send(0, "FA", 0)
	send(1, "FA", 0)
	there(f, p, monitor.TraceReasonNew, f.udp(p, f.port, 9153, []byte("a sample of what is measured")))
}

// leaves is the point at which a packet leaves a pod.
func (f *flow) leaves(p path, packet []byte) {
	f.trace(p, step{point: monitor.TraceFromEndpoint, endpoint: p.from.endpoint, reason: monitor.TraceReasonUnknown}, packet)
}

// reaches is the point at which a packet is delivered to a pod.
func (f *flow) reaches(p path, reason uint8, packet []byte) {
	f.trace(p, step{
		point: monitor.TraceToEndpoint, endpoint: p.to.endpoint, target: p.to.endpoint, reason: reason, original: p.from.side(p.ipv6),
	}, packet)
}

// beside is a way between two pods of the node: two points, and the verdicts of both.
func (f *flow) beside(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	f.leaves(p, packet)
	if reason == monitor.TraceReasonNew {
		f.allowed(p, 8443, protoTCP, packet)
	}
	f.reaches(p, reason, packet)
}

// byStack is a way between two pods of the node through the host's stack: four points.
func (f *flow) byStack(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	f.leaves(p, packet)
	f.trace(p, step{point: monitor.TraceToStack, endpoint: p.from.endpoint, reason: reason}, packet)
	f.trace(p, step{point: monitor.TraceFromStack, endpoint: p.to.endpoint, target: p.to.endpoint, reason: monitor.TraceReasonUnknown}, packet)
	f.reaches(p, reason, packet)
}

// toWorld is a way out of the node, translated to the node's address: three points. Sometimes the source port changes
// too.
func (f *flow) toWorld(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	f.leaves(p, packet)
	f.trace(p, step{point: monitor.TraceToStack, endpoint: p.from.endpoint, reason: reason}, packet)
	port := f.port
	if port%2 == 0 {
		port = 1024 + port%30000
	}
	f.trace(p, step{point: monitor.TraceToNetwork, endpoint: hostEndpoint, reason: reason, original: p.from.side(p.ipv6)},
		f.translated(packet, thisNode().side(p.ipv6), port))
}

// translated returns the packet with another source.
func (n *node) translated(packet []byte, source netip.Addr, port uint16) []byte {
	p := gopacket.NewPacket(packet, layers.LayerTypeEthernet, gopacket.Default)
	var list []gopacket.SerializableLayer
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.IPv4:
			l.SrcIP = source.AsSlice()
		case *layers.IPv6:
			l.SrcIP = source.AsSlice()
		case *layers.TCP:
			l.SrcPort = layers.TCPPort(port)
			n.fail(l.SetNetworkLayerForChecksum(p.NetworkLayer()))
		case *layers.UDP:
			l.SrcPort = layers.UDPPort(port)
			n.fail(l.SetNetworkLayerForChecksum(p.NetworkLayer()))
		}
		list = append(list, l.(gopacket.SerializableLayer))
	}
	return n.serialize(list...)
}

// fromNetwork is a way from another node or the world to a pod: two points.
func (f *flow) fromNetwork(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	f.trace(p, step{point: monitor.TraceFromNetwork, endpoint: hostEndpoint, reason: monitor.TraceReasonUnknown}, packet)
	f.reaches(p, reason, packet)
}

// byNetwork is a way from a pod to the network without the host's stack: two points. The host's program reports the
// second one again.
func (f *flow) byNetwork(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	f.leaves(p, packet)
	f.trace(p, step{point: monitor.TraceToNetwork, endpoint: p.from.endpoint, reason: reason}, packet)
	f.trace(p, step{point: monitor.TraceToNetwork, endpoint: hostEndpoint, reason: reason}, packet)
}

// byHost is a way from the node itself: one point.
func (f *flow) byHost(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	f.trace(p, step{point: monitor.TraceToNetwork, endpoint: hostEndpoint, reason: reason}, packet)
}

// toHost is a way from a pod to its node: two points.
func (f *flow) toHost(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	f.leaves(p, packet)
	f.trace(p, step{point: monitor.TraceToHost, endpoint: p.from.endpoint, reason: reason}, packet)
}

// fromHost is a way from the node to a pod: two points.
func (f *flow) fromHost(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	f.trace(p, step{point: monitor.TraceFromHost, endpoint: hostEndpoint, reason: monitor.TraceReasonUnknown}, packet)
	f.reaches(p, reason, packet)
}

// toProxy is a way to the proxy: two points and the verdict.
func (f *flow) toProxy(p path, reason uint8, packet []byte) {
	const proxy = 10901
	f.sends(packet, false)
	f.leaves(p, packet)
	if reason == monitor.TraceReasonNew {
		f.verdict(p, egress, proxy, 8443, protoTCP, 2, packet)
	}
	p.to.identity = 0 // the destination is not reported there
	p.to.ifindex = 0
	f.trace(p, step{point: monitor.TraceToProxy, endpoint: p.from.endpoint, target: proxy, reason: reason}, packet)
}

// encrypted is a way to a pod on another node through WireGuard: four points. The last one sees the packet that carries
// this one.
func (f *flow) encrypted(p path, reason uint8, packet []byte) {
	const bit, port = 0x80, 51871
	f.sends(packet, false)
	f.leaves(p, packet)
	f.trace(p, step{point: monitor.TraceToStack, endpoint: p.from.endpoint, reason: reason}, packet)
	f.trace(p, step{point: monitor.TraceToCrypto, reason: reason}, packet)
	outer := path{from: thisNode(), to: otherNode()}
	f.trace(outer, step{point: monitor.TraceToNetwork, endpoint: hostEndpoint, reason: monitor.TraceReasonUnknown | bit},
		f.udp(outer, port, port, make([]byte, len(packet)+32)))
}

// overlay is a way to a pod on another node through a tunnel: three points. The last one sees the tunnel's packet.
func (f *flow) overlay(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	f.leaves(p, packet)
	f.trace(p, step{point: monitor.TraceToOverlay, endpoint: p.from.endpoint, reason: reason}, packet)
	outer := path{from: thisNode(), to: otherNode()}
	f.trace(outer, step{point: monitor.TraceToNetwork, endpoint: hostEndpoint, reason: monitor.TraceReasonUnknown, flags: monitor.FlagVXLAN},
		f.tunnel(outer, false, p.from.identity, packet))
}

// fromOverlay is a way from a pod on another node through a tunnel: three points.
func (f *flow) fromOverlay(p path, reason uint8, packet []byte) {
	f.sends(packet, false)
	outer := path{from: otherNode(), to: thisNode()}
	f.trace(outer, step{point: monitor.TraceFromNetwork, endpoint: hostEndpoint, reason: monitor.TraceReasonUnknown, flags: monitor.FlagVXLAN},
		f.tunnel(outer, false, p.from.identity, packet))
	f.trace(p, step{point: monitor.TraceFromOverlay, reason: monitor.TraceReasonUnknown}, packet)
	f.reaches(p, reason, packet)
}

// lostByHost is a packet that the pod's program passes on and the host's program drops: two points and a drop, which is
// the same packet.
func (f *flow) lostByHost(p path, reason uint8, packet []byte) {
	const noRoute, fileHost = 169, 1
	f.sends(packet, true)
	f.leaves(p, packet)
	f.trace(p, step{point: monitor.TraceToStack, endpoint: p.from.endpoint, reason: reason}, packet)
	f.dropAt(hostEndpoint, 0, p, noRoute, fileHost, packet)
}

// stopped is a connection that a policy denies, in either direction: the first packet, repeated after a second. If its
// pod is on this node, the packet first leaves it. Then come the verdict and the drop.
func (f *flow) stopped(p path, direction uint8) {
	const denied, filePods = 133, 2
	syn := f.segment(f.stream(p, 5432), 0, "S", nil)
	for range 3 {
		f.sends(syn, true)
		if p.from.endpoint != 0 {
			f.leaves(p, syn)
		} else {
			f.trace(p, step{point: monitor.TraceFromNetwork, endpoint: hostEndpoint, reason: monitor.TraceReasonUnknown}, syn)
		}
		f.verdict(p, direction, -denied, 5432, protoTCP, 0, syn)
		if direction == ingress {
			f.dropAt(p.to.endpoint, p.to.endpoint, p, denied, filePods, syn)
		} else {
			f.dropAt(p.from.endpoint, 0, p, denied, filePods, syn)
		}
		f.wait(900*time.Millisecond, 1100*time.Millisecond)
	}
}

// dropAt adds a drop notification of an endpoint's program.
func (f *flow) dropAt(endpoint, target uint16, p path, reason, file uint8, packet []byte) {
	f.tell(monitortest.Drop{
		Capture: f.captured(endpoint, packet), Version: f.release.drop, Reason: reason, SrcLabel: p.from.identity, DstLabel: p.to.identity,
		DstID: uint32(target), Line: 1304, File: file, IfIndex: p.from.ifindex, Flags: uint8(f.flagsOf(p)), IPTraceID: f.id,
	}.Bytes())
}
