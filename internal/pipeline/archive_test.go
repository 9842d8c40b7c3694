// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// archiving is growing with an archive: it appends each event whole to a place of the archive, unless it begins with 'f' (filtered). An event
// that begins with 'm' is merged into another's record. One with 'P' panics after it was archived, one with 'H' after it was kept back.
type archiving struct {
	growing
	archive plog.LogRecordSlice
}

func (a *archiving) Begin(logs plog.Logs) plog.LogRecordSlice {
	first := a.growing.Begin(logs)
	rl := logs.ResourceLogs().AppendEmpty()
	MarkArchive(rl.Resource())
	a.archive = rl.ScopeLogs().AppendEmpty().LogRecords()
	return first
}

func (a *archiving) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	if ev.Data[0] == 'f' {
		return Outcome{Kind: Filtered}
	}
	a.archive.AppendEmpty().Body().SetStr(string(ev.Data[2:]))
	outcome := Outcome{Kind: Aggregated}
	switch ev.Data[0] {
	case 'm':
	case 'P':
		panic("bad event")
	case 'H':
		a.kept = append(a.kept, Event{Data: append([]byte(nil), ev.Data...)})
		panic("bad event")
	case 'l': // a lie: nothing is archived
		outcome = a.growing.Handle(ev, records)
		n := 0
		a.archive.RemoveIf(func(plog.LogRecord) bool { n++; return n == a.archive.Len() })
	default:
		outcome = a.growing.Handle(ev, records)
	}
	outcome.Archived = true
	return outcome
}

// tiers counts the records that arrived, by tier.
func tiers(sink *consumertest.LogsSink) (main, archive int) {
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			n := 0
			for _, sl := range rl.ScopeLogs().All() {
				n += sl.LogRecords().Len()
			}
			if isArchive(rl.Resource()) {
				archive += n
			} else {
				main += n
			}
		}
	}
	return main, archive
}

// requireArchived asserts that every record of the archive is accounted for.
func requireArchived(t *testing.T, p *Pipeline, received int64) {
	t.Helper()
	require.Equal(t, received, p.Stats.Archive.Received.Load())
	require.Zero(t, p.Stats.Archive.Pending(), "%s", &p.Stats.Archive)
}

func event(kind byte, text string) []byte { return append([]byte{kind, 0}, text...) }

func TestTheArchiveHasEveryEventThatPassesTheFiltersAndTheMainSumLeavesItOut(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Handler, s.Archive, s.Batch.MaxRecords = &archiving{}, true, 4 })
	for i, kind := range []byte("xbfhmxPHhlbmx") {
		require.NoError(t, p.Put(t.Context(), 1, event(kind, fmt.Sprint(i)), nil))
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, 13)
	main, archive := tiers(sink)
	require.EqualValues(t, []int64{9, 1, 2, 1}, []int64{
		p.Stats.Emitted.Load(), p.Stats.Filtered.Load(), p.Stats.Aggregated.Load(), p.Stats.Undecodable.Total(),
	})
	require.Equal(t, 9, main)
	requireArchived(t, p, 11) // all but the filtered one and the one that panicked
	require.Equal(t, "received 11 = emitted 9 + dropped 2 (no_record 2) + pending 0", p.Stats.Archive.String(), "that which was kept back at its panic, and the lie")
	require.Equal(t, 9, archive)
}

func TestABatchWithAnArchiveKeepsItsBounds(t *testing.T) {
	const n = 2000
	random := rand.New(rand.NewPCG(16, 1))
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) {
		s.Handler, s.Archive, s.Batch.MaxRecords, s.Batch.MaxSizeMiB = &archiving{}, true, 301, 1
	})
	passed := int64(0)
	for range n {
		kind := "xhbmf"[random.IntN(5)]
		if kind != 'f' {
			passed++
		}
		data := append([]byte{kind, byte(random.IntN(12))}, make([]byte, random.IntN(3000))...)
		require.NoError(t, p.Put(t.Context(), 1, data, nil))
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, n)
	requireArchived(t, p, passed)
	main, archive := tiers(sink)
	require.EqualValues(t, p.Stats.Emitted.Load(), main)
	require.EqualValues(t, passed, archive)
	most := 0
	for _, batch := range sink.AllLogs() {
		require.LessOrEqual(t, otlpSize(t, batch), 1<<20)
		require.LessOrEqual(t, batch.LogRecordCount(), 301)
		most = max(most, batch.LogRecordCount())
	}
	require.Greater(t, most, 150)
}

