// SPDX-License-Identifier: Apache-2.0

// Reading the headers of a captured packet: Ethernet and VLAN here, IP and the headers above it in packet_ip.go. The layers follow Hubble's
// (gopacket's decoding layers), so that the summary names the same one.

package flow

import (
	"encoding/binary"
	"math"
)

// EtherTypes of the headers that are read.
const (
	etherTypeIPv4   = 0x0800
	etherTypeTEB    = 0x6558 // transparent Ethernet bridging
	etherTypeVLAN   = 0x8100
	etherTypeIPv6   = 0x86dd
	etherTypeQinQ   = 0x88a8
	etherTypeRawIP4 = 0xffff
)

// UDP destination ports of tunnels. They lead to a tunnel header only inside a tunnel. Hubble also follows a source port, unless it knows the
// destination port; but a tunnel's source port is arbitrary.
const (
	portVXLAN  = 4789
	portGeneve = 6081
)

// parser reads one packet's headers into h.
type parser struct {
	h      *Headers
	nested bool   // inside a tunnel, so that a tunnel's UDP port leads on
	udp    []byte // payload of the last UDP header read
	hasUDP bool
	vni    uint32 // of the last tunnel header read

	end   int   // capacity of the whole packet's slice; the capacity of the rest gives the offset of a header
	place place // of the headers read last
}

// place has the offsets of headers in a notification's packet, in bytes. 0 means that the header above IP was not captured.
type place struct{ ip, above uint16 }

// at returns the offset of a part of the packet.
func (p *parser) at(b []byte) uint16 { return uint16(min(p.end-cap(b), math.MaxUint16)) }

// read reads headers from data, which starts with a header of kind layer. It ends at a header that it does not know, at the end of the bytes,
// or at a problem. Each round consumes bytes or ends.
func (p *parser) read(data []byte, layer Layer) {
	for {
		switch layer {
		case LayerEthernet:
			layer, data = p.ethernet(data)
		case LayerVLAN:
			layer, data = p.vlan(data)
		case LayerIPv4:
			layer, data = p.ipv4(data)
		case LayerIPv6:
			layer, data = p.ipv6(data)
		case LayerTCP:
			p.tcp(data)
			return
		case LayerUDP:
			layer, data = p.udpHeader(data)
		case LayerSCTP:
			p.sctp(data)
			return
		case LayerICMPv4:
			p.icmp(data, LayerICMPv4, L4ICMPv4, 8)
			return
		case LayerICMPv6:
			p.icmp(data, LayerICMPv6, L4ICMPv6, 4)
			return
		case LayerIGMP:
			p.igmp(data)
			return
		case LayerVRRP:
			p.vrrp(data)
			return
		case LayerVXLAN:
			layer, data = p.vxlan(data)
		case LayerGeneve:
			layer, data = p.geneve(data)
		default:
			return
		}
		if len(data) == 0 {
			return
		}
	}
}

// stop records why reading ends at a layer.
func (p *parser) stop(problem Problem, at Layer) (Layer, []byte) {
	p.h.Problem, p.h.ProblemAt = problem, at
	return LayerNone, nil
}

// layerOfEtherType returns the header that an EtherType announces, LayerNone for a header that is not read.
func layerOfEtherType(etherType uint16) Layer {
	switch etherType {
	case etherTypeIPv4, etherTypeRawIP4:
		return LayerIPv4
	case etherTypeIPv6:
		return LayerIPv6
	case etherTypeVLAN, etherTypeQinQ:
		return LayerVLAN
	case etherTypeTEB:
		return LayerEthernet
	}
	return LayerNone
}

func (p *parser) ethernet(b []byte) (Layer, []byte) {
	const headerLen = 14
	if len(b) < headerLen {
		return p.stop(ProblemTruncated, LayerEthernet)
	}
	p.h.HasEthernet = true
	p.h.Ethernet = Ethernet{Destination: [6]byte(b[0:6]), Source: [6]byte(b[6:12])}
	p.h.Layer = LayerEthernet
	return layerOfEtherType(binary.BigEndian.Uint16(b[12:])), b[headerLen:]
}

// vlan reads an 802.1Q or 802.1ad tag after its EtherType. A tag is no layer of its own: if no known header follows, Hubble's summary names the
// Ethernet frame.
func (p *parser) vlan(b []byte) (Layer, []byte) {
	const tagLen = 4
	if len(b) < tagLen {
		return p.stop(ProblemTruncated, LayerVLAN)
	}
	if int(p.h.VLANCount) < len(p.h.VLANs) {
		p.h.VLANs[p.h.VLANCount] = binary.BigEndian.Uint16(b) & 0x0fff
	}
	if p.h.VLANCount < 255 {
		p.h.VLANCount++
	}
	return layerOfEtherType(binary.BigEndian.Uint16(b[2:])), b[tagLen:]
}

func (p *parser) vxlan(b []byte) (Layer, []byte) {
	const headerLen = 8
	if len(b) < headerLen {
		return p.stop(ProblemTruncated, LayerVXLAN)
	}
	p.h.Layer = LayerVXLAN
	p.vni = binary.BigEndian.Uint32(b[4:]) >> 8
	return LayerEthernet, b[headerLen:]
}

func (p *parser) geneve(b []byte) (Layer, []byte) {
	const headerLen = 8
	if len(b) < headerLen {
		return p.stop(ProblemTruncated, LayerGeneve)
	}
	length := headerLen + int(b[0]&0x3f)*4
	if len(b) < length {
		return p.stop(ProblemTruncated, LayerGeneve)
	}
	p.h.Layer = LayerGeneve
	p.vni = binary.BigEndian.Uint32(b[4:]) >> 8
	return layerOfEtherType(binary.BigEndian.Uint16(b[2:])), b[length:]
}
