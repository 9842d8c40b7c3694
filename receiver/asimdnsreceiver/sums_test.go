// SPDX-License-Identifier: Apache-2.0

// Exchanges, then sums: whatever happens to the stream, every event is accounted for, and the sums have the exchanges that correlate alone
// finds.

package asimdnsreceiver

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// exchangeKey is what a sum keeps of its exchanges.
func exchangeKey(lr plog.LogRecord) string {
	client := kit.Text(lr, "SrcIpAddr") + " " + kit.Text(lr, "SrcProcessId")
	return strings.Join([]string{
		client, strings.ToLower(kit.Text(lr, "DnsQuery")), kit.Text(lr, "DnsQueryTypeName"), kit.Text(lr, "EventResult"), kit.Text(lr, "EventResultDetails"),
		kit.Text(lr, "EventOriginalType"), kit.Text(lr, "EventOriginalResultDetails"), kit.Text(lr, "NetworkProtocol"),
	}, "|")
}

// counted adds up EventCount by exchangeKey.
func counted(sink *consumertest.LogsSink) (counts map[string]int64, sum int64) {
	counts = map[string]int64{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		n := number(lr, "EventCount")
		counts[exchangeKey(lr)] += n
		sum += n
	})
	return counts, sum
}

// requireSameCounts shows the counts that differ only.
func requireSameCounts(t *testing.T, want, got map[string]int64, what string) {
	t.Helper()
	for key := range want {
		if want[key] == got[key] {
			delete(want, key)
			delete(got, key)
		}
	}
	require.Equal(t, want, got, what)
}

func TestSumsHaveTheExchangesThatCorrelateAloneFinds(t *testing.T) {
	for _, file := range []string{serverFile, clientFile, olderFile} {
		correlated := func(c *Config) {
			c.EnableFlags, c.EnableLevel, c.Correlate = &everything, 5, true
		}
		alone, _, _ := replayAll(t, replayOf(file, correlated))
		_, exchanges := counted(alone)
		for _, c := range []struct {
			window time.Duration
			mib    int
		}{{time.Second, 64}, {5 * time.Minute, 64}, {time.Hour, 64}, {time.Hour, 1}} {
			sink, r, _ := replayAll(t, replayOf(file, func(cfg *Config) {
				correlated(cfg)
				cfg.Aggregation.Window, cfg.Aggregation.MaxSizeMiB = c.window, c.mib
			}))
			stats := &r.Pipeline.Stats
			want, _ := counted(alone)
			got, sum := counted(sink)
			requireSameCounts(t, want, got, fmt.Sprintf("%s, %v", file, c.window))
			require.Equal(t, exchanges, sum)
			require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Aggregated.Load()+stats.Filtered.Load(), "%s", stats)
			require.Equal(t, int64(sink.LogRecordCount()), stats.Emitted.Load())
			if file == serverFile || file == clientFile && c.window == time.Hour { // the others have few exchanges that are alike
				require.Less(t, sink.LogRecordCount(), alone.LogRecordCount())
			}
			if c.mib > 1 {
				require.Zero(t, r.handler.aggregator.Early())
			}
		}
	}
}

// A row of one exchange is the record that correlate alone makes of it, to the byte.
func TestASumOfOneExchangeIsItsRecord(t *testing.T) {
	for _, file := range []string{serverFile, clientFile, olderFile} {
		byID := func(window time.Duration) map[string]map[string]any {
			sink, _, _ := replayAll(t, replayOf(file, func(c *Config) {
				c.EnableFlags, c.EnableLevel, c.Correlate, c.Aggregation.Window = &everything, 5, true, window
			}))
			all := map[string]map[string]any{}
			kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
				all[kit.Text(lr, "EventOriginalUid")] = lr.Attributes().AsRaw()
			})
			return all
		}
		alone, sums := byID(0), byID(time.Hour)
		single := 0
		for id, record := range sums {
			require.Contains(t, alone, id, "the first exchange's identifier")
			if record["EventCount"] == int64(1) {
				require.Equal(t, alone[id], record)
				single++
			}
		}
		require.Positive(t, single, file)
	}
}

