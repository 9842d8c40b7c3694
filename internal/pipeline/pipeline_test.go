// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// byFirst is a handler that decides by the event's first byte: 'f' is filtered, 'a' aggregated, 'u' undecodable, 'p' panics
// after it has appended half a record, anything else is emitted with its bytes as the body.
type byFirst struct{}

func (byFirst) Begin(logs plog.Logs) plog.LogRecordSlice {
	return logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
}

func (byFirst) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	switch ev.Data[0] {
	case 'f':
		return Outcome{Kind: Filtered}
	case 'a':
		return Outcome{Kind: Aggregated}
	case 'u':
		return Outcome{Kind: Undecodable, Reason: "truncated"}
	case 'p':
		records.AppendEmpty().Body().SetStr("half a record")
		panic("bad event")
	}
	lr := records.AppendEmpty()
	lr.Body().SetStr(string(ev.Data))
	return Outcome{Kind: Emitted}
}

func newPipeline(t testing.TB, next consumer.Logs, change func(*Settings)) *Pipeline {
	set := receivertest.NewNopSettings(component.MustNewType("test"))
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "test", ReceiverCreateSettings: set})
	require.NoError(t, err)
	s := Settings{
		Batch: DefaultBatchConfig(), Queue: QueueConfig{MaxSizeMiB: 1}, Retry: DefaultRetryConfig(), Handler: byFirst{}, Next: next,
		Report: report, Format: "test", Logger: zap.NewNop(),
	}
	s.Batch.FlushInterval = time.Hour // a batch ends when it is full, or with the pipeline
	s.Retry.InitialInterval, s.Retry.MaxInterval = time.Millisecond, 5*time.Millisecond
	if change != nil {
		change(&s)
	}
	p := New(s)
	p.Start()
	return p
}

// noSource is the source of a test that has already stopped.
func noSource(context.Context) error { return nil }

// requireBalanced asserts that every event is accounted for.
func requireBalanced(t *testing.T, p *Pipeline, received int64) {
	t.Helper()
	require.Equal(t, received, p.Stats.Received.Load())
	require.Zero(t, p.Stats.Pending(), "%s", &p.Stats)
}

func bodies(sink *consumertest.LogsSink) []string {
	var all []string
	for _, logs := range sink.AllLogs() {
		records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		for i := range records.Len() {
			all = append(all, records.At(i).Body().Str())
		}
	}
	return all
}

func TestEveryEventIsAccountedFor(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, nil)
	for _, event := range []string{"1", "f", "2", "a", "u", "p", "3", "p", "f"} {
		require.True(t, p.Offer(7, []byte(event), nil))
	}
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	requireBalanced(t, p, 9)
	require.Equal(t, []string{"1", "2", "3"}, bodies(sink))
	require.Equal(t, "received 9 = emitted 3 + filtered 2 + aggregated 1 + undecodable 3 (panic 2, truncated 1) + dropped 0 + pending 0", p.Stats.String())
}

// byResource has a resource of its own for events of 'b'. A "bp" panics after it has appended half a record.
type byResource struct {
	byFirst
	b plog.LogRecordSlice
}

func (h *byResource) Begin(logs plog.Logs) plog.LogRecordSlice {
	first := h.byFirst.Begin(logs)
	h.b = h.byFirst.Begin(logs)
	logs.ResourceLogs().At(1).Resource().Attributes().PutBool("b", true)
	h.b = logs.ResourceLogs().At(1).ScopeLogs().At(0).LogRecords()
	return first
}

func (h *byResource) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	if ev.Data[0] != 'b' {
		return h.byFirst.Handle(ev, records)
	}
	h.b.AppendEmpty().Body().SetStr(string(ev.Data))
	if string(ev.Data) == "bp" {
		panic("bad event")
	}
	return Outcome{Kind: Emitted}
}

