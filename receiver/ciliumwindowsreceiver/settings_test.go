// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/filter"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// number returns a numeric attribute, or 0 if the record does not have it.
func number(lr plog.LogRecord, name string) int64 {
	v, ok := lr.Attributes().Get(name)
	if !ok {
		return 0
	}
	return v.Int()
}

func TestReplayFiltersAsTheSettingsSay(t *testing.T) {
	_, byType := generated(t)
	always := byType["1"] + byType["100"] + byType["129"] + byType["130"] + byType["42"]

	sink, r, _ := replayAll(t, replayOf(captureFile, nil))
	stats := &r.Pipeline.Stats
	require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Filtered.Load()+stats.Aggregated.Load())
	require.Positive(t, stats.Filtered.Load())
	require.Positive(t, stats.Aggregated.Load())
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		require.NotContains(t, []string{"debug", "capture", "recorder"}, kit.Text(lr, "cilium.event.type"))
		require.NotContains(t, kit.Text(lr, "cilium.trace.observation_point"), "from-", "level maximum includes low: only what is sent")
	})

	_, r, _ = replayAll(t, replayOf(captureFile, func(c *Config) { c.EnabledEvents = nil }))
	require.Equal(t, int64(always), r.Pipeline.Stats.Emitted.Load(), "drops, and events that belong to no kind, cannot be disabled")

	_, r, _ = replayAll(t, replayOf(captureFile, func(c *Config) { c.EnabledEvents, c.MonitorAggregationLevel = []string{"trace"}, "none" }))
	require.Equal(t, int64(always+byType["4"]+byType["7"]), r.Pipeline.Stats.Emitted.Load())
}

func TestEveryEventOfTheCaptureIsInExactlyOneRecord(t *testing.T) {
	for _, level := range []string{"none", "low", "medium", "maximum"} {
		sink, r, _ := replayAll(t, replayOf(captureFile, func(c *Config) { everything(c); c.MonitorAggregationLevel = level }))
		stats := &r.Pipeline.Stats
		require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Filtered.Load()+stats.Aggregated.Load())
		require.Equal(t, level == "medium" || level == "maximum", stats.Aggregated.Load() > 0, "%s: %s", level, stats)
		require.Equal(t, level != "none", stats.Filtered.Load() > 0, "%s: %s", level, stats)
		var events, merged int64
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			n := number(lr, "EventCount")
			events += n
			if n == 1 {
				return
			}
			merged++
			require.Equal(t, "trace", kit.Text(lr, "cilium.event.type"))
			require.Equal(t, n, number(lr, "NetworkPackets"))
			require.LessOrEqual(t, kit.Text(lr, "EventStartTime"), kit.Text(lr, "EventEndTime"))
		})
		require.Equal(t, stats.Received.Load(), events+stats.Filtered.Load(), "%s: the counts in the records are the events", level)
		t.Logf("%s: %s; %d records stand for several", level, stats, merged)
	}
}

func TestFiltersAreHubblesAllowAndDenyLists(t *testing.T) {
	sink, r, _ := replayAll(t, replayOf(captureFile, func(c *Config) {
		everything(c)
		c.Filters.Allow = []filter.Rule{{"verdict": {"DROPPED"}, "protocol": {"tcp"}}, {"event_type": {"debug"}}}
		c.Filters.Deny = []filter.Rule{{"drop_reason_desc": {"POLICY_DENIED"}}}
	}))
	seen := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		typ := kit.Text(lr, "cilium.event.type")
		seen[typ]++
		if typ != "debug" {
			require.Equal(t, "DROPPED", kit.Text(lr, "cilium.verdict"))
			require.Equal(t, "TCP", kit.Text(lr, "NetworkProtocol"))
			require.NotEqual(t, "POLICY_DENIED", kit.Text(lr, "cilium.drop_reason"))
		}
	})
	_, byType := generated(t)
	require.Equal(t, byType["2"], seen["debug"])
	require.Positive(t, seen["drop"])
	stats := &r.Pipeline.Stats
	require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Filtered.Load())
}

