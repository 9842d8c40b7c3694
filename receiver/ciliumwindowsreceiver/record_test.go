// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadatatest"
)

// rawRecords reads a capture's records.
func rawRecords(t *testing.T, path string) []events.Record {
	t.Helper()
	c, err := capture.Open(path)
	require.NoError(t, err)
	defer c.Close()
	var all []events.Record
	for {
		r, err := c.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		r.Data = slices.Clone(r.Data)
		all = append(all, r)
	}
}

// captureOf writes a capture.
func captureOf(t *testing.T, records ...events.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture.pcapng")
	file, err := os.Create(path)
	require.NoError(t, err)
	w, err := capture.NewWriter(file)
	require.NoError(t, err)
	for _, r := range records {
		require.NoError(t, w.Write(r))
	}
	require.NoError(t, errors.Join(w.Flush(), file.Close()))
	return path
}

func TestARecordedFileHoldsEveryRecordWithItsTimeProcessorAndLoss(t *testing.T) {
	odd := captureOf(t,
		events.Record{Time: 1, CPU: 3, Data: []byte{4}},
		events.Record{Time: math.MaxInt64, CPU: math.MaxInt32, Lost: 1 << 53},
		events.Record{CPU: events.UnknownCPU, Data: []byte("no time")},
		events.Record{Time: 5, CPU: 0, Data: make([]byte, 100_000)},
		events.Record{Time: 6, CPU: 0}, // an empty record
	)
	for _, file := range []string{captureFile, odd} {
		path := filepath.Join(t.TempDir(), "recorded.pcapng")
		_, r, _ := replayAll(t, replayOf(file, func(c *Config) { c.Record.Path = path }))
		want := rawRecords(t, file)
		require.NotEmpty(t, want)
		require.Equal(t, want, rawRecords(t, path), "including those that are filtered")
		require.Equal(t, int64(len(want)), r.Pipeline.Stats.Received.Load())
	}
}

func TestTheReplayOfARecordingGivesTheRecordsOfItsReplay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cilium_events.pcapng")
	want, _, _ := replayAll(t, replayOf(captureFile, func(c *Config) { c.Record.Path = path }))
	got, _, _ := replayAll(t, replayOf(path, nil))
	attributes := func(sink *consumertest.LogsSink) (all []map[string]any) {
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { all = append(all, lr.Attributes().AsRaw()) })
		return all
	}
	require.Equal(t, attributes(want), attributes(got))
}

// recorded records one connection's packets, a quarter of a millisecond apart, in files of 1 MiB, and returns the
// files.
func recorded(t *testing.T, path string, packets []events.Record) (files []string) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.Record.Path, cfg.Record.MaxSizeMiB = path, 1
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	recorder, err := r.OpenRecord(nil)
	require.NoError(t, err)
	for _, p := range packets {
		require.NoError(t, recorder.Put(context.Background(), p.Time, p.AppendHead(nil), p.Data))
	}
	require.NoError(t, recorder.Close(context.Background(), time.Minute))
	files, err = filepath.Glob(strings.TrimSuffix(path, ".pcapng") + "*.pcapng")
	require.NoError(t, err)
	return files
}

func TestTheTwoFilesOfARecordingAreReplayedAsOne(t *testing.T) {
	start := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	var packets []events.Record
	for i := range 8_000 { // 1.3 MiB, two seconds
		packets = append(packets, packet(2, start.Add(time.Duration(i)*time.Millisecond/4)))
	}
	records := func(files ...string) (all []map[string]any) {
		sink, _, _ := replayAll(t, replayOf(files[0], func(c *Config) { c.Replay.Path, c.NodeName = files, "node-1" }))
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { all = append(all, lr.Attributes().AsRaw()) })
		return all
	}
	want := records(captureOf(t, packets...))
	require.Len(t, want, 2, "one record for the first packet and one for the rest")

	path := filepath.Join(t.TempDir(), "cilium.pcapng")
	files := recorded(t, path, packets)
	require.Equal(t, []string{filepath.Join(filepath.Dir(path), "cilium.1.pcapng"), path}, files)
	require.Equal(t, want, records(files...))
	require.Greater(t, len(records(path, files[0])), len(want), "in another order they are two")

	earlier := filepath.Join(t.TempDir(), "earlier.pcapng") // of another run
	require.NoError(t, os.Rename(files[0], earlier))
	again := recorded(t, path, packets)
	require.Len(t, again, 2)
	require.Greater(t, len(records(earlier, path)), len(want), "the files of two runs are two recordings")

	// Earlier versions wrote files that do not name their recording.
	first, second := rawRecords(t, again[0]), rawRecords(t, again[1])
	require.Len(t, append(first, second...), len(packets))
	require.Greater(t, len(records(captureOf(t, first...), captureOf(t, second...))), len(want))
}

