// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"encoding/binary"
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Glance is Decode for a caller that asks only where a trace saw its packet, between which ends, and what Identify says of the packet. Of IP it
// sets all, and of L4 the protocol and the ports. It reports false for everything but a whole TCP or UDP header behind an IP header without
// fragments and extensions, outside of a tunnel. n is the result of a Glance. f must be used for nothing but glances.
func (f *Flow) Glance(n *monitor.Notification) bool {
	t, b := &n.Trace, n.Packet
	if t.Flags&(monitor.FlagVXLAN|monitor.FlagGeneve) != 0 {
		return false
	}
	layer, ip := LayerIPv4, 0
	if t.Flags.L3Device() {
		if t.Flags.IPv6() {
			layer = LayerIPv6
		}
	} else {
		const headerLen = 14
		if len(b) < headerLen {
			return false
		}
		layer, ip = layerOfEtherType(binary.BigEndian.Uint16(b[12:])), headerLen
	}
	b = b[ip:]
	var above int
	var ok bool
	switch layer {
	case LayerIPv4:
		above, ok = f.glanceIPv4(b)
	case LayerIPv6:
		above, ok = f.glanceIPv6(b)
	}
	if !ok || !f.glancePorts(b[above:]) {
		return false
	}
	f.place = place{uint16(ip), uint16(ip + above)}
	f.Type, f.SubType, f.EndpointID, f.OrigLen = n.Type, uint32(n.SubType), n.Source, n.OrigLen
	f.ObservationPoint = ObservationPoint(n.SubType)
	if n.SubType == monitor.TraceToEndpoint {
		f.ObservationPoint = ToEndpoint
	}
	f.InterfaceIndex, f.IP.Encrypted, f.IP.SourceXlated = t.IfIndex, t.Encrypted, netip.Addr{}
	if t.OrigIP.IsValid() && t.OrigIP != f.IP.Source {
		f.IP.SourceXlated, f.IP.Source = f.IP.Source, t.OrigIP
	}
	return true
}

// glanceIPv4 reads an IPv4 header and returns its length. A packet that is shorter than its header says is left to Decode.
func (f *Flow) glanceIPv4(b []byte) (length int, ok bool) {
	const minLen, moreFragments, offsetMask = 20, 0x2000, 0x1fff
	if len(b) < minLen {
		return 0, false
	}
	length = int(b[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if length < minLen || length > len(b) || total < length+minTransport(b[9]) || binary.BigEndian.Uint16(b[6:])&(moreFragments|offsetMask) != 0 {
		return 0, false
	}
	f.IP.Version, f.IP.Protocol = 4, b[9]
	f.IP.Source, f.IP.Destination = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	return length, true
}

// glanceIPv6 is glanceIPv4 for IPv6.
func (f *Flow) glanceIPv6(b []byte) (length int, ok bool) {
	const headerLen = 40
	if len(b) < headerLen || int(binary.BigEndian.Uint16(b[4:])) < minTransport(b[6]) {
		return 0, false
	}
	f.IP.Version, f.IP.Protocol = 6, b[6]
	f.IP.Source, f.IP.Destination = netip.AddrFrom16([16]byte(b[8:24])).Unmap(), netip.AddrFrom16([16]byte(b[24:40])).Unmap()
	return headerLen, true
}

// minTransport returns the length of the shortest header of a protocol, in bytes.
func minTransport(protocol uint8) int {
	if protocol == protoTCP {
		return 20
	}
	return 8
}

// glancePorts reads the ports of a TCP or UDP header that is there in whole.
func (f *Flow) glancePorts(b []byte) bool {
	if len(b) < minTransport(f.IP.Protocol) {
		return false
	}
	switch f.IP.Protocol {
	case protoTCP:
		f.L4.Protocol = L4TCP
	case protoUDP:
		f.L4.Protocol = L4UDP
	default:
		return false
	}
	f.L4.SourcePort, f.L4.DestinationPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	return true
}
