// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flowmetrics"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/opener"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/primary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// handler makes records of raw events of the map. It runs on the pipeline's worker.
type handler struct {
	settings   settings
	decoder    monitor.Decoder
	mapper     *networklog.Mapper
	aggregator *aggregate.ConnectionAggregator
	openers    *opener.Memory // nil where no trace comes that was taken before connection tracking
	marker     *primary.Marker
	unmarked   atomic.Int64                      // the marker's, for the metric
	moved      atomic.Pointer[networklog.Device] // what this host is by now, for the next batch
	ids        *uid.Maker

	tally       *flowmetrics.Tally // nil where nobody wants metrics
	metricsOnly bool               // nobody wants records

	notification monitor.Notification
	flow         flow.Flow
}

var _ pipeline.BufferingHandler = (*handler)(nil)

func newHandler(s settings, device networklog.Device, version string) *handler {
	h := &handler{
		settings:   s,
		decoder:    monitor.Decoder{WireFormat: s.format},
		mapper:     networklog.NewMapper(networklog.Options{Device: device, Body: s.body, Mask: s.mask, Version: version}),
		aggregator: aggregate.New(s.aggregation),
		marker:     primary.New(),
		ids:        uid.NewMaker("cilium"),
	}
	h.ids.SetHost(h.mapper.DeviceName())
	h.aggregator.Identify = func(raw []byte) hold.ID { return hold.ID(h.ids.Of(raw)) }
	if s.Level == obsconfig.LevelNone {
		h.openers = opener.New()
	}
	return h
}

// beginFile says that the events to come are another file's, of the device. It runs on the worker, while none is kept back.
func (h *handler) beginFile(d networklog.Device) {
	h.mapper.SetDevice(d)
	h.ids.SetHost(h.mapper.DeviceName())
	h.ids.Forget()
	h.aggregator.Forget()
	h.marker.Forget()
	h.countUnmarked()
	if h.openers != nil {
		h.openers.Forget()
	}
}

// end says that no event comes any more: of packets that have come in nothing more is told. It is called when the worker has ended.
func (h *handler) end() {
	h.marker.Forget()
	h.countUnmarked()
}

func (h *handler) Begin(logs plog.Logs) plog.LogRecordSlice {
	if moved := h.moved.Swap(nil); moved != nil {
		h.mapper.SetDevice(*moved)
		h.ids.SetHost(h.mapper.DeviceName())
	}
	return h.mapper.Begin(logs)
}

