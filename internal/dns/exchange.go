// SPDX-License-Identifier: Apache-2.0

package dns

import "net/netip"

// What an event says of its exchange, whichever of its fields say it. None of these allocates for an event of usual size.

// Bits of the DNS header's flags word that tell the result (RFC 1035 section 4.1.1).
const (
	flagQR    = 0x8000
	maskRCode = 0x000F
)

// DNS response codes stand in Win32 statuses at 9000 plus the code: DNS_ERROR_RCODE_FORMAT_ERROR (9001) to 9023 (winerror.h).
const (
	statusRCodeBase = 9000
	statusRCodeLast = 9023
)

// RCode gives the DNS response code that the event carries: in a field, in a Win32 status, or in the DNS header's flags of a
// response.
func (e *Event) RCode() (code uint64, ok bool) {
	if code, ok = e.Num(ResponseCode); ok {
		return code, true
	}
	if status, has := e.Num(Status); has {
		if status > statusRCodeBase && status <= statusRCodeLast {
			return status - statusRCodeBase, true
		}
		return 0, status == 0
	}
	if flags, has := e.Num(Flags); has && flags&flagQR != 0 && !e.NoAnswer {
		return flags & maskRCode, true
	}
	return 0, false
}

// QType gives the query's type: of the field, else the one that the event's name implies.
func (e *Event) QType() (code uint64, ok bool) {
	if code, ok = e.Num(QueryType); ok {
		return code, true
	}
	return uint64(e.Meaning.QueryType), e.Meaning.QueryType != 0
}

// LocalAddr gives the address of this host that the event names; ok is false where it names none or an unspecified one.
func (e *Event) LocalAddr() (addr netip.Addr, ok bool) {
	addr, ok = e.Addr(e.Local)
	return addr, ok && !addr.IsUnspecified()
}

// AskerAddr gives the address of the host that asks, where the event names it: the peer, or on what this host asks of others
// one of its own addresses.
func (e *Event) AskerAddr() (addr netip.Addr, ok bool) {
	switch {
	case e.Peer == NoField:
		addr, _, ok = e.FirstAddr(LocalAddress)
	case e.PeerIsServer:
		addr, ok = e.Addr(e.Local)
	default:
		addr, ok = e.Addr(e.Peer)
	}
	return addr, ok && !addr.IsUnspecified()
}

// AskerProcess gives the process that asks: as the event names it, as those do that the DNS Client service writes for others,
// else the one that wrote the event.
func (e *Event) AskerProcess() uint64 {
	if pid, ok := e.Num(ClientPID); ok && pid != 0 {
		return pid
	}
	return uint64(e.ProcessID)
}

// Informational tells whether the event only informs: it is part of no exchange of DNS messages, changes nothing on a server,
// and is neither a warning nor an error. An event that the manifest does not have is not judged.
func (e *Event) Informational() bool {
	return e.Phase == NoPhase && !e.Audit && e.Template != nil && (e.Level == 0 || e.Level >= levelInformation)
}

// levelInformation is win:Informational (winmeta.xml); higher levels are more verbose, and 0 is "log always".
const levelInformation = 4
