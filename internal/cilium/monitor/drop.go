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

// Fields returns the fields of a drop that are shown unchanged.
func (Drop) Fields() []FieldOf[Drop] {
	return []FieldOf[Drop]{ipTraceID(func(d *Drop) uint64 { return d.IPTraceID })}
}

// dropLengths has the length of the header, in bytes, by version. The releases that write each version are in wireformat.go.
var dropLengths = [...]int{0: 36, 1: 36, 2: 40, 3: 48}

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
