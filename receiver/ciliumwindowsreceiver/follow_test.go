// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// growing is a capture of a recording that is being written.
type growing struct {
	t    *testing.T
	path string
	of   recording.File
	file *os.File
	w    *capture.Writer
	from *capture.Reader
}

func grow(t *testing.T, path string) *growing {
	t.Helper()
	of, err := recording.New()
	require.NoError(t, err)
	from, err := capture.Open(captureFile)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, from.Close()) })
	w := &growing{t: t, path: path, of: of, from: from}
	w.begin()
	t.Cleanup(func() { require.NoError(t, w.file.Close()) })
	return w
}

func (w *growing) begin() {
	var err error
	w.of = w.of.Next()
	w.file, err = os.Create(w.path)
	require.NoError(w.t, err)
	w.w, err = capture.NewRecordingWriter(w.file, w.of)
	require.NoError(w.t, err)
	require.NoError(w.t, w.w.Flush())
}

func (w *growing) write(n int) {
	for range n {
		record, err := w.from.Next()
		require.NoError(w.t, err)
		require.NoError(w.t, w.w.Write(record))
	}
	require.NoError(w.t, w.w.Flush())
}

// rotate renames the file as record does, and begins the next.
func (w *growing) rotate() {
	require.NoError(w.t, w.file.Close())
	require.NoError(w.t, os.Rename(w.path, strings.TrimSuffix(w.path, ".pcapng")+".1.pcapng"))
	w.begin()
}

// follow follows a capture until a number of records have come, and ends by a stop or as by kill -9. It returns all records that came.
func follow(t *testing.T, path string, kept *kit.Storage, want int, kill bool) (records int, after *kit.Storage, logs *observer.ObservedLogs) {
	t.Helper()
	sink, logs, stop := followOn(t, path, kept)
	require.Eventually(t, func() bool { return sink.LogRecordCount() >= want && (!kill || kept.Writes() > 0) }, 20*time.Second, time.Millisecond,
		"records are missing, of %d", want)
	if kill {
		kept.Freeze()
	}
	stop()
	require.Empty(t, logs.FilterLevelExact(zap.ErrorLevel).All())
	return sink.LogRecordCount(), kept.Clone(), logs
}

// followOn follows a capture, with a storage if there is one, until it is stopped.
func followOn(t *testing.T, path string, kept *kit.Storage) (sink *consumertest.LogsSink, logs *observer.ObservedLogs, stop func()) {
	t.Helper()
	cfg := replayOf(path, everything)
	cfg.Replay.Follow, cfg.NodeName = true, "node"
	host := componenttest.NewNopHost()
	if kept != nil {
		cfg.Storage, host = kit.StorageID.String(), kept.Host()
	}
	cfg.Batch.FlushInterval = 10 * time.Millisecond
	require.NoError(t, cfg.Validate())
	sink = &consumertest.LogsSink{}
	core, logs := observer.New(zap.DebugLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	r, err := newReceiver(set, cfg, sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), host))
	return sink, logs, func() { require.NoError(t, r.Shutdown(context.Background())) }
}

// missingIn returns how often a file was said to be missing.
func missingIn(logs *observer.ObservedLogs) int {
	return logs.FilterField(zap.String("reason", checkpoint.Missing)).Len()
}

func TestACaptureThatWasRotatedWhileItsFollowerWasStoppedIsReadToItsEnd(t *testing.T) {
	for name, kill := range map[string]bool{"stopped": false, "killed": true} {
		w := grow(t, filepath.Join(t.TempDir(), "cilium.pcapng"))
		w.write(50)
		_, kept, _ := follow(t, w.path, &kit.Storage{}, 50, kill)
		w.write(100)
		w.rotate()
		w.write(20)
		records, kept, logs := follow(t, w.path, kept, 120, false)
		if !kill {
			require.Equal(t, 120, records, name)
		}
		require.Zero(t, missingIn(logs), name)
		w.write(3)
		records, _, logs = follow(t, w.path, kept, 3, false)
		require.Equal(t, 3, records, name)
		require.Zero(t, missingIn(logs), name)
	}
}

