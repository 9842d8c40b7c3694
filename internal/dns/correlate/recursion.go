// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/key"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// The DNS Server asks other servers on behalf of a client's query (260, 289), and they answer (261, 290) or do not (262, 291). These events
// have the GUID of the client's query, which no other query has. Such an event is part of the exchange that is kept under its GUID. It stays
// apart if none is kept: the query was filtered or is not recorded, it came later, the exchange is complete, or the server asks for itself.
// Events without a GUID, of older versions, stay apart too: transaction ids and names do not identify a client.

// absorbRecursion merges an event of recursion into the exchange that it is part of. It reports whether there is one.
func (c *Correlator) absorbRecursion(e *dns.Event, at int64) bool {
	if e.Meaning.Recursion == dns.NoRecursion || e.LayoutUnknown() {
		return false
	}
	var nilGUID, ok bool
	if c.key, nilGUID, ok = key.AppendGUID(append(c.key[:0], byte(dns.ServerExchange)), e); !ok || nilGUID {
		return false
	}
	entry := c.store.Get(c.key)
	if entry == nil || !c.spans(entry, at) {
		return false
	}
	kept, id := hold.CutID(c.store.Data(entry))
	var r dns.Recursion
	if entry.Tag&tagRecursed != 0 {
		kept, r = dns.CutRecursion(kept)
	}
	r.Add(e, at)
	c.data = append(r.Append(append(c.data[:0], kept...)), id[:]...)
	c.store.SetData(entry, c.data)
	entry.Tag |= tagRecursed
	entry.Last = max(entry.Last, at)
	return true
}
