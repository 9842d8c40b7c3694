// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package asimdnsreceiver

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadatatest"
)

// The tests of this file run the live receiver under Wine, with the stand-in for ETW. Those that call wine.Host also run on a real Windows with the
// role DNS Server: they write the events of a file themselves, and the server may write others. Those that call wine.Play need another manifest,
// calls that fail, buffers that are lost at will, or the file's own bytes.

const liveFile = "testdata/dnsserver.etl" // the same as serverFile, relative to the repository's root

func liveConfig(change func(*Config)) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.EnableFlags, cfg.EnableLevel = &everything, 5
	if change != nil {
		change(cfg)
	}
	return cfg
}

// statusHost is a host that keeps the status that components report.
type statusHost struct {
	component.Host
	reported chan *componentstatus.Event
}

func (h *statusHost) Report(e *componentstatus.Event) { h.reported <- e }

// requireRecords fails if the sink has other numbers of records than these by event id; on a real Windows, if it has fewer.
func requireRecords(t *testing.T, want map[string]int, sink *consumertest.LogsSink, service string) {
	t.Helper()
	got := map[string]int{}
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		if name, _ := rl.Resource().Attributes().Get("service.name"); name.Str() == service {
			got[kit.Text(lr, "EventOriginalType")]++
		}
	})
	if wine.Real() {
		for id, n := range want {
			require.GreaterOrEqual(t, got[id], n, "event %s", id)
		}
		return
	}
	require.Equal(t, want, got)
}

// times returns the numbers of n times the events.
func times(n int, byID map[string]int) map[string]int {
	all := map[string]int{}
	for id, one := range byID {
		all[id] = n * one
	}
	return all
}

func TestWineTheLiveReceiverMakesARecordOfEveryEvent(t *testing.T) {
	wine.Host(t)
	events, byID := generated(t, serverFile)
	sink := &consumertest.LogsSink{}
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(nil), sink)
	wine.Write(t, liveFile)
	require.Eventually(t, func() bool { return sink.LogRecordCount() >= events }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	requireRecords(t, byID, sink, "windows_dns_server") // including events whose id is in no manifest
}

func TestWineAStopFromOutsideIsReportedCountedAndMended(t *testing.T) {
	wine.Host(t)
	events, byID := generated(t, serverFile)
	tel := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	sink := &consumertest.LogsSink{}
	r, err := newReceiver(set, liveConfig(nil), sink)
	require.NoError(t, err)
	h := &statusHost{Host: componenttest.NewNopHost(), reported: make(chan *componentstatus.Event, 10)}
	require.NoError(t, r.Start(context.Background(), h))
	wine.Write(t, liveFile)
	require.Eventually(t, func() bool { return sink.LogRecordCount() >= events }, time.Minute, time.Millisecond)

	require.NoError(t, wine.Stop("ASIMDNSServerTrace"))
	stopped := <-h.reported
	require.Equal(t, componentstatus.StatusRecoverableError, stopped.Status())
	require.ErrorContains(t, stopped.Err(), "stopped from outside")
	require.Equal(t, componentstatus.StatusOK, (<-h.reported).Status())
	wine.Write(t, liveFile)
	require.Eventually(t, func() bool { return sink.LogRecordCount() >= 2*events }, time.Minute, time.Millisecond)
	metadatatest.AssertEqualSessionRestarts(t, tel, kit.Point(r.Receiver.ID, 1), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualSourceOpen(t, tel, kit.Point(r.Receiver.ID, 1), metricdatatest.IgnoreTimestamp())
	if !wine.Real() { // Windows may add buffers
		metadatatest.AssertEqualSessionBuffers(t, tel, kit.Point(r.Receiver.ID, 64), metricdatatest.IgnoreTimestamp())
	}
	require.NoError(t, r.Shutdown(context.Background()))
	requireRecords(t, times(2, byID), sink, "windows_dns_server")
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestWineLossesInTheKernelAreInTheMetricsAndTheSumHolds(t *testing.T) {
	wine.Play(t, liveFile)
	t.Setenv("WINDOWSTEST_REPEAT", "20")
	events, _ := generated(t, serverFile)
	path := filepath.Join(t.TempDir(), "recorded.etl")
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(func(c *Config) {
		c.Buffers = buffersConfig{SizeKB: 4, Minimum: 2, Maximum: 4, FlushInterval: time.Second}
		c.Record.Path = path
	}), consumertest.NewNop())
	stats := &r.Pipeline.Stats
	require.Eventually(t, func() bool {
		return stats.Received.Load()+r.losses()["etw_events"] == int64(20*events)
	}, time.Minute, 10*time.Millisecond)
	lost := r.losses()["etw_events"]
	require.Positive(t, lost)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Zero(t, stats.Pending(), "%s", stats)
	require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Filtered.Load()+stats.Undecodable.Total()+stats.Dropped.Total())
	require.Len(t, rawEvents(t, path), int(stats.Received.Load()))
	reader, err := etl.Open(path)
	require.NoError(t, err)
	require.EqualValues(t, lost, reader.Header().EventsLost, "the recording says so too")
	require.NoError(t, reader.Close())
}

