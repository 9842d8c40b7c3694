// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asks are the fields of a call, and of what the service says of it.
func asks(process int, name string, qtype uint16) map[string]any {
	return map[string]any{"QueryName": name, "QueryType": int(qtype), "ClientPID": process, "DNSServerAddress": "10.0.0.8;"}
}

func TestAnEventWithoutATypeIsOfTheOnlyOpenCallWhateverIsBetween(t *testing.T) {
	r := newResolver(t)
	a, b := asks(program, "a.example", 28), asks(program, "b.example", 1)
	require.Equal(t, Held, r.says(3006, a).Verdict)
	require.Equal(t, Held, r.says(3006, b).Verdict)
	require.Equal(t, Merged, r.says(3019, a).Verdict)
	require.Equal(t, Merged, r.says(3019, b).Verdict)
	require.Equal(t, Merged, r.says(3009, a).Verdict, "the event before it on the thread is of another call")
	require.Equal(t, Merged, r.saysAs(3009, service, serviceThread+4, 9, b).Verdict, "of another thread")
	require.Equal(t, int64(4), r.says(3008, a).Lookup.Events)
	require.Equal(t, int64(4), r.says(3008, b).Lookup.Events)
	require.Equal(t, Pass, r.saysAs(3009, service, serviceThread+4, 9, b).Verdict, "no call is open")
	require.Empty(t, r.corr.open.of)
}

func TestAnEventWithoutATypeIsOfNoneOfTwoOpenCalls(t *testing.T) {
	for name, second := range map[string]func(r *resolver){
		"another type": func(r *resolver) { require.Equal(t, Held, r.says(3006, asks(program, "a.example", 1)).Verdict) },
		"the same":     func(r *resolver) { require.Equal(t, Pass, r.says(3006, asks(program, "a.example", 28)).Verdict) },
		"no type": func(r *resolver) {
			require.Equal(t, Held, r.says(3006, asks(program, "a.example", 1)).Verdict)
			require.Equal(t, Held, r.says(3006, map[string]any{"QueryName": "a.example", "QueryType": 1 << 20}).Verdict)
			r.says(3008, asks(program, "a.example", 1))
		},
		"more than are listed": func(r *resolver) {
			for typ := range uint16(maxTypes) {
				require.Equal(t, Held, r.says(3006, asks(program, "a.example", 100+typ)).Verdict)
			}
			for typ := range uint16(maxTypes - 1) {
				require.Equal(t, Answer, r.says(3008, asks(program, "a.example", 100+typ)).Verdict)
			}
		},
	} {
		r := newResolver(t)
		require.Equal(t, Held, r.says(3006, asks(program, "a.example", 28)).Verdict, name)
		second(r)
		require.Equal(t, Pass, r.saysAs(3009, service, serviceThread+4, 9, asks(program, "a.example", 28)).Verdict, name)
	}
}

func TestOfSeveralOpenCallsTheThreadSaysWhichOneItIs(t *testing.T) {
	for name, c := range map[string]struct {
		thread int
		want   Verdict
	}{
		"the same thread": {programThread, Merged}, "another thread": {programThread + 4, Pass},
		"another thread, of the same place for threads": {programThread + 4*maxThreads, Pass},
	} {
		r := newResolver(t)
		require.Equal(t, Held, r.saysAs(3006, program, 99, 9, asked(1)).Verdict, name)
		require.Equal(t, Held, r.says(3006, asked(28)).Verdict, name)
		require.Equal(t, c.want, r.saysAs(3007, program, c.thread, 9, asked(28)).Verdict, name)
	}
}

func TestACallThatIsOverIsNotOpenThoughItIsKeptBack(t *testing.T) {
	r := newResolver(t)
	require.Equal(t, Held, r.says(3006, asks(program, "a.example", 1)).Verdict, "its result is lost")
	r.at += 11 * time.Second
	require.Equal(t, Held, r.says(3006, asks(program, "a.example", 28)).Verdict)
	require.Equal(t, Merged, r.saysAs(3009, service, serviceThread+4, 9, asks(program, "a.example", 28)).Verdict)
	require.Equal(t, int64(3), r.says(3008, asks(program, "a.example", 28)).Lookup.Events)
	require.Equal(t, 1, r.corr.Held())

	require.Equal(t, Held, r.says(3006, asks(program, "a.example", 1)).Verdict, "takes the place of the one before")
	require.Equal(t, 2, r.corr.Held())
	require.Equal(t, Merged, r.saysAs(3009, service, serviceThread+4, 9, asks(program, "a.example", 1)).Verdict)
	r.corr.Release(r.corr.PopOldest(true))
	require.Equal(t, Merged, r.saysAs(3009, service, serviceThread+4, 9, asks(program, "a.example", 1)).Verdict, "the old one is gone, the new one is not")
	require.Equal(t, Answer, r.says(3008, asks(program, "a.example", 1)).Verdict)
	require.Empty(t, r.corr.open.of)
}

// Look-ups of a few processes, names and types are interleaved as they come, on few threads of the service. What is open is known, so it
// is known to which look-up each event belongs, or that nobody can tell.
func TestInterleavedLookUpsHaveTheEventsThatAreCertain(t *testing.T) {
	type call struct {
		process int
		name    string
		typ     uint16
	}
	r := newResolver(t)
	rng := rand.New(rand.NewPCG(13, 3009))
	left := map[call][]uint16{} // of the open calls, the events that are to come
	count := map[call]int64{}
	last := map[int]call{} // by thread, the call of the last event that has a type
	var open []call
	var alone, byThread, apart int
	for range 20_000 {
		if len(open) == 0 || len(open) < 6 && rng.IntN(5) == 0 {
			c := call{4000 + 4*rng.IntN(2), fmt.Sprintf("%c.example", 'a'+rng.IntN(3)), []uint16{1, 28, 65}[rng.IntN(3)]}
			if count[c] > 0 {
				continue
			}
			require.Equal(t, Held, r.saysAs(3006, c.process, c.process+1, 9, asks(c.process, c.name, c.typ)).Verdict)
			open, count[c], last[c.process+1] = append(open, c), 1, c
			left[c] = []uint16{3016, 3018, 3019, 3009, 3010, 3011, 3020, 3008}
			continue
		}
		i := rng.IntN(len(open))
		c := open[i]
		id := left[c][0]
		left[c] = left[c][1:]
		process, thread := service, serviceThread+4*rng.IntN(3)
		if id == 3008 {
			process, thread = c.process, c.process+1
		}
		d := r.saysAs(id, process, thread, 9, asks(c.process, c.name, c.typ))
		switch id {
		case 3008:
			require.Equal(t, Answer, d.Verdict)
			require.Equal(t, count[c]+1, d.Lookup.Events)
			open = append(open[:i], open[i+1:]...)
			delete(count, c)
			continue
		case 3009:
			var same []call
			for _, o := range open {
				if o.process == c.process && o.name == c.name {
					same = append(same, o)
				}
			}
			before := last[thread]
			switch {
			case len(same) == 1:
				require.Equal(t, Merged, d.Verdict)
				count[c]++
				alone++
			case before.process == c.process && before.name == c.name && count[before] > 0:
				require.Equal(t, Merged, d.Verdict)
				count[before]++
				byThread++
			default:
				require.Equal(t, Pass, d.Verdict)
				apart++
			}
			continue
		}
		require.Equal(t, Merged, d.Verdict)
		count[c]++
		last[thread] = c
	}
	require.Equal(t, len(open), r.corr.Held())
	require.Greater(t, min(alone, byThread, apart), 100)
}
