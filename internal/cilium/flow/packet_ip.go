// SPDX-License-Identifier: Apache-2.0

// Reading IP headers and the headers above them.

package flow

import (
	"encoding/binary"
	"net/netip"
)

// IP protocol numbers of the headers that are read (IANA protocol-numbers).
const (
	protoHopByHop    = 0
	protoICMPv4      = 1
	protoIGMP        = 2
	protoIPv4        = 4
	protoTCP         = 6
	protoUDP         = 17
	protoIPv6        = 41
	protoRouting     = 43
	protoFragment    = 44
	protoAH          = 51
	protoICMPv6      = 58
	protoDestination = 60
	protoIPIP        = 94
	protoVRRP        = 112
	protoSCTP        = 132
	protoMobility    = 135
	protoHIP         = 139
	protoShim6       = 140
)

// layerOfProtocol returns the header that an IP protocol number announces, LayerNone for a header that is not read.
func layerOfProtocol(protocol uint8) Layer {
	switch protocol {
	case protoTCP:
		return LayerTCP
	case protoUDP:
		return LayerUDP
	case protoICMPv4:
		return LayerICMPv4
	case protoICMPv6:
		return LayerICMPv6
	case protoSCTP:
		return LayerSCTP
	case protoIGMP:
		return LayerIGMP
	case protoVRRP:
		return LayerVRRP
	case protoIPv4, protoIPIP:
		return LayerIPv4
	case protoIPv6:
		return LayerIPv6
	}
	return LayerNone
}