func TestWineBuffersThatTheKernelLosesAreInTheMetricsAndTheSumHolds(t *testing.T) {
	wine.Play(t, liveFile)
	t.Setenv("WINDOWSTEST_REPEAT", "4")
	t.Setenv("WINDOWSTEST_LOSE_BUFFERS", "4")
	t.Setenv("WINDOWSTEST_LOSE_FILE", "1")
	events, _ := generated(t, serverFile)
	tel := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	sink := &consumertest.LogsSink{}
	r, logs := startReceiver(t, set, liveConfig(func(c *Config) { c.Buffers.SizeKB = 64 }), sink)
	supervisor := r.supervisor.Load()
	var totals session.Totals
	require.Eventually(t, func() bool { // no more events within a flush interval
		before := totals
		totals = supervisor.Totals()
		return totals.RealTimeBuffersLost > 5 && totals == before && totals.FreeBuffers == totals.NumberOfBuffers
	}, time.Minute, 1500*time.Millisecond)
	lost := int64(totals.RealTimeBuffersLost)
	point := func(source string, n int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: n, Attributes: kit.Attributes(r.Receiver.ID, attribute.String("source", source))}
	}
	metadatatest.AssertEqualEventsLost(t, tel, []metricdata.DataPoint[int64]{
		point("etw_events", 0), point("etw_buffers", lost), point("etw_files", 1), point("etw_oversized", 0), point("etw_discarded", 0),
	}, metricdatatest.IgnoreTimestamp())
	require.NoError(t, r.Shutdown(context.Background()))
	stats := &r.Pipeline.Stats
	require.Zero(t, stats.Pending(), "%s", stats)
	require.EqualValues(t, stats.Emitted.Load(), sink.LogRecordCount())
	require.Less(t, stats.Received.Load(), int64(4*events), "the events of lost buffers never come")
	told := uint64(0)
	for _, entry := range logs.FilterMessageSnippet("raise buffers.maximum").All() {
		told += entry.ContextMap()["real_time_buffers_lost"].(uint64)
	}
	require.EqualValues(t, lost, told, "logged at the end, or at an earlier check")
	require.Equal(t, 1, logs.FilterMessageSnippet("lost the file").Len())
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestWineAPanicInTheDecoderLosesOnlyItsEvent(t *testing.T) {
	wine.Play(t, liveFile)
	events, byID := generated(t, serverFile)
	hostLists(t, "AdditionalInfo:utf16", "NewOnThisHost:utf16", 2) // the fields of 256 and 257
	core, logs := observer.New(zap.DebugLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	panics := 0
	// The decoder logs what it learns of this host's lists while it decodes the event. A logger that panics thus makes
	// the decoder panic.
	set.Logger = zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
		if strings.Contains(e.Message, "differs from the embedded one and is used") {
			panics++
			panic("the decoder broke")
		}
		return nil
	}))
	sink := &consumertest.LogsSink{}
	r, err := newReceiver(set, liveConfig(nil), sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), componenttest.NewNopHost()))
	stats := &r.Pipeline.Stats
	require.Eventually(t, func() bool { return stats.Emitted.Load()+stats.Undecodable.Total() == int64(events) }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, 2, panics, "the first 256 and the first 257")
	require.Equal(t, map[string]int64{pipeline.UndecodablePanic: 2}, stats.Undecodable.Snapshot())
	got := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { got[kit.Text(lr, "EventOriginalType")]++ })
	want := maps.Clone(byID)
	want["256"]--
	want["257"]--
	require.Equal(t, want, got, "all others are records, including those of the same ids")
	said := logs.FilterMessageSnippet("handling an event panicked").All()
	require.Len(t, said, 1, "said once")
	require.Contains(t, fmt.Sprint(said[0].ContextMap()["stack"]), "dns.(*Decoder).Decode")
}

