// SPDX-License-Identifier: Apache-2.0

package hold

import "time"

// Steady is a clock that also measures how much time passes in the stream when the host's clock is set, forward or back. The zero
// value measures nothing: Most and Leap are to be set. It is used from one goroutine.
//
// It adds up the steps of the median of the last 33 events. A step counts for Most at most, in either direction, so that nothing is
// older by more than that because the clock leapt, and what leaps there and back again counts for nothing.
type Steady struct {
	Clock
	// Most is what a step of the median counts for at most: not less than events may be out of order.
	Most time.Duration
	// Leap is how far the median steps at most while no clock is set. A longer step is a leap, though it may be a pause as well.
	Leap time.Duration

	gone   int64    // all in all without silence, ns
	calm   int64    // the same without leaps, ns
	leaps  int32    // forward, less those back
	median int64    // with the last event
	landed [2]int64 // what the last leap forward led to, and the one before it, ns since 1970
}

// Moment is a moment in a stream, from which a Steady measures.
type Moment struct {
	Mark
	// Gone is how much time had passed in the stream when the event happened that came, in nanoseconds.
	Gone int64
	// Leaps is how many leaps forward there had been, less those back.
	Leaps int32
	// Calm is what Gone is without leaps, in units of 8.4 ms, rounded up. It wraps around.
	Calm uint32
}

// calmShift is what a time in nanoseconds is shifted by to be in units of Moment.Calm, of which 32 bits hold 417 days.
const calmShift = 23

// Event says that an event has come, and when it happened. It allocates nothing.
func (s *Steady) Event(at int64) {
	s.Clock.Event(at)
	median := s.reading((s.n - 1) / 2)
	if s.n == 1 {
		s.median = median
	}
	step := Since(s.median, median)
	switch {
	case step > int64(s.Leap):
		s.leaps++
		s.landed[0], s.landed[1] = Since(-s.silence, median), s.landed[0]
	case step < -int64(s.Leap):
		s.leaps--
	}
	if step <= int64(s.Leap) && step >= -int64(s.Most) {
		s.calm += step
	}
	s.gone += min(max(step, -int64(s.Most)), int64(s.Most))
	s.median = median
}

// Moment is this moment, in which an event comes that happened at a time.
func (s *Steady) Moment(at int64) Moment {
	more := s.silence + s.lag(at)
	return Moment{s.Mark(), s.gone + more, s.leaps, uint32((s.calm + more + 1<<calmShift - 1) >> calmShift)}
}

// lag is by how much time the clock is behind an event, in nanoseconds. A step among the events in between that is longer than Most is
// no time: other events may still come that happened during a shorter one.
func (s *Steady) lag(at int64) int64 {
	at = Since(s.silence, at)
	ahead := Since(s.median, at)
	if ahead <= int64(s.Most) {
		return max(ahead, 0)
	}
	before, lag := s.median, int64(0)
	add := func(next int64) {
		if step := Since(before, next); step <= int64(s.Most) {
			lag += step
		}
		before = next
	}
	for i := (s.n-1)/2 + 1; i < s.n && s.reading(i) < at; i++ {
		add(s.reading(i))
	}
	add(at)
	return lag
}

// Calm is how much time has passed at least, in nanoseconds, since the event of a moment happened, whatever leaps there were. A step
// back by no more than Most takes time away: the events after it may be late ones.
func (s *Steady) Calm(since Moment) int64 {
	now := uint32((s.calm + s.silence) >> calmShift)
	return int64(int32(now-since.Calm)) << calmShift
}

// Age is how much time has passed since an event that came at a moment and happened at a time, in nanoseconds: in silence, or by the
// clock, if that is more, in which leaps do not count. It is not known by the clock whether an event that is ahead of it by more
// than Most has a wrong time until all that the clock goes by has come after it.
func (s *Steady) Age(m Moment, at int64) int64 {
	now, known := s.Now()
	return s.age(m, at, now, known)
}

// AgeAtLast is Age when no more events come.
func (s *Steady) AgeAtLast(m Moment, at int64) int64 {
	now, known := s.Last()
	return s.age(m, at, now, known)
}

func (s *Steady) age(m Moment, at, now int64, known bool) int64 {
	quiet := int64(s.quiet-m.quiet) * quantum
	if !known {
		return quiet
	}
	passed := s.gone + s.silence - m.Gone
	if ahead := Since(now, at); ahead <= int64(s.Most) {
		// The event may have been ahead of the clock by more than Most when it came, after a leap that is not its own.
		passed = min(passed, Since(at, now))
		if s.LeaptOnce(m, at) {
			passed = min(passed, s.Calm(m)+int64(s.Most))
		}
	} else if s.events-m.events < readings {
		passed = 0
	}
	return max(quiet, passed)
}

// Leaps is how many leaps forward there have been since a moment, less those back.
func (s *Steady) Leaps(since Moment) int32 { return s.leaps - since.Leaps }

// LeaptOnce reports whether there has been one leap forward since an event that came at a moment and happened at a time. A leap that
// led to no later time was before the event, though the clock followed it after that, unless the clock was set back since.
func (s *Steady) LeaptOnce(since Moment, at int64) bool {
	switch leaps := s.Leaps(since); {
	case leaps == 1:
		return s.landed[0] > at || Since(s.silence, at) > s.median
	case leaps > 1:
		return s.landed[0] > at && s.landed[1] <= at
	}
	return false
}

// LeaptUntil reports whether there was a leap forward between a moment and a time: one that the clock has followed, or one that it is
// about to follow, between the median and the time.
func (s *Steady) LeaptUntil(since Moment, at int64) bool {
	if s.Leaps(since) > 0 {
		return true
	}
	if s.n == 0 {
		return false
	}
	at = Since(s.silence, at)
	before := s.median
	for i := (s.n-1)/2 + 1; i < s.n && s.reading(i) < at; i++ {
		if Since(before, s.reading(i)) > int64(s.Leap) {
			return true
		}
		before = s.reading(i)
	}
	return Since(before, at) > int64(s.Leap)
}
