// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// observe registers the telemetry that only this receiver has; metadata.yaml says what each instrument means.
func (r *dnsReceiver) observe(builder *metadata.TelemetryBuilder) error {
	var live error
	if r.live != nil {
		live = r.live.observe(builder)
	}
	return errors.Join(
		live,
		builder.RegisterEventsLayoutUnknownCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(r.handler.unknown.Load())
			return nil
		}),
		builder.RegisterPacketsUnparsableCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(r.handler.unparsable())
			return nil
		}),
	)
}
