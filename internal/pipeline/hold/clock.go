// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"math"
	"slices"
	"time"
)

// Strays is how many of any 2*Strays+1 successive events may have a wrong time, however wrong, without the clock running ahead of the
// others. They need not be adjacent.
const Strays = 16

// readings is the number of events from which a clock takes the time.
const readings = 2*Strays + 1

// Clock is the time of a stream of events, taken from the events' own times. All times are in nanoseconds since 1970-01-01 UTC. The zero
// value is a clock that has seen no event. It is not safe for use from several goroutines.
//
// The time is the median of the times of the last 33 (2*Strays+1) events; before the 17th event (Strays+1) it is unknown. So 16 events
// with a wrong time do not move the clock ahead of the others. When the time of the whole stream leaps, forward or back, the clock
// follows with the 17th event. It lags 16 events behind the newest one.
//
// When no events come, the owner reports that as silence, and the clock advances by it.
type Clock struct {
	silence int64 // total, ns
	quiet   uint32
	events  uint32
	n       int             // number of readings
	oldest  int             // index in last of the oldest reading, once all are used
	rising  int             // how many of the newest readings are no earlier than the one before them
	last    [readings]int64 // the events' times minus the silence before them, in order of arrival
	sorted  [readings]int64 // the same, sorted; not maintained while all are rising
}

// quantum is the unit of the silence in a Mark, in nanoseconds. 32 bits of it wrap around after 497 days.
const quantum = int64(10 * time.Millisecond)

// Mark is a moment in a stream: the number of events and the amount of silence until then. Only marks less than 497 days apart can be
// compared.
type Mark struct{ quiet, events uint32 }

// Before reports whether fewer events had come than at another mark.
func (m Mark) Before(other Mark) bool { return int32(m.events-other.events) < 0 }

// Event notes that an event has come, and when it happened. It allocates nothing.
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

// replace replaces one sorted reading by another.
func (c *Clock) replace(gone, come int64) {
	s := &c.sorted
	if s[0] == gone && come >= s[readings-1] { // the usual case: a stream in order
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

// reading returns the i-th reading in order of time.
func (c *Clock) reading(i int) int64 {
	if c.rising == readings {
		return c.last[(c.oldest+i)%readings]
	}
	return c.sorted[i]
}

// Silence notes that no event has come for a time, and that none is on its way.
func (c *Clock) Silence(d time.Duration) {
	c.silence += int64(d)
	c.quiet = uint32(c.silence / quantum)
}

// Now returns the time. It is unknown before the 17th event.
func (c *Clock) Now() (now int64, known bool) {
	if c.n <= Strays {
		return 0, false
	}
	return Since(-c.silence, c.reading(c.n-1-Strays)), true
}

// Last returns the time when no more events come: the median of the last 33 events, or of all if there are fewer. It is unknown without
// an event.
func (c *Clock) Last() (now int64, known bool) {
	if c.n == 0 {
		return 0, false
	}
	return Since(-c.silence, c.reading((c.n-1)/2)), true
}

// Mark returns the present moment.
func (c *Clock) Mark() Mark { return Mark{c.quiet, c.events} }

// Passed returns how much time has passed since an event that came at a mark and happened at a time, in nanoseconds: the time by the
// clock or the silence, whichever is more. The silence is more for an event whose time is ahead of the clock.
func (c *Clock) Passed(m Mark, at int64) int64 {
	quiet := int64(c.quiet-m.quiet) * quantum
	if now, known := c.Now(); known {
		return max(quiet, Since(at, now))
	}
	return quiet
}

// Ahead reports whether an event that came at a mark has a time that the stream has not reached: it is ahead of the clock by more than
// bound nanoseconds, and all readings of the clock came after it. The event is a stray, or the host's clock was set back.
func (c *Clock) Ahead(m Mark, at, bound int64) bool {
	now, known := c.Now()
	return known && c.events-m.events >= readings && Since(now, at) > bound
}

// Since returns the time from then to now in nanoseconds. It is clamped where it does not fit an int64.
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
