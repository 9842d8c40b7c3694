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

	prepared Prepared
	at       int64
}

// numbered makes an event of fields of which one has 7777777 where the number goes.
func (m maker) numbered(id uint16, fields map[string]any) numbered {
	e, raw := m.event(id, 0, fields)
	for _, sevens := range []string{"7777777", "7\x007\x007\x007\x007\x007\x007\x00"} {
		if i := bytes.Index(raw, []byte(sevens)); i >= 0 {
			return numbered{event: e, raw: raw, digits: raw[i : i+len(sevens)], width: len(sevens) / 7}
		}
	}
	m.t.Fatal("no place for a number")
	return numbered{}
}

// set makes the event that of a number that happened some time after start, and begins to prepare it.
func (n *numbered) set(corr *Correlator, number int, after time.Duration) {
	for i := len(n.digits) - n.width; i >= 0; i -= n.width {
		n.digits[i] = byte('0' + number%10)
		number /= 10
	}
	n.at = start.UnixNano() + int64(after)
	n.event.TimeStamp = etw.Filetime(n.at)
	corr.Prepare(&n.prepared, n.event)
}

// groupSize is the number of events that a receiver prepares at a time.
const groupSize = 16

// addAll adds a group of events as a receiver does: it prepares all, and then adds one after the other.
func addAll(corr *Correlator, group []*numbered) {
	for _, n := range group {
		corr.Announce(&n.prepared)
	}
	for _, n := range group {
		corr.Fetch(&n.prepared)
	}
	for _, n := range group {
		corr.FetchData(&n.prepared)
	}
	for _, n := range group {
		for corr.Due() {
			corr.Release(corr.PopOldest(true))
		}
		corr.Clock.Event(n.at)
		corr.AddPrepared(n.event, &n.prepared, n.raw, n.at)
	}
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
			var asked, answered []numbered
			for range groupSize {
				asked = append(asked, server(b).numbered(256, query("www.example.com.", "GUID", guid)))
				answered = append(answered, server(b).numbered(257, map[string]any{"QNAME": "www.example.com.", "GUID": guid}))
			}
			group := make([]*numbered, 0, groupSize)
			var now time.Duration
			var queries, responses int
			kit.BenchmarkLiveKeys(b, bm.keys, kit.Uniform, func(uint32) {
				now += time.Microsecond
				n := &asked[len(group)]
				if queries-responses <= bm.keys {
					n.set(corr, queries, now)
					queries++
				} else {
					// Each thousand queries are answered in the order of their last digits, times seven.
					n = &answered[len(group)]
					n.set(corr, responses/1000*1000+responses*7%1000, now)
					responses++
				}
				if group = append(group, n); len(group) == cap(group) {
					addAll(corr, group)
					group = group[:0]
				}
			})
			require.InDelta(b, bm.keys, corr.Held(), 1000)
		})
	}
	b.Run("keys=1000000/peer=gomap", func(b *testing.B) { kit.BenchmarkGoMap(b, kit.Uniform) })
}