// What differs between exchanges is in no record of several.
func TestASumShowsNothingOfOneExchangeAlone(t *testing.T) {
	for _, file := range []string{serverFile, clientFile, olderFile} {
		sink, _, _ := replayAll(t, replayOf(file, func(c *Config) {
			c.EnableFlags, c.EnableLevel, c.Correlate, c.Aggregation.Window = &everything, 5, true, time.Hour
		}))
		several := 0
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			if number(lr, "EventCount") == 1 {
				return
			}
			several++
			last, err := time.Parse(time.RFC3339Nano, kit.Text(lr, "EventEndTime"))
			require.NoError(t, err)
			require.Equal(t, last, lr.Timestamp().AsTime(), "a rule that looks back finds the sum by its last event")
			raw := lr.Attributes().AsRaw()
			for _, name := range []string{"SrcPortNumber", "TransactionIdHex", "DnsSessionId"} {
				require.NotContains(t, raw, name)
			}
			for name := range raw["AdditionalFields"].(map[string]any) {
				require.Contains(t, sumFields, name, "event %s", raw["EventOriginalType"])
			}
		})
		require.Positive(t, several, file)
	}
}

// Whatever a sum shows, apart from its sums, at least as many exchanges show as it counts.
func TestASumShowsWhatAllOfItsExchangesShow(t *testing.T) {
	sums := []string{"EventCount", "EventStartTime", "EventEndTime", "EventOriginalUid", "DnsNetworkDuration", "DnsResponseName", "AdditionalFields"}
	for _, file := range []string{serverFile, clientFile, olderFile} {
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
			records := func(window time.Duration) (all []map[string]any) {
				sink, _, _ := replayAll(t, replayOf(file, func(c *Config) {
					c.EnableFlags, c.EnableLevel, c.Correlate, c.Aggregation.Window = &everything, 5, true, window
					c.Profile, c.Names = profile, dnslog.NamesLower
				}))
				kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { all = append(all, lr.Attributes().AsRaw()) })
				return all
			}
			alone, several := records(0), 0
			for _, sum := range records(time.Hour) {
				if sum["EventCount"] == int64(1) {
					continue
				}
				several++
				shown := maps.Clone(sum)
				for _, name := range sums {
					delete(shown, name)
				}
				shows := int64(0)
				for _, one := range alone {
					if one["EventOriginalType"] == sum["EventOriginalType"] && contains(one, shown) {
						shows++
					}
				}
				require.GreaterOrEqual(t, shows, sum["EventCount"], "%s: %v", file, sum)
			}
			require.Positive(t, several)
		}
	}
}

// contains reports whether a map has all of the other's values.
func contains(one, other map[string]any) bool {
	for name, value := range other {
		if one[name] != value {
			return false
		}
	}
	return true
}

var sumFields = []string{
	"DnsRole", "DnsAnswers", "DnsAnswersCut", "DnsAnswerMinTtl", "DnsNetworkDurationMin", "DnsNetworkDurationMax", "GapSum", "GapSquareSum", "FromCache",
	"RecursionServers", "RecursionServersCut", "RecursionCount", "RecursionTimeouts", "RecursionExchanges",
}

