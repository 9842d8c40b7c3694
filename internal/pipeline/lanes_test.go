// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// twin is one of two handlers. It keeps events of kind 'h' back until it has passed over some events, and emits others.
type twin struct {
	dated
	prepared      []string // the events of each group
	until, passed int
	held          int
	released      []bool // whether the event was due
}

func (w *twin) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	if ev.Data[0] == 'h' {
		w.held++
		return Outcome{Kind: Held}
	}
	return w.dated.Handle(ev, records)
}

func (w *twin) Prepare(events []Event) {
	group := ""
	for _, ev := range events {
		group += string(ev.Data[2:])
	}
	w.prepared = append(w.prepared, group)
}

func (w *twin) Due() bool             { return w.held > 0 && w.passed >= w.until }
func (w *twin) Silence(time.Duration) {}
func (w *twin) Held() int             { return w.held }

func (w *twin) Pass(passed []Passed) int {
	for i := range passed {
		if w.Due() {
			return i
		}
		w.passed++
	}
	return len(passed)
}

func (w *twin) Release(records plog.LogRecordSlice, due bool) Outcome {
	w.held--
	w.released = append(w.released, due)
	records.AppendEmpty()
	return Outcome{Kind: Emitted}
}

// twins share the events. The second byte says who gets one, and for 'p' looking at it panics.
type twins struct {
	byFirst
	each   [2]*twin
	looked []string // the events of each group
}

func (w *twins) Sharing() []SharingHandler { return []SharingHandler{w.each[0], w.each[1]} }

func (w *twins) Look(events []Event) {
	group := ""
	for _, ev := range events {
		group += string(ev.Data[2:])
	}
	w.looked = append(w.looked, group)
	if strings.Contains(group, "panic") {
		panic("bad group")
	}
}

func (w *twins) Split(ev Event) Split {
	if ev.Data[1] == 'p' {
		panic("bad event")
	}
	return Split{Shard: ev.Data[1] - '0'}
}

func TestAWorkerWithoutEventsDoesNotHoldBackWhatHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &twins{each: [2]*twin{{until: 1}, {until: 1}}}
		p := newPipeline(t, &consumertest.LogsSink{}, func(s *Settings) { s.Handler, s.Batch.FlushInterval = w, time.Second })
		require.NoError(t, p.Put(t.Context(), 1, []byte("h0"), nil))
		for received := int64(2); received < 5; received++ {
			require.NoError(t, p.Put(t.Context(), received, []byte("e0"), nil))
			time.Sleep(2 * time.Second)
			require.Equal(t, received, p.Stats.Left())
		}
		require.Equal(t, int64(1), p.Stats.Pending())
		require.NoError(t, p.Shutdown(t.Context(), noSource))
	})
}

func TestWhatAWorkerKeepsBackGoesWhenTheEventsOfOthersMakeItDue(t *testing.T) {
	const passed = 5
	w := &twins{each: [2]*twin{{}, {until: passed}}}
	p := newPipeline(t, &consumertest.LogsSink{}, func(s *Settings) { s.Handler = w })
	require.NoError(t, p.Put(t.Context(), 1, []byte("h1"), nil))
	for range passed + 1 {
		require.NoError(t, p.Put(t.Context(), 1, []byte("e0"), nil))
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	require.Equal(t, []bool{true}, w.each[1].released, "before the end, which is not due")
	requireBalanced(t, p, passed+2)
}

func TestAnEventThatPanicsWhenItIsLookedAtIsNotPrepared(t *testing.T) {
	w := &twins{each: [2]*twin{{}, {}}}
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Handler = w })
	events := []string{"epA", "e0B", "e1C", "epD", "e0E", "e1F", "e0G", "epH", "epI", "e1J"}
	for _, event := range events {
		require.NoError(t, p.Put(t.Context(), 1, []byte(event), nil))
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	require.Equal(t, []string{"B", "EG"}, w.each[0].prepared)
	require.Equal(t, []string{"CFJ"}, w.each[1].prepared)
	require.Equal(t, map[string]int64{UndecodablePanic: 4}, p.Stats.Undecodable.Snapshot())
	require.Equal(t, len(events)-4, sink.LogRecordCount())
	require.Equal(t, []int{3, 7}, []int{w.each[0].passed, w.each[1].passed})
	requireBalanced(t, p, int64(len(events)))
}

