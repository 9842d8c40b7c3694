// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"errors"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/merge"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// handler makes records of raw ETW events. It runs on the pipeline's worker.
type handler struct {
	decoder *dns.Decoder
	enable  dns.Enable
	filter  *filter.Filter
	keeper  *merge.Keeper // nil where events are not merged
	mapper  *asim.DNSMapper
	event   dns.Event
	other   dns.Event // another event, while event is in use

	forget  atomic.Bool                 // the events to come are another file's
	moved   atomic.Pointer[asim.Device] // what this host is by now, for the next batch
	partial atomic.Int64                // emitted events that fit no layout exactly
	foreign foreign
}

var _ pipeline.Holder = (*handler)(nil)

// setDevice says that the events to come are another host's. None may be on its way.
func (h *handler) setDevice(d asim.Device) {
	h.mapper.SetDevice(d)
	h.filter.SetDevice(d.Addr)
	h.filter.Forget()
	h.forget.Store(true) // the worker looks at the keeper even while no event is on its way
}

func (h *handler) Begin(logs plog.Logs) plog.LogRecordSlice {
	if d := h.moved.Swap(nil); d != nil {
		h.mapper.SetDevice(*d)
		h.filter.SetDevice(d.Addr)
	}
	return h.mapper.Begin(logs)
}

func (h *handler) Handle(ev pipeline.Event, records plog.LogRecordSlice) pipeline.Outcome {
	e := &h.event
	if err := e.Parse(ev.Data); err != nil {
		var parse *etw.ParseError
		errors.As(err, &parse) // Parse gives no other error
		return pipeline.Outcome{Kind: pipeline.Undecodable, Reason: parse.Reason}
	}
	if e.Provider != h.decoder.Provider.GUID {
		h.foreign.add(e.Provider)
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	if !h.enable.Wants(&e.Record) {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	h.decoder.Decode(e)
	if !h.mapper.Wants(e) || h.filter.Drops(e) {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	if h.keeper == nil {
		return h.emit(records, e, ev.Received, asim.Merged{})
	}
	return h.keep(ev, records)
}

// keep lets the keeper decide about the event, and does what it says.
func (h *handler) keep(ev pipeline.Event, records plog.LogRecordSlice) pipeline.Outcome {
	if h.forget.Load() {
		h.forget.Store(false)
		h.keeper.Forget()
	}
	e := &h.event
	d := h.keeper.Add(e, ev.Data, ev.Received)
	switch d.Verdict {
	case merge.Held:
		return pipeline.Outcome{Kind: pipeline.Held}
	case merge.Merged:
		return pipeline.Outcome{Kind: pipeline.Aggregated}
	case merge.Answer:
		outcome := h.emit(records, e, ev.Received, asim.Merged{Start: d.Start, Answered: true})
		outcome.Joined = 1
		return outcome
	case merge.Query:
		h.decode(&h.other, d.Data)
		outcome := h.emit(records, &h.other, d.Received, asim.Merged{Start: d.Start, Answered: true})
		outcome.Joined = 1
		return outcome
	}
	return h.emit(records, e, ev.Received, asim.Merged{})
}

// decode decodes an event that has been decoded before.
func (h *handler) decode(e *dns.Event, raw []byte) {
	_ = e.Parse(raw) // it has been parsed before
	h.decoder.Decode(e)
}

// emit appends the record of an event.
func (h *handler) emit(records plog.LogRecordSlice, e *dns.Event, received int64, merged asim.Merged) pipeline.Outcome {
	if d := e.Decoded(); d.Template != nil && !d.Exact {
		h.partial.Add(1)
	}
	h.mapper.AppendMerged(records, e, received, merged)
	return pipeline.Outcome{Kind: pipeline.Emitted}
}

// Due tells whether the oldest event kept back must go.
func (h *handler) Due(now int64) bool { return h.keeper != nil && h.keeper.Due(now) }

// Held is the number of events kept back.
func (h *handler) Held() int {
	if h.keeper == nil {
		return 0
	}
	return h.keeper.Held()
}

// Release lets go of the oldest event kept back.
func (h *handler) Release(records plog.LogRecordSlice, _ bool) {
	let := h.keeper.Let()
	defer h.keeper.Done(let)
	h.decode(&h.other, let.Data)
	h.emit(records, &h.other, let.Received, asim.Merged{Count: let.Count, Start: let.First, End: let.Last, Unanswered: let.Unanswered})
}

// foreign remembers the events of other providers: a live session never delivers any, a file may.
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

// seen gives how many there were, and the provider of the first.
func (f *foreign) seen() (int64, etw.GUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count, f.first
}
