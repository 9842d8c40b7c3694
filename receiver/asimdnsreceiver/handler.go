// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/shape"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// providerPipeline decodes, filters and maps the events of one provider.
type providerPipeline struct {
	decoder *dns.Decoder
	enable  dns.Enable
	filter  *filter.Filter
	mapper  *dnslog.Mapper
	records plog.LogRecordSlice // of the batch being filled
	audits  plog.LogRecordSlice // of the same batch, for records of audit events
	archive *archiver           // nil without an archive
	pending pending
}

// handler turns raw ETW events into records. It runs on the pipeline's worker.
type handler struct {
	pipelines  []*providerPipeline
	correlator *correlate.Correlator // nil if events are not merged into exchanges
	aggregator *aggregate.Aggregator // nil if nothing is summed
	ids        *uid.Maker            // nil if records have no identifier derived from the event

	// class says how the exchange of a decoded event is summed. Without it all are summed alike.
	class func(e *dns.Event, x *correlate.Exchange) aggregate.Class
	shape classification
	saved saved

	packing  *providerPipeline // whose mapper has begun a packed record, or nil
	packMore bool              // another row of the same client follows

	ahead    ahead
	current  *prepared          // the event being handled
	own      uid.ID             // its identifier, once it was asked for
	other    prepared           // an event that was kept back, while current is in use
	exchange correlate.Exchange // of one of them

	canaries []watch // none without the key canary
	name     []byte  // of the event being handled, for the canaries

	moved   atomic.Pointer[dnslog.Device] // this host's new name and address, for the next batch
	unknown atomic.Int64                  // emitted events of unknown layout
	foreign foreign
}

var (
	_ pipeline.StagedHandler    = (*handler)(nil)
	_ pipeline.PreparingHandler = (*handler)(nil)
)

// pipelineOf returns the pipeline of a provider's events, or nil if the provider is not configured.
func (h *handler) pipelineOf(provider etw.GUID) *providerPipeline {
	for _, p := range h.pipelines {
		if p.decoder.Provider.GUID == provider {
			return p
		}
	}
	return nil
}

// beginFile announces that the next events come from another file, recorded on device d. It runs on the worker, while
// no events are kept back.
func (h *handler) beginFile(d dnslog.Device) {
	for _, p := range h.pipelines {
		p.setDevice(d)
		p.filter.Forget()
	}
	if h.correlator != nil {
		h.correlator.Forget()
	}
	if h.aggregator != nil {
		h.aggregator.Forget()
	}
	h.shape.forget()
	if h.ids != nil {
		h.ids.Forget()
	}
	h.setHost()
}

func (p *providerPipeline) setDevice(d dnslog.Device) {
	p.mapper.SetDevice(d)
	p.filter.SetDevice(d.Addr)
	p.archive.setDevice(d)
}

// setHost sets the host of the following events.
func (h *handler) setHost() {
	if h.ids != nil {
		h.ids.SetHost(h.pipelines[0].mapper.DeviceName())
	}
}

// id returns an event's identifier, derived from its wire form, which is not empty. It makes that of the event being handled once: the second
// time, the event would be another, equal one.
func (h *handler) id(raw []byte) (id uid.ID) {
	if h.ids == nil {
		return id
	}
	if &raw[0] != &h.current.raw[0] {
		return h.ids.Of(raw)
	}
	if h.own.IsZero() {
		h.own = h.ids.OfHash(h.current.hash())
	}
	return h.own
}

// Begin adds a resource for each provider.
func (h *handler) Begin(logs plog.Logs) plog.LogRecordSlice {
	moved := h.moved.Swap(nil)
	for _, p := range h.pipelines {
		if moved != nil {
			p.setDevice(*moved)
		}
		p.records = p.mapper.Begin(logs)
		p.audits = p.mapper.BeginAudit(logs, p.records)
		p.archive.begin(logs)
	}
	if moved != nil {
		h.setHost()
	}
	return h.pipelines[0].records
}

