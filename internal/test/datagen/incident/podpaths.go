// SPDX-License-Identifier: Apache-2.0

// Packets of the node that are not plain segments from one end to the other: datagrams, connections through a proxy, to
// a service, or out of the cluster with the node's address, and packets that are denied after a point where they
// passed.

package incident

import (
	"bytes"
	"fmt"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// Web and API are pods of this node. A proxy stands before API.
func Web() Pod { return Pod{"10.244.1.31", 22001, 3101} }

// API is the pod behind the proxy.
func API() Pod { return Pod{"10.244.1.32", 22002, 3102} }

// Collector is a pod on another node that receives samples in datagrams.
func Collector() Pod { return Pod{"10.244.2.51", 22003, 0} }

// Ledger is a pod on another node behind the service at ServiceAddress.
func Ledger() Pod { return Pod{"10.244.2.52", 22004, 0} }

// Partner is a host of the world that sees the node's address.
func Partner() Pod { return Pod{"198.51.100.90", identityWorld, 0} }

// Addresses that stand for others.
const (
	ServiceAddress = "10.96.0.20"  // of the service in front of Ledger
	NodeAddress    = "192.0.2.101" // of the node, for traffic that leaves the cluster
)

// hostEndpoint is the endpoint under which the host's program reports.
const hostEndpoint = 89

// Paths has the true numbers of these packets.
type Paths struct {
	Datagrams map[string]int  // packets, by "source destination reply direction"
	Ends      map[string]int  // bytes between the ends of connections through the proxy, by "source destination"; each leg is counted once
	Proxied   map[string]int  // packets that were redirected to the proxy, by "source destination direction"
	Service   map[string]bool // "source destination reply direction" of packets of the service's connections
	Outside   map[string]bool // "source, the address that it has outside, destination"
	Late      map[string]int  // packets denied after a point where they passed, by "source destination"
}

func newPaths() Paths {
	return Paths{map[string]int{}, map[string]int{}, map[string]int{}, map[string]bool{}, map[string]bool{}, map[string]int{}}
}

// paths adds all of these packets.
func (n *node) paths() {
	for i := range 20 {
		n.at = time.Duration(i)*30*time.Second + 10*time.Second
		n.samples(uint16(40000 + i))
		n.proxied(uint16(41000+i), 300, 1200)
		n.service(uint16(42000+i), 200, 800)
		n.leaves(uint16(43000+i), 500)
		n.deniedLate(uint16(44000 + i))
	}
}

// trace adds a trace of a packet.
func (n *node) trace(t mt.Trace, p []byte) {
	t.Capture, t.Version = captured(t.Capture.Source, p), 1
	n.tell(t.Bytes())
}

// by sets the endpoint that reports.
func by(endpoint uint16) mt.Capture { return mt.Capture{Source: endpoint} }

// seenAt returns the trace at a point, for a packet between two ends.
func seenAt(point uint8, endpoint uint16, from, to Pod, reason uint8) mt.Trace {
	return mt.Trace{Capture: by(endpoint), Point: point, SrcLabel: from.Identity, DstLabel: to.Identity, Reason: reason, IfIndex: 2}
}

// datagram returns a whole frame.
func datagram(from, to Pod, src, dst uint16, number, size int) []byte {
	payload := append(fmt.Appendf(nil, "%08d", number), bytes.Repeat([]byte("x"), size)...)
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(addr(from), addr(to), mt.ProtoUDP, mt.UDP(src, dst, payload)))
}

// samples adds datagrams to another node. The first one is answered.
func (n *node) samples(port uint16) {
	const collects = 8125
	from, to := Web(), Collector()
	for i := range 4 {
		p := datagram(from, to, port, collects, int(port)*10+i, 100)
		reason := uint8(monitor.TraceReasonEstablished)
		n.trace(seenAt(monitor.TraceFromEndpoint, from.Endpoint, from, Pod{}, monitor.TraceReasonUnknown), p)
		if i == 0 {
			reason = monitor.TraceReasonNew
			n.tell(mt.PolicyVerdict{
				Capture: captured(from.Endpoint, p), Long: true, RemoteLabel: to.Identity, DstPort: collects, Proto: mt.ProtoUDP, Direction: egress, Match: 2,
			}.Bytes())
		}
		n.trace(seenAt(monitor.TraceToOverlay, from.Endpoint, from, to, reason), p)
		n.sent(from, to, p)
		n.truth.Datagrams[from.Address+" "+to.Address+" false Outbound"]++
	}
	p := datagram(to, from, collects, port, int(port)*10, 20)
	n.trace(seenAt(monitor.TraceFromOverlay, 0, to, Pod{}, monitor.TraceReasonUnknown), p)
	n.delivered(to, from, monitor.TraceReasonReply, "", p)
	n.sent(to, from, p)
	n.truth.Datagrams[to.Address+" "+from.Address+" true Outbound"]++
	n.way(from, to, from, false)
	n.way(to, from, from, true)
}

