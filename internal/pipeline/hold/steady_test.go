// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// steady returns a clock of a stream whose events come up to two seconds late.
func steady() *Steady { return &Steady{Most: 2 * time.Second, Leap: 2 * time.Second} }

func TestALeapMakesNothingOlderThanItIs(t *testing.T) {
	eachLeap(func(leap int64) {
		for _, before := range []int{0, 10, 16, 17, 32, 33, 100} { // events before the one whose age is measured
			for _, after := range []int{1, 10, 33, 100} { // events from it to the leap
				s := steady()
				for i := range before {
					s.Event(begun + int64(i)*second/100)
				}
				then := begun + int64(before)*second/100
				s.Event(then)
				m := s.Moment(then)
				for i := range 1000 {
					passed := int64(i+1) * second / 100
					at := then + passed
					if i >= after {
						at += leap
					}
					s.Event(at)
					require.LessOrEqual(t, s.Age(m, then), passed+2*second, "%v, %d before, %d after, event %d", time.Duration(leap), before, after, i)
					if i > 200 {
						require.GreaterOrEqual(t, s.Age(m, then), passed-3*second, "%v, %d before, %d after, event %d", time.Duration(leap), before, after, i)
					}
				}
				want := int32(1)
				if leap < 0 {
					want = -1
				}
				require.Equal(t, want, s.Leaps(m))
				require.Equal(t, leap > 0, s.LeaptUntil(m, then+leap+10*second))
			}
		}
	})
}

func TestALeapForwardIsKnownFromItsFirstEventOn(t *testing.T) {
	for _, leap := range []int64{3 * second, hour, century} {
		s := steady()
		for i := range int64(50) {
			s.Event(begun + i)
		}
		m := s.Moment(begun + 49)
		for i := range int64(50) {
			at := begun + 50 + leap + i
			require.True(t, s.LeaptUntil(m, at), "%v, event %d", time.Duration(leap), i)
			s.Event(at)
			require.True(t, s.LeaptUntil(m, at), "%v, event %d", time.Duration(leap), i)
		}
		require.False(t, s.LeaptUntil(s.Moment(begun+100+leap), begun+100+leap), "it was before")
	}
	var none Steady
	require.False(t, none.LeaptUntil(none.Moment(begun), begun), "no event has come")
}

func TestASlowStreamIsNoLeapWhileSilenceTellsOfItsTime(t *testing.T) {
	s := steady()
	s.Event(begun)
	m := s.Moment(begun)
	for i := range int64(100) { // an event each ten seconds
		s.Silence(9800 * time.Millisecond)
		s.Event(begun + (1+i)*10*second)
		require.Equal(t, (1+i)*9800*int64(time.Millisecond), s.quietly(m))
		require.InDelta(t, s.Age(m, begun), s.Calm(m), float64(200*time.Millisecond)*float64(2+i))
		require.InDelta(t, (1+i)*10*second, s.Age(m, begun), float64(200*time.Millisecond)*float64(2+i))
	}
	require.Zero(t, s.Leaps(m))
	require.False(t, s.LeaptUntil(m, begun+1000*second))
}

func TestTheCalmTimeIsThatWithoutLeaps(t *testing.T) {
	const most = 300 * second
	for _, c := range []struct {
		name       string
		then, leap int64
		want       int64 // of 40 seconds before the leap and 40 after it
	}{
		{"none", 0, 0, 80 * second},
		{"a pause", 0, 60 * second, 80 * second},
		{"a step of a century", 0, century, 80 * second},
		{"a step back of an hour", 0, -hour, 80 * second},
		{"a step back that may be late events", 0, -60 * second, 20 * second},
		{"there and back", 0, hour, 80 * second},
		{"of the last event before it", 40*second - second/100, 60 * second, 40 * second},
	} {
		s := &Steady{Most: time.Duration(most), Leap: 10 * time.Second}
		var m Moment
		for i := range int64(8000) {
			at := i * second / 100
			if i >= 4000 {
				at += c.leap
			}
			if c.name == "there and back" && i >= 6000 {
				at -= c.leap
			}
			s.Event(begun + at)
			if at == c.then {
				m = s.Moment(begun + at)
			}
		}
		require.LessOrEqual(t, s.Calm(m), c.want, c.name)
		require.Greater(t, s.Calm(m), c.want-second, c.name)
	}
}

