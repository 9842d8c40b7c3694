// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// The methods below are callbacks for the asynchronous instruments of a receiver's own telemetry.

func observe(n *atomic.Int64, o metric.Int64Observer) error {
	o.Observe(n.Load())
	return nil
}

// ObserveReceived gives the events received.
func (p *Pipeline) ObserveReceived(_ context.Context, o metric.Int64Observer) error {
	return observe(&p.Stats.Received, o)
}

// ObserveEmitted gives the events whose records the next component took.
func (p *Pipeline) ObserveEmitted(_ context.Context, o metric.Int64Observer) error {
	return observe(&p.Stats.Emitted, o)
}

// ObserveFiltered gives the events that the configuration does not want.
func (p *Pipeline) ObserveFiltered(_ context.Context, o metric.Int64Observer) error {
	return observe(&p.Stats.Filtered, o)
}

// ObserveAggregated gives the events that are counted in other events' records.
func (p *Pipeline) ObserveAggregated(_ context.Context, o metric.Int64Observer) error {
	return observe(&p.Stats.Aggregated, o)
}

// ObserveUndecodable gives the events that no record could be made of, by reason.
func (p *Pipeline) ObserveUndecodable(_ context.Context, o metric.Int64Observer) error {
	p.Stats.Undecodable.Observe(o)
	return nil
}

// ObserveDropped gives the events that were lost on the way, by reason.
func (p *Pipeline) ObserveDropped(_ context.Context, o metric.Int64Observer) error {
	p.Stats.Dropped.Observe(o)
	return nil
}

// ObserveQueueSize gives the memory of the queue in use, in bytes.
func (p *Pipeline) ObserveQueueSize(_ context.Context, o metric.Int64Observer) error {
	o.Observe(p.queue.Bytes())
	return nil
}

// ObserveQueueCapacity gives the memory of the queue, in bytes.
func (p *Pipeline) ObserveQueueCapacity(_ context.Context, o metric.Int64Observer) error {
	o.Observe(p.queue.Capacity())
	return nil
}

// ObserveRecorded gives the events that stand in a recorded file.
func (p *Pipeline) ObserveRecorded(_ context.Context, o metric.Int64Observer) error {
	if p.Record != nil {
		o.Observe(p.Record.Stats.Recorded.Load())
	}
	return nil
}

// ObserveUnrecorded gives the events that stand in no recorded file, by reason.
func (p *Pipeline) ObserveUnrecorded(_ context.Context, o metric.Int64Observer) error {
	if p.Record != nil {
		p.Record.Stats.Lost.Observe(o)
	}
	return nil
}

// ObserveLag gives Stats.Lag in seconds.
func (p *Pipeline) ObserveLag(_ context.Context, o metric.Float64Observer) error {
	o.Observe(time.Duration(p.Stats.Lag()).Seconds())
	return nil
}