func (h *handler) Handle(ev pipeline.Event, records plog.LogRecordSlice) pipeline.Outcome {
	record, err := events.Parse(ev.Data)
	if err != nil {
		var wire *events.WireError
		errors.As(err, &wire) // Parse gives no other error
		return pipeline.Outcome{Kind: pipeline.Undecodable, Reason: string(wire.Reason)}
	}
	at := record.Time
	if at == 0 {
		at = ev.Received
	}
	h.aggregator.Clock.Event(at)
	if record.Lost > 0 {
		h.tally.AddLost(flow.LostPerfEventRingBuffer, record.Lost)
		if h.metricsOnly {
			return pipeline.Outcome{Kind: pipeline.Aggregated}
		}
		d := h.aggregator.AddLoss(ev.Data, record.Lost, record.CPU, at, ev.Received)
		if d.Verdict == aggregate.Report {
			lost := time.Unix(0, at)
			h.flow.SetLost(flow.LostPerfEventRingBuffer, record.Lost, record.CPU, lost, lost)
			h.append(records, h.ids.Of(ev.Data), at, ev.Received)
		}
		return outcome(d)
	}
	if err := h.decoder.Decode(record.Data, &h.notification); err != nil {
		var refused *monitor.Error
		errors.As(err, &refused) // Decode gives no other error
		return pipeline.Outcome{Kind: pipeline.Undecodable, Reason: string(refused.Reason)}
	}
	if !h.wants(&h.notification) {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	h.flow.Decode(&h.notification)
	h.flow.CPU = record.CPU
	if h.openers != nil {
		h.openers.Direct(&h.flow, at)
	}
	if !h.settings.filter.Wants(&h.flow) {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	h.tally.Add(&h.flow)
	if h.metricsOnly {
		return pipeline.Outcome{Kind: pipeline.Aggregated}
	}
	h.mark(at)
	var d aggregate.Decision
	if h.settings.Level >= obsconfig.LevelMedium {
		d = h.aggregator.Add(&h.flow, ev.Data, at, ev.Received)
	}
	switch d.Verdict {
	case aggregate.Report:
		h.flow.Aggregate = d.Aggregate
		id := uid.ID(d.ID)
		if id.IsZero() {
			id = h.ids.Of(ev.Data)
		}
		h.append(records, id, at, ev.Received)
	case aggregate.Next:
		h.report(records, *d.Before)
	}
	return outcome(d)
}

// mark says of the flow whether its record is the one that counts the packet's bytes, and the one that counts its denial.
func (h *handler) mark(at int64) {
	marks := h.marker.Mark(&h.flow, h.notification.Packet, at)
	h.flow.Primary, h.flow.PrimaryDrop = marks.Packet == primary.Yes, marks.Drop == primary.Yes
	h.countUnmarked()
}

// countUnmarked lets the metric know what the marker could not tell.
func (h *handler) countUnmarked() {
	if n := h.marker.Unmarked(); n != h.unmarked.Load() {
		h.unmarked.Store(n)
	}
}

// outcome is what the pipeline accounts for a decision.
func outcome(d aggregate.Decision) pipeline.Outcome {
	switch d.Verdict {
	case aggregate.Held:
		return pipeline.Outcome{Kind: pipeline.Held}
	case aggregate.Counted:
		return pipeline.Outcome{Kind: pipeline.Aggregated}
	}
	return pipeline.Outcome{Kind: pipeline.Emitted, Joined: d.Joined}
}

// append appends the record of the flow, with the identifier of its first event.
func (h *handler) append(records plog.LogRecordSlice, id uid.ID, at, received int64) {
	h.mapper.Append(records.AppendEmpty(), &h.flow, id, time.Unix(0, at), time.Unix(0, received))
}

// Due reports whether an event kept back must go.
func (h *handler) Due() bool { return h.aggregator.Due() }

// Silence lets time pass.
func (h *handler) Silence(d time.Duration) {
	h.aggregator.Clock.Silence(d)
	h.marker.Silence(d)
	h.countUnmarked()
}

// Held is the number of events kept back.
func (h *handler) Held() int { return h.aggregator.Held() }

// Release lets go of one event kept back.
func (h *handler) Release(records plog.LogRecordSlice, _ bool) {
	popped := h.aggregator.PopOldest()
	defer h.aggregator.Release(popped)
	h.report(records, popped)
}

// report appends the record of what was kept back.
func (h *handler) report(records plog.LogRecordSlice, popped aggregate.Popped) {
	if popped.Data == nil {
		h.flow.SetLost(popped.Lost.Source, popped.Lost.Count, popped.CPU, popped.Lost.First, popped.Lost.Last)
	} else { // it has been decoded before
		record, _ := events.Parse(popped.Data)
		_ = h.decoder.Decode(record.Data, &h.notification)
		h.flow.Decode(&h.notification)
		h.flow.CPU, h.flow.Aggregate, h.flow.Primary = record.CPU, popped.Aggregate, popped.Primary
	}
	h.append(records, uid.ID(popped.ID), popped.Last, popped.Received)
}

// wants enforces the enabled events and the aggregation level on what arrives, whatever the datapath has made of them. What
// belongs to no kind always passes, and so do drops. From level low on, only what is sent is reported: not the traces at
// the points where a packet comes in.
func (h *handler) wants(n *monitor.Notification) bool {
	kind := n.Type.Kind()
	if kind == monitor.KindNone || kind == monitor.KindDrop {
		return true
	}
	if !slices.Contains(h.settings.Events, kind) {
		return false
	}
	incoming := n.Type == monitor.TypeTrace && n.SubType >= monitor.TraceFromEndpoint && n.SubType <= monitor.TraceFromNetwork ||
		n.Type == monitor.TypeTrace && n.SubType == monitor.TraceFromCrypto
	return !incoming || h.settings.Level == obsconfig.LevelNone
}
