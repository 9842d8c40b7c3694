// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs a worker that takes until it is told to stop, and gives what it got then.
func run(q *Queue, interval time.Duration) (stop func() []string) {
	end, done := make(chan struct{}), make(chan struct{})
	var got []string
	go func() {
		defer close(done)
		q.Run(end, Worker{Interval: interval, Tick: func() {}, Handle: func(c *Chunk) {
			n := c.Len()
			for ev := range c.Events() {
				got = append(got, string(ev.Data))
				n--
			}
			if n != 0 {
				panic("Len is not the number of events")
			}
		}})
	}()
	return func() []string {
		close(end)
		<-done
		return got
	}
}

func TestEveryEventComesOnceAndInOrder(t *testing.T) {
	q := New(1)
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
	q := New(1)
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
	q := New(1)
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

func TestOfferAllocatesNothing(t *testing.T) {
	q := New(1)
	event := make([]byte, 300)
	require.Zero(t, testing.AllocsPerRun(10_000, func() { q.Offer(1, event[:80], event[80:]) }), "also when it is full")
	require.Equal(t, Full, q.Offer(1, event, nil))
}