func TestAReplayAgainReportsEveryConnectionAgain(t *testing.T) {
	_, once, _ := replayAll(t, replayOf(captureFile, nil))
	_, twice, _ := replayAll(t, replayOf(captureFile, func(c *Config) { c.Replay.Repeat = 2 }))
	require.Equal(t, 2*once.Pipeline.Stats.Emitted.Load(), twice.Pipeline.Stats.Emitted.Load())
}

// handled makes a handler with the given settings. It returns a function that handles a record of the map at a time
// after the start, and one that writes what is due, or everything.
func handled(t *testing.T, change func(*Config)) (handle func(events.Record, time.Duration) pipeline.Outcome, release func(all bool), records plog.LogRecordSlice) {
	cfg := replayOf("x", change)
	s, err := cfg.read()
	require.NoError(t, err)
	h := newHandler(s, networklog.Device{}, "")
	records = h.Begin(plog.NewLogs())
	start := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	release = func(all bool) {
		for h.Due() || all && h.Held() > 0 {
			h.Release(records, !all)
		}
	}
	handle = func(r events.Record, after time.Duration) pipeline.Outcome {
		r.Time = start.Add(after).UnixNano()
		release(false)
		return h.Handle(pipeline.Event{Received: r.Time, Data: append(r.AppendHead(nil), r.Data...)}, records)
	}
	return handle, release, records
}

// Checks the README's example row by row, as with a live source.
func TestTheReadmesExampleIsTrue(t *testing.T) {
	readme := kit.Section(t, "README.md", "### Enabled events and aggregation")
	rows := regexp.MustCompile(`(?m)^\| (\d+\.\d) \| ([A-Z, ]*) ?\| ([^|]+) \| (\d*) ?\| (\d*) ?\|$`).FindAllStringSubmatch(readme, -1)
	require.Len(t, rows, 7)
	text := regexp.MustCompile(`six packets, of ([0-9, and]+) bytes`).FindStringSubmatch(readme)[1]
	sizes := regexp.MustCompile(`\d+`).FindAllString(text, -1)
	require.Len(t, sizes, 6)

	cfg := createDefaultConfig().(*Config)
	settings, err := cfg.read()
	require.NoError(t, err)
	h := newHandler(settings, networklog.Device{}, "")
	records := h.Begin(plog.NewLogs())
	start := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	last := start.UnixNano()
	until := func(at int64) { // no packet comes until then
		h.Silence(time.Duration(at - last))
		last = at
	}
	requireOver := func(at int64) {
		until(at - 1)
		require.False(t, h.Due())
		until(at)
		require.True(t, h.Due())
		h.Release(records, true)
	}
	requireRecord := func(row []string) {
		last := records.At(records.Len() - 1)
		require.Equal(t, row[4], strconv.FormatInt(number(last, "EventCount"), 10), row[0])
		require.Equal(t, row[5], strconv.FormatInt(number(last, "NetworkBytes"), 10), row[0])
	}
	flags := map[string]uint16{"SYN": mt.SYN, "ACK": mt.ACK, "PSH, ACK": mt.PSH | mt.ACK}
	outcomes := map[string]pipeline.Kind{"a record": pipeline.Emitted, "kept back": pipeline.Held, "counted as aggregated": pipeline.Aggregated}
	for _, row := range rows {
		seconds, err := strconv.ParseFloat(row[1], 64)
		require.NoError(t, err)
		at := start.Add(time.Duration(seconds * float64(time.Second))).UnixNano()
		if row[2] == "" { // the interval has ended
			requireOver(at)
			requireRecord(row)
			continue
		}
		size, err := strconv.Atoi(sizes[0])
		require.NoError(t, err)
		sizes = sizes[1:]
		a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
		c := mt.Capture{Source: 7, OrigLen: uint32(size), Packet: mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoTCP, mt.TCP(40000, 443, flags[strings.TrimSpace(row[2])], nil)))}
		until(at)
		r := events.Record{Time: at, CPU: -1, Data: mt.Trace{Capture: c, Version: 1, Point: 3}.Bytes()}
		outcome := h.Handle(pipeline.Event{Received: at, Data: append(r.AppendHead(nil), r.Data...)}, records)
		what, over, _ := strings.Cut(strings.Split(row[3], ":")[0], " until ")
		require.Equal(t, outcomes[what], outcome.Kind, row[0])
		switch {
		case over != "":
			seconds, err := strconv.ParseFloat(over, 64)
			require.NoError(t, err)
			at := start.Add(time.Duration(seconds * float64(time.Second))).UnixNano()
			requireOver(at)
			requireRecord(row)
		case row[4] != "":
			requireRecord(row)
		}
	}
	require.Empty(t, sizes)
	require.Zero(t, h.Held())
}