func TestAnEventAndItsArchivedRecordMayGoInDifferentBatches(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Handler, s.Archive, s.Batch.MaxSizeMiB = &archiving{}, true, 1 })
	large := append([]byte{'x', 19}, make([]byte, 50_000)...) // records of 1,000,000 and 50,000 bytes, together too large
	for range 2 {
		require.NoError(t, p.Put(t.Context(), 1, large, nil))
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, 2)
	requireArchived(t, p, 2)
	for _, batch := range sink.AllLogs() {
		require.LessOrEqual(t, otlpSize(t, batch), 1<<20)
	}
	main, archive := tiers(sink)
	require.Equal(t, []int{2, 2}, []int{main, archive})
}

// refusing refuses batches at random, some in part, some for good, and counts by tier what it has taken.
type refusing struct {
	random        *rand.Rand
	main, archive int64
	lost          tierCounts
	permanent     bool
}

func (r *refusing) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (r *refusing) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	kept := plog.NewLogs()
	verdict := r.random.IntN(4)
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				switch {
				case verdict == 0 || verdict == 1 && r.random.IntN(2) == 0:
					to := kept.ResourceLogs().AppendEmpty()
					rl.Resource().CopyTo(to.Resource())
					lr.CopyTo(to.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
				case isArchive(rl.Resource()):
					r.archive++
				default:
					r.main++
				}
			}
		}
	}
	if kept.LogRecordCount() == 0 {
		return nil
	}
	err := error(consumererror.NewLogs(errors.New("not now"), kept))
	if r.permanent && r.random.IntN(2) == 0 {
		for _, rl := range kept.ResourceLogs().All() {
			if isArchive(rl.Resource()) {
				r.lost.archive++
			} else {
				r.lost.main++
			}
		}
		return consumererror.NewPermanent(err)
	}
	return err
}

func TestBothAccountsAddUpUnderRefusals(t *testing.T) {
	for _, permanent := range []bool{false, true} {
		for seed := range uint64(20) {
			next := &refusing{random: rand.New(rand.NewPCG(seed, 7)), permanent: permanent}
			p := newPipeline(t, next, func(s *Settings) { s.Handler, s.Archive, s.Batch.MaxRecords = &archiving{}, true, 7 })
			passed := int64(0)
			for i := range 60 {
				kind := "xxbhmf"[i%6]
				if kind != 'f' {
					passed++
				}
				require.NoError(t, p.Put(t.Context(), 1, event(kind, fmt.Sprint(i)), nil))
			}
			require.NoError(t, p.Drain(t.Context(), nil))
			require.NoError(t, p.Shutdown(t.Context(), noSource))
			requireBalanced(t, p, 60)
			requireArchived(t, p, passed)
			require.Equal(t, []int64{next.main, next.archive}, []int64{p.Stats.Emitted.Load(), p.Stats.Archive.Emitted.Load()})
			require.Equal(t, []int64{int64(next.lost.main), int64(next.lost.archive)}, []int64{p.Stats.Dropped.Total(), p.Stats.Archive.Dropped.Total()})
			if !permanent {
				require.Zero(t, p.Stats.Archive.Dropped.Total())
			}
		}
	}
}

func TestARefusedBatchComesAgainWholeWithItsArchive(t *testing.T) {
	var calls atomic.Int64
	sink := &consumertest.LogsSink{}
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		if calls.Add(1) < 3 {
			return errors.New("not now")
		}
		return sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	p := newPipeline(t, next, func(s *Settings) { s.Handler, s.Archive = &archiving{}, true })
	for i := range 5 {
		require.NoError(t, p.Put(t.Context(), 1, event("xm"[i%2], fmt.Sprint(i)), nil))
	}
	require.NoError(t, p.Drain(t.Context(), nil))
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	main, archive := tiers(sink)
	require.Equal(t, []int{3, 5}, []int{main, archive})
	requireArchived(t, p, 5)
}