func TestAHandlerMayHaveSeveralResources(t *testing.T) {
	for _, tc := range []struct {
		events []string
		want   [][]string // the resources of each batch: their records, "b" first where it is that resource
	}{
		{[]string{"1", "b2", "bp", "p", "3", "b4", "5"}, [][]string{{"1", "3"}, {"b", "b2"}, {"5"}, {"b", "b4"}}},
		{[]string{"b1", "b2", "bp"}, [][]string{{"b", "b1", "b2"}}},
		{[]string{"1", "bp", "2"}, [][]string{{"1", "2"}}},
	} {
		sink := &consumertest.LogsSink{}
		p := newPipeline(t, sink, func(s *Settings) { s.Handler = &byResource{}; s.Batch.MaxRecords = 3 })
		for _, event := range tc.events {
			require.True(t, p.Offer(1, []byte(event), nil))
		}
		require.NoError(t, p.Shutdown(context.Background(), noSource))
		requireBalanced(t, p, int64(len(tc.events)))
		var got [][]string
		for _, logs := range sink.AllLogs() {
			for _, rl := range logs.ResourceLogs().All() {
				var records []string
				if rl.Resource().Attributes().Len() > 0 {
					records = append(records, "b")
				}
				for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
					records = append(records, lr.Body().Str())
				}
				got = append(got, records)
			}
		}
		require.Equal(t, tc.want, got)
	}
}

func TestEventsKeepTheirOrderAndTheirTwoParts(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Batch.FlushInterval = minFlushInterval })
	var want []string
	for i := range 50_000 {
		head, body := fmt.Sprintf("%d-", i), fmt.Sprintf("%0*d", i%90, i)
		want = append(want, head+body)
		require.NoError(t, p.Put(context.Background(), int64(i), []byte(head), []byte(body)))
	}
	require.NoError(t, p.Drain(context.Background(), nil)) // which takes the time that it takes
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	requireBalanced(t, p, 50_000)
	require.Equal(t, want, bodies(sink))
}

func TestAWaitingEventIsHandedOverWithinTheFlushInterval(t *testing.T) {
	got := make(chan plog.Logs)
	next, err := consumer.NewLogs(func(_ context.Context, l plog.Logs) error { got <- l; return nil })
	require.NoError(t, err)
	p := newPipeline(t, next, func(s *Settings) { s.Batch.FlushInterval = minFlushInterval })
	require.True(t, p.Offer(1, []byte("x"), nil))
	require.Equal(t, 1, (<-got).LogRecordCount())
	require.NoError(t, p.Shutdown(context.Background(), noSource))
}

func TestBatchesHoldNoMoreThanTheirMaximum(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Batch.MaxRecords = 10 })
	for range 95 {
		require.True(t, p.Offer(1, []byte("x"), nil))
	}
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	require.Equal(t, 95, sink.LogRecordCount())
	for _, logs := range sink.AllLogs() {
		require.LessOrEqual(t, logs.LogRecordCount(), 10)
	}
}

// blocker is a consumer that blocks until it is opened.
type blocker struct {
	consumertest.LogsSink
	open chan struct{}
	in   chan struct{}
	once sync.Once
}

func newBlocker() *blocker { return &blocker{open: make(chan struct{}), in: make(chan struct{})} }

func (b *blocker) ConsumeLogs(ctx context.Context, l plog.Logs) error {
	b.once.Do(func() { close(b.in) })
	select {
	case <-b.open:
		return b.LogsSink.ConsumeLogs(ctx, l)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestOfferDropsAndCountsWhenTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := newBlocker()
		p := newPipeline(t, next, func(s *Settings) { s.Batch.MaxRecords = 1 })
		event := make([]byte, 1000)
		var taken int64
		const offered = 5000 // 5 MB against a queue of 1 MiB
		for range offered {
			if p.Offer(1, event, nil) {
				taken++
			}
		}
		<-next.in
		require.Equal(t, p.queue.Capacity(), p.queue.Bytes())
		require.Equal(t, map[string]int64{DropQueueFull: offered - taken}, p.Stats.Dropped.Snapshot())
		require.InDelta(t, p.queue.Capacity(), taken*int64(len(event)+queue.EventHeader), queue.ChunkSize, "what was taken fits the queue's memory")
		close(next.open)
		require.NoError(t, p.Shutdown(context.Background(), noSource))
		requireBalanced(t, p, offered)
		require.Equal(t, taken, int64(next.LogRecordCount()))
	})
}

func TestPutWaitsForRoomAndEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := newBlocker()
		p := newPipeline(t, next, func(s *Settings) { s.Batch.MaxRecords = 1 })
		ctx, cancel := context.WithCancel(context.Background())
		var put atomic.Int64
		ended := make(chan error)
		go func() {
			event := make([]byte, 1000)
			for {
				if err := p.Put(ctx, 1, event, nil); err != nil {
					ended <- err
					return
				}
				put.Add(1)
			}
		}()
		<-next.in
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		close(next.open)
		require.NoError(t, p.Shutdown(context.Background(), noSource))
		requireBalanced(t, p, put.Load())
		require.Equal(t, put.Load(), int64(next.LogRecordCount()), "nothing of a file is dropped")
	})
}

