// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flowmetrics"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/opener"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// handler turns raw events of the map into records. It runs on the pipeline's worker.
type handler struct {
	settings    settings
	decoder     monitor.Decoder
	mapper      *networklog.Mapper
	aggregator  *aggregate.ConnectionAggregator
	connections *aggregate.Connections // nil if events are not summed by connection
	openers     *opener.Memory         // nil if no trace can come from before connection tracking
	names       flow.Names             // nil if the ends of flows have no names
	marker      *marker                // nil where another handler has it
	splitter    *splitter              // nil with one worker; otherwise the events' notes say what it has found out
	later       *laterVersions
	moved       atomic.Pointer[networklog.Device] // this host's new name and address, for the next batch
	ids         *uid.Maker
	untimed     uint64 // the records of this file without a time so far
	position    uint64 // the number of the record being handled among those; 0 if it has a time
	raw         []byte // the record being handled
	own         uid.ID // its identifier, once it was asked for
	archive     *archiver

	totals      *flowmetrics.Totals // nil without a metrics pipeline
	metricsOnly bool                // there is no logs pipeline

	saved saved

	ahead        ahead
	notification *monitor.Notification // of the record being handled, or of one that was kept back
	flow         *flow.Flow
}

var (
	_ pipeline.StagedHandler    = (*handler)(nil)
	_ pipeline.PreparingHandler = (*handler)(nil)
)

func newHandler(s settings, device networklog.Device, version string) *handler {
	h := &handler{
		settings: s,
		decoder:  monitor.Decoder{WireFormat: s.format},
		mapper: networklog.NewMapper(networklog.Options{
			Device: device, Body: s.body, Mask: s.mask, Version: version, Slim: s.slim, Minimal: s.minimal, DeviceInResource: s.inResource,
			Pseudonyms: s.pseudonyms,
		}),
		aggregator: aggregate.New(s.aggregation),
		marker:     newMarker(),
		later:      &laterVersions{log: zap.NewNop()},
		ids:        uid.NewMaker("cilium"),
	}
	h.use(&h.ahead.single)
	h.ids.SetHost(h.mapper.DeviceName())
	h.aggregator.Identify = func(raw []byte) hold.ID { return hold.ID(h.id(raw)) }
	if s.connections != nil {
		h.connections = aggregate.NewConnections(*s.connections, &h.aggregator.Clock)
		h.connections.Identify = h.aggregator.Identify
	}
	if s.Level == obsconfig.LevelNone {
		h.openers = opener.New()
	}
	return h
}

// beginFile announces that the next events come from another file, recorded on device d. It runs on the worker, while
// no events are kept back.
func (h *handler) beginFile(d networklog.Device) {
	h.mapper.SetDevice(d)
	h.ids.SetHost(h.mapper.DeviceName())
	h.ids.Forget()
	h.untimed = 0
	h.aggregator.Forget()
	if h.connections != nil {
		h.connections.Forget()
	}
	h.marker.forget()
	h.archive.setDevice(d)
	h.archive.forget()
	if h.openers != nil {
		h.openers.Forget()
	}
}

// end announces that no more events come, so nothing more becomes known of packets that have come in. It is called
// after the worker has ended.
func (h *handler) end() { h.marker.forget() }

func (h *handler) Begin(logs plog.Logs) plog.LogRecordSlice {
	if moved := h.moved.Swap(nil); moved != nil {
		h.mapper.SetDevice(*moved)
		h.archive.setDevice(*moved)
		h.ids.SetHost(h.mapper.DeviceName())
	}
	records := h.mapper.Begin(logs)
	h.archive.begin(logs)
	return records
}

