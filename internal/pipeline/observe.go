// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// QueueSize is the memory of the queue in use, in bytes.
func (p *Pipeline) QueueSize() int64 { return p.queue.Bytes() }

// QueueCapacity is the memory of the queue, in bytes.
func (p *Pipeline) QueueCapacity() int64 { return p.queue.Capacity() }

// ObserveLag gives Stats.Lag in seconds to an asynchronous instrument.
func (p *Pipeline) ObserveLag(_ context.Context, o metric.Float64Observer) error {
	o.Observe(time.Duration(p.Stats.Lag()).Seconds())
	return nil
}
