// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// numbered is an event with a number in its name, which is written anew for each use.
type numbered struct {
	event    *dns.Event
	raw      []byte
	digits   []byte // in raw
	prepared Prepared
	at       int64
}

// numbered makes an event of fields of which one has 7777777 where the number goes.
func (m maker) numbered(id uint16, fields map[string]any) numbered {
	e, raw := m.event(id, 0, fields)
	i := bytes.Index(raw, []byte("7777777"))
	require.Positive(m.t, i)
	return numbered{event: e, raw: raw, digits: raw[i : i+7]}
}

// set makes the event that of a number that happened some time after start, and begins to prepare it.
func (n *numbered) set(a *Aggregator, number int, after time.Duration) {
	for i := len(n.digits) - 1; i >= 0; i-- {
		n.digits[i] = byte('0' + number%10)
		number /= 10
	}
	n.at = start.UnixNano() + int64(after)
	n.event.TimeStamp = etw.Filetime(n.at)
	a.Read(&n.prepared, n.event)
	a.Announce(&n.prepared)
}

// groupSize is the number of events that a receiver prepares at a time.
const groupSize = 16

// group adds events as a receiver does: it prepares all of a group, and then adds one after the other.
type group struct {
	*Aggregator
	events []numbered // of which the next n are set
	n      int
	x      *correlate.Exchange
}

func (g *group) add(number int, after time.Duration) {
	g.events[g.n].set(g.Aggregator, number, after)
	if g.n++; g.n < len(g.events) {
		return
	}
	for i := range g.events {
		g.Fetch(&g.events[i].prepared)
	}
	for i := range g.events {
		g.FetchData(&g.events[i].prepared)
	}
	for i := range g.events {
		n := &g.events[i]
		for g.Due() {
			g.Release(g.PopOldest())
		}
		if g.x.Answered {
			g.x.Start = n.at - int64(time.Millisecond)
		}
		g.Event(n.at)
		g.AddPrepared(n.event, &n.prepared, n.raw, n.at, g.x, Sum)
	}
	g.n = 0
}

// BenchmarkAggregate is the cost of a query whose name is one of a number of names that are kept back. In one windows end,
// at other times for each: a name is kept back anew about every fifth time.
func BenchmarkAggregate(b *testing.B) {
	for _, bm := range []struct {
		name   string
		keys   int
		draw   kit.Draw
		window time.Duration
	}{
		{"keys=1000", 1_000, kit.Uniform, time.Hour},
		{"keys=10000", 10_000, kit.Uniform, time.Hour},
		{"keys=100000", 100_000, kit.Uniform, time.Hour},
		{"keys=1000000", kit.Million, kit.Uniform, time.Hour},
		{"keys=1000000/draw=zipf", kit.Million, kit.Zipf, time.Hour},
		{"keys=1000000/window=4", kit.Million, kit.Uniform, 4 * time.Second},
	} {
		b.Run(bm.name, func(b *testing.B) {
			m := server(b, Settings{Short: bm.window, MaxEvents: bm.keys + bm.keys/8, MaxBytes: 1 << 30, Live: true})
			asked := func() numbered {
				return m.numbered(256, query("www7777777.example.com.", "GUID", "{BF629903-4288-435F-9182-470BEDF5C0A4}"))
			}
			fill(b, m, bm.keys, bm.draw, bm.window, asked, &correlate.Exchange{})
		})
	}
	b.Run("keys=1000000/peer=gomap", func(b *testing.B) { kit.BenchmarkGoMap(b, kit.Uniform) })
}

// fill adds events of a number of keys: one for each a second, the first ones over a window.
func fill(b *testing.B, m maker, keys int, draw kit.Draw, window time.Duration, of func() numbered, x *correlate.Exchange) {
	var now time.Duration
	added := 0
	g := group{Aggregator: m.Aggregator, x: x}
	for range groupSize {
		g.events = append(g.events, of())
	}
	kit.BenchmarkLiveKeys(b, keys, draw, func(n uint32) {
		now += time.Second / time.Duration(keys)
		if added++; added <= keys {
			now += window / time.Duration(keys)
		}
		g.add(int(n), now)
	})
	require.NotZero(b, m.Held())
}

// BenchmarkExchanges is the cost of a finished exchange, a response with an answer, that is one of a number of kinds.
func BenchmarkExchanges(b *testing.B) {
	packet := []byte("\x76\x53\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x0awww7777777\x07example\x03com\x00\x00\x01\x00\x01" +
		"\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\xc0\x00\x02\x01")
	for _, bm := range []struct {
		name string
		keys int
	}{{"keys=1000", 1_000}, {"keys=10000", 10_000}, {"keys=100000", 100_000}, {"keys=1000000", kit.Million}} {
		b.Run(bm.name, func(b *testing.B) {
			m := server(b, Settings{Exchanges: true, Short: time.Hour, MaxEvents: bm.keys + bm.keys/8, MaxBytes: 1 << 30, Live: true})
			answered := func() numbered {
				return m.numbered(257, map[string]any{
					"InterfaceIP": "10.0.0.53", "Destination": "10.0.0.1", "QNAME": "www7777777.example.com.", "QTYPE": 1, "XID": 0x7653, "Flags": 0x8180,
					"Port": 50000, "BufferSize": len(packet), "PacketData": packet, "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}",
				})
			}
			fill(b, m, bm.keys, kit.Uniform, time.Hour, answered, &correlate.Exchange{Answered: true})
		})
	}
}
