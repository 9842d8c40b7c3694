// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// chance decides at random what becomes of an event, and keeps some back. Its records name the event.
type chance struct {
	byFirst
	rand *rand.Rand
	kept []string
	seen []string // every event, in order
}

func (c *chance) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	id := string(ev.Data[:eventID])
	c.seen = append(c.seen, id)
	switch c.rand.IntN(12) {
	case 0:
		return Outcome{Kind: Filtered}
	case 1:
		return Outcome{Kind: Aggregated}
	case 2:
		return Outcome{Kind: Undecodable, Reason: "truncated"}
	case 3:
		records.AppendEmpty().Body().SetStr("half a record")
		panic("bad event")
	case 4, 5, 6:
		c.kept = append(c.kept, id)
		if c.rand.IntN(4) == 0 {
			panic("after keeping")
		}
		return Outcome{Kind: Held}
	case 7:
		if len(c.kept) > 0 {
			c.kept = c.kept[1:]
			records.AppendEmpty().Body().SetStr(id)
			if c.rand.IntN(4) == 0 {
				panic("after joining")
			}
			return Outcome{Kind: Emitted, Joined: 1}
		}
	}
	records.AppendEmpty().Body().SetStr(id)
	return Outcome{Kind: Emitted}
}

// Prepare panics at random. The events still come.
func (c *chance) Prepare([]Event) {
	if c.rand.IntN(50) == 0 {
		panic("bad group")
	}
}

func (c *chance) Due() bool             { return len(c.kept) > 20 || len(c.kept) > 0 && c.rand.IntN(10) == 0 }
func (c *chance) Silence(time.Duration) {}
func (c *chance) Held() int             { return len(c.kept) }

func (c *chance) Release(records plog.LogRecordSlice, _ bool) Outcome {
	id := c.kept[0]
	c.kept = c.kept[1:]
	records.AppendEmpty().Body().SetStr(id)
	if c.rand.IntN(8) == 0 {
		panic("while letting go")
	}
	return Outcome{Kind: Emitted}
}

// Pass stops at random, since time does not pass for a chance.
func (c *chance) Pass(passed []Passed) int { return min(len(passed), c.rand.IntN(10)) }

// chances share the events.
type chances struct {
	byFirst
	rand *rand.Rand
	each []*chance
}

func (c *chances) Sharing() (sharing []SharingHandler) {
	for _, one := range c.each {
		sharing = append(sharing, one)
	}
	return sharing
}

// Look panics at random. The events still come.
func (c *chances) Look([]Event) {
	if c.rand.IntN(50) == 0 {
		panic("bad group")
	}
}

func (c *chances) Split(ev Event) Split {
	if c.rand.IntN(50) == 0 {
		panic("bad event")
	}
	return Split{Shard: ev.Data[eventID-1] % uint8(len(c.each))}
}

// fickle is a consumer that takes some of the batches, and parts of others.
type fickle struct {
	consumertest.LogsSink
	mu    sync.Mutex // of rand
	rand  *rand.Rand
	moods int // how many of the moods below it has
}

func (f *fickle) draw(n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rand.IntN(n)
}

func (f *fickle) ConsumeLogs(ctx context.Context, l plog.Logs) error {
	switch f.draw(8) {
	case 0:
		if f.moods > 0 {
			return errors.New("busy")
		}
	case 1:
		if f.moods > 1 {
			return consumererror.NewPermanent(errors.New("bad records"))
		}
	case 2:
		if f.moods > 2 {
			rest := plog.NewLogs()
			l.CopyTo(rest)
			n := 0
			rest.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().RemoveIf(func(plog.LogRecord) bool { n++; return n == 1 })
			n = 0
			l.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().RemoveIf(func(plog.LogRecord) bool { n++; return n > 1 })
			return errors.Join(f.LogsSink.ConsumeLogs(ctx, l), consumererror.NewLogs(errors.New("busy"), rest))
		}
	case 3:
		if f.moods > 3 && f.draw(20) == 0 {
			<-ctx.Done()
			return ctx.Err()
		}
	}
	return f.LogsSink.ConsumeLogs(ctx, l)
}

// eventID is the length of what identifies an event: its producer and its number.
const eventID = 5

