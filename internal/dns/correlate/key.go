// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/key"
)

// maxKey is the longest key, in bytes: three texts and the numbers.
const maxKey = 3*key.MaxText + 64

// tie describes the key of an event.
type tie struct {
	pair dns.Pair
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
//
// It fills t in place: a copy of it as a result, whose fields were just written, makes the processor wait, 10 ns for each event.
func appendExchange(dst []byte, e *dns.Event, t *tie) []byte {
	*t = tie{pair: e.Pair}
	if t.pair == dns.NoPair {
		return dst
	}
	if t.tag = tagResponse; e.Phase == dns.Request {
		t.tag = tagRequest
	}
	unknown := e.LayoutUnknown()
	if unknown && t.pair != dns.ServerExchange {
		return dst
	}
	dst = append(dst, byte(t.pair))
	if t.pair != dns.ServerExchange {
		dst = e.AppendNumbers(dst, dns.QueryType)
		t.asker = len(dst)
		if dst, t.known = appendAsker(dst, e, key.Process(e)); t.known && t.pair == dns.ClientWire {
			dst, t.known = key.AppendTexts(dst, e, dns.ServerAddress)
		}
		return dst
	}
	var nilGUID bool
	if dst, nilGUID, t.known = key.AppendGUID(dst, e); !t.known {
		return dst
	}
	if t.unique = !nilGUID; t.unique {
		return dst
	}
	if unknown {
		_, peer := e.Addr(e.Peer)
		_, port := e.Num(dns.Port)
		_, id := e.Num(dns.XID)
		t.other = e.Undecoded(dns.SessionGUID)
		if t.known = peer && port && id; !t.known {
			return dst
		}
	}
	dst, t.known = key.AppendTexts(append(dst, withoutGUID), e, e.Peer)
	return e.AppendNumbers(dst, dns.Port, dns.XID)
}

// withoutGUID is the second byte of a key without a GUID, which differs from those of key.AppendGUID.
const withoutGUID = 2
