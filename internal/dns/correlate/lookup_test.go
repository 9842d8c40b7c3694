// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Processes and threads of these tests.
const (
	program, service = 4711, 2164
	programThread    = 4712
	serviceThread    = 2588
)

// resolver makes the events of look-ups, as the newest versions of them are.
type resolver struct {
	maker
	corr *Correlator
	at   time.Duration
}

func newResolver(t testing.TB) *resolver {
	return &resolver{maker: client(t), corr: correlator(10 * time.Second)}
}

// says adds an event, a millisecond after the one before it. Those of the service name the program's process.
func (r *resolver) says(id uint16, fields map[string]any) Decision {
	r.t.Helper()
	process, thread := program, programThread
	e := &dns.Event{Record: etw.Record{ID: id}}
	if r.decoder.Decode(e); e.Meaning.Lookup.Part && !e.OwnProcess {
		process, thread = service, serviceThread
	}
	return r.saysAs(id, process, thread, 9, fields)
}

// saysAs is says of a thread, in a version of the event, or the newest up to it.
func (r *resolver) saysAs(id uint16, process, thread int, version uint8, fields map[string]any) Decision {
	r.t.Helper()
	r.at += time.Millisecond
	at := start.Add(r.at).UnixNano()
	e := &dns.Event{}
	var wire []byte
	for _, tmpl := range r.decoder.Templates() {
		if tmpl.ID != id || tmpl.Version > version || wire != nil && tmpl.Version < e.Version {
			continue
		}
		f := map[string]any{}
		for _, field := range tmpl.Fields {
			if v, ok := fields[field.Name]; ok {
				f[field.Name] = v
			} else if field.Name == "ClientPID" {
				f[field.Name] = program
			}
		}
		raw, err := tmpl.Encode(nil, 8, f)
		require.NoError(r.t, err)
		rec := etw.Record{
			ID: id, Version: tmpl.Version, Provider: tmpl.Provider, ProcessID: uint32(process), ThreadID: uint32(thread),
			TimeStamp: etw.Filetime(at), UserData: raw,
		}
		wire, err = rec.Append(nil)
		require.NoError(r.t, err)
		require.NoError(r.t, e.Parse(wire))
	}
	require.NotNil(r.t, wire, "no event %d", id)
	r.decoder.Decode(e)
	require.False(r.t, e.LayoutUnknown())
	r.corr.Clock.Event(at)
	return r.corr.Add(e, wire, at)
}

func asked(qtype int, more ...any) map[string]any {
	fields := map[string]any{"QueryName": "a.example", "QueryType": qtype}
	for i := 0; i < len(more); i += 2 {
		fields[more[i].(string)] = more[i+1]
	}
	return fields
}

// wire has the service ask a server and get an answer.
func (r *resolver) wire(qtype int, server string) {
	r.t.Helper()
	for _, id := range []uint16{3019, 3009, 3010, 3011, 3020} {
		require.Equal(r.t, Merged, r.says(id, asked(qtype, "DnsServerIpAddress", server, "DNSServerAddress", "10.0.0.9;10.0.0.8;")).Verdict, "%d", id)
	}
}

func TestALookUpOfTheClientIsOneRecord(t *testing.T) {
	server := netip.MustParseAddr("10.0.0.8")
	for name, c := range map[string]struct {
		between func(r *resolver)
		want    Lookup
	}{
		"nothing else said": {func(*resolver) {}, Lookup{Events: 2}},
		"from the cache": {func(r *resolver) {
			require.Equal(t, Merged, r.says(3016, asked(28)).Verdict)
			require.Equal(t, Merged, r.says(3018, asked(28, "Status", 0, "QueryResults", "192.0.2.1;")).Verdict)
		}, Lookup{Events: 4, Cached: true}},
		"from a server": {func(r *resolver) {
			require.Equal(t, Merged, r.says(3007, asked(28)).Verdict, "pending")
			require.Equal(t, Merged, r.says(3016, asked(28)).Verdict)
			require.Equal(t, Merged, r.says(3018, asked(28, "Status", 9701)).Verdict)
			r.wire(28, "10.0.0.8")
		}, Lookup{Events: 10, Server: server, Asked: true}},
		"from the second server": {func(r *resolver) {
			require.Equal(t, Merged, r.says(3010, asked(28, "DnsServerIpAddress", "10.0.0.9")).Verdict)
			r.wire(28, "10.0.0.8")
		}, Lookup{Events: 8, Server: server, Asked: true}},
		"asked and not answered": {func(r *resolver) {
			require.Equal(t, Merged, r.says(3010, asked(28, "DnsServerIpAddress", "10.0.0.9")).Verdict)
			require.Equal(t, Merged, r.says(3010, asked(28, "DnsServerIpAddress", "10.0.0.8")).Verdict)
			require.Equal(t, Merged, r.says(3015, asked(28)).Verdict, "canceled")
		}, Lookup{Events: 5, Server: server, Asked: true}},
		"only its servers": {func(r *resolver) {
			require.Equal(t, Merged, r.says(3019, asked(28)).Verdict)
			require.Equal(t, Merged, r.says(3009, asked(28, "DNSServerAddress", "10.0.0.8;10.0.0.9;")).Verdict)
		}, Lookup{Events: 4, Server: server, Asked: true}},
	} {
		r := newResolver(t)
		require.Equal(t, Held, r.says(3006, asked(28)).Verdict, name)
		c.between(r)
		d := r.says(3008, asked(28))
		require.Equal(t, Answer, d.Verdict, name)
		require.Equal(t, c.want, d.Lookup, name)
		require.Equal(t, start.Add(time.Millisecond).UnixNano(), d.Start, name)
		require.Zero(t, r.corr.Held(), name)
	}
}

