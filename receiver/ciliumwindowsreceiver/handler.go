// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"errors"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// handler makes records of raw events of the map. It runs on the pipeline's worker.
type handler struct {
	settings settings
	decoder  monitor.Decoder
	mapper   *asim.NetworkMapper

	notification monitor.Notification
	flow         flow.Flow
}

var _ pipeline.Handler = (*handler)(nil)

func newHandler(s settings, device asim.NetworkDevice, version string) *handler {
	return &handler{
		settings: s,
		decoder:  monitor.Decoder{WireFormat: s.format},
		mapper:   asim.NewNetworkMapper(asim.NetworkOptions{Device: device, Body: s.body, Version: version}),
	}
}

func (h *handler) Begin(logs plog.Logs) plog.LogRecordSlice { return h.mapper.Begin(logs) }

func (h *handler) Handle(ev pipeline.Event, records plog.LogRecordSlice) pipeline.Outcome {
	record, err := events.Parse(ev.Data)
	if err != nil {
		var wire *events.WireError
		errors.As(err, &wire) // Parse gives no other error
		return pipeline.Outcome{Kind: pipeline.Undecodable, Reason: string(wire.Reason)}
	}
	received := time.Unix(0, ev.Received)
	at := received
	if record.Time != 0 {
		at = time.Unix(0, record.Time)
	}
	if record.Lost > 0 {
		h.flow.SetLost(flow.LostPerfEventRingBuffer, record.Lost, record.CPU, at, at)
	} else {
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
	}
	h.mapper.Append(records.AppendEmpty(), &h.flow, at, received)
	return pipeline.Outcome{Kind: pipeline.Emitted}
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
