// SPDX-License-Identifier: Apache-2.0

// The events' own times decide how long packets are kept back, whatever the next component does and whatever time a
// single event has.

package ciliumwindowsreceiver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// packet returns a record of the map: a packet of the connection with the given port.
func packet(port uint16, at time.Time) events.Record {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	c := mt.Capture{Source: 7, OrigLen: 52, Packet: mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoTCP, mt.TCP(port, 443, mt.ACK, nil)))}
	return events.Record{Time: at.UnixNano(), CPU: -1, Data: mt.Trace{Capture: c, Version: 1, Point: 3}.Bytes()}
}

// live is a receiver's own handler and pipeline. The test takes the place of the live map.
type live struct {
	*ciliumReceiver
	t testing.TB
}

func startWithoutMap(t testing.TB, next consumer.Logs) live {
	return startWithConfig(t, createDefaultConfig().(*Config), next)
}

func startWithConfig(t testing.TB, cfg *Config, next consumer.Logs) live {
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, next)
	require.NoError(t, err)
	s, err := cfg.read()
	require.NoError(t, err)
	r.handler = newHandler(s, networklog.Device{}, "")
	r.handlers = []*handler{r.handler}
	r.Pipeline = pipeline.New(pipeline.Settings{
		Batch: cfg.Batch, Queue: cfg.Queue, Retry: cfg.Retry, Handler: r.handler, Next: next, Report: r.Report,
		Format: metadata.Type.String(), Logger: r.log, Live: true,
	})
	r.Pipeline.Start()
	return live{r, t}
}

func (l live) offer(r events.Record) {
	require.True(l.t, l.Pipeline.Offer(time.Now().UnixNano(), r.AppendHead(nil), r.Data))
}

func (l live) shutdown() {
	require.NoError(l.t, l.Pipeline.Shutdown(context.Background(), func(context.Context) error { return nil }))
	require.Zero(l.t, l.Pipeline.Stats.Pending(), "%s", &l.Pipeline.Stats)
	require.Zero(l.t, l.Pipeline.Stats.Dropped.Total(), "%s", &l.Pipeline.Stats)
}

// outage is a next component that blocks for a time at the first batch.
type outage struct {
	consumertest.LogsSink
	left time.Duration
}

func (o *outage) ConsumeLogs(ctx context.Context, l plog.Logs) error {
	left := o.left
	o.left = 0
	time.Sleep(left)
	return o.LogsSink.ConsumeLogs(ctx, l)
}

func TestAnOutageOfTheNextComponentSplitsNoConnection(t *testing.T) {
	const packets, interval = 100_000, 5 * time.Second
	for _, factor := range []time.Duration{3, 10, 100} {
		for _, share := range []float64{0, 0.9} { // share of an interval in which packets come
			t.Run(fmt.Sprintf("%d intervals, packets for %v of one", factor, share), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					next := &outage{left: factor * interval}
					l := startWithoutMap(t, next)
					l.offer(packet(1, time.Now()))
					time.Sleep(time.Second) // the outage begins
					one := packet(2, time.Now())
					raw := one.Data
					for range packets {
						one.Time = time.Now().UnixNano()
						l.offer(events.Record{Time: one.Time, CPU: -1, Data: raw})
						if share > 0 {
							time.Sleep(time.Duration(share * float64(interval) / packets))
						}
					}
					time.Sleep(2 * factor * interval)
					synctest.Wait()
					require.Zero(t, l.handler.Held())
					l.shutdown()
					require.Equal(t, 3, next.LogRecordCount(), "%s", &l.Pipeline.Stats)
				})
			})
		}
	}
}

func TestAnOutageOfTheNextComponentLeavesTheIntervalsAsTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &outage{left: time.Minute}
		l := startWithoutMap(t, next)
		for range 60 * 100 {
			l.offer(packet(1, time.Now()))
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		l.shutdown()
		require.InDelta(t, 1+60/5, next.LogRecordCount(), 1, "one at once, and one an interval")
	})
}

// sometimes is a next component that blocks again and again.
type sometimes struct {
	consumertest.LogsSink
	out func() time.Duration
}

func (s *sometimes) ConsumeLogs(ctx context.Context, l plog.Logs) error {
	time.Sleep(s.out())
	return s.LogsSink.ConsumeLogs(ctx, l)
}

