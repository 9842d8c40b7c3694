// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// observe registers the receiver's own telemetry; metadata.yaml says what each instrument means.
func (r *ciliumReceiver) observe() error {
	builder, err := metadata.NewTelemetryBuilder(r.set.TelemetrySettings)
	if err != nil {
		return err
	}
	r.telemetry = builder
	p, source := r.pipeline, r.source
	var progress *replay.Progress // nil observes nothing
	if files, ok := source.(*fileSource); ok {
		progress = files.player.Progress
	}
	return errors.Join(
		builder.RegisterReceiverCiliumwindowsEventsReceivedCallback(p.ObserveReceived),
		builder.RegisterReceiverCiliumwindowsEventsEmittedCallback(p.ObserveEmitted),
		builder.RegisterReceiverCiliumwindowsEventsFilteredCallback(p.ObserveFiltered),
		builder.RegisterReceiverCiliumwindowsEventsAggregatedCallback(p.ObserveAggregated),
		builder.RegisterReceiverCiliumwindowsEventsUndecodableCallback(p.ObserveUndecodable),
		builder.RegisterReceiverCiliumwindowsEventsDroppedCallback(p.ObserveDropped),
		builder.RegisterReceiverCiliumwindowsEventsRecordedCallback(p.ObserveRecorded),
		builder.RegisterReceiverCiliumwindowsEventsUnrecordedCallback(p.ObserveUnrecorded),
		builder.RegisterReceiverCiliumwindowsPacketsUnmarkedCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(r.handler.unmarked.Load())
			return nil
		}),
		builder.RegisterReceiverCiliumwindowsQueueSizeCallback(p.ObserveQueueSize),
		builder.RegisterReceiverCiliumwindowsQueueCapacityCallback(p.ObserveQueueCapacity),
		builder.RegisterReceiverCiliumwindowsLagCallback(p.ObserveLag),
		builder.RegisterReceiverCiliumwindowsReplayProgressCallback(progress.ObserveShare),
		builder.RegisterReceiverCiliumwindowsReplayRateCallback(progress.ObserveRate),
		builder.RegisterReceiverCiliumwindowsReplayTimeLeftCallback(progress.ObserveLeft),
		builder.RegisterReceiverCiliumwindowsReplayFilesUnreadCallback(progress.ObserveUnread),
		builder.RegisterReceiverCiliumwindowsEventsLostCallback(func(_ context.Context, o metric.Int64Observer) error {
			for who, n := range source.losses() {
				o.Observe(n, metric.WithAttributes(attribute.String("source", who)))
			}
			return nil
		}),
		builder.RegisterReceiverCiliumwindowsMapAttachedCallback(func(_ context.Context, o metric.Int64Observer) error {
			if live, ok := source.(*liveSource); ok {
				o.Observe(live.attached())
			}
			return nil
		}),
		builder.RegisterReceiverCiliumwindowsMapAbandonedCallback(func(_ context.Context, o metric.Int64Observer) error {
			if live, ok := source.(*liveSource); ok {
				o.Observe(live.abandoned())
			}
			return nil
		}),
		builder.RegisterReceiverCiliumwindowsMapUnidentifiedCallback(func(_ context.Context, o metric.Int64Observer) error {
			if live, ok := source.(*liveSource); ok {
				o.Observe(live.unidentified())
			}
			return nil
		}),
		builder.RegisterReceiverCiliumwindowsMapUtilizationCallback(func(_ context.Context, o metric.Float64Observer) error {
			if live, ok := source.(*liveSource); ok {
				if share, ok := live.utilization(); ok {
					o.Observe(share)
				}
			}
			return nil
		}),
		builder.RegisterReceiverCiliumwindowsMapWaitingCallback(func(_ context.Context, o metric.Int64Observer) error {
			if waiting, _, ok := source.fill(); ok && waiting >= 0 {
				o.Observe(waiting)
			}
			return nil
		}),
		builder.RegisterReceiverCiliumwindowsMapSizeCallback(func(_ context.Context, o metric.Int64Observer) error {
			if _, size, ok := source.fill(); ok {
				o.Observe(size)
			}
			return nil
		}),
	)
}