func TestAnEventTooLargeIsDroppedAndCounted(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, nil)
	require.True(t, p.Offer(1, make([]byte, queue.MaxEventSize-1), []byte("x")))
	require.False(t, p.Offer(1, make([]byte, queue.MaxEventSize), []byte("x")))
	require.NoError(t, p.Put(context.Background(), 1, make([]byte, queue.MaxEventSize+1), nil))
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	requireBalanced(t, p, 3)
	require.Equal(t, map[string]int64{DropTooLarge: 2}, p.Stats.Dropped.Snapshot())
}

func TestARetryableErrorIsTriedAgainAndOnlyWithWhatFailed(t *testing.T) {
	sink := &consumertest.LogsSink{}
	tries := 0
	next, err := consumer.NewLogs(func(ctx context.Context, l plog.Logs) error {
		switch tries++; tries {
		case 1:
			return errors.New("busy")
		case 2: // takes the first record and refuses the rest
			rest := plog.NewLogs()
			l.CopyTo(rest)
			n := 0
			rest.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().RemoveIf(func(plog.LogRecord) bool { n++; return n == 1 })
			n = 0
			l.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().RemoveIf(func(plog.LogRecord) bool { n++; return n > 1 })
			require.NoError(t, sink.ConsumeLogs(ctx, l))
			return consumererror.NewLogs(errors.New("busy"), rest)
		}
		return sink.ConsumeLogs(ctx, l)
	})
	require.NoError(t, err)
	p := newPipeline(t, next, nil)
	for _, event := range []string{"1", "2", "3"} {
		require.True(t, p.Offer(1, []byte(event), nil))
	}
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	require.Equal(t, 3, tries)
	require.Equal(t, []string{"1", "2", "3"}, bodies(sink))
	requireBalanced(t, p, 3)
	require.Equal(t, int64(3), p.Stats.Emitted.Load())
}

func TestNoMoreRecordsAreRefusedThanWereHandedOver(t *testing.T) {
	next, err := consumer.NewLogs(func(_ context.Context, l plog.Logs) error { // as behind a processor that makes two records of one
		split := plog.NewLogs()
		for range 2 {
			l.ResourceLogs().At(0).CopyTo(split.ResourceLogs().AppendEmpty())
		}
		return consumererror.NewLogs(errors.New("bad records"), split)
	})
	require.NoError(t, err)
	p := newPipeline(t, next, func(s *Settings) { s.Retry.Enabled = false })
	require.True(t, p.Offer(1, []byte("x"), nil))
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	require.Equal(t, "received 1 = emitted 0 + filtered 0 + aggregated 0 + undecodable 0 + dropped 1 (refused 1) + pending 0", p.Stats.String())
}

func TestRecordsRefusedForGoodAreDroppedAndCounted(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		change func(*Settings)
		tries  int
	}{
		"permanent":     {consumererror.NewPermanent(errors.New("bad records")), nil, 1},
		"retry off":     {errors.New("busy"), func(s *Settings) { s.Retry.Enabled = false }, 1},
		"retry is over": {errors.New("busy"), func(s *Settings) { s.Retry.MaxElapsedTime = time.Nanosecond }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			next, err := consumer.NewLogs(func(context.Context, plog.Logs) error { tries++; return tc.err })
			require.NoError(t, err)
			p := newPipeline(t, next, tc.change)
			require.True(t, p.Offer(1, []byte("1"), nil))
			require.NoError(t, p.Shutdown(context.Background(), noSource))
			requireBalanced(t, p, 1)
			require.Equal(t, map[string]int64{DropRefused: 1}, p.Stats.Dropped.Snapshot())
			require.Equal(t, tc.tries, tries)
		})
	}
}

func TestShutdownEndsInTimeAndCountsWhatItCouldNotHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := newBlocker()
		p := newPipeline(t, next, func(s *Settings) { s.Batch.MaxRecords = 1 })
		for range 100 {
			require.True(t, p.Offer(1, []byte("x"), nil))
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, p.Shutdown(ctx, noSource))
		requireBalanced(t, p, 100)
		require.Equal(t, map[string]int64{DropShutdown: 100}, p.Stats.Dropped.Snapshot())
		require.False(t, p.Offer(1, []byte("late"), nil))
		requireBalanced(t, p, 101)
	})
}

func TestShutdownCutsARetryShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tried := make(chan struct{}, 100)
		next, err := consumer.NewLogs(func(context.Context, plog.Logs) error { tried <- struct{}{}; return errors.New("busy") })
		require.NoError(t, err)
		p := newPipeline(t, next, func(s *Settings) {
			s.Retry.InitialInterval, s.Retry.MaxInterval, s.Batch.FlushInterval = time.Hour, time.Hour, minFlushInterval
		})
		require.True(t, p.Offer(1, []byte("x"), nil))
		<-tried
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, p.Shutdown(ctx, noSource))
		requireBalanced(t, p, 1)
	})
}

// The pause before the next attempt is longer than a shutdown waits, and the next component takes records again.
func TestShutdownTriesAtOnceWhatWaitsForItsNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy, sink := atomic.Bool{}, new(consumertest.LogsSink)
		busy.Store(true)
		next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
			if busy.Load() {
				return errors.New("busy")
			}
			return sink.ConsumeLogs(ctx, logs)
		})
		require.NoError(t, err)
		p := newPipeline(t, next, func(s *Settings) {
			s.Retry.InitialInterval, s.Retry.MaxInterval, s.Batch.FlushInterval = time.Hour, time.Hour, minFlushInterval
		})
		require.True(t, p.Offer(1, []byte("x"), nil))
		time.Sleep(time.Minute)
		busy.Store(false)
		require.NoError(t, p.Shutdown(context.Background(), noSource))
		requireBalanced(t, p, 1)
		require.Equal(t, 1, sink.LogRecordCount())
	})
}

func TestShutdownSaysThatTheNextComponentDoesNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, release := make(chan struct{}), make(chan struct{})
		next, err := consumer.NewLogs(func(context.Context, plog.Logs) error { close(in); <-release; return nil })
		require.NoError(t, err)
		core, logs := observer.New(zap.InfoLevel)
		p := newPipeline(t, next, func(s *Settings) { s.Batch.FlushInterval, s.Logger = minFlushInterval, zap.New(core) })
		require.True(t, p.Offer(1, []byte("x"), nil))
		<-in
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.ErrorContains(t, p.Shutdown(ctx, noSource), "did not return within")
		p.LogAccount()
		close(release)
		<-p.done
		p.LogAccount()
		require.Equal(t, []string{
			"1 of 1 events have not left the receiver: 1 at the next component in the pipeline, which did not return", "every event has left the receiver",
		}, []string{logs.All()[0].Message, logs.All()[1].Message})
	})
}

// A next component that heeds its context has returned. What the worker then does may take long on a host that is busy with other things.
func TestAShutdownWaitsForAWorkerWhoseCallHasReturned(t *testing.T) {
	for slow, want := range map[time.Duration]string{
		graceTimeout + countTimeout/2: "", graceTimeout + 2*countTimeout: "had not ended its work within 4s of shutdown, although the next component in the pipeline has returned",
	} {
		synctest.Test(t, func(t *testing.T) {
			next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error { <-ctx.Done(); return errors.New("busy") })
			require.NoError(t, err)
			core, logs := observer.New(zap.InfoLevel)
			starved := zap.Hooks(func(e zapcore.Entry) error {
				if strings.HasPrefix(e.Message, "records are lost") {
					time.Sleep(slow)
				}
				return nil
			})
			p := newPipeline(t, next, func(s *Settings) {
				s.Retry, s.Batch.MaxRecords, s.Logger = DefaultRetryConfig(), 1, zap.New(core, starved)
			})
			require.True(t, p.Offer(1, []byte("x"), nil))
			synctest.Wait()
			begun := time.Now()
			err = p.Shutdown(context.Background(), noSource)
			require.LessOrEqual(t, time.Since(begun), 4*time.Second)
			require.Empty(t, logs.FilterMessageSnippet("trying again").All(), "no time is left")
			p.LogAccount()
			account := logs.All()[logs.Len()-1].Message
			if want == "" {
				require.NoError(t, err)
				require.Equal(t, "1 of 1 events have not left the receiver: 1 dropped", account)
				requireBalanced(t, p, 1)
			} else {
				require.ErrorContains(t, err, want)
				<-p.done
			}
		})
	}
}

