// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	guid       = "{BF629903-4288-435F-9182-470BEDF5C0A4}"
	otherGUID  = "{73A2D33C-B319-42F5-8EEF-46776AF0D9B7}"
	noGUID     = "{00000000-0000-0000-0000-000000000000}"
	forwarder  = "192.0.2.53"
	forwarder2 = "2001:db8::53"
)

// recurses adds an event of recursion.
func (a timed) recurses(id uint16, at time.Duration, guid, server string) Decision {
	a.t.Helper()
	return a.add(id, at, recursing(id, guid, server))
}

// recursing are the fields of an event of recursion, or of a client's query or its response.
func recursing(id uint16, guid, server string) map[string]any {
	fields := map[string]any{"QNAME": "a.example.", "QTYPE": 1, "GUID": guid, "XID": 8}
	switch id {
	case 256:
		fields["Source"] = "10.0.0.1"
	case 257:
		fields["Destination"] = "10.0.0.1"
	case 261, 290:
		fields["Source"] = server
	default:
		fields["Destination"], fields["QXID"] = server, 7
	}
	return fields
}

func recursive(t testing.TB) timed {
	return timed{server(t), New(Settings{Window: 10 * time.Second, MaxEvents: 100, MaxBytes: 1 << 20, Live: true})}
}

func TestTheServersQueriesToOthersArePartOfTheExchangeWithTheirGUID(t *testing.T) {
	for _, ids := range [][3]uint16{{260, 262, 261}, {289, 291, 290}} {
		a := recursive(t)
		require.Equal(t, Held, a.add(256, 0, query("a.example", "GUID", guid)).Verdict)
		require.Equal(t, Merged, a.recurses(ids[0], 10*time.Millisecond, guid, forwarder).Verdict)
		require.Equal(t, Merged, a.recurses(ids[1], 3*time.Second, guid, forwarder).Verdict)
		require.Equal(t, Merged, a.recurses(ids[0], 3*time.Second, guid, forwarder2).Verdict)
		require.Equal(t, Merged, a.recurses(ids[2], 3020*time.Millisecond, guid, forwarder2).Verdict)
		require.Equal(t, 1, a.corr.Held())
		d := a.add(257, 3030*time.Millisecond, map[string]any{"GUID": guid})
		require.Equal(t, Answer, d.Verdict)
		require.Equal(t, start.UnixNano(), d.Start)
		r := d.Recursion
		require.Equal(t, []int64{2, 1, 1, 2}, []int64{r.Sent, r.Answered, r.TimedOut, r.Queries()})
		took, sure := r.Duration()
		require.True(t, sure)
		require.Equal(t, int64(3010*time.Millisecond), took)
		require.Equal(t, 2, r.Servers.Len())
		require.Equal(t, []string{forwarder, forwarder2}, []string{r.Servers.At(0).String(), r.Servers.At(1).String()})
		require.Zero(t, a.corr.Held())
		require.Equal(t, Pass, a.recurses(ids[2], 3031*time.Millisecond, guid, forwarder).Verdict, "the exchange is complete")
	}
}

func TestAQueryThatOnlyOtherServersDidNotAnswerIsStillUnanswered(t *testing.T) {
	a := recursive(t)
	require.Equal(t, Held, a.add(256, 0, query("a.example", "GUID", guid)).Verdict)
	require.Equal(t, Merged, a.recurses(260, time.Millisecond, guid, forwarder).Verdict)
	require.Equal(t, Merged, a.recurses(262, 3*time.Second, guid, forwarder).Verdict)
	a.corr.Clock.Silence(time.Minute)
	popped := a.corr.PopOldest(true)
	require.True(t, popped.Unanswered)
	require.Equal(t, int64(1), popped.Recursion.TimedOut)
	require.Equal(t, start.Add(3*time.Second).UnixNano(), popped.End)
}

func TestRecursionComesBeforeTheQueryWhenTheResponseDoes(t *testing.T) {
	a := recursive(t)
	require.Equal(t, Held, a.add(257, 40*time.Millisecond, map[string]any{"GUID": guid}).Verdict)
	require.Equal(t, Merged, a.recurses(261, 35*time.Millisecond, guid, forwarder).Verdict)
	require.Equal(t, Merged, a.recurses(260, 5*time.Millisecond, guid, forwarder).Verdict)
	d := a.add(256, 0, query("a.example", "GUID", guid))
	require.Equal(t, Query, d.Verdict)
	took, sure := d.Recursion.Duration()
	require.True(t, sure)
	require.Equal(t, int64(30*time.Millisecond), took)
}

