// SPDX-License-Identifier: Apache-2.0

// Records of connections, and what they save.

package ciliumwindowsreceiver

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// join adds the flow being handled to its connection. A flow that belongs to none becomes a record.
func (h *handler) join(ev pipeline.Event, at int64, records plog.LogRecordSlice) pipeline.Outcome {
	verdict, before := h.connections.Add(h.flow, ev.Data, at, ev.Received)
	switch verdict {
	case aggregate.Report:
		h.append(records, h.id(ev.Data), at, ev.Received)
	case aggregate.Next:
		h.appendConnection(records, before)
	}
	return h.outcome(aggregate.Decision{Verdict: verdict})
}

// releasesConnection reports whether what Release must write is a connection; otherwise it is losses.
func (h *handler) releasesConnection(due bool) bool {
	switch {
	case h.connections == nil || h.connections.Held() == 0:
		return false
	case due:
		return !h.aggregator.Due()
	}
	return h.aggregator.Held() == 0
}

// appendConnection appends the record of a connection.
func (h *handler) appendConnection(records plog.LogRecordSlice, c *flow.Connection) {
	record := records.AppendEmpty()
	h.mapper.AppendConnection(record, c)
	if c.Events > 1 {
		h.saved.connection.Add((c.Events - 1) * int64(h.mapper.AppendedSize()))
	}
	h.countEarly()
}

// countEarly updates the metric of the records that were written early.
func (h *handler) countEarly() {
	early := h.aggregator.Early()
	if h.connections != nil {
		early += h.connections.Early()
	}
	h.saved.early.Store(early)
}

// saved counts the bytes that were not written because one record stands for several events: each event but the first counts as much as the
// record. early is the number of records of connections that were written early.
type saved struct {
	interval, connection, early atomic.Int64
}

// observeSaved observes the bytes saved, by what saved them.
func (r *ciliumReceiver) observeSaved(_ context.Context, o metric.Int64Observer) error {
	mode := attribute.String("mode", string(r.cfg.Volume))
	for reason, of := range map[string]func(*handler) int64{
		"attributes": func(h *handler) int64 { return h.mapper.Saved() },
		"interval":   func(h *handler) int64 { return h.saved.interval.Load() },
		"connection": func(h *handler) int64 { return h.saved.connection.Load() },
	} {
		o.Observe(r.sum(of), metric.WithAttributes(mode, attribute.String("reason", reason)))
	}
	return nil
}