func TestOutagesAtRandomMomentsSplitNoConnection(t *testing.T) {
	records := func(round uint64, outages bool) (n int) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(round, 1))
			next := &sometimes{out: func() time.Duration {
				if !outages || random.IntN(5) > 0 {
					return 0
				}
				return time.Duration(random.Int64N(int64(time.Minute)))
			}}
			l := startWithoutMap(t, next)
			for range 20_000 { // 200 s
				l.offer(packet(1, time.Now()))
				time.Sleep(10 * time.Millisecond)
			}
			kit.RequireNothingHeld(t, 10*time.Minute, l.handler.Held)
			l.shutdown()
			n = next.LogRecordCount()
		})
		return n
	}
	for round := range uint64(10) {
		require.Equal(t, records(round, false), records(round, true), "round %d", round)
	}
}

// replayOfRecords replays records from a capture through a receiver of the factory.
func replayOfRecords(t *testing.T, records []events.Record) *consumertest.LogsSink {
	t.Helper()
	sink := &consumertest.LogsSink{}
	factory := NewFactory()
	cfg := factory.CreateDefaultConfig().(*Config)
	cfg.Replay.Path = replay.Paths{captureOf(t, records...)}
	kit.ReplayInto(t, factory, cfg, sink)
	return sink
}

// receive sends records through a replay, or through a live map ten milliseconds apart, and returns the records that
// come out.
func receive(t *testing.T, isLive bool, records []events.Record) *consumertest.LogsSink {
	if !isLive {
		return replayOfRecords(t, records)
	}
	sink := &consumertest.LogsSink{}
	synctest.Test(t, func(t *testing.T) {
		l := startWithoutMap(t, sink)
		for _, r := range records {
			time.Sleep(10 * time.Millisecond)
			l.offer(r)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		require.Zero(t, l.handler.Held(), "nothing is kept back for longer than an interval of silence")
		l.shutdown()
	})
	return sink
}

// begun is the time at which the streams of these tests begin.
var begun = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)

// leaps are an hour forward and back, a century forward, and 40 years back, the most that a capture can express.
var leaps = []time.Duration{time.Hour, -time.Hour, 100 * 365 * 24 * time.Hour, -40 * 365 * 24 * time.Hour}

// requireEach requires that the records count `events` events in all, that no record merges events that are far apart,
// and returns the number of records.
func requireEach(t *testing.T, events int, sink *consumertest.LogsSink, what string) int {
	t.Helper()
	var sum int64
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		sum += number(lr, "EventCount")
		first, last := kit.Span(t, lr)
		require.Less(t, last.Sub(first), 10*time.Second, what)
	})
	require.Equal(t, int64(events), sum, what)
	return sink.LogRecordCount()
}

func TestStrayEventsSplitNoConnection(t *testing.T) {
	const packets = 400
	for name, strays := range map[string]func(i int) int{
		"one at the start":       func(i int) int { return kit.One(i == 0) },
		"one in the middle":      func(i int) int { return kit.One(i == packets/2) },
		"one at the end":         func(i int) int { return kit.One(i == packets-1) },
		"in a row at the start":  func(i int) int { return hold.Strays * kit.One(i == 0) },
		"in a row in the middle": func(i int) int { return hold.Strays * kit.One(i == packets/2) },
		"in a row at the end":    func(i int) int { return hold.Strays * kit.One(i == packets-1) },
		"one by one":             func(i int) int { return kit.One(i >= packets/2 && i < packets/2+hold.Strays) },
		"far from each other":    func(i int) int { return kit.One(i%24 == 0 && i < 24*hold.Strays) },
	} {
		for _, leap := range leaps {
			for _, isLive := range []bool{false, true} {
				for _, same := range []bool{false, true} { // packets of the same connection, or of another one
					n := 0
					var records []events.Record
					for i := range packets {
						at := begun.Add(time.Duration(i) * 10 * time.Millisecond)
						for range strays(i) {
							n++
							port := uint16(1000 + n)
							if same {
								port = 1
							}
							records = append(records, packet(port, at.Add(leap+time.Duration(n)*leap/100)))
						}
						records = append(records, packet(1, at))
					}
					what := fmt.Sprintf("%s: %v, live %v, same %v", name, leap, isLive, same)
					count := requireEach(t, packets+n, receive(t, isLive, records), what)
					if !same {
						require.Equal(t, 2+n, count, what)
						continue
					}
					require.LessOrEqual(t, count, 2+3*n, what)
				}
			}
		}
	}
}

