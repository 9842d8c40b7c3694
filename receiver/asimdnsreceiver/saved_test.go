// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// The records of a stream differ in size by more than one half, and no two in order are alike.
func TestAJoinedEventCountsAsMuchAsTheRecordOfItsExchange(t *testing.T) {
	for _, profile := range []string{"windows", "asim"} {
		x := newExchanges(t)
		var events [][]byte
		for i := range 100 {
			at, name := traceBegun.Add(time.Duration(i)*time.Second), strings.Repeat("label.", 1+i*7%40)+"example."
			if i%10 != 9 { // others have no query
				events = append(events, x.event(256, at, name, i))
			}
			events = append(events, x.event(257, at.Add(time.Millisecond), name, i))
		}
		cfg, err := load(t, "{volume: balanced, profile: "+profile+"}")
		require.NoError(t, err)
		cfg.Replay.Path = []string{eventsFile(t, events)}
		sink, r, _ := replayAll(t, cfg)
		want, records := int64(0), 0
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			records++
			if _, answered := lr.Attributes().Get("DnsNetworkDuration"); answered && number(lr, "DnsNetworkDuration") != serverTook {
				want += int64(r.handler.pipelines[0].mapper.RecordSize(lr.Attributes()))
			}
		})
		require.Equal(t, 100, records)
		require.Positive(t, want)
		require.Equal(t, want, r.handler.savedBytes()["exchange"], profile)
	}
}

func TestTheEventsOfARowCountAsMuchAsItsRecord(t *testing.T) {
	const exchanges = 50
	x := newExchanges(t)
	var events [][]byte
	for i := range exchanges {
		at := traceBegun.Add(time.Duration(i) * time.Second)
		events = append(events, x.query(at, i), x.answer(at.Add(time.Millisecond), i))
	}
	cfg, err := load(t, "{volume: lean, aggregation: {pack: none}}")
	require.NoError(t, err)
	cfg.Replay.Path = []string{eventsFile(t, events)}
	sink, r, _ := replayAll(t, cfg)
	mapper, sizes, sums := r.handler.pipelines[0].mapper, int64(0), int64(0)
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		n, size := number(lr, "EventCount"), int64(mapper.RecordSize(lr.Attributes()))
		sizes += n * size
		sums += (n - 1) * size
	})
	require.Less(t, sink.LogRecordCount(), exchanges/2)
	require.Equal(t, sums, r.handler.savedBytes()["sum"])
	require.Equal(t, sizes, r.handler.savedBytes()["exchange"])
}

func TestEachJoinedEventIsTakenOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	var p pending
	joined, taken := int64(0), int64(0)
	for range 1000 {
		n, more := random.Int64N(5), random.Int64N(9)
		p.exchanges, p.joined = p.exchanges+n, p.joined+more
		joined += more
		part := p.take(1 + random.Int64N(4))
		require.GreaterOrEqual(t, part, int64(0))
		require.GreaterOrEqual(t, p.exchanges, int64(0))
		taken += part
	}
	taken += p.take(p.exchanges)
	require.Equal(t, joined, taken)
	require.Zero(t, p)
}
