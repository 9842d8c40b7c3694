// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// observe registers the telemetry that only this receiver has; metadata.yaml says what each instrument means.
func (r *ciliumReceiver) observe(builder *metadata.TelemetryBuilder) error {
	return errors.Join(
		builder.RegisterPacketsUnmarkedCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(r.handler.unmarked.Load())
			return nil
		}),
		builder.RegisterMapAttachedCallback(func(_ context.Context, o metric.Int64Observer) error {
			if live := r.live; live != nil {
				o.Observe(live.attached())
			}
			return nil
		}),
		builder.RegisterMapAbandonedCallback(func(_ context.Context, o metric.Int64Observer) error {
			if live := r.live; live != nil {
				o.Observe(live.abandoned())
			}
			return nil
		}),
		builder.RegisterMapUnidentifiedCallback(func(_ context.Context, o metric.Int64Observer) error {
			if live := r.live; live != nil {
				o.Observe(live.unidentified())
			}
			return nil
		}),
		builder.RegisterMapUtilizationCallback(func(_ context.Context, o metric.Float64Observer) error {
			if live := r.live; live != nil {
				if share, ok := live.utilization(); ok {
					o.Observe(share)
				}
			}
			return nil
		}),
		builder.RegisterMapWaitingCallback(func(_ context.Context, o metric.Int64Observer) error {
			if live := r.live; live != nil {
				if waiting, _, ok := live.fill(); ok && waiting >= 0 {
					o.Observe(waiting)
				}
			}
			return nil
		}),
		builder.RegisterMapSizeCallback(func(_ context.Context, o metric.Int64Observer) error {
			if live := r.live; live != nil {
				if _, size, ok := live.fill(); ok {
					o.Observe(size)
				}
			}
			return nil
		}),
	)
}
