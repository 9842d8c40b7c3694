// SPDX-License-Identifier: Apache-2.0

// Package counter counts by reason. In come reasons and numbers; out come totals, a text for logs, and values for a metric with the reason as
// its attribute.
package counter

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Counts counts by reason. Reasons are a few fixed words of the code, never text from an event. All methods may be called from any
// goroutine.
type Counts struct {
	known  atomic.Pointer[[]*count]
	adding sync.Mutex
}

type count struct {
	reason string
	n      atomic.Int64
}

// Expect makes reasons known, so that Add neither locks nor allocates for them.
func (r *Counts) Expect(reasons ...string) {
	for _, reason := range reasons {
		r.Add(reason, 0)
	}
}

// Add counts n under reason. It locks and allocates only for an unknown reason.
func (r *Counts) Add(reason string, n int64) {
	if c := r.find(reason); c != nil {
		c.n.Add(n)
		return
	}
	r.adding.Lock()
	defer r.adding.Unlock()
	c := r.find(reason) // another goroutine may have added it meanwhile
	if c == nil {
		c = &count{reason: reason}
		grown := append(slices.Clone(r.counts()), c)
		r.known.Store(&grown)
	}
	c.n.Add(n)
}

func (r *Counts) find(reason string) *count {
	for _, c := range r.counts() {
		if c.reason == reason {
			return c
		}
	}
	return nil
}

func (r *Counts) counts() []*count {
	if known := r.known.Load(); known != nil {
		return *known
	}
	return nil
}

// Total returns the sum over all reasons.
func (r *Counts) Total() int64 {
	var sum int64
	for _, c := range r.counts() {
		sum += c.n.Load()
	}
	return sum
}

// Snapshot returns a copy of the counts by reason, without zeros; nil when all are zero.
func (r *Counts) Snapshot() map[string]int64 {
	var counts map[string]int64
	for _, c := range r.counts() {
		if n := c.n.Load(); n != 0 {
			if counts == nil {
				counts = map[string]int64{}
			}
			counts[c.reason] = n
		}
	}
	return counts
}

// String returns the total and, unless it is zero, its parts: "3 (queue_full 1, shutdown 2)".
func (r *Counts) String() string {
	var sum int64
	var parts []string
	for reason, n := range r.Snapshot() {
		sum += n
		parts = append(parts, fmt.Sprintf("%s %d", reason, n))
	}
	if sum == 0 {
		return "0"
	}
	slices.Sort(parts)
	return fmt.Sprintf("%d (%s)", sum, strings.Join(parts, ", "))
}

// Observe reports the counts to an asynchronous instrument, each with its reason. It is the instrument's callback.
func (r *Counts) Observe(_ context.Context, o metric.Int64Observer) error {
	for reason, n := range r.Snapshot() {
		o.Observe(n, metric.WithAttributes(attribute.String("reason", reason)))
	}
	return nil
}
