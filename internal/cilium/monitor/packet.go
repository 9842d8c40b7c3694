// SPDX-License-Identifier: Apache-2.0

// Where the packet lies in a record.

package monitor

const (
	// paddedPacketLen is the room, in bytes, that the Windows datapath reserves for the packet in every record.
	paddedPacketLen = 128
	// perfPadding is the largest number of bytes that a perf ring adds to a record to align it.
	perfPadding = 7
)

// mayBePadded reports whether a perf ring of Linux can give a record this length: with the 4 bytes of the length itself it fills words
// of 8 bytes.
func mayBePadded(data []byte) bool { return (len(data)+4)%8 == 0 }

// setPacket sets the packet. It follows the known header, whose length is given, or an extension of unknown length. Packet stays empty when
// the packet is absent or all zero: the Windows datapath pads every record to its largest size. With a captured length of 0 the packet is
// the rest of the record, unless that is no more than a perf ring adds. In a record of an unknown version, the packet is left out unless
// its place is certain.
func (n *Notification) setPacket(data []byte, length int) {
	if n.VersionUnknown {
		if offset, ok := n.laterOffset(data, length); ok {
			n.HeaderLen = offset
			n.Packet = data[offset:][:min(int(n.CapLen), len(data)-offset)]
		}
		return
	}
	offset := length
	if n.ExtVersion != 0 && n.CapLen > 0 && len(data)-int(n.CapLen) > offset {
		offset = n.extendedOffset(data, offset)
	}
	n.HeaderLen = offset
	packet := data[offset:]
	if n.CapLen > 0 && uint64(n.CapLen) < uint64(len(packet)) {
		packet = packet[:n.CapLen]
	}
	if n.CapLen == 0 && len(packet) <= perfPadding && mayBePadded(data) || allZero(packet) {
		return
	}
	n.Packet = packet
}

// extendedOffset returns the offset of a packet that follows an extension of unknown length. The packet ends at the record's end, or before the
// bytes that a perf ring has added, and has the captured length. If a ring has added bytes, the extension, like the header, consists of 4-byte
// words.
func (n *Notification) extendedOffset(data []byte, header int) int {
	const word = 4
	offset := len(data) - int(n.CapLen)
	if !mayBePadded(data) {
		return offset
	}
	offset -= offset % word
	if offset-word >= header && !n.looksLikePacket(data[offset:]) && n.looksLikePacket(data[offset-word:]) {
		return offset - word
	}
	return offset
}

// laterOffset returns the offset of the packet in a record of an unknown version, where fields of unknown length follow the known header. The
// packet may be the captured length before the record's end, the same before the bytes that a perf ring has added, or 128 bytes before the
// end, where the Windows datapath puts it and fills the rest with zeros. ok is false unless exactly one of these places has a packet
// whose headers agree with the length on the wire.
func (n *Notification) laterOffset(data []byte, known int) (offset int, ok bool) {
	if n.CapLen == 0 || uint64(n.CapLen) > uint64(len(data)) {
		return 0, false
	}
	captured := int(n.CapLen)
	found := 0
	try := func(at int) {
		if at >= known && n.isItsPacket(data[at:][:captured]) {
			offset, found = at, found+1
		}
	}
	end := len(data) - captured
	try(end)
	if mayBePadded(data) {
		for added := 1; added <= perfPadding; added++ {
			try(end - added)
		}
	}
	at, tried := len(data)-paddedPacketLen, end
	if mayBePadded(data) {
		tried -= perfPadding
	}
	if at >= 0 && at < tried && allZero(data[at+captured:]) {
		try(at)
	}
	return offset, found == 1
}

// isItsPacket reports whether b is the notification's packet: it begins with the headers that the notification announces, and they give the
// length on the wire.
func (n *Notification) isItsPacket(b []byte) bool {
	link := uint32(0)
	etherType := uint16(etherTypeIPv4)
	if n.withoutLink() {
		if len(b) > 0 && b[0]>>4 == 6 {
			etherType = etherTypeIPv6
		}
		if n.Type != TypePacketMonitorDrop && (etherType == etherTypeIPv6) != n.ipv6() {
			return false
		}
	} else {
		const etherLen, tagLen, maxTags = 14, 4, 2
		for link = etherLen; ; link += tagLen {
			if uint32(len(b)) <= link {
				return false
			}
			etherType = be16(b, int(link)-2)
			if etherType != etherTypeVLAN && etherType != etherTypeQinQ || link == etherLen+maxTags*tagLen {
				break
			}
		}
	}
	return n.fits(b[link:], link, etherType)
}

// fits reports whether b, which follows a link header, begins with a header of the given type whose length field agrees with the length on
// the wire. Ethernet pads short frames with zeros, so the shortest frames may be longer than the header says.
func (n *Notification) fits(b []byte, link uint32, etherType uint16) bool {
	const ipv4Len, ipv6Len, arpLen, etherLen, minFrame = 20, 40, 28, 14, 60
	length := uint32(0)
	switch {
	case etherType == etherTypeIPv4 && len(b) >= ipv4Len && b[0]>>4 == 4 && b[0]&0xf >= 5:
		length = uint32(be16(b, 2))
	case etherType == etherTypeIPv6 && len(b) >= ipv6Len && b[0]>>4 == 6:
		length = ipv6Len + uint32(be16(b, 4))
	case etherType == etherTypeARP && len(b) >= arpLen && be16(b, 0) == 1 && be16(b, 2) == etherTypeIPv4 && b[4] == 6 && b[5] == 4:
		length = arpLen
	default:
		return false
	}
	if link+length == n.OrigLen {
		return true
	}
	return link > 0 && link+length < n.OrigLen && n.OrigLen <= minFrame-etherLen+link && allZero(b[min(int(length), len(b)):])
}

// withoutLink reports whether the notification says that its packet starts with the IP header.
func (n *Notification) withoutLink() bool {
	flags := n.Drop.Flags | n.Trace.Flags // a notification has one of them at most
	return n.Verdict.L3Device || flags.L3Device() || n.Pktmon.PacketType == PacketMonitorIP
}

// ipv6 reports whether the notification says that its packet is IPv6. It counts only for a packet without a link header.
func (n *Notification) ipv6() bool {
	flags := n.Drop.Flags | n.Trace.Flags
	return n.Verdict.IPv6 || flags.IPv6()
}

// looksLikePacket reports whether b begins as the notification's packet must: with an Ethernet header and the IP version of its type or, from
// a device without a link layer, with the IP version of the flag.
func (n *Notification) looksLikePacket(b []byte) bool {
	const etherLen = 14
	if n.withoutLink() {
		version := byte(4)
		if n.ipv6() {
			version = 6
		}
		return len(b) > 0 && b[0]>>4 == version
	}
	if len(b) <= etherLen {
		return false
	}
	switch be16(b, etherLen-2) {
	case etherTypeIPv4:
		return b[etherLen]>>4 == 4
	case etherTypeIPv6:
		return b[etherLen]>>4 == 6
	case etherTypeARP, etherTypeVLAN, etherTypeQinQ:
		return true
	}
	return false
}

const (
	etherTypeIPv4 = 0x0800
	etherTypeARP  = 0x0806
	etherTypeVLAN = 0x8100
	etherTypeIPv6 = 0x86dd
	etherTypeQinQ = 0x88a8
)

// be16 reads an integer in network byte order at an offset that the caller has checked.
func be16(b []byte, off int) uint16 { return uint16(b[off])<<8 | uint16(b[off+1]) }

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
