// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	second  = int64(time.Second)
	hour    = int64(time.Hour)
	century = 100 * 365 * 24 * hour
)

// begun is the beginning of the streams of the tests, in 2026.
const begun = int64(1_772_600_760_000_000_000)

// each calls do for leaps of an hour and of a century in both directions.
func eachLeap(do func(leap int64)) {
	for _, leap := range []int64{hour, -hour, century, -century} {
		do(leap)
	}
}

func TestStrayEventsDoNotMoveTheClock(t *testing.T) {
	const events = 200
	places := map[string]func(i int) bool{
		"one at the start":          func(i int) bool { return i == 0 },
		"one in the middle":         func(i int) bool { return i == events/2 },
		"one at the end":            func(i int) bool { return i == events-1 },
		"in a row at the start":     func(i int) bool { return i < Strays },
		"in a row in the middle":    func(i int) bool { return i >= events/2 && i < events/2+Strays },
		"in a row at the end":       func(i int) bool { return i >= events-Strays },
		"each second at the start":  func(i int) bool { return i%2 == 0 && i < 2*Strays },
		"each second in the middle": func(i int) bool { return i%2 == 0 && i >= events/2 && i < events/2+2*Strays },
		"sixteen of any thirty-three": func(i int) bool {
			return i%readings < 2*Strays && i%readings%2 == 0
		},
	}
	for name, stray := range places {
		eachLeap(func(leap int64) {
			for _, mixed := range []bool{false, true} {
				var c Clock
				newest := int64(math.MinInt64)
				for i := range events {
					at := begun + int64(i)*second
					switch {
					case !stray(i):
						newest = at
						c.Event(at)
					case mixed: // each with another time
						c.Event(at + leap/int64(1+i%7))
					default:
						c.Event(at + leap)
					}
					now, known := c.Now()
					require.Equal(t, i >= Strays, known, name)
					if !known {
						continue
					}
					require.LessOrEqual(t, now, newest, "%s: %v: event %d", name, time.Duration(leap), i)
					if i >= readings-1 {
						require.GreaterOrEqual(t, now, at-int64(readings)*second, "%s: %v: event %d", name, time.Duration(leap), i)
					}
				}
			}
		})
	}
}

func TestALeapOfTheWholeStreamIsFollowedWithThe17thEvent(t *testing.T) {
	eachLeap(func(leap int64) {
		for _, before := range []int{readings, 100} {
			var c Clock
			for i := range before {
				c.Event(begun + int64(i))
			}
			for i := range 100 {
				c.Event(begun + leap + int64(i))
				now, _ := c.Now()
				followed := Since(begun+leap, now) >= 0 && Since(now, begun+leap+second) >= 0
				require.Equal(t, i >= Strays, followed, "%v: event %d after the leap", time.Duration(leap), i)
			}
		}
	})
}

func TestWhenNoMoreEventsComeTheTimeIsTheMedianOfWhatThereIs(t *testing.T) {
	var c Clock
	_, known := c.Last()
	require.False(t, known)
	for i := range int64(100) {
		c.Event(begun + i*second)
		last, known := c.Last()
		require.True(t, known)
		require.Equal(t, begun+(i-min(i+1, readings)/2)*second, last)
	}
	eachLeap(func(leap int64) {
		for n := range int64(readings + 1) {
			var c Clock
			for i := range n { // less than half of them are strays, the last one as well
				at := begun + i
				if i%2 == 1 || i == n-1 && n%2 == 1 && n > 1 {
					at += leap
				}
				if i == 1 {
					at = begun
				}
				c.Event(at)
			}
			if last, known := c.Last(); known {
				require.InDelta(t, begun, last, 100, "%v, %d events", time.Duration(leap), n)
			}
		}
	})
}

