// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// newTelemetry makes the receiver's own telemetry; metadata.yaml says what each instrument means.
func (r *dnsReceiver) newTelemetry() (runner.Telemetry, error) {
	builder, err := metadata.NewTelemetryBuilder(r.set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	var live error
	if r.live != nil {
		live = r.live.observe(builder)
	}
	return builder, errors.Join(
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
