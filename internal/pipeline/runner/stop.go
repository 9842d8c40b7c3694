// SPDX-License-Identifier: Apache-2.0

// The time that the receivers of one collector have to stop.

package runner

import (
	"sync"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

const (
	// lastTime is the time, after the deadline, for what a receiver does when its pipeline has ended.
	lastTime = time.Second
	// leastShare is the least time that a receiver gets to hand over what it holds.
	leastShare = 100 * time.Millisecond
	// stopGap is the time without a stopping receiver after which the next stop is another one, with time of its own.
	stopGap = 2 * time.Second
)

// stops are the running receivers of this process and the time that they have to stop, by collector. The collector stops its receivers one
// after another, and Windows waits five seconds for a service when it shuts down. So all receivers of a collector share one deadline. It is
// state of the process for the same reason as the jobs of package replay.
var stops struct {
	sync.Mutex
	of map[any]*stop
}

// stop is the state of one collector.
type stop struct {
	running  int // receivers that have not ended
	stopping int // receivers of these that are shutting down
	begun    time.Time
	ended    time.Time // when the last receiver ended
}

// share is the part of the time that one receiver has.
type share struct {
	deadline time.Time // to hand over what it holds
	last     time.Time // for the rest
}

// joinStop adds a receiver that runs. leaveStop must follow. All receivers of a collector have equal values of collector, which must be
// comparable.
func joinStop(collector any) {
	stops.Lock()
	defer stops.Unlock()
	if stops.of == nil {
		stops.of = map[any]*stop{}
	}
	if stops.of[collector] == nil {
		stops.of[collector] = &stop{}
	}
	stops.of[collector].running++
}

// beginStop returns the receiver's share: what is left for all, in equal parts for those that still run. What a receiver does not use, the
// next ones have.
func beginStop(collector any) share {
	stops.Lock()
	defer stops.Unlock()
	s, now := stops.of[collector], time.Now()
	if s.begun.IsZero() || s.stopping == 0 && now.Sub(s.ended) > stopGap {
		s.begun = now
	}
	parts := time.Duration(max(1, s.running-s.stopping))
	s.stopping++
	deadline := now.Add(max(leastShare, s.begun.Add(pipeline.DrainTimeout).Sub(now)/parts))
	return share{deadline: deadline, last: deadline.Add(lastTime / parts)}
}

// leaveStop removes a receiver that has ended.
func leaveStop(collector any) {
	stops.Lock()
	defer stops.Unlock()
	s := stops.of[collector]
	s.running--
	s.stopping--
	s.ended = time.Now()
	if s.running == 0 {
		delete(stops.of, collector)
	}
}
