// SPDX-License-Identifier: Apache-2.0

// What the time is to which events are kept back: their own, whatever single events say.

package asimdnsreceiver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/testkit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/window"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// correlating has all events correlated, with the default timeout of ten seconds.
func correlating(c *Config) { c.EnableFlags, c.EnableLevel, c.Correlate = &everything, 5, true }

// exchanges makes the server's events of an exchange, which a number stands for.
type exchanges struct {
	t       testing.TB
	decoder *dns.Decoder
}

func newExchanges(t testing.TB) exchanges { return exchanges{t, dns.NewDecoder(dns.Server())} }

func (x exchanges) event(id uint16, at time.Time, name string, number int) []byte {
	for _, tmpl := range x.decoder.Templates() {
		if tmpl.ID != id {
			continue
		}
		data, err := tmpl.Encode(nil, 8, map[string]any{"QNAME": name, "QTYPE": 1, "GUID": fmt.Sprintf("{%036d}", number)})
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

// live is a receiver's own handler and pipeline, as behind a live session, with the test as the session.
type live struct {
	*dnsReceiver
	t testing.TB
}

func startWithoutSession(t testing.TB, change func(*Config), next consumer.Logs) live {
	cfg := createDefaultConfig().(*Config)
	change(cfg)
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, next)
	require.NoError(t, err)
	r.handler, err = r.newHandler(asim.Device{})
	require.NoError(t, err)
	r.pipeline = pipeline.New(pipeline.Settings{
		Batch: cfg.Batch, Queue: cfg.Queue, Retry: cfg.Retry, Handler: r.handler, Next: next, Report: r.report,
		Format: metadata.Type.String(), Logger: r.log, Live: true,
	})
	r.pipeline.Start()
	return live{r, t}
}

func (l live) offer(raw []byte) { require.True(l.t, l.pipeline.Offer(time.Now().UnixNano(), raw, nil)) }

func (l live) shutdown() {
	require.NoError(l.t, l.pipeline.Shutdown(context.Background(), func(context.Context) error { return nil }))
	require.Zero(l.t, l.pipeline.Stats.Pending(), "%s", &l.pipeline.Stats)
	require.Zero(l.t, l.pipeline.Stats.Dropped.Total(), "%s", &l.pipeline.Stats)
}

// account counts the records by event id and result.
func account(sink *consumertest.LogsSink) map[string]int {
	got := map[string]int{}
	testkit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		got[testkit.Text(lr, "EventOriginalType")+" "+testkit.Text(lr, "EventResult")]++
	})
	return got
}