func TestAClockGoesOnInASilence(t *testing.T) {
	var c Clock
	c.Silence(time.Hour)
	for range readings {
		c.Event(begun)
	}
	now, _ := c.Now()
	require.Equal(t, begun, now, "a silence before the first event says nothing")
	c.Silence(time.Minute)
	c.Silence(time.Second)
	now, _ = c.Now()
	require.Equal(t, begun+61*second, now)
	for i := range int64(100) { // once a second, in silence for nine tenths of it
		c.Silence(900 * time.Millisecond)
		c.Event(begun + (62+i)*second)
	}
	now, _ = c.Now()
	require.InDelta(t, begun+161*second, now, float64(int64(Strays)*second/10), "time passes once, though silence and events both tell of it")
}

func TestHowMuchTimeHasPassedSinceAnEvent(t *testing.T) {
	var c Clock
	m := c.Mark()
	require.Zero(t, c.Passed(m, begun), "the clock does not know the time")
	c.Silence(time.Second)
	require.Equal(t, second, c.Passed(m, begun))
	for range readings {
		c.Event(begun + 10*second)
	}
	require.Equal(t, 10*second, c.Passed(m, begun))
	eachLeap(func(leap int64) {
		require.Equal(t, max(second, 10*second-leap), c.Passed(m, begun+leap), "the silence has passed, whatever the event says")
	})
	require.Equal(t, int64(math.MaxInt64), c.Passed(m, math.MinInt64))
}

func TestAnEventIsAheadOnceAllThatTheClockGoesByHasComeAfterIt(t *testing.T) {
	var c Clock
	for range readings {
		c.Event(begun)
	}
	m := c.Mark()
	for i := range 2 * readings {
		require.Equal(t, i >= readings, c.Ahead(m, begun+hour, second), "%d events later", i)
		require.False(t, c.Ahead(m, begun+second, second), "within the bound")
		require.False(t, c.Ahead(m, begun-century, second))
		require.Equal(t, i >= readings, c.Ahead(m, math.MaxInt64, second))
		c.Event(begun)
	}
}

// TestAClockShowsTheMedianOfTheLastEvents compares a clock with the obvious implementation.
func TestAClockShowsTheMedianOfTheLastEvents(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var c Clock
	var last []int64
	for i := range 40_000 {
		at := int64(i)
		switch r.IntN(4 + i/100%3*50) { // for a while nearly all are in order
		case 0:
			at -= r.Int64N(40)
		case 1:
			at = []int64{0, math.MaxInt64, math.MinInt64, int64(r.Uint64())}[r.IntN(4)]
		}
		c.Event(at)
		if last = append(last, at); len(last) > readings {
			last = last[1:]
		}
		sorted := slices.Sorted(slices.Values(last))
		for j, want := range sorted {
			require.Equal(t, want, c.reading(j))
		}
		now, known := c.Now()
		require.Equal(t, len(last) > Strays, known)
		if known {
			require.Equal(t, sorted[len(sorted)-1-Strays], now)
		}
	}
}

func TestAMarkOutlastsItsCountsEnds(t *testing.T) {
	c := Clock{events: math.MaxUint32 - 3}
	c.Silence(time.Duration(int64(math.MaxUint32-3) * quantum))
	m := c.Mark()
	c.Silence(time.Minute)
	require.Equal(t, 60*second, c.Passed(m, begun))
	for range readings {
		c.Event(0)
	}
	require.True(t, c.Ahead(m, hour*24*1000, second))
}

func TestAClockAllocatesNothing(t *testing.T) {
	var c Clock
	require.Zero(t, testing.AllocsPerRun(1000, func() { c.Event(begun); c.Now() }))
}

// BenchmarkClock measures an event: in order, of eight processors, and in no order.
func BenchmarkClock(b *testing.B) {
	for name, disorder := range map[string]int64{"in order": 0, "nearly": 8, "none": 1 << 40} {
		b.Run(name, func(b *testing.B) {
			var c Clock
			times := make([]int64, 1<<12)
			for i := range times {
				times[i] = int64(i)
				if disorder > 0 {
					times[i] += rand.Int64N(disorder)
				}
			}
			i, sum := 0, int64(0)
			for b.Loop() {
				c.Event(times[i&(len(times)-1)] + int64(i))
				now, _ := c.Now()
				sum += now
				i++
			}
			require.NotZero(b, sum)
		})
	}
}
