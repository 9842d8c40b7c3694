// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// What an event says of its exchange, whichever of its fields say it, or the DNS message that it carries. None of these allocates
// for an event of usual size whose fields say it.

// Bits of the DNS header's flags word that the result is read from (RFC 1035 section 4.1.1).
const (
	flagQR    = 0x8000
	flagTC    = 0x0200
	maskRCode = 0x000F
)

// DNS response codes stand in Win32 statuses at 9000 plus the code: DNS_ERROR_RCODE_FORMAT_ERROR (9001) to 9023 (winerror.h).
const (
	statusRCodeBase = 9000
	statusRCodeLast = 9023
)

// packetState is what is known of the DNS message that an event carries.
type packetState uint8

const (
	packetUnread packetState = iota
	packetNone               // there is none, or it is not to be read
	packetParsed
	packetBroken
)

// Packet gives the DNS message that the event carries, read once; nil where there is none that can be read.
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

// Updates gives the update section of the DNS message that the event carries; nil where there is no message to read. Of a damaged
// message it lists the records before the damage, and its Count is the one in the message's header.
func (e *Event) Updates() *Updates {
	if e.Packet() == nil && e.packet != packetBroken {
		return nil
	}
	return &e.message.Updates
}

// PacketBroken reports whether the event carries a packet that is no DNS message.
func (e *Event) PacketBroken() bool { return e.Packet() == nil && e.packet == packetBroken }

// RCode gives the DNS response code that the event carries: in a field, in a Win32 status, or of a response in the DNS header's
// flags. The flags have its lower four bits, and the packet may have the others.
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

// QType gives the query's type: of the field, else the one that the event's name implies, else the packet's.
func (e *Event) QType() (code uint64, ok bool) {
	if code, ok = e.StatedQType(); ok {
		return code, true
	}
	if m := e.Packet(); m != nil && m.HasQuestion {
		return uint64(m.QueryType), true
	}
	return 0, false
}

// StatedQType is QType without the packet, whose question in an update or a notification names a zone.
func (e *Event) StatedQType() (code uint64, ok bool) {
	if code, ok = e.Word(QueryType); ok {
		return code, true
	}
	return uint64(e.Meaning.QueryType), e.Meaning.QueryType != 0
}

// QName appends the name that is asked for to dst, as the field has it or, in an event without that field, the packet; of an audit
// event the name of the record that is changed.
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

// LocalAddr gives the address of this host that the event names, without a zone; ok is false where it names none or an
// unspecified one.
func (e *Event) LocalAddr() (addr netip.Addr, ok bool) {
	addr, ok = e.Addr(e.Local)
	return addr.WithZone(""), ok && !addr.IsUnspecified()
}

// AskerAddr gives the address of the host that asks, without a zone, where the event names it: the peer, or on what this host
// asks of others one of its own addresses.
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

// Reaches reports whether an address of this host may be the one that talked with the peer: of the same version of IP, where the
// event names the peer.
func (e *Event) Reaches(own netip.Addr) bool {
	peer, ok := e.Addr(e.Peer)
	return !ok || peer.IsUnspecified() || peer.Is4() == own.Is4()
}

// AskerProcess gives the process that asks: as the event names it, as those do that the DNS Client service writes for others,
// else the one that wrote the event. 0 is none. An event that a service writes for others, in a version that does not name them,
// has none; nor has one that the manifest does not have, or one that the service may have written, since its user is a service's account.
func (e *Event) AskerProcess() uint64 {
	if pid, ok := e.Num(ClientPID); ok && pid != 0 {
		return pid
	}
	if e.decoded.Template == nil || e.decoder.served[e.ID] || e.AnyProcess && e.User.IsService() {
		return 0
	}
	return e.WriterProcess()
}

// WriterProcess gives the process that wrote the event, or for which the event says it was written. 0 is none.
func (e *Event) WriterProcess() uint64 {
	if pid, ok := e.Num(ClientPID); ok && pid != 0 {
		return pid
	}
	if e.ProcessID == unknownProcess || e.Undecoded(ClientPID) {
		return 0
	}
	return uint64(e.ProcessID)
}

// ActingProcess gives the id of the process on this host that asks, or that does what an audit event says; 0 where the event does not
// name it. The DNS Server's other events have the server's own process, and an audit event that names the client of a dynamic update
// is not that process's doing.
func (p *Provider) ActingProcess(e *Event) uint32 {
	process := e.AskerProcess()
	if p.audits {
		if !e.Audit || e.Peer != NoField {
			return 0
		}
		process = e.WriterProcess() // of an event that the manifest does not have, too
	}
	return uint32(process) // 32 bits, in the field as in the header
}

// Actor gives the user who did what the event says, aliasing the event: of an audit event the user whose request the server serves, of
// the DNS Client's the one whose process asks; of those that the service may have written, a user who is no service. nil where the event does not carry it, or carries another's: the DNS Server's and the
// DNS Client service's own account. An audit event that names the client of a dynamic update carries the server's own account unless
// it has that of the client.
func (e *Event) Actor() etw.SID {
	if e.Audit && (e.Peer == NoField || !e.User.IsService()) || e.OwnProcess || e.AnyProcess && !e.User.IsService() {
		return e.User
	}
	return nil
}

// unknownProcess is the id in the header of an event that no process wrote.
const unknownProcess = 1<<32 - 1

// Informational reports whether the event only informs: it is part of no exchange of DNS messages, changes nothing on a server,
// and is neither a warning nor an error. An event that the manifest does not have is not one of them.
func (e *Event) Informational() bool {
	return e.Phase == NoPhase && !e.Audit && e.decoded.Template != nil && (e.Level == 0 || e.Level >= levelInformation)
}

// levelInformation is win:Informational (winmeta.xml); higher levels are more verbose, and 0 is "log always".
const levelInformation = 4