func TestTheAccountSaysHowManyEventsDidNotLeaveTheReceiverAndWhy(t *testing.T) {
	for _, c := range []struct {
		dropped, undecodable int64
		level                zapcore.Level
		want                 string
	}{
		{0, 0, zap.InfoLevel, "every event has left the receiver"},
		{3, 0, zap.WarnLevel, "3 of 10 events have not left the receiver: 3 dropped"},
		{0, 2, zap.WarnLevel, "2 of 10 events have not left the receiver: 2 undecodable"},
		{3, 2, zap.WarnLevel, "5 of 10 events have not left the receiver: 3 dropped, 2 undecodable"},
	} {
		core, logs := observer.New(zap.InfoLevel)
		p := newPipeline(t, consumertest.NewNop(), func(s *Settings) { s.Logger = zap.New(core) })
		require.NoError(t, p.Shutdown(context.Background(), noSource))
		p.Drop("map_full", c.dropped)
		p.Stats.Received.Add(10 - c.dropped)
		p.Stats.Undecodable.Add("short", c.undecodable)
		p.Stats.Filtered.Add(10 - c.dropped - c.undecodable)
		p.LogAccount()
		line := logs.All()[len(logs.All())-1]
		require.Equal(t, c.want, line.Message)
		require.Equal(t, c.level, line.Level)
		require.Contains(t, line.ContextMap()["events"], "received 10 = ")
	}
}

func TestShutdownGoesOnWhenTheSourceDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &consumertest.LogsSink{}
		p := newPipeline(t, sink, nil)
		require.True(t, p.Offer(1, []byte("x"), nil))
		hung := func(ctx context.Context) error { <-ctx.Done(); return errors.New("the disk hangs") }
		require.EqualError(t, p.Shutdown(context.Background(), hung), "the disk hangs")
		requireBalanced(t, p, 1)
		require.Equal(t, 1, sink.LogRecordCount(), "what was queued is handed over all the same")
	})
}

func TestShutdownEndsInTimeThoughTheSourceAndTheNextComponentHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, release := make(chan struct{}), make(chan struct{})
		next, err := consumer.NewLogs(func(context.Context, plog.Logs) error { close(in); <-release; return nil })
		require.NoError(t, err)
		p := newPipeline(t, next, func(s *Settings) { s.Batch.MaxRecords = 1 })
		require.True(t, p.Offer(1, []byte("x"), nil))
		hung := func(ctx context.Context) error { <-ctx.Done(); return errors.New("the disk hangs") }
		begun := time.Now()
		err = p.Shutdown(context.Background(), hung)
		require.ErrorContains(t, err, "the disk hangs")
		require.ErrorContains(t, err, "did not return within 3.4s")
		require.Equal(t, 3400*time.Millisecond, time.Since(begun), "the rest of the collector's five seconds is the other components'")
		<-in
		close(release)
		<-p.done
	})
}

// holding keeps back events of 'h', at most ten, and releases them with their count. An event of 'h' with the same second byte is
// aggregated. If an 'x' follows the 'h', its release panics.
type holding struct {
	byFirst
	silence time.Duration
	order   []string
	count   map[string]int
	due     bool
}

func (h *holding) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	key := string(ev.Data)
	switch {
	case ev.Data[0] != 'h':
		return h.byFirst.Handle(ev, records)
	case h.count[key] > 0:
		h.count[key]++
		return Outcome{Kind: Aggregated}
	}
	h.order = append(h.order, key)
	h.count[key] = 1
	return Outcome{Kind: Held}
}

func (h *holding) Due() bool               { return len(h.order) >= 10 || h.due && len(h.order) > 0 }
func (h *holding) Silence(d time.Duration) { h.silence += d }
func (h *holding) Held() int               { return len(h.order) }

func (h *holding) Release(records plog.LogRecordSlice, due bool) Outcome {
	key := h.order[0]
	n := h.count[key]
	h.order = h.order[1:]
	delete(h.count, key)
	records.AppendEmpty().Body().SetStr(fmt.Sprintf("%s %d %v", key, n, due))
	if key == "hx" {
		panic("bad event")
	}
	return Outcome{Kind: Emitted}
}