func TestACaptureThatWasRotatedTwiceWhileItsFollowerWasStoppedIsSaidAndTheKeptPartsRead(t *testing.T) {
	for name, kill := range map[string]bool{"stopped": false, "killed": true} {
		w := grow(t, filepath.Join(t.TempDir(), "cilium.pcapng"))
		w.write(50)
		_, kept, _ := follow(t, w.path, &kit.Storage{}, 50, kill)
		w.write(10) // the recorder keeps two files: these are gone
		w.rotate()
		w.write(40)
		w.rotate()
		w.write(20)
		records, kept, logs := follow(t, w.path, kept, 60, false)
		require.Equal(t, 60, records, name)
		require.Equal(t, 1, missingIn(logs), name)
		w.write(3)
		records, _, logs = follow(t, w.path, kept, 3, false)
		require.Equal(t, 3, records, name)
		require.Zero(t, missingIn(logs), "%s: it is said once", name)
	}
}

func TestCapturesThatAreReplacedBetweenTwoLooksAreSaidAndCounted(t *testing.T) {
	w := grow(t, filepath.Join(t.TempDir(), "cilium.pcapng"))
	w.write(50)
	sink, logs, stop := followOn(t, w.path, nil)
	await := func(n int) {
		require.Eventually(t, func() bool { return sink.LogRecordCount() >= n }, 20*time.Second, time.Millisecond, "records are missing, of %d", n)
	}
	await(50)
	w.of.Part += 3 // three captures came and went
	w.rotate()
	w.write(50)
	await(100)
	stop()
	missing := logs.FilterField(zap.String("reason", checkpoint.Missing)).All()
	require.Len(t, missing, 1)
	require.EqualValues(t, 3, missing[0].ContextMap()["files"])
}

func TestACaptureThatIsNotThereYetIsAwaited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cilium.pcapng")
	cfg := replayOf(path, everything)
	cfg.Replay.Follow = true
	sink := &consumertest.LogsSink{}
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, sink)
	require.Eventually(t, func() bool { return logs.FilterMessageSnippet("no file is there yet").Len() == 1 }, time.Minute, time.Millisecond)
	w := grow(t, path)
	w.write(10)
	require.Eventually(t, func() bool { return sink.LogRecordCount() >= 10 }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, 10, sink.LogRecordCount())
}

// A block that is not whole is unread until its rest comes, wherever it is in the file.
func TestABlockThatIsNotWholeIsUnreadUntilItsRestComes(t *testing.T) {
	raw, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	whole, _, _ := replayAll(t, replayOf(captureFile, everything))
	for name, cut := range map[string]int{"the last packet": len(raw) - 10, "the first packet": 0, "the section's header": 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if cut == 0 {
				cut = int(firstPacket(raw)) + 10
			}
			path := filepath.Join(t.TempDir(), "cilium.pcapng")
			require.NoError(t, os.WriteFile(path, raw[:cut], 0o600))
			sink, logs, stop := followOn(t, path, &kit.Storage{})
			require.Eventually(t, func() bool { return logs.FilterMessage("a file cannot be read in full").Len() == 1 }, time.Minute, time.Millisecond)
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.Write(raw[cut:])
			require.NoError(t, err)
			require.NoError(t, f.Close())
			require.Eventually(t, func() bool { return sink.LogRecordCount() == whole.LogRecordCount() }, time.Minute, time.Millisecond)
			require.Eventually(t, func() bool { return logs.FilterMessage("a file that could not be read can be read now").Len() == 1 }, time.Minute, time.Millisecond)
			stop()
		})
	}
}

// firstPacket returns the offset of the first enhanced packet block of a little-endian capture.
func firstPacket(raw []byte) (at uint32) {
	for binary.LittleEndian.Uint32(raw[at:]) != 6 {
		at += binary.LittleEndian.Uint32(raw[at+4:])
	}
	return at
}

func TestABlockThatIsNotWholeAtTheStopIsAnError(t *testing.T) {
	raw, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cilium.pcapng")
	require.NoError(t, os.WriteFile(path, raw[:len(raw)-10], 0o600))
	cfg := replayOf(path, everything)
	cfg.Replay.Follow = true
	sink := &consumertest.LogsSink{}
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, sink)
	require.Eventually(t, func() bool { return logs.FilterMessage("a file cannot be read in full").Len() == 1 }, time.Minute, time.Millisecond)
	require.ErrorContains(t, r.Shutdown(context.Background()), "bytes are not whole")
}
