// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/goldenlogs"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadatatest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const captureFile = "../../testdata/cilium_events.pcapng"

// everything enables every event.
func everything(c *Config) {
	c.EnabledEvents = []string{"DROP", "TRACE", "POLICY_VERDICT", "DEBUG", "CAPTURE"}
	c.MonitorAggregationLevel = "none"
}

func replayOf(path string, change func(*Config)) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Replay.Path = replay.Paths{path}
	if change != nil {
		change(cfg)
	}
	return cfg
}

// startReceiver starts a receiver and returns it and its log.
func startReceiver(t *testing.T, set receiver.Settings, cfg *Config, next consumer.Logs) (*ciliumReceiver, *observer.ObservedLogs) {
	t.Helper()
	return startReceiverOn(t, componenttest.NewNopHost(), set, cfg, next)
}

// startReceiverOn starts a receiver on a host.
func startReceiverOn(t *testing.T, host component.Host, set receiver.Settings, cfg *Config, next consumer.Logs) (*ciliumReceiver, *observer.ObservedLogs) {
	t.Helper()
	return kit.Start(t, host, set, func(set receiver.Settings) (*ciliumReceiver, error) { return newReceiver(set, cfg, next) })
}

// replayAll replays a file to its end and returns the records, the receiver and its log. The log names what could not
// be read.
func replayAll(t *testing.T, cfg *Config) (*consumertest.LogsSink, *ciliumReceiver, *observer.ObservedLogs) {
	t.Helper()
	return replayAllOn(t, componenttest.NewNopHost(), cfg)
}

// replayAllOn is replayAll on a host.
func replayAllOn(t *testing.T, host component.Host, cfg *Config) (*consumertest.LogsSink, *ciliumReceiver, *observer.ObservedLogs) {
	t.Helper()
	sink := &consumertest.LogsSink{}
	r, logs := startReceiverOn(t, host, receivertest.NewNopSettings(metadata.Type), cfg, sink)
	kit.EndReplay(t, r, r.Player.Done(), &r.Pipeline.Stats, new(*replay.UnreadError), logs)
	return sink, r, logs
}

// generated returns the generator's counts for the capture.
func generated(t *testing.T) (events int, byType map[string]int) {
	t.Helper()
	c := kit.Generated(t, captureFile)
	return c.Events, c.ByID
}

func TestReplayEmitsEveryEventOfTheFile(t *testing.T) {
	sink, r, _ := replayAll(t, replayOf(captureFile, everything))
	count, byType := generated(t)
	require.Equal(t, int64(count), r.Pipeline.Stats.Received.Load())
	require.Equal(t, int64(count), r.Pipeline.Stats.Emitted.Load(), "%s", &r.Pipeline.Stats)
	got := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { got[kit.Text(lr, "cilium.event.type")]++ })
	require.Equal(t, map[string]int{
		"drop": byType["1"], "debug": byType["2"], "capture": byType["3"], "trace": byType["4"], "policy-verdict": byType["5"],
		"recorder": byType["6"], "trace-sock": byType["7"], "pktmon-drop": byType["100"], "l7": byType["129"], "agent": byType["130"],
		"unknown(42)": byType["42"],
	}, got)
}

func TestRecordsAreGolden(t *testing.T) {
	for _, body := range []string{"summary", "hubble_json"} {
		sink, _, _ := replayAll(t, replayOf(captureFile, func(c *Config) { everything(c); c.Body, c.NodeName = body, "node-1" }))
		got := kit.FirstOfEach(sink, func(lr plog.LogRecord) string {
			return kit.Text(lr, "cilium.event.type") + kit.Text(lr, "cilium.event.sub_type") + kit.Text(lr, "cilium.verdict")
		})
		path := filepath.Join("testdata", "golden", body+".yaml")
		goldenlogs.Require(t, path, *update, got)
	}
}

func TestTheDeviceOfAReplayIsTheFileUnlessTheNodeIsNamed(t *testing.T) {
	t.Setenv("NODE_NAME", "this-host")
	sink, _, _ := replayAll(t, replayOf(captureFile, nil))
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		require.Equal(t, "cilium_events", kit.Text(lr, "Dvc"))
		_, named := rl.Resource().Attributes().Get("k8s.node.name")
		require.False(t, named, "the host that replays is not the node")
	})
	sink, _, _ = replayAll(t, replayOf(captureFile, func(c *Config) { c.NodeName = "node-1" }))
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		require.Equal(t, "node-1", kit.Text(lr, "Dvc"))
		name, _ := rl.Resource().Attributes().Get("k8s.node.name")
		require.Equal(t, "node-1", name.Str())
	})
}

// writeCapture writes a capture of raw records, one a millisecond.
func writeCapture(t *testing.T, records ...[]byte) string {
	t.Helper()
	var all []events.Record
	for _, data := range records {
		all = append(all, events.Record{CPU: -1, Data: data})
	}
	return writeCaptureOf(t, all...)
}

