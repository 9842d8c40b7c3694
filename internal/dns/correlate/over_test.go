// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fileOf is a Correlator for a file, in which a query waits ten seconds.
func fileOf(t testing.TB, maxEvents int) timed {
	return timed{server(t), New(Settings{Window: 10 * time.Second, MaxEvents: maxEvents, MaxBytes: 16 << 20})}
}

func TestInAFileAQueryThatWasOverBeforeTheOnlyLeapIsUnanswered(t *testing.T) {
	for _, leap := range append(leaps, 15*time.Second, time.Minute, 4*time.Minute, 6*time.Minute, -6*time.Minute) {
		a := fileOf(t, 100)
		a.others(0, time.Second)
		require.Equal(t, Held, a.add(256, time.Second, query("a.example", "GUID", "{1}")).Verdict)
		a.others(time.Second, 40*time.Second)
		a.others(41*time.Second+leap, 40*time.Second)
		require.True(t, a.corr.PopOldest(false).Unanswered, "%v", leap)
	}
}

func TestInAFileAQueryThatIsOpenAcrossALeapOnlyIsNoFailure(t *testing.T) {
	for _, leap := range append(leaps, 15*time.Second, time.Minute, -time.Minute, 4*time.Minute, 6*time.Minute, -6*time.Minute) {
		for _, after := range []time.Duration{0, time.Millisecond, time.Second, 4 * time.Second} {
			a := fileOf(t, 100)
			a.others(0, 40*time.Second)
			require.Equal(t, Held, a.add(256, 40*time.Second, query("a.example", "GUID", "{1}")).Verdict)
			a.others(40*time.Second, 5*time.Second)
			a.others(45*time.Second+leap, after)
			require.False(t, a.corr.PopOldest(false).Unanswered, "%v, %v after", leap, after)
		}
	}
}

func TestInAFileAQueryThatComesFirstAfterTheOnlyLeapHasTheWholeTimeoutAndNoMore(t *testing.T) {
	for _, leap := range append(leaps, 15*time.Second, time.Minute, 4*time.Minute, 6*time.Minute, -6*time.Minute) {
		for _, nth := range []time.Duration{0, 1, 15, 16, 17, 32, 33, 40} {
			for after, unanswered := range map[time.Duration]bool{9 * time.Second: false, 11 * time.Second: true} {
				a := fileOf(t, 100)
				a.others(0, 40*time.Second)
				asked := 40*time.Second + leap + nth*time.Millisecond
				a.others(40*time.Second+leap, nth*time.Millisecond)
				require.Equal(t, Held, a.add(256, asked, query("a.example", "GUID", "{1}")).Verdict)
				a.others(asked, after)
				require.Equal(t, unanswered, a.corr.PopOldest(false).Unanswered, "%v, %v before it, %v after", leap, nth, after)
			}
		}
	}
}

func TestAQueryWhoseRoomIsNeededIsUnansweredOnlyWhenNoLateEventCanAnswerIt(t *testing.T) {
	for after, unanswered := range map[time.Duration]bool{5 * time.Minute: false, 6 * time.Minute: true} {
		a := fileOf(t, 1)
		require.Equal(t, Held, a.add(256, 0, query("a.example", "GUID", "{1}")).Verdict)
		a.others(0, time.Second)
		a.others(time.Second-time.Hour, after)
		require.True(t, a.corr.Due())
		require.Equal(t, unanswered, a.corr.PopOldest(true).Unanswered, "%v after", after)
	}
}

// TestWhateverLeapsAFileHasAQueryIsUnansweredWhenTheTimeWithoutThemExceedsTheTimeout holds the Correlator against a list of the
// events, in order and a little out of order, dense and sparse.
func TestWhateverLeapsAFileHasAQueryIsUnansweredWhenTheTimeWithoutThemExceedsTheTimeout(t *testing.T) {
	const timeout = 10 * time.Second
	asking := query("a.example", "GUID", "{0}")
	overs, opens := 0, 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 12))
		most := []time.Duration{time.Millisecond, 100 * time.Millisecond, 600 * time.Millisecond, timeout}[r.IntN(4)] // between two events
		late := []int{1, 10}[r.IntN(2)]                                                                               // by how many events one comes late at most
		apart := []int{1, 34}[seed%2]                                                                                 // events between two leaps; with few of them two are one to the clock
		a := fileOf(t, 10_000)
		type moment struct {
			calm, at      time.Duration
			forward, back int // leaps
			before        int // events since the last one
		}
		var events []moment
		asked := map[string]int{}
		var now moment
		pop := func(due bool) {
			l := a.corr.PopOldest(due)
			guid := fmt.Sprintf("{%d}", l.Received)
			q := events[asked[guid]]
			newest := events[len(events)-1]
			lag := most*time.Duration(51+34*(newest.back-q.back)) + 20*time.Millisecond // the clock's: 17 events, and 33 at each step back
			passed, forward := newest.calm-q.calm, newest.forward-q.forward
			what := fmt.Sprintf("seed %d, at most %v apart and %d late, query %s, due %v: %v without leaps, lag %v, %d leaps forward, %d back", seed, most, late, guid, due, passed, lag, forward, newest.back-q.back)
			require.LessOrEqual(t, a.corr.Clock.Calm(l.entry.Moment()), int64(passed+time.Duration(late)*most), what)
			switch {
			case passed > timeout+lag && apart > 33 && late == 1 && (q.before > 16 || forward+newest.back-q.back == 0): // else which leap was it?
				require.True(t, l.Unanswered, what)
				overs++
			case passed <= timeout && forward < 2 && (apart > 33 || late == 1): // two of them are pauses
				require.False(t, l.Unanswered, what)
				opens++
			}
			a.corr.Release(l)
		}
		next, dense := 200+r.IntN(1000), int64(1)
		for i := range 500 + r.IntN(4000) {
			if r.IntN(100) == 0 {
				dense = r.Int64N(10) + 1
			}
			d := time.Duration(r.Int64N(int64(most)/dense) + 1).Truncate(100) // as events have it
			now.calm += d
			now.at += d
			now.before++
			if next--; next == 0 {
				now.before = 0
				next = apart + r.IntN(1500)
				if r.IntN(2) == 0 {
					now.at += 15*time.Second + time.Duration(r.Int64N(int64([]time.Duration{time.Minute, time.Hour, 1000 * time.Hour}[r.IntN(3)]))).Truncate(100)
					now.forward++
				} else {
					now.at -= 5*time.Minute + 10*time.Second + time.Duration(r.Int64N(int64([]time.Duration{time.Minute, time.Hour, 1000 * time.Hour}[r.IntN(3)]))).Truncate(100)
					now.back++
				}
			}
			for a.corr.Due() {
				pop(true)
			}
			events = append(events, now)
			of := max(0, i-r.IntN(late))
			at := events[of].at
			if r.IntN(20) > 0 {
				a.corr.Clock.Event(start.Add(at).UnixNano())
				continue
			}
			guid := fmt.Sprintf("{%d}", i)
			asked[guid] = of
			asking["GUID"] = guid
			e, raw := a.event(256, at, asking)
			a.corr.Clock.Event(start.Add(at).UnixNano())
			require.Equal(t, Held, a.corr.Add(e, raw, int64(i)).Verdict)
		}
		for a.corr.Held() > 0 {
			pop(false)
		}
	}
	require.Greater(t, overs, 1000)
	require.Greater(t, opens, 1000)
}