// The same in a replay.
func TestAConnectionIsReportedOnceAnInterval(t *testing.T) {
	handle, release, records := handled(t, nil)
	packet := func(flags uint16, size uint32, after time.Duration) pipeline.Outcome {
		a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
		c := mt.Capture{Source: 7, OrigLen: size, Packet: mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoTCP, mt.TCP(40000, 443, flags, nil)))}
		return handle(events.Record{CPU: -1, Data: mt.Trace{Capture: c, Version: 1, Point: 3}.Bytes()}, after)
	}
	require.Equal(t, pipeline.Outcome{Kind: pipeline.Emitted}, packet(mt.SYN, 60, 0))
	require.Equal(t, pipeline.Outcome{Kind: pipeline.Emitted}, packet(mt.ACK, 52, 100*time.Millisecond))
	require.Equal(t, pipeline.Outcome{Kind: pipeline.Emitted}, packet(mt.PSH|mt.ACK, 600, 200*time.Millisecond))
	require.Equal(t, pipeline.Outcome{Kind: pipeline.Held}, packet(mt.ACK, 52, 400*time.Millisecond))
	require.Equal(t, pipeline.Outcome{Kind: pipeline.Aggregated}, packet(mt.ACK, 52, 3*time.Second))
	require.Equal(t, pipeline.Outcome{Kind: pipeline.Emitted, Joined: 1}, packet(mt.ACK, 52, 7*time.Second))
	require.Equal(t, 4, records.Len())
	last := records.At(3)
	require.Equal(t, int64(3), number(last, "EventCount"))
	require.Equal(t, int64(3), number(last, "NetworkPackets"))
	require.Equal(t, int64(156), number(last, "NetworkBytes"))
	require.Equal(t, "2026-03-04T05:06:00.4000000Z", kit.Text(last, "EventStartTime"))
	require.Equal(t, "2026-03-04T05:06:07.0000000Z", kit.Text(last, "EventEndTime"))

	require.Equal(t, pipeline.Outcome{Kind: pipeline.Held}, packet(mt.ACK, 52, 8*time.Second))
	release(true)
	require.Equal(t, 5, records.Len())
	require.Equal(t, int64(1), number(records.At(4), "EventCount"))
	require.Equal(t, "2026-03-04T05:06:08.0000000Z", kit.Text(records.At(4), "EventStartTime"))
}

func TestLossesAreOneRecordAnIntervalAtAnyLevel(t *testing.T) {
	handle, release, records := handled(t, func(c *Config) { c.MonitorAggregationLevel = "none" })
	for i := range 1000 {
		outcome := handle(events.Record{CPU: 2, Lost: 3}, time.Duration(i)*7*time.Millisecond)
		require.Contains(t, []pipeline.Kind{pipeline.Held, pipeline.Aggregated}, outcome.Kind)
	}
	release(true)
	require.Equal(t, 2, records.Len())
	var lost int64
	for _, lr := range []plog.LogRecord{records.At(0), records.At(1)} {
		require.Equal(t, "lost", kit.Text(lr, "cilium.event.type"))
		require.Equal(t, "PERF_EVENT_RING_BUFFER", kit.Text(lr, "cilium.lost.source"))
		require.Equal(t, int64(2), number(lr, "cilium.cpu"))
		lost += number(lr, "cilium.lost.count")
	}
	require.Equal(t, int64(3000), lost)
}
