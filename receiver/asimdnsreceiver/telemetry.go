// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"errors"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// observe registers the telemetry that only this receiver has. metadata.yaml describes each instrument.
func (r *dnsReceiver) observe(builder *metadata.TelemetryBuilder) error {
	return errors.Join(
		r.observeLive(builder),
		builder.RegisterEventsLayoutUnknownCallback(runner.Observe(r.handler.unknown.Load)),
		builder.RegisterPacketsUnparsableCallback(runner.Observe(r.handler.unparsable)),
		r.observeSums(builder),
		r.observeCanaries(builder),
		r.observeExchanges(builder),
		builder.RegisterBytesSavedCallback(r.observeSaved),
	)
}

// observeSums registers the telemetry that only aggregation has.
func (r *dnsReceiver) observeSums(builder *metadata.TelemetryBuilder) error {
	if r.handler.aggregator == nil {
		return nil
	}
	return builder.RegisterSumsClosedEarlyCallback(runner.Observe(r.handler.aggregator.Early))
}

// observeExchanges registers the telemetry that only correlation has.
func (r *dnsReceiver) observeExchanges(builder *metadata.TelemetryBuilder) error {
	if r.handler.correlator == nil {
		return nil
	}
	return builder.RegisterExchangesClosedEarlyCallback(runner.Observe(r.handler.correlator.Early))
}
