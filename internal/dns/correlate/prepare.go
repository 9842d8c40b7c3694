// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// Prepared is the part of a Correlator's work on an event that depends on no other event: the key of its exchange. Its memory can be used for another
// event.
type Prepared struct {
	tie tie
	key []byte
	hold.Expected
}

// Prepare reads a decoded event into p. Announce must follow, and Fetch and FetchData may, each after the same for some other events: AddPrepared then
// seldom waits for memory.
func (c *Correlator) Prepare(p *Prepared, e *dns.Event) { p.key = appendExchange(p.key[:0], e, &p.tie) }

// Announce starts to load where the event's exchange is looked up. The key is hashed here, some events after it was written: the processor waits for
// octets that it has just written in pieces.
func (c *Correlator) Announce(p *Prepared) {
	if p.tie.known {
		p.Hash = hold.Hash(p.key)
		c.store.Announce(&p.Expected)
	}
}

// Fetch starts to load the memory of the event's exchange.
func (c *Correlator) Fetch(p *Prepared) {
	if p.tie.known {
		c.store.Fetch(&p.Expected)
	}
}

// FetchData starts to load the identifier of the event's exchange, which ends the bytes that are kept of it.
func (c *Correlator) FetchData(p *Prepared) {
	if p.tie.known {
		c.store.FetchData(&p.Expected, len(hold.ID{}))
	}
}

// Add decides on a decoded event. raw is its wire form. received is the time of its delivery, in nanoseconds since 1970.
func (c *Correlator) Add(e *dns.Event, raw []byte, received int64) Decision {
	c.Prepare(&c.prepared, e)
	c.Announce(&c.prepared)
	switch d := c.AddPrepared(e, &c.prepared, raw, received); d.Verdict {
	case Answer, Query:
		return *d
	default:
		return Decision{Verdict: d.Verdict}
	}
}