// Handle appends a record to those of the event's provider.
func (h *handler) Handle(ev pipeline.Event, _ plog.LogRecordSlice) (outcome pipeline.Outcome) {
	x := h.ahead.take(ev.Data)
	if x == nil {
		x = &h.ahead.single
		h.read(x, ev.Data)
		h.announce(x)
	}
	h.current, h.own = x, uid.ID{}
	if x.refused != "" {
		return pipeline.Outcome{Kind: pipeline.Undecodable, Reason: x.refused}
	}
	e, p := &x.event, x.pipeline
	if h.correlator != nil {
		h.correlator.Clock.Event(etw.UnixNano(e.TimeStamp))
	}
	if h.aggregator != nil {
		h.aggregator.Event(etw.UnixNano(e.TimeStamp))
	}
	if p == nil {
		h.foreign.add(e.Provider)
	}
	if x.decoded && len(h.canaries) > 0 && h.ownQuery(x, ev.Received) || x.filtered {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	if p.archive != nil {
		p.archive.add(e, ev.Received, h.id(ev.Data))
	}
	// The result is filled in place: a copy of a struct whose fields were just written makes the processor wait, 10 ns here.
	if h.correlator != nil {
		outcome.Kind, outcome.Joined = h.correlate(x, ev)
	} else {
		h.exchange = correlate.Exchange{}
		outcome.Kind = h.sum(x, ev.Received, &h.exchange)
	}
	outcome.Archived = p.archive != nil
	return outcome
}

// correlate passes the event to the correlator and acts on its decision. joined is the number of events that were kept back and that are part of the
// same exchange.
func (h *handler) correlate(x *prepared, ev pipeline.Event) (kind pipeline.Kind, joined int64) {
	d := h.correlator.AddPrepared(&x.event, &x.exchange, ev.Data, ev.Received)
	switch d.Verdict {
	case correlate.Held:
		return pipeline.Held, 0
	case correlate.Merged:
		x.pipeline.pending.joined++
		return pipeline.Aggregated, 0
	case correlate.Answer:
		x.pipeline.pending.joined++
		return h.sum(x, ev.Received, &d.Exchange), 1
	case correlate.Query: // the response becomes the record
		x.pipeline.pending.joined++
		d.ID = hold.ID(h.id(ev.Data))
		return h.sum(h.decode(d.Data), d.Received, &d.Exchange), 1
	}
	h.exchange = correlate.Exchange{}
	h.exchange.ID = hold.ID(h.id(ev.Data))
	return h.sum(x, ev.Received, &h.exchange), 0
}

// sum adds an exchange to those that are alike, or appends its record. The record is made of the event x.
func (h *handler) sum(x *prepared, received int64, exchange *correlate.Exchange) pipeline.Kind {
	e := &x.event
	x.pipeline.pending.exchanges++
	if h.aggregator != nil {
		if !x.rowRead {
			h.aggregator.Read(&x.row, e)
			h.aggregator.Announce(&x.row)
		}
		class := aggregate.Sum
		if h.class != nil {
			if h.shape.joins && shape.Static(e) && h.aggregator.Join(e, &x.row, exchange) {
				return pipeline.Aggregated
			}
			class = h.class(e, exchange)
		}
		switch h.aggregator.AddPrepared(e, &x.row, x.raw, received, exchange, class) {
		case aggregate.Held:
			return pipeline.Held
		case aggregate.Merged:
			return pipeline.Aggregated
		}
	}
	if h.correlator == nil {
		exchange.ID = hold.ID(h.id(x.raw))
	}
	return h.emit(x, received, merged(exchange))
}

// merged converts an exchange to the form that records need.
func merged(x *correlate.Exchange) dnslog.Merged {
	m := dnslog.Merged{
		ID: uid.ID(x.ID), Answered: x.Answered, Leapt: x.Leapt, Unanswered: x.Unanswered,
		Lookup:    dnslog.Lookup{Events: x.Lookup.Events, Server: x.Lookup.Server, Asked: x.Lookup.Asked, Cached: x.Lookup.Cached},
		Recursion: x.Recursion,
	}
	if x.Answered || x.Start != 0 {
		m.Start = time.Unix(0, x.Start)
	}
	if x.End != 0 {
		m.End = time.Unix(0, x.End)
	}
	return m
}

// decode decodes an event that was kept back. The result is valid until the next call.
func (h *handler) decode(raw []byte) *prepared {
	x := &h.other
	x.raw, x.rowRead, x.hashed = raw, false, false
	_ = x.event.Parse(raw) // it was parsed before
	x.pipeline = h.pipelineOf(x.event.Provider)
	x.pipeline.decoder.Decode(&x.event)
	return x
}

// emit appends the record of an event.
func (h *handler) emit(x *prepared, received int64, merged dnslog.Merged) pipeline.Kind {
	p, e := x.pipeline, &x.event
	if e.LayoutUnknown() {
		h.unknown.Add(1)
	}
	records := p.records
	if p.mapper.IsAuditEvent(e) {
		records = p.audits
	}
	p.mapper.AppendMerged(records, e, received, merged)
	h.count(p, records, max(1, merged.Count))
	return pipeline.Emitted
}

// Due reports whether an event that is kept back is due.
func (h *handler) Due() bool {
	return h.packing != nil || h.aggregator != nil && h.aggregator.Due() || h.correlator != nil && h.correlator.Due()
}

// Silence advances the clocks by d, a time without events.
func (h *handler) Silence(d time.Duration) {
	if h.correlator != nil {
		h.correlator.Clock.Silence(d)
	}
	if h.aggregator != nil {
		h.aggregator.Silence(d)
	}
}

// Held returns the number of events kept back: by the correlator, the first one of each row of the aggregator, and the first one of the packed
// record that has begun.
func (h *handler) Held() (n int) {
	if h.correlator != nil {
		n += h.correlator.Held()
	}
	if h.aggregator != nil {
		n += h.aggregator.Held()
	}
	if h.packing != nil {
		n++
	}
	return n
}

// Stages are the correlator and the aggregator, as far as there are any.
func (h *handler) Stages() (stages []hold.Stage) {
	if h.correlator != nil {
		stages = append(stages, h.correlator)
	}
	if h.aggregator != nil {
		stages = append(stages, h.aggregator)
	}
	return stages
}

// Release lets the oldest event go that the correlator keeps back; it may become part of a row. A row goes first if it is due, so that there
// is room for another one, and when the correlator keeps nothing.
func (h *handler) Release(_ plog.LogRecordSlice, due bool) pipeline.Outcome {
	if h.aggregator != nil && (h.packing != nil || h.correlator == nil || h.correlator.Held() == 0 || h.aggregator.Due()) {
		return pipeline.Outcome{Kind: h.releaseRow()}
	}
	popped := h.correlator.PopOldest(due)
	defer h.correlator.Release(popped)
	h.exchange = popped.Exchange
	return pipeline.Outcome{Kind: h.sum(h.decode(popped.Data), popped.Received, &h.exchange)}
}

// releaseRow appends the record of a row, or packs it with others of its client.
func (h *handler) releaseRow() pipeline.Kind {
	if h.packDone() {
		return h.emitPack()
	}
	row := h.aggregator.PopOldest()
	defer h.aggregator.Release(row)
	m := merged(&row.Exchange)
	m.Count, m.Sums, m.Row = row.Count, row.Sums, h.correlator != nil && itemKind(row.Class) == dnslog.SumItem
	x := h.decode(row.Data)
	if row.Sums != nil && h.shape.classifier != nil {
		// Exchanges join a row without being classified, so the classifier is told of the last of them.
		asked := h.shape.fetch(&x.event, row.Sums.Last)
		defer h.shape.classifier.Asked(&asked)
	}
	if row.More || h.packing != nil {
		return h.pack(x, &row, m)
	}
	h.saved.class = row.Class
	return h.emit(x, row.Received, m)
}

// unparsable returns the number of events so far whose packet is not a DNS message.
func (h *handler) unparsable() (n int64) {
	for _, p := range h.pipelines {
		n += p.mapper.Unparsable()
	}
	return n
}

// untied returns the number of queries and responses so far that could not be correlated.
func (h *handler) untied() int64 {
	if h.correlator == nil {
		return 0
	}
	return h.correlator.Untied()
}

// foreign counts the events of providers that are not configured. A live session never delivers any; a file may.
type foreign struct {
	mu    sync.Mutex
	count int64
	first etw.GUID
}

func (f *foreign) add(g etw.GUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == 0 {
		f.first = g
	}
	f.count++
}

// seen returns the number of such events, and the provider of the first.
func (f *foreign) seen() (int64, etw.GUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count, f.first
}