// ipv4 reads an IPv4 header. A total length of 0 means all bytes that are there: segmentation offload leaves it 0.
func (p *parser) ipv4(b []byte) (Layer, []byte) {
	const minLen = 20
	if len(b) < minLen {
		return p.stop(ProblemTruncated, LayerIPv4)
	}
	headerLen := int(b[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = len(b)
	}
	if headerLen < minLen || total < headerLen {
		return p.stop(ProblemMalformed, LayerIPv4)
	}
	fragment := binary.BigEndian.Uint16(b[6:])
	const moreFragments, offsetMask = 0x2000, 0x1fff
	p.h.IP = IP{
		Version:     4,
		Fragment:    fragment&(moreFragments|offsetMask) != 0,
		Protocol:    b[9],
		Source:      netip.AddrFrom4([4]byte(b[12:16])),
		Destination: netip.AddrFrom4([4]byte(b[16:20])),
	}
	p.h.L4 = L4{}
	p.h.Layer = LayerIPv4
	p.place = place{ip: p.at(b)}
	if headerLen > len(b) {
		return p.stop(ProblemTruncated, LayerIPv4)
	}
	if total < len(b) {
		b = b[:total]
	}
	if fragment&offsetMask != 0 {
		return LayerNone, nil
	}
	return p.above(b[headerLen:])
}

// above returns the header above IP. A first fragment has ports, but no whole packet inside.
func (p *parser) above(b []byte) (Layer, []byte) {
	p.place.above = p.at(b)
	layer := layerOfProtocol(p.h.IP.Protocol)
	if p.h.IP.Fragment && (layer == LayerIPv4 || layer == LayerIPv6) {
		return LayerNone, nil
	}
	return layer, b
}

// ipv6 reads an IPv6 header and its extension headers. A payload length of 0 means all bytes that are there: jumbograms and segmentation
// offload leave it 0.
func (p *parser) ipv6(b []byte) (Layer, []byte) {
	const headerLen = 40
	if len(b) < headerLen {
		return p.stop(ProblemTruncated, LayerIPv6)
	}
	p.h.IP = IP{
		Version:     6,
		Protocol:    b[6],
		Source:      netip.AddrFrom16([16]byte(b[8:24])).Unmap(),
		Destination: netip.AddrFrom16([16]byte(b[24:40])).Unmap(),
	}
	p.h.L4 = L4{}
	p.h.Layer = LayerIPv6
	p.place = place{ip: p.at(b)}
	payload := b[headerLen:]
	if length := int(binary.BigEndian.Uint16(b[4:])); length != 0 && length < len(payload) {
		payload = payload[:length]
	}
	return p.extensions(payload)
}

// extensions skips IPv6 extension headers. It sets the IP header's Protocol to that of the header after them.
func (p *parser) extensions(b []byte) (Layer, []byte) {
	for {
		var length int
		switch p.h.IP.Protocol {
		case protoHopByHop, protoRouting, protoDestination, protoMobility, protoHIP, protoShim6, protoFragment, protoAH:
			if len(b) < 8 {
				if len(b) == 0 {
					return LayerNone, nil
				}
				return p.stop(ProblemTruncated, LayerIPv6)
			}
			length = 8 + int(b[1])*8
		default:
			return p.above(b)
		}
		switch p.h.IP.Protocol {
		case protoAH:
			length = 8 + int(b[1])*4
		case protoFragment:
			length = 8
			const offsetMask, more = 0xfff8, 1
			word := binary.BigEndian.Uint16(b[2:])
			if word&(offsetMask|more) != 0 {
				p.h.IP.Fragment = true
			}
			if word&offsetMask != 0 {
				p.h.IP.Protocol = b[0]
				return LayerNone, nil
			}
		}
		if len(b) < length {
			return p.stop(ProblemTruncated, LayerIPv6)
		}
		p.h.IP.Protocol = b[0]
		if p.h.IP.Extensions < 255 {
			p.h.IP.Extensions++
		}
		b = b[length:]
	}
}

// startPorts starts a header that begins with two ports. It reports whether they are there.
func (p *parser) startPorts(b []byte, protocol L4Protocol, layer Layer) bool {
	if len(b) < 4 {
		p.stop(ProblemTruncated, layer)
		return false
	}
	p.h.Layer = layer
	p.h.L4 = L4{
		Protocol:        protocol,
		SourcePort:      binary.BigEndian.Uint16(b),
		DestinationPort: binary.BigEndian.Uint16(b[2:]),
	}
	return true
}

// tcp reads a TCP header without its options.
func (p *parser) tcp(b []byte) {
	const minLen = 20
	if !p.startPorts(b, L4TCP, LayerTCP) {
		return
	}
	if len(b) >= 14 {
		p.h.L4.HasFlags = true
		p.h.L4.Flags = uint16(b[12]&1)<<8 | uint16(b[13])
	}
	switch {
	case len(b) < minLen:
		p.stop(ProblemTruncated, LayerTCP)
	case int(b[12]>>4)*4 < minLen:
		p.stop(ProblemMalformed, LayerTCP)
	case int(b[12]>>4)*4 > len(b):
		p.stop(ProblemTruncated, LayerTCP)
	}
}

// udpHeader reads a UDP header. A length of 0 means all bytes that are there (jumbograms).
func (p *parser) udpHeader(b []byte) (Layer, []byte) {
	const headerLen = 8
	if !p.startPorts(b, L4UDP, LayerUDP) {
		return LayerNone, nil
	}
	if len(b) < headerLen {
		return p.stop(ProblemTruncated, LayerUDP)
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length != 0 && length < headerLen {
		return p.stop(ProblemMalformed, LayerUDP)
	}
	if length != 0 && length < len(b) {
		b = b[:length]
	}
	p.udp, p.hasUDP = b[headerLen:], true
	if !p.nested {
		return LayerNone, nil
	}
	switch p.h.L4.DestinationPort {
	case portVXLAN:
		return LayerVXLAN, p.udp
	case portGeneve:
		return LayerGeneve, p.udp
	}
	return LayerNone, nil
}

func (p *parser) sctp(b []byte) {
	const headerLen = 12
	if !p.startPorts(b, L4SCTP, LayerSCTP) {
		return
	}
	if len(b) < headerLen {
		p.stop(ProblemTruncated, LayerSCTP)
		return
	}
	if len(b) > headerLen {
		p.h.L4.HasChunk = true
		p.h.L4.Type = b[headerLen]
	}
}

// icmp reads type and code of ICMP and ICMPv6, whose headers differ in length.
func (p *parser) icmp(b []byte, layer Layer, protocol L4Protocol, headerLen int) {
	if len(b) >= 2 {
		p.h.Layer = layer
		p.h.L4 = L4{Protocol: protocol, Type: b[0], Code: b[1]}
	}
	if len(b) >= 6 {
		p.h.L4.Identifier = binary.BigEndian.Uint16(b[4:])
	}
	if len(b) < headerLen {
		p.stop(ProblemTruncated, layer)
	}
}

// igmpReportV3 is the only IGMP message whose bytes 4 to 8 are not a group address.
const igmpReportV3 = 0x22

func (p *parser) igmp(b []byte) {
	const headerLen = 8
	if len(b) < headerLen {
		p.stop(ProblemTruncated, LayerIGMP)
		return
	}
	p.h.Layer = LayerIGMP
	p.h.L4 = L4{Protocol: L4IGMP, Type: b[0]}
	if b[0] != igmpReportV3 {
		p.h.L4.Group = netip.AddrFrom4([4]byte(b[4:8]))
	}
}

// vrrp reads a VRRPv2 or VRRPv3 advertisement, the only VRRP message.
func (p *parser) vrrp(b []byte) {
	const headerLen = 8
	switch {
	case len(b) < headerLen:
		p.stop(ProblemTruncated, LayerVRRP)
	case b[0]&0x0f != 1:
		p.stop(ProblemMalformed, LayerVRRP)
	default:
		p.h.Layer = LayerVRRP
		p.h.L4 = L4{Protocol: L4VRRP, Type: b[0] & 0x0f, RouterID: b[1], Priority: b[2]}
	}
}
