// SPDX-License-Identifier: Apache-2.0

// The events' own times decide how long events are kept back. Single events with wrong times change nothing.

package asimdnsreceiver

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// correlating enables every event and correlates them, with the default timeout of ten seconds.
func correlating(c *Config) { c.EnableFlags, c.EnableLevel, c.Correlate = &everything, 5, true }

// serverTook is the response time that the server measured for each exchange, in milliseconds.
const serverTook = 123

// exchanges makes the server's events of an exchange. A number identifies the exchange.
type exchanges struct {
	t       testing.TB
	decoder *dns.Decoder
	client  string         // address of the client; "" is none
	more    map[string]any // further fields of each event
}

func newExchanges(t testing.TB) exchanges {
	return exchanges{t: t, decoder: dns.NewDecoder(dns.Server())}
}

func (x exchanges) event(id uint16, at time.Time, name string, number int) []byte {
	for _, tmpl := range x.decoder.Templates() {
		if tmpl.ID != id {
			continue
		}
		fields := map[string]any{"QNAME": name, "QTYPE": 1, "GUID": fmt.Sprintf("{00000000-4288-435F-9182-%012d}", number)}
		peer := "Source"
		if id == 257 {
			fields["ElapsedTime"] = serverTook
			peer = "Destination"
		}
		if x.client != "" {
			fields[peer] = x.client
		}
		maps.Copy(fields, x.more)
		data, err := tmpl.Encode(nil, 8, fields)
		require.NoError(x.t, err)
		r := etw.Record{
			Provider: tmpl.Provider, ID: id, Version: tmpl.Version, Level: tmpl.Level, Keyword: tmpl.Keyword, Flags: etw.Flag64BitHeader,
			TimeStamp: etw.Filetime(at.UnixNano()), UserData: data,
		}
		raw, err := r.Append(nil)
		require.NoError(x.t, err)
		return raw
	}
	x.t.Fatalf("no event %d", id)
	return nil
}

func (x exchanges) query(at time.Time, number int) []byte {
	return x.event(256, at, "www.example.com.", number)
}

func (x exchanges) answer(at time.Time, number int) []byte {
	return x.event(257, at, "www.example.com.", number)
}

// live is a receiver's own handler and pipeline. The test takes the place of the live session.
type live struct {
	*dnsReceiver
	t testing.TB
}

func startWithoutSession(t testing.TB, change func(*Config), next consumer.Logs) live {
	cfg := createDefaultConfig().(*Config)
	change(cfg)
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, next)
	require.NoError(t, err)
	r.handler, err = r.newHandler(dnslog.Device{})
	require.NoError(t, err)
	r.Pipeline = pipeline.New(pipeline.Settings{
		Batch: cfg.Batch, Queue: cfg.Queue, Retry: cfg.Retry, Handler: r.handler, Next: next, Report: r.Report,
		Format: metadata.Type.String(), Logger: r.log, Live: true,
	})
	r.Pipeline.Start()
	return live{r, t}
}

func (l live) offer(raw []byte) { require.True(l.t, l.Pipeline.Offer(time.Now().UnixNano(), raw, nil)) }

func (l live) shutdown() {
	require.NoError(l.t, l.Pipeline.Shutdown(context.Background(), func(context.Context) error { return nil }))
	require.Zero(l.t, l.Pipeline.Stats.Pending(), "%s", &l.Pipeline.Stats)
	require.Zero(l.t, l.Pipeline.Stats.Dropped.Total(), "%s", &l.Pipeline.Stats)
}

// account counts the records by event id and result.
func account(sink *consumertest.LogsSink) map[string]int {
	got := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		got[kit.Text(lr, "EventOriginalType")+" "+kit.Text(lr, "EventResult")]++
	})
	return got
}

func TestAnUnansweredQueryIsReportedTwoSecondsAfterItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &consumertest.LogsSink{}
		l := startWithoutSession(t, correlating, sink)
		x := newExchanges(t)
		l.offer(x.query(time.Now(), 1))
		time.Sleep(12 * time.Second)
		require.Zero(t, sink.LogRecordCount())
		time.Sleep(time.Second)
		require.Equal(t, map[string]int{"256 Failure": 1}, account(sink))
		l.shutdown()
	})
}

