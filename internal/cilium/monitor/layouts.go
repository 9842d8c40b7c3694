// SPDX-License-Identifier: Apache-2.0

// The layouts whose type and version fix them. Offsets are bytes from the start of the record, fields as in the C structs
// that each function names. The common header is: 0 type u8, 1 subtype u8, 2 source u16, 4 hash u32; the capture header
// adds 8 len_orig u32, 12 len_cap u16, 14 version u8, 15 ext_version u8 (one u16 version up to Cilium 1.18, whose values
// never reached 256).

package monitor

// dropLen and traceLen are the lengths of the drop and the trace notification by version.
var (
	dropLen  = [...]int{0: 36, 1: 36, 2: 40, 3: 48}
	traceLen = [...]int{0: 32, 1: 48, 2: 56}
)

// Lengths of the messages that have one layout only.
const (
	debugLen         = 20
	captureLen       = 24
	recorderLen      = 24
	packetMonitorLen = 57
)

// Trace reasons: the connection tracking state that a trace notification carries (bpf/lib/trace.h).
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

// Observation points of a trace notification, its SubType (bpf/lib/trace.h).
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

// Debug capture points, the SubType of a debug capture (bpf/lib/dbg.h).
const (
	CaptureDelivery  = 4
	CaptureFromLB    = 5
	CaptureAfterV46  = 6
	CaptureAfterV64  = 7
	CaptureProxyPre  = 8
	CaptureProxyPost = 9
	CaptureSNATPre   = 10
	CaptureSNATPost  = 11
)

// commonHeader reads what every datapath message but the socket trace starts with. data has its 8 bytes.
func (n *Notification) commonHeader(data []byte) {
	n.SubType = data[1]
	n.Source = le16(data, 2)
	n.Hash = le32(data, 4)
}

// captureHeader reads the header of a message that carries a packet. data has its 16 bytes.
func (n *Notification) captureHeader(data []byte) {
	n.commonHeader(data)
	n.OrigLen = le32(data, 8)
	n.CapLen = uint32(le16(data, 12))
	n.Version = data[14]
	n.ExtVersion = data[15]
}

// setPacket takes the packet from offset on, or from where it is after an extension of unknown length. An absent or wholly
// zero packet (the Windows datapath pads every record to its largest size) leaves Packet empty. A captured length of 0 says
// nothing: what is there counts, unless it is no more than a perf ring has added.
func (n *Notification) setPacket(data []byte, offset int) {
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

// extendedOffset is where the packet begins after an extension of unknown length: the captured length before the record's
// end, or before what a perf ring has added to it. The extension is then of words of 4 bytes, as the header is.
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

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// decodeDrop reads struct drop_notify (bpf/lib/drop.h).
func (n *Notification) decodeDrop(data []byte) error {
	if len(data) < dropLen[0] {
		return truncated(n.Type, dropLen[0], len(data))
	}
	n.captureHeader(data)
	if int(n.Version) >= len(dropLen) {
		return &Error{Reason: ReasonVersion, Type: n.Type, Versioned: true, Version: n.Version, Want: len(dropLen) - 1}
	}
	want := dropLen[n.Version]
	if len(data) < want {
		return truncatedVersion(n.Type, n.Version, want, len(data))
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
	n.setPacket(data, want)
	return nil
}

// decodeTrace reads struct trace_notify (bpf/lib/trace.h).
func (n *Notification) decodeTrace(data []byte) error {
	if len(data) < traceLen[0] {
		return truncated(n.Type, traceLen[0], len(data))
	}
	n.captureHeader(data)
	if int(n.Version) >= len(traceLen) {
		return &Error{Reason: ReasonVersion, Type: n.Type, Versioned: true, Version: n.Version, Want: len(traceLen) - 1}
	}
	want := traceLen[n.Version]
	if len(data) < want {
		return truncatedVersion(n.Type, n.Version, want, len(data))
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
	n.setPacket(data, want)
	return nil
}

// decodeCapture reads struct debug_capture_msg (bpf/lib/dbg.h).
func (n *Notification) decodeCapture(data []byte) error {
	if len(data) < captureLen {
		return truncated(n.Type, captureLen, len(data))
	}
	n.captureHeader(data)
	n.Capture = DebugCapture{Arg1: le32(data, 16), Arg2: le32(data, 20)}
	n.setPacket(data, captureLen)
	return nil
}

// decodeDebug reads struct debug_msg (bpf/lib/dbg.h), which carries no packet.
func (n *Notification) decodeDebug(data []byte) error {
	if len(data) < debugLen {
		return truncated(n.Type, debugLen, len(data))
	}
	n.commonHeader(data)
	n.HeaderLen = debugLen
	n.Debug = DebugMessage{SubType: n.SubType, Arg1: le32(data, 8), Arg2: le32(data, 12), Arg3: le32(data, 16)}
	return nil
}

// decodeRecorder reads struct capture_msg with its pcap header (bpf/lib/pcap.h).
func (n *Notification) decodeRecorder(data []byte) error {
	if len(data) < recorderLen {
		return truncated(n.Type, recorderLen, len(data))
	}
	n.SubType = data[1]
	n.Record = Recorder{RuleID: le16(data, 2), TimeBoot: le64(data, 8)}
	n.CapLen = le32(data, 16)
	n.OrigLen = le32(data, 20)
	n.setPacket(data, recorderLen)
	return nil
}

// decodePacketMonitor reads Retina's PktmonDropNotify: a 4-byte header and the packet monitor's event, both packed.
func (n *Notification) decodePacketMonitor(data []byte) error {
	if len(data) < packetMonitorLen {
		return truncated(n.Type, packetMonitorLen, len(data))
	}
	n.Version = data[2]
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
	n.setPacket(data, packetMonitorLen)
	return nil
}
