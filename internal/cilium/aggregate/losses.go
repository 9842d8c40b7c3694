// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// losses adds up the losses of an interval. They come when there is too much already: a record for each makes it worse.
type losses struct {
	reports     int64
	count       uint64
	cpu         int32
	first, last int64 // ns since 1970
	begun       int64
	mark        hold.Mark
	received    int64
}

// AddLoss keeps the news of a loss back, or has it reported for itself: when its time is more than an interval from those that are
// kept back. cpu is the processor on which the events were lost, -1 when not known.
func (c *ConnectionAggregator) AddLoss(count uint64, cpu int32, at, received int64) Decision {
	l, interval := &c.losses, int64(c.Interval)
	if l.reports == 0 {
		*l = losses{reports: 1, count: count, cpu: cpu, first: at, last: at, begun: at, mark: c.Clock.Mark(), received: received}
		return Decision{Verdict: Held}
	}
	if since := hold.Since(l.begun, at); since <= -interval || since >= 2*interval {
		return Decision{}
	}
	l.reports++
	l.count += count
	if l.cpu != cpu {
		l.cpu = -1
	}
	l.first, l.last = min(l.first, at), max(l.last, at)
	return Decision{Verdict: Counted}
}

// over reports whether losses are kept back whose interval is over.
func (l *losses) over(c *ConnectionAggregator) bool { return l.reports > 0 && c.over(l.mark, l.begun) }

func (l *losses) pop() Popped {
	return Popped{
		Received: l.received, Last: l.last, CPU: l.cpu,
		Lost: flow.Lost{
			Source: flow.LostPerfEventRingBuffer, Count: l.count, First: time.Unix(0, l.first), Last: time.Unix(0, l.last),
		},
	}
}
