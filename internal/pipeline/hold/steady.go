// SPDX-License-Identifier: Apache-2.0

package hold

import "time"

// Steady is a Clock that also measures how much time passes in the stream while the host's clock is set, forward or back. Most and Leap
// must be set. It is not safe for use from several goroutines.
//
// It adds up the steps of the median of the last 33 events. Each step counts for at most Most, in either direction. So a leap of the clock
// makes nothing older by more than Most, and a leap forward and back again adds nothing.
type Steady struct {
	Clock
	// Most is the most that a step of the median counts for: at least the time by which events may be out of order.
	Most time.Duration
	// Leap is the longest step of the median that is not a leap. A longer one means that the clock was set, or that events paused.
	Leap time.Duration

	gone   int64    // time passed, without silence, ns
	calm   int64    // time passed, without silence and without leaps, ns
	leaps  int32    // number of leaps forward minus leaps back
	median int64    // after the last event
	landed [2]int64 // the times at which the last two leaps forward ended, the newer first, ns since 1970
}

// Moment is a moment in a stream from which a Steady measures.
type Moment struct {
	Mark
	// Gone is how much time had passed in the stream when the event of the moment happened, in nanoseconds.
	Gone int64
	// Leaps is the number of leaps forward until then, minus the leaps back.
	Leaps int32
	// Calm is Gone without leaps, in units of 8.4 ms (2^23 ns), rounded up. It wraps around.
	Calm uint32
}

// SetMoment notes the moment of the entry's event, in Mark, Begun and Sum. Moment returns it.
func (e *Entry) SetMoment(m Moment) {
	e.Mark, e.Begun, e.Sum = m.Mark, m.Gone, int64(m.Leaps)<<32|int64(m.Calm)
}

// Moment is what SetMoment noted.
func (e *Entry) Moment() Moment {
	return Moment{Mark: e.Mark, Gone: e.Begun, Leaps: int32(e.Sum >> 32), Calm: uint32(e.Sum)}
}

// calmShift shifts nanoseconds to units of Moment.Calm, of which 32 bits hold 417 days.
const calmShift = 23

// Event notes that an event has come, and when it happened. It allocates nothing.
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

// Moment returns the present moment, in which an event comes that happened at a time.
func (s *Steady) Moment(at int64) Moment {
	more := s.silence + s.lag(at)
	return Moment{s.Mark(), s.gone + more, s.leaps, uint32((s.calm + more + 1<<calmShift - 1) >> calmShift)}
}

// lag returns by how much time the clock is behind an event, in nanoseconds. Between the clock and the event it adds up the steps from
// reading to reading, without those longer than Most: these are leaps.
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

// Calm returns a lower bound of the time that has passed since the event of a moment happened, in nanoseconds, whatever leaps there
// were. A step back of at most Most subtracts time, because the events after it may be late ones.
func (s *Steady) Calm(since Moment) int64 {
	now := uint32((s.calm + s.silence) >> calmShift)
	return int64(int32(now-since.Calm)) << calmShift
}

// Age returns how much time has passed since an event that came at a moment and happened at a time, in nanoseconds: the silence or the
// time by the clock without leaps, whichever is more. An event that is ahead of the clock by more than Most may have a wrong time; the
// clock decides that only when all its readings have come after the event, and until then only silence counts.
func (s *Steady) Age(m Moment, at int64) int64 {
	now, known := s.Now()
	return s.age(m, at, now, known)
}

// Over reports whether Calm or Age of an entry's event is more than limit, which is not negative. It runs for each event, usually for an entry
// whose time is far from over.
func (s *Steady) Over(e *Entry, limit int64) bool {
	m := e.Moment()
	switch {
	case s.Calm(m) > limit:
		return true
	case s.gone+s.silence-m.Gone <= limit && int64(s.quiet-m.quiet)*quantum <= limit:
		return false // Age is the greater of the two at most
	}
	return s.Age(m, e.First) > limit
}

// AgeAtLast is Age for a stream that has ended.
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
		// When the event came it may have been ahead of the clock by more than Most, because of an earlier leap.
		passed = min(passed, Since(at, now))
		if s.LeaptOnce(m, at) {
			passed = min(passed, s.Calm(m)+int64(s.Most))
		}
	} else if s.events-m.events < readings {
		passed = 0
	}
	return max(quiet, passed)
}

// Leaps returns the number of leaps forward since a moment, minus the leaps back.
func (s *Steady) Leaps(since Moment) int32 { return s.leaps - since.Leaps }

// LeaptOnce reports whether there has been exactly one leap forward since an event that came at a moment and happened at a time. A leap
// that ended no later than the event's time happened before the event, even if this clock followed the leap later. This does not hold if the
// host's clock was set back since.
func (s *Steady) LeaptOnce(since Moment, at int64) bool {
	switch leaps := s.Leaps(since); {
	case leaps == 1:
		return s.landed[0] > at || Since(s.silence, at) > s.median
	case leaps > 1:
		return s.landed[0] > at && s.landed[1] <= at
	}
	return false
}

// LeaptUntil reports whether there was a leap forward between a moment and a time: one that the clock has followed, or one between the
// median and the time, which the clock has yet to follow.
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