// eventsFile writes events to a file, and returns its path.
func eventsFile(t *testing.T, events [][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.etl")
	f, err := os.Create(path)
	require.NoError(t, err)
	w, err := etl.Create(f, etl.Options{NumberOfProcessors: 1, StartTime: traceBegun, BootTime: traceBegun})
	require.NoError(t, err)
	for _, raw := range events {
		require.NoError(t, w.Write(raw))
	}
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	return path
}

// replayOfEvents replays events from a file through the factory.
func replayOfEvents(t *testing.T, events [][]byte, change func(*Config)) *consumertest.LogsSink {
	t.Helper()
	path := eventsFile(t, events)
	sink := &consumertest.LogsSink{}
	factory := NewFactory()
	cfg := factory.CreateDefaultConfig().(*Config)
	change(cfg)
	cfg.Replay.Path = replay.Paths{path}
	kit.ReplayInto(t, factory, cfg, sink)
	return sink
}

// traceBegun is the time at which the traces of these tests begin.
var traceBegun = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)

func TestAnEventDated2126LeavesTheQueriesAfterItAnswered(t *testing.T) {
	x := newExchanges(t)
	events := [][]byte{x.event(262, traceBegun.AddDate(100, 0, 0), "late.example.", 0)}
	for i := range 50 {
		asked := traceBegun.Add(time.Duration(i) * time.Second)
		events = append(events, x.query(asked, 1+i), x.answer(asked.Add(100*time.Millisecond), 1+i))
	}
	require.Equal(t, map[string]int{"257 Success": 50, "262 Failure": 1}, account(replayOfEvents(t, events, correlating)))
}

// leaps are an hour and a century, forward and back.
var leaps = []time.Duration{time.Hour, -time.Hour, 100 * 365 * 24 * time.Hour, -100 * 365 * 24 * time.Hour}

// stream returns the events of a number of exchanges that are ten milliseconds apart. Each is answered after half a
// second. The events that between returns follow each query.
func (x exchanges) stream(begun time.Time, count int, between func(exchange int, at time.Time) [][]byte) (events [][]byte) {
	return x.paced(func(i int) time.Time { return begun.Add(time.Duration(i) * 10 * time.Millisecond) }, count, 50, between)
}

// paced returns the events of count exchanges, numbered from 1. The function clock gives what the host's clock shows at
// each query. Each query is answered once `late` more have been asked.
func (x exchanges) paced(clock func(i int) time.Time, count, late int, between func(exchange int, at time.Time) [][]byte) (events [][]byte) {
	for i := range count + late {
		at := clock(i)
		if i >= late {
			events = append(events, x.answer(at, 1+i-late))
		}
		if i < count {
			events = append(events, x.query(at, 1+i))
			if between != nil {
				events = append(events, between(i, at)...)
			}
		}
	}
	return events
}

// placed maps a name to the places of the stray events among the exchanges: one stray in the first three cases, sixteen
// in the others.
var placed = map[string]func(i int) int{
	"one at the start":       func(i int) int { return kit.One(i == 0) },
	"one in the middle":      func(i int) int { return kit.One(i == 300) },
	"one at the end":         func(i int) int { return kit.One(i == 599) },
	"in a row at the start":  func(i int) int { return hold.Strays * kit.One(i == 0) },
	"in a row in the middle": func(i int) int { return hold.Strays * kit.One(i == 300) },
	"in a row at the end":    func(i int) int { return hold.Strays * kit.One(i == 599) },
	"one by one":             func(i int) int { return kit.One(i >= 300 && i < 300+hold.Strays) },
	"far from each other":    func(i int) int { return kit.One(i%37 == 0 && i < 37*hold.Strays) },
}

// receive sends events through a replay, or through a live session five milliseconds apart, and returns the records.
func receive(t *testing.T, isLive bool, change func(*Config), events [][]byte) *consumertest.LogsSink {
	if !isLive {
		return replayOfEvents(t, events, change)
	}
	sink := &consumertest.LogsSink{}
	synctest.Test(t, func(t *testing.T) {
		l := startWithoutSession(t, change, sink)
		for _, raw := range events {
			time.Sleep(5 * time.Millisecond)
			l.offer(raw)
		}
		time.Sleep(13 * time.Second)
		synctest.Wait()
		require.Zero(t, l.handler.Held(), "no event is held longer than the timeout plus two seconds of silence")
		l.shutdown()
	})
	return sink
}

