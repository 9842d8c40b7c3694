// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"net/netip"

	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// Packet flags of drop and trace notifications.
const (
	flagIPv6     = 1
	flagL3Device = 2
	flagVXLAN    = 4
	flagGeneve   = 8
)

func (g *Generator) ip4() netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(g.r.IntN(3)), byte(g.r.IntN(4)), byte(g.r.IntN(256))})
}

// ip6 returns an address of a cluster, sometimes an IPv4-mapped one.
func (g *Generator) ip6() netip.Addr {
	b := [16]byte{0: 0xfd}
	if g.chance(12) {
		b = [16]byte{10: 0xff, 11: 0xff}
	}
	for i := 12; i < 16; i++ {
		b[i] = byte(g.r.IntN(256))
	}
	if g.Near && b[0] != 0 {
		clear(b[12:15])
	}
	return netip.AddrFrom16(b)
}

func (g *Generator) port() uint16 {
	return pick(g, 0, 53, 80, 443, 4789, 6081, 8472, uint16(g.r.IntN(65536)))
}

func (g *Generator) payload() []byte {
	b := make([]byte, g.r.IntN(20))
	for i := range b {
		b[i] = byte(g.r.IntN(256))
	}
	return b
}

// packet returns a packet and the flags with which the datapath describes it.
func (g *Generator) packet() (packet []byte, flags uint8) {
	switch g.r.IntN(15) {
	case 0, 1, 2, 3, 4:
		return g.tunnel()
	case 5, 6, 7:
		v6 := g.chance(2)
		if v6 {
			flags = flagIPv6
		}
		return g.ip(v6), flags | flagL3Device
	case 8:
		return g.frame(), uint8(g.r.IntN(16)) // random flags
	}
	return g.frame(), 0
}

// tunnel returns a frame in a tunnel.
func (g *Generator) tunnel() (packet []byte, flags uint8) {
	var udp []byte
	inner := g.frame()
	vni := g.r.Uint32N(1 << 24)
	if g.chance(2) {
		flags = flagVXLAN
		udp = mt.UDP(40000, 8472, mt.VXLAN(vni, inner))
	} else {
		flags = flagGeneve
		etherType := uint16(mt.EtherTEB)
		if g.chance(3) {
			etherType, inner = mt.EtherIPv4, g.ip(false)
		}
		options := pick(g, nil, []byte{1, 1, 2, 0}, []byte{1, 1, 2, 0, 1, 1, 0x80, 1, 9, 9, 9, 9})
		udp = mt.UDP(40000, 6081, mt.Geneve(vni, etherType, options, inner))
	}
	if g.chance(3) {
		return mt.Ethernet(mt.EtherIPv6, mt.IPv6(g.ip6(), g.ip6(), mt.ProtoUDP, udp)), flags
	}
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(g.ip4(), g.ip4(), mt.ProtoUDP, udp)), flags
}

// frame returns an Ethernet frame: mostly IP, sometimes with one or two VLAN tags, ARP, or any other type.
func (g *Generator) frame() []byte {
	v6 := g.chance(3)
	etherType, b := uint16(mt.EtherIPv4), g.ip(v6)
	if v6 {
		etherType = mt.EtherIPv6
	}
	switch g.r.IntN(14) {
	case 0:
		for range 1 + g.r.IntN(2) {
			etherType, b = mt.EtherVLAN, mt.VLAN(uint16(1+g.r.IntN(4000)), etherType, b)
		}
	case 1:
		etherType, b = mt.EtherARP, g.payload()
	case 2:
		etherType, b = uint16(g.r.IntN(1600)), g.payload()
	}
	return mt.Ethernet(etherType, b)
}

// ip returns an IP packet: with options or extension headers, whole or a fragment, sometimes one in another.
func (g *Generator) ip(v6 bool) []byte {
	proto, b := g.transport(v6)
	if v6 {
		switch g.r.IntN(8) {
		case 0:
			proto, b = 0, mt.Extension(proto, b)
		case 1:
			proto, b = 60, mt.Extension(proto, b)
			if g.chance(2) { // one after the other
				proto, b = 43, mt.Extension(proto, b)
			}
		case 2:
			proto, b = 44, mt.Fragment6(proto, uint16(g.r.IntN(2)), g.chance(2), b)
		}
		return mt.IPv6(g.ip6(), g.ip6(), proto, b)
	}
	var options []byte
	if g.chance(4) {
		options = []byte{1, 1, 1, 1, 7, 4, 0, 0}[:4*(1+g.r.IntN(2))]
	}
	fragment := uint16(0x4000) // don't
	if g.chance(12) {
		fragment = pick[uint16](g, 0x2000, 0x2001, 0x0010)
	}
	if g.chance(15) {
		proto, b = 4, g.ip(false)
		if g.chance(2) {
			proto, b = 41, g.ip(true)
		}
	}
	return mt.IPv4Options(g.ip4(), g.ip4(), proto, fragment, options, b)
}

// transport returns the content of an IP packet.
func (g *Generator) transport(v6 bool) (proto uint8, b []byte) {
	switch g.r.IntN(9) {
	case 0, 1, 2:
		return mt.ProtoTCP, mt.TCP(g.port(), g.port(), uint16(g.r.IntN(512)), g.payload())
	case 3:
		return mt.ProtoUDP, mt.UDP(g.port(), g.port(), g.payload())
	case 4:
		return mt.ProtoSCTP, mt.SCTP(g.port(), g.port(), uint8(g.r.IntN(16)))
	case 5, 6:
		if v6 {
			typ := pick(g, 1, 2, 3, 4, 128, 129, 133, 134, 135, 136, 137, 143, uint8(g.r.IntN(256)))
			return mt.ProtoICMP6, mt.ICMP(typ, uint8(g.r.IntN(9)), g.payload())
		}
		return mt.ProtoICMP, mt.ICMP(uint8(g.r.IntN(20)), uint8(g.r.IntN(18)), g.payload())
	case 7:
		if g.chance(2) {
			return mt.ProtoIGMP, mt.IGMP(pick[uint8](g, 0x11, 0x12, 0x16, 0x17, 0x22, 0x33), g.ip4())
		}
		return mt.ProtoVRRP, mt.VRRP(uint8(g.r.IntN(256)), uint8(g.r.IntN(256)), g.ip4())
	}
	return uint8(47 + g.r.IntN(4)), g.payload() // GRE, ESP and others that Hubble does not name
}