// recorded reads the events of a file.
func recorded(t *testing.T, file string) (events [][]byte) {
	t.Helper()
	r, err := etl.Open(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	for {
		raw, err := r.Next()
		if errors.Is(err, io.EOF) {
			return events
		}
		require.NoError(t, err)
		events = append(events, append([]byte(nil), raw...))
	}
}

// movedTo returns an event with another time.
func movedTo(t *testing.T, raw []byte, by time.Duration) []byte {
	t.Helper()
	var r etw.Record
	require.NoError(t, r.Parse(raw))
	r.TimeStamp += int64(by / 100)
	moved, err := r.Append(nil)
	require.NoError(t, err)
	return moved
}

// distorted makes a stream of a recording: repeated, out of order, with losses, damage and leaps of the clock.
func distorted(t *testing.T, r *rand.Rand, events [][]byte) (stream [][]byte) {
	var leap time.Duration
	from := r.IntN((len(events) + 1) / 2)
	for _, raw := range events[from:min(len(events), from+2000)] {
		if r.IntN(1500) == 0 {
			leap += time.Duration(r.Int64N(int64(2*time.Hour))) - time.Hour
		}
		raw = movedTo(t, raw, leap)
		for range []int{0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 5}[r.IntN(12)] {
			stream = append(stream, raw)
		}
		if r.IntN(200) == 0 {
			stream = append(stream, raw[:r.IntN(len(raw))])
		}
	}
	late := 1 + r.IntN(200)
	for i := range stream {
		if r.IntN(4) == 0 {
			j := min(len(stream)-1, i+r.IntN(late))
			stream[i], stream[j] = stream[j], stream[i]
		}
	}
	return stream
}

// ledger drives a handler as the pipeline does, and holds the account after each step.
type ledger struct {
	*handler
	t                                           *testing.T
	logs                                        plog.Logs
	records                                     plog.LogRecordSlice
	received, filtered, aggregated, undecodable int64
	what                                        string
}

func (l *ledger) emitted() int64 { return int64(l.logs.LogRecordCount()) }

func (l *ledger) check() {
	if l.received != l.emitted()+l.filtered+l.aggregated+l.undecodable+int64(l.Held()) {
		require.FailNow(l.t, "the account does not balance", "%s: received %d, emitted %d, filtered %d, aggregated %d, undecodable %d, held %d",
			l.what, l.received, l.emitted(), l.filtered, l.aggregated, l.undecodable, l.Held())
	}
}

func (l *ledger) release(due bool) {
	before := l.emitted()
	outcome := l.Release(l.records, due)
	want := int64(0)
	switch outcome.Kind {
	case pipeline.Emitted:
		want = 1
	case pipeline.Aggregated:
		l.aggregated++
	default:
		require.Equal(l.t, pipeline.Held, outcome.Kind)
	}
	require.Equal(l.t, want, l.emitted()-before)
	l.check()
}

func (l *ledger) add(raw []byte) {
	for l.Due() {
		l.release(true)
	}
	before := l.emitted()
	l.received++
	outcome := l.Handle(pipeline.Event{Data: raw, Received: l.received}, l.records)
	l.aggregated += outcome.Joined
	want := int64(0)
	switch outcome.Kind {
	case pipeline.Emitted:
		want = 1
	case pipeline.Filtered:
		l.filtered++
	case pipeline.Aggregated:
		l.aggregated++
	case pipeline.Undecodable:
		l.undecodable++
	}
	require.Equal(l.t, want, l.emitted()-before)
	l.check()
}

// byName gives each name a class.
func byName(e *dns.Event, _ *correlate.Exchange) aggregate.Class {
	h := fnv.New32a()
	name := e.QName(nil)
	dns.Lower(name)
	_, _ = h.Write(name)
	return aggregate.Class(h.Sum32() % 3)
}

func TestEveryEventOfARandomStreamIsAccountedForAndEverySumIsExact(t *testing.T) {
	var early, several int64
	for _, file := range []string{serverFile, clientFile, olderFile} {
		events := recorded(t, file)
		for seed := range uint64(30) {
			r := rand.New(rand.NewPCG(seed, 16))
			stream := distorted(t, r, events)
			stop := len(stream)
			if r.IntN(3) == 0 {
				stop = r.IntN(stop)
			}
			isLive := r.IntN(2) == 0
			window := time.Duration(1+r.IntN(600)) * time.Second
			rows := []int{1, 3, 50, 1 << 20}[r.IntN(4)]
			silent := r.IntN(2) == 0
			class := r.IntN(2) == 0
			run := func(summed bool) (*ledger, *consumertest.LogsSink) {
				cfg := replayOf(file, func(c *Config) {
					c.EnableFlags, c.EnableLevel, c.Correlate = &everything, 5, true
					if summed {
						c.Aggregation.Window = window
					}
					if isLive {
						c.Replay.Path = nil
					}
				})
				rcv, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
				require.NoError(t, err)
				h, err := rcv.newHandler(rcv.configuredDevice())
				require.NoError(t, err)
				if summed {
					s := h.aggregator.Settings
					s.MaxEvents, s.Long = rows, 4*window
					h.aggregator = aggregate.New(s)
					if class {
						h.class = byName
					}
				}
				l := &ledger{handler: h, t: t, logs: plog.NewLogs(), what: fmt.Sprintf("%s, seed %d", file, seed)}
				l.records = h.Begin(l.logs)
				silence := rand.New(rand.NewPCG(seed, 17))
				for _, raw := range stream[:stop] {
					l.add(raw)
					if silent && silence.IntN(300) == 0 {
						l.Silence(time.Duration(silence.Int64N(int64(2 * window))))
					}
				}
				for l.Held() > 0 {
					l.release(false)
				}
				sink := &consumertest.LogsSink{}
				require.NoError(t, sink.ConsumeLogs(t.Context(), l.logs))
				return l, sink
			}
			alone, correlated := run(false)
			l, summed := run(true)
			want, exchanges := counted(correlated)
			got, sum := counted(summed)
			requireSameCounts(t, want, got, l.what)
			require.Equal(t, exchanges, sum, l.what)
			require.Equal(t, []int64{alone.received, alone.filtered, alone.undecodable}, []int64{l.received, l.filtered, l.undecodable})
			early += l.aggregator.Early()
			kit.EachRecord(summed, func(_ plog.ResourceLogs, lr plog.LogRecord) {
				if n := number(lr, "EventCount"); n > 1 {
					several++
					requireSumIsPossible(t, lr, n)
				}
			})
		}
	}
	require.Greater(t, early, int64(1000))
	require.Greater(t, several, int64(1000))
}

// requireSumIsPossible checks what holds for any n exchanges.
func requireSumIsPossible(t *testing.T, lr plog.LogRecord, n int64) {
	t.Helper()
	raw := lr.Attributes().AsRaw()
	more := raw["AdditionalFields"].(map[string]any)
	require.LessOrEqual(t, raw["EventStartTime"], raw["EventEndTime"])
	gaps := more["GapSum"].(int64)
	require.GreaterOrEqual(t, gaps, int64(0))
	if squares, ok := more["GapSquareSum"].(int64); ok {
		require.GreaterOrEqual(t, squares*(n-1), gaps*gaps, "of n-1 gaps the mean square is at least the square of the mean")
		require.LessOrEqual(t, squares, gaps*gaps)
	}
	if mean, ok := raw["DnsNetworkDuration"].(int64); ok {
		require.LessOrEqual(t, more["DnsNetworkDurationMin"], mean)
		require.LessOrEqual(t, mean, more["DnsNetworkDurationMax"])
	}
}

// refusing is a next component that refuses some batches, for good or for now.
type refusing struct {
	consumertest.LogsSink
	r *rand.Rand
}

func (f *refusing) ConsumeLogs(ctx context.Context, l plog.Logs) error {
	switch f.r.IntN(4) {
	case 0:
		return consumererror.NewPermanent(errors.New("refused"))
	case 1:
		return errors.New("later")
	}
	return f.LogsSink.ConsumeLogs(ctx, l)
}

func TestALiveStreamOfSumsIsAccountedForWhateverTheNextComponentRefuses(t *testing.T) {
	events := recorded(t, serverFile)
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 18))
			next := &refusing{r: rand.New(rand.NewPCG(seed, 19))}
			l := startWithoutSession(t, func(c *Config) {
				correlating(c)
				c.Aggregation.Window = time.Duration(1+r.IntN(100)) * time.Second
				c.Batch.MaxRecords, c.Retry.MaxElapsedTime = 1+r.IntN(200), time.Second
			}, next)
			stream := distorted(t, r, events[:len(events)/2])
			for _, raw := range stream[:min(len(stream), 1000+r.IntN(1000))] {
				l.offer(raw)
				if r.IntN(20) == 0 {
					time.Sleep(time.Duration(r.Int64N(int64(3 * time.Second))))
				}
			}
			synctest.Wait()
			stats := &l.Pipeline.Stats
			require.GreaterOrEqual(t, stats.Pending(), int64(l.handler.Held()), "%s", stats)
			_ = l.Pipeline.Shutdown(context.Background(), func(context.Context) error { return nil })
			require.Zero(t, stats.Pending(), "%s", stats)
			require.Equal(t, int64(next.LogRecordCount()), stats.Emitted.Load())
			require.Positive(t, stats.Dropped.Total())
			require.Positive(t, stats.Aggregated.Load())
		})
	}
}

