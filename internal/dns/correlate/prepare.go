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

// Prepare reads a decoded event into p. Fetch and FetchData may follow, each after the same for some other events: AddPrepared then seldom
// waits for memory.
func (c *Correlator) Prepare(p *Prepared, e *dns.Event) {
	if p.key = appendExchange(p.key[:0], e, &p.tie); p.tie.known {
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
	c.prepared.key = appendExchange(c.prepared.key[:0], e, &c.prepared.tie)
	if c.prepared.tie.known {
		c.prepared.Hash = hold.Hash(c.prepared.key)
	}
	switch d := c.AddPrepared(e, &c.prepared, raw, received); d.Verdict {
	case Answer, Query:
		return *d
	default:
		return Decision{Verdict: d.Verdict}
	}
}
