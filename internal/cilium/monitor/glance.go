// SPDX-License-Identifier: Apache-2.0

package monitor

import "net/netip"

// Glance is Decode for a caller that asks little of a trace, the most frequent notification. It sets Type, SubType, Source, OrigLen, Version and
// Packet, and of Trace all but the labels, DstID and IPTraceID. It reports false for everything but a trace of a known version with a packet
// at a place that is certain at once, and has then set some of these. n must be used for nothing but glances.
func (n *Notification) Glance(data []byte) bool {
	if len(data) < traceLengths[0] || MessageType(data[0]) != TypeTrace || int(data[14]) >= len(traceLengths) || data[15] != 0 {
		return false
	}
	length, captured := traceLengths[data[14]], int(le16(data, 12))
	if captured == 0 || len(data) < length+captured {
		return false
	}
	n.Type, n.SubType, n.Version = TypeTrace, data[1], data[14]
	n.Source, n.OrigLen = le16(data, 2), le32(data, 8)
	n.Packet = data[length:][:captured]
	t := &n.Trace
	t.Reason, t.Encrypted = data[26]&^traceReasonEncrypted, data[26]&traceReasonEncrypted != 0
	t.Flags, t.IfIndex = PacketFlags(data[27]), le32(data, 28)
	t.OrigIP = netip.Addr{}
	if n.Version >= 1 && le64(data, 32)|le64(data, 40) != 0 {
		if orig := address16(data[32:48], t.Flags.IPv6()); !orig.IsUnspecified() {
			t.OrigIP = orig
		}
	}
	return true
}