func TestWineABlockedConsumerDoesNotHoldUpTheShutdown(t *testing.T) {
	wine.Host(t)
	in := make(chan struct{}, 1000)
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		in <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	require.NoError(t, err)
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(func(c *Config) { c.Queue.MaxSizeMiB = 1 }), next)
	wine.Write(t, liveFile)
	<-in
	stats := &r.Pipeline.Stats
	require.Eventually(t, func() bool { wine.Write(t, liveFile); return stats.Dropped.Total() > 0 }, time.Minute, time.Millisecond, "the queue is full")
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = r.Shutdown(ctx)
	require.Less(t, time.Since(began), 5*time.Second)
	require.Zero(t, stats.Pending(), "%s", stats)
	require.ErrorIs(t, wine.Stop("ASIMDNSServerTrace"), windows.ERROR_WMI_INSTANCE_NOT_FOUND, "no session is left")
}

func TestWineAFailedStartLeavesNothingBehind(t *testing.T) {
	wine.Play(t, liveFile)
	t.Setenv("WINDOWSTEST_FAIL", "OpenTraceW=5")
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), liveConfig(nil), consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorIs(t, r.Start(context.Background(), componenttest.NewNopHost()), windows.ERROR_ACCESS_DENIED)
	require.NoError(t, r.Shutdown(context.Background()))
	require.ErrorIs(t, wine.Stop("ASIMDNSServerTrace"), windows.ERROR_WMI_INSTANCE_NOT_FOUND)
}

func TestWineTwoReceiversOfOneSessionAreAnError(t *testing.T) {
	wine.Host(t)
	first, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(nil), consumertest.NewNop())
	second, err := newReceiver(receivertest.NewNopSettings(metadata.Type), liveConfig(nil), consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, second.Start(context.Background(), componenttest.NewNopHost()), "give each its own session_name")
	require.NoError(t, second.Shutdown(context.Background()))
	require.NoError(t, first.Shutdown(context.Background()))
}

func TestWineBothProvidersShareASession(t *testing.T) {
	wine.Play(t, liveFile, "testdata/dnsclient.etl")
	server, _ := generated(t, serverFile)
	client, _ := generated(t, clientFile)
	sink := &consumertest.LogsSink{}
	path := filepath.Join(t.TempDir(), "both.etl")
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(func(c *Config) {
		c.ProviderConfig = ProviderConfig{}
		c.Providers = replayBoth("", nil).Providers
		c.Record.Path = path
	}), sink)
	require.Eventually(t, func() bool { return sink.LogRecordCount() == server+client }, time.Minute, time.Millisecond)
	require.NoError(t, wine.Stop("ASIMDNSTrace"), "the one session")
	require.Eventually(t, func() bool { return sink.LogRecordCount() == 2*(server+client) }, time.Minute, time.Millisecond, "both come again")
	require.NoError(t, r.Shutdown(context.Background()))
	got := byService(t, sink)
	require.Len(t, got["windows_dns_server"], 2*server)
	require.Len(t, got["windows_dns_client"], 2*client)
	played := append(rawEvents(t, serverFile), rawEvents(t, clientFile)...)
	require.Equal(t, append(played, played...), rawEvents(t, path))
}

func TestWineTheRecordingIsCompleteThoughTheConsumerIsBlocked(t *testing.T) {
	wine.Play(t, liveFile)
	events, _ := generated(t, serverFile)
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		<-ctx.Done()
		return ctx.Err()
	})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "recorded.etl")
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(func(c *Config) { c.Queue.MaxSizeMiB, c.Record.Path = 1, path }), next)
	stats, recorded := &r.Pipeline.Stats, &r.Pipeline.Record.Stats.Recorded
	require.Eventually(t, func() bool { return recorded.Load() == int64(events) }, time.Minute, time.Millisecond, "a queue has room for the file")
	require.NoError(t, wine.Stop("ASIMDNSServerTrace"), "the next session plays it again")
	require.Eventually(t, func() bool { return recorded.Load() == int64(2*events) }, time.Minute, time.Millisecond)
	require.Positive(t, stats.Dropped.Total(), "the receiver's queue has room for it only once")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	require.NoError(t, r.Shutdown(ctx))
	played := rawEvents(t, serverFile)
	require.Equal(t, slices.Concat(played, played), rawEvents(t, path))
	require.Zero(t, stats.Pending(), "%s", stats)
}

func TestWineTwoReceiversRunSideBySide(t *testing.T) {
	wine.Host(t)
	server, serverIDs := generated(t, serverFile)
	client, clientIDs := generated(t, clientFile)
	var sinks [2]consumertest.LogsSink
	first, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(nil), &sinks[0])
	second, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(func(c *Config) { c.ProviderGUID = clientGUID }), &sinks[1])
	wine.Write(t, liveFile, "testdata/dnsclient.etl") // each session takes the events that it has enabled
	require.Eventually(t, func() bool { return sinks[0].LogRecordCount() >= server && sinks[1].LogRecordCount() >= client }, time.Minute, time.Millisecond)
	require.NoError(t, first.Shutdown(context.Background()))
	require.NoError(t, wine.Stop("ASIMDNSClientTrace"), "the other one runs on")
	require.Eventually(t, func() bool { return second.supervisor.Load().Totals().Restarts == 1 }, time.Minute, time.Millisecond)
	wine.Write(t, "testdata/dnsclient.etl")
	require.Eventually(t, func() bool { return sinks[1].LogRecordCount() >= 2*client }, time.Minute, time.Millisecond)
	require.NoError(t, second.Shutdown(context.Background()))
	requireRecords(t, serverIDs, &sinks[0], "windows_dns_server")
	requireRecords(t, map[string]int{}, &sinks[0], "windows_dns_client")
	requireRecords(t, times(2, clientIDs), &sinks[1], "windows_dns_client")
}