// TestEveryEventIsAccountedForWheneverTheShutdownComes has producers offer and put while the worker, or several, tick, handle, panic and hand
// over to a consumer that refuses or blocks. It shuts down in the middle of that. In some rounds the source does not stop, and
// continues during and after the end of the pipeline.
func TestEveryEventIsAccountedForWheneverTheShutdownComes(t *testing.T) {
	for round := range uint64(40) {
		r := rand.New(rand.NewPCG(round, 1))
		producers, moods, hung := 1+r.IntN(4), r.IntN(5), r.IntN(2) == 0
		h := &chances{rand: rand.New(rand.NewPCG(round, 5))}
		for range 1 + round%4 {
			h.each = append(h.each, &chance{rand: rand.New(rand.NewPCG(round, 2))})
		}
		handler := Handler(h)
		if len(h.each) == 1 {
			handler = h.each[0]
		}
		next := &fickle{rand: rand.New(rand.NewPCG(round, 3)), moods: moods}
		rising, left := true, int64(0)
		p := newPipeline(t, next, func(s *Settings) {
			s.Handler, s.Batch.MaxRecords, s.Batch.FlushInterval = handler, 1+r.IntN(100), time.Duration(1+r.IntN(1000))*time.Microsecond
			s.Retry.InitialInterval = 10 * time.Microsecond
			if producers == 1 {
				s.Done = func(events int64) { // not locked: the race detector finds calls at the same time
					rising = rising && left <= events
					left = events
				}
			}
		})
		var wg sync.WaitGroup
		var given [4]int64
		ctx, cancel := context.WithCancel(t.Context())
		for producer := range producers {
			r := rand.New(rand.NewPCG(round, 4+uint64(producer)))
			padding := make([]byte, 2000)
			wg.Go(func() {
				for i := uint32(0); ctx.Err() == nil; i++ {
					event := binary.BigEndian.AppendUint32([]byte{byte(producer)}, i)
					switch n := r.IntN(2000); {
					case producer%2 == 0:
						p.Offer(1, event, padding[:n])
					case p.Put(ctx, 1, event, padding[:n]) != nil:
						return
					}
					given[producer]++
					if producer == 1 && r.IntN(500) == 0 {
						_ = p.Drain(ctx, func() {
							for _, one := range h.each {
								one.kept = append(one.kept, one.kept...) // nothing is kept back here
							}
						})
					}
				}
			})
		}
		time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
		stop := func(context.Context) error {
			cancel()
			wg.Wait()
			return nil
		}
		if hung {
			stop = func(context.Context) error { return errors.New("the source hangs") }
		}
		within, done := context.WithTimeout(t.Context(), time.Duration(r.IntN(30))*time.Millisecond)
		err := p.Shutdown(within, stop)
		done()
		require.Equal(t, hung, err != nil, "%v", err)
		cancel()
		wg.Wait()
		<-p.done // in the time that Shutdown gives it, or later where something else has the processors

		what := fmt.Sprintf("round %d: %d producers, %d moods, hung %v: %s", round, producers, moods, hung, &p.Stats)
		var all int64
		for _, n := range given {
			all += n
		}
		require.Equal(t, all, p.Stats.Received.Load(), what)
		require.True(t, rising, what)
		require.LessOrEqual(t, left, all, what)
		require.Zero(t, p.Stats.Pending(), what)
		require.Zero(t, p.queue.Bytes(), what)
		require.Equal(t, int64(next.LogRecordCount()), p.Stats.Emitted.Load(), what)
		var seen []string
		for _, one := range h.each {
			requireOnceAndInOrder(t, one.seen, producers == 1, what)
			seen = append(seen, one.seen...)
		}
		requireOnceAndInOrder(t, seen, false, what)
		requireOnceAndInOrder(t, bodies(&next.LogsSink), false, what)
	}
}

func requireOnceAndInOrder(t *testing.T, events []string, ordered bool, what string) {
	t.Helper()
	seen := map[string]bool{}
	for i, event := range events {
		require.Len(t, event, eventID, what)
		require.False(t, seen[event], "%x comes twice: %s", event, what)
		seen[event] = true
		require.False(t, ordered && i > 0 && event < events[i-1], "%x comes after %x: %s", event, events[max(i-1, 0)], what)
	}
}