func TestNoFileContinuesOneThatBrokeOff(t *testing.T) {
	start := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	var packets []events.Record
	for i := range 8_000 {
		packets = append(packets, packet(2, start.Add(time.Duration(i)*time.Millisecond/4)))
	}
	files := recorded(t, filepath.Join(t.TempDir(), "cilium.pcapng"), packets)
	count := func() int {
		sink, _, _ := replayAll(t, replayOf(files[0], func(c *Config) { c.Replay.Path = files }))
		return sink.LogRecordCount()
	}
	whole := count()
	raw, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(files[0], raw[:len(raw)-5], 0o600))
	require.Equal(t, whole+2, count(), "open connections are written at the end of the first file, and the second file starts afresh")
}

func TestAFileIsNotRecordedToItself(t *testing.T) {
	path := writeCapture(t, []byte{1})
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), replayOf(path, func(c *Config) { c.Record.Path = path }), consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(context.Background(), componenttest.NewNopHost()), "is replayed and would be overwritten")
	require.NoError(t, r.Shutdown(context.Background()))
	require.Len(t, rawRecords(t, path), 1)
}

func TestEventsThatAreNotRecordedAreALossInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recorded.pcapng")
	core := receivertest.NewNopSettings(metadata.Type)
	r, err := newReceiver(core, replayOf(captureFile, func(c *Config) { c.Record.Path = path }), consumertest.NewNop())
	require.NoError(t, err)
	recorder, err := r.OpenRecord(nil)
	require.NoError(t, err)
	first := events.Record{Time: 7, CPU: 3, Data: []byte("first")}
	require.NoError(t, recorder.Put(context.Background(), 1, first.AppendHead(nil), first.Data))
	require.NoError(t, recorder.Put(context.Background(), 1, []byte("no head"), nil)) // no source delivers this
	require.NoError(t, recorder.Close(context.Background(), 0))
	require.Equal(t, []events.Record{first, {Time: 7, CPU: events.UnknownCPU, Lost: 1}}, rawRecords(t, path))
	require.Equal(t, int64(1), recorder.Stats.Lost.Total())
}

func TestTelemetryGivesWhatIsRecorded(t *testing.T) {
	tel := componenttest.NewTelemetry()
	r, _ := startReceiver(t, metadatatest.NewSettings(tel), replayOf(captureFile, func(c *Config) { c.Record.Path = filepath.Join(t.TempDir(), "x.pcapng") }), consumertest.NewNop())
	<-r.Player.Done()
	require.NoError(t, r.Pipeline.Record.Close(context.Background(), 0))
	r.Pipeline.Record.Stats.Lost.Add(queue.Full, 7)
	metadatatest.AssertEqualEventsRecorded(t, tel, kit.Point(r.Receiver.ID, r.Pipeline.Stats.Received.Load()), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualEventsUnrecorded(t, tel, kit.Point(r.Receiver.ID, 7, attribute.String("reason", queue.Full)), metricdatatest.IgnoreTimestamp())
	r.Pipeline.Record = nil // the recording is closed
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestARecordingAmongTheFilesOfItsReplayIsRefused(t *testing.T) {
	kit.RequireRecordingNotReplayed(t, "pcapng", func(replayed, recorded string) error {
		cfg := createDefaultConfig().(*Config)
		cfg.Replay.Path, cfg.Replay.Follow, cfg.Record.Path = replay.Paths{replayed}, true, recorded
		return cfg.Validate()
	})
}

func TestARecordThatCannotBeMadeFailsTheStart(t *testing.T) {
	cfg := replayOf(captureFile, func(c *Config) { c.Record.Path = filepath.Join(t.TempDir(), "no", "dir.pcapng") })
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(context.Background(), componenttest.NewNopHost()), "record.path")
	require.NoError(t, r.Shutdown(context.Background()))
}