func TestAnExchangeThatIsSummedAllocatesNothing(t *testing.T) {
	rcv, err := newReceiver(receivertest.NewNopSettings(metadata.Type), replayOf(serverFile, func(c *Config) {
		c.EnableFlags, c.EnableLevel, c.Correlate, c.Aggregation.Window = &everything, 5, true, time.Minute
	}), consumertest.NewNop())
	require.NoError(t, err)
	h, err := rcv.newHandler(rcv.configuredDevice())
	require.NoError(t, err)
	h.class = func(*dns.Event, *correlate.Exchange) aggregate.Class { return aggregate.Sum }
	l := &ledger{handler: h, t: t, logs: plog.NewLogs(), what: "one exchange again and again"}
	l.records = h.Begin(l.logs)
	x := newExchanges(t)
	stream := [][]byte{x.query(traceBegun, 1), x.event(260, traceBegun, "www.example.com.", 1), x.event(261, traceBegun, "www.example.com.", 1), x.answer(traceBegun, 1)}
	var want [4]pipeline.Kind
	for i := range want {
		want[i] = h.Handle(pipeline.Event{Data: stream[i]}, l.records).Kind
	}
	require.Equal(t, [4]pipeline.Kind{pipeline.Held, pipeline.Aggregated, pipeline.Aggregated, pipeline.Held}, want)
	want[3] = pipeline.Aggregated
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		for i, raw := range stream {
			if h.Due() || h.Handle(pipeline.Event{Data: raw}, l.records).Kind != want[i] {
				t.Fail()
			}
		}
	}))
	require.Zero(t, l.emitted())
}
