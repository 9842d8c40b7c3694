// SPDX-License-Identifier: Apache-2.0

// Drops that Windows' packet monitor reports (message type 100): Retina's PktmonDropNotify, a header of 4 bytes and the packet
// monitor's event, both packed.

package monitor

// PacketMonitor is a drop that the packet monitor reports.
type PacketMonitor struct {
	EventID         uint8
	MetadataLen     uint32
	GroupID         uint64 // equal at every component that the packet passes
	Count           uint16
	AppearanceCount uint16
	Direction       uint16 // packet monitor's direction tag
	PacketType      uint16 // see PacketMonitorEthernet and PacketMonitorIP
	ComponentID     uint16
	EdgeID          uint16
	FilterID        uint16
	DropReason      uint32 // packet monitor's reason code, not one of Cilium's
	DropLocation    uint32
	Processor       uint16
	Timestamp       uint64 // Windows system time, 100 ns units since 1601-01-01 UTC
}

// Fields returns the fields of the drop that are shown unchanged: the packet monitor's own numbers, not Cilium's.
func (PacketMonitor) Fields() []FieldOf[PacketMonitor] {
	return []FieldOf[PacketMonitor]{
		{Field: Field{Attribute: "cilium.pktmon.drop_reason", Always: true}, Value: func(p *PacketMonitor) uint64 { return uint64(p.DropReason) }},
		{Field: Field{Attribute: "cilium.pktmon.drop_location", Always: true}, Value: func(p *PacketMonitor) uint64 { return uint64(p.DropLocation) }},
		{Field: Field{Attribute: "cilium.pktmon.component_id", Always: true}, Value: func(p *PacketMonitor) uint64 { return uint64(p.ComponentID) }},
		{Field: Field{Attribute: "cilium.pktmon.edge_id", Always: true}, Value: func(p *PacketMonitor) uint64 { return uint64(p.EdgeID) }},
		{Field: Field{Attribute: "cilium.pktmon.group_id", Always: true, Long: true}, Value: func(p *PacketMonitor) uint64 { return p.GroupID }},
	}
}

// Packet types of the packet monitor whose packets can be parsed (Retina, pkg/plugin/ebpfwindows).
const (
	PacketMonitorEthernet = 1
	PacketMonitorIP       = 3
)

// packetMonitorLengths has the length of the header, in bytes, by version.
var packetMonitorLengths = [...]int{0: 57, 1: 57}

func (n *Notification) decodePacketMonitor(data []byte) error {
	if len(data) < packetMonitorLengths[0] {
		return truncated(n.Type, packetMonitorLengths[0], len(data))
	}
	n.Version = data[2]
	length := n.versionLength(packetMonitorLengths[:])
	if len(data) < length {
		return n.tooShort(data, packetMonitorLengths[:])
	}
	n.OrigLen = le32(data, 5)
	n.CapLen = le32(data, 9)
	n.Pktmon = PacketMonitor{
		EventID:         data[4],
		MetadataLen:     le32(data, 13),
		GroupID:         le64(data, 17),
		Count:           le16(data, 25),
		AppearanceCount: le16(data, 27),
		Direction:       le16(data, 29),
		PacketType:      le16(data, 31),
		ComponentID:     le16(data, 33),
		EdgeID:          le16(data, 35),
		FilterID:        le16(data, 37),
		DropReason:      le32(data, 39),
		DropLocation:    le32(data, 43),
		Processor:       le16(data, 47),
		Timestamp:       le64(data, 49),
	}
	n.setPacket(data, length)
	return nil
}