func TestEventsAreLookedAtInGroupsBeforeTheyAreDivided(t *testing.T) {
	w := &twins{each: [2]*twin{{}, {}}}
	sink := &consumertest.LogsSink{}
	p := newPipeline(t, sink, func(s *Settings) { s.Handler = w })
	want, group := []string(nil), ""
	for i := range 2*groupSize + 3 {
		data := string(rune('a' + i))
		switch i {
		case 2:
			data = "panic" // of Look, which costs no event
		case groupSize + 1:
			require.NoError(t, p.Put(t.Context(), 1, []byte("ep"+data), nil)) // Split panics, so the next group begins after it
			want, group = append(want, group+data), ""
			continue
		}
		group += data
		if i == groupSize-1 {
			want, group = append(want, group), ""
		}
		require.NoError(t, p.Put(t.Context(), 1, []byte("e"+strconv.Itoa(i%2)+data), nil))
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
	require.Len(t, w.looked, 4)
	require.Equal(t, want[0], w.looked[0])
	require.True(t, strings.HasPrefix(w.looked[1], want[1]), "%q", w.looked[1])
	require.Equal(t, group, w.looked[2]+w.looked[3])
	require.Equal(t, map[string]int64{UndecodablePanic: 1}, p.Stats.Undecodable.Snapshot())
	require.Equal(t, 2*groupSize+2, sink.LogRecordCount())
	requireBalanced(t, p, 2*groupSize+3)
}

func TestAWorkerThatIsBehindDoesNotMakeTheNewestEventOlder(t *testing.T) {
	w := &twins{each: [2]*twin{{}, {}}}
	p := newPipeline(t, &consumertest.LogsSink{}, func(s *Settings) { s.Handler = w })
	for received, event := range []string{"e1", "e0", "e1", "e0"} {
		require.NoError(t, p.Put(t.Context(), int64(4-received), []byte(event), nil))
		require.NoError(t, p.Drain(t.Context(), nil))
		require.Equal(t, int64(4), p.Stats.Last())
	}
	require.NoError(t, p.Shutdown(t.Context(), noSource))
}

// The first worker's call returns when its time is over, and the second worker's call, which comes after it, never does.
func TestAShutdownSaysThatALaterCallOfTheNextComponentDoesNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, release := 0, make(chan struct{})
		next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
			if calls++; calls > 1 {
				<-release
			}
			<-ctx.Done()
			return errors.New("busy")
		})
		require.NoError(t, err)
		core, logs := observer.New(zap.InfoLevel)
		slow := zap.Hooks(func(e zapcore.Entry) error {
			if strings.HasPrefix(e.Message, "records are lost") {
				time.Sleep(graceTimeout + countTimeout/2)
			}
			return nil
		})
		w := &twins{each: [2]*twin{{}, {}}}
		p := newPipeline(t, next, func(s *Settings) { s.Handler, s.Retry.Enabled, s.Logger = w, false, zap.New(core, slow) })
		for _, event := range []string{"e0", "e1"} {
			require.True(t, p.Offer(1, []byte(event), nil))
		}
		require.ErrorContains(t, p.Shutdown(context.Background(), noSource), "the next component in the pipeline did not return within 4s of shutdown; 1 events")
		p.LogAccount()
		require.Contains(t, logs.All()[logs.Len()-1].Message, "1 at the next component in the pipeline, which did not return")
		close(release)
		<-p.done
	})
}