// writeCaptureOf writes a capture of records. Records without a time are one millisecond apart.
func writeCaptureOf(t *testing.T, records ...events.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "node-7.pcapng")
	file, err := os.Create(path)
	require.NoError(t, err)
	w, err := capture.NewWriter(file)
	require.NoError(t, err)
	start := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	for i, r := range records {
		if r.Time == 0 {
			r.Time = start.Add(time.Duration(i) * time.Millisecond).UnixNano()
		}
		require.NoError(t, w.Write(r))
	}
	require.NoError(t, w.Flush())
	require.NoError(t, file.Close())
	return path
}

func TestRecordsThatCannotBeDecodedAreCountedByReason(t *testing.T) {
	whole := monitortest.Drop{Version: 2}.Bytes()
	newer := append([]byte(nil), whole...)
	newer[14] = 200 // the version, with fewer bytes than the newest known one has
	path := writeCapture(t, whole, whole[:30], []byte{byte(monitor.TypeDrop)}, nil, newer)
	sink, r, _ := replayAll(t, replayOf(path, nil))
	require.Equal(t, 1, sink.LogRecordCount())
	require.Equal(t, map[string]int64{"truncated": 2, "empty": 1, "version": 1}, r.Pipeline.Stats.Undecodable.Snapshot())
}

func TestTheTimeOfAReplayedEventIsTheCapturesOwn(t *testing.T) {
	sink, _, _ := replayAll(t, replayOf(writeCapture(t, monitortest.Drop{Version: 2}.Bytes(), monitortest.Drop{Version: 2}.Bytes()), nil))
	var at []time.Time
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { at = append(at, lr.Timestamp().AsTime()) })
	start := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	require.Equal(t, []time.Time{start, start.Add(time.Millisecond)}, at)
}

func TestAFileOfAnotherFormatFailsTheStartWithTheReason(t *testing.T) {
	kit.RequireFilesRefused(t, map[string]kit.RefusedFile{
		"empty.pcapng": {Want: "empty"},
		"image.png":    {Content: []byte("\x89PNG\r\n\x1a\n" + string(make([]byte, 200))), Want: "pcapng"},
		"classic.pcap": {Content: append([]byte{0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0}, make([]byte, 100)...), Want: "pcap"},
		"missing":      {Want: "no such file"},
	}, func(path string) (component.Component, error) {
		return newReceiver(receivertest.NewNopSettings(metadata.Type), replayOf(path, nil), consumertest.NewNop())
	})
}

func TestATruncatedFileGivesItsWholeEventsAndIsReported(t *testing.T) {
	raw, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cut.pcapng")
	require.NoError(t, os.WriteFile(path, raw[:len(raw)/2+1], 0o600))
	_, r, logs := replayAll(t, replayOf(path, everything))
	count, _ := generated(t)
	require.Positive(t, r.Pipeline.Stats.Emitted.Load())
	require.Less(t, r.Pipeline.Stats.Emitted.Load(), int64(count))
	require.Len(t, logs.FilterMessage("the file is damaged; damaged bytes were skipped").All(), 1)
	require.Len(t, logs.FilterMessage("not every file could be read in full").All(), 1)
}

func TestTelemetryGivesTheAccount(t *testing.T) {
	tel := componenttest.NewTelemetry()
	whole := monitortest.Drop{Version: 2}.Bytes()
	r, _ := startReceiver(t, metadatatest.NewSettings(tel), replayOf(writeCapture(t, whole, whole[:30], monitortest.Debug{}.Bytes()), nil), consumertest.NewNop())
	<-r.Player.Done()
	same := metricdatatest.IgnoreTimestamp()
	metadatatest.AssertEqualEventsReceived(t, tel, kit.Point(r.Receiver.ID, 3), same)
	metadatatest.AssertEqualEventsEmitted(t, tel, kit.Point(r.Receiver.ID, 1), same)
	metadatatest.AssertEqualEventsFiltered(t, tel, kit.Point(r.Receiver.ID, 1), same)
	metadatatest.AssertEqualEventsUndecodable(t, tel, kit.Point(r.Receiver.ID, 1, attribute.String("reason", "truncated")), same)
	metadatatest.AssertEqualEventsLost(t, tel, kit.Point(r.Receiver.ID, 0, attribute.String("source", "capture")), same)
	metadatatest.AssertEqualSourceOpen(t, tel, kit.Point(r.Receiver.ID, 1), same)
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestShutdownInTheMiddleOfAReplayEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, next, enough := kit.Until(5000)
		r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), replayOf(captureFile, func(c *Config) { c.Replay.Repeat, c.Queue.MaxSizeMiB = 0, 1 }), next)
		<-enough
		require.NoError(t, r.Shutdown(context.Background()))
		kit.RequireAllEmitted(t, &r.Pipeline.Stats, sink)
	})
}
