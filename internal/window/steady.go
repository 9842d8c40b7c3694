// SPDX-License-Identifier: Apache-2.0

package window

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

	gone   int64 // all in all without silence, ns
	leaps  int64 // forward, less those back
	median int64 // with the last event
}

// Moment is a moment in a stream, from which a Steady measures.
type Moment struct {
	Mark
	// Gone is how much time had passed in the stream, in nanoseconds, and Leaps how many leaps forward there had been, less those back.
	Gone, Leaps int64
}

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
	case step < -int64(s.Leap):
		s.leaps--
	}
	s.gone += min(max(step, -int64(s.Most)), int64(s.Most))
	s.median = median
}

// Moment is this moment.
func (s *Steady) Moment() Moment { return Moment{s.Mark(), s.gone + s.silence, s.leaps} }

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
		passed = min(passed, Since(at, now)) // it was ahead of the clock when it came, by as much as the clock lags
	} else if s.events-m.events < readings {
		passed = 0
	}
	return max(quiet, passed)
}

// Leaps is how many leaps forward there have been since a moment, less those back.
func (s *Steady) Leaps(since Moment) int64 { return s.leaps - since.Leaps }

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
