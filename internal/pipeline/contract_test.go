// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// liar is a handler with two resources whose outcomes need not match the records that it appends. An event has a kind and, for each
// resource, the number of records to append. An event of kind Held is kept back; its records are appended when it is released.
type liar struct {
	byResource
	kept [][]byte
}

func (l *liar) append(data []byte, records plog.LogRecordSlice) {
	for range data[1] {
		records.AppendEmpty().Body().SetStr("x")
	}
	for range data[2] {
		l.b.AppendEmpty().Body().SetStr("x")
	}
}

func (l *liar) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	if Kind(ev.Data[0]) == Held {
		l.kept = append(l.kept, append([]byte(nil), ev.Data...))
		return Outcome{Kind: Held}
	}
	l.append(ev.Data, records)
	return Outcome{Kind: Kind(ev.Data[0]), Reason: "truncated"}
}

func (l *liar) Due() bool             { return false }
func (l *liar) Silence(time.Duration) {}
func (l *liar) Held() int             { return len(l.kept) }

func (l *liar) Release(records plog.LogRecordSlice, _ bool) Outcome {
	data := l.kept[0]
	l.kept = l.kept[1:]
	l.append(data, records)
	return Outcome{Kind: Emitted}
}

func TestAHandlerThatAppendsAnotherNumberOfRecordsThanItSaysIsAnAccountedFault(t *testing.T) {
	core, logs := observer.New(zap.ErrorLevel)
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Handler, s.Logger = &liar{}, zap.New(core) })
	var emitted, dropped, n int64
	for _, kind := range []Kind{Emitted, Held, Filtered, Aggregated, Undecodable} {
		for _, records := range [][2]byte{{0, 0}, {1, 0}, {0, 1}, {2, 0}, {1, 1}, {0, 3}} {
			n++
			require.NoError(t, p.Put(t.Context(), 1, []byte{byte(kind), records[0], records[1]}, nil))
			switch {
			case kind != Emitted && kind != Held:
			case records == [2]byte{}:
				dropped++
			default:
				emitted++
			}
		}
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, n)
	require.Equal(t, emitted, p.Stats.Emitted.Load())
	require.Equal(t, int(emitted), sink.LogRecordCount(), "a record for each")
	require.Equal(t, map[string]int64{DropNoRecord: dropped}, nonZero(p.Stats.Dropped.Snapshot()))
	require.EqualValues(t, []int64{6, 6, 6}, []int64{p.Stats.Filtered.Load(), p.Stats.Aggregated.Load(), p.Stats.Undecodable.Total()})
	require.Len(t, logs.FilterMessageSnippet("a fault of this program").All(), 1, "it is said once")
}

// nonZero returns the counts that are not zero.
func nonZero(counts map[string]int64) map[string]int64 {
	for reason, n := range counts {
		if n == 0 {
			delete(counts, reason)
		}
	}
	return counts
}
