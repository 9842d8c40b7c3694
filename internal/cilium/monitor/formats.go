// SPDX-License-Identifier: Apache-2.0

// The two messages that changed their layout without a new version: the policy verdict (32 bytes up to Cilium 1.18, 40
// from 1.19 on) and the socket trace (38 and 40, with its fields in another order). The record's length decides where it
// can, then the WireFormat setting, and with "auto" a look at what stands at either place.

package monitor

const (
	verdictLen118 = 32
	verdictLen119 = 40
	sockLen118    = 38
	sockLen119    = 40

	// paddedPacketLen is what the Windows datapath reserves for the packet in every record, used or not.
	paddedPacketLen = 128
	// perfPadding is the most that a perf ring adds to a record to align it.
	perfPadding = 7
)

// mayBePadded reports whether a record has a length that a perf ring of Linux can give it: with the 4 bytes of the length itself,
// words of 8.
func mayBePadded(data []byte) bool { return (len(data)+4)%8 == 0 }

// Bits of the policy verdict's flags byte.
const (
	verdictDirection = 0x03
	verdictIPv6      = 0x04
	verdictMatchType = 0x38
	verdictAudited   = 0x40
	verdictL3Device  = 0x80

	verdictMatchTypeShift = 3
)

// decodePolicyVerdict reads struct policy_verdict_notify (bpf/lib/policy_log.h).
func (n *Notification) decodePolicyVerdict(data []byte, format WireFormat) error {
	if len(data) < verdictLen118 {
		return truncated(n.Type, verdictLen118, len(data))
	}
	n.captureHeader(data)
	flags := data[27]
	n.Verdict = PolicyVerdict{
		RemoteLabel: le32(data, 16),
		Verdict:     int32(le32(data, 20)),
		DstPort:     le16(data, 24),
		Proto:       data[26],
		Direction:   flags & verdictDirection,
		MatchType:   flags & verdictMatchType >> verdictMatchTypeShift,
		IPv6:        flags&verdictIPv6 != 0,
		Audited:     flags&verdictAudited != 0,
		L3Device:    flags&verdictL3Device != 0,
		AuthType:    data[28],
	}
	offset := n.verdictLen(data, format)
	if offset == verdictLen119 {
		n.Verdict.Cookie = le32(data, 32)
	}
	n.setPacket(data, offset)
	return nil
}

// verdictLen returns the length of the verdict's header: 32 or 40, never more than the record's.
func (n *Notification) verdictLen(data []byte, format WireFormat) int {
	if len(data) < verdictLen119 {
		return verdictLen118
	}
	if n.ExtVersion != 0 {
		return verdictLen119 // extensions came with 1.19
	}
	if n.CapLen > 0 || len(data) <= verdictLen119+perfPadding { // what follows the shorter one is no packet then
		switch rest := len(data) - int(n.CapLen); {
		case rest == verdictLen119 && len(data) == verdictLen118+paddedPacketLen:
			// 120 bytes captured: the new header and its packet, or the old one and its padded packet.
			at118, at119 := n.looksLikePacket(data[verdictLen118:]), n.looksLikePacket(data[verdictLen119:])
			if at118 && !at119 || at118 == at119 && format.short() {
				return verdictLen118
			}
			return verdictLen119
		case rest == verdictLen118 || rest == verdictLen119:
			return rest
		case len(data) <= verdictLen119+perfPadding: // the packet that it speaks of is absent
			return verdictLen119
		case len(data) == verdictLen118+paddedPacketLen:
			return verdictLen118
		case len(data) == verdictLen119+paddedPacketLen:
			return verdictLen119
		case rest > verdictLen118 && rest <= verdictLen118+perfPadding:
			return verdictLen118
		case rest > verdictLen119 && rest <= verdictLen119+perfPadding:
			return verdictLen119
		}
	}
	switch {
	case format.short():
		return verdictLen118
	case format.long():
		return verdictLen119
	}
	at118 := n.looksLikePacket(data[verdictLen118:])
	at119 := n.looksLikePacket(data[verdictLen119:])
	if at119 && !at118 {
		return verdictLen119
	}
	return verdictLen118
}

// looksLikePacket reports whether b starts as the notification says its packet does: with an Ethernet header and the IP
// version that its type names, or, from a device without a link layer, with the IP version of the flag.
func (n *Notification) looksLikePacket(b []byte) bool {
	const etherLen = 14
	flags := n.Drop.Flags | n.Trace.Flags // of one at most
	if n.Verdict.L3Device || flags.L3Device() {
		version := byte(4)
		if n.Verdict.IPv6 || flags.IPv6() {
			version = 6
		}
		return len(b) > 0 && b[0]>>4 == version
	}
	if len(b) <= etherLen {
		return false
	}
	switch etherType := uint16(b[12])<<8 | uint16(b[13]); etherType {
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

// decodeTraceSock reads struct trace_sock_notify (bpf/lib/trace_sock.h) in the layout that the length, the setting or the
// bytes give: up to 1.18 1 xlate u8, 2 dst_ip 16, 18 dst_port u16, 20 cookie u64, 28 cgroup u64, 36 l4_proto u8, 37 flags
// u8; from 1.19 on 1 xlate u8, 2 l4_proto u8, 3 flags u8, 4 dst_port u16, 8 cookie u64, 16 cgroup u64, 24 dst_ip 16.
func (n *Notification) decodeTraceSock(data []byte, format WireFormat) error {
	if len(data) < sockLen118 {
		return truncated(n.Type, sockLen118, len(data))
	}
	n.SubType = data[1]
	if sockIs119(data, format) {
		n.HeaderLen = sockLen119
		n.Sock = TraceSock{
			L4Proto:    data[2],
			IPv6:       data[3]&1 != 0,
			DstPort:    le16(data, 4),
			SockCookie: le64(data, 8),
			CgroupID:   le64(data, 16),
		}
		n.Sock.DstIP = address16(data[24:40], n.Sock.IPv6)
		return nil
	}
	n.HeaderLen = sockLen118
	n.Sock = TraceSock{
		DstPort:    le16(data, 18),
		SockCookie: le64(data, 20),
		CgroupID:   le64(data, 28),
		L4Proto:    data[36],
		IPv6:       data[37]&1 != 0,
	}
	n.Sock.DstIP = address16(data[2:18], n.Sock.IPv6)
	return nil
}

// sockIs119 reports whether a socket trace of at least 38 bytes has the layout of Cilium 1.19. A ring buffer keeps a
// record's exact length, which then decides; a perf ring pads both to the same one.
func sockIs119(data []byte, format WireFormat) bool {
	switch {
	case len(data) < sockLen119:
		return false
	case len(data) == sockLen119:
		return true
	case format != WireFormatAuto:
		return format.long()
	}
	plausible := func(l4, flags byte) bool { return (l4 == 1 || l4 == 2) && flags <= 1 }
	as119 := plausible(data[2], data[3]) && data[6] == 0 && data[7] == 0
	as118 := plausible(data[36], data[37])
	return as119 && !as118
}