func TestWhatIsNotCertainToBelongToALookUpIsARecordOfItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		id     uint16
		fields map[string]any
		want   Verdict
		as     func(r *resolver, id uint16, fields map[string]any) Decision
	}{
		"another name":    {3018, map[string]any{"QueryName": "b.example", "QueryType": 28}, Held, (*resolver).says},
		"another type":    {3018, asked(1), Held, (*resolver).says},
		"another process": {3018, asked(28, "ClientPID", program+4), Held, (*resolver).says},
		"no process":      {3018, asked(28, "ClientPID", 0), Held, (*resolver).says},
		"a version that names none": {3018, asked(28), Held, func(r *resolver, id uint16, f map[string]any) Decision {
			return r.saysAs(id, service, serviceThread, 0, f)
		}},
		"without a type, another name":    {3009, map[string]any{"QueryName": "b.example"}, Pass, (*resolver).says},
		"without a type, another process": {3009, asked(28, "ClientPID", program+4), Pass, (*resolver).says},
		"without a type, too late": {3009, asked(28), Pass, func(r *resolver, id uint16, f map[string]any) Decision {
			r.at += 11 * time.Second
			return r.says(id, f)
		}},
		"too late": {3018, asked(28), Held, func(r *resolver, id uint16, f map[string]any) Decision {
			r.at += 11 * time.Second
			return r.says(id, f)
		}},
	} {
		r := newResolver(t)
		require.Equal(t, Held, r.says(3006, asked(28)).Verdict, name)
		require.Equal(t, c.want, c.as(r, c.id, c.fields).Verdict, name)
	}
}

func TestTwoEqualLookUpsAtATimeAreLeftApart(t *testing.T) {
	r := newResolver(t)
	require.Equal(t, Held, r.says(3006, asked(28)).Verdict)
	require.Equal(t, Merged, r.says(3016, asked(28)).Verdict)
	require.Equal(t, Pass, r.saysAs(3006, program, 99, 9, asked(28)).Verdict, "whose are the events from here on?")
	require.Equal(t, Held, r.says(3018, asked(28, "Status", 0)).Verdict)
	require.Equal(t, Pass, r.says(3008, asked(28)).Verdict)
	require.Equal(t, Pass, r.saysAs(3008, program, 99, 9, asked(28)).Verdict)

	// Both have their results: the next one is alone.
	require.Equal(t, Held, r.says(3006, asked(28)).Verdict)
	require.Equal(t, Merged, r.says(3018, asked(28, "Status", 0)).Verdict)
	require.Equal(t, Lookup{Events: 3, Cached: true}, r.says(3008, asked(28)).Lookup)

	r.corr.Clock.Silence(time.Hour)
	popped := r.corr.PopOldest(true)
	require.False(t, popped.Unanswered, "the first call has an answer")
	require.Equal(t, int64(2), popped.Lookup.Events)
}

func TestMoreEqualLookUpsAtATimeThanAreCountedStayApart(t *testing.T) {
	r := newResolver(t)
	require.Equal(t, Held, r.says(3006, asked(28)).Verdict)
	for range 300 {
		require.Equal(t, Pass, r.says(3006, asked(28)).Verdict)
	}
	for range 255 {
		require.Equal(t, Pass, r.says(3008, asked(28)).Verdict)
	}
	require.Equal(t, 1, r.corr.Held())
}

