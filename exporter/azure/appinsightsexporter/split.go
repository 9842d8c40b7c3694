// SPDX-License-Identifier: Apache-2.0

// Splits calls that are too large, and calls whose refusal names no items.

package appinsightsexporter

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/envelope"
)

// halve sends a call that was too large in two parts, and limits later calls to the size of a part. A call of at most
// delivery.SmallBody is kept.
func (e *insights) halve(ctx context.Context, b *batch, rows []int32, a delivery.Answer) error {
	if b.body.Raw() <= delivery.SmallBody {
		a.Result = delivery.Unexpected
		return e.failed(a)
	}
	e.countSplit(ctx, a)
	e.Halve(b.body, a)
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
	s := &delivery.Search{
		Target: e.target,
		Wait:   e.target.Gate.Wait,
		Begin: func() []byte {
			e.countSplit(ctx, a)
			b.encode(rows[0])
			return envelope.Identity(b.buf)
		},
		Send: func(ctx context.Context, rows []int32) (delivery.Answer, error) { return e.try(ctx, b, rows) },
		Done: func(i int32) bool { return b.done[i] },
		Drop: func(x delivery.Refusal) { e.drop(ctx, b, x.Row, x.Answer, "refused") },
	}
	err := s.Start(ctx, e.Ending, rows, a)
	if err == nil && !s.Fits {
		return e.misfit(a, len(rows))
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