func TestEventsKeptBackComeOutWhenTheyAreDueAndAtTheEnd(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Handler = &holding{count: map[string]int{}} })
	for _, event := range []string{"h1", "h2", "h1", "1", "hx", "h1"} {
		require.True(t, p.Offer(1, []byte(event), nil))
	}
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	requireBalanced(t, p, 6)
	require.Equal(t, []string{"1", "h1 3 false", "h2 1 false"}, bodies(sink))
	require.Equal(t, "received 6 = emitted 3 + filtered 0 + aggregated 2 + undecodable 1 (panic 1) + dropped 0 + pending 0", p.Stats.String())

	sink = &consumertest.LogsSink{}
	p = newPipeline(t, sink, func(s *Settings) { s.Handler = &holding{count: map[string]int{}} })
	for i := range 1000 {
		require.True(t, p.Offer(1, fmt.Appendf(nil, "h%d", i), nil))
	}
	require.NoError(t, p.Drain(context.Background(), nil), "idle lets everything go")
	requireBalanced(t, p, 1000)
	require.Len(t, bodies(sink), 1000)
	require.Equal(t, "h0 1 true", bodies(sink)[0])
	require.Equal(t, "h999 1 false", bodies(sink)[999])
	require.NoError(t, p.Shutdown(context.Background(), noSource))
}

func TestASilenceIsALiveSourcesOnly(t *testing.T) {
	for _, isLive := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h := &holding{count: map[string]int{}}
			p := newPipeline(t, &consumertest.LogsSink{}, func(s *Settings) { s.Handler, s.Live, s.Batch.FlushInterval = h, isLive, time.Second })
			time.Sleep(time.Minute)
			require.NoError(t, p.Shutdown(t.Context(), noSource))
			if !isLive {
				require.Zero(t, h.silence)
				return
			}
			require.InDelta(t, time.Minute, h.silence, float64(time.Second))
		})
	}
}

func TestDrainWaitsForNoFlushInterval(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for round := range 100 {
		require.NoError(t, p.Put(ctx, 1, []byte("x"), nil))
		require.NoError(t, p.Drain(ctx, nil))
		require.Equal(t, round+1, sink.LogRecordCount())
	}
	require.NoError(t, p.Shutdown(ctx, noSource))
	requireBalanced(t, p, 100)
}

// atRest is a handler that reports whether the worker is in it.
type atRest struct {
	byFirst
	busy atomic.Bool
}

func (h *atRest) Held() int {
	h.busy.Store(true)
	time.Sleep(2 * time.Millisecond)
	h.busy.Store(false)
	return 0
}

func (*atRest) Due() bool                         { return false }
func (*atRest) Silence(time.Duration)             {}
func (*atRest) Release(plog.LogRecordSlice, bool) {}

func TestDrainReturnsWhenTheWorkerRestsAndCallsThenBeforeTheNextBatch(t *testing.T) {
	h, sink := &atRest{}, &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Handler, s.Batch.FlushInterval = h, minFlushInterval })
	for range 100 {
		require.NoError(t, p.Put(t.Context(), 1, []byte("x"), nil))
		delivered, resting := 0, false
		require.NoError(t, p.Drain(t.Context(), func() { delivered, resting = sink.LogRecordCount(), !h.busy.Load() }))
		require.False(t, h.busy.Load())
		require.True(t, resting)
		require.Equal(t, sink.LogRecordCount(), delivered)
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, 100)
}

// named is a handler whose resource has a name, which may change.
type named struct {
	byFirst
	name atomic.Value
}

func (h *named) Begin(logs plog.Logs) plog.LogRecordSlice {
	records := h.byFirst.Begin(logs)
	logs.ResourceLogs().At(0).Resource().Attributes().PutStr("name", h.name.Load().(string))
	return records
}

func TestTheFirstEventAfterAQuietTimeHasTheResourceOfItsTime(t *testing.T) {
	h, sink := &named{}, &consumertest.LogsSink{}
	h.name.Store("at the start")
	p := newPipeline(t, sink, func(s *Settings) { s.Handler = h })
	h.name.Store("later")
	require.NoError(t, p.Drain(t.Context(), nil), "there is nothing to hand over, as at the end of a flush interval without an event")
	require.NoError(t, p.Put(t.Context(), 1, []byte("x"), nil))
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, 1)
	require.Len(t, sink.AllLogs(), 1)
	require.Equal(t, map[string]any{"name": "later"}, sink.AllLogs()[0].ResourceLogs().At(0).Resource().Attributes().AsRaw())
}

