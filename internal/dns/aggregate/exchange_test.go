// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// response are the fields of a response to 10.0.0.1 with addresses as answers, of which each may be used for 300 s.
func response(name string, answers ...string) map[string]any {
	packet := []byte("\x76\x53\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01")
	binary.BigEndian.PutUint16(packet[6:], uint16(len(answers)))
	for i, text := range answers {
		addr := netip.MustParseAddr(text).As4()
		packet = append(append(packet, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04"...), addr[:]...)
		packet[len(packet)-8]++ // a greater time to live
		packet[len(packet)-7] -= byte(i)
	}
	return map[string]any{
		"Destination": "10.0.0.1", "QNAME": name, "QTYPE": 1, "XID": 0x7653, "Flags": 0x8180, "BufferSize": len(packet), "PacketData": packet,
		"GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}",
	}
}

// exchange adds an exchange that began some time after start and took a time.
func (m maker) exchange(after, took time.Duration, fields map[string]any) Verdict {
	m.t.Helper()
	e, raw := m.event(257, after+took, fields)
	at := start.Add(after).UnixNano()
	return m.Add(e, raw, 1, &correlate.Exchange{ID: hold.ID{byte(after / time.Second)}, Start: at, Answered: true}, Sum)
}

func exchanges(t testing.TB) maker { return server(t, Settings{Exchanges: true, Short: time.Minute}) }

func TestExchangesThatAreAlikeAreOneRowWithTheirSums(t *testing.T) {
	m := exchanges(t)
	require.Equal(t, Held, m.exchange(10*time.Second, 20*time.Millisecond, response("a.example.", "192.0.2.1", "192.0.2.2")))
	require.Equal(t, Merged, m.exchange(40*time.Second, 5*time.Millisecond, response("A.example", "192.0.2.2", "192.0.2.1")))
	require.Equal(t, Merged, m.exchange(20*time.Second, 90*time.Millisecond, response("a.example.", "192.0.2.3")))
	require.Equal(t, 1, m.Held())
	row := m.pop()
	require.Equal(t, int64(3), row.Count)
	require.Equal(t, hold.ID{10}, row.ID, "that of the first")
	s := row.Sums
	require.Equal(t, start.Add(10*time.Second).UnixNano(), s.First)
	require.Equal(t, start.Add(40*time.Second+5*time.Millisecond).UnixNano(), s.Last)
	require.Equal(t, []int64{3, 115, 5, 90}, []int64{s.Timed, s.TotalMS, s.MinMS, s.MaxMS})
	require.Equal(t, []int64{30_000, 10_000*10_000 + 20_000*20_000}, []int64{s.GapMS, s.GapSquareMS})
	require.True(t, s.HasSquare)
	require.Equal(t, []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, list(&s.Answers))
	require.False(t, s.AnswersCut)
	require.True(t, s.HasTTL)
}

func list(a *dns.Answers) (texts []string) {
	for i := range a.Len() {
		texts = append(texts, string(a.At(i)))
	}
	return texts
}

// Each of these differs from the first in one thing that a record of several shows.
func TestExchangesThatDifferInWhatTheRecordShowsAreSeveralRows(t *testing.T) {
	m := exchanges(t)
	add := func(id uint16, x correlate.Exchange, more ...any) Verdict {
		fields := response("a.example.", "192.0.2.1")
		if id == 256 {
			delete(fields, "Destination")
			fields["Source"] = "10.0.0.1"
		}
		for i := 0; i < len(more); i += 2 {
			fields[more[i].(string)] = more[i+1]
		}
		e, raw := m.event(id, 0, fields)
		return m.Add(e, raw, 1, &x, Sum)
	}
	answered := correlate.Exchange{Start: start.UnixNano(), Answered: true}
	packet := response("a.example.", "192.0.2.1")["PacketData"].([]byte)
	chaos := append([]byte(nil), packet...)
	chaos[len("\x76\x53\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00")] = 3
	require.Equal(t, Held, add(257, answered))
	for i, different := range []func() Verdict{
		func() Verdict { return add(257, correlate.Exchange{}) },
		func() Verdict { return add(258, answered) },
		func() Verdict { return add(257, answered, "Destination", "10.0.0.2") },
		func() Verdict { return add(257, answered, "InterfaceIP", "10.0.0.53") },
		func() Verdict { return add(257, answered, "QNAME", "b.example.") },
		func() Verdict { return add(257, answered, "QTYPE", 28) },
		func() Verdict { return add(257, answered, "RCODE", 3) },
		func() Verdict { return add(257, answered, "TCP", 1) },
		func() Verdict { return add(257, answered, "Flags", 0x8580) },
		func() Verdict { return add(257, answered, "AA", 1) },
		func() Verdict { return add(257, answered, "PacketData", chaos) },
		func() Verdict { return add(256, correlate.Exchange{}) },
		func() Verdict { return add(256, correlate.Exchange{Unanswered: true}) },
	} {
		require.Equal(t, Held, different(), "case %d", i)
		require.Equal(t, Merged, different(), "case %d", i)
	}
	limited := response("a.example.")
	delete(limited, "Flags")
	delete(limited, "GUID")
	recursive := limited["PacketData"].([]byte)
	for _, flags := range []byte{0x80, 0x84} { // an event without the field
		limited["PacketData"] = append([]byte{recursive[0], recursive[1], flags}, recursive[3:]...)
		require.Equal(t, Held, m.add(281, 0, limited))
		require.Equal(t, Merged, m.add(281, 0, limited))
	}
	require.Equal(t, Merged, add(257, answered, "Port", 50_000, "XID", 1, "GUID", "{1}", "ElapsedTime", 7, "AdditionalInfo", "x"))
}

func TestTransfersUpdatesAndChangesAreNeverSummed(t *testing.T) {
	m := exchanges(t)
	for _, id := range []uint16{263, 264, 265, 266, 267, 268, 269, 270, 273, 277, 278, 515, 519} {
		e, raw := m.event(id, 0, nil)
		require.Equal(t, Pass, m.Add(e, raw, 1, &correlate.Exchange{}, Sum), "event %d", id)
	}
}

func TestTheUnionOfAnswersIsBoundedAndSaysSo(t *testing.T) {
	m := exchanges(t)
	for i := range 100 {
		m.exchange(time.Duration(i)*time.Millisecond, 0, response("a.example.", fmt.Sprintf("192.0.2.%d", i)))
	}
	s := m.pop().Sums
	require.Equal(t, 64, s.Answers.Len())
	require.True(t, s.AnswersCut)
	require.Equal(t, int64(100), s.Timed)
}

func TestNoiseHasAWindowOfItsOwnAndAWholeExchangeNone(t *testing.T) {
	m := server(t, Settings{Exchanges: true, Short: time.Minute, Long: time.Hour, Live: true})
	add := func(after time.Duration, class Class) Verdict {
		e, raw := m.event(257, after, response("a.example."))
		return m.Add(e, raw, 1, &correlate.Exchange{}, class)
	}
	m.pass(0)
	require.Equal(t, Held, add(0, Sum))
	require.Equal(t, Held, add(0, Noise))
	require.Equal(t, Pass, add(0, Whole))
	require.Equal(t, Merged, add(50*time.Second, Sum))
	m.Silence(63 * time.Second)
	require.True(t, m.Due())
	require.Equal(t, int64(2), m.pop().Count)
	require.False(t, m.Due())
	require.Equal(t, Merged, add(59*time.Minute, Noise))
	require.Equal(t, 1, m.Held())
	m.Silence(time.Hour - time.Minute)
	require.True(t, m.Due())
	require.Equal(t, int64(2), m.pop().Count)
	require.Zero(t, m.Held())

	m = server(t, Settings{Exchanges: true, Short: time.Minute})
	require.Equal(t, Held, add(0, Sum))
	require.Equal(t, Merged, add(0, Noise), "without a window of its own")
}

func TestRowsThatGoEarlyAreCounted(t *testing.T) {
	m := server(t, Settings{Exchanges: true, Short: time.Hour, MaxEvents: 3, MaxBytes: 1 << 20})
	for i := range 10 {
		for m.Due() {
			m.pop()
		}
		require.Equal(t, Held, m.exchange(0, 0, response(fmt.Sprintf("%d.example.", i))))
		require.LessOrEqual(t, m.Held(), 3)
	}
	require.Equal(t, int64(7), m.Early())
	for m.Held() > 0 {
		m.pop()
	}
	require.LessOrEqual(t, m.Early(), int64(8), "at the end no row is early, but while there is no room for another one")
}

func TestTheSumsOfLookUpsHaveWhatIsTheSameForAll(t *testing.T) {
	server1, server2 := netip.MustParseAddr("10.0.10.5"), netip.MustParseAddr("fd00:0:0:10::5")
	for name, c := range map[string]struct {
		first, second correlate.Lookup
		server        netip.Addr
		has, cached   bool
	}{
		"same server":    {correlate.Lookup{Events: 4, Server: server1, Asked: true}, correlate.Lookup{Events: 6, Server: server1, Asked: true}, server1, true, false},
		"other server":   {correlate.Lookup{Events: 4, Server: server1, Asked: true}, correlate.Lookup{Events: 4, Server: server2, Asked: true}, netip.Addr{}, true, false},
		"both cached":    {correlate.Lookup{Events: 3, Cached: true}, correlate.Lookup{Events: 3, Cached: true}, netip.Addr{}, true, true},
		"one cached":     {correlate.Lookup{Events: 3, Cached: true}, correlate.Lookup{Events: 4, Server: server1, Asked: true}, netip.Addr{}, false, false},
		"nothing known":  {correlate.Lookup{Events: 2}, correlate.Lookup{Events: 2}, netip.Addr{}, false, false},
		"IPv6 and again": {correlate.Lookup{Events: 4, Server: server2, Asked: true}, correlate.Lookup{Events: 4, Server: server2, Asked: true}, server2, true, false},
	} {
		m := client(t, Settings{Exchanges: true, Short: time.Minute})
		for i, lookup := range []correlate.Lookup{c.first, c.second, c.first} {
			e, raw := m.event(3008, time.Duration(i)*time.Second, map[string]any{"QueryName": "a.example", "QueryType": 1, "QueryResults": "192.0.2.1;"})
			m.Add(e, raw, 1, &correlate.Exchange{Start: start.UnixNano(), Answered: true, Lookup: lookup}, Sum)
		}
		s := m.pop().Sums
		require.Equal(t, c.server, s.Server, name)
		require.Equal(t, c.has, s.HasFromCache, name)
		require.Equal(t, c.cached, s.HasFromCache && s.FromCache, name)
		require.Equal(t, []string{"192.0.2.1"}, list(&s.Answers))
		require.False(t, s.HasTTL)
	}
}

func TestTheServersThatWereAskedAreOneList(t *testing.T) {
	m := exchanges(t)
	recursion := func(timeouts int64, servers ...string) (r dns.Recursion) {
		for _, text := range servers {
			r.Servers, _ = r.Servers.Add(netip.MustParseAddr(text))
			r.Sent++
		}
		r.TimedOut, r.Answered = timeouts, r.Sent-timeouts
		return r
	}
	for _, r := range []dns.Recursion{{}, recursion(1, "192.0.2.53", "192.0.2.54"), {}, recursion(0, "192.0.2.54"), recursion(0, "2001:db8::53")} {
		e, raw := m.event(257, 0, response("a.example."))
		m.Add(e, raw, 1, &correlate.Exchange{Start: start.UnixNano(), Answered: true, Recursion: r}, Sum)
	}
	row := m.pop()
	require.Equal(t, int64(5), row.Count)
	s := row.Sums
	require.Equal(t, []int64{3, 4, 1}, []int64{s.Recursed, s.Recursions, s.RecursionTimeouts})
	require.Equal(t, 3, s.Servers.Len())
	require.Equal(t, "2001:db8::53", s.Servers.At(2).String())
	require.False(t, s.ServersCut)
}

func TestAnExchangeOfARowAllocatesNothing(t *testing.T) {
	m := exchanges(t)
	var r dns.Recursion
	r.Sent = 1
	r.Servers, _ = r.Servers.Add(netip.MustParseAddr("192.0.2.53"))
	e, raw := m.event(257, 0, response("a.example.", "192.0.2.1", "192.0.2.2"))
	x := &correlate.Exchange{Start: start.UnixNano(), Answered: true, Recursion: r}
	require.Equal(t, Held, m.Add(e, raw, 1, x, Sum))
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		m.Event(etw.UnixNano(e.TimeStamp))
		if m.Due() || m.Add(e, raw, 1, x, Sum) != Merged {
			t.Fail()
		}
	}))
}
