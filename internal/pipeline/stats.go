// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Reasons for which the pipeline itself drops an event.
const (
	DropQueueFull = "queue_full" // a live source delivered faster than the consumer takes, and no chunk was free
	DropTooLarge  = "too_large"  // the event is larger than MaxEventSize
	DropRefused   = "refused"    // the next consumer refused the records for good, or for longer than retry allows
	DropShutdown  = "shutdown"   // the collector stopped before the records could be handed over
)

// UndecodablePanic is the reason under which an event is counted whose handling panicked.
const UndecodablePanic = "panic"

// Stats accounts for every event: Received = Emitted + Filtered + Aggregated + Undecodable + Dropped once the pipeline has
// shut down; before that the difference is what is on its way. All methods may be called from any goroutine.
type Stats struct {
	Received   atomic.Int64
	Emitted    atomic.Int64
	Filtered   atomic.Int64
	Aggregated atomic.Int64

	Undecodable Reasons
	Dropped     Reasons

	lag atomic.Int64 // ns
}

// Lag is how long the oldest event of the last batch had been on its way when the batch was handed over, in nanoseconds.
func (s *Stats) Lag() int64 { return s.lag.Load() }

// Pending is the number of events on their way.
func (s *Stats) Pending() int64 {
	return s.Received.Load() - s.Emitted.Load() - s.Filtered.Load() - s.Aggregated.Load() - s.Undecodable.Total() - s.Dropped.Total()
}

// String gives the whole account in one line.
func (s *Stats) String() string {
	return fmt.Sprintf("received %d = emitted %d + filtered %d + aggregated %d + undecodable %s + dropped %s + pending %d",
		s.Received.Load(), s.Emitted.Load(), s.Filtered.Load(), s.Aggregated.Load(), &s.Undecodable, &s.Dropped, s.Pending())
}

// Reasons counts by reason. The reasons are few and fixed words of the code, never text from an event.
type Reasons struct {
	mu     sync.Mutex
	counts map[string]int64
}

// Add counts n under reason.
func (r *Reasons) Add(reason string, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[string]int64{}
	}
	r.counts[reason] += n
}

// Total is the sum over all reasons.
func (r *Reasons) Total() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sum int64
	for _, n := range r.counts {
		sum += n
	}
	return sum
}

// Snapshot is a copy of the counts by reason.
func (r *Reasons) Snapshot() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.counts)
}

// String gives the total and, where there is any, what it is made of: "3 (queue_full 1, shutdown 2)".
func (r *Reasons) String() string {
	counts := r.Snapshot()
	var sum int64
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		sum += counts[reason]
		parts = append(parts, fmt.Sprintf("%s %d", reason, counts[reason]))
	}
	if sum == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", sum, strings.Join(parts, ", "))
}