func TestBothAccountsAddUpWhenTheRetryIsGivenUp(t *testing.T) {
	p := newPipeline(t, consumertest.NewErr(errors.New("not now")), func(s *Settings) {
		s.Handler, s.Archive, s.Retry.MaxElapsedTime = &archiving{}, true, time.Millisecond
	})
	for i := range 6 {
		require.NoError(t, p.Put(t.Context(), 1, event("xmb"[i%3], fmt.Sprint(i)), nil))
	}
	require.NoError(t, p.Drain(t.Context(), nil))
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, 6)
	requireArchived(t, p, 6)
	require.Equal(t, map[string]int64{DropRefused: 4}, p.Stats.Dropped.Snapshot())
	require.Equal(t, map[string]int64{DropRefused: 6}, p.Stats.Archive.Dropped.Snapshot())
}

func TestBothAccountsAddUpWhenTheCollectorStopsInTheMiddle(t *testing.T) {
	core, said := observer.New(zap.InfoLevel)
	tried := make(chan struct{}, 50)
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		tried <- struct{}{}
		return errors.New("not now")
	})
	require.NoError(t, err)
	p := newPipeline(t, next, func(s *Settings) {
		s.Handler, s.Archive, s.Batch.MaxRecords, s.Logger = &archiving{}, true, 4, zap.New(core)
		s.Retry.InitialInterval, s.Retry.MaxInterval, s.Batch.FlushInterval = time.Hour, time.Hour, time.Millisecond
	})
	for i := range 50 {
		require.NoError(t, p.Put(t.Context(), 1, event("xmbh"[i%4], fmt.Sprint(i)), nil))
	}
	<-tried
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, p.Shutdown(ctx, noSource))
	requireBalanced(t, p, 50)
	requireArchived(t, p, p.Stats.Archive.Received.Load())
	require.Positive(t, p.Stats.Archive.Received.Load())
	require.Zero(t, p.Stats.Archive.Emitted.Load())
	require.Equal(t, map[string]int64{DropShutdown: p.Stats.Archive.Received.Load()}, p.Stats.Archive.Dropped.Snapshot())
	p.LogAccount()
	lines := said.FilterMessageSnippet("records of the archive have not left the receiver").All()
	require.Len(t, lines, 1)
	require.Equal(t, zap.WarnLevel, lines[0].Level)
	require.True(t, strings.HasPrefix(lines[0].ContextMap()["archive"].(string), "received "), "the account stands beside it")
}

func TestTheAccountSaysThatTheArchiveHasLeft(t *testing.T) {
	core, said := observer.New(zap.InfoLevel)
	p := newPipeline(t, consumertest.NewNop(), func(s *Settings) { s.Handler, s.Archive, s.Logger = &archiving{}, true, zap.New(core) })
	require.NoError(t, p.Put(t.Context(), 1, event('m', ""), nil))
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	p.LogAccount()
	lines := said.FilterMessage("every record of the archive has left the receiver").All()
	require.Len(t, lines, 1)
	require.Equal(t, map[string]any{"archive": "received 1 = emitted 1 + dropped 0 + pending 0"}, lines[0].ContextMap())
	require.Len(t, said.FilterMessage("every event has left the receiver").All(), 1)
}

// A processor may change the resource of what it could not deliver.
func TestATallyIsNeverMoreThanWasHandedOver(t *testing.T) {
	for _, c := range []struct{ left, all, want tierCounts }{
		{tierCounts{3, 4}, tierCounts{3, 4}, tierCounts{3, 4}},
		{tierCounts{0, 0}, tierCounts{3, 4}, tierCounts{0, 0}},
		{tierCounts{7, 0}, tierCounts{3, 4}, tierCounts{3, 4}},
		{tierCounts{5, 0}, tierCounts{3, 4}, tierCounts{3, 2}},
		{tierCounts{0, 6}, tierCounts{3, 4}, tierCounts{2, 4}},
		{tierCounts{9, 9}, tierCounts{3, 4}, tierCounts{3, 4}},
		{tierCounts{2, 0}, tierCounts{3, 4}, tierCounts{2, 0}},
	} {
		require.Equal(t, c.want, c.left.within(c.all), "%v of %v", c.left, c.all)
	}
}