func TestStrayEventsLeaveEveryOtherQueryAnswered(t *testing.T) {
	x := newExchanges(t)
	for name, strays := range placed {
		for _, id := range []uint16{262, 256, 257} { // an event that is never kept back, queries, and responses
			for _, leap := range leaps {
				for _, isLive := range []bool{false, true} {
					n := 0
					events := x.stream(traceBegun, 600, func(i int, at time.Time) (events [][]byte) {
						for range strays(i) {
							n++
							events = append(events, x.event(id, at.Add(leap+time.Duration(n)*leap/100), "stray.example.", 100_000+n))
						}
						return events
					})
					got := map[string]int{}
					kit.EachRecord(receive(t, isLive, correlating, events), func(_ plog.ResourceLogs, lr plog.LogRecord) {
						what := kit.Text(lr, "EventOriginalType")
						if strings.HasPrefix(kit.Text(lr, "DnsQuery"), "stray") {
							what = "stray"
						} else {
							what += " " + kit.Text(lr, "EventResult")
						}
						got[what]++
					})
					require.Equal(t, map[string]int{"257 Success": 600, "stray": n}, got, "%s: %d, %v, live %v", name, id, leap, isLive)
				}
			}
		}
	}
}

// accountOfLeap counts the records by event id and result, and counts the marked ones. It requires that every duration
// is right (each exchange took `took`) and that no record ends before it starts.
func accountOfLeap(t *testing.T, sink *consumertest.LogsSink, took time.Duration, what string) (got map[string]int, marked int) {
	t.Helper()
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		require.LessOrEqual(t, kit.Text(lr, "EventStartTime"), kit.Text(lr, "EventEndTime"), what)
		additional, _ := lr.Attributes().Get("AdditionalFields")
		_, leapt := additional.Map().Get("ClockLeap")
		_, asked := additional.Map().Get("QueryTime")
		require.Equal(t, leapt, asked, what)
		if leapt {
			marked++
			require.Equal(t, int64(serverTook), number(lr, "DnsNetworkDuration"), what)
			require.Equal(t, kit.Text(lr, "EventStartTime"), kit.Text(lr, "EventEndTime"), what)
		} else if kit.Text(lr, "EventOriginalType") == "257" {
			require.Equal(t, took.Milliseconds(), number(lr, "DnsNetworkDuration"), what)
		}
	})
	return account(sink), marked
}

// Of 600 exchanges, 50 are open when the host's clock is set: at the start, in the middle or at the end of the stream.
// An earlier version reported these 50 as failures although they were answered.
func TestWhenTheHostsClockIsSetExchangesThatAreOpenAreAnswered(t *testing.T) {
	const count, open, took = 600, 50, 500 * time.Millisecond
	x := newExchanges(t)
	for _, leap := range append(leaps, 13*time.Second, -13*time.Second) {
		for _, before := range []int{1, open, count / 2, count - 1, count + open - 1} {
			for _, isLive := range []bool{false, true} {
				clock := func(i int) time.Time {
					at := traceBegun.Add(time.Duration(i) * 10 * time.Millisecond)
					if i >= before {
						at = at.Add(leap)
					}
					return at
				}
				unanswered := func(i int, at time.Time) [][]byte {
					if i%100 != 99 {
						return nil
					}
					return [][]byte{x.event(256, at, "nobody.example.", 100_000+i)}
				}
				what := fmt.Sprintf("%v, %d asked before it, live %v", leap, before, isLive)
				got, marked := accountOfLeap(t, receive(t, isLive, correlating, x.paced(clock, count, open, unanswered)), took, what)
				require.Equal(t, count, got["257 Success"], "%s: %v", what, got)
				require.Equal(t, min(before, open, count+open-before), marked, what)
				require.Equal(t, 6, got["256 Failure"]+got["256 NA"], "%s: %v", what, got)
				require.Len(t, got, 1+kit.One(got["256 Failure"] > 0)+kit.One(got["256 NA"] > 0), what)
				if isLive {
					require.Zero(t, got["256 NA"], "%s: nobody answered them", what)
				}
			}
		}
	}
}

// The clock is set between the events of a slow stream, in which every tenth query is not answered.
func TestWhenTheHostsClockIsSetInASlowStreamNoAnswerIsMissed(t *testing.T) {
	const count = 60
	x := newExchanges(t)
	for _, pause := range []time.Duration{time.Second, 10 * time.Second} {
		for _, leap := range leaps {
			for _, before := range []int{1, count / 2, count - 1} {
				sink := &consumertest.LogsSink{}
				synctest.Test(t, func(t *testing.T) {
					l := startWithoutSession(t, correlating, sink)
					set := time.Duration(0)
					for i := range count {
						l.offer(x.query(time.Now().Add(set), 1+i))
						time.Sleep(pause / 2)
						if i == before {
							set = leap
						}
						if i%10 != 9 {
							l.offer(x.answer(time.Now().Add(set), 1+i))
						}
						time.Sleep(pause / 2)
					}
					time.Sleep(13 * time.Second)
					synctest.Wait()
					require.Zero(t, l.handler.Held())
					l.shutdown()
				})
				what := fmt.Sprintf("%v, an exchange each %v, %d before it", leap, pause, before)
				answered := count - count/10
				got, marked := accountOfLeap(t, sink, pause/2, what)
				require.Equal(t, map[string]int{"257 Success": answered, "256 Failure": count - answered}, got, what)
				require.Equal(t, kit.One(before%10 != 9), marked, what)
			}
		}
	}
}

