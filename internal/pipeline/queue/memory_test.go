// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
)

func TestAQueueOffersNoMoreThanItsBudgetHasAndSaysSo(t *testing.T) {
	const limit = 8 * ChunkSize
	b := budget.New(limit)
	other := b.Share(0)
	require.True(t, other.Take(3*ChunkSize))
	q := New(64, b.Share(Reserved))
	event := make([]byte, ChunkSize-EventHeader)
	taken, refused := 0, ""
	for range 20 {
		if reason := q.Offer(1, nil, event); reason == "" {
			taken++
		} else {
			refused = reason
		}
	}
	require.Equal(t, 5, taken)
	require.Equal(t, NoMemory, refused)
	require.Equal(t, int64(5*ChunkSize), q.Bytes())

	other.Give(ChunkSize)
	require.Empty(t, q.Offer(1, nil, event), "another holder has given memory back")
	_, most := b.Used()
	require.LessOrEqual(t, most, int64(limit))
}

func TestAfterABurstAQueueGivesItsMemoryBack(t *testing.T) {
	b := budget.New(100 * ChunkSize)
	q := New(25, b.Share(Reserved))
	event := make([]byte, ChunkSize-EventHeader)
	for range 100 {
		require.Empty(t, q.Offer(1, nil, event))
	}
	stop := make(chan struct{})
	close(stop)
	handled := 0
	q.Run(stop, Worker{Handle: func(c *Chunk) { handled += c.Len() }, Interval: time.Second})
	require.Equal(t, 100, handled)
	now, _ := b.Used()
	require.Equal(t, int64(spareChunks*ChunkSize), now)
}

func TestAProducerThatMayWaitWaitsForMemoryOfTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(5 * ChunkSize)
		q := New(64, b.Share(Reserved))
		rest := b.Share(0)
		require.True(t, rest.Take(3*ChunkSize), "only what is reserved is left for the queue")
		event := make([]byte, ChunkSize/4)
		stop, done, handled := make(chan struct{}), make(chan struct{}), 0
		go func() {
			defer close(done)
			q.Run(stop, Worker{
				Handle:   func(c *Chunk) { handled += c.Len(); time.Sleep(time.Millisecond) },
				Interval: 100 * time.Millisecond, Tick: func(time.Duration) {}, Late: func(int) {},
			})
		}()
		const each, producers = 200, 3
		put := make(chan struct{}, producers)
		for range producers {
			go func() {
				for range each {
					if err := q.Put(context.Background(), 1, nil, event); err != nil {
						t.Error(err)
					}
				}
				put <- struct{}{}
			}()
		}
		for range producers {
			<-put
		}
		close(stop)
		<-done
		require.Equal(t, producers*each, handled)
		_, most := b.Used()
		require.LessOrEqual(t, most, int64(5*ChunkSize))

		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for { // nothing is handled any more
			if err := q.Put(ctx, 1, nil, event); err != nil {
				require.ErrorIs(t, err, context.Canceled)
				break
			}
		}
	})
}
