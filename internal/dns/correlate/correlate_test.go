// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

var start = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)

// maker makes events of one provider.
type maker struct {
	t       testing.TB
	decoder *dns.Decoder
}

// event makes an event that happened some time after start, and its wire form.
func (m maker) event(id uint16, after time.Duration, fields map[string]any) (*dns.Event, []byte) {
	m.t.Helper()
	for _, tmpl := range m.decoder.Templates() {
		if tmpl.ID != id {
			continue
		}
		raw, err := tmpl.Encode(nil, 8, fields)
		require.NoError(m.t, err)
		r := etw.Record{ID: id, Version: tmpl.Version, Provider: tmpl.Provider, ProcessID: 7, TimeStamp: etw.Filetime(start.Add(after).UnixNano()), UserData: raw}
		wire, err := r.Append(nil)
		require.NoError(m.t, err)
		e := &dns.Event{}
		require.NoError(m.t, e.Parse(wire))
		m.decoder.Decode(e)
		return e, wire
	}
	m.t.Fatalf("no event %d", id)
	return nil, nil
}

func server(t testing.TB) maker { return maker{t, dns.NewDecoder(dns.Server())} }
func client(t testing.TB) maker { return maker{t, dns.NewDecoder(dns.Client())} }

func correlator(window time.Duration) *Correlator {
	return New(Settings{Window: window, MaxEvents: 100, MaxBytes: 1 << 20})
}

// pass lets the clock show a time after the start.
func pass(corr *Correlator, after time.Duration) {
	for range 2*hold.Strays + 1 {
		corr.Clock.Event(start.Add(after).UnixNano())
	}
}

func query(name string, more ...any) map[string]any {
	fields := map[string]any{"QNAME": name, "QTYPE": 1, "Source": "10.0.0.1"}
	for i := 0; i < len(more); i += 2 {
		fields[more[i].(string)] = more[i+1]
	}
	return fields
}

func TestTimesAtBothEndsOfTimeAreFarApart(t *testing.T) {
	m := server(t)
	at := func(corr *Correlator, id uint16, filetime int64, fields map[string]any) Verdict {
		e, raw := m.event(id, 0, fields)
		e.TimeStamp = filetime
		return corr.Add(e, raw, 1).Verdict
	}
	for _, order := range [][2]int64{{0, math.MaxInt64}, {math.MaxInt64, 0}} {
		corr := correlator(time.Minute)
		require.Equal(t, Held, at(corr, 257, order[0], map[string]any{"QNAME": "a.example", "Destination": "10.0.0.1"}))
		require.Equal(t, Held, at(corr, 256, order[1], query("a.example")))
		for range 2*hold.Strays + 1 {
			corr.Clock.Event(etw.UnixNano(order[1]))
		}
		require.False(t, corr.Due(), "no time has passed")
		corr.Clock.Silence(7 * time.Minute)
		require.True(t, corr.Due())
		corr.Release(corr.PopOldest(true))
		require.True(t, corr.Due())
		require.True(t, corr.PopOldest(true).Unanswered)
	}
}

func TestInASilenceTimePassesWithoutEvents(t *testing.T) {
	for _, known := range []bool{false, true} {
		corr := New(Settings{Window: time.Minute, MaxEvents: 10, MaxBytes: 1 << 20, Live: true})
		if known {
			pass(corr, 0)
		}
		e, raw := server(t).event(256, 0, query("a.example"))
		require.Equal(t, Held, corr.Add(e, raw, start.UnixNano()).Verdict)
		corr.Clock.Silence(time.Minute)
		corr.Clock.Silence(2 * time.Second)
		require.False(t, corr.Due(), "its response may come two seconds late")
		corr.Clock.Silence(10 * time.Millisecond)
		require.True(t, corr.Due())
		require.True(t, corr.PopOldest(true).Unanswered)
	}
}

