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
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
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
}

// handler turns raw ETW events into records. It runs on the pipeline's worker.
type handler struct {
	pipelines  []*providerPipeline
	correlator *correlate.Correlator // nil if events are not merged
	ids        *uid.Maker            // nil if records have no identifier derived from the event

	event dns.Event
	raw   []byte    // the wire form of event
	own   uid.ID    // its identifier, once it was asked for
	other dns.Event // another event, while event is in use

	moved   atomic.Pointer[dnslog.Device] // this host's new name and address, for the next batch
	unknown atomic.Int64                  // emitted events of unknown layout
	foreign foreign
}

var _ pipeline.BufferingHandler = (*handler)(nil)

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

// report emits the record of an event, or passes the event to the correlator.
func (h *handler) report(p *providerPipeline, ev pipeline.Event) pipeline.Outcome {
	if h.correlator == nil {
		return h.emit(p, &h.event, ev.Received, dnslog.Merged{ID: h.id(ev.Data)})
	}
	return h.keep(p, ev)
}

// keep passes the event to the correlator and acts on its decision.
func (h *handler) keep(p *providerPipeline, ev pipeline.Event) pipeline.Outcome {
	e := &h.event
	d := h.correlator.Add(e, ev.Data, ev.Received)
	switch d.Verdict {
	case correlate.Held:
		return pipeline.Outcome{Kind: pipeline.Held}
	case correlate.Merged:
		return pipeline.Outcome{Kind: pipeline.Aggregated}
	case correlate.Answer:
		outcome := h.emit(p, e, ev.Received, dnslog.Merged{ID: uid.ID(d.ID), Start: d.Start, Answered: true, Leapt: d.Leapt, Lookup: lookup(d.Lookup)})
		outcome.Joined = 1
		return outcome
	case correlate.Query: // the response becomes the record
		outcome := h.emit(h.decode(&h.other, d.Data), &h.other, d.Received, dnslog.Merged{ID: h.id(ev.Data), Start: d.Start, Answered: true, Leapt: d.Leapt, Lookup: lookup(d.Lookup)})
		outcome.Joined = 1
		return outcome
	}
	return h.emit(p, e, ev.Received, dnslog.Merged{ID: h.id(ev.Data)})
}

// lookup converts a DNS Client lookup to the form that records need.
func lookup(l correlate.Lookup) dnslog.Lookup {
	return dnslog.Lookup{Events: l.Events, Server: l.Server, Asked: l.Asked, Cached: l.Cached}
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
	return pipeline.Outcome{Kind: pipeline.Emitted}
}

// Due reports whether the oldest event that is kept back is due.
func (h *handler) Due() bool { return h.correlator != nil && h.correlator.Due() }

// Silence advances the correlator's clock by d, a time without events.
func (h *handler) Silence(d time.Duration) {
	if h.correlator != nil {
		h.correlator.Clock.Silence(d)
	}
}

// Held returns the number of events kept back.
func (h *handler) Held() int {
	if h.correlator == nil {
		return 0
	}
	return h.correlator.Held()
}

// Release writes the oldest event that is kept back.
func (h *handler) Release(_ plog.LogRecordSlice, due bool) {
	popped := h.correlator.PopOldest(due)
	defer h.correlator.Release(popped)
	h.emit(h.decode(&h.other, popped.Data), &h.other, popped.Received, dnslog.Merged{
		ID: uid.ID(popped.ID), Count: popped.Count, Start: popped.First, End: popped.Last, Unanswered: popped.Unanswered, Lookup: lookup(popped.Lookup),
	})
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
