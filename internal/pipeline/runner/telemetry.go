// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// Telemetry is the telemetry that every receiver has, as mdatagen generates it. In metadata.yaml the receiver's name is the instruments'
// prefix, so that the methods have the same names in each.
type Telemetry interface {
	RegisterEventsReceivedCallback(metric.Int64Callback) error
	RegisterEventsEmittedCallback(metric.Int64Callback) error
	RegisterEventsFilteredCallback(metric.Int64Callback) error
	RegisterEventsAggregatedCallback(metric.Int64Callback) error
	RegisterEventsUndecodableCallback(metric.Int64Callback) error
	RegisterEventsDroppedCallback(metric.Int64Callback) error
	RegisterEventsRecordedCallback(metric.Int64Callback) error
	RegisterEventsUnrecordedCallback(metric.Int64Callback) error
	RegisterEventsLostCallback(metric.Int64Callback) error
	RegisterQueueSizeCallback(metric.Int64Callback) error
	RegisterQueueCapacityCallback(metric.Int64Callback) error
	RegisterLagCallback(metric.Float64Callback) error
	RegisterReplayProgressCallback(metric.Float64Callback) error
	RegisterReplayRateCallback(metric.Float64Callback) error
	RegisterReplayTimeLeftCallback(metric.Float64Callback) error
	RegisterReplayFilesUnreadCallback(metric.Int64Callback) error
	Shutdown()
}

// TelemetryOf makes a receiver's telemetry by the constructor that mdatagen generates, and has register register what only that receiver
// has. Telemetry that is returned beside an error is to be shut down.
func TelemetryOf[T Telemetry, O any](build func(component.TelemetrySettings, ...O) (T, error), register func(T) error) func(component.TelemetrySettings) (Telemetry, error) {
	return func(set component.TelemetrySettings) (Telemetry, error) {
		t, err := build(set)
		if err != nil {
			return nil, err
		}
		return t, register(t)
	}
}

// observe registers the telemetry.
func (r *Runner) observe() error {
	t, err := r.Parts.Telemetry(r.Receiver.TelemetrySettings)
	r.telemetry = t
	if err != nil {
		return err
	}
	p := r.Pipeline
	var progress *replay.Progress // nil observes nothing
	if r.Player != nil {
		progress = r.Player.Progress
	}
	return errors.Join(
		t.RegisterEventsReceivedCallback(p.ObserveReceived),
		t.RegisterEventsEmittedCallback(p.ObserveEmitted),
		t.RegisterEventsFilteredCallback(p.ObserveFiltered),
		t.RegisterEventsAggregatedCallback(p.ObserveAggregated),
		t.RegisterEventsUndecodableCallback(p.ObserveUndecodable),
		t.RegisterEventsDroppedCallback(p.ObserveDropped),
		t.RegisterEventsRecordedCallback(p.ObserveRecorded),
		t.RegisterEventsUnrecordedCallback(p.ObserveUnrecorded),
		t.RegisterEventsLostCallback(func(_ context.Context, o metric.Int64Observer) error {
			for who, n := range r.Losses() {
				o.Observe(n, metric.WithAttributes(attribute.String("source", who)))
			}
			return nil
		}),
		t.RegisterQueueSizeCallback(p.ObserveQueueSize),
		t.RegisterQueueCapacityCallback(p.ObserveQueueCapacity),
		t.RegisterLagCallback(p.ObserveLag),
		t.RegisterReplayProgressCallback(progress.ObserveShare),
		t.RegisterReplayRateCallback(progress.ObserveRate),
		t.RegisterReplayTimeLeftCallback(progress.ObserveLeft),
		t.RegisterReplayFilesUnreadCallback(progress.ObserveUnread),
	)
}