func TestDrainEndsWithItsContext(t *testing.T) {
	next := newBlocker()
	p := newPipeline(t, next, nil)
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, p.Put(ctx, 1, []byte("x"), nil))
	drained := make(chan error)
	go func() { drained <- p.Drain(ctx, nil) }()
	<-next.in
	cancel()
	require.ErrorIs(t, <-drained, context.Canceled)
	close(next.open)
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, 1)
}

// joining is holding with events of 'j' that panic: "jd" after it has dropped the oldest event kept back, like one that joins it, and
// "jk" after it has been kept back itself.
type joining struct{ holding }

func (j *joining) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	switch string(ev.Data) {
	case "jd":
		delete(j.count, j.order[0])
		j.order = j.order[1:]
		panic("after dropping")
	case "jk":
		j.order = append(j.order, "jk")
		j.count["jk"] = 1
		panic("after keeping")
	}
	return j.holding.Handle(ev, records)
}

func TestAPanicWhileEventsAreJoinedLosesNoneFromTheAccount(t *testing.T) {
	for _, tc := range []struct {
		event       string
		bodies      []string
		undecodable map[string]int64
	}{
		{"jd", []string{"h2 1 false"}, map[string]int64{UndecodablePanic: 2}}, // the event, and the one kept back that it lost
		{"jk", []string{"h1 1 false", "h2 1 false", "jk 1 false"}, nil},       // the event comes all the same
	} {
		sink := &consumertest.LogsSink{}
		p := newPipeline(t, sink, func(s *Settings) { s.Handler = &joining{holding{count: map[string]int{}}} })
		for _, event := range []string{"h1", "h2", tc.event} {
			require.True(t, p.Offer(1, []byte(event), nil))
		}
		require.NoError(t, p.Shutdown(context.Background(), noSource))
		requireBalanced(t, p, 3)
		require.Equal(t, tc.bodies, bodies(sink))
		require.Equal(t, tc.undecodable, p.Stats.Undecodable.Snapshot())
	}
}

// The queue goes on after a panic of the next component, at the first try and after a refusal.
func TestAPanicOfTheNextComponentCostsItsBatchAndIsCounted(t *testing.T) {
	core, logs := observer.New(zap.ErrorLevel)
	sink := &consumertest.LogsSink{}
	tries := 0
	next, err := consumer.NewLogs(func(ctx context.Context, l plog.Logs) error {
		tries++
		switch tries {
		case 2:
			l.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().RemoveIf(func(plog.LogRecord) bool { return true }) // taken, by half
			panic("a bad batch")
		case 3:
			return errors.New("busy")
		case 4:
			panic("a bad batch")
		}
		return sink.ConsumeLogs(ctx, l)
	})
	require.NoError(t, err)
	p := newPipeline(t, next, func(s *Settings) {
		s.Batch.MaxRecords, s.Retry.InitialInterval, s.Logger = 2, time.Millisecond, zap.New(core)
	})
	for i := range 10 {
		require.NoError(t, p.Put(t.Context(), 1, []byte{'0' + byte(i)}, nil))
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	requireBalanced(t, p, 10)
	require.Equal(t, map[string]int64{DropPanic: 4}, nonZero(p.Stats.Dropped.Snapshot()))
	require.EqualValues(t, 6, p.Stats.Emitted.Load())
	require.Equal(t, 6, sink.LogRecordCount())
	require.Len(t, logs.FilterMessageSnippet("panicked; the records are counted").All(), 1, "the stack is logged once")
	require.Len(t, logs.FilterMessageSnippet("records are lost").All(), 2)
}

func TestEventsKeptBackComeOutThoughNoOtherEventComes(t *testing.T) {
	got := make(chan plog.Logs, 1)
	next, err := consumer.NewLogs(func(_ context.Context, l plog.Logs) error { got <- l; return nil })
	require.NoError(t, err)
	p := newPipeline(t, next, func(s *Settings) {
		s.Handler = &holding{count: map[string]int{}, due: true}
		s.Batch.FlushInterval = minFlushInterval
	})
	require.True(t, p.Offer(1, []byte("h1"), nil))
	require.Equal(t, 1, (<-got).LogRecordCount())
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	requireBalanced(t, p, 1)
}

func TestShutdownAccountsForEventsKeptBackThatItCannotHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := newBlocker()
		p := newPipeline(t, next, func(s *Settings) { s.Handler = &holding{count: map[string]int{}}; s.Batch.MaxRecords = 1 })
		for i := range 5 {
			require.True(t, p.Offer(1, fmt.Appendf(nil, "h%d", i), nil))
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, p.Shutdown(ctx, noSource))
		requireBalanced(t, p, 5)
		require.Equal(t, map[string]int64{DropShutdown: 5}, p.Stats.Dropped.Snapshot())
	})
}

