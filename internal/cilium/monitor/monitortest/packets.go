// SPDX-License-Identifier: Apache-2.0

// Packets for the records, with valid headers, lengths and checksums. They are built inside out: the builder of a header takes the payload.

package monitortest

import (
	"encoding/binary"
	"net/netip"
)

// EtherTypes and IP protocols for the builders.
const (
	EtherIPv4  = 0x0800
	EtherARP   = 0x0806
	EtherVLAN  = 0x8100
	EtherIPv6  = 0x86dd
	EtherTEB   = 0x6558 // an Ethernet frame inside a tunnel
	ProtoICMP  = 1
	ProtoIGMP  = 2
	ProtoTCP   = 6
	ProtoUDP   = 17
	ProtoICMP6 = 58
	ProtoVRRP  = 112
	ProtoSCTP  = 132
)

// TCP flags, as in the header's flag byte; NS is bit 8.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
	NS
)

// Ethernet prepends an Ethernet header from 02:00:00:00:00:01 to 02:00:00:00:00:02.
func Ethernet(etherType uint16, payload []byte) []byte {
	b := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}
	return append(binary.BigEndian.AppendUint16(b, etherType), payload...)
}

// VLAN prepends the bytes after the EtherType 0x8100: the tag and the EtherType of the payload.
func VLAN(id, etherType uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	return append(binary.BigEndian.AppendUint16(b, etherType), payload...)
}

// IPv4 prepends an IPv4 header and fills the checksum of a TCP, UDP or ICMP payload.
func IPv4(src, dst netip.Addr, proto uint8, payload []byte) []byte {
	return IPv4Options(src, dst, proto, 0, nil, payload)
}

// IPv4Options is IPv4 with the fragment word (flags and offset) and options, whose length is a multiple of four.
func IPv4Options(src, dst netip.Addr, proto uint8, fragment uint16, options, payload []byte) []byte {
	payload = withChecksum(src, dst, proto, payload)
	headerLen := 20 + len(options)
	b := []byte{0x40 | byte(headerLen/4), 0}
	b = binary.BigEndian.AppendUint16(b, uint16(headerLen+len(payload)))
	b = append(b, 0, 1)
	b = binary.BigEndian.AppendUint16(b, fragment)
	b = append(b, 64, proto, 0, 0)
	b = append(b, src.AsSlice()...)
	b = append(b, dst.AsSlice()...)
	b = append(b, options...)
	binary.BigEndian.PutUint16(b[10:], checksum(0, b))
	return append(b, payload...)
}

// IPv6 prepends an IPv6 header and fills the checksum of a TCP, UDP or ICMPv6 payload.
func IPv6(src, dst netip.Addr, next uint8, payload []byte) []byte {
	payload = withChecksum(src, dst, next, payload)
	b := []byte{0x60, 0, 0, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	b = append(b, next, 64)
	b = append(b, src.AsSlice()...)
	b = append(b, dst.AsSlice()...)
	return append(b, payload...)
}

// Extension prepends an IPv6 extension header of 8 bytes (hop-by-hop 0, routing 43, destination options 60): a PadN option.
func Extension(next uint8, payload []byte) []byte {
	return append([]byte{next, 0, 1, 4, 0, 0, 0, 0}, payload...)
}

// Fragment6 prepends an IPv6 fragment header. offset is in units of 8 bytes.
func Fragment6(next uint8, offset uint16, more bool, payload []byte) []byte {
	b := []byte{next, 0}
	b = binary.BigEndian.AppendUint16(b, offset<<3|uint16(bit(more, 0)))
	return append(append(b, 0, 0, 0, 7), payload...)
}

// TCP builds a segment with a 20-byte header. flags are those of this package.
func TCP(srcPort, dstPort uint16, flags uint16, payload []byte) []byte {
	b := ports(srcPort, dstPort)
	b = append(b, 0, 0, 0, 1, 0, 0, 0, 0, 5<<4|byte(flags>>8&1), byte(flags), 4, 0, 0, 0, 0, 0)
	return append(b, payload...)
}

// UDP builds a datagram.
func UDP(srcPort, dstPort uint16, payload []byte) []byte {
	b := ports(srcPort, dstPort)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

// SCTP builds a packet with one chunk of a type.
func SCTP(srcPort, dstPort uint16, chunk uint8) []byte {
	return append(ports(srcPort, dstPort), 0, 0, 0, 9, 0, 0, 0, 0, chunk, 0, 0, 4)
}

// ICMP builds an ICMP or ICMPv6 message with 4 bytes of rest of header.
func ICMP(typ, code uint8, payload []byte) []byte {
	return append([]byte{typ, code, 0, 0, 0, 1, 0, 1}, payload...)
}

// IGMP builds an IGMPv2 message.
func IGMP(typ uint8, group netip.Addr) []byte {
	b := append([]byte{typ, 0, 0, 0}, group.AsSlice()...)
	binary.BigEndian.PutUint16(b[2:], checksum(0, b))
	return b
}

// VRRP builds a VRRPv2 advertisement for one address.
func VRRP(router, priority uint8, address netip.Addr) []byte {
	b := append([]byte{0x21, router, priority, 1, 0, 1, 0, 0}, address.AsSlice()...)
	binary.BigEndian.PutUint16(b[6:], checksum(0, b))
	return b
}

// VXLAN prepends a VXLAN header.
func VXLAN(vni uint32, frame []byte) []byte {
	return append([]byte{8, 0, 0, 0, byte(vni >> 16), byte(vni >> 8), byte(vni), 0}, frame...)
}

// Geneve prepends a Geneve header. options is a multiple of four bytes long.
func Geneve(vni uint32, etherType uint16, options, payload []byte) []byte {
	b := []byte{byte(len(options) / 4), 0}
	b = binary.BigEndian.AppendUint16(b, etherType)
	b = append(b, byte(vni>>16), byte(vni>>8), byte(vni), 0)
	return append(append(b, options...), payload...)
}

func ports(src, dst uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, src), dst)
}

// withChecksum returns the payload with the checksum of its transport header, where that covers a pseudo header.
func withChecksum(src, dst netip.Addr, proto uint8, payload []byte) []byte {
	offset, pseudo := -1, true
	switch {
	case proto == ProtoTCP && len(payload) >= 20:
		offset = 16
	case proto == ProtoUDP && len(payload) >= 8:
		offset = 6
	case proto == ProtoICMP6 && len(payload) >= 4:
		offset = 2
	case proto == ProtoICMP && len(payload) >= 4:
		offset, pseudo = 2, false
	}
	if offset < 0 {
		return payload
	}
	b := append([]byte(nil), payload...)
	b[offset], b[offset+1] = 0, 0
	var sum uint32
	if pseudo {
		sum = addWords(addWords(uint32(proto)+uint32(len(b)), src.AsSlice()), dst.AsSlice())
	}
	binary.BigEndian.PutUint16(b[offset:], checksum(sum, b))
	return b
}

// addWords adds the 16-bit words of b to an internet checksum.
func addWords(sum uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	return sum
}

// checksum is the internet checksum (RFC 1071) of b on top of a sum.
func checksum(sum uint32, b []byte) uint16 {
	sum = addWords(sum, b)
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