// Queries wait while the clock is set twice and the stream goes on.
func TestAQueryIsOpenForTheRestOfItsTimeWhenTheHostsClockIsSet(t *testing.T) {
	x := newExchanges(t)
	for _, leap := range leaps {
		for _, takes := range []time.Duration{9 * time.Second, 15 * time.Second} {
			sink := &consumertest.LogsSink{}
			synctest.Test(t, func(t *testing.T) {
				l := startWithoutSession(t, correlating, sink)
				begun, set := time.Now(), time.Duration(0)
				pass := func(until time.Duration) { // a stream of a hundred events a second that never pauses
					for time.Since(begun) < until {
						l.offer(x.event(262, time.Now().Add(set), "other.example.", 7))
						time.Sleep(10 * time.Millisecond)
					}
				}
				pass(time.Second)
				l.offer(x.query(time.Now(), 1))
				pass(4 * time.Second)
				set = leap
				pass(time.Second + takes)
				l.offer(x.answer(time.Now().Add(set), 1))
				pass(25 * time.Second)
				l.shutdown()
			})
			got := account(sink)
			delete(got, "262 Failure")
			what := fmt.Sprintf("%v, answered after %v", leap, takes)
			if takes < 10*time.Second {
				require.Equal(t, map[string]int{"257 Success": 1}, got, what)
			} else {
				require.Equal(t, map[string]int{"257 Success": 1, "256 Failure": 1}, got, what)
			}
		}
	}
}

// Two names are asked for in turn.
func TestWhenTheHostsClockIsSetAnAggregationWindowEndsAndEveryEventIsCountedOnce(t *testing.T) {
	const count = 600
	aggregating := func(c *Config) { c.Aggregation.Window = 10 * time.Second }
	x := newExchanges(t)
	for _, leap := range append(leaps, 13*time.Second, -13*time.Second) {
		for _, before := range []int{1, count / 2, count - 1} {
			for _, isLive := range []bool{false, true} {
				var events [][]byte
				for i := range count {
					at := traceBegun.Add(time.Duration(i) * 10 * time.Millisecond)
					if i >= before {
						at = at.Add(leap)
					}
					events = append(events, x.event(256, at, fmt.Sprintf("%d.example.", i%2), i))
				}
				what := fmt.Sprintf("%v, %d before it, live %v", leap, before, isLive)
				var sum int64
				records := 0
				kit.EachRecord(receive(t, isLive, aggregating, events), func(_ plog.ResourceLogs, lr plog.LogRecord) {
					records++
					sum += number(lr, "EventCount")
					first, last := kit.Span(t, lr)
					require.Less(t, last.Sub(first), 10*time.Second, what)
				})
				require.Equal(t, int64(count), sum, what)
				require.Equal(t, min(2, before)+min(2, count-before), records, what)
			}
		}
	}
}

// A query with a wrong time comes first. A stream without a pause follows it.
func TestAStrayEventThatIsKeptBackDelaysNoOther(t *testing.T) {
	for _, leap := range leaps {
		synctest.Test(t, func(t *testing.T) {
			sink := &consumertest.LogsSink{}
			l := startWithoutSession(t, correlating, sink)
			x := newExchanges(t)
			for i := range 40 {
				l.offer(x.event(262, time.Now(), "other.example.", i))
			}
			l.offer(x.query(time.Now().Add(leap), 1))
			l.offer(x.query(time.Now(), 2))
			for range 13_000 / 20 {
				time.Sleep(20 * time.Millisecond)
				l.offer(x.event(262, time.Now(), "other.example.", 3))
			}
			synctest.Wait()
			got := account(sink)
			require.Equal(t, 2, got["256 Failure"]+got["256 NA"], "%v: %v", leap, got)
			require.Positive(t, got["256 Failure"], "%v: the other one is unanswered", leap)
			l.shutdown()
		})
	}
}
