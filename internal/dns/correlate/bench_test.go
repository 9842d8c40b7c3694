// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// numbered is an event with a number in a text, which is written anew for each use.
type numbered struct {
	event  *dns.Event
	raw    []byte
	digits []byte // in raw
	width  int    // bytes of a digit
}

// numbered makes an event of fields of which one has 7777777 where the number goes.
func (m maker) numbered(id uint16, fields map[string]any) numbered {
	e, raw := m.event(id, 0, fields)
	for _, sevens := range []string{"7777777", "7\x007\x007\x007\x007\x007\x007\x00"} {
		if i := bytes.Index(raw, []byte(sevens)); i >= 0 {
			return numbered{e, raw, raw[i : i+len(sevens)], len(sevens) / 7}
		}
	}
	m.t.Fatal("no place for a number")
	return numbered{}
}

// add adds the event of a number that happened some time after start.
func (n numbered) add(corr *Correlator, number int, after time.Duration) {
	for i := len(n.digits) - n.width; i >= 0; i -= n.width {
		n.digits[i] = byte('0' + number%10)
		number /= 10
	}
	at := start.UnixNano() + int64(after)
	n.event.TimeStamp = etw.Filetime(at)
	for corr.Due() {
		corr.Release(corr.PopOldest(true))
	}
	corr.Clock.Event(at)
	corr.Add(n.event, n.raw, at)
}

// BenchmarkCorrelate is the cost of a query or a response with a number of queries waiting for theirs. Queries and responses
// take turns; the responses come in another order than the queries.
func BenchmarkCorrelate(b *testing.B) {
	for _, bm := range []struct {
		name string
		keys int
	}{{"keys=1000", 1_000}, {"keys=1000000", kit.Million}} {
		b.Run(bm.name, func(b *testing.B) {
			corr := New(Settings{Window: time.Hour, MaxEvents: 2*bm.keys + 1, MaxBytes: 2 << 30, Live: true})
			const guid = "{B7777777-4288-435F-9182-470BEDF5C0A4}"
			asked := server(b).numbered(256, query("www.example.com.", "GUID", guid))
			answered := server(b).numbered(257, map[string]any{"QNAME": "www.example.com.", "GUID": guid})
			var now time.Duration
			var queries, responses int
			kit.BenchmarkLiveKeys(b, bm.keys, kit.Uniform, func(uint32) {
				now += time.Microsecond
				if queries-responses <= bm.keys {
					asked.add(corr, queries, now)
					queries++
					return
				}
				// Each thousand queries are answered in the order of their last digits, times seven.
				answered.add(corr, responses/1000*1000+responses*7%1000, now)
				responses++
			})
			require.InDelta(b, bm.keys, corr.Held(), 1000)
		})
	}
	b.Run("keys=1000000/peer=gomap", func(b *testing.B) { kit.BenchmarkGoMap(b, kit.Uniform) })
}
