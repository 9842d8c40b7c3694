// SPDX-License-Identifier: Apache-2.0

package ingesttest

import (
	"math"
	"time"
)

// The service's limits of a data collection rule in a minute (Azure Monitor service limits, Logs Ingestion API).
const (
	MinuteCalls = 12_000
	MinuteBytes = 2_000_000_000 // 2 GB
)

// Throttle is what a rule takes in a period.
type Throttle struct {
	Calls  int
	Bytes  int64 // before compression
	Period time.Duration
	Spent  bool // a rule's first period has no calls left, so a call is refused even on a slow host
}

// spending is what a rule has taken in the period that has begun.
type spending struct {
	since time.Time
	calls int
	bytes int64
}

// take counts a call of size bytes, and gives how long its sender must wait where the period has no room for it: 0 takes it.
func (t Throttle) take(s *spending, now time.Time, size int) (wait time.Duration) {
	if t.Spent && s.since.IsZero() {
		*s = spending{since: now, calls: t.Calls}
	}
	if now.Sub(s.since) >= t.Period {
		*s = spending{since: now}
	}
	if s.calls >= t.Calls || s.bytes+int64(size) > t.Bytes {
		return t.Period - now.Sub(s.since)
	}
	s.calls++
	s.bytes += int64(size)
	return 0
}

// retryAfter is a wait in whole seconds, as the header has it.
func retryAfter(wait time.Duration) int { return int(math.Ceil(wait.Seconds())) }
