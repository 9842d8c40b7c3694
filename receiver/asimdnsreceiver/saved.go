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

	class aggregate.Class // of the row that leaves
}

// pending are the exchanges of a provider that are in no record yet: that of the current event, and those that are kept back in rows.
type pending struct {
	exchanges int64
	joined    int64 // events that were joined with another one of these exchanges
}

// take takes n exchanges, and returns how many joined events they have: as many for each as for the others.
func (p *pending) take(n int64) (joined int64) {
	joined = p.joined
	if n < p.exchanges {
		joined = joined * n / p.exchanges
	}
	p.exchanges, p.joined = max(0, p.exchanges-n), p.joined-joined
	return joined
}

// count counts what the last of the records saved, which stands for so many exchanges: each of them but the first, and each event that was joined
// with another one of them, would have been as large.
func (h *handler) count(p *providerPipeline, records plog.LogRecordSlice, exchanges int64) {
	joined := p.pending.take(exchanges)
	if joined == 0 && exchanges == 1 {
		return
	}
	size := int64(p.mapper.AppendedSize(records))
	h.saved.exchange.Add(joined * size)
	h.saved.add((exchanges - 1) * size)
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
	h.saved.class = row.Class
	records := row.Count
	if !packed {
		records--
	}
	h.saved.exchange.Add(p.pending.take(row.Count) * size)
	h.saved.add(records * size)
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
