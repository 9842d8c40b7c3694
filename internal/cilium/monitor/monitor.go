// SPDX-License-Identifier: Apache-2.0

// Package monitor decodes the notifications that Cilium's datapath writes to its events map. One record of raw bytes goes in, one typed
// Notification comes out. Each kind of notification has a file: its fields, its layout by version, how it is decoded, and a row for
// each field that is shown unchanged.
//
// The layouts are those of the releases of Cilium in wireformat.go (bpf/lib) and of Windows' packet monitor. A later, longer version of a
// known notification is decoded as far as it is known, and marked. Every integer is little endian. Decoding reads the bytes in place: it
// allocates nothing but the error of a record that it refuses, and no input makes it panic.
package monitor

// Decoder decodes records. The zero value is ready: where a record's length leaves its layout open, it looks at the bytes. A Decoder
// has no state, so that any number of goroutines may share one.
type Decoder struct {
	// WireFormat is the release that wrote the records, where it is known. It decides what their bytes leave open.
	WireFormat WireFormat
}

// Notification is one decoded record. Type says which of the sub-structs is filled; the others are zero. Reuse one value for many
// records: Decode overwrites all of it.
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

	// VersionUnknown says that the record has a later layout than this package knows. The fields are those of the newest known
	// layout. What the later one has added is missing, and so is the packet where its place is not certain.
	VersionUnknown bool

	HeaderLen int // offset of the packet in the record; the record's length when it carries none

	// Packet is the captured packet. It is empty when the record has none or only zero padding. Raw is the whole record. Both alias the
	// bytes given to Decode and are valid until the caller reuses those.
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

// Decode decodes one record into n, which it overwrites. n aliases data. Every message type decodes: one that Cilium does not define,
// or whose content is not the datapath's (agent, access log), gives Type and Raw only.
//
// The error is always an *Error. n then has Type and Raw when data has at least one byte, and nothing else that a caller may use.
func (d Decoder) Decode(data []byte, n *Notification) error {
	*n = Notification{} // in place: a literal with values is made elsewhere and copied
	n.Format = d.WireFormat
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
