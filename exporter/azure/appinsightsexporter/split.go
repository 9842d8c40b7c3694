// SPDX-License-Identifier: Apache-2.0

// Splits calls that are too large, and calls whose refusal names no items.

package appinsightsexporter

import (
	"context"
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/envelope"
)

// smallBody is a size that the service always accepts, in bytes. If a call of this size is refused as too large,
// something on the way refuses it.
const smallBody = 64 << 10

// halve sends a call that was too large in two parts, and limits later calls to the size of a part. A call of at most
// smallBody is kept.
func (e *insights) halve(ctx context.Context, b *batch, rows []int32, a delivery.Answer) error {
	size := b.body.Raw()
	if size <= smallBody {
		a.Result = delivery.Unexpected
		return e.failed(a)
	}
	e.countSplit(ctx, a)
	for limit := e.limit.Load(); int64(size/2) < limit; limit = e.limit.Load() {
		if e.limit.CompareAndSwap(limit, max(smallBody, int64(size/2))) {
			e.log.Again("too large", func(l *zap.Logger) {
				l.Warn("a call was too large for the service; later calls will be smaller", zap.Int("bytes", size),
					zap.Int("compressed", b.body.Compressed()), zap.Int("new_limit", size/2), zap.Error(a))
			})
			break
		}
	}
	var came error
	for _, part := range [][]int32{rows[:len(rows)/2], rows[len(rows)/2:]} {
		if err := e.send(ctx, b, part, func() int { return maxCall }); err != nil {
			if !isReturned(err) {
				return err
			}
			came = err
		}
	}
	return came
}

func (e *insights) countSplit(ctx context.Context, a delivery.Answer) {
	e.telemetry.ExporterAppInsightsCallsSplit.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", a.Result.String())))
}

// search looks for the items for which the service refused a call without naming them. It drops these items one by one;
// the others are accepted. If the service accepts none of them, all are kept and all calls wait.
func (e *insights) search(ctx context.Context, b *batch, rows []int32, a delivery.Answer) error {
	unlock, err := e.target.Lock(ctx, e.ending)
	if err != nil {
		return err
	}
	defer unlock()
	if wait, why := e.target.Gate.Wait(); wait > 0 { // another push has found it out
		return delivery.WaitError{Err: why, Wait: wait}
	}
	e.countSplit(ctx, a)
	b.encode(rows[0])
	s := &delivery.Search{
		Target: e.target,
		Send: func(ctx context.Context, rows []int32) (delivery.Answer, error) {
			return e.try(ctx, b, rows)
		},
		Done: func(i int32) bool { return b.done[i] },
	}
	err = s.Run(ctx, rows, slices.Clone(envelope.Identity(b.buf)), a)
	if !s.Fits {
		if err != nil {
			return err
		}
		return e.misfit(a, len(rows))
	}
	for _, x := range s.Refused {
		e.drop(ctx, b, x.Row, x.Answer, "refused")
	}
	return err
}

// try sends a part of a call that was refused.
func (e *insights) try(ctx context.Context, b *batch, rows []int32) (delivery.Answer, error) {
	n, oldest := b.fill(rows, maxCall)
	if n < len(rows) {
		return delivery.Answer{}, fmt.Errorf("a part of a call does not fit into a call: %d of %d items", n, len(rows))
	}
	a, v, err := e.call(ctx, b, rows, oldest)
	switch {
	case err != nil:
		return a, err
	case v != nil && v.none():
		a.Result, a.Status, a.Message = delivery.Refused, v.refused[0].Status, v.refused[0].Message
		return a, nil
	case v != nil:
		err := e.settle(ctx, b, rows, a, v)
		a.Result = delivery.Accepted
		return a, err
	case a.Result == delivery.Refused || a.Result == delivery.TooLarge && len(rows) > 1:
		return a, nil
	}
	return a, e.failed(a)
}
