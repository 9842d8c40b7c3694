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
	event  *dns.Event
	raw    []byte
	digits []byte // in raw
}

// numbered makes an event of fields of which one has 7777777 where the number goes.
func (m maker) numbered(id uint16, fields map[string]any) numbered {
	e, raw := m.event(id, 0, fields)
	i := bytes.Index(raw, []byte("7777777"))
	require.Positive(m.t, i)
	return numbered{e, raw, raw[i : i+7]}
}

// add adds the event of a number that happened some time after start, as an exchange that began a little earlier.
func (n numbered) add(a *Aggregator, number int, after time.Duration, x *correlate.Exchange) {
	for i := len(n.digits) - 1; i >= 0; i-- {
		n.digits[i] = byte('0' + number%10)
		number /= 10
	}
	at := start.UnixNano() + int64(after)
	n.event.TimeStamp = etw.Filetime(at)
	if x.Answered {
		x.Start = at - int64(time.Millisecond)
	}
	for a.Due() {
		a.Release(a.PopOldest())
	}
	a.Event(at)
	a.Add(n.event, n.raw, at, x, Sum)
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
			asked := m.numbered(256, query("www7777777.example.com.", "GUID", "{BF629903-4288-435F-9182-470BEDF5C0A4}"))
			fill(b, m, bm.keys, bm.draw, bm.window, asked, &correlate.Exchange{})
		})
	}
	b.Run("keys=1000000/peer=gomap", func(b *testing.B) { kit.BenchmarkGoMap(b, kit.Uniform) })
}

// fill adds events of a number of keys: one for each a second, the first ones over a window.
func fill(b *testing.B, m maker, keys int, draw kit.Draw, window time.Duration, of numbered, x *correlate.Exchange) {
	var now time.Duration
	added := 0
	kit.BenchmarkLiveKeys(b, keys, draw, func(n uint32) {
		now += time.Second / time.Duration(keys)
		if added++; added <= keys {
			now += window / time.Duration(keys)
		}
		of.add(m.Aggregator, int(n), now, x)
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
			answered := m.numbered(257, map[string]any{
				"InterfaceIP": "10.0.0.53", "Destination": "10.0.0.1", "QNAME": "www7777777.example.com.", "QTYPE": 1, "XID": 0x7653, "Flags": 0x8180,
				"Port": 50000, "BufferSize": len(packet), "PacketData": packet, "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}",
			})
			fill(b, m, bm.keys, kit.Uniform, time.Hour, answered, &correlate.Exchange{Answered: true})
		})
	}
}
