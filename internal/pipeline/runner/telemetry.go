// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/series"
)

// Telemetry is the telemetry that every receiver has, as mdatagen generates it. The receiver's name is not part of the methods' names:
// metadata.yaml has it as the prefix of the instruments.
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
	RegisterArchiveReceivedCallback(metric.Int64Callback) error
	RegisterArchiveEmittedCallback(metric.Int64Callback) error
	RegisterArchiveDroppedCallback(metric.Int64Callback) error
	RegisterStatusReceivedCallback(metric.Int64Callback) error
	RegisterStatusEmittedCallback(metric.Int64Callback) error
	RegisterStatusDroppedCallback(metric.Int64Callback) error
	RegisterSourceOpenCallback(metric.Int64Callback) error
	RegisterQueueSizeCallback(metric.Int64Callback) error
	RegisterQueueCapacityCallback(metric.Int64Callback) error
	RegisterLagCallback(metric.Float64Callback) error
	RegisterReplayProgressCallback(metric.Float64Callback) error
	RegisterReplayRateCallback(metric.Float64Callback) error
	RegisterReplayTimeLeftCallback(metric.Float64Callback) error
	RegisterReplayFilesUnreadCallback(metric.Int64Callback) error
	RegisterReplayCheckpointProblemsCallback(metric.Int64Callback) error
	Shutdown()
}

// TelemetryOf makes a receiver's telemetry with the constructor that mdatagen generates, and calls register for the instruments that only
// that receiver has. If telemetry is returned together with an error, the caller must shut it down.
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
	t, err := r.Parts.Telemetry(series.Of(r.Receiver.TelemetrySettings, series.Receiver, r.Receiver.ID))
	r.telemetry = t
	if err != nil {
		return err
	}
	p, stats := r.Pipeline, &r.Pipeline.Stats
	// The callbacks run in this order, while events flow. What is received is read last: so a collection never has more events that left
	// than events that came.
	err = errors.Join(
		t.RegisterEventsEmittedCallback(Observe(stats.Emitted.Load)),
		t.RegisterEventsFilteredCallback(Observe(stats.Filtered.Load)),
		t.RegisterEventsAggregatedCallback(Observe(stats.Aggregated.Load)),
		t.RegisterEventsUndecodableCallback(stats.Undecodable.Observe),
		t.RegisterEventsDroppedCallback(stats.Dropped.Observe),
		t.RegisterEventsReceivedCallback(Observe(stats.Received.Load)),
		t.RegisterEventsLostCallback(func(_ context.Context, o metric.Int64Observer) error {
			for who, n := range r.Losses() {
				o.Observe(n, metric.WithAttributes(attribute.String("source", who)))
			}
			return nil
		}),
		t.RegisterSourceOpenCallback(Observe(r.sourceOpen)),
		t.RegisterQueueSizeCallback(Observe(p.QueueSize)),
		t.RegisterQueueCapacityCallback(Observe(p.QueueCapacity)),
		t.RegisterLagCallback(p.ObserveLag),
	)
	if p.Record != nil {
		err = errors.Join(err,
			t.RegisterEventsRecordedCallback(Observe(p.Record.Stats.Recorded.Load)),
			t.RegisterEventsUnrecordedCallback(p.Record.Stats.Lost.Observe),
		)
	}
	if p.Archive {
		err = errors.Join(err,
			t.RegisterArchiveEmittedCallback(Observe(stats.Archive.Emitted.Load)),
			t.RegisterArchiveDroppedCallback(stats.Archive.Dropped.Observe),
			t.RegisterArchiveReceivedCallback(Observe(stats.Archive.Received.Load)),
		)
	}
	if s := r.Status; s != nil {
		err = errors.Join(err,
			t.RegisterStatusReceivedCallback(Observe(s.Stats.Received.Load)),
			t.RegisterStatusEmittedCallback(Observe(s.Stats.Emitted.Load)),
			t.RegisterStatusDroppedCallback(s.Stats.Dropped.Observe),
		)
	}
	if r.Player != nil {
		progress := r.Player.Progress
		err = errors.Join(err,
			t.RegisterReplayProgressCallback(progress.ObserveShare),
			t.RegisterReplayRateCallback(progress.ObserveRate),
			t.RegisterReplayTimeLeftCallback(progress.ObserveLeft),
			t.RegisterReplayFilesUnreadCallback(Observe(progress.Unread)),
		)
		if r.store != nil || r.Sections.Replay.Follow {
			err = errors.Join(err, t.RegisterReplayCheckpointProblemsCallback(r.problems.Observe))
		}
	}
	return err
}

// sourceOpen returns 1 while the source is read, which a replay does by itself, and 0 while a live source is gone.
func (r *Runner) sourceOpen() int64 {
	if r.Player != nil || r.Parts.Reading() {
		return 1
	}
	return 0
}

// Observe is the callback of an asynchronous instrument that has one value.
func Observe(value func() int64) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(value())
		return nil
	}
}
