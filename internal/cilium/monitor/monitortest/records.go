// SPDX-License-Identifier: Apache-2.0

// Package monitortest builds raw records of Cilium's events map, of every message type and layout version, for tests and for the generators of
// test data. It follows the datapath's C structs (bpf/lib, Cilium 1.14 to 1.20) and shares no code with the decoder that it tests.
package monitortest

import (
	"encoding/binary"
	"net/netip"
)

// Capture has the fields of every message that carries a packet.
type Capture struct {
	Source     uint16
	Hash       uint32
	Packet     []byte
	OrigLen    uint32 // 0: the packet's length
	CapLen     uint16 // 0 with NoCapLen false: the packet's length
	NoCapLen   bool   // leave the captured length 0
	ExtVersion uint8
	Extension  []byte // between header and packet: a downstream datapath's, or what a later version has added
	PadTo      int    // zero-pad the packet to this many bytes, as the Windows datapath does with 128
}

// header appends the 16 bytes of the capture header.
func (c Capture) header(b []byte, typ, subType, version uint8) []byte {
	origLen, capLen := c.OrigLen, c.CapLen
	if origLen == 0 {
		origLen = uint32(len(c.Packet))
	}
	if capLen == 0 && !c.NoCapLen {
		capLen = uint16(len(c.Packet))
	}
	b = append(b, typ, subType)
	b = binary.LittleEndian.AppendUint16(b, c.Source)
	b = binary.LittleEndian.AppendUint32(b, c.Hash)
	b = binary.LittleEndian.AppendUint32(b, origLen)
	b = binary.LittleEndian.AppendUint16(b, capLen)
	return append(b, version, c.ExtVersion)
}

// tail appends the extension, the packet and its padding.
func (c Capture) tail(b []byte) []byte {
	b = append(b, c.Extension...)
	b = append(b, c.Packet...)
	for n := len(c.Packet); n < c.PadTo; n++ {
		b = append(b, 0)
	}
	return b
}

// Drop builds drop notifications (struct drop_notify), versions 0 to 3. A later version has the fields of version 3.
type Drop struct {
	Capture
	Version   uint8
	Reason    uint8
	SrcLabel  uint32
	DstLabel  uint32
	DstID     uint32
	Line      uint16
	File      uint8
	ExtError  int8
	IfIndex   uint32
	Flags     uint8  // version 2 and later: 1 IPv6, 2 L3 device, 4 VXLAN, 8 Geneve
	IPTraceID uint64 // version 3
}

// Bytes returns the record.
func (d Drop) Bytes() []byte {
	b := d.header(nil, 1, d.Reason, d.Version)
	b = binary.LittleEndian.AppendUint32(b, d.SrcLabel)
	b = binary.LittleEndian.AppendUint32(b, d.DstLabel)
	b = binary.LittleEndian.AppendUint32(b, d.DstID)
	b = binary.LittleEndian.AppendUint16(b, d.Line)
	b = append(b, d.File, byte(d.ExtError))
	b = binary.LittleEndian.AppendUint32(b, d.IfIndex)
	if d.Version >= 2 {
		b = append(b, d.Flags, 0, 0, 0)
	}
	if d.Version >= 3 {
		b = binary.LittleEndian.AppendUint64(b, d.IPTraceID)
	}
	return d.tail(b)
}

// Trace builds trace notifications (struct trace_notify), versions 0 to 2. A later version has the fields of version 2.
type Trace struct {
	Capture
	Version   uint8
	Point     uint8 // observation point
	SrcLabel  uint32
	DstLabel  uint32
	DstID     uint16 // at point 1 (to-proxy) the proxy's port
	Reason    uint8  // 0x80 encrypted
	Flags     uint8  // 1 IPv6, 2 L3 device, 4 VXLAN, 8 Geneve
	IfIndex   uint32
	OrigIP    netip.Addr // version 1 and later
	IPTraceID uint64     // version 2
}

// Bytes returns the record.
func (t Trace) Bytes() []byte {
	b := t.header(nil, 4, t.Point, t.Version)
	b = binary.LittleEndian.AppendUint32(b, t.SrcLabel)
	b = binary.LittleEndian.AppendUint32(b, t.DstLabel)
	b = binary.LittleEndian.AppendUint16(b, t.DstID)
	b = append(b, t.Reason, t.Flags)
	b = binary.LittleEndian.AppendUint32(b, t.IfIndex)
	if t.Version >= 1 {
		b = appendAddress16(b, t.OrigIP)
	}
	if t.Version >= 2 {
		b = binary.LittleEndian.AppendUint64(b, t.IPTraceID)
	}
	return t.tail(b)
}

// PolicyVerdict builds policy verdict notifications (struct policy_verdict_notify) of either length.
type PolicyVerdict struct {
	Capture
	Long        bool // the 40 bytes of Cilium 1.19 and later, else the 32 of 1.18 and earlier
	SubType     uint8
	RemoteLabel uint32
	Verdict     int32
	DstPort     uint16
	Proto       uint8
	Direction   uint8 // 1 ingress, 2 egress
	Match       uint8
	IPv6        bool
	Audited     bool
	L3Device    bool
	AuthType    uint8
	Cookie      uint32 // long layout only
}

// Bytes returns the record.
func (p PolicyVerdict) Bytes() []byte {
	b := p.header(nil, 5, p.SubType, 1)
	b = binary.LittleEndian.AppendUint32(b, p.RemoteLabel)
	b = binary.LittleEndian.AppendUint32(b, uint32(p.Verdict))
	b = binary.LittleEndian.AppendUint16(b, p.DstPort)
	flags := p.Direction | p.Match<<3 | bit(p.IPv6, 2) | bit(p.Audited, 6) | bit(p.L3Device, 7)
	b = append(b, p.Proto, flags, p.AuthType, 0, 0, 0)
	if p.Long {
		b = binary.LittleEndian.AppendUint32(b, p.Cookie)
		b = append(b, 0, 0, 0, 0)
	}
	return p.tail(b)
}

