// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// QueueSize returns how much of the queue's memory is in use, in bytes.
func (p *Pipeline) QueueSize() int64 { return p.queue.Bytes() }

// QueueCapacity returns the size of the queue's memory, in bytes.
func (p *Pipeline) QueueCapacity() int64 { return p.queue.Capacity() }

// ObserveLag reports Stats.Lag to an asynchronous instrument, in seconds.
func (p *Pipeline) ObserveLag(_ context.Context, o metric.Float64Observer) error {
	o.Observe(time.Duration(p.Stats.Lag()).Seconds())
	return nil
}
