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
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// handler makes records of raw ETW events. It runs on the pipeline's worker.
type handler struct {
	decoder *dns.Decoder
	enable  dns.Enable
	filter  *filter.Filter
	mapper  *asim.DNSMapper
	event   dns.Event

	moved   atomic.Pointer[asim.Device] // what this host is by now, for the next batch
	partial atomic.Int64                // emitted events that fit no layout exactly
	foreign foreign
}

var _ pipeline.Handler = (*handler)(nil)

// setDevice says that the events to come are another host's. None may be on its way.
func (h *handler) setDevice(d asim.Device) {
	h.mapper.SetDevice(d)
	h.filter.SetDevice(d.Addr)
	h.filter.Forget()
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
	if e.Template != nil && !e.Exact {
		h.partial.Add(1)
	}
	h.mapper.Append(records, e, ev.Received)
	return pipeline.Outcome{Kind: pipeline.Emitted}
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
