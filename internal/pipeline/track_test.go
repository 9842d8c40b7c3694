// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// keeper keeps events in two stages, each the hold.Store of a receiver. An event is its number and a fate: filtered, emitted at once, kept in the
// first stage, from which it goes to the second, or merged into the oldest of the second stage. A record has the numbers of its events as bodies.
type keeper struct {
	stages [2]*hold.Store
	of     map[uint64][]uint64 // the numbers of the events of a kept one, by the number under which it is kept
	most   int
}

func (k *keeper) Begin(logs plog.Logs) plog.LogRecordSlice { return byFirst{}.Begin(logs) }

func (k *keeper) Stages() []hold.Stage {
	return []hold.Stage{stageOf{k.stages[0]}, stageOf{k.stages[1]}}
}

type stageOf struct{ *hold.Store }

func (s stageOf) Barrier() hold.Barrier      { return hold.Barrier{s.Next()} }
func (s stageOf) Passed(b hold.Barrier) bool { return s.Gone(b[0]) }
func keyOf(number uint64) []byte             { return binary.LittleEndian.AppendUint64(nil, number) }
func (k *keeper) append(to plog.LogRecordSlice, numbers []uint64) {
	list := to.AppendEmpty().Body().SetEmptySlice()
	for _, n := range numbers {
		list.AppendEmpty().SetInt(int64(n))
	}
}

func (k *keeper) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	number, fate := binary.LittleEndian.Uint64(ev.Data), ev.Data[8]
	switch fate {
	case 0:
		return Outcome{Kind: Filtered}
	case 1:
		k.append(records, []uint64{number})
		return Outcome{Kind: Emitted}
	case 2:
		if e := k.stages[1].Oldest(); e != nil {
			oldest := binary.LittleEndian.Uint64(k.stages[1].Key(e))
			k.of[oldest] = append(k.of[oldest], number)
			return Outcome{Kind: Aggregated}
		}
	}
	k.stages[0].Put(keyOf(number), nil, 0, 0)
	k.of[number] = []uint64{number}
	return Outcome{Kind: Held}
}

func (k *keeper) Due() bool             { return k.stages[0].Len() > k.most || k.stages[1].Len() > k.most }
func (k *keeper) Silence(time.Duration) {}
func (k *keeper) Held() int             { return k.stages[0].Len() + k.stages[1].Len() }

func (k *keeper) Release(records plog.LogRecordSlice, _ bool) Outcome {
	if k.stages[0].Len() > k.most || k.stages[1].Len() == 0 {
		e := k.stages[0].Oldest()
		number := binary.LittleEndian.Uint64(k.stages[0].Key(e))
		k.stages[0].Drop(e)
		k.stages[1].Put(keyOf(number), nil, 0, 0)
		return Outcome{Kind: Held}
	}
	e := k.stages[1].Oldest()
	number := binary.LittleEndian.Uint64(k.stages[1].Key(e))
	k.stages[1].Drop(e)
	k.append(records, k.of[number])
	delete(k.of, number)
	return Outcome{Kind: Emitted}
}

func TestWhatIsReportedAsDoneHasLeftWhateverIsKeptBackMergedRefusedOrTooLarge(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			events := 1 + r.IntN(400)
			k := &keeper{of: map[uint64][]uint64{}, most: r.IntN(20)}
			for i := range k.stages {
				k.stages[i] = hold.New(1000, 1<<20)
			}
			fates := make([]byte, events)
			for i := range fates {
				fates[i] = byte(r.IntN(4))
			}
			delivered := map[int64]bool{}
			next, err := consumer.NewLogs(func(_ context.Context, l plog.Logs) error {
				for _, lr := range l.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
					for _, n := range lr.Body().Slice().All() {
						delivered[n.Int()] = true
					}
				}
				if r.IntN(10) == 0 {
					return consumererror.NewPermanent(fmt.Errorf("refused"))
				}
				return nil
			})
			require.NoError(t, err)
			done, calls := int64(0), 0
			p := newPipeline(t, next, func(s *Settings) {
				s.Handler, s.Batch.MaxRecords = k, 1+r.IntN(30)
				s.Done = func(n int64) {
					calls++
					require.GreaterOrEqual(t, n, done)
					for i := done; i < n; i++ {
						require.True(t, fates[i] == 0 || delivered[i], "event %d was reported as done and not delivered", i)
					}
					done = n
				}
			})
			for i := range events {
				require.NoError(t, p.Put(t.Context(), 0, append(keyOf(uint64(i)), fates[i]), nil))
				if r.IntN(50) == 0 {
					require.NoError(t, p.Drain(t.Context(), func() {}))
				}
			}
			require.NoError(t, p.Shutdown(context.Background(), noSource))
			require.EqualValues(t, events, done)
			require.Positive(t, calls)
		})
	}
}

func TestWithNothingKeptBackABatchThatWasDeliveredIsDoneAtOnce(t *testing.T) {
	var done []int64
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error { return nil })
	require.NoError(t, err)
	p := newPipeline(t, next, func(s *Settings) {
		s.Batch.MaxRecords = 10
		s.Done = func(n int64) { done = append(done, n) }
	})
	for range 35 {
		require.NoError(t, p.Put(t.Context(), 0, []byte("x"), nil))
	}
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	require.Equal(t, []int64{10, 20, 30, 35}, done)
}

func TestWhatIsDroppedAtShutdownIsNotDone(t *testing.T) {
	batches := 0
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		if batches++; batches == 1 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	})
	require.NoError(t, err)
	last := int64(0)
	p := newPipeline(t, next, func(s *Settings) {
		s.Batch.MaxRecords = 10
		s.Done = func(n int64) { last = n }
	})
	for range 35 {
		require.NoError(t, p.Put(t.Context(), 0, []byte("x"), nil))
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, p.Shutdown(ended, noSource))
	require.LessOrEqual(t, last, int64(10))
	require.EqualValues(t, 35, p.Stats.Emitted.Load()+p.Stats.Dropped.Total())
}