// Debug builds debug messages (struct debug_msg).
type Debug struct {
	SubType          uint8
	Source           uint16
	Hash             uint32
	Arg1, Arg2, Arg3 uint32
}

// Bytes returns the record.
func (d Debug) Bytes() []byte {
	b := []byte{2, d.SubType}
	b = binary.LittleEndian.AppendUint16(b, d.Source)
	b = binary.LittleEndian.AppendUint32(b, d.Hash)
	b = binary.LittleEndian.AppendUint32(b, d.Arg1)
	b = binary.LittleEndian.AppendUint32(b, d.Arg2)
	return binary.LittleEndian.AppendUint32(b, d.Arg3)
}

// DebugCapture builds debug captures (struct debug_capture_msg).
type DebugCapture struct {
	Capture
	Point      uint8
	Arg1, Arg2 uint32
}

// Bytes returns the record.
func (d DebugCapture) Bytes() []byte {
	b := d.header(nil, 3, d.Point, 1)
	b = binary.LittleEndian.AppendUint32(b, d.Arg1)
	b = binary.LittleEndian.AppendUint32(b, d.Arg2)
	return d.tail(b)
}

// TraceSock builds socket traces (struct trace_sock_notify) of either layout.
type TraceSock struct {
	Long    bool  // the 40 bytes of Cilium 1.19 and later, else the 38 of 1.18 and earlier
	Point   uint8 // 1 pre fwd, 2 post fwd, 3 pre rev, 4 post rev
	DstIP   netip.Addr
	DstPort uint16
	L4Proto uint8 // 1 TCP, 2 UDP
	Cookie  uint64
	Cgroup  uint64
}

// Bytes returns the record.
func (t TraceSock) Bytes() []byte {
	flags := bit(t.DstIP.Is6(), 0)
	b := []byte{7, t.Point}
	if t.Long {
		b = append(b, t.L4Proto, flags)
		b = binary.LittleEndian.AppendUint16(b, t.DstPort)
		b = append(b, 0, 0)
		b = binary.LittleEndian.AppendUint64(b, t.Cookie)
		b = binary.LittleEndian.AppendUint64(b, t.Cgroup)
		return appendAddress16(b, t.DstIP)
	}
	b = appendAddress16(b, t.DstIP)
	b = binary.LittleEndian.AppendUint16(b, t.DstPort)
	b = binary.LittleEndian.AppendUint64(b, t.Cookie)
	b = binary.LittleEndian.AppendUint64(b, t.Cgroup)
	return append(b, t.L4Proto, flags)
}

// Recorder builds packets of the recorder (struct capture_msg, up to Cilium 1.18).
type Recorder struct {
	Ingress  bool
	RuleID   uint16
	TimeBoot uint64
	OrigLen  uint32 // 0: the packet's length
	Packet   []byte
}

// Bytes returns the record.
func (r Recorder) Bytes() []byte {
	origLen := r.OrigLen
	if origLen == 0 {
		origLen = uint32(len(r.Packet))
	}
	b := []byte{6, bit(r.Ingress, 0)}
	b = binary.LittleEndian.AppendUint16(b, r.RuleID)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, r.TimeBoot)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(r.Packet)))
	b = binary.LittleEndian.AppendUint32(b, origLen)
	return append(b, r.Packet...)
}

// PacketMonitor builds drops of Windows' packet monitor (message type 100).
type PacketMonitor struct {
	Packet      []byte
	OrigLen     uint32 // 0: the packet's length
	PacketType  uint16 // 1 Ethernet, 3 IP
	GroupID     uint64
	Direction   uint16
	ComponentID uint16
	EdgeID      uint16
	FilterID    uint16
	Reason      uint32
	Location    uint32
	Processor   uint16
	Timestamp   uint64 // 100 ns since 1601
}

// Bytes returns the record.
func (p PacketMonitor) Bytes() []byte {
	origLen := p.OrigLen
	if origLen == 0 {
		origLen = uint32(len(p.Packet))
	}
	b := []byte{100, 0, 1, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, origLen)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Packet)))
	b = binary.LittleEndian.AppendUint32(b, 40)
	b = binary.LittleEndian.AppendUint64(b, p.GroupID)
	for _, v := range [...]uint16{1, 1, p.Direction, p.PacketType, p.ComponentID, p.EdgeID, p.FilterID} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = binary.LittleEndian.AppendUint32(b, p.Reason)
	b = binary.LittleEndian.AppendUint32(b, p.Location)
	b = binary.LittleEndian.AppendUint16(b, p.Processor)
	b = binary.LittleEndian.AppendUint64(b, p.Timestamp)
	return append(b, p.Packet...)
}

// Raw builds a record of any type whose content is not laid out, such as agent (130) and access log (129).
func Raw(typ uint8, content ...byte) []byte { return append([]byte{typ}, content...) }

// appendAddress16 appends the 16-byte union of an IPv4 and an IPv6 address; an invalid one is all zero.
func appendAddress16(b []byte, a netip.Addr) []byte {
	var union [16]byte
	if a.IsValid() {
		copy(union[:], a.AsSlice())
	}
	return append(b, union[:]...)
}

func bit(set bool, shift int) uint8 {
	if set {
		return 1 << shift
	}
	return 0
}