func TestWhatComesLateIntoAGapMakesNoCalmTime(t *testing.T) {
	s := &Steady{Most: 5 * time.Minute, Leap: 10 * time.Second}
	for i := range int64(33) {
		s.Event(begun + i)
	}
	at := begun + 60*second // of a processor that is ahead, by more than a leap
	s.Event(at)
	m := s.Moment(at)
	for i := range int64(120) { // of the others
		s.Event(begun + i*second/2)
	}
	require.LessOrEqual(t, s.Calm(m), int64(0), "no event has come that is later")
	require.Zero(t, s.Leaps(m))
}

func TestOneLeapIsCountedForWhatHappenedBeforeIt(t *testing.T) {
	s := steady()
	each := func(from int64) {
		for i := range int64(50) {
			s.Event(begun + from + i)
		}
	}
	each(0)
	before := s.Moment(begun + 49)
	require.False(t, s.LeaptOnce(before, begun+49))
	s.Event(begun + hour) // the clock has not followed yet
	first := s.Moment(begun + hour)
	each(hour)
	require.True(t, s.LeaptOnce(before, begun+49))
	require.False(t, s.LeaptOnce(first, begun+hour), "it was before")
	each(2 * hour)
	require.False(t, s.LeaptOnce(before, begun+49), "twice")
	require.True(t, s.LeaptOnce(first, begun+hour))
}

// quietly returns how much silence there has been.
func (s *Steady) quietly(m Moment) int64 { return int64(s.quiet-m.quiet) * quantum }

func TestAgesStayBoundedWhateverTimesTheEventsHave(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s := steady()
	m := s.Moment(begun)
	for i := range int64(10_000) {
		s.Event([]int64{0, math.MaxInt64, math.MinInt64, int64(r.Uint64()), begun}[r.IntN(5)])
		require.LessOrEqual(t, s.gone, (i+1)*2*second)
		require.GreaterOrEqual(t, s.gone, -(i+1)*2*second)
		require.LessOrEqual(t, s.calm, (i+1)*2*second)
		require.GreaterOrEqual(t, s.calm, -(i+1)*2*second)
		for _, at := range []int64{0, math.MaxInt64, math.MinInt64, begun} {
			require.GreaterOrEqual(t, s.lag(at), int64(0))
			require.LessOrEqual(t, s.lag(at), readings*2*second)
		}
		s.Age(m, math.MinInt64)
		s.AgeAtLast(m, math.MaxInt64)
		s.LeaptUntil(m, math.MaxInt64)
	}
}

func TestATimeIsOverWhenItsCalmOrItsAgeIs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	over := 0
	for range 200 {
		s := steady()
		var kept []*Entry
		for at := begun; len(kept) < 300; at += rnd.Int64N(second / 5) {
			switch rnd.IntN(40) {
			case 0:
				at += []int64{hour, -hour, 3 * second, -3 * second, -second}[rnd.IntN(5)]
			case 1:
				s.Silence(time.Duration(rnd.Int64N(10 * second)))
			}
			s.Event(at)
			e := &Entry{First: at - rnd.Int64N(2*second)}
			e.SetMoment(s.Moment(e.First))
			kept = append(kept, e)
			e = kept[rnd.IntN(len(kept))]
			m, limit := e.Moment(), rnd.Int64N(60*second)
			want := s.Calm(m) > limit || s.Age(m, e.First) > limit
			require.Equal(t, want, s.Over(e, limit))
			if want {
				over++
			}
		}
	}
	require.Greater(t, over, 1000)
}

func TestASteadyAllocatesNothing(t *testing.T) {
	s := steady()
	require.Zero(t, testing.AllocsPerRun(1000, func() { s.Event(begun); s.Age(s.Moment(begun), begun) }))
}

// BenchmarkSteady measures an event in order, with a Clock and with a Steady.
func BenchmarkSteady(b *testing.B) {
	var c Clock
	s := steady()
	for name, event := range map[string]func(at int64){"clock": c.Event, "steady": s.Event} {
		b.Run(name, func(b *testing.B) {
			at := begun
			for b.Loop() {
				at++
				event(at)
			}
		})
	}
}