func TestRecursionStaysApartWhereNoExchangeIsCertain(t *testing.T) {
	for name, do := range map[string]func(a timed) Verdict{
		"another GUID":      func(a timed) Verdict { return a.recurses(260, time.Second, otherGUID, forwarder).Verdict },
		"no GUID":           func(a timed) Verdict { return a.recurses(260, time.Second, noGUID, forwarder).Verdict },
		"before the query":  func(a timed) Verdict { return a.recurses(260, -time.Second, guid, forwarder).Verdict },
		"after the timeout": func(a timed) Verdict { return a.recurses(261, 11*time.Second, guid, forwarder).Verdict },
		"an unknown layout": func(a timed) Verdict {
			e, raw := a.changed(260, time.Second, recursing(260, guid, forwarder), longer)
			return a.corr.Add(e, raw, 1).Verdict
		},
	} {
		a := recursive(t)
		require.Equal(t, Held, a.add(256, 0, query("a.example", "GUID", guid, "Port", 5000, "XID", 7)).Verdict)
		require.Equal(t, Pass, do(a), name)
		d := a.add(257, 12*time.Millisecond, map[string]any{"GUID": guid})
		require.Equal(t, Answer, d.Verdict, name)
		require.Zero(t, d.Recursion.Queries(), name)
	}
}

func TestTheDurationOfRecursionNeedsAllOfItsEvents(t *testing.T) {
	for _, events := range [][]uint16{{260}, {261}, {260, 260, 261}, {260, 261, 262}} {
		a := recursive(t)
		require.Equal(t, Held, a.add(256, 0, query("a.example", "GUID", guid)).Verdict)
		for i, id := range events {
			require.Equal(t, Merged, a.recurses(id, time.Duration(i)*time.Millisecond, guid, forwarder).Verdict)
		}
		r := a.add(257, time.Second, map[string]any{"GUID": guid}).Recursion
		_, sure := r.Duration()
		require.False(t, sure, "%v", events)
		require.Equal(t, max(1, int64(len(events)-1)), r.Queries(), "at least so many")
	}
}

func TestTheServersThatAreListedAreBounded(t *testing.T) {
	a := recursive(t)
	require.Equal(t, Held, a.add(256, 0, query("a.example", "GUID", guid)).Verdict)
	for i := range 40 {
		require.Equal(t, Merged, a.recurses(260, time.Millisecond, guid, fmt.Sprintf("192.0.2.%d", i+1)).Verdict)
	}
	r := a.add(257, time.Second, map[string]any{"GUID": guid}).Recursion
	require.Equal(t, int64(40), r.Queries())
	require.Equal(t, 16, r.Servers.Len())
	require.True(t, r.ServersCut)
}

// Whatever comes in whatever order, each event of recursion is in the exchange of its GUID or in none.
func TestNoRecursionIsInTheWrongExchange(t *testing.T) {
	rnd := rand.New(rand.NewPCG(16, 260))
	merged, apart := 0, 0
	for range 300 {
		a := recursive(t)
		counts := map[string]int64{}
		for range 60 {
			n := rnd.IntN(4)
			g := fmt.Sprintf("{%036d}", n+1)
			id := []uint16{256, 257, 260, 261, 262}[rnd.IntN(5)]
			at := time.Duration(rnd.IntN(12_000)) * time.Millisecond
			server := fmt.Sprintf("192.0.2.%d", n+1)
			d := a.recurses(id, at, g, server)
			switch {
			case id >= 260 && d.Verdict == Merged:
				counts[g]++
				merged++
			case id >= 260:
				require.Equal(t, Pass, d.Verdict)
				apart++
			case d.Verdict == Answer || d.Verdict == Query:
				require.LessOrEqual(t, d.Recursion.Sent+d.Recursion.Answered+d.Recursion.TimedOut, counts[g])
				for i := range d.Recursion.Servers.Len() {
					require.Equal(t, server, d.Recursion.Servers.At(i).String())
				}
			}
		}
	}
	require.Greater(t, min(merged, apart), 1000)
}
