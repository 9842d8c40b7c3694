// SPDX-License-Identifier: Apache-2.0

// Package monitor decodes the notifications that Cilium's datapath writes to its events map: one record of raw bytes in,
// one typed Notification out.
//
// Layouts are those of Cilium 1.14 to 1.20 (bpf/lib/{drop,trace,policy_log,dbg,trace_sock,pcap}.h) and of Microsoft's
// packet monitor (message type 100). Every integer is little endian. Decoding reads the bytes in place: it allocates
// nothing but the error of a record that it refuses, and no input makes it panic.
package monitor

import (
	"encoding/binary"
	"net/netip"
)

// Decoder decodes records. The zero value is ready and settles what the bytes leave open by looking at them. A Decoder has
// no state: any number of goroutines may share one.
type Decoder struct {
	// WireFormat is the release that wrote the records, where it is known. It settles what their bytes do not tell.
	WireFormat WireFormat
}

// Notification is one decoded record. Type says which of the sub-structs is filled; the others are zero. Reuse one value
// for many records: Decode overwrites it wholly.
type Notification struct {
	Type       MessageType // byte 0 of the record
	SubType    uint8       // byte 1: drop reason, observation point, debug message, capture point, translation point
	Version    uint8       // of the layout; 0 where the message has none
	ExtVersion uint8       // of a downstream extension between header and packet (Cilium 1.19 and later); 0 is none
	Source     uint16      // id of the endpoint whose program reports; 0 when there is none
	Hash       uint32      // flow hash, which Hubble calls the mark
	OrigLen    uint32      // length of the packet on the wire, bytes
	CapLen     uint32      // bytes of it that the datapath captured
	Format     WireFormat  // the decoder's
	HeaderLen  int         // offset of the packet in the record; the record's length when it carries none

	// Packet is the captured packet, empty when the record has none or only zero padding. Raw is the whole record. Both
	// alias the bytes given to Decode and are valid until the caller reuses those.
	Packet []byte
	Raw    []byte

	Drop    Drop
	Trace   Trace
	Verdict PolicyVerdict
	Debug   DebugMessage
	Capture DebugCapture
	Sock    TraceSock
	Record  Recorder
	Pktmon  PacketMonitor
}

// Packet flags of drop and trace notifications (bpf/lib/common.h, Cilium 1.18).
const (
	FlagIPv6     PacketFlags = 1 << 0
	FlagL3Device PacketFlags = 1 << 1
	FlagVXLAN    PacketFlags = 1 << 2
	FlagGeneve   PacketFlags = 1 << 3
)

// PacketFlags say how the packet bytes of a notification are to be read.
type PacketFlags uint8

// IPv6 reports whether the packet is IPv6. Only meaningful together with L3Device and for the original address.
func (p PacketFlags) IPv6() bool { return p&FlagIPv6 != 0 }

// L3Device reports whether the packet comes from a device without a link layer: its bytes start with the IP header.
func (p PacketFlags) L3Device() bool { return p&FlagL3Device != 0 }

// VXLAN reports whether the packet is a VXLAN tunnel packet.
func (p PacketFlags) VXLAN() bool { return p&FlagVXLAN != 0 }

// Geneve reports whether the packet is a Geneve tunnel packet.
func (p PacketFlags) Geneve() bool { return p&FlagGeneve != 0 }

// Drop is a drop notification (bpf/lib/drop.h). SubType is the drop reason.
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

// Trace is a trace notification (bpf/lib/trace.h). SubType is the observation point.
type Trace struct {
	SrcLabel  uint32
	DstLabel  uint32
	DstID     uint16 // id of the destination endpoint; at observation point to-proxy the proxy's port
	Reason    uint8  // connection tracking state without the encryption bit, see TraceReason*
	Encrypted bool   // bit 7 of the reason
	Flags     PacketFlags
	IfIndex   uint32
	OrigIP    netip.Addr // source before translation, version 1 and later; invalid when the record has none
	IPTraceID uint64     // version 2 and later
}