func TestTheOldestGoesEarlyWhenThereIsNoRoom(t *testing.T) {
	m := server(t)
	corr := New(Settings{Window: time.Hour, MaxEvents: 3, MaxBytes: 1 << 20})
	for i := range 10 {
		for corr.Due() {
			popped := corr.PopOldest(true)
			require.False(t, popped.Unanswered, "it may still be answered")
			corr.Release(popped)
		}
		e, raw := m.event(256, 0, query("a.example", "GUID", fmt.Sprintf("{%d}", i)))
		require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
		require.LessOrEqual(t, corr.Held(), 3)
	}
}

func TestAResponseFindsItsQueryByGUIDOrByClientPortAndID(t *testing.T) {
	m := server(t)
	response := func(more ...any) map[string]any {
		fields := query("a.example", more...)
		delete(fields, "Source")
		fields["Destination"] = "10.0.0.1"
		return fields
	}
	for _, ids := range [][]any{{"GUID", "{BF629903-4288-435F-9182-470BEDF5C0A4}"}, {"Port", 5353, "XID", 7}} {
		corr := correlator(10 * time.Second)
		e, raw := m.event(256, time.Second, query("a.example", ids...))
		require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
		e, raw = m.event(257, 3*time.Second, response(ids...))
		d := corr.Add(e, raw, 2)
		require.Equal(t, Answer, d.Verdict)
		require.Equal(t, start.Add(time.Second).UnixNano(), d.Start)
		require.Zero(t, corr.Held())

		// The other way round, from another processor's buffer.
		e, response257 := m.event(258, 3*time.Second, response(ids...))
		require.Equal(t, Held, corr.Add(e, response257, 3).Verdict)
		e, raw = m.event(256, time.Second, query("a.example", ids...))
		d = corr.Add(e, raw, 4)
		require.Equal(t, Query, d.Verdict)
		require.Equal(t, response257, d.Data)
		require.Equal(t, int64(3), d.Received)
		require.Equal(t, start.Add(time.Second).UnixNano(), d.Start)
		require.Zero(t, corr.Held())
	}
}

func TestAQueryWithoutAResponseIsUnansweredWhenItsTimeIsOver(t *testing.T) {
	m, corr := server(t), correlator(10*time.Second)
	e, raw := m.event(256, 0, query("a.example", "GUID", "{1}"))
	require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
	require.False(t, corr.PopOldest(false).Unanswered)
	pass(corr, 0)
	e, raw = m.event(256, 10*time.Minute, query("a.example", "GUID", "{2}"))
	require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
	require.False(t, corr.Due(), "one event is no time")
	for i := range 95 { // with the last one 17 of 33 have reached 312 s
		corr.Clock.Event(start.Add(time.Duration(i) * 4 * time.Second).UnixNano())
		require.Equal(t, i == 94, corr.Due(), "event %d", i)
	}
	require.True(t, corr.PopOldest(true).Unanswered)
	e, raw = m.event(257, 376*time.Second, map[string]any{"GUID": "{1}"})
	require.Equal(t, Held, corr.Add(e, raw, 1).Verdict, "a response that comes too late is a record of its own")
}

func TestWhatRateLimitingMakesOfAResponseMakesNoOpenQueryAFailure(t *testing.T) {
	m := server(t)
	asked := map[string]any{"QNAME": "a.example.", "QTYPE": 1, "Source": "192.0.2.9", "Port": 53001, "XID": 7, "InterfaceIP": "10.0.0.1"}
	limited := map[string]any{"QNAME": "a.example.", "QTYPE": 1, "Destination": "192.0.2.9", "Port": 53001, "XID": 7, "InterfaceIP": "10.0.0.1"}
	for _, id := range []uint16{0, 281, 282, 283} {
		corr := correlator(10 * time.Second)
		query, raw := m.event(256, 0, asked)
		require.Equal(t, Held, corr.Add(query, raw, 1).Verdict)
		if id != 0 {
			response, raw := m.event(id, time.Millisecond, limited)
			require.Equal(t, Pass, corr.Add(response, raw, 1).Verdict)
		}
		for i := range 100 {
			corr.Clock.Event(start.Add(time.Duration(i) * 4 * time.Second).UnixNano())
		}
		require.True(t, corr.Due())
		popped := corr.PopOldest(true)
		require.Equal(t, id == 0, popped.Unanswered, "event %d", id)
		corr.Release(popped)
		require.Zero(t, corr.Untied())
	}
}

