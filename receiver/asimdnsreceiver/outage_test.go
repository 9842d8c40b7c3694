// SPDX-License-Identifier: Apache-2.0

// The events' own times decide how long events are kept back, whatever the next component does.

package asimdnsreceiver

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// outages is a next component that blocks for a time, beginning with some of its batches.
type outages struct {
	consumertest.LogsSink
	out func() time.Duration
}

func (o *outages) ConsumeLogs(ctx context.Context, l plog.Logs) error {
	time.Sleep(o.out())
	return o.LogsSink.ConsumeLogs(ctx, l)
}

func TestAnOutageOfTheNextComponentLeavesNoAnsweredQueryUnanswered(t *testing.T) {
	const queries, timeout = 2000, 10 * time.Second
	for _, factor := range []time.Duration{3, 10, 100} {
		// All events come at the beginning of the outage, while it lasts, or for longer than it lasts.
		for _, share := range []float64{0, 0.5, 1, 1.5} {
			t.Run(fmt.Sprintf("%d timeouts, events for %v of it", factor, share), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					first := true
					next := &outages{out: func() time.Duration {
						if first {
							first = false
							return factor * timeout
						}
						return 0
					}}
					l := startWithoutSession(t, correlating, next)
					x := newExchanges(t)
					pause := time.Duration(share * float64(factor*timeout) / queries)
					for i := range queries {
						asked := time.Now()
						l.offer(x.query(asked, i))
						if i == 0 {
							l.offer(x.answer(asked.Add(time.Millisecond), i))
							time.Sleep(time.Second) // the outage begins
							continue
						}
						time.Sleep(pause)
						if i > 1 { // once the next query has been asked
							l.offer(x.answer(asked.Add(time.Millisecond), i-1))
						}
					}
					l.offer(x.answer(time.Now(), queries-1))
					time.Sleep(2 * factor * timeout)
					synctest.Wait()
					require.Zero(t, l.handler.Held())
					l.shutdown()
					require.Equal(t, map[string]int{"257 Success": queries}, account(&next.LogsSink))
				})
			})
		}
	}
}

func TestOutagesAtRandomMomentsLeaveNoAnsweredQueryUnanswered(t *testing.T) {
	for round := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(round, 1))
			outs := rand.New(rand.NewPCG(round, 2))
			var calm atomic.Bool
			next := &outages{out: func() time.Duration {
				if calm.Load() || outs.IntN(5) > 0 {
					return 0
				}
				return time.Duration(outs.Int64N(int64(3 * time.Minute)))
			}}
			l := startWithoutSession(t, func(c *Config) { correlating(c); c.Batch.MaxRecords = 1 + r.IntN(500) }, next)
			x := newExchanges(t)

			// Each event is delivered within a second of its time.
			type delivery struct {
				after time.Duration
				raw   []byte
			}
			var all []delivery
			deliver := func(after time.Duration, event func(at time.Time, number int) []byte, number int) {
				late := time.Duration(r.Int64N(int64(time.Second)))
				all = append(all, delivery{after + late, event(time.Now().Add(after), number)})
			}
			var now time.Duration
			unanswered := 0
			pause := r.Int64N(int64(300*time.Millisecond)) + 1
			for i := range 2000 {
				now += time.Duration(r.Int64N(pause))
				if r.IntN(100) == 0 {
					now += time.Duration(r.Int64N(int64(time.Minute)))
				}
				deliver(now, x.query, i)
				if r.IntN(50) == 0 {
					unanswered++
					continue
				}
				deliver(now+time.Duration(r.Int64N(int64(10*time.Second))), x.answer, i)
			}
			slices.SortFunc(all, func(a, b delivery) int { return cmp.Compare(a.after, b.after) })
			begun := time.Now()
			for _, d := range all {
				time.Sleep(time.Until(begun.Add(d.after)))
				l.offer(d.raw)
			}
			calm.Store(true)
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			require.Zero(t, l.handler.Held())
			l.shutdown()
			require.Equal(t, map[string]int{"257 Success": 2000 - unanswered, "256 Failure": unanswered}, account(&next.LogsSink), "round %d", round)
		})
	}
}

// An outage does not change the windows of aggregation: one record for each window, and one for the events after the
// last.
func TestAnOutageOfTheNextComponentLeavesTheWindowsOfAggregationAsTheyAre(t *testing.T) {
	const window = 10 * time.Second
	records := func(outage time.Duration) (n int) {
		synctest.Test(t, func(t *testing.T) {
			first := true
			next := &outages{out: func() time.Duration {
				if !first {
					return 0
				}
				first = false
				return outage
			}}
			l := startWithoutSession(t, func(c *Config) { c.Aggregation.Window = window }, next)
			x := newExchanges(t)
			for i := range 2000 {
				l.offer(x.query(time.Now(), i))
				time.Sleep(window / 200) // ten windows
			}
			kit.RequireNothingHeld(t, 2*outage+time.Minute, l.handler.Held)
			l.shutdown()
			n = next.LogRecordCount()
		})
		return n
	}
	calm := records(0)
	require.InDelta(t, 10, calm, 1)
	for _, factor := range []time.Duration{3, 10, 100} {
		require.Equal(t, calm, records(factor*window), "%d windows", factor)
	}
}
