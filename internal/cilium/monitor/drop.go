// SPDX-License-Identifier: Apache-2.0

// Drop notifications: struct drop_notify (bpf/lib/drop.h).

package monitor

// Drop is a drop notification. SubType is the drop reason.
type Drop struct {
	SrcLabel  uint32 // security identity of the source
	DstLabel  uint32 // security identity of the destination
	DstID     uint32 // id of the destination endpoint, 0 when not local or not yet known
	Line      uint16 // source line that dropped the packet
	File      uint8  // id of the source file
	ExtError  int8   // detail of the reason, such as the FIB lookup's result
	IfIndex   uint32
	Flags     PacketFlags // version 2 and later
	IPTraceID uint64      // version 3 and later
}

// What each version of the drop notification is.
var (
	// dropLengths has the length of the header, in bytes.
	dropLengths = [...]int{0: 36, 1: 36, 2: 40, 3: 48}

	// dropReleases has the first and the last release that writes it (NOTIFY_DROP_VER and NOTIFY_CAPTURE_VER in bpf/lib). Version 0 is
	// older than all of them; its layout is that of version 1. The first releases of 1.17 wrote version 1, later ones version 2.
	dropReleases = [len(dropLengths)][2]WireFormat{
		0: {WireFormat114, WireFormat117}, 1: {WireFormat114, WireFormat117}, 2: {WireFormat117, WireFormat118}, 3: {WireFormat119, WireFormat120},
	}
)

func (n *Notification) decodeDrop(data []byte) error {
	if len(data) < dropLengths[0] {
		return truncated(n.Type, dropLengths[0], len(data))
	}
	n.captureHeader(data)
	length := n.versionLength(dropLengths[:])
	if len(data) < length {
		return n.tooShort(data, dropLengths[:])
	}
	n.Drop = Drop{
		SrcLabel: le32(data, 16),
		DstLabel: le32(data, 20),
		DstID:    le32(data, 24),
		Line:     le16(data, 28),
		File:     data[30],
		ExtError: int8(data[31]),
		IfIndex:  le32(data, 32),
	}
	if n.Version >= 2 {
		n.Drop.Flags = PacketFlags(data[36])
	}
	if n.Version >= 3 {
		n.Drop.IPTraceID = le64(data, 40)
	}
	n.setPacket(data, length)
	return nil
}

// DropReleases returns the first and the last release that may have written a drop notification of a version. It returns the format's
// release alone where that is one of them: a record's own version is stronger than a setting. For an unknown version it returns all
// known releases.
func (w WireFormat) DropReleases(version uint8) (first, last WireFormat) {
	if int(version) >= len(dropReleases) {
		return WireFormat114, newestWireFormat
	}
	first, last = dropReleases[version][0], dropReleases[version][1]
	if w >= first && w <= last {
		return w, w
	}
	return first, last
}
