// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// losses adds up the losses of an interval. Losses occur when there are too many events; a record for each would add to the load.
type losses struct {
	reports     int64
	count       uint64
	cpu         int32
	first, last int64 // ns since 1970
	begun       int64
	mark        hold.Mark
	received    int64
	id          hold.ID
	number      uint32 // counts the losses kept back
}

// AddLoss keeps a loss back, or lets it be reported on its own if its time is more than an interval from the losses kept back. raw is its
// wire form, and cpu the processor on which the events were lost, -1 if unknown.
func (c *ConnectionAggregator) AddLoss(raw []byte, count uint64, cpu int32, at, received int64) Decision {
	l, interval := &c.losses, int64(c.Interval)
	if l.reports == 0 {
		*l = losses{
			reports: 1, count: count, cpu: cpu, first: at, last: at, begun: at, mark: c.Clock.Mark(), received: received, id: c.id(raw), number: l.number + 1,
		}
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
		ID: l.id, Received: l.received, Last: l.last, CPU: l.cpu,
		Lost: flow.Lost{
			Source: flow.LostPerfEventRingBuffer, Count: l.count, First: time.Unix(0, l.first), Last: time.Unix(0, l.last),
		},
	}
}
