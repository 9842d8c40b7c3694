// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/cpu"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
)

// Reasons for which the pipeline itself drops an event.
const (
	DropQueueFull = queue.Full     // a live source delivered faster than the next component accepts
	DropNoMemory  = queue.NoMemory // the memory of memory.max_mib is in use: the next component is too slow
	DropTooLarge  = queue.TooLarge // the event is larger than the queue accepts
	DropRefused   = "refused"      // the next component refused the records for good, or for longer than retry allows
	DropPanic     = "panic"        // the next component panicked while it had the records
	DropNoRecord  = "no_record"    // a fault of the handler: it reported a record and appended none
	DropShutdown  = queue.Ended    // the collector stopped before the records could be handed over
)

// UndecodablePanic is the reason for an event whose handling panicked.
const UndecodablePanic = "panic"

// Stats accounts for every event. Received = Emitted + Filtered + Aggregated + Undecodable + Dropped once the pipeline has shut down;
// before that the difference is the number of events in the pipeline. All methods may be called from any goroutine.
type Stats struct {
	Received   atomic.Int64
	_          cpu.CacheLinePad // the source's thread writes above, the worker below
	Emitted    atomic.Int64
	Filtered   atomic.Int64
	Aggregated atomic.Int64

	Undecodable counter.Counts
	Dropped     counter.Counts

	// Archive accounts for the records of the archive, which the counts above leave out.
	Archive ArchiveStats

	lag  atomic.Int64 // ns
	last atomic.Int64 // ns since 1970
	left atomic.Int64 // ns since 1970
}

// Left returns the time of the oldest event in the batch that was delivered last, in nanoseconds since 1970, or 0 before the first one. Older
// events have left, unless they are kept back to be joined with others.
func (s *Stats) Left() int64 { return s.left.Load() }

// Last returns when the newest event that was handled was received, in nanoseconds since 1970, or 0 before the first one.
func (s *Stats) Last() int64 { return s.last.Load() }

// noteLast notes when an event was received. A worker that is behind others changes nothing.
func (s *Stats) noteLast(received int64) {
	for last := s.last.Load(); last < received; last = s.last.Load() {
		if s.last.CompareAndSwap(last, received) {
			return
		}
	}
}

// Lag returns the age of the oldest event of the last batch when the batch was handed over, in nanoseconds.
func (s *Stats) Lag() int64 { return s.lag.Load() }

// Pending returns the number of events in the pipeline.
func (s *Stats) Pending() int64 {
	return s.Received.Load() - s.Emitted.Load() - s.Filtered.Load() - s.Aggregated.Load() - s.Undecodable.Total() - s.Dropped.Total()
}

// String returns the whole account in one line.
func (s *Stats) String() string {
	return fmt.Sprintf("received %d = emitted %d + filtered %d + aggregated %d + undecodable %s + dropped %s + pending %d",
		s.Received.Load(), s.Emitted.Load(), s.Filtered.Load(), s.Aggregated.Load(), &s.Undecodable, &s.Dropped, s.Pending())
}
