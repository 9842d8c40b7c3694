// SPDX-License-Identifier: Apache-2.0

// Splits calls that are too large, and calls with a refused row. The service accepts or refuses each call as a whole.

package sentinelexporter

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
)

// halve sends a call that was too large in two parts, and limits later calls to the size of a part. A single row is
// dropped.
func (e *sentinel) halve(ctx context.Context, b *batch, r *rule, k kind, rows []int32, a delivery.Answer) error {
	if b.body.Raw() <= delivery.SmallBody {
		a.Result = delivery.Unexpected
		e.Health.Fails(part(r, k), a)
		e.pause(r, k, a)
		return delivery.WaitError{Err: a, Wait: e.Pauses.Misfit}
	}
	if len(rows) == 1 {
		e.drop(ctx, b, r, k, rows[0], a)
		return nil
	}
	e.countSplit(ctx, k, a)
	e.Halve(b.body, a, zap.String("limits::body", e.cfg.Limits.Body))
	for _, part := range [][]int32{rows[:len(rows)/2], rows[len(rows)/2:]} {
		for len(part) > 0 {
			n, err := e.deliver(ctx, b, k, part, maxCallRaw)
			if err != nil {
				return err
			}
			part = part[n:]
		}
	}
	return nil
}

func (e *sentinel) countSplit(ctx context.Context, k kind, a delivery.Answer) {
	e.telemetry.ExporterSentinelCallsSplit.Add(ctx, 1, metric.WithAttributes(
		attribute.String("stream", e.router.streams[k]), attribute.String("reason", a.Result.String())))
}

// search looks for the rows for which the rule refused a call. It drops these rows one by one; the others are accepted.
// If the rule accepts no row of the call, the rule is at fault: fits is false, all rows are kept, and the stream waits.
// But if the rule has accepted other calls since it first refused this one whole, the rows are at fault.
func (e *sentinel) search(ctx context.Context, b *batch, r *rule, k kind, rows []int32, a delivery.Answer) (fits bool, err error) {
	s := &delivery.Search{
		Target: r.target[k],
		Wait:   func() (time.Duration, error) { return r.wait(k) },
		Begin: func() []byte {
			e.countSplit(ctx, k, a)
			b.encode(k, rows[0])
			return b.encoders[k].Identity(b.buf)
		},
		Send: func(ctx context.Context, rows []int32) (delivery.Answer, error) { return e.try(ctx, b, r, k, rows) },
		Done: func(i int32) bool { return b.done[i] },
		Drop: func(x delivery.Refusal) { e.drop(ctx, b, r, k, x.Row, x.Answer) },
	}
	switch err = s.Start(ctx, e.Ending, rows, a); {
	case s.Waits:
		return false, nil // another rule may accept them
	case err == nil && !s.Fits:
		e.misfit(r, k, a, len(rows))
	}
	return s.Fits, err
}

// misfit holds back a stream because its rule accepted none of the rows of a call.
func (e *sentinel) misfit(r *rule, k kind, a delivery.Answer, rows int) {
	r.target[k].Gate.Close(e.Pauses.Misfit, a)
	e.Health.Fails(part(r, k), a)
	e.Log.Again(r.id+kindNames[k]+"misfit", func(l *zap.Logger) {
		l.Error("the data collection rule accepted no row of a call: its columns for the stream, its transformation or its table do not fit; "+
			"the queue waits and is tried again at long intervals",
			zap.String("rule_id", r.id), zap.String("stream", e.router.streams[k]), zap.Int("rows", rows), zap.Error(a))
	})
}

// try sends a part of a call to the rule that refused it.
func (e *sentinel) try(ctx context.Context, b *batch, r *rule, k kind, rows []int32) (delivery.Answer, error) {
	if err := e.Ending.Err(ctx); err != nil {
		return delivery.Answer{}, err
	}
	if wait, why := r.wait(k); wait > 0 {
		return delivery.Answer{}, delivery.WaitError{Err: why, Wait: wait}
	}
	n, oldest := b.fill(k, rows, maxCallRaw)
	if n < len(rows) {
		return delivery.Answer{}, fmt.Errorf("a part of a call does not fit into a call: %d of %d rows", n, len(rows))
	}
	a := e.call(ctx, b, r, k, b.body.Close(), rows, oldest)
	switch a.Result {
	case delivery.Accepted, delivery.Refused, delivery.TooLarge:
		return a, nil
	case delivery.Failed:
		return a, a
	}
	e.pause(r, k, a)
	wait, _ := r.wait(k)
	return a, delivery.WaitError{Err: a, Wait: wait}
}

// drop drops one row and logs the service's message.
func (e *sentinel) drop(ctx context.Context, b *batch, r *rule, k kind, i int32, a delivery.Answer) {
	b.done[i] = true
	stream := e.router.streams[k]
	e.telemetry.ExporterSentinelRowsDropped.Add(ctx, 1, metric.WithAttributes(
		attribute.String("stream", stream), attribute.String("reason", a.Result.String())))
	e.Log.Again("dropped"+kindNames[k], func(l *zap.Logger) {
		l.Error("the service refused a row permanently, so it was dropped; further ones are counted in otelcol_exporter_sentinel_rows_dropped",
			zap.String("stream", stream), zap.String("rule_id", r.id), zap.Error(a))
		l.Error("records are dropped: the service refuses them permanently; the collector's log has its answer", zap.String("stream", stream), delivery.LostField())
	})
	outcome := e.KeepLetter(stream, r.id, a, func() []byte {
		b.encode(k, i)
		return b.buf
	})
	if outcome == "" {
		return
	}
	e.telemetry.ExporterSentinelDeadLetters.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}