func TestWhenTheClockIsSetForwardAResponseWaitsForItsQueryAmongEventsFromBefore(t *testing.T) {
	const leap = time.Hour
	m := server(t)
	for _, comes := range []bool{true, false} {
		corr := New(Settings{Window: 10 * time.Second, MaxEvents: 100, MaxBytes: 1 << 20, Live: true})
		pass(corr, 0)
		e, raw := m.event(257, leap+time.Second, map[string]any{"GUID": "{1}"})
		require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
		for i := range 12_000 { // of the other processors
			corr.Clock.Event(start.Add(time.Duration(i) * time.Millisecond).UnixNano())
			require.False(t, corr.Due(), "event %d", i)
		}
		if comes {
			e, raw = m.event(256, leap, query("a.example", "GUID", "{1}"))
			require.Equal(t, Query, corr.Add(e, raw, 1).Verdict)
			continue
		}
		pass(corr, 12*time.Second+time.Millisecond)
		require.True(t, corr.Due(), "no other event has its time: a stray, which goes with the others")
	}
}

// timed gives each event's time to the Correlator's clock before it adds the event.
type timed struct {
	maker
	corr *Correlator
}

func (a timed) add(id uint16, at time.Duration, fields map[string]any) Decision {
	a.t.Helper()
	e, raw := a.event(id, at, fields)
	a.corr.Clock.Event(start.Add(at).UnixNano())
	return a.corr.Add(e, raw, 1)
}

// others has the clock see other events: one a millisecond, for a time.
func (a timed) others(from, count time.Duration) {
	for at := from; at < from+count; at += time.Millisecond {
		a.corr.Clock.Event(start.Add(at).UnixNano())
	}
}

var leaps = []time.Duration{time.Hour, -time.Hour, 100 * 365 * 24 * time.Hour, -100 * 365 * 24 * time.Hour}

// byKey are the ways in which a query and its response find each other.
func byKey(t testing.TB) map[string]struct {
	maker
	asks, answers uint16
	fields        func(id uint16) map[string]any
} {
	type way = struct {
		maker
		asks, answers uint16
		fields        func(id uint16) map[string]any
	}
	return map[string]way{
		"by GUID": {server(t), 256, 257, func(uint16) map[string]any { return map[string]any{"GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}"} }},
		"by client, port and id": {server(t), 256, 257, func(id uint16) map[string]any {
			if id == 256 {
				return map[string]any{"Source": "10.0.0.1", "Port": 5353, "XID": 7}
			}
			return map[string]any{"Destination": "10.0.0.1", "Port": 5353, "XID": 7, "GUID": "{00000000-0000-0000-0000-000000000000}"}
		}},
		"by process, name and type": {client(t), 3006, 3008, func(uint16) map[string]any { return map[string]any{"QueryName": "a.example", "QueryType": 28} }},
	}
}

func TestWhenTheClockIsSetAResponseFindsItsQueryByWhateverKeyTheyHave(t *testing.T) {
	for name, way := range byKey(t) {
		for _, leap := range leaps {
			for _, isLive := range []bool{false, true} {
				for _, before := range []time.Duration{0, 10 * time.Millisecond, time.Second} { // of a stream before the query, and after it
					for _, after := range []time.Duration{0, 10 * time.Millisecond, time.Second} { // the leap and before the response
						what := fmt.Sprintf("%s: %v, live %v, %v before, %v after", name, leap, isLive, before, after)
						corr := New(Settings{Window: 10 * time.Second, MaxEvents: 100, MaxBytes: 1 << 20, Live: isLive})
						a := timed{way.maker, corr}
						a.others(0, before)
						require.Equal(t, Held, a.add(way.asks, before, way.fields(way.asks)).Verdict, what)
						a.others(before, before)
						a.others(2*before+leap, after)
						require.False(t, corr.Due(), what)
						require.False(t, corr.PopOldest(false).Unanswered, "%s: if no more events come", what)
						d := a.add(way.answers, 2*before+leap+after, way.fields(way.answers))
						require.Equal(t, Answer, d.Verdict, what)
						require.True(t, d.Leapt, what)
						require.Equal(t, start.Add(before).UnixNano(), d.Start, what)
						require.Zero(t, corr.Held(), what)
					}
				}
			}
		}
	}
}

