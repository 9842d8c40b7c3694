// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"math"
	"slices"
	"time"
)

// Strays is how many of any 2*Strays+1 events that come one after another may have a wrong time, however wrong, without the clock
// going ahead of the others. They need not stand in a row.
const Strays = 16

// readings is the number of events that a clock goes by.
const readings = 2*Strays + 1

// Clock is the time of a stream of events, by the events' own times. All times are in nanoseconds since 1970-01-01 UTC. The zero
// value is a clock that has seen no event. It is used from one goroutine.
//
// A clock shows the time that 17 (Strays+1) of the last 33 (2*Strays+1) events have reached, their median; before the 17th event it
// does not know the time. So 16 events of a wrong time do not move it ahead of the others. When the time of the whole stream leaps,
// forward or back, it follows with the 17th event. It lags 16 events behind the newest one.
//
// In a silence, which its owner tells of, a clock goes on by itself.
type Clock struct {
	silence int64 // all in all, ns
	quiet   uint32
	events  uint32
	n       int             // of the readings
	oldest  int             // of the last ones, once there are all
	rising  int             // how many of them are no earlier than the one before, the newest and on
	last    [readings]int64 // the events' times less the silence before them, in the order in which they came
	sorted  [readings]int64 // the same by time; out of use while all are rising
}

// quantum is the precision of the silence in a Mark, in nanoseconds. A count of them wraps around after 497 days.
const quantum = int64(10 * time.Millisecond)

// Mark is a moment in a stream: how many events had come, and how much silence. Marks are compared within 497 days.
type Mark struct{ quiet, events uint32 }

// Before reports whether fewer events had come than at another mark.
func (m Mark) Before(other Mark) bool { return int32(m.events-other.events) < 0 }

// Event says that an event has come, and when it happened. It allocates nothing.
func (c *Clock) Event(at int64) {
	c.events++
	at = Since(c.silence, at)
	if c.n < readings {
		c.last[c.n] = at
		i, _ := slices.BinarySearch(c.sorted[:c.n], at)
		copy(c.sorted[i+1:c.n+1], c.sorted[i:c.n])
		c.sorted[i] = at
		c.n++
		return
	}
	gone, newest := c.last[c.oldest], c.last[(c.oldest+readings-1)%readings]
	if at >= newest {
		if c.rising < readings {
			c.replace(gone, at)
			c.rising++
		}
	} else {
		if c.rising == readings {
			copy(c.sorted[copy(c.sorted[:], c.last[c.oldest:]):], c.last[:c.oldest])
		}
		c.replace(gone, at)
		c.rising = 0
	}
	c.last[c.oldest] = at
	if c.oldest++; c.oldest == readings {
		c.oldest = 0
	}
}

// replace puts a reading in the place of another one.
func (c *Clock) replace(gone, come int64) {
	s := &c.sorted
	if s[0] == gone && come >= s[readings-1] { // as in a stream in order
		copy(s[:], s[1:])
		s[readings-1] = come
		return
	}
	from, _ := slices.BinarySearch(s[:], gone)
	to, _ := slices.BinarySearch(s[:], come)
	if to > from {
		to--
		copy(s[from:to], s[from+1:to+1])
	} else {
		copy(s[to+1:from+1], s[to:from])
	}
	s[to] = come
}

// reading gives the i-th of the readings by time.
func (c *Clock) reading(i int) int64 {
	if c.rising == readings {
		return c.last[(c.oldest+i)%readings]
	}
	return c.sorted[i]
}

// Silence says that no event has come for a time, and that none is on its way.
func (c *Clock) Silence(d time.Duration) {
	c.silence += int64(d)
	c.quiet = uint32(c.silence / quantum)
}

// Now is the time. It is not known before the 17th event.
func (c *Clock) Now() (now int64, known bool) {
	if c.n <= Strays {
		return 0, false
	}
	return Since(-c.silence, c.reading(c.n-1-Strays)), true
}

// Last is the time when no more events come: the median of the last 33, or of what there is, so that more than half of them have
// reached it. It is not known without an event.
func (c *Clock) Last() (now int64, known bool) {
	if c.n == 0 {
		return 0, false
	}
	return Since(-c.silence, c.reading((c.n-1)/2)), true
}

// Mark marks this moment.
func (c *Clock) Mark() Mark { return Mark{c.quiet, c.events} }

// Passed gives how much time has passed since an event that came at a mark and happened at a time, in nanoseconds: by the clock, or
// in silence if that is more, as it is for an event whose time is ahead of the clock.
func (c *Clock) Passed(m Mark, at int64) int64 {
	quiet := int64(c.quiet-m.quiet) * quantum
	if now, known := c.Now(); known {
		return max(quiet, Since(at, now))
	}
	return quiet
}

// Ahead reports whether an event that came at a mark has a time that the stream has not: it is ahead of the clock by more than
// a bound in nanoseconds, and all that the clock goes by has come after it. The event is a stray, or the clock was set back.
func (c *Clock) Ahead(m Mark, at, bound int64) bool {
	now, known := c.Now()
	return known && c.events-m.events >= readings && Since(now, at) > bound
}

// Since is the time from then to now in nanoseconds, clamped where it does not fit, as between the first and the last time that an
// event may have.
func Since(then, now int64) int64 {
	d := now - then
	switch {
	case now >= then && d < 0:
		return math.MaxInt64
	case now < then && d >= 0:
		return math.MinInt64
	}
	return d
}
