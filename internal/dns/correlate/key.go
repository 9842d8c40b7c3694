// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/key"
)

// maxKey is the longest key, in bytes: three texts and the numbers.
const maxKey = 3*key.MaxText + 64

// exchange returns the pair of ids that an id belongs to, which is the key's first byte, and whether it is the request or the response. Both
// are 0 for other ids.
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

// isRateLimited reports whether an event of the server is one of response rate limiting: RRL_TO_BE_DROPPED, _TRUNCATED and _LEAKED. It has no
// GUID, so nothing ties it to its query with certainty.
func isRateLimited(id uint16) bool { return id >= 281 && id <= 283 }

// Pairs. serverExchange is a query that the server receives, and its response. The others are the DNS Client's: clientCall is a program's
// call and its result, clientWire is a query to one server and its response.
const (
	clientCall     = 1
	clientWire     = 2
	serverExchange = 5
)

// tie describes the key of an event.
type tie struct {
	pair byte   // the pair of ids; 0 for none
	tag  uint16 // request or response
	// known is set if the event has a key, and unique if no other exchange has the same key.
	known, unique bool
	// other is set if undecoded bytes of the event may hold another key.
	other bool
	asker int // the index of process and name in the key of a client's event
}

// appendExchange appends the key that a query and its response share. On the server it is the GUID, or else client, port and transaction id.
// On the client it is process, name and type, and for a query to a server the server. An event of the server with an unknown layout has a
// key if client, port and transaction id are certain, as they are before a packet that agrees with them.
func appendExchange(dst []byte, e *dns.Event) (_ []byte, t tie) {
	t.pair, t.tag = exchange(e.ID)
	unknown := e.LayoutUnknown()
	if t.pair == 0 || unknown && t.pair != serverExchange {
		return dst, t
	}
	dst = append(dst, t.pair)
	if t.pair != serverExchange {
		dst = key.AppendNumber(dst, e, dns.QueryType)
		t.asker = len(dst)
		if dst, t.known = appendAsker(dst, e, key.Process(e)); t.known && t.pair == clientWire {
			dst, t.known = key.AppendTexts(dst, e, dns.ServerAddress)
		}
		return dst, t
	}
	var nilGUID bool
	if dst, nilGUID, t.known = key.AppendGUID(dst, e); !t.known {
		return dst, t
	}
	if t.unique = !nilGUID; t.unique {
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
	dst, t.known = key.AppendTexts(append(dst, withoutGUID), e, e.Peer)
	return key.AppendNumber(key.AppendNumber(dst, e, dns.Port), e, dns.XID), t
}

// withoutGUID is the second byte of a key without a GUID, which differs from those of key.AppendGUID.
const withoutGUID = 2
