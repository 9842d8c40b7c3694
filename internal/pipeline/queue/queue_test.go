// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs a worker until it is told to stop, and returns what it got.
func run(q *Queue, interval time.Duration) (stop func() []string) {
	end, done := make(chan struct{}), make(chan struct{})
	var got []string
	go func() {
		defer close(done)
		q.Run(end, Worker{Interval: interval, Tick: func(time.Duration) {}, Handle: func(c *Chunk) {
			n := c.Len()
			for ev := range c.Events() {
				got = append(got, string(ev.Data))
				n--
			}
			if n != 0 {
				panic("Len is not the number of events")
			}
		}, Late: func(n int) { got = append(got, fmt.Sprintf("%d late", n)) }})
	}()
	return func() []string {
		close(end)
		<-done
		return got
	}
}

func TestEveryEventComesOnceAndInOrder(t *testing.T) {
	q := New(1, nil)
	stop := run(q, time.Millisecond)
	var want []string
	for i := range 10_000 {
		event := bytes.Repeat([]byte{byte(i)}, i%700)
		want = append(want, string(event))
		require.NoError(t, q.Put(context.Background(), 1, event[:i%700/2], event[i%700/2:]))
	}
	require.Equal(t, want, stop())
	require.Zero(t, q.Bytes())
}

func TestOfferTakesWhatThereIsRoomForAndPutWaits(t *testing.T) {
	q := New(1, nil)
	event := make([]byte, MaxEventSize)
	for range q.Capacity() / ChunkSize {
		require.Empty(t, q.Offer(1, event, nil))
	}
	require.Equal(t, Full, q.Offer(1, nil, nil))
	require.Equal(t, TooLarge, q.Offer(1, event, []byte{0}))
	require.ErrorIs(t, q.Put(context.Background(), 1, event, []byte{0}), ErrTooLarge)
	require.Equal(t, q.Capacity(), q.Bytes())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, q.Put(ctx, 1, nil, nil), context.Canceled)
	put := make(chan error)
	go func() { put <- q.Put(context.Background(), 1, []byte("last"), nil) }()
	stop := run(q, time.Hour)
	require.NoError(t, <-put)
	require.Equal(t, "last", stop()[q.Capacity()/ChunkSize])
}

func TestManyProducersLoseNothing(t *testing.T) {
	q := New(1, nil)
	stop := run(q, time.Millisecond)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5000 {
				if err := q.Put(context.Background(), 1, []byte{byte(i)}, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, event := range stop() {
		count[event]++
	}
	require.Len(t, count, 8)
	for _, n := range count {
		require.Equal(t, 5000, n)
	}
}

func TestAnEventThatComesWhenTheWorkerHasEndedIsLate(t *testing.T) {
	event := func(n byte) []byte { return bytes.Repeat([]byte{n}, ChunkSize/2) }
	for name, tc := range map[string]struct {
		late func(q *Queue, begun *Chunk)
		want int
	}{
		"stored in the current chunk's place": {func(q *Queue, begun *Chunk) { q.store(begun, 1, event(1), nil) }, 1},
		"stored while another chunk has it": {func(q *Queue, begun *Chunk) {
			<-q.free
			other := q.begin()
			q.current.Store(other) // of a producer that has not looked yet whether the worker has ended
			q.store(begun, 1, event(1), nil)
		}, 1},
		"in a chunk that is full": {func(q *Queue, begun *Chunk) {
			begun.append(1, event(1), nil)
			q.current.Store(begun)
			require.Nil(t, q.withRoom(ChunkSize/2))
		}, 1},
		"put": {func(q *Queue, begun *Chunk) {
			q.release(begun)
			require.NoError(t, q.Put(context.Background(), 1, event(1), nil))
		}, 1},
		"offered": {func(q *Queue, begun *Chunk) {
			q.release(begun)
			require.Equal(t, Ended, q.Offer(1, event(1), nil))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			q := New(1, nil)
			late := 0
			stop := make(chan struct{})
			close(stop)
			<-q.free
			begun := q.begin() // by a producer that is held up
			q.Run(stop, Worker{Interval: time.Hour, Late: func(n int) { late += n }})
			require.Zero(t, late)
			tc.late(q, begun)
			require.Equal(t, tc.want, late)
			require.Zero(t, q.Bytes())
		})
	}
}

func TestManyProducersLoseNothingThoughTheWorkerEndsMeanwhile(t *testing.T) {
	for range 200 {
		q := New(1, nil)
		var handled, late, taken atomic.Int64
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			q.Run(stop, Worker{
				Interval: time.Millisecond, Tick: func(time.Duration) {},
				Handle: func(c *Chunk) { handled.Add(int64(c.Len())) },
				Late:   func(n int) { late.Add(int64(n)) },
			})
		}()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				event := make([]byte, 5000)
				for range 200 {
					if q.Offer(1, event, nil) == "" {
						taken.Add(1)
					}
				}
			})
		}
		for handled.Load() == 0 {
			runtime.Gosched()
		}
		close(stop)
		wg.Wait()
		<-done
		require.Equal(t, taken.Load(), handled.Load()+late.Load())
		require.Zero(t, q.Bytes())
	}
}

func TestOfferAllocatesNothing(t *testing.T) {
	q := New(1, nil)
	event := make([]byte, 300)
	require.Zero(t, testing.AllocsPerRun(10_000, func() { q.Offer(1, event[:80], event[80:]) }), "also when it is full")
	require.Equal(t, Full, q.Offer(1, event, nil))
}

// BenchmarkOffer measures what a callback pays for an event of usual size: a copy into a chunk. The chunks are emptied in between, on
// the same thread.
func BenchmarkOffer(b *testing.B) {
	q := New(64, nil)
	head, body := make([]byte, 80), make([]byte, 220)
	b.ReportAllocs()
	for b.Loop() {
		if q.Offer(1, head, body) != "" {
			b.Fatal("not taken")
		}
		if len(q.full) > 0 {
			q.Done(<-q.full)
		}
	}
}

// BenchmarkOfferAtOnce measures the same with as many callbacks at once as there are processors, while a worker empties the chunks.
func BenchmarkOfferAtOnce(b *testing.B) {
	q := New(64, nil)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		q.Run(stop, Worker{Interval: time.Second, Tick: func(time.Duration) {}, Handle: func(*Chunk) {}, Late: func(int) {}})
	}()
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		head, body := make([]byte, 80), make([]byte, 220)
		for pb.Next() {
			for q.Offer(1, head, body) != "" {
				runtime.Gosched()
			}
		}
	})
	b.StopTimer()
	close(stop)
	<-done
}
