// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// observe registers the receiver's own telemetry; metadata.yaml says what each instrument means.
func (r *dnsReceiver) observe() error {
	builder, err := metadata.NewTelemetryBuilder(r.set.TelemetrySettings)
	if err != nil {
		return err
	}
	r.telemetry = builder
	p, source, handler := r.pipeline, r.source, r.handler
	var live error
	if l, ok := source.(*liveSource); ok {
		live = l.observe(builder)
	}
	var progress *replay.Progress // nil observes nothing
	if files, ok := source.(*fileSource); ok {
		progress = files.player.Progress
	}
	return errors.Join(
		live,
		builder.RegisterReceiverAsimdnsEventsReceivedCallback(p.ObserveReceived),
		builder.RegisterReceiverAsimdnsEventsEmittedCallback(p.ObserveEmitted),
		builder.RegisterReceiverAsimdnsEventsFilteredCallback(p.ObserveFiltered),
		builder.RegisterReceiverAsimdnsEventsAggregatedCallback(p.ObserveAggregated),
		builder.RegisterReceiverAsimdnsEventsUndecodableCallback(p.ObserveUndecodable),
		builder.RegisterReceiverAsimdnsEventsDroppedCallback(p.ObserveDropped),
		builder.RegisterReceiverAsimdnsEventsRecordedCallback(p.ObserveRecorded),
		builder.RegisterReceiverAsimdnsEventsUnrecordedCallback(p.ObserveUnrecorded),
		builder.RegisterReceiverAsimdnsQueueSizeCallback(p.ObserveQueueSize),
		builder.RegisterReceiverAsimdnsQueueCapacityCallback(p.ObserveQueueCapacity),
		builder.RegisterReceiverAsimdnsLagCallback(p.ObserveLag),
		builder.RegisterReceiverAsimdnsEventsLayoutUnknownCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(handler.unknown.Load())
			return nil
		}),
		builder.RegisterReceiverAsimdnsPacketsUnparsableCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(handler.unparsable())
			return nil
		}),
		builder.RegisterReceiverAsimdnsReplayProgressCallback(progress.ObserveShare),
		builder.RegisterReceiverAsimdnsReplayRateCallback(progress.ObserveRate),
		builder.RegisterReceiverAsimdnsReplayTimeLeftCallback(progress.ObserveLeft),
		builder.RegisterReceiverAsimdnsReplayFilesUnreadCallback(progress.ObserveUnread),
		builder.RegisterReceiverAsimdnsEventsLostCallback(func(_ context.Context, o metric.Int64Observer) error {
			for who, n := range source.losses() {
				o.Observe(n, metric.WithAttributes(attribute.String("source", who)))
			}
			return nil
		}),
	)
}
