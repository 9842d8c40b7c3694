// SPDX-License-Identifier: Apache-2.0

// Trace notifications: struct trace_notify (bpf/lib/trace.h).

package monitor

import "net/netip"

// Trace is a trace notification. SubType is the observation point.
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

// Fields returns the fields of a trace that are shown unchanged.
func (Trace) Fields() []FieldOf[Trace] {
	return []FieldOf[Trace]{ipTraceID(func(t *Trace) uint64 { return t.IPTraceID })}
}

// traceLengths has the length of the header, in bytes, by version.
var traceLengths = [...]int{0: 32, 1: 48, 2: 56}

func (n *Notification) decodeTrace(data []byte) error {
	if len(data) < traceLengths[0] {
		return truncated(n.Type, traceLengths[0], len(data))
	}
	n.captureHeader(data)
	length := n.versionLength(traceLengths[:])
	if len(data) < length {
		return n.tooShort(data, traceLengths[:])
	}
	n.Trace = Trace{
		SrcLabel:  le32(data, 16),
		DstLabel:  le32(data, 20),
		DstID:     le16(data, 24),
		Reason:    data[26] &^ traceReasonEncrypted,
		Encrypted: data[26]&traceReasonEncrypted != 0,
		Flags:     PacketFlags(data[27]),
		IfIndex:   le32(data, 28),
	}
	if n.Version >= 1 {
		if orig := address16(data[32:48], n.Trace.Flags.IPv6()); !orig.IsUnspecified() {
			n.Trace.OrigIP = orig
		}
	}
	if n.Version >= 2 {
		n.Trace.IPTraceID = le64(data, 48)
	}
	n.setPacket(data, length)
	return nil
}

// Trace reasons: the connection tracking state that a trace notification carries.
const (
	TraceReasonNew            = 0
	TraceReasonEstablished    = 1
	TraceReasonReply          = 2
	TraceReasonRelated        = 3
	TraceReasonReopened       = 4 // deprecated
	TraceReasonUnknown        = 5
	TraceReasonSRv6Encap      = 6
	TraceReasonSRv6Decap      = 7
	TraceReasonEncryptOverlay = 8 // up to Cilium 1.18

	traceReasonEncrypted = 0x80
)

// Observation points of a trace notification, its SubType.
const (
	TraceToEndpoint   = 0
	TraceToProxy      = 1
	TraceToHost       = 2
	TraceToStack      = 3
	TraceToOverlay    = 4
	TraceFromEndpoint = 5
	TraceFromProxy    = 6
	TraceFromHost     = 7
	TraceFromStack    = 8
	TraceFromOverlay  = 9
	TraceFromNetwork  = 10
	TraceToNetwork    = 11
	TraceFromCrypto   = 12
	TraceToCrypto     = 13
)
