// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// The properties of an event's exchange, read from its fields or from the DNS message that it carries. None of these methods allocates for
// an event of usual size whose fields have the value.

// Bits of the flags word in the DNS header (RFC 1035 section 4.1.1).
const (
	flagQR    = 0x8000
	flagTC    = 0x0200
	maskRCode = 0x000F
)

// A Win32 status for a DNS response code is 9000 plus the code: DNS_ERROR_RCODE_FORMAT_ERROR (9001) to 9023 (winerror.h).
const (
	statusRCodeBase = 9000
	statusRCodeLast = 9023
)

// packetState is the state of the DNS message that an event carries.
type packetState uint8

const (
	packetUnread packetState = iota
	packetNone               // there is none, or the decoder skips packets
	packetParsed
	packetBroken
)

// Packet returns the DNS message that the event carries, or nil if there is no readable one. It reads the message once.
func (e *Event) Packet() *Message {
	if e.packet == packetUnread {
		switch raw := e.Bytes(PacketData); {
		case len(raw) == 0:
			e.packet = packetNone
		case e.message.Read(raw) != nil:
			e.packet = packetBroken
		default:
			e.packet = packetParsed
		}
	}
	if e.packet != packetParsed {
		return nil
	}
	return &e.message
}

// Updates returns the update section of the DNS message that the event carries, or nil if there is no message. For a damaged message it
// lists the records before the damage, and Count is the number in the message's header.
func (e *Event) Updates() *Updates {
	if e.Packet() == nil && e.packet != packetBroken {
		return nil
	}
	return &e.message.Updates
}

// PacketBroken reports whether the event carries a packet that is no DNS message.
func (e *Event) PacketBroken() bool { return e.Packet() == nil && e.packet == packetBroken }

// RCode returns the DNS response code of the event: from a field, from a Win32 status, or for a response from the flags in the DNS header.
// The flags have the lower four bits of the code. The packet may have the upper bits.
func (e *Event) RCode() (code uint64, ok bool) {
	if code, ok = e.Word(ResponseCode); ok {
		return code, true
	}
	if status, has := e.Num(Status); has {
		if status > statusRCodeBase && status <= statusRCodeLast {
			return status - statusRCodeBase, true
		}
		return 0, status == 0
	}
	if e.Phase != Response || e.NoAnswer {
		return 0, false
	}
	flags, has := e.Num(Flags)
	if m := e.Packet(); m != nil && m.Flags&flagQR != 0 && (!has || uint64(m.RCode)&maskRCode == flags&maskRCode) {
		return uint64(m.RCode), true
	}
	return flags & maskRCode, has && flags&flagQR != 0
}

// QType returns the query's type: from the field, else the type that the event id implies, else from the packet.
func (e *Event) QType() (code uint64, ok bool) {
	if code, ok = e.StatedQType(); ok {
		return code, true
	}
	if m := e.Packet(); m != nil && m.HasQuestion {
		return uint64(m.QueryType), true
	}
	return 0, false
}

// StatedQType is QType without the packet: in an update or a notification the packet's question is about a zone.
func (e *Event) StatedQType() (code uint64, ok bool) {
	if code, ok = e.Word(QueryType); ok {
		return code, true
	}
	return uint64(e.Meaning.QueryType), e.Meaning.QueryType != 0
}

// QName appends the queried name to dst, from the field or, in an event without that field, from the packet. For an audit event it appends
// the name of the changed record.
func (e *Event) QName(dst []byte) []byte {
	if name, ok := e.Text(dst, QueryName); ok {
		return name
	}
	if e.value(RecordName) != nil {
		return e.recordName(dst)
	}
	if m := e.Packet(); m != nil {
		return m.AppendQueryName(dst, e.Bytes(PacketData))
	}
	return dst
}

// LowerQName is QName with the ASCII letters in lower case.
func (e *Event) LowerQName(dst []byte) []byte {
	from := len(dst)
	if dst = e.AppendLower(dst, QueryName); len(dst) > from {
		return dst
	}
	dst = e.QName(dst)
	Lower(dst[from:])
	return dst
}