// PolicyVerdict is a policy verdict notification (bpf/lib/policy_log.h).
type PolicyVerdict struct {
	RemoteLabel uint32 // security identity of the other side: the source on ingress, the destination on egress
	Verdict     int32  // below 0: minus the drop reason; 0: allowed; above 0: redirected to this proxy port
	DstPort     uint16 // host byte order
	Proto       uint8  // IP protocol
	Direction   uint8  // 1 ingress, 2 egress
	MatchType   uint8  // how the policy matched, see Cilium's api.PolicyMatchType
	IPv6        bool
	Audited     bool // would have been denied, had audit mode been off
	L3Device    bool // Cilium 1.17 and later
	AuthType    uint8
	Cookie      uint32 // of the policy's log entry, 40-byte layout only
}

// DebugCapture is a captured packet with its capture point as SubType (bpf/lib/dbg.h).
type DebugCapture struct {
	Arg1, Arg2 uint32
}

// TraceSock is a notification of the socket load balancer (bpf/lib/trace_sock.h). SubType is the translation point.
type TraceSock struct {
	DstIP      netip.Addr
	DstPort    uint16 // as the datapath wrote it
	L4Proto    uint8  // 0 unknown, 1 TCP, 2 UDP
	IPv6       bool
	SockCookie uint64
	CgroupID   uint64
}

// Recorder is a packet of Cilium's recorder (bpf/lib/pcap.h, up to Cilium 1.18). SubType 1 is ingress, else egress.
type Recorder struct {
	RuleID   uint16
	TimeBoot uint64 // nanoseconds since boot
}

// PacketMonitor is a drop that Windows' packet monitor reports (message type 100).
type PacketMonitor struct {
	EventID         uint8
	MetadataLen     uint32
	GroupID         uint64 // the same packet keeps it at every component that it passes
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

// Packet types of the packet monitor that carry a packet which can be parsed (Retina, pkg/plugin/ebpfwindows).
const (
	PacketMonitorEthernet = 1
	PacketMonitorIP       = 3
)

// Decode decodes one record into n, which it overwrites. n aliases data. Any message type decodes: one that Cilium does not
// define, or whose content is not the datapath's (agent, access log), comes back with Type and Raw only.
//
// The error is always an *Error. n then holds Type and Raw when data has a byte at all, nothing else that one may use.
func (d Decoder) Decode(data []byte, n *Notification) error {
	*n = Notification{Format: d.WireFormat}
	if len(data) == 0 {
		return &Error{Reason: ReasonEmpty, Want: 1}
	}
	n.Type = MessageType(data[0])
	n.Raw = data
	n.HeaderLen = len(data)
	switch n.Type {
	case TypeDrop:
		return n.decodeDrop(data)
	case TypeTrace:
		return n.decodeTrace(data)
	case TypePolicyVerdict:
		return n.decodePolicyVerdict(data, d.WireFormat)
	case TypeDebug:
		return n.decodeDebug(data)
	case TypeCapture:
		return n.decodeCapture(data)
	case TypeTraceSock:
		return n.decodeTraceSock(data, d.WireFormat)
	case TypeRecorder:
		return n.decodeRecorder(data)
	case TypePacketMonitorDrop:
		return n.decodePacketMonitor(data)
	}
	if len(data) > 1 {
		n.SubType = data[1]
	}
	return nil
}

// le16, le32 and le64 read a little-endian integer at an offset that the caller has checked.
func le16(b []byte, off int) uint16 { return binary.LittleEndian.Uint16(b[off:]) }
func le32(b []byte, off int) uint32 { return binary.LittleEndian.Uint32(b[off:]) }
func le64(b []byte, off int) uint64 { return binary.LittleEndian.Uint64(b[off:]) }

// address16 reads a 16-byte union of an IPv4 and an IPv6 address. An IPv4-mapped one comes back as IPv4.
func address16(b []byte, ipv6 bool) netip.Addr {
	if ipv6 {
		return netip.AddrFrom16([16]byte(b[:16])).Unmap()
	}
	return netip.AddrFrom4([4]byte(b[:4]))
}