// delivered adds the trace at a pod. before is the source address before translation, or "".
func (n *node) delivered(from, to Pod, reason uint8, before string, p []byte) {
	t := seenAt(monitor.TraceToEndpoint, to.Endpoint, from, to, reason)
	t.DstID = to.Endpoint
	if before != "" {
		t.OrigIP = addr(Pod{Address: before})
	}
	n.trace(t, p)
}

// segment returns a whole frame with a number in its payload.
func segment(from, to Pod, src, dst uint16, flags uint16, number uint32, payload int) []byte {
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(addr(from), addr(to), mt.ProtoTCP, mt.TCP(src, dst, flags, append(fmt.Appendf(nil, "%08d", number), bytes.Repeat([]byte("x"), payload)...))))
}

// proxied adds a connection from Web to API. The proxy receives each packet and sends it on with the same addresses.
func (n *node) proxied(port uint16, sends, gets int) {
	const serves, proxy = 8081, 10901
	client, server := Web(), API()
	key, back := client.Address+" "+server.Address, server.Address+" "+client.Address
	for _, flags := range []uint16{mt.SYN, mt.ACK | mt.PSH, mt.ACK | mt.FIN} {
		reason := uint8(monitor.TraceReasonEstablished)
		size := 0
		if flags == mt.SYN {
			reason = monitor.TraceReasonNew
		}
		if flags&mt.PSH != 0 {
			size = sends
		}
		p := segment(client, server, port, serves, flags, 0, size)
		n.trace(seenAt(monitor.TraceFromEndpoint, client.Endpoint, client, Pod{}, monitor.TraceReasonUnknown), p)
		taken := seenAt(monitor.TraceToProxy, server.Endpoint, client, server, reason)
		taken.DstID, taken.OrigIP = proxy, addr(client)
		n.trace(taken, p)
		n.trace(seenAt(monitor.TraceFromProxy, server.Endpoint, client, Pod{}, monitor.TraceReasonUnknown), p)
		n.delivered(client, server, reason, "", p)
		n.truth.Sent[key] += 2 * len(p)
		n.truth.Ends[key] += len(p)
		n.truth.Proxied[key+" Inbound"]++

		size = 0
		if flags&mt.PSH != 0 {
			size = gets
		}
		p = segment(server, client, serves, port, flags|mt.ACK, 0, size)
		n.trace(seenAt(monitor.TraceFromEndpoint, server.Endpoint, server, Pod{}, monitor.TraceReasonUnknown), p)
		taken = seenAt(monitor.TraceToProxy, server.Endpoint, server, Pod{}, monitor.TraceReasonReply)
		taken.DstID, taken.IfIndex = proxy, 0
		n.trace(taken, p)
		n.trace(seenAt(monitor.TraceFromProxy, server.Endpoint, server, Pod{}, monitor.TraceReasonUnknown), p)
		n.delivered(server, client, monitor.TraceReasonReply, "", p)
		n.truth.Sent[back] += 2 * len(p)
		n.truth.Ends[back] += len(p)
		n.truth.Proxied[back+" Inbound"]++
	}
	n.truth.Ways[key+" false Inbound"] = true
	n.truth.Ways[back+" true Inbound"] = true
	n.truth.Ways[back+" true Outbound"] = true
}