func TestAnUnansweredQueryIsOneTwoSecondsAfterItsTimeout(t *testing.T) {
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

// replayOfEvents replays events from a file through the factory.
func replayOfEvents(t *testing.T, events [][]byte, change func(*Config)) *consumertest.LogsSink {
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

	sink := &consumertest.LogsSink{}
	factory := NewFactory()
	cfg := factory.CreateDefaultConfig().(*Config)
	change(cfg)
	cfg.Replay.Path = replay.Paths{path}
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	r, err := factory.CreateLogs(t.Context(), set, cfg, sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	require.Eventually(t, func() bool { return logs.FilterMessage("the replay has ended").Len() == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(t.Context()))
	require.Len(t, logs.FilterMessage("every event has left the receiver").All(), 1)
	return sink
}

// traceBegun is when the traces of these tests begin.
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

// leaps are an hour and a century in both directions.
var leaps = []time.Duration{time.Hour, -time.Hour, 100 * 365 * 24 * time.Hour, -100 * 365 * 24 * time.Hour}

// stream gives the events of a number of exchanges, from a first number on: ten milliseconds apart, each answered after half a
// second. After each query stand the events that between gives.
func (x exchanges) stream(begun time.Time, from, count int, between func(exchange int, at time.Time) [][]byte) (events [][]byte) {
	const late = 50
	for i := range count + late {
		at := begun.Add(time.Duration(i) * 10 * time.Millisecond)
		if i >= late {
			events = append(events, x.answer(at, from+i-late))
		}
		if i < count {
			events = append(append(events, x.query(at, from+i)), between(from+i, at)...)
		}
	}
	return events
}

// placed says between which exchanges stray events stand, sixteen in each case but the first three.
var placed = map[string]func(i int) int{
	"one at the start":       func(i int) int { return one(i == 0) },
	"one in the middle":      func(i int) int { return one(i == 300) },
	"one at the end":         func(i int) int { return one(i == 599) },
	"in a row at the start":  func(i int) int { return window.Strays * one(i == 0) },
	"in a row in the middle": func(i int) int { return window.Strays * one(i == 300) },
	"in a row at the end":    func(i int) int { return window.Strays * one(i == 599) },
	"one by one":             func(i int) int { return one(i >= 300 && i < 300+window.Strays) },
	"far from each other":    func(i int) int { return one(i%37 == 0 && i < 37*window.Strays) },
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// receive has events go through a replay, or come from a live session five milliseconds apart, and gives the records.
func receive(t *testing.T, isLive bool, events [][]byte) *consumertest.LogsSink {
	if !isLive {
		return replayOfEvents(t, events, correlating)
	}
	sink := &consumertest.LogsSink{}
	synctest.Test(t, func(t *testing.T) {
		l := startWithoutSession(t, correlating, sink)
		for _, raw := range events {
			time.Sleep(5 * time.Millisecond)
			l.offer(raw)
		}
		time.Sleep(13 * time.Second)
		synctest.Wait()
		require.Zero(t, l.handler.Held(), "nothing is kept for longer than the timeout and two seconds of silence")
		l.shutdown()
	})
	return sink
}

func TestStrayEventsLeaveEveryOtherQueryAnswered(t *testing.T) {
	x := newExchanges(t)
	for name, strays := range placed {
		for _, id := range []uint16{262, 256, 257} { // one that is kept back by no means, queries, and responses
			for _, leap := range leaps {
				for _, isLive := range []bool{false, true} {
					n := 0
					events := x.stream(traceBegun, 0, 600, func(i int, at time.Time) (events [][]byte) {
						for range strays(i) {
							n++
							events = append(events, x.event(id, at.Add(leap+time.Duration(n)*leap/100), "stray.example.", 100_000+n))
						}
						return events
					})
					got := map[string]int{}
					testkit.EachRecord(receive(t, isLive, events), func(_ plog.ResourceLogs, lr plog.LogRecord) {
						what := testkit.Text(lr, "EventOriginalType")
						if strings.HasPrefix(testkit.Text(lr, "DnsQuery"), "stray") {
							what = "stray"
						} else {
							what += " " + testkit.Text(lr, "EventResult")
						}
						got[what]++
					})
					require.Equal(t, map[string]int{"257 Success": 600, "stray": n}, got, "%s: %d, %v, live %v", name, id, leap, isLive)
				}
			}
		}
	}
}

func TestWhenTheStreamsTimeLeapsEveryQueryOnEitherSideIsAnswered(t *testing.T) {
	x := newExchanges(t)
	for _, leap := range leaps {
		for _, before := range []int{1, 300, 599} {
			for _, isLive := range []bool{false, true} {
				unanswered := func(i int, at time.Time) [][]byte {
					if i%100 != 99 {
						return nil
					}
					return [][]byte{x.event(256, at, "nobody.example.", 100_000+i)}
				}
				events := append(x.stream(traceBegun, 0, before, unanswered), x.stream(traceBegun.Add(leap), before, 600-before, unanswered)...)
				got := account(receive(t, isLive, events))
				what := fmt.Sprintf("%v, %d before it, live %v: %v", leap, before, isLive, got)
				require.Equal(t, 600, got["257 Success"], what)
				require.Equal(t, 6, got["256 Failure"]+got["256 NA"], what)
				if isLive && leap > 0 {
					require.Zero(t, got["256 NA"], what)
				}
			}
		}
	}
}

// TestAStrayEventThatIsKeptBackHoldsNothingUp has a query of a wrong time come first, and a stream after it that never pauses.
func TestAStrayEventThatIsKeptBackHoldsNothingUp(t *testing.T) {
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
