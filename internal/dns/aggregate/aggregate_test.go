// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/key"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

var start = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)

// maker makes events of one provider and adds them to an Aggregator.
type maker struct {
	t       testing.TB
	decoder *dns.Decoder
	*Aggregator
}

func server(t testing.TB, s Settings) maker {
	return maker{t, dns.NewDecoder(dns.Server()), New(bounded(s))}
}

func client(t testing.TB, s Settings) maker {
	return maker{t, dns.NewDecoder(dns.Client()), New(bounded(s))}
}

func bounded(s Settings) Settings {
	if s.MaxEvents == 0 {
		s.MaxEvents, s.MaxBytes = 100, 1<<20
	}
	return s
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

// add adds an event alone.
func (m maker) add(id uint16, after time.Duration, fields map[string]any) Verdict {
	m.t.Helper()
	e, raw := m.event(id, after, fields)
	return m.Add(e, raw, 1, &correlate.Exchange{}, Sum)
}

// pass lets the clock show a time after the start.
func (m maker) pass(after time.Duration) {
	for range 2*hold.Strays + 1 {
		m.Event(start.Add(after).UnixNano())
	}
}

// pop takes a row out.
func (m maker) pop() Row {
	r := m.PopOldest()
	m.Release(r)
	return r
}

func query(name string, more ...any) map[string]any {
	fields := map[string]any{"QNAME": name, "QTYPE": 1, "Source": "10.0.0.1"}
	for i := 0; i < len(more); i += 2 {
		fields[more[i].(string)] = more[i+1]
	}
	return fields
}

func TestIdenticalQueriesAreOneWhateverIdentifiesTheExchange(t *testing.T) {
	m := server(t, Settings{Short: time.Minute})
	require.Equal(t, Held, m.add(256, 0, query("www.example.com.", "XID", 1, "Port", 1000, "GUID", "{1}")))
	require.Equal(t, Merged, m.add(256, 5*time.Second, query("WWW.Example.com", "XID", 2, "Port", 2000, "GUID", "{2}")), "case and final dot do not count")
	require.Equal(t, Merged, m.add(256, 2*time.Second, query("www.example.com.")))
	require.Equal(t, Held, m.add(256, 3*time.Second, query("www.example.com.", "QTYPE", 28)))
	require.Equal(t, Held, m.add(256, 4*time.Second, query("www.example.com.", "Source", "10.0.0.2")))
	require.Equal(t, Held, m.add(256, 5*time.Second, query("www.example.com.", "TCP", 1)))
	require.Equal(t, Held, m.add(256, 2*time.Minute, query("www.example.com.")), "outside the window")
	require.Equal(t, 5, m.Held())

	row := m.pop()
	require.Equal(t, int64(3), row.Count)
	require.Equal(t, start.UnixNano(), row.Start)
	require.Equal(t, start.Add(5*time.Second).UnixNano(), row.End)
	require.Nil(t, row.Sums)
	require.Equal(t, 4, m.Held())
}

func TestEventsWithoutANameAndOverlongNamesAreNeverMerged(t *testing.T) {
	for _, exchanges := range []bool{false, true} {
		m := client(t, Settings{Short: time.Minute, Exchanges: exchanges})
		require.Equal(t, Pass, m.add(1019, 0, nil))
		m = server(t, Settings{Short: time.Minute, Exchanges: exchanges})
		require.Equal(t, Pass, m.add(256, 0, query(strings.Repeat("a", key.MaxText+1))))
		require.Zero(t, m.Held())
	}
}

func TestDifferentResultsAndProcessesAreNotIdentical(t *testing.T) {
	for _, exchanges := range []bool{false, true} {
		m := client(t, Settings{Short: time.Minute, Exchanges: exchanges})
		for _, fields := range []map[string]any{
			{"QueryName": "a.example", "QueryStatus": 0}, {"QueryName": "a.example", "QueryStatus": 9003},
		} {
			e, raw := m.event(3008, 0, fields)
			require.Equal(t, Held, m.Add(e, raw, 1, &correlate.Exchange{}, Sum))
			e.ProcessID = 8
			require.Equal(t, Held, m.Add(e, raw, 1, &correlate.Exchange{}, Sum))
			require.Equal(t, Merged, m.Add(e, raw, 1, &correlate.Exchange{}, Sum))
		}
	}
}

// Not every result is in a field of its own: a response code may be in the flags or the packet, and a status may depend on the results.
func TestEventsWhoseRecordsShowAnotherClientResultOrTypeAreNotIdentical(t *testing.T) {
	packet := func(qtype byte) []byte { // of an update: a header and a question, or a zone
		return []byte{0, 1, 0x28, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, qtype, 0, 1}
	}
	for _, exchanges := range []bool{false, true} {
		for name, of := range map[string]struct {
			make func(testing.TB, Settings) maker
			id   uint16
			each []map[string]any
		}{
			"flags": {server, 261, []map[string]any{
				{"QNAME": "a.example", "QTYPE": 1, "Flags": 0x8180}, {"QNAME": "a.example", "QTYPE": 1, "Flags": 0x8183},
			}},
			"results": {client, 3008, []map[string]any{
				{"QueryName": "a.example", "QueryStatus": 87}, {"QueryName": "a.example", "QueryStatus": 87, "QueryResults": "192.0.2.1;"},
			}},
			"own address": {server, 260, []map[string]any{
				{"QNAME": "a.example", "QTYPE": 1, "InterfaceIP": "10.0.0.5"}, {"QNAME": "a.example", "QTYPE": 1, "InterfaceIP": "10.0.1.5"},
			}},
			"type": {server, 263, []map[string]any{
				{"QNAME": "a.example", "PacketData": packet(6)}, {"QNAME": "a.example", "PacketData": packet(1)},
			}},
		} {
			if name == "type" && exchanges {
				continue // an update is no exchange that is summed
			}
			m := of.make(t, Settings{Short: time.Minute, Exchanges: exchanges})
			for _, fields := range of.each {
				require.Equal(t, Held, m.add(of.id, 0, fields), name)
			}
			for _, fields := range of.each {
				require.Equal(t, Merged, m.add(of.id, time.Second, fields), name)
			}
		}
	}
}

func TestInAReplayTheClockIsTheEventsOwnAndProcessorsMayBeFarApart(t *testing.T) {
	for _, exchanges := range []bool{false, true} {
		m := server(t, Settings{Short: time.Minute, Exchanges: exchanges})
		m.pass(0)
		require.Equal(t, Held, m.add(256, 0, query("a.example")))
		require.Equal(t, Held, m.add(256, 4*time.Minute, query("b.example"))) // of one processor
		m.pass(4 * time.Minute)
		require.False(t, m.Due())
		require.Equal(t, Merged, m.add(256, 30*time.Second, query("a.example"))) // of another
		m.pass(6 * time.Minute)
		require.False(t, m.Due())
		m.pass(6*time.Minute + 1)
		require.True(t, m.Due())
		require.Equal(t, int64(2), m.pop().Count)
		require.False(t, m.Due())
		require.Zero(t, m.Early())
	}
}

func TestTimesAtBothEndsOfTimeAreFarApart(t *testing.T) {
	for _, exchanges := range []bool{false, true} {
		for _, order := range [][2]int64{{0, math.MaxInt64}, {math.MaxInt64, 0}} {
			m := server(t, Settings{Short: time.Minute, Exchanges: exchanges})
			for _, at := range order {
				e, raw := m.event(256, 0, query("a.example"))
				e.TimeStamp = at
				require.Equal(t, Held, m.Add(e, raw, 1, &correlate.Exchange{}, Sum))
			}
		}
	}
}