// recordsOf returns the number of records of a connection with the given numbers of packets before and after the clock
// is set, each within one interval: one for the first packet and one for the rest. If packets are kept back when the
// clock is set, the first packet after it is kept back with those that follow. Otherwise it is reported at once.
func recordsOf(before, after int) int {
	n := kit.One(before > 0) + kit.One(before > 1) + kit.One(after > 0)
	if before < 2 {
		n += kit.One(after > 1)
	}
	return n
}

func TestWhenTheNodesClockIsSetConnectionsAreReportedOnceAnIntervalAgain(t *testing.T) {
	const packets = 200 // of each of two connections
	for _, leap := range leaps {
		for _, before := range []int{1, 2, 3, 4, 200, 397, 398, 399} {
			for _, isLive := range []bool{false, true} {
				var records []events.Record
				for i := range 2 * packets {
					at := begun.Add(time.Duration(i) * 10 * time.Millisecond)
					if i >= before {
						at = at.Add(leap)
					}
					records = append(records, packet(uint16(1+i%2), at))
				}
				what := fmt.Sprintf("%v, %d before it, live %v", leap, before, isLive)
				count := requireEach(t, 2*packets, receive(t, isLive, records), what)
				first, second := (before+1)/2, before/2
				want := recordsOf(first, packets-first) + recordsOf(second, packets-second)
				if isLive && leap < 0 { // until the clock follows, its intervals have ended
					require.GreaterOrEqual(t, count, want, what)
					require.LessOrEqual(t, count, want+hold.Strays+2, what)
					continue
				}
				require.Equal(t, want, count, what)
			}
		}
	}
}

// One stream has a packet each second, five of which share an interval. The other has a packet each ten seconds; each
// of them counts as new.
func TestWhenTheNodesClockIsSetInASlowStreamEachPacketIsCountedOnce(t *testing.T) {
	const packets = 100
	for pause, calm := range map[time.Duration]int{time.Second: 1 + packets/5, 10 * time.Second: packets} {
		for _, leap := range append(leaps, 0) {
			for _, before := range []int{1, 50, 52, packets - 1} {
				sink := &consumertest.LogsSink{}
				synctest.Test(t, func(t *testing.T) {
					l := startWithoutMap(t, sink)
					for i := range packets {
						at := time.Now()
						if i >= before {
							at = at.Add(leap)
						}
						l.offer(packet(1, at))
						time.Sleep(pause)
					}
					time.Sleep(6 * time.Second)
					synctest.Wait()
					require.Zero(t, l.handler.Held())
					l.shutdown()
				})
				what := fmt.Sprintf("%v, a packet each %v, %d before it", leap, pause, before)
				count := requireEach(t, packets, sink, what)
				require.GreaterOrEqual(t, count, calm, what)
				require.LessOrEqual(t, count, calm+kit.One(leap != 0)+hold.Strays*kit.One(leap < 0), what)
			}
		}
	}
}

func TestALossWithAWrongTimeIsInNoOtherRecord(t *testing.T) {
	for _, leap := range leaps {
		for _, isLive := range []bool{false, true} {
			for _, stray := range []int{0, 100, 199} {
				var records []events.Record
				for i := range 200 {
					at := begun.Add(time.Duration(i) * 10 * time.Millisecond)
					if i == stray {
						at = at.Add(leap)
					}
					records = append(records, packet(1, begun.Add(time.Duration(i)*10*time.Millisecond)), events.Record{Time: at.UnixNano(), CPU: 2, Lost: 3})
				}
				var lost int64
				kinds := 0
				kit.EachRecord(receive(t, isLive, records), func(_ plog.ResourceLogs, lr plog.LogRecord) {
					if kit.Text(lr, "cilium.event.type") != "lost" {
						return
					}
					kinds++
					lost += number(lr, "cilium.lost.count")
					first, last := kit.Span(t, lr)
					require.Less(t, last.Sub(first), 10*time.Second)
				})
				require.Equal(t, int64(600), lost)
				require.LessOrEqual(t, kinds, 3+hold.Strays+1, "%v at %d, live %v", leap, stray, isLive)
			}
		}
	}
}
