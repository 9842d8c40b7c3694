// SPDX-License-Identifier: Apache-2.0

// Flows by their course: connections, datagrams, pings, tunnels, and packets that policies and the datapath drop.

package main

import (
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

const protoTCP, protoUDP, protoICMP, protoICMPv6, protoSCTP = 6, 17, 1, 58, 132

// stream begins a TCP connection.
func (f *flow) stream(p path, port uint16) *stream {
	return &stream{path: p, client: f.port, server: port, next: [2]uint32{f.Uint32(), f.Uint32()}}
}

// connection is a TCP connection with a request, an answer and an end. Between pods of one node, policies decide about
// its start.
func (f *flow) connection(from, to host, ipv6 bool, port uint16) {
	p := path{from: from, to: to, ipv6: ipv6}
	s := f.stream(p, port)
	syn := f.segment(s, 0, "S", nil)
	f.allowed(p, port, protoTCP, syn)
	f.across(p, monitor.TraceReasonNew, syn)
	f.wait(100*time.Microsecond, 400*time.Microsecond)
	f.across(p.back(), monitor.TraceReasonReply, f.segment(s, 1, "SA", nil))
	for _, seg := range []struct {
		side    int
		flags   string
		payload string
	}{
		{0, "A", ""},
		{0, "PA", "GET /cart HTTP/1.1\r\nHost: backend.shop.svc.cluster.local\r\nUser-Agent: frontend/2.4\r\n\r\n"},
		{1, "PA", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{\"items\":[],\"sum\":0}\n"},
		{0, "FA", ""},
		{1, "FA", ""},
	} {
		f.wait(100*time.Microsecond, 2*time.Millisecond)
		way, reason := p, uint8(monitor.TraceReasonEstablished)
		if seg.side == 1 {
			way, reason = p.back(), monitor.TraceReasonReply
		}
		f.across(way, reason, f.segment(s, seg.side, seg.flags, []byte(seg.payload)))
	}
}

// refused is a connection that the other side resets.
func (f *flow) refused(from, to host, port uint16) {
	p := path{from: from, to: to}
	s := f.stream(p, port)
	syn := f.segment(s, 0, "S", nil)
	f.allowed(p, port, protoTCP, syn)
	f.across(p, monitor.TraceReasonNew, syn)
	f.wait(time.Millisecond, 20*time.Millisecond)
	f.across(p.back(), monitor.TraceReasonReply, f.segment(s, 1, "RA", nil))
}

// lookup is a DNS query to the cluster's DNS, sometimes through the proxy.
func (f *flow) lookup(from host, ipv6 bool) {
	const port, proxy, reverseProxy = 53, 10901, 3
	p := path{from: from, to: coreDNS(), ipv6: ipv6}
	m := new(dns.Msg)
	m.Id, m.RecursionDesired = uint16(f.Uint32()), true
	m.Question = []dns.Question{{Name: pick(f, []string{"web.contoso.com.", "mail.contoso.com.", "nohost.contoso.com."}), Qtype: dns.TypeA, Qclass: dns.ClassINET}}
	query := f.udp(p, f.port, port, f.message(m))
	if f.one(reverseProxy) {
		f.verdict(p, egress, proxy, port, protoUDP, 2, query)
		unnamed := p // a pod's program reports no destination for a packet that it redirects to the proxy
		unnamed.to.identity, unnamed.to.ifindex = 0, 0
		f.trace(unnamed, step{point: monitor.TraceToProxy, endpoint: from.endpoint, target: proxy, reason: monitor.TraceReasonNew}, query)
		f.wait(200*time.Microsecond, 900*time.Microsecond)
		f.trace(p, step{point: monitor.TraceFromProxy, reason: monitor.TraceReasonUnknown}, query)
	} else {
		f.allowed(p, port, protoUDP, query)
	}
	f.across(p, monitor.TraceReasonNew, query)
	f.wait(300*time.Microsecond, 3*time.Millisecond)
	answer := f.udp(p.back(), port, f.port, f.message(answerTo(m, f.known.lookup(m.Question[0]), true)))
	f.across(p.back(), monitor.TraceReasonReply, answer)
}

// message returns a DNS message's bytes.
func (f *flow) message(m *dns.Msg) []byte {
	m.Compress = true
	b, err := m.Pack()
	f.fail(err)
	return b
}

// ping is an echo and its reply.
func (f *flow) ping(from, to host, ipv6 bool) {
	const ask, reply, ask6, reply6 = 8, 0, 128, 129
	const echoID = 0x0B1D_0001 // identifier and sequence number
	p, types := path{from: from, to: to, ipv6: ipv6}, [2]uint8{ask, reply}
	proto := uint8(protoICMP)
	if ipv6 {
		types, proto = [2]uint8{ask6, reply6}, protoICMPv6
	}
	payload := []byte("abcdefghijklmnopqrstuvwabcdefghi") // the payload of Windows' ping
	echo := f.icmp(p, types[0], 0, echoID, payload)
	f.allowed(p, 0, proto, echo)
	f.across(p, monitor.TraceReasonNew, echo)
	f.wait(100*time.Microsecond, 900*time.Microsecond)
	f.across(p.back(), monitor.TraceReasonReply, f.icmp(p.back(), types[1], 0, echoID, payload))
}

// denied is a connection that a policy denies on the side that is on this node: a verdict and a drop.
func (f *flow) denied(from, to host, ipv6 bool, port uint16) {
	const policyDenied, denylist, fileLXC = 133, 181, 2
	p := path{from: from, to: to, ipv6: ipv6}
	s := f.stream(p, port)
	reason, direction, match := uint8(policyDenied), uint8(egress), uint8(0)
	if f.one(3) {
		reason, match = denylist, 1
	}
	if from.endpoint == 0 {
		direction = ingress
	}
	syn := f.segment(s, 0, "S", nil)
	for range 1 + f.IntN(2) { // the first attempt and its repetitions
		f.verdict(p, direction, -int32(reason), port, protoTCP, match, syn)
		f.drop(p, reason, fileLXC, 1304, syn)
		f.wait(900*time.Millisecond, 1100*time.Millisecond)
	}
}

// association is the start of an SCTP association, data and the end.
func (f *flow) association(from, to host, ipv6 bool) {
	const port = 3868 // Diameter
	p := path{from: from, to: to, ipv6: ipv6}
	tags := [2]uint32{f.Uint32(), f.Uint32()}
	init := func(typ layers.SCTPChunkType, tag uint32, parameters ...layers.SCTPInitParameter) *layers.SCTPInit {
		return &layers.SCTPInit{
			SCTPChunk: layers.SCTPChunk{Type: typ}, InitiateTag: tag, AdvertisedReceiverWindowCredit: 106496, OutboundStreams: 10, InboundStreams: 10,
			InitialTSN: tag ^ 0x5A5A5A5A, Parameters: parameters,
		}
	}
	first := f.sctp(p, f.port, port, 0, init(layers.SCTPChunkTypeInit, tags[0]))
	f.allowed(p, port, protoSCTP, first)
	f.across(p, monitor.TraceReasonNew, first)
	const stateCookie = 7
	cookie := layers.SCTPInitParameter{Type: stateCookie, Length: 4 + 16, Value: []byte("a server's state")}
	f.across(p.back(), monitor.TraceReasonReply, f.sctp(p.back(), port, f.port, tags[0], init(layers.SCTPChunkTypeInitAck, tags[1], cookie)))
	f.wait(time.Millisecond, 20*time.Millisecond)
	watchdog := []byte("\x01\x00\x00\x14\x80\x00\x01\x18\x00\x00\x00\x00\x12\x34\x56\x78\x00\x00\x00\x01") // a Diameter watchdog request
	data := &layers.SCTPData{
		SCTPChunk:     layers.SCTPChunk{Type: layers.SCTPChunkTypeData, Length: uint16(16 + len(watchdog))},
		BeginFragment: true, EndFragment: true, TSN: tags[0] ^ 0x5A5A5A5A, PayloadProtocol: layers.SCTPPayloadDiameter, Payload: watchdog,
	}
	f.across(p, monitor.TraceReasonEstablished, f.sctp(p, f.port, port, tags[1], data))
	end := &layers.SCTPShutdown{SCTPChunk: layers.SCTPChunk{Type: layers.SCTPChunkTypeShutdown}, CumulativeTSNAck: tags[1]}
	f.across(p, monitor.TraceReasonEstablished, f.sctp(p, f.port, port, tags[1], end))
}

// outbound is a connection to the world. Its source is translated to the node's address.
func (f *flow) outbound(from, to host, ipv6 bool) {
	const port = 443
	p := path{from: from, to: to, ipv6: ipv6}
	outside := path{from: thisNode(), to: to, ipv6: ipv6}
	outside.from.identity = from.identity
	inner, outer := f.stream(p, port), f.stream(outside, port)
	outer.next = inner.next
	send := func(side int, flags string, payload []byte) {
		reason := uint8(monitor.TraceReasonEstablished)
		if flags == "S" {
			reason = monitor.TraceReasonNew
		}
		if side == 1 {
			packet := f.segment(outer, 1, flags, payload)
			f.trace(outside.back(), step{point: monitor.TraceFromNetwork, reason: monitor.TraceReasonUnknown}, packet)
			f.trace(p.back(), step{point: monitor.TraceToEndpoint, endpoint: from.endpoint, target: from.endpoint, reason: monitor.TraceReasonReply}, f.segment(inner, 1, flags, payload))
			return
		}
		packet := f.segment(inner, 0, flags, payload)
		if flags == "S" {
			f.allowed(p, port, protoTCP, packet)
		}
		f.trace(p, step{point: monitor.TraceFromEndpoint, endpoint: from.endpoint, reason: monitor.TraceReasonUnknown}, packet)
		f.trace(p, step{point: monitor.TraceToStack, endpoint: from.endpoint, reason: reason}, packet)
		f.segment(outer, 0, flags, payload) // the other side answers it
		f.trace(outside, step{point: monitor.TraceToNetwork, endpoint: hostEndpoint, reason: reason, original: from.side(ipv6)},
			f.translated(packet, thisNode().side(ipv6), f.port))
	}
	send(0, "S", nil)
	f.wait(8*time.Millisecond, 30*time.Millisecond)
	send(1, "SA", nil)
	send(0, "A", nil)
	send(0, "PA", []byte("\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03")) // a client hello, cut short
}

// tunneled is a packet to a pod on another node, and the tunnel's packet around it. An inner IPv6 packet may be longer
// than a record's room.
func (f *flow) tunneled(from, to host, ipv6 bool, kind monitor.PacketFlags) {
	p := path{from: from, to: to, ipv6: ipv6}
	s := f.stream(p, 5432)
	for _, flags := range []string{"S", "A"} {
		inner := f.segment(s, 0, flags, nil)
		f.trace(p, step{point: monitor.TraceToOverlay, endpoint: from.endpoint, reason: monitor.TraceReasonNew}, inner)
		outer := path{from: thisNode(), to: otherNode(), ipv6: f.one(3)}
		f.trace(outer, step{point: monitor.TraceToNetwork, reason: monitor.TraceReasonUnknown, flags: kind},
			f.tunnel(outer, kind == monitor.FlagGeneve, from.identity, inner))
		f.wait(300*time.Microsecond, 900*time.Microsecond)
	}
}

// withoutLink is traffic on a device without a link layer, such as WireGuard's: packets begin with the IP header and
// arrive encrypted.
func (f *flow) withoutLink(from, to host, ipv6 bool) {
	const encrypted, port = 0x80, 8080
	p := path{from: from, to: to, ipv6: ipv6, noLink: true}
	packet := f.udp(p, f.port, port, []byte("metrics"))
	f.trace(p, step{point: monitor.TraceFromCrypto, reason: monitor.TraceReasonUnknown | encrypted}, packet)
	f.verdict(p, ingress, 0, port, protoUDP, 2, packet)
	f.trace(p, step{point: monitor.TraceToEndpoint, endpoint: to.endpoint, target: to.endpoint, reason: monitor.TraceReasonNew}, packet)
	f.trace(p.back(), step{point: monitor.TraceToCrypto, endpoint: to.endpoint, reason: monitor.TraceReasonReply | encrypted}, f.udp(p.back(), port, f.port, []byte("ok")))
	f.drop(p, 195, 7, 221, packet) // traffic is unencrypted
}

// tagged is a connection from a VLAN.
func (f *flow) tagged(from, to host) {
	p := path{from: from, to: to, vlan: 110, ipv6: f.one(3)}
	s := f.stream(p, 8080)
	syn := f.segment(s, 0, "S", nil)
	f.trace(p, step{point: monitor.TraceFromNetwork, reason: monitor.TraceReasonUnknown}, syn)
	if f.one(2) {
		f.drop(p, 182, 1, 1290, syn) // VLAN traffic is not allowed
	}
}
