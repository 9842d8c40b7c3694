// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadatatest"
)

// rawEvents reads a file's events.
func rawEvents(t *testing.T, path string) []string {
	t.Helper()
	reader, err := etl.Open(path)
	require.NoError(t, err)
	defer reader.Close()
	var all []string
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			require.True(t, reader.Stats().Complete(), "%s", reader.Stats())
			return all
		}
		require.NoError(t, err)
		all = append(all, string(raw))
	}
}

func TestARecordedFileHoldsTheEventsByteForByte(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		path := filepath.Join(t.TempDir(), "recorded.etl")
		replayAll(t, replayOf(file, func(c *Config) { c.EnableLevel, c.Record.Path = 1, path }))
		require.Equal(t, rawEvents(t, file), rawEvents(t, path), "including those that are filtered")
	}
}

func TestTheReplayOfARecordingGivesTheRecordsOfItsReplay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dnsserver.etl")
	want, _, _ := replayAll(t, replayOf(serverFile, func(c *Config) { c.Record.Path = path }))
	got, _, _ := replayAll(t, replayOf(path, nil))
	attributes := func(sink *consumertest.LogsSink) (all []map[string]any) {
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			all = append(all, lr.Attributes().AsRaw())
		})
		return all
	}
	require.Equal(t, attributes(want), attributes(got))
}

func TestTheRecordingOfACollectorThatWasKilledHasItsEvents(t *testing.T) {
	dir := t.TempDir()
	path, left := filepath.Join(dir, "recorded.etl"), filepath.Join(dir, "left.etl")
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), replayOf(serverFile, func(c *Config) { c.Record.Path = path }), consumertest.NewNop())
	<-r.Player.Done()
	require.Eventually(t, func() bool {
		return r.Pipeline.Record.Stats.Recorded.Load() == r.Pipeline.Record.Stats.Received.Load()
	}, time.Minute, time.Millisecond, "including the last, half-filled buffer")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(left, raw, 0o600))
	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, rawEvents(t, serverFile), rawEvents(t, left))
	require.Equal(t, rawEvents(t, serverFile), rawEvents(t, path))
}

func TestTheHeaderOfARecordingSaysWhatIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recorded.etl")
	header := func() etl.Header {
		reader, err := etl.Open(path)
		require.NoError(t, err)
		defer reader.Close()
		return reader.Header()
	}
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), replayOf(serverFile, func(c *Config) { c.Record.Path = path }), consumertest.NewNop())
	<-r.Player.Done()
	r.Pipeline.Record.Stats.Lost.Add(queue.Full, 4)
	require.NoError(t, r.Shutdown(context.Background()))
	require.EqualValues(t, 4, header().EventsLost)

	replayAll(t, replayOf(clientFile, func(c *Config) { c.Record.Path = path }))
	require.EqualValues(t, 3, header().EventsLost, "what the replayed file had lost")
}

func TestARecordingSaysWhichWindowsItsEventsAreOf(t *testing.T) {
	versionOf := func(path string) string {
		reader, err := etl.Open(path)
		require.NoError(t, err)
		defer reader.Close()
		return reader.Header().OS.String()
	}
	dir := t.TempDir()
	var versions []string
	for _, file := range []string{serverFile, clientFile} {
		path := filepath.Join(dir, "recorded.etl")
		replayAll(t, replayOf(file, func(c *Config) { c.Record.Path = path }))
		require.Equal(t, versionOf(file), versionOf(path))
		versions = append(versions, versionOf(file))

		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "of-"+filepath.Base(file)), raw, 0o600))
	}
	require.NotEqual(t, versions[0], versions[1])
	path := filepath.Join(dir, "recorded.etl")
	replayAll(t, replayOf(filepath.Join(dir, "of-*.etl"), func(c *Config) { c.Record.Path = path }))
	require.Empty(t, versionOf(path), "the files are of different versions")
	sink, _, _ := replayAll(t, replayOf(path, nil))
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		_, has := lr.Attributes().Get("DvcOsVersion")
		require.False(t, has)
	})
}

func TestAFileIsNotRecordedToItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dnsserver.etl")
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), replayOf(path, func(c *Config) { c.Record.Path = path }), consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(context.Background(), componenttest.NewNopHost()), "is replayed and would be overwritten")
	require.NoError(t, r.Shutdown(context.Background()))
	require.Len(t, rawEvents(t, path), kit.Generated(t, serverFile).Events)
}

func TestARecordingAmongTheFilesOfItsReplayIsRefused(t *testing.T) {
	kit.RequireRecordingNotReplayed(t, "etl", func(replayed, recorded string) error {
		cfg := createDefaultConfig().(*Config)
		cfg.Replay.Path, cfg.Replay.Follow, cfg.Record.Path = replay.Paths{replayed}, true, recorded
		return cfg.Validate()
	})
}

func TestARecordThatCannotBeMadeFailsTheStart(t *testing.T) {
	cfg := replayOf(serverFile, func(c *Config) { c.Record.Path = filepath.Join(t.TempDir(), "no", "dir.etl") })
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(context.Background(), componenttest.NewNopHost()), "record.path")
	require.NoError(t, r.Shutdown(context.Background()))
}

func TestTelemetryGivesWhatIsRecorded(t *testing.T) {
	tel := componenttest.NewTelemetry()
	r, _ := startReceiver(t, metadatatest.NewSettings(tel), replayOf(serverFile, func(c *Config) { c.Record.Path = filepath.Join(t.TempDir(), "x.etl") }), consumertest.NewNop())
	<-r.Player.Done()
	require.NoError(t, r.Pipeline.Record.Close(context.Background(), 0))
	r.Pipeline.Record.Stats.Lost.Add(record.LostWrite, 7)
	metadatatest.AssertEqualEventsRecorded(t, tel, kit.Point(r.Receiver.ID, kit.Generated(t, serverFile).Events), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualEventsUnrecorded(t, tel, kit.Point(r.Receiver.ID, 7, attribute.String("reason", record.LostWrite)), metricdatatest.IgnoreTimestamp())
	r.Pipeline.Record = nil // the recording is closed
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
}
