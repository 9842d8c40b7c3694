// SPDX-License-Identifier: Apache-2.0

// What identifies a packet at every point of its way through the node.

package flow

import (
	"encoding/binary"
	"net/netip"
)

// Identity identifies a packet at every point of its way. SourcePort is separate, because source translation may change it.
type Identity struct {
	Bytes       []byte // the memory of the fields below, used again by the next call
	Body        []byte // the parts that no program and no translation changes, see Identify
	Source      []byte // address
	Destination []byte // address and port
	SourcePort  uint16 // or the id of an ICMP echo; 0 without either
	Translated  bool   // the source was translated, so that its port may differ from that before
}

// Lengths of what an identity takes from a packet, in bytes.
const (
	identityTCP   = 16 // of the header: sequence numbers, flags, window
	identityBytes = 16 // of UDP's payload, of SCTP's first chunk, of other protocols' payload
)

// Identify sets the identity of a flow's packet. The bytes are those of the notification that the flow was decoded from. ok is false when too little of the packet was captured to tell it from others: nothing, a header that is cut
// short, or fewer than the first bytes of its payload. ok is false for a fragment too: the packet may have been seen whole before.
//
// The body consists of the length from the IP header on, the protocol, IPv4's identification, TCP's sequence numbers, flags and window, and
// the first 16 bytes of other protocols' payload. The source is that before translation. The body does not have the parts that programs
// change: link layer, TTL, checksums, a tunnel's outside.
func (f *Flow) Identify(id *Identity, packet []byte) (ok bool) {
	if len(packet) == 0 {
		return false
	}
	if f.IP.Version == 0 {
		return id.ofFrame(packet, f.HasEthernet && f.Problem == ProblemNone)
	}
	if f.place.above == 0 || f.IP.Fragment {
		return false
	}
	dst := append(id.Bytes[:0], f.IP.Version, f.IP.Protocol)
	dst = binary.LittleEndian.AppendUint32(dst, f.OrigLen-uint32(f.place.ip))
	id.SourcePort, id.Translated = 0, f.IP.SourceXlated.IsValid()
	ip := packet[f.place.ip:]
	length := len(ip) // of the packet on the wire, where its header tells it
	if f.IP.Version == 4 {
		if total := int(binary.BigEndian.Uint16(ip[2:])); total != 0 {
			length = total
		}
		dst = append(dst, ip[2:6]...)
	} else {
		if payload := int(binary.BigEndian.Uint16(ip[4:])); payload != 0 {
			length = 40 + payload
		}
		dst = append(dst, ip[4:6]...)
	}
	above := packet[f.place.above:]
	length -= int(f.place.above - f.place.ip)
	above = above[:min(len(above), max(length, 0))]
	// take appends a part of the header above IP and its payload. It reports whether all bytes that the packet has of it were captured.
	take := func(from, to int) bool {
		to = min(to, max(length, from))
		if to > len(above) {
			return false
		}
		dst = append(dst, above[from:to]...)
		return true
	}
	port := false // the destination has one
	switch f.L4.Protocol {
	case L4TCP:
		id.SourcePort, port = f.L4.SourcePort, true
		ok = len(above) >= identityTCP && take(4, identityTCP)
	case L4UDP:
		const header = 8
		id.SourcePort, port = f.L4.SourcePort, true
		ok = len(above) >= header && take(4, 6) && take(header, header+identityBytes)
	case L4SCTP:
		const header = 12
		id.SourcePort, port = f.L4.SourcePort, true
		ok = len(above) >= header && take(4, 8) && take(header, header+identityBytes)
	case L4ICMPv4, L4ICMPv6:
		const header = 8
		if len(above) < header {
			break
		}
		if _, echo := f.Echo(); !echo { // an error has the packet that caused it, which translation changes too
			ok = take(0, 2) && take(4, header)
			break
		}
		id.SourcePort = binary.BigEndian.Uint16(above[4:])
		ok = take(0, 2) && take(6, header+identityBytes)
	default:
		ok = take(0, identityBytes)
	}
	body := len(dst)
	dst = appendAddressBytes(dst, f.IP.Source)
	destination := len(dst)
	dst = appendAddressBytes(dst, f.IP.Destination)
	if port {
		dst = append(dst, above[2:min(4, len(above))]...)
	}
	id.Bytes, id.Body, id.Source, id.Destination = dst, dst[:body], dst[body:destination], dst[destination:]
	return ok
}

// appendAddressBytes appends an address in binary, 4 or 16 bytes.
func appendAddressBytes(dst []byte, a netip.Addr) []byte {
	if a.Is4() {
		b := a.As4()
		return append(dst, b[:]...)
	}
	b := a.As16()
	return append(dst, b[:]...)
}

// ofFrame identifies a packet without an IP header by its frame's payload. Such packets are not translated.
func (id *Identity) ofFrame(packet []byte, whole bool) (ok bool) {
	const addresses, most = 12, 64
	if !whole {
		return false
	}
	dst := append(append(id.Bytes[:0], 0), packet[addresses:min(len(packet), most)]...)
	*id = Identity{Bytes: dst, Body: dst}
	return true
}
