// SPDX-License-Identifier: Apache-2.0

// Records that are not part of a flow's course: every observation point and match type, every drop reason, debug
// messages and captures, socket traces, the recorder's packets and the packet monitor's drops.

package main

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket/layers"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// points are packets at observation points, and with reasons, that the other flows do not have.
func (f *flow) points() {
	p := path{from: thisNode(), to: healthCheck()}
	packet := f.icmp(p, 8, 0, 7, []byte("health"))
	for _, s := range []step{
		{point: monitor.TraceFromHost, reason: monitor.TraceReasonUnknown},
		{point: monitor.TraceFromStack, reason: monitor.TraceReasonRelated},
		{point: monitor.TraceToEndpoint, endpoint: p.to.endpoint, target: p.to.endpoint, reason: monitor.TraceReasonReopened},
		{point: monitor.TraceToStack, endpoint: p.to.endpoint, reason: pick(f, []uint8{monitor.TraceReasonSRv6Encap, monitor.TraceReasonSRv6Decap})},
	} {
		f.trace(p, s, packet)
	}
	back := p.back()
	f.trace(back, step{point: monitor.TraceToHost, endpoint: back.from.endpoint, reason: monitor.TraceReasonReply}, f.icmp(back, 0, 0, 7, []byte("health")))
	if !f.long {
		f.trace(p, step{point: monitor.TraceToCrypto, reason: monitor.TraceReasonEncryptOverlay}, packet)
	}
}

// verdicts are verdicts of every match type, audited or not.
func (f *flow) verdicts() {
	p := path{from: frontend(), to: backend(), ipv6: f.one(2)}
	packet := f.udp(p, f.port, 9153, []byte("scrape"))
	for match := range uint8(7) {
		f.verdict(p, ingress+match%2, 0, 9153, protoUDP, match, packet)
	}
	f.verdict(p, ingress, 11901, 9153, protoUDP, 2, packet) // to a proxy
}

// neighbours are a pod's packets for neighbour discovery, which are not IP flows: ARP, and an ICMPv6 solicitation that
// is dropped.
func (f *flow) neighbours(from host) {
	p := path{from: from, to: coreDNS()}
	arp := &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: layers.ARPRequest,
		SourceHwAddress: from.mac, SourceProtAddress: p.from.side(false).AsSlice(), DstHwAddress: make([]byte, 6), DstProtAddress: p.to.side(false).AsSlice(),
	}
	packet := f.serialize(append(f.link(p, layers.EthernetTypeARP), arp)...)
	f.drop(p, 166, 2, 1480, packet) // L2 protocol is not supported
	p.ipv6 = true
	const solicitation = 135
	target := p.to.side(true).As16()
	f.drop(p, 176, 101, 288, f.icmp(p, solicitation, 0, 0, target[:])) // ICMPv6 message is forbidden
}

// dropReasons are all reasons for which a datapath of these releases drops.
func dropReasons() []uint8 {
	var list []uint8
	for reason := uint8(130); reason <= 205; reason++ {
		switch reason {
		case 159: // never used
		default:
			list = append(list, reason)
		}
	}
	return append(list, 2, 206, 207, 250) // an invalid one, two of Cilium 1.19 and later, one of a future version
}

// dropped is a packet that is dropped for a reason.
func (f *flow) dropped(reason uint8) {
	p := path{from: pick(f, []host{frontend(), backend(), worldHost(), database(), thisNode()}), to: pick(f, []host{backend(), coreDNS(), frontend()}), ipv6: f.one(3)}
	if p.from.v4 == p.to.v4 {
		p.to = coreDNS()
	}
	if reason == 132 { // invalid source address
		p.from.identity = identityWorldIPv4
	}
	var packet []byte
	switch f.IntN(3) {
	case 0:
		packet = f.segment(f.stream(p, 443), 0, "S", nil)
	case 1:
		packet = f.udp(p, f.port, 4739, []byte("a datagram that comes to nothing"))
	default:
		packet = f.icmpError(p)
	}
	f.drop(p, reason, pick(f, []uint8{1, 2, 3, 4, 5, 7, 101, 105, 110}), uint16(100+f.IntN(2000)), packet)
}

// icmpError is a router's error about a packet from the other side.
func (f *flow) icmpError(p path) []byte {
	kinds := []struct {
		typ, code uint8
		rest      uint32
	}{{3, 1, 0}, {3, 4, 1400}, {11, 0, 0}} // unreachable, too big, time exceeded
	about := p.back()
	about.noLink = true
	length := 20 + 8
	if p.ipv6 {
		kinds[0].typ, kinds[1].typ, kinds[1].code, kinds[2].typ = 1, 2, 0, 3
		length = 40 + 8
	}
	k := pick(f, kinds)
	return f.icmp(p, k.typ, k.code, k.rest, f.udp(about, 33434, 33435, []byte("probe"))[:length])
}