// LocalAddr returns the address of this host in the event, without a zone. ok is false if the event has none or an unspecified one.
func (e *Event) LocalAddr() (addr netip.Addr, ok bool) {
	addr, ok = e.Addr(e.Local)
	return addr.WithZone(""), ok && !addr.IsUnspecified()
}

// AskerAddr returns the address of the host that sends the query, without a zone: the peer, or one of this host's own addresses if this host
// sends it. ok is false if the event has none.
func (e *Event) AskerAddr() (addr netip.Addr, ok bool) {
	switch {
	case e.Peer == NoField:
		addr, _, ok = e.FirstAddr(LocalAddress)
	case e.PeerIsServer:
		addr, ok = e.Addr(e.Local)
	default:
		addr, ok = e.Addr(e.Peer)
	}
	return addr.WithZone(""), ok && !addr.IsUnspecified()
}

// Reaches reports whether an address of this host may have talked to the peer: it has the peer's IP version, or the event does not name the
// peer.
func (e *Event) Reaches(own netip.Addr) bool {
	peer, ok := e.Addr(e.Peer)
	return !ok || peer.IsUnspecified() || peer.Is4() == own.Is4()
}

// AskerProcess returns the process that sends the query; 0 is none. It is the process in the field ClientPID, which the DNS Client service
// writes for other processes. Without that field it is the process that wrote the event. Three kinds of events have none: events in a version
// without ClientPID that a service writes for other processes, events that are not in the manifest, and events whose user is a service's
// account, since the DNS Client service may have written them.
func (e *Event) AskerProcess() uint64 {
	if pid, ok := e.Num(ClientPID); ok && pid != 0 {
		return pid
	}
	if e.decoded.Template == nil || e.decoder.served[e.ID] || e.AnyProcess && e.User.IsService() {
		return 0
	}
	return e.WriterProcess()
}

// WriterProcess returns the process in the field ClientPID, else the process that wrote the event. 0 is none.
func (e *Event) WriterProcess() uint64 {
	if pid, ok := e.Num(ClientPID); ok && pid != 0 {
		return pid
	}
	if e.ProcessID == unknownProcess || e.Undecoded(ClientPID) {
		return 0
	}
	return uint64(e.ProcessID)
}

// ActingProcess returns the id of the process on this host that sends the query or makes the change of an audit event; 0 if the event does
// not name it. The DNS Server's other events have the server's own process. A dynamic update is the client's change, not that of a process
// on this host.
func (p *Provider) ActingProcess(e *Event) uint32 {
	process := e.AskerProcess()
	if p.audits {
		if !e.Audit || e.Peer != NoField {
			return 0
		}
		process = e.WriterProcess() // also for an event that is not in the manifest
	}
	return uint32(process) // 32 bits, in the field as in the header
}

// Actor returns the user who caused the event, or nil. It aliases the event. For an audit event it is the user whose request the server
// serves, for an event of the DNS Client the user of the process that sends the query. It is nil if the event has the account of the DNS
// Server or of the DNS Client service. A dynamic update has the server's own account, unless it has the client's.
func (e *Event) Actor() etw.SID {
	if e.Audit && (e.Peer == NoField || !e.User.IsService()) || e.OwnProcess || e.AnyProcess && !e.User.IsService() {
		return e.User
	}
	return nil
}

// unknownProcess is the process id in the header of an event without a process.
const unknownProcess = 1<<32 - 1

// Informational reports whether the event only informs: it is part of no exchange of DNS messages, it is no audit event, and it is neither a
// warning nor an error. An event that is not in the manifest is not informational.
func (e *Event) Informational() bool {
	return e.Phase == NoPhase && !e.Audit && e.decoded.Template != nil && (e.Level == 0 || e.Level >= levelInformation)
}

// levelInformation is win:Informational (winmeta.xml); higher levels are more verbose, and 0 is "log always".
const levelInformation = 4