func TestWineEventsThatNoSchemaDescribesBecomeRecords(t *testing.T) {
	wine.Play(t, liveFile)
	events, byID := generated(t, serverFile)
	hostLists(t, "event 258 ", "event 60258 ", -1) // this host does not know 258, and nobody knows 299
	require.Positive(t, byID["299"])
	sink := &consumertest.LogsSink{}
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(nil), sink)
	require.Eventually(t, func() bool { return sink.LogRecordCount() == events }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	raw, named := 0, 0
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		switch kit.Text(lr, "EventOriginalType") {
		case "299":
			fields, _ := lr.Attributes().Get("AdditionalFields")
			if data, ok := fields.Map().Get("UserData"); ok && data.Str() != "" {
				raw++
			}
		case "258":
			if kit.Text(lr, "DnsQuery") != "" {
				named++
			}
		}
	})
	require.Equal(t, byID["299"], raw, "with all of its data")
	require.Equal(t, byID["258"], named, "decoded with the embedded list")
	require.Zero(t, r.Pipeline.Stats.Undecodable.Total())
	require.Zero(t, logs.FilterLevelExact(zap.ErrorLevel).Len())
}

// hostLists makes this host's manifest of the DNS Server the embedded one with one change.
func hostLists(t *testing.T, old, changed string, times int) {
	t.Helper()
	embedded, err := os.ReadFile("../../internal/dns/dnsserver.txt")
	require.NoError(t, err)
	lists := strings.Replace(string(embedded), old, changed, times)
	require.NotEqual(t, string(embedded), lists)
	path := filepath.Join(t.TempDir(), "lists.txt")
	require.NoError(t, os.WriteFile(path, []byte(lists), 0o600))
	t.Setenv("WINDOWSTEST_SCHEMA", path)
}

func TestWineTheFieldListsOfTheHostWin(t *testing.T) {
	wine.Play(t, liveFile)
	events, byID := generated(t, serverFile)
	hostLists(t, "AdditionalInfo:utf16", "NewOnThisHost:utf16", 2) // the fields of 256 and 257

	sink := &consumertest.LogsSink{}
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(nil), sink)
	require.Eventually(t, func() bool { return sink.LogRecordCount() == events }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	renamed := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		id, _ := lr.Attributes().Get("EventOriginalType")
		if fields, ok := lr.Attributes().Get("AdditionalFields"); ok {
			if _, ok := fields.Map().Get("NewOnThisHost"); ok {
				renamed[id.Str()]++
			}
		}
	})
	require.Positive(t, renamed["256"])
	require.LessOrEqual(t, renamed["256"], byID["256"])
	require.Equal(t, 2, logs.FilterMessageSnippet("differs from the embedded one and is used").Len(), "once an id")
}

func TestWineAPropertyThatCannotBeDescribedLeavesTheEmbeddedList(t *testing.T) {
	wine.Play(t, liveFile)
	events, _ := generated(t, serverFile)
	hostLists(t, "Reason:utf16", "Reason:sid", 1) // the field of 258
	sink := &consumertest.LogsSink{}
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(nil), sink)
	require.Eventually(t, func() bool { return sink.LogRecordCount() == events }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	told := logs.FilterMessageSnippet("does not describe the event's fields; the embedded list is used").All()
	require.Len(t, told, 1)
	require.EqualValues(t, 258, told[0].ContextMap()["event_id"])
	require.Less(t, r.handler.unknown.Load(), int64(10), "the file has few events that fit no list")
}

func TestWineTheEmbeddedFieldListsAreThoseOfTheHost(t *testing.T) {
	wine.Play(t, liveFile)
	events, _ := generated(t, serverFile)
	sink := &consumertest.LogsSink{}
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(nil), sink)
	require.Eventually(t, func() bool { return sink.LogRecordCount() == events }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Zero(t, logs.FilterMessageSnippet("differs from the embedded one").Len())
	require.Zero(t, logs.FilterMessageSnippet("does not describe the event's fields").Len())
}
