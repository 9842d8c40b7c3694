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

// measureEach is the number of records of which one is measured. Measuring looks at each value of a record.
const measureEach = 8

// sizes are the records of a provider's exchanges.
type sizes struct {
	joined   int64 // events joined with others since the last record
	records  int64
	measured int64 // the size of the last record that was measured
}

// count counts what the last of the records saved: the events that were joined since the record before, and the exchanges of a row. Each event
// of the former counts as much as a recent record, each exchange of the latter as much as the record of the row.
func (h *handler) count(p *providerPipeline, records plog.LogRecordSlice) {
	s := &h.saved
	z := &p.sizes
	if z.joined == 0 && s.row == 0 {
		return
	}
	if s.row > 0 || z.records%measureEach == 0 {
		z.measured = int64(p.mapper.RecordSize(records.At(records.Len() - 1).Attributes()))
	}
	z.records++
	s.exchange.Add(z.joined * z.measured)
	s.add(s.row * z.measured)
	z.joined, s.row = 0, 0
}

// add adds bytes for rows of the class.
func (s *saved) add(bytes int64) {
	if s.class == aggregate.Noise {
		s.noise.Add(bytes)
		return
	}
	s.sum.Add(bytes)
}

// countPacked counts the bytes that a row saved. size is that of the row's record. It counts as count does, and counts the record itself if it was
// packed; emitPack subtracts the packed record.
func (h *handler) countPacked(p *providerPipeline, row *aggregate.Row, size int64, packed bool) {
	s, z := &h.saved, &p.sizes
	s.class = row.Class
	records := row.Count
	if !packed {
		records--
	}
	s.exchange.Add(z.joined * size)
	s.add(records * size)
	z.joined, z.measured = 0, size
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
