// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// growing makes a record of the event's size times its second byte, so the size of a record differs from that of its event. An event
// that begins with 'h' is kept back; one that begins with 'b' has another resource.
type growing struct {
	byResource
	kept []Event
}

func (g *growing) append(ev Event, records plog.LogRecordSlice) {
	if ev.Data[0] == 'b' {
		records = g.b
	}
	record := records.AppendEmpty()
	record.Body().SetStr(string(ev.Data[2:]))
	for i := range int(ev.Data[1]) {
		record.Attributes().PutStr(fmt.Sprintf("copy %d", i), string(ev.Data[2:]))
	}
}

func (g *growing) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	if ev.Data[0] == 'h' {
		g.kept = append(g.kept, Event{Data: append([]byte(nil), ev.Data...)})
		return Outcome{Kind: Held}
	}
	g.append(ev, records)
	return Outcome{Kind: Emitted}
}

func (g *growing) Due() bool { return len(g.kept) > 3 }

func (g *growing) Silence(time.Duration) {}
func (g *growing) Held() int             { return len(g.kept) }

func (g *growing) Release(records plog.LogRecordSlice, _ bool) Outcome {
	g.append(g.kept[0], records)
	g.kept = g.kept[1:]
	return Outcome{Kind: Emitted}
}

// TestABatchIsNeverLargerInOTLPThanConfigured sends records whose size differs from that of their events, some kept back, and of two
// resources.
func TestABatchIsNeverLargerInOTLPThanConfigured(t *testing.T) {
	const n = 3000
	for mib := 1; mib <= 3; mib++ {
		random := rand.New(rand.NewPCG(12, uint64(mib)))
		sink := &consumertest.LogsSink{}
		p := newPipeline(t, sink, func(s *Settings) {
			s.Handler, s.Batch.MaxRecords, s.Batch.MaxSizeMiB = &growing{}, maxBatchRecords, mib
		})
		for range n {
			event := append([]byte{"xhb"[random.IntN(3)], byte(random.IntN(12))}, make([]byte, random.IntN(3000))...)
			require.NoError(t, p.Put(t.Context(), 1, event, nil))
		}
		require.NoError(t, p.Shutdown(t.Context(), noSource))
		requireBalanced(t, p, n)
		require.Equal(t, n, sink.LogRecordCount(), "a record that begins the next batch is in no other")
		largest := 0
		for _, batch := range sink.AllLogs() {
			size := otlpSize(t, batch)
			require.LessOrEqual(t, size, mib<<20)
			largest = max(largest, size)
		}
		require.Greater(t, largest, mib<<20-40_000, "no smaller than need be: the next record did not fit in")
		require.Greater(t, len(sink.AllLogs()), 1)
	}
}

// otlpSize returns the size of the request that an OTLP exporter sends, in bytes.
func otlpSize(t *testing.T, logs plog.Logs) int {
	request, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	require.NoError(t, err)
	return len(request)
}

func TestARecordLargerThanABatchMayBeGoesAlone(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Handler, s.Batch.MaxSizeMiB = &growing{}, 1 })
	large := append([]byte{'x', 40}, make([]byte, 50_000)...) // a record of 2 MB
	for _, event := range [][]byte{{'x', 0, '1'}, large, {'x', 0, '2'}, {'b', 0, '3'}, large} {
		require.NoError(t, p.Put(t.Context(), 1, event, nil))
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, 5)
	var counts []int
	for _, batch := range sink.AllLogs() {
		counts = append(counts, batch.LogRecordCount())
	}
	require.Equal(t, []int{1, 1, 2, 1}, counts)
}