func TestWhenTheClockIsSetAQueryHasTheRestOfItsTime(t *testing.T) {
	for _, leap := range append(leaps, 3*time.Second, -3*time.Second) {
		for _, isLive := range []bool{false, true} {
			corr := New(Settings{Window: 10 * time.Second, MaxEvents: 100, MaxBytes: 1 << 20, Live: isLive})
			a := timed{server(t), corr}
			a.others(0, time.Second)
			require.Equal(t, Held, a.add(256, time.Second, query("a.example", "GUID", "{1}")).Verdict)
			var age time.Duration
			for ; !corr.Due(); age += time.Millisecond {
				at := time.Second + age
				if age > 5*time.Second {
					at += leap
				}
				corr.Clock.Event(start.Add(at).UnixNano())
			}
			what := fmt.Sprintf("%v, live %v", leap, isLive)
			require.GreaterOrEqual(t, age, 10*time.Second, what)
			longest := 10*time.Second + time.Duration(2*corr.slack) + 50*time.Millisecond
			if leap == -3*time.Second {
				longest -= leap
			}
			require.LessOrEqual(t, age, longest, what)
			require.True(t, corr.PopOldest(true).Unanswered, what)
		}
	}
}

func TestStrayEventsMakeNoQueryOlder(t *testing.T) {
	for _, leap := range leaps {
		corr := New(Settings{Window: 10 * time.Second, MaxEvents: 100, MaxBytes: 1 << 20, Live: true})
		a := timed{server(t), corr}
		require.Equal(t, Held, a.add(256, 0, query("a.example", "GUID", "{1}")).Verdict)
		for i := range 9000 {
			at := time.Duration(i) * time.Millisecond
			if i%33 < hold.Strays {
				corr.Clock.Event(start.Add(at + leap + time.Duration(i%33)*leap/100).UnixNano())
			}
			corr.Clock.Event(start.Add(at).UnixNano())
			require.False(t, corr.Due(), "%v: event %d", leap, i)
		}
		require.False(t, corr.PopOldest(false).Unanswered, "%v", leap)
	}
}

func TestAResponseThatCannotBeToldFromThatOfAnEarlierQueryMakesNeitherAFailure(t *testing.T) {
	corr := New(Settings{Window: 10 * time.Second, MaxEvents: 100, MaxBytes: 1 << 20, Live: true})
	a := timed{client(t), corr}
	same := map[string]any{"QueryName": "a.example", "QueryType": 28}
	a.others(0, time.Second)
	require.Equal(t, Held, a.add(3006, time.Second, same).Verdict)
	require.Equal(t, Held, a.add(3008, 500*time.Millisecond, same).Verdict, "of an earlier one, or the clock was set back a little")
	a.others(time.Second, 13*time.Second)
	require.True(t, corr.Due())
	require.False(t, corr.PopOldest(true).Unanswered)
}

func TestWhenNoMoreEventsComeNoResponseComesLate(t *testing.T) {
	m, corr := server(t), correlator(10*time.Second)
	e, raw := m.event(256, 0, query("a.example", "GUID", "{1}"))
	require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
	pass(corr, 0)
	pass(corr, 10*time.Second)
	require.False(t, corr.PopOldest(false).Unanswered)
	pass(corr, 10*time.Second+1)
	require.False(t, corr.PopOldest(true).Unanswered)
	require.True(t, corr.PopOldest(false).Unanswered)
}

