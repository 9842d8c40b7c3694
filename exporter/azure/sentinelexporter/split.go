// SPDX-License-Identifier: Apache-2.0

// Splits calls that are too large, and calls with a refused row. The service accepts or refuses each call as a whole.

package sentinelexporter

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
)

// smallBody is a size that every service accepts, in bytes. If a call of this size is refused as too large, something
// on the way refuses it.
const smallBody = 64 << 10

// halve sends a call that was too large in two parts, and limits later calls to the size of a part. A single row is
// dropped.
func (e *sentinel) halve(ctx context.Context, b *batch, r *rule, k kind, rows []int32, a delivery.Answer) error {
	size := b.body.Raw()
	if size <= smallBody {
		a.Result = delivery.Unexpected
		e.health.Fails(part(r, k), a)
		e.pause(r, k, a)
		return delivery.WaitError{Err: a, Wait: e.pauses.misfit}
	}
	if len(rows) == 1 {
		e.drop(ctx, b, r, k, rows[0], a)
		return nil
	}
	e.countSplit(ctx, k, a)
	for limit := e.rawLimit.Load(); int64(size/2) < limit; limit = e.rawLimit.Load() {
		if e.rawLimit.CompareAndSwap(limit, max(smallBody, int64(size/2))) {
			e.log.Again("too large", func(l *zap.Logger) {
				l.Warn("a call was too large for the service; later calls will be smaller", zap.Int("bytes", size), zap.Int("compressed", b.body.Compressed()),
					zap.Int("new_limit", size/2), zap.String("limits::body", e.cfg.Limits.Body), zap.Error(a))
			})
			break
		}
	}
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
	unlock, err := r.target[k].Lock(ctx, e.ending)
	if err != nil {
		return false, err
	}
	defer unlock()
	if wait, _ := r.wait(k); wait > 0 {
		return false, nil // another push has found it out
	}
	e.countSplit(ctx, k, a)
	b.encode(k, rows[0])
	s := &delivery.Search{
		Target: r.target[k],
		Send: func(ctx context.Context, rows []int32) (delivery.Answer, error) {
			return e.try(ctx, b, r, k, rows)
		},
		Done: func(i int32) bool { return b.done[i] },
	}
	if err = s.Run(ctx, rows, slices.Clone(b.encoders[k].Identity(b.buf)), a); s.Fits {
		for _, x := range s.Refused {
			e.drop(ctx, b, r, k, x.Row, x.Answer)
		}
	} else if err == nil {
		e.misfit(r, k, a, len(rows))
	}
	return s.Fits, err
}

// misfit holds back a stream because its rule accepted none of the rows of a call.
func (e *sentinel) misfit(r *rule, k kind, a delivery.Answer, rows int) {
	r.target[k].Gate.Close(e.pauses.misfit, a)
	e.health.Fails(part(r, k), a)
	e.log.Again(r.id+kindNames[k]+"misfit", func(l *zap.Logger) {
		l.Error("the data collection rule accepted no row of a call: its columns for the stream, its transformation or its table do not fit; "+
			"the queue waits and is tried again at long intervals",
			zap.String("rule_id", r.id), zap.String("stream", e.router.streams[k]), zap.Int("rows", rows), zap.Error(a))
	})
}

// try sends a part of a call to the rule that refused it.
func (e *sentinel) try(ctx context.Context, b *batch, r *rule, k kind, rows []int32) (delivery.Answer, error) {
	if err := e.ending.Err(ctx); err != nil {
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
	e.log.Again("dropped"+kindNames[k], func(l *zap.Logger) {
		l.Error("the service refused a row permanently, so it was dropped; further ones are counted in otelcol_exporter_sentinel_rows_dropped",
			zap.String("stream", stream), zap.String("rule_id", r.id), zap.Error(a))
	})
	if e.letters == nil {
		return
	}
	b.encode(k, i)
	outcome := e.letters.Keep(delivery.Letter{
		Time: time.Now().UTC().Format(time.RFC3339Nano), Stream: stream, Rule: r.id, Status: a.Status, Code: a.Code, Message: a.Message,
		RequestID: a.RequestID, Row: b.buf,
	}, e.log)
	e.telemetry.ExporterSentinelDeadLetters.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}
