// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// observe registers the telemetry that only this receiver has. metadata.yaml describes each instrument.
func (r *ciliumReceiver) observe(builder *metadata.TelemetryBuilder) error {
	return errors.Join(
		r.live.observe(builder),
		builder.RegisterBytesSavedCallback(r.observeSaved),
		builder.RegisterConnectionsClosedEarlyCallback(runner.Observe(func() int64 { return r.sum(func(h *handler) int64 { return h.saved.early.Load() }) })),
		builder.RegisterEventsVersionUnknownCallback(runner.Observe(r.handler.later.count.Load)),
		builder.RegisterMetricsOthersCallback(runner.Observe(r.handler.totals.Others)),
		builder.RegisterPacketsUnmarkedCallback(runner.Observe(r.handler.marker.unmarked.Load)),
	)
}

// observe registers the telemetry that only a live source has. A nil source has none.
func (l *liveSource) observe(builder *metadata.TelemetryBuilder) error {
	if l == nil {
		return nil
	}
	return errors.Join(
		builder.RegisterMapAttachedCallback(runner.Observe(l.attached)),
		builder.RegisterMapAbandonedCallback(runner.Observe(l.abandoned)),
		builder.RegisterMapUnidentifiedCallback(runner.Observe(l.unidentified)),
		builder.RegisterMapUtilizationCallback(func(_ context.Context, o metric.Float64Observer) error {
			if share, ok := l.utilization(); ok {
				o.Observe(share)
			}
			return nil
		}),
		builder.RegisterMapWaitingCallback(func(_ context.Context, o metric.Int64Observer) error {
			if stats := l.follower.Stats(); stats.Size > 0 && stats.Waiting >= 0 {
				o.Observe(int64(stats.Waiting))
			}
			return nil
		}),
		builder.RegisterMapSizeCallback(func(_ context.Context, o metric.Int64Observer) error {
			if size := l.follower.Stats().Size; size > 0 {
				o.Observe(int64(size))
			}
			return nil
		}),
	)
}