func TestInAFileOfFewEventsAQueryIsUnansweredWhenMostEventsAreLaterThanItsTime(t *testing.T) {
	const century = 100 * 365 * 24 * time.Hour
	for _, c := range []struct {
		times      []time.Duration // of the events; the first is the query
		unanswered bool
	}{
		{[]time.Duration{0}, false},
		{[]time.Duration{0, 5 * time.Minute}, false}, // which of them is a stray?
		{[]time.Duration{0, time.Second, 5 * time.Minute}, false},
		{[]time.Duration{0, 5 * time.Minute, 6 * time.Minute}, false}, // a pause, or was the clock set?
		{[]time.Duration{0, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute}, true},
		{[]time.Duration{0, time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute}, true},
		{[]time.Duration{0, time.Second, 11 * time.Second, 12 * time.Second, 5 * time.Minute}, true},
		{[]time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second}, false},
		{[]time.Duration{0, time.Second, 2 * time.Second, century, century}, false},
		{[]time.Duration{0, -century, -century, time.Second, 5 * time.Minute}, false},
	} {
		m, corr := server(t), correlator(10*time.Second)
		e, raw := m.event(256, 0, query("a.example", "GUID", "{1}"))
		for i, after := range c.times {
			corr.Clock.Event(start.Add(after).UnixNano())
			if i == 0 {
				require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
			}
			require.False(t, corr.Due())
		}
		require.Equal(t, c.unanswered, corr.PopOldest(false).Unanswered, "%v", c.times)
	}
}

func TestAResponseWithoutItsQueryIsNotThatOfTheNextQuery(t *testing.T) {
	m, corr := client(t), correlator(10*time.Second)
	add := func(id uint16, after time.Duration) Decision {
		e, raw := m.event(id, after, map[string]any{"QueryName": "a.example", "QueryType": 1})
		return corr.Add(e, raw, 1)
	}
	require.Equal(t, Held, add(3008, 0).Verdict, "its query was before the session")
	for i := range 3 { // a program that asks every two seconds
		asked := time.Duration(2*(i+1)) * time.Second
		require.Equal(t, Held, add(3006, asked).Verdict, "%v", asked)
		d := add(3008, asked+50*time.Millisecond)
		require.Equal(t, Answer, d.Verdict, "%v", asked)
		require.Equal(t, start.Add(asked).UnixNano(), d.Start)
	}
	require.Equal(t, 1, corr.Held())
	popped := corr.PopOldest(false)
	require.Equal(t, start.UnixNano(), popped.Start, "the first response")
	require.False(t, popped.Unanswered)
	corr.Release(popped)

	// One tick of the coarsest clock, and what several processors make of it, is no order.
	require.Equal(t, Held, add(3008, time.Minute).Verdict)
	require.Equal(t, Query, add(3006, time.Minute+15*time.Millisecond).Verdict)
	require.Equal(t, Held, add(3006, 2*time.Minute+15*time.Millisecond).Verdict)
	require.Equal(t, Answer, add(3008, 2*time.Minute).Verdict)
}

func TestAClientsAnswerFindsItsQuestionByProcessNameAndType(t *testing.T) {
	m, corr := client(t), correlator(10*time.Second)
	for _, pair := range [][2]uint16{{3006, 3008}, {3010, 3011}, {3016, 3018}, {3019, 3020}} {
		e, raw := m.event(pair[0], 0, map[string]any{"QueryName": "a.example", "QueryType": 28})
		require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
		e, raw = m.event(pair[1], time.Second, map[string]any{"QueryName": "a.example", "QueryType": 1})
		require.Equal(t, Held, corr.Add(e, raw, 1).Verdict, "another type")
		e, raw = m.event(pair[1], time.Second, map[string]any{"QueryName": "A.example.", "QueryType": 28})
		require.Equal(t, Answer, corr.Add(e, raw, 1).Verdict, "%v", pair)
	}
	e, raw := m.event(3009, 0, map[string]any{"QueryName": "a.example"})
	require.Equal(t, Pass, corr.Add(e, raw, 1).Verdict)
}