// service adds a connection from Web to a service's address, whose packets go to Ledger. The answers have the service's
// address again when they are delivered.
func (n *node) service(port uint16, sends, gets int) {
	const asks, serves = 80, 9000
	client, server, front := Web(), Ledger(), Pod{Address: ServiceAddress}
	for i, flags := range []uint16{mt.SYN, mt.ACK | mt.PSH, mt.ACK | mt.FIN} {
		reason := uint8(monitor.TraceReasonEstablished)
		there, back := 0, 0
		if flags == mt.SYN {
			reason = monitor.TraceReasonNew
		}
		if flags&mt.PSH != 0 {
			there, back = sends, gets
		}
		n.trace(seenAt(monitor.TraceFromEndpoint, client.Endpoint, client, Pod{}, monitor.TraceReasonUnknown), segment(client, front, port, asks, flags, uint32(i), there))
		p := segment(client, server, port, serves, flags, uint32(i), there)
		n.trace(seenAt(monitor.TraceToOverlay, client.Endpoint, client, server, reason), p)
		n.sent(client, server, p)
		p = segment(server, client, serves, port, flags|mt.ACK, uint32(i), back)
		n.trace(seenAt(monitor.TraceFromOverlay, 0, server, Pod{}, monitor.TraceReasonUnknown), p)
		n.delivered(server, client, monitor.TraceReasonReply, server.Address, segment(front, client, asks, port, flags|mt.ACK, uint32(i), back))
		n.sent(server, client, p)
	}
	n.way(client, server, client, false)
	n.way(server, client, client, true)
	n.truth.Service[client.Address+" "+server.Address+" false Outbound"] = true
	n.truth.Service[server.Address+" "+client.Address+" true Outbound"] = true
}

// leaves adds a connection that leaves the cluster with the node's address and another port.
func (n *node) leaves(port uint16, sends int) {
	const serves = 443
	from, to := API(), Partner()
	p := segment(from, to, port, serves, mt.ACK|mt.PSH, uint32(port), sends)
	n.trace(seenAt(monitor.TraceFromEndpoint, from.Endpoint, from, Pod{}, monitor.TraceReasonUnknown), segment(from, to, port, serves, mt.SYN, uint32(port), 0))
	n.trace(seenAt(monitor.TraceToStack, from.Endpoint, from, to, monitor.TraceReasonNew), segment(from, to, port, serves, mt.SYN, uint32(port), 0))
	n.sent(from, to, segment(from, to, port, serves, mt.SYN, uint32(port), 0))
	n.trace(seenAt(monitor.TraceFromEndpoint, from.Endpoint, from, Pod{}, monitor.TraceReasonUnknown), p)
	n.trace(seenAt(monitor.TraceToStack, from.Endpoint, from, to, monitor.TraceReasonEstablished), p)
	out := seenAt(monitor.TraceToNetwork, hostEndpoint, from, to, monitor.TraceReasonEstablished)
	out.OrigIP = addr(from)
	n.trace(out, segment(Pod{Address: NodeAddress}, to, 61000+port%1000, serves, mt.ACK|mt.PSH, uint32(port), sends))
	n.sent(from, to, p)
	n.way(from, to, from, false)
	n.truth.Outside[from.Address+" "+NodeAddress+" "+to.Address] = true
}

// deniedLate adds a first packet that the pod's program passes on and the host's firewall denies: two traces, a verdict
// and a drop.
func (n *node) deniedLate(port uint16) {
	const fileHost, asks = 1, 25
	from, to := Shop(), Partner()
	p := segment(from, to, port, asks, mt.SYN, uint32(port), 0)
	n.trace(seenAt(monitor.TraceFromEndpoint, from.Endpoint, from, Pod{}, monitor.TraceReasonUnknown), p)
	n.trace(seenAt(monitor.TraceToStack, from.Endpoint, from, to, monitor.TraceReasonNew), p)
	n.tell(mt.PolicyVerdict{
		Capture: captured(hostEndpoint, p), Long: true, RemoteLabel: to.Identity, Verdict: -policyDenied, DstPort: asks, Proto: tcp, Direction: egress, Cookie: 77,
	}.Bytes())
	n.tell(mt.Drop{
		Capture: captured(hostEndpoint, p), Version: 1, Reason: policyDenied, SrcLabel: from.Identity, DstLabel: to.Identity, Line: 211, File: fileHost,
	}.Bytes())
	n.sent(from, to, p)
	n.refused(from, to, asks)
	n.way(from, to, from, false)
	n.truth.Late[from.Address+" "+to.Address]++
}
