// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/binary"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/key"
)

// maxKey is the longest key, in bytes: five texts, the numbers, and a SID.
const maxKey = 5*key.MaxText + 192

// appendIdentity appends the key of identical events: id, name, type, result with its response code or status, protocol, the other host, and the
// process and the user with the query, or the host's own address if it asks. ok is false for an event that is never counted with another: it has
// no query name, or its layout is unknown, so that undecoded bytes may differ.
func appendIdentity(dst []byte, e *dns.Event) (_ []byte, ok bool) {
	if len(e.Bytes(dns.QueryName)) == 0 || e.LayoutUnknown() { // an empty name would have the key of the root
		return dst, false
	}
	dst = binary.LittleEndian.AppendUint16(dst, e.ID)
	dst = e.AppendNumbers(dst, dns.QueryType, dns.ResponseCode, dns.Status, dns.TCP)
	dst = appendImplied(dst, e)
	dst = binary.AppendUvarint(dst, key.Process(e))
	actor := e.Actor()
	dst = append(append(dst, byte(len(actor))), actor...)
	if asksItself(e) {
		return key.AppendTexts(dst, e, dns.QueryName, e.Peer, dns.ServerAddress, e.Local, dns.LocalAddress)
	}
	return key.AppendTexts(dst, e, dns.QueryName, e.Peer, dns.ServerAddress)
}

// asksItself reports whether the event is of a query of this host.
func asksItself(e *dns.Event) bool { return e.PeerIsServer || e.Peer == dns.NoField }

// appendImplied appends the type and the result that the record shows where no field says them alone: a type that only the packet has, a response
// code from the flags or with the bits of the packet, and a final status whose meaning depends on the results.
func appendImplied(dst []byte, e *dns.Event) []byte {
	const typed, coded = 1, 2
	at := len(dst)
	dst = append(dst, 0)
	if _, stated := e.StatedQType(); !stated {
		if typ, ok := e.QType(); ok {
			dst[at] |= typed
			dst = binary.AppendUvarint(dst, typ)
		}
	}
	if e.Phase != dns.Response {
		return dst
	}
	if code, ok := e.RCode(); ok {
		dst[at] |= coded
		dst = binary.AppendUvarint(dst, code)
	}
	if e.FinalStatus {
		dst = append(dst, byte(e.Outcome().Result))
	}
	return dst
}

// appendExchange appends the key of exchanges that are alike. It has everything that the record of several exchanges shows of the first one:
// what appendIdentity has, the flags of the event and of its packet, the query class and options, and the host's own address. stateOf must be
// appended. ok is also false for an event that is no part of a look-up: a transfer, an update, a change of the server, or a report about the host.
func appendExchange(dst []byte, e *dns.Event) (_ []byte, ok bool) {
	switch e.Role() {
	case dns.RoleClientQuery, dns.RoleClientResponse, dns.RoleRecursiveQuery, dns.RoleRecursiveResponse, dns.RoleCache:
	default:
		return dst, false
	}
	if dst, ok = appendIdentity(dst, e); !ok {
		return dst, false
	}
	msg := e.Packet()
	parsed := msg != nil
	classed := parsed && msg.HasQuestion
	var has byte
	for i, is := range [...]bool{parsed, classed} {
		if is {
			has |= 1 << i
		}
	}
	dst = append(dst, has)
	dst = e.AppendNumbers(dst, dns.Flags, dns.RD, dns.AA, dns.AD, dns.QueryOptions)
	if parsed {
		dst = binary.LittleEndian.AppendUint16(dst, msg.Flags)
	}
	if classed {
		dst = binary.LittleEndian.AppendUint16(dst, msg.QueryClass)
	}
	if asksItself(e) { // then the key has its address
		return dst, true
	}
	return key.AppendTexts(dst, e, e.Local, dns.LocalAddress)
}

// Bits of the last byte of an exchange's key.
const (
	stateAnswered = 1 << iota
	stateUnanswered
)

// stateOf is the last byte of an exchange's key: whether the query was answered.
func stateOf(x *correlate.Exchange) (state byte) {
	if x.Answered {
		state |= stateAnswered
	}
	if x.Unanswered {
		state |= stateUnanswered
	}
	return state
}
