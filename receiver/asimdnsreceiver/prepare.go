// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"errors"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold/prefetch"
)

// prepared is a decoded event, with everything that does not depend on the events before it: whether it is filtered, and its keys.
type prepared struct {
	raw      []byte // the wire form of event
	event    dns.Event
	pipeline *providerPipeline // nil for a provider that is not configured
	refused  string            // why the event cannot be parsed; "" if it can
	decoded  bool              // the provider's settings ask for it
	filtered bool

	exchange correlate.Prepared // if there is a correlator
	row      aggregate.Prepared // if rowRead
	rowRead  bool
	uid      uid.Hash // if hashed
	hashed   bool
}

// hash returns the hash of which the event's identifier is made.
func (x *prepared) hash() uid.Hash {
	if !x.hashed {
		x.uid, x.hashed = uid.HashOf(x.raw), true
	}
	return x.uid
}

// ahead has the events that will be handled next. They are read in groups, so that the processor loads the memory of all their exchanges and
// rows at the same time.
type ahead struct {
	events []*prepared
	n      int // number of events that are prepared
	next   int // the index of the first that is not handled
	single prepared
}

// take returns an event if it is prepared, or nil. raw is its wire form.
func (a *ahead) take(raw []byte) *prepared {
	if a.next == a.n || len(raw) == 0 || &raw[0] != &a.events[a.next].raw[0] {
		return nil
	}
	a.next++
	return a.events[a.next-1]
}

// Prepare reads events that will be handled next, in the same order.
func (h *handler) Prepare(events []pipeline.Event) {
	a := &h.ahead
	a.n, a.next = 0, 0
	if h.correlator == nil && h.aggregator == nil {
		return
	}
	for len(a.events) < len(events) {
		a.events = append(a.events, &prepared{})
	}
	for i, ev := range events {
		h.read(a.events[i], ev.Data)
		if len(ev.Data) == 0 {
			return // take identifies an event by the address of its first byte
		}
		a.n++
	}
	h.fetch(a.events[:a.n])
}

// read decodes an event, decides whether it is filtered, and makes its keys.
func (h *handler) read(x *prepared, raw []byte) {
	x.raw, x.pipeline, x.refused, x.decoded, x.filtered, x.rowRead, x.hashed = raw, nil, "", false, true, false, false
	e := &x.event
	if err := e.Parse(raw); err != nil {
		var parse *etw.ParseError
		errors.As(err, &parse) // Parse returns no other error
		x.refused = parse.Reason
		return
	}
	p := h.pipelineOf(e.Provider)
	if x.pipeline = p; p == nil || !p.enable.Wants(&e.Record) {
		return
	}
	p.decoder.Decode(e)
	x.decoded = true
	if x.filtered = p.filter.Drops(e); x.filtered {
		return
	}
	if h.correlator != nil {
		h.correlator.Prepare(&x.exchange, e)
	}
	// The record of an exchange is usually made of the response.
	if x.rowRead = h.aggregator != nil && (h.correlator == nil || e.Phase == dns.Response); x.rowRead {
		h.aggregator.Read(&x.row, e)
	}
}

// announce starts to load the memory where the event's keys are looked up.
func (h *handler) announce(x *prepared) {
	if x.filtered {
		return
	}
	if h.correlator != nil {
		h.correlator.Announce(&x.exchange)
	}
	if x.rowRead {
		h.aggregator.Announce(&x.row)
	} else if h.ids != nil {
		prefetch.Line(h.ids.Memory(x.hash())) // the event is probably the first of its exchange, whose identifier is made of it
	}
}

// fetch starts to load the memory that the events need.
func (h *handler) fetch(events []*prepared) {
	for _, x := range events {
		h.announce(x)
	}
	for _, x := range events {
		if x.filtered {
			continue
		}
		if h.correlator != nil {
			h.correlator.Fetch(&x.exchange)
		}
		if x.rowRead {
			h.aggregator.Fetch(&x.row)
		}
	}
	for _, x := range events {
		if x.filtered {
			continue
		}
		if h.correlator != nil {
			h.correlator.FetchData(&x.exchange)
		}
		if !x.rowRead {
			continue
		}
		h.aggregator.FetchData(&x.row)
		if h.shape.classifier != nil && x.row.IsNew() {
			h.shape.fetch(&x.event, 0)
		}
	}
}
