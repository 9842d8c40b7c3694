// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"errors"
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
	sizes   sizes
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

	event    dns.Event
	raw      []byte             // the wire form of event
	own      uid.ID             // its identifier, once it was asked for
	other    dns.Event          // another event, while event is in use
	exchange correlate.Exchange // of one of them

	moved   atomic.Pointer[dnslog.Device] // this host's new name and address, for the next batch
	unknown atomic.Int64                  // emitted events of unknown layout
	foreign foreign
}

var _ pipeline.Keeper = (*handler)(nil)

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
	own := &raw[0] == &h.raw[0]
	if own && !h.own.IsZero() {
		return h.own
	}
	if id = h.ids.Of(raw); own {
		h.own = id
	}
	return id
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
func (h *handler) Handle(ev pipeline.Event, _ plog.LogRecordSlice) pipeline.Outcome {
	e := &h.event
	h.raw, h.own = ev.Data, uid.ID{}
	if err := e.Parse(ev.Data); err != nil {
		var parse *etw.ParseError
		errors.As(err, &parse) // Parse returns no other error
		return pipeline.Outcome{Kind: pipeline.Undecodable, Reason: parse.Reason}
	}
	if h.correlator != nil {
		h.correlator.Clock.Event(etw.UnixNano(e.TimeStamp))
	}
	if h.aggregator != nil {
		h.aggregator.Event(etw.UnixNano(e.TimeStamp))
	}
	p := h.pipelineOf(e.Provider)
	if p == nil {
		h.foreign.add(e.Provider)
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	if !p.enable.Wants(&e.Record) {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	p.decoder.Decode(e)
	if p.filter.Drops(e) {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	if p.archive != nil {
		p.archive.add(e, ev.Received, h.id(ev.Data))
	}
	outcome := h.report(p, ev)
	outcome.Archived = p.archive != nil
	return outcome
}

// report passes the event to the correlator, or to the aggregator.
func (h *handler) report(p *providerPipeline, ev pipeline.Event) pipeline.Outcome {
	if h.correlator != nil {
		return h.correlate(p, ev)
	}
	h.exchange = correlate.Exchange{}
	return h.sum(p, &h.event, ev.Data, ev.Received)
}

// correlate passes the event to the correlator and acts on its decision.
func (h *handler) correlate(p *providerPipeline, ev pipeline.Event) (outcome pipeline.Outcome) {
	e := &h.event
	d := h.correlator.Add(e, ev.Data, ev.Received)
	switch d.Verdict {
	case correlate.Held:
		return pipeline.Outcome{Kind: pipeline.Held}
	case correlate.Merged:
		p.sizes.joined++
		return pipeline.Outcome{Kind: pipeline.Aggregated}
	case correlate.Answer:
		p.sizes.joined++
		h.exchange = d.Exchange
		outcome = h.sum(p, e, ev.Data, ev.Received)
		outcome.Joined = 1
		return outcome
	case correlate.Query: // the response becomes the record
		p.sizes.joined++
		h.exchange = d.Exchange
		h.exchange.ID = hold.ID(h.id(ev.Data))
		outcome = h.sum(h.decode(&h.other, d.Data), &h.other, d.Data, d.Received)
		outcome.Joined = 1
		return outcome
	}
	h.exchange = correlate.Exchange{ID: hold.ID(h.id(ev.Data))}
	return h.sum(p, e, ev.Data, ev.Received)
}

// sum adds h.exchange to the exchanges that are alike, or appends its record. The record is made of the event e.
func (h *handler) sum(p *providerPipeline, e *dns.Event, raw []byte, received int64) pipeline.Outcome {
	x := &h.exchange
	if h.aggregator != nil {
		class := aggregate.Sum
		if h.class != nil {
			class = h.class(e, x)
		}
		switch h.aggregator.Add(e, raw, received, x, class) {
		case aggregate.Held:
			return pipeline.Outcome{Kind: pipeline.Held}
		case aggregate.Merged:
			return pipeline.Outcome{Kind: pipeline.Aggregated}
		}
	}
	if h.correlator == nil {
		x.ID = hold.ID(h.id(raw))
	}
	return h.emit(p, e, received, merged(x))
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

// decode decodes an event that was decoded before, and returns its provider's pipeline.
func (h *handler) decode(e *dns.Event, raw []byte) *providerPipeline {
	_ = e.Parse(raw) // it was parsed before
	p := h.pipelineOf(e.Provider)
	p.decoder.Decode(e)
	return p
}

// emit appends the record of an event.
func (h *handler) emit(p *providerPipeline, e *dns.Event, received int64, merged dnslog.Merged) pipeline.Outcome {
	if e.LayoutUnknown() {
		h.unknown.Add(1)
	}
	records := p.records
	if p.mapper.IsAuditEvent(e) {
		records = p.audits
	}
	p.mapper.AppendMerged(records, e, received, merged)
	h.count(p, records)
	return pipeline.Outcome{Kind: pipeline.Emitted}
}

// Due reports whether an event that is kept back is due.
func (h *handler) Due() bool {
	return h.aggregator != nil && h.aggregator.Due() || h.correlator != nil && h.correlator.Due()
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

// Held returns the number of events kept back: by the correlator, or the first one of each row of the aggregator.
func (h *handler) Held() (n int) {
	if h.correlator != nil {
		n += h.correlator.Held()
	}
	if h.aggregator != nil {
		n += h.aggregator.Held()
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
	if h.aggregator != nil && (h.correlator == nil || h.correlator.Held() == 0 || h.aggregator.Due()) {
		return h.releaseRow()
	}
	popped := h.correlator.PopOldest(due)
	defer h.correlator.Release(popped)
	h.exchange = popped.Exchange
	return h.sum(h.decode(&h.other, popped.Data), &h.other, popped.Data, popped.Received)
}

// releaseRow appends the record of a row.
func (h *handler) releaseRow() pipeline.Outcome {
	row := h.aggregator.PopOldest()
	defer h.aggregator.Release(row)
	m := merged(&row.Exchange)
	m.Count, m.Sums, m.Row = row.Count, row.Sums, h.correlator != nil
	h.saved.row, h.saved.class = row.Count-1, row.Class
	return h.emit(h.decode(&h.other, row.Data), &h.other, row.Received, m)
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