func (h *handler) Handle(ev pipeline.Event, records plog.LogRecordSlice) pipeline.Outcome {
	record, err := events.Parse(ev.Data)
	if err != nil {
		h.ahead.take(ev.Data)
		var wire *events.WireError
		errors.As(err, &wire) // Parse returns no other error
		return pipeline.Outcome{Kind: pipeline.Undecodable, Reason: string(wire.Reason)}
	}
	at := timeOf(record, ev)
	h.position, h.raw, h.own = 0, ev.Data, uid.ID{}
	if record.Time == 0 {
		h.untimed++
		h.position = h.untimed
	}
	h.aggregator.Clock.Event(at)
	x := h.ahead.take(ev.Data)
	if x == nil {
		x = &h.ahead.single
		x.begin(ev.Data)
	}
	h.use(x)
	if h.passesOver(ev.Note) {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	if record.Lost > 0 {
		h.totals.AddLost(flow.LostPerfEventRingBuffer, record.Lost)
		if h.metricsOnly {
			return pipeline.Outcome{Kind: pipeline.Aggregated}
		}
		if h.archive != nil {
			h.archive.addLoss(flow.LostPerfEventRingBuffer, record.Lost, record.CPU, h.id(ev.Data), at, ev.Received)
		}
		d := h.aggregator.AddLoss(ev.Data, record.Lost, record.CPU, at, ev.Received)
		if d.Verdict == aggregate.Report {
			lost := time.Unix(0, at)
			h.flow.SetLost(flow.LostPerfEventRingBuffer, record.Lost, record.CPU, lost, lost)
			h.append(records, h.id(ev.Data), at, ev.Received)
		}
		return h.outcome(d)
	}
	if err := h.decode(x, record.Data); err != nil {
		var refused *monitor.Error
		errors.As(err, &refused) // Decode returns no other error
		return pipeline.Outcome{Kind: pipeline.Undecodable, Reason: string(refused.Reason)}
	}
	if h.notification.VersionUnknown {
		h.later.add(h.notification)
	}
	if h.settings.unwanted(h.notification, h.archive != nil) {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	h.decodeFlow(x, record.CPU, at)
	if h.openers != nil {
		h.openers.Direct(h.flow, at)
	}
	if !h.wants(ev.Note) {
		return pipeline.Outcome{Kind: pipeline.Filtered}
	}
	if h.archive != nil {
		h.archive.add(h.flow, h.notification.Packet, h.id(ev.Data), at, ev.Received)
		if h.settings.leftOut(h.notification) {
			return pipeline.Outcome{Kind: pipeline.Filtered, Archived: true}
		}
	}
	h.totals.Add(h.flow)
	if h.metricsOnly {
		return pipeline.Outcome{Kind: pipeline.Aggregated}
	}
	h.mark(x, ev.Note, at)
	if h.connections != nil {
		return h.join(ev, at, records)
	}
	var d aggregate.Decision
	if h.settings.Level >= obsconfig.LevelMedium {
		d = h.aggregator.Add(h.flow, ev.Data, at, ev.Received)
	}
	switch d.Verdict {
	case aggregate.Report:
		h.flow.Aggregate = d.Aggregate
		id := uid.ID(d.ID)
		if id.IsZero() {
			id = h.id(ev.Data)
		}
		h.append(records, id, at, ev.Received)
	case aggregate.Next:
		h.report(records, *d.Before)
	}
	return h.outcome(d)
}

// id returns the identifier of the record being handled, derived from its wire form, which is not empty. It makes it once: the second time, the
// record would be another, equal one.
func (h *handler) id(raw []byte) uid.ID {
	own := &raw[0] == &h.raw[0]
	if own && !h.own.IsZero() {
		return h.own
	}
	var id uid.ID
	if h.position > 0 {
		id = h.ids.At(raw, h.position)
	} else {
		id = h.ids.Of(raw)
	}
	if own {
		h.own = id
	}
	return id
}

// passesOver reports whether an event with a note needs no decoding, because it is excluded and nothing is learnt from it.
func (h *handler) passesOver(note uint8) bool {
	return note&(noteUnwanted|noteLater) == noteUnwanted && h.openers == nil
}

// wants reports whether the filters want the flow being handled, whose event has a note.
func (h *handler) wants(note uint8) bool {
	if h.splitter != nil {
		return note&noteUnwanted == 0
	}
	return h.settings.filter.Wants(h.flow)
}

// mark sets in the flow of a record with a note whether it counts the packet's bytes, and whether it counts the packet's denial.
func (h *handler) mark(x *prepared, note uint8, at int64) {
	switch {
	case h.splitter != nil:
	case x.reported:
		note = h.marker.markReport(&x.report, at)
	default:
		note = h.marker.mark(h.flow, h.notification.Packet, at)
	}
	h.flow.Primary, h.flow.PrimaryDrop = note&notePrimary != 0, note&notePrimaryDrop != 0
	h.ahead.primary[h.flow.SubType%points] = h.flow.Primary
}

// outcome converts a decision to the outcome that the pipeline counts.
func (h *handler) outcome(d aggregate.Decision) pipeline.Outcome {
	outcome := pipeline.Outcome{Kind: pipeline.Emitted, Joined: d.Joined, Archived: h.archive != nil}
	switch d.Verdict {
	case aggregate.Held:
		outcome.Kind, outcome.Joined = pipeline.Held, 0
	case aggregate.Counted:
		outcome.Kind, outcome.Joined = pipeline.Aggregated, 0
	}
	return outcome
}

// append appends the record of the flow, with the identifier of its first event.
func (h *handler) append(records plog.LogRecordSlice, id uid.ID, at, received int64) {
	record := records.AppendEmpty()
	h.mapper.Append(record, h.flow, id, time.Unix(0, at), time.Unix(0, received))
	if n := h.flow.Aggregate.Count; n > 1 {
		h.saved.interval.Add((n - 1) * int64(h.mapper.AppendedSize()))
	}
}

// Due reports whether an event that is kept back is due.
func (h *handler) Due() bool {
	return h.aggregator.Due() || h.connections != nil && h.connections.Due()
}

// Silence advances the aggregator's clock by d, a time without events.
func (h *handler) Silence(d time.Duration) {
	h.aggregator.Clock.Silence(d)
	h.marker.silence(d)
	h.archive.silence(d)
}

// Held returns the number of events kept back.
func (h *handler) Held() int {
	held := h.aggregator.Held()
	if h.connections != nil {
		held += h.connections.Held()
	}
	return held
}

// Stages are the aggregator, and the connections if events are summed by connection.
func (h *handler) Stages() []hold.Stage {
	stages := []hold.Stage{h.aggregator}
	if h.connections != nil {
		stages = append(stages, h.connections)
	}
	return stages
}

// Release writes one event that is kept back.
func (h *handler) Release(records plog.LogRecordSlice, due bool) pipeline.Outcome {
	if h.releasesConnection(due) {
		h.appendConnection(records, h.connections.Pop(due))
		return pipeline.Outcome{Kind: pipeline.Emitted}
	}
	popped := h.aggregator.PopOldest()
	defer h.aggregator.Release(popped)
	h.countEarly()
	h.report(records, popped)
	return pipeline.Outcome{Kind: pipeline.Emitted}
}

// report appends the record of events that were kept back.
func (h *handler) report(records plog.LogRecordSlice, popped aggregate.Popped) {
	h.use(&h.ahead.single)
	if popped.Data == nil {
		h.flow.SetLost(popped.Lost.Source, popped.Lost.Count, popped.CPU, popped.Lost.First, popped.Lost.Last)
	} else { // it was decoded before
		record, _ := events.Parse(popped.Data)
		_ = h.decoder.Decode(record.Data, h.notification)
		h.flow.Decode(h.notification)
		if h.names != nil {
			h.flow.Resolve(h.names, popped.Last)
		}
		h.flow.CPU, h.flow.Aggregate, h.flow.Primary = record.CPU, popped.Aggregate, popped.Primary
	}
	h.append(records, uid.ID(popped.ID), popped.Last, popped.Received)
}

// enabled reports whether the kind of an event is enabled, whatever the datapath emits. Drops, and events that belong to no kind,
// always are.
func (s *settings) enabled(n *monitor.Notification) bool {
	kind := n.Type.Kind()
	return kind == monitor.KindNone || kind == monitor.KindDrop || slices.Contains(s.Events, kind)
}

// unwanted reports whether no record is made of a message, whatever its packet is. An archive has what the level leaves out.
func (s *settings) unwanted(n *monitor.Notification, archived bool) bool {
	return !s.enabled(n) || !archived && s.leftOut(n)
}

// leftOut reports whether the aggregation level leaves an event out, whatever the datapath emits. From level low on, traces at the points
// where a packet comes in are left out, and only sent packets are reported.
func (s *settings) leftOut(n *monitor.Notification) bool {
	incoming := n.Type == monitor.TypeTrace && n.SubType >= monitor.TraceFromEndpoint && n.SubType <= monitor.TraceFromNetwork ||
		n.Type == monitor.TypeTrace && n.SubType == monitor.TraceFromCrypto
	return incoming && s.Level != obsconfig.LevelNone
}