func TestALookUpWithoutAResultIsTheBestOfItsEvents(t *testing.T) {
	for _, c := range []struct {
		events     []uint16
		status     int
		want       uint16
		unanswered bool
	}{
		{nil, 0, 3006, true},
		{[]uint16{3016, 3018}, 9701, 3006, true},
		{[]uint16{3016, 3018}, 0, 3018, false},
		{[]uint16{3019, 3010}, 0, 3006, true},
		{[]uint16{3019, 3010, 3011}, 0, 3011, false},
		{[]uint16{3019, 3010, 3011, 3020}, 0, 3020, false},
		{[]uint16{3020, 3011, 3018}, 0, 3020, false},
	} {
		r := newResolver(t)
		require.Equal(t, Held, r.says(3006, asked(28)).Verdict)
		for _, id := range c.events {
			require.Equal(t, Merged, r.says(id, asked(28, "Status", c.status, "DnsServerIpAddress", "10.0.0.8")).Verdict)
		}
		what := fmt.Sprint(c.events, c.status)
		r.corr.Clock.Silence(time.Hour)
		require.True(t, r.corr.Due())
		popped := r.corr.PopOldest(true)
		var e dns.Event
		require.NoError(t, e.Parse(popped.Data), what)
		require.Equal(t, c.want, e.ID, what)
		require.Equal(t, c.unanswered, popped.Unanswered, what)
		require.Equal(t, int64(1+len(c.events)), popped.Lookup.Events, what)
		require.Equal(t, start.Add(time.Millisecond).UnixNano(), popped.Start, what)
		require.Equal(t, start.Add(time.Duration(1+len(c.events))*time.Millisecond).UnixNano(), popped.End, what)
		r.corr.Release(popped)
		require.Zero(t, r.corr.Held())
	}
}

func TestALookUpsResultMayComeBeforeItsCall(t *testing.T) {
	r := newResolver(t)
	r.at = time.Second
	require.Equal(t, Held, r.says(3008, asked(28)).Verdict)
	r.at = 900 * time.Millisecond
	require.Equal(t, Merged, r.says(3018, asked(28, "Status", 0)).Verdict)
	r.at = 800 * time.Millisecond
	d := r.says(3006, asked(28))
	require.Equal(t, Query, d.Verdict)
	require.Equal(t, Lookup{Events: 3, Cached: true}, d.Lookup)
	require.Equal(t, start.Add(801*time.Millisecond).UnixNano(), d.Start)
	var e dns.Event
	require.NoError(t, e.Parse(d.Data))
	require.Equal(t, uint16(3008), e.ID)
}

func TestWhenTheClockIsSetALookUpIsStillOneRecord(t *testing.T) {
	for _, leap := range leaps {
		r := newResolver(t)
		require.Equal(t, Held, r.says(3006, asked(28)).Verdict)
		require.Equal(t, Merged, r.says(3016, asked(28)).Verdict)
		r.at += leap
		d := r.says(3008, asked(28))
		require.Equal(t, Answer, d.Verdict, "%v", leap)
		require.True(t, d.Leapt, "%v", leap)
		require.Equal(t, Lookup{Events: 3}, d.Lookup, "%v", leap)
	}
}

func TestAResponseOfOneServerIsNotThatToAQuestionToAnother(t *testing.T) {
	r := newResolver(t)
	require.Equal(t, Held, r.says(3010, asked(28, "DnsServerIpAddress", "10.0.0.8")).Verdict)
	require.Equal(t, Held, r.says(3010, asked(28, "DnsServerIpAddress", "10.0.0.9")).Verdict)
	d := r.says(3011, asked(28, "DnsServerIpAddress", "10.0.0.8"))
	require.Equal(t, Answer, d.Verdict)
	require.Equal(t, start.Add(time.Millisecond).UnixNano(), d.Start)
	require.Zero(t, d.Lookup)
}

func TestAQueryThatIsAskedAgainIsNoFailure(t *testing.T) {
	r := newResolver(t)
	require.Equal(t, Held, r.says(3016, asked(28)).Verdict)
	require.Equal(t, Held, r.says(3016, asked(28)).Verdict)
	require.Equal(t, Answer, r.says(3018, asked(28)).Verdict)
	r.corr.Clock.Silence(time.Hour)
	require.False(t, r.corr.PopOldest(true).Unanswered, "the response may have been its own")
}

func TestALookUpAllocatesNothing(t *testing.T) {
	r := newResolver(t)
	events := []uint16{3006, 3016, 3018, 3019, 3009, 3010, 3011, 3020, 3008}
	var es []*dns.Event
	var wires [][]byte
	for _, id := range events {
		e, wire := r.event(id, 0, nil)
		es, wires = append(es, e), append(wires, wire)
	}
	look := func() {
		for i, e := range es {
			r.corr.Add(e, wires[i], 1)
		}
	}
	look()
	require.Zero(t, testing.AllocsPerRun(1000, look))
}