func TestManyProducersLoseNothing(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Batch.FlushInterval = minFlushInterval })
	const producers, each = 8, 5000
	var wg sync.WaitGroup
	for i := range producers {
		wg.Go(func() {
			for j := range each {
				event := binary.BigEndian.AppendUint32([]byte{'x', byte(i)}, uint32(j))
				if err := p.Put(context.Background(), 1, event, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, p.Drain(context.Background(), nil))
	require.Equal(t, producers*each, sink.LogRecordCount())
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	requireBalanced(t, p, producers*each)
	seen := map[string]bool{}
	for _, b := range bodies(sink) {
		seen[b] = true
	}
	require.Len(t, seen, producers*each, "none twice")
}

func TestOfferAllocatesNothing(t *testing.T) {
	p := newPipeline(t, consumertest.NewNop(), nil)
	event := make([]byte, 300)
	require.Zero(t, testing.AllocsPerRun(100, func() { p.Offer(1, event[:80], event[80:]) }))
	require.NoError(t, p.Shutdown(context.Background(), noSource))
}

func TestConfigIsRefusedWithTheKeyTheValueAndWhatIsAllowed(t *testing.T) {
	require.NoError(t, (&BatchConfig{MaxRecords: 1, MaxSizeMiB: 1, FlushInterval: time.Second}).Validate())
	require.EqualError(t, (&BatchConfig{FlushInterval: time.Second}).Validate(), "max_records: 0 is not allowed; want 1 to 100000")
	require.EqualError(t, (&BatchConfig{MaxRecords: 1, MaxSizeMiB: 65, FlushInterval: time.Second}).Validate(), "max_size_mib: 65 is not allowed; want 1 to 64")
	require.EqualError(t, (&BatchConfig{MaxRecords: 1, MaxSizeMiB: 1}).Validate(), "flush_interval: 0s is not allowed; want 10ms to 1m0s")
	require.EqualError(t, (&QueueConfig{}).Validate(), "max_size_mib: 0 is not allowed; want 1 to 16384")
}

// filterAll does nothing, so that the benchmark measures the queue.
type filterAll struct{ byFirst }

func (filterAll) Handle(Event, plog.LogRecordSlice) Outcome { return Outcome{Kind: Filtered} }

func BenchmarkOffer(b *testing.B) {
	p := newPipeline(b, consumertest.NewNop(), func(s *Settings) { s.Handler = filterAll{}; s.Queue.MaxSizeMiB = 64 })
	head, body := make([]byte, 80), make([]byte, 220)
	b.ReportAllocs()
	for b.Loop() {
		p.Offer(1, head, body)
	}
	require.NoError(b, p.Shutdown(context.Background(), noSource))
}

// later keeps back events twice: in a first place, and from there in that of holding. If an 'x' follows the 'h', the release from the first
// place panics.
type later struct {
	holding
	first []string
}

func (l *later) Handle(ev Event, _ plog.LogRecordSlice) Outcome {
	l.first = append(l.first, string(ev.Data))
	return Outcome{Kind: Held}
}

func (l *later) Due() bool { return len(l.first) > 3 }
func (l *later) Held() int { return len(l.first) + l.holding.Held() }

func (l *later) Release(records plog.LogRecordSlice, due bool) Outcome {
	if len(l.first) == 0 {
		return l.holding.Release(records, due)
	}
	key := l.first[0]
	l.first = l.first[1:]
	if key == "hx" {
		panic("bad event")
	}
	return l.holding.Handle(Event{Data: []byte(key)}, records)
}

func TestAnEventThatIsReleasedMayBecomePartOfAnotherOrStayBack(t *testing.T) {
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Handler = &later{holding: holding{count: map[string]int{}}} })
	for _, event := range []string{"h1", "h2", "h1", "hx", "h1", "h2", "h3"} {
		require.True(t, p.Offer(1, []byte(event), nil))
	}
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	requireBalanced(t, p, 7)
	require.Equal(t, []string{"h1 3 false", "h2 2 false", "h3 1 false"}, bodies(sink))
	require.Equal(t, "received 7 = emitted 3 + filtered 0 + aggregated 3 + undecodable 1 (panic 1) + dropped 0 + pending 0", p.Stats.String())
}
