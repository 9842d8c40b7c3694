// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadatatest"
)

// copyTo copies a file into a directory.
func copyTo(t *testing.T, dir, name, from string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), raw, 0o600))
}

func TestABadFileOfAPatternHidesNoOtherAndMakesTheShutdownFail(t *testing.T) {
	dir := t.TempDir()
	copyTo(t, dir, "a.etl", serverFile)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "b.etl"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.etl"), []byte("no trace"), 0o600))
	copyTo(t, dir, "d.etl", serverFile)
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "e.etl"), raw[:len(raw)/2], 0o600))
	copyTo(t, dir, "f.etl", serverFile)
	events, _ := generated(t, serverFile)

	tel := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	r, logs := startReceiver(t, set, replayOf(filepath.Join(dir, "*.etl"), func(c *Config) { c.EnableFlags, c.EnableLevel = &everything, 5 }), consumertest.NewNop())
	<-r.Player.Done()
	require.GreaterOrEqual(t, r.Pipeline.Stats.Received.Load(), int64(3*events), "the whole files are read")
	metadatatest.AssertEqualReplayFilesUnread(t, tel, kit.Point(r.Receiver.ID, 3), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualReplayProgress(t, tel, []metricdata.DataPoint[float64]{{Value: 1, Attributes: kit.Attributes(r.Receiver.ID)}}, metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualReplayTimeLeft(t, tel, []metricdata.DataPoint[float64]{{Value: 0, Attributes: kit.Attributes(r.Receiver.ID)}}, metricdatatest.IgnoreTimestamp())

	err = r.Shutdown(context.Background())
	var unread *replay.UnreadError
	require.ErrorAs(t, err, &unread)
	require.Equal(t, 6, unread.Of)
	require.Len(t, unread.Files, 3)
	for i, name := range []string{"b.etl", "c.etl", "e.etl"} {
		require.Contains(t, unread.Files[i].String(), filepath.Join(dir, name))
		require.ErrorContains(t, err, filepath.Join(dir, name))
	}
	said := logs.FilterMessage("not every file could be read in full").All()
	require.Len(t, said, 1, "one line names all")
	require.Len(t, said[0].ContextMap()["unread"], 3)
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestAReplayThatARestartWouldRepeatIsLoggedIfTheCollectorGoesOn(t *testing.T) {
	const warning = "a restart of the collector reads every file again"
	_, _, logs := replayAll(t, replayOf(clientFile, nil))
	require.Len(t, logs.FilterMessageSnippet(warning).All(), 1)
	_, _, logs = replayAll(t, replayOf(clientFile, func(c *Config) { c.Replay.ExitWhenDone = true }))
	require.Empty(t, logs.FilterMessageSnippet(warning).All())
}

func TestTheCollectorEndsWhenEveryReplayWithExitWhenDoneIsDone(t *testing.T) {
	h := kit.NewEndedHost()
	set := receivertest.NewNopSettings(metadata.Type)
	start := func(change func(*Config)) *dnsReceiver {
		r, err := newReceiver(set, replayOf(clientFile, change), consumertest.NewNop())
		require.NoError(t, err)
		return r
	}
	job := func(c *Config) { c.Replay.ExitWhenDone = true }
	first, second := start(job), start(job)
	endless := start(func(c *Config) { c.Replay.Repeat = 0 })
	require.NoError(t, endless.Start(context.Background(), h))
	require.NoError(t, first.Start(context.Background(), h))
	<-first.Player.Done()
	require.Empty(t, h.Ended, "the second receiver has not even been started")
	require.NoError(t, second.Start(context.Background(), h))
	select {
	case e := <-h.Ended:
		require.ErrorContains(t, e.Err(), "this is no failure")
	case <-time.After(time.Minute):
		t.Fatal("the collector is not asked to end")
	}
	for _, r := range []*dnsReceiver{first, second, endless} {
		require.NoError(t, r.Shutdown(context.Background()))
	}
	require.Empty(t, h.Ended, "it is asked once")
}

// rawEventsOf returns the events of a file in wire form.
func rawEventsOf(t *testing.T, path string) (all [][]byte) {
	t.Helper()
	reader, err := etl.Open(path)
	require.NoError(t, err)
	defer reader.Close()
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, append([]byte(nil), raw...))
	}
}

// writeFile writes a file of one session.
func writeFile(t *testing.T, path string, events [][]byte, boot time.Time, chained bool) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	w, err := etl.Create(f, etl.Options{LoggerName: "dns", BootTime: boot})
	require.NoError(t, err)
	for _, raw := range events {
		require.NoError(t, w.Write(raw))
	}
	require.NoError(t, w.Close())
	if chained {
		const logFileMode = 72 + 32 + 32 // the buffer's header, the record's, and LogFileMode in TRACE_LOGFILE_HEADER
		_, err = f.WriteAt(binary.LittleEndian.AppendUint32(nil, 0x8), logFileMode)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
}

func TestEventsKeptBackAtTheEndOfAChainedFileGoOnInTheNext(t *testing.T) {
	events := rawEventsOf(t, serverFile)
	boot := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	// replayed replays the files dns_1.etl to dns_<n>.etl. It returns the counts of emitted and aggregated events, the
	// unanswered queries among them, and the device names.
	replayed := func(n int, boot time.Time, chained bool, change func(*Config)) (emitted, aggregated int64, failures int, devices map[string]bool) {
		dir := t.TempDir()
		for i := range n {
			part := events[len(events)*i/n : len(events)*(i+1)/n]
			writeFile(t, filepath.Join(dir, fmt.Sprintf("dns_%d.etl", i+1)), part, boot, chained)
		}
		devices = map[string]bool{}
		sink, r, _ := replayAll(t, replayOf(filepath.Join(dir, "*.etl"), func(c *Config) {
			c.EnableFlags, c.EnableLevel = &everything, 5
			change(c)
		}))
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			devices[kit.Text(lr, "Dvc")] = true
			if kit.Text(lr, "EventOriginalType") == "256" && kit.Text(lr, "EventResult") == "Failure" {
				failures++
			}
		})
		return r.Pipeline.Stats.Emitted.Load(), r.Pipeline.Stats.Aggregated.Load(), failures, devices
	}
	for name, change := range map[string]func(*Config){
		"correlate": func(c *Config) { c.Correlate = true },
		"aggregate": func(c *Config) { c.Aggregation.Window = time.Minute },
		"dedup":     func(c *Config) { c.Noise.EnableDeduplication, c.Noise.DeduplicationWindow = true, time.Minute },
	} {
		emitted, aggregated, failures, _ := replayed(1, boot, false, change)
		got, gotAggregated, gotFailures, devices := replayed(11, boot, true, change)
		require.Equal(t, []int64{emitted, aggregated, int64(failures)}, []int64{got, gotAggregated, int64(gotFailures)}, "%s: as if it were one file", name)
		require.Equal(t, map[string]bool{"dns_1": true}, devices, "%s: a device's name does not change in the middle of an exchange", name)

		apart, _, _, devices := replayed(11, time.Time{}, true, change)
		require.Greater(t, apart, emitted, "%s: nothing proves that the files are of one session", name)
		require.Len(t, devices, 11, name)
	}
}
