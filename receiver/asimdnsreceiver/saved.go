// SPDX-License-Identifier: Apache-2.0

// What the settings save, in bytes as Sentinel bills them. README.md defines each reason.

package asimdnsreceiver

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/aggregate"
)

// saved counts bytes of records that were never built.
type saved struct {
	exchange, sum, noise atomic.Int64

	row   int64           // the exchanges in the row that leaves, without the first
	class aggregate.Class // its class
}

// count counts what the last of the records saved: the events that were joined since the record before, and the exchanges of a row. Each counts
// as much as the record.
func (h *handler) count(p *providerPipeline, records plog.LogRecordSlice) {
	s := &h.saved
	if p.joined == 0 && s.row == 0 {
		return
	}
	size := int64(p.mapper.RecordSize(records.At(records.Len() - 1).Attributes()))
	if p.joined > 0 {
		s.exchange.Add(p.joined * size)
	}
	switch {
	case s.row == 0:
	case s.class == aggregate.Noise:
		s.noise.Add(s.row * size)
	default:
		s.sum.Add(s.row * size)
	}
	p.joined, s.row = 0, 0
}

// savedBytes returns the bytes that were saved so far, by reason.
func (h *handler) savedBytes() map[string]int64 {
	by := map[string]int64{"exchange": h.saved.exchange.Load(), "sum": h.saved.sum.Load(), "noise": h.saved.noise.Load()}
	for _, p := range h.pipelines {
		by["packet"] += p.mapper.Saved().Packet()
		by["attributes"] += p.mapper.Saved().Attributes()
	}
	return by
}

// bytesSaved returns the sum of savedBytes.
func (h *handler) bytesSaved() (n int64) {
	for _, bytes := range h.savedBytes() {
		n += bytes
	}
	return n
}

// observeSaved observes what was saved.
func (r *dnsReceiver) observeSaved(_ context.Context, o metric.Int64Observer) error {
	for reason, n := range r.handler.savedBytes() {
		o.Observe(n, metric.WithAttributes(attribute.String("mode", string(r.cfg.Volume)), attribute.String("reason", reason)))
	}
	return nil
}
