// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// Prepared is the part of an Aggregator's work on an event that depends on no other event: the key of its row. Its memory can be used for another event.
type Prepared struct {
	known bool // whether there is a key
	key   []byte
	state byte // the last byte of an exchange's key, for which Hash is known
	hold.Expected
}

// Read reads a decoded event into p. Announce must follow.
func (a *Aggregator) Read(p *Prepared, e *dns.Event) {
	if !a.Exchanges {
		p.key, p.known = appendIdentity(p.key[:0], e)
	} else if p.key, p.known = appendExchange(p.key[:0], e); p.known {
		p.state = stateAnswered // most are
		p.key = append(p.key, p.state)
	}
}

// Announce starts to load the memory of the event's row. Fetch and FetchData may follow, each after the same for some other events: the
// event's row is then found with little waiting for memory. The key is hashed here, as by correlate.Correlator.Announce.
func (a *Aggregator) Announce(p *Prepared) {
	if p.known {
		p.Hash = hold.Hash(p.key)
		a.windows[0].store.Announce(&p.Expected)
	}
}

// Fetch follows Announce.
func (a *Aggregator) Fetch(p *Prepared) {
	if p.known {
		a.windows[0].store.Fetch(&p.Expected)
	}
}

// FetchData follows Fetch. It also starts to load the row's group.
func (a *Aggregator) FetchData(p *Prepared) {
	if !p.known {
		return
	}
	last := 0 // an event that is only counted needs none of the row's bytes
	if a.Exchanges {
		last = factsSize + 64 // and a few answers before the facts
	}
	w := a.windows[0]
	if row := w.store.FetchData(&p.Expected, last); row != nil && w.groups != nil {
		w.groups.FetchNumbered(uint32(row.Begun))
	}
}

// IsNew reports whether the event's exchange probably begins a row. Fetch went before.
func (p *Prepared) IsNew() bool { return p.known && !p.Known() }

// use sets the key of an exchange, or that of an event if none are summed. It reports whether there is one.
func (a *Aggregator) use(p *Prepared, x *correlate.Exchange) bool {
	if !p.known {
		return false
	}
	if a.Exchanges {
		if state := stateOf(x); state != p.state {
			p.state = state
			p.key[len(p.key)-1] = state
			p.Hash = hold.Hash(p.key)
		}
	}
	a.key, a.hash = p.key, p.Hash
	return true
}

// Add adds a decoded event, or the exchange x whose record would be made of the event. raw is its wire form, received the time of its
// delivery in nanoseconds since 1970. The caller has seen to it that Due is false.
func (a *Aggregator) Add(e *dns.Event, raw []byte, received int64, x *correlate.Exchange, class Class) Verdict {
	if class == Whole {
		return Pass
	}
	a.Read(&a.prepared, e)
	a.Announce(&a.prepared)
	return a.AddPrepared(e, &a.prepared, raw, received, x, class)
}