// bare are records without a byte of the packet, and records whose room for it is empty.
func (f *flow) bare() {
	p := path{from: backend(), to: frontend()}
	none := monitortest.Capture{Source: p.from.endpoint, Hash: f.hash, OrigLen: 60, NoCapLen: true}
	if f.padded {
		none.PadTo = 128
	}
	delivered := none
	delivered.Source = p.to.endpoint
	f.tell(monitortest.Trace{
		Capture: delivered, Version: f.release.trace, Point: monitor.TraceToEndpoint, SrcLabel: p.from.identity, DstLabel: p.to.identity,
		DstID: p.to.endpoint, IfIndex: p.to.ifindex,
	}.Bytes())
	f.tell(monitortest.Drop{
		Capture: none, Version: f.release.drop, Reason: 133, SrcLabel: p.from.identity, DstLabel: p.to.identity, DstID: uint32(p.to.endpoint),
		Line: 1304, File: 2, IfIndex: p.from.ifindex,
	}.Bytes())
	f.tell(monitortest.PolicyVerdict{
		Capture: none, Long: f.long, RemoteLabel: p.to.identity, DstPort: 8080, Proto: protoTCP, Direction: egress, Match: 2,
	}.Bytes())
	f.tell(monitortest.DebugCapture{Capture: none, Point: monitor.CaptureDelivery, Arg1: p.to.ifindex}.Bytes())
}

// debug is a debug message. Its arguments fit most of the messages: an address, two ports, a small number.
func (f *flow) debug(subType uint8) {
	address := func(h host) uint32 {
		a := h.side(false).As4()
		return binary.LittleEndian.Uint32(a[:])
	}
	ports := uint32(f.port)<<16 | 8080
	arguments := [3]uint32{address(backend()), ports, uint32(f.IntN(4))}
	switch subType {
	case 8, 15, 64: // a lifetime, a state, an error number
		arguments[0] = uint32(f.IntN(3))
	case 6, 7, 9: // ports first, then protocol and flags
		arguments[0], arguments[1] = ports, protoTCP<<8|1
	case 38, 39, 48, 51, 62, 63, 65, 67, 68: // two addresses, then ports
		arguments[1], arguments[2] = address(frontend()), ports
	case 49, 52: // protocol and flags, direction, scope
		arguments = [3]uint32{protoTCP<<8 | 1, 1, 2}
	case 5, 55: // two identities
		arguments = [3]uint32{frontend().identity, backend().identity, 0x901F_0006}
	case 46, 47, 58, 59, 61: // an address and an identity, or one alone
		arguments[1] = backend().identity
	}
	f.tell(monitortest.Debug{SubType: subType, Source: backend().endpoint, Hash: f.hash, Arg1: arguments[0], Arg2: arguments[1], Arg3: arguments[2]}.Bytes())
}

// captures are packets at the debug capture points. At the proxy's, the argument is a port in network byte order.
func (f *flow) captures() {
	p := path{from: frontend(), to: backend(), ipv6: f.one(3)}
	packet := f.segment(f.stream(p, 8080), 0, "S", nil)
	for point := uint8(monitor.CaptureDelivery); point <= monitor.CaptureSNATPost; point++ {
		argument := p.to.ifindex
		if point == monitor.CaptureProxyPre || point == monitor.CaptureProxyPost {
			argument = bits.ReverseBytes32(11901)
		}
		f.tell(monitortest.DebugCapture{Capture: f.captured(p.from.endpoint, packet), Point: point, Arg1: argument}.Bytes())
	}
}

// socket is a socket's call to a service that is translated to a pod, and the way back.
func (f *flow) socket(ipv6 bool) {
	proto, port := uint8(1), uint16(8080)
	service, pod := netip.MustParseAddr("10.96.0.10"), coreDNS().side(false)
	if ipv6 {
		service, pod = netip.MustParseAddr("fd00:10:96::a"), coreDNS().side(true)
	}
	if f.one(2) {
		proto, port = 2, 53
	}
	cookie := f.Uint64() >> 44
	for point := uint8(1); point <= 4; point++ {
		to := service
		if point == 2 || point == 3 {
			to = pod
		}
		f.tell(monitortest.TraceSock{Long: f.long, Point: point, DstIP: to, DstPort: port, L4Proto: proto, Cookie: cookie, Cgroup: 8_000 + cookie&0xFF}.Bytes())
	}
}

// recorded is a packet of Cilium's recorder.
func (f *flow) recorded(ingress bool) {
	p := path{from: worldHost(), to: thisNode(), ipv6: f.one(3)}
	packet := f.segment(f.stream(p, 443), 0, "S", nil)
	const boot = 96_120 * time.Second
	f.tell(monitortest.Recorder{Ingress: ingress, RuleID: 12, TimeBoot: uint64(boot + f.at), Packet: packet}.Bytes())
}

// packetMonitor is a drop that Windows itself reports.
func (f *flow) packetMonitor() {
	const ethernet, ip = 1, 3
	p := path{from: worldHost(), to: backend(), ipv6: f.one(4), noLink: f.one(3)}
	kind := uint16(ethernet)
	if p.noLink {
		kind = ip
	}
	packet := f.segment(f.stream(p, 3389), 0, "S", nil)
	f.tell(monitortest.PacketMonitor{
		Packet: packet, PacketType: kind, GroupID: f.Uint64() >> 40, Direction: uint16(1 + f.IntN(2)), ComponentID: uint16(20 + f.IntN(60)), EdgeID: 1,
		FilterID: 0, Reason: pick(f, []uint32{3, 11, 33, 205, 220}), Location: 0xE000_0000 + uint32(f.IntN(0x4000)), Processor: uint16(f.cpu),
		Timestamp: uint64(etw.Filetime(start().Add(f.at).UnixNano())),
	}.Bytes())
}
