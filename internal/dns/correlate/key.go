// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"bytes"
	"encoding/binary"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// maxText is the longest name, address or GUID that an event is merged by, in bytes; a DNS name has 1,004 at most, escaped.
// maxKey bounds a key: three texts and the numbers.
const (
	maxText = 1024
	maxKey  = 3*maxText + 64
)

// appendIdentity appends what makes two events identical: id, name, type, response code or status, protocol, the other host,
// and the process that asks. ok is false for an event without a query name, and for one whose layout is not known, which may
// differ from another in bytes that are not decoded: they are never merged.
func appendIdentity(dst []byte, e *dns.Event) (key []byte, ok bool) {
	if _, ok := e.Num(dns.QueryName); !ok || e.LayoutUnknown() {
		return dst, false
	}
	dst = binary.LittleEndian.AppendUint16(dst, e.ID)
	for _, f := range [...]dns.Field{dns.QueryType, dns.ResponseCode, dns.Status, dns.TCP} {
		dst = appendNumber(dst, e, f)
	}
	dst = binary.AppendUvarint(dst, process(e))
	return appendTexts(dst, e, dns.QueryName, e.Peer, dns.ServerAddress)
}

// exchange tells with which other events one makes a pair, as the key's first byte, and whether it asks or answers. The tag is 0
// for an event that does neither.
func exchange(id uint16) (pair byte, tag uint16) {
	switch id {
	case 3006:
		return clientCall, tagRequest
	case 3008:
		return clientCall, tagResponse
	case 3010:
		return clientWire, tagRequest
	case 3011:
		return clientWire, tagResponse
	case 3016:
		return 3, tagRequest
	case 3018:
		return 3, tagResponse
	case 3019:
		return 4, tagRequest
	case 3020:
		return 4, tagResponse
	case 256, 287:
		return serverExchange, tagRequest
	case 257, 258, 284, 285:
		return serverExchange, tagResponse
	}
	return 0, 0
}

// isRateLimited reports whether an event of the server says what response rate limiting makes of a response: RRL_TO_BE_DROPPED,
// _TRUNCATED and _LEAKED. It has no GUID, so that nothing certain ties it to its query.
func isRateLimited(id uint16) bool { return id >= 281 && id <= 283 }

// serverExchange is the server's query received and its response; the others are the DNS Client's, of which clientCall is a program's
// call and its result, and clientWire a query to one server and its response.
const (
	clientCall     = 1
	clientWire     = 2
	serverExchange = 5
)

// tie is how an event is tied to the others of its exchange.
type tie struct {
	pair byte   // with which other events it makes a pair; 0 for an event that makes none
	tag  uint16 // whether it asks or answers
	// known is set where the key is known, and unique where no other exchange has it.
	known, unique bool
	// other is set where the event may have another key as well, in bytes that are not decoded.
	other bool
	asker int // where process and name begin in the key of a client's event
}

// appendExchange appends what a query and its response have in common: on the server the GUID, else client, port and
// transaction id; on the client process, name and type, and between it and a server the server. Of an event whose layout is not known, the server's have a key where client,
// port and transaction id are certain, as they are before a packet that agrees with them.
func appendExchange(dst []byte, e *dns.Event) (key []byte, t tie) {
	t.pair, t.tag = exchange(e.ID)
	unknown := e.LayoutUnknown()
	if t.pair == 0 || unknown && t.pair != serverExchange {
		return dst, t
	}
	dst = append(dst, t.pair)
	if t.pair != serverExchange {
		dst = appendNumber(dst, e, dns.QueryType)
		t.asker = len(dst)
		if dst, t.known = appendAsker(dst, e, process(e)); t.known && t.pair == clientWire {
			dst, t.known = appendTexts(dst, e, dns.ServerAddress)
		}
		return dst, t
	}
	from := len(dst)
	if dst, t.known = appendTexts(dst, e, dns.SessionGUID); !t.known {
		return dst, t
	}
	if t.unique = !isNilGUID(dst[from:]); t.unique {
		return dst, t
	}
	if unknown {
		_, peer := e.Addr(e.Peer)
		_, port := e.Num(dns.Port)
		_, id := e.Num(dns.XID)
		t.other = e.Undecoded(dns.SessionGUID)
		if t.known = peer && port && id; !t.known {
			return dst, t
		}
	}
	dst, t.known = appendTexts(dst[:from], e, e.Peer)
	return appendNumber(appendNumber(dst, e, dns.Port), e, dns.XID), t
}

// isNilGUID reports whether a GUID's text, with a zero behind it, is empty or has no digit but 0.
func isNilGUID(text []byte) bool { return len(bytes.Trim(text, "{0-}\x00")) == 0 }

// process is the process that asks: 0 on the server, whose events are all its own.
func process(e *dns.Event) uint64 {
	if e.Peer != dns.NoField {
		return 0
	}
	return e.AskerProcess()
}

// appendNumber appends a number field, and whether the event carries it.
func appendNumber(dst []byte, e *dns.Event, f dns.Field) []byte {
	n, ok := e.Num(f)
	if !ok {
		return append(dst, 0)
	}
	return binary.AppendUvarint(append(dst, 1), n)
}

// appendTexts appends text fields, each with a zero behind it: in lower case and without a final dot, as names are compared.
// ok is false when one of them is too long.
func appendTexts(dst []byte, e *dns.Event, fields ...dns.Field) (key []byte, ok bool) {
	for _, f := range fields {
		before := len(dst)
		dst, _ = e.Text(dst, f)
		if len(dst) > before+maxText {
			return dst[:before], false
		}
		folded := dns.Fold(dst[before:])
		dst = append(dst[:before+len(folded)], 0)
	}
	return dst, true
}
