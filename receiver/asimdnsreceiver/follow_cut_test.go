// SPDX-License-Identifier: Apache-2.0

// Files that lack their end: the header of a finished file comes with the first bytes of its copy.

package asimdnsreceiver

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// copies are the ways in which a copy of a file of 15 buffers of 64 KiB is incomplete.
var copies = map[string]struct {
	make  func(raw []byte) []byte
	lacks string
}{
	"within a buffer":        {func(raw []byte) []byte { return raw[:8<<16+700] }, "the last 700 bytes are not whole, and 7 of the buffers that its header counts are missing at the end"},
	"at the end of a buffer": {func(raw []byte) []byte { return raw[:8<<16] }, "7 of the buffers that its header counts are missing at the end"},
	"with its space reserved": {func(raw []byte) []byte { return append(raw[:8<<16:8<<16], make([]byte, 7<<16)...) },
		"7 of the buffers that its header counts are missing at the end"},
	"only its first buffer": {func(raw []byte) []byte { return raw[:1<<16] }, "14 of the buffers that its header counts are missing at the end"},
}

// followCut follows an incomplete copy until it is named as unread, with the events before its end read.
func followCut(t *testing.T, name string, kept *kit.Storage) (path string, raw []byte, r *dnsReceiver, next *recordCounter, logs *observer.ObservedLogs) {
	t.Helper()
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	require.Len(t, raw, 15<<16)
	path = filepath.Join(t.TempDir(), "dns.etl")
	require.NoError(t, os.WriteFile(path, copies[name].make(raw), 0o600))
	next = newRecordCounter(t)
	r, logs = follow(t, path, kept, next, nil)
	require.Eventually(t, func() bool { return logs.FilterMessage("a file cannot be read in full").Len() == 1 }, time.Minute, 10*time.Millisecond)
	require.Equal(t, copies[name].lacks+": it is cut off, or its writer is not done; what comes is read", logs.FilterMessage("a file cannot be read in full").All()[0].ContextMap()["error"])
	require.EqualValues(t, 1, r.Player.Progress.Unread())
	require.Empty(t, logs.FilterMessageSnippet("is complete").All())
	return path, raw, r, next, logs
}

func TestACopyThatWasCutOffIsUnreadUntilItsRestIsThereAndDeletingItAtOnceLosesNothing(t *testing.T) {
	count, _ := generated(t, serverFile)
	for name, c := range copies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, raw, r, next, logs := followCut(t, name, &kit.Storage{})
			at := len(c.make(raw))
			if at == len(raw) {
				at = 8 << 16
			}
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteAt(raw[at:], int64(at))
			require.NoError(t, err)
			require.NoError(t, f.Close())
			require.NoError(t, os.Remove(path))
			next.wait(count)
			require.Eventually(t, func() bool { return logs.FilterMessage("a file that could not be read can be read now").Len() == 1 }, time.Minute, 10*time.Millisecond)
			require.NoError(t, r.Shutdown(context.Background()))
			require.Equal(t, count, next.n)
		})
	}
}

// eventsOf counts the events of the beginning of a file.
func eventsOf(t *testing.T, raw []byte) (n int) {
	t.Helper()
	r, err := etl.NewReader(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	for {
		if _, err := r.Next(); err != nil {
			require.ErrorIs(t, err, io.EOF)
			return n
		}
		n++
	}
}

// A copy that goes on slowly lacks less at each look.
func TestACopyThatGoesOnInPartsIsUnreadForWhatItLacksUntilItIsWhole(t *testing.T) {
	count, _ := generated(t, serverFile)
	for name, whole := range map[string]bool{"stopped before it is whole": false, "whole": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, raw, r, next, logs := followCut(t, "at the end of a buffer", &kit.Storage{})
			add := func(from, to int) {
				f, err := os.OpenFile(path, os.O_WRONLY, 0)
				require.NoError(t, err)
				_, err = f.WriteAt(raw[from:to], int64(from))
				require.NoError(t, err)
				require.NoError(t, f.Close())
			}
			add(8<<16, 11<<16)
			next.wait(eventsOf(t, raw[:11<<16])) // what is read was found by an earlier look
			if !whole {
				require.ErrorContains(t, r.Shutdown(context.Background()), "dns.etl: 4 of the buffers that its header counts are missing at the end")
				return
			}
			require.EqualValues(t, 1, r.Player.Progress.Unread())
			add(11<<16, 15<<16)
			require.Eventually(t, func() bool { return logs.FilterMessageSnippet("is complete").Len() == 1 }, time.Minute, 10*time.Millisecond)
			require.NoError(t, r.Shutdown(context.Background()))
			require.EqualValues(t, 0, r.Player.Progress.Unread())
			require.Equal(t, count, next.n)
			require.Len(t, logs.FilterMessage("a file that could not be read can be read now").All(), 1)
			require.Len(t, logs.FilterMessage("a file cannot be read in full").All(), 1)
		})
	}
}

func TestACopyThatWasCutOffIsMissingAfterAStopAndADeletion(t *testing.T) {
	kept := &kit.Storage{}
	path, _, r, next, _ := followCut(t, "within a buffer", kept)
	require.ErrorContains(t, r.Shutdown(context.Background()), copies["within a buffer"].lacks)
	require.Equal(t, 1239, next.n)
	require.NoError(t, os.Remove(path))
	r, logs := follow(t, path, kept.Clone(), next, nil)
	require.Eventually(t, func() bool { return problemsOf(logs, checkpoint.Missing) == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
}

func TestAReplayWithStorageNamesACopyThatWasCutOffAsUnreadEachTime(t *testing.T) {
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	for name, c := range copies {
		path := filepath.Join(t.TempDir(), "dns.etl")
		require.NoError(t, os.WriteFile(path, c.make(raw), 0o600))
		kept := &kit.Storage{}
		for run := range 2 {
			cfg := replayOf(path, small)
			cfg.Storage = kit.StorageID.String()
			core, _ := observer.New(zap.DebugLevel)
			set := receivertest.NewNopSettings(metadata.Type)
			set.Logger = zap.New(core)
			var next consumer.Logs = newRecordCounter(t)
			r, err := newReceiver(set, cfg, next)
			require.NoError(t, err)
			require.NoError(t, r.Start(context.Background(), kept.Host()))
			<-r.Player.Done()
			require.Error(t, r.Shutdown(context.Background()), "%s, run %d", name, run)
			require.EqualValues(t, 1, r.Player.Progress.Unread())
			kept = kept.Clone()
		}
	}
}

// Whether Windows always counts the buffers that a finished file has is not verified. A wrong count costs no event.
func TestAFileWhoseHeaderCountsOtherBuffersThanItHasGivesAllItsEvents(t *testing.T) {
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	count, _ := generated(t, serverFile)
	const written = 72 + 32 + 36 // the offset of BuffersWritten, behind the headers of the buffer and of the record
	require.EqualValues(t, 15, binary.LittleEndian.Uint32(raw[written:]))
	for _, c := range []struct {
		counted         uint32
		plain, followed string
	}{
		{16, "1 buffers missing at the end", "1 of the buffers that its header counts are missing at the end"},
		{14, "", ""},
	} {
		path := filepath.Join(t.TempDir(), "dns.etl")
		binary.LittleEndian.PutUint32(raw[written:], c.counted)
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		ended := func(r *dnsReceiver, next *recordCounter, want string) {
			if err := r.Shutdown(context.Background()); want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, want)
			}
			require.Equal(t, count, next.n)
		}
		next := newRecordCounter(t)
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), replayOf(path, small), next)
		require.NoError(t, err)
		require.NoError(t, r.Start(context.Background(), (&kit.Storage{}).Host()))
		<-r.Player.Done()
		ended(r, next, c.plain)

		next = newRecordCounter(t)
		r, logs := follow(t, path, nil, next, nil)
		said := "is complete"
		if c.followed != "" {
			said = "cannot be read in full"
		}
		next.wait(count)
		require.Eventually(t, func() bool { return logs.FilterMessageSnippet(said).Len() == 1 }, time.Minute, 10*time.Millisecond)
		ended(r, next, c.followed)
	}
}

// A damaged size in use costs its buffer, loudly, wherever the buffer is and however the file is read.
func TestABufferWithADamagedSizeInUseIsUnread(t *testing.T) {
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	count, _ := generated(t, serverFile)
	const header, last = 72, 14
	for buffer, lost := range map[int]int{1: 162, last: 91} {
		for _, size := range []uint32{0, header, 1<<32 - 1} {
			t.Run(fmt.Sprintf("buffer %d, %d bytes", buffer, size), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "dns.etl")
				damaged := append([]byte(nil), raw...)
				binary.LittleEndian.PutUint32(damaged[buffer<<16+4:], size)
				require.NoError(t, os.WriteFile(path, damaged, 0o600))
				for _, storage := range []string{"", kit.StorageID.String()} {
					cfg := replayOf(path, small)
					cfg.Storage = storage
					next := newRecordCounter(t)
					r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, next)
					require.NoError(t, err)
					require.NoError(t, r.Start(context.Background(), (&kit.Storage{}).Host()))
					<-r.Player.Done()
					require.ErrorContains(t, r.Shutdown(context.Background()), "1 damaged buffers", storage)
					require.Equal(t, count-lost, next.n)
				}
				next := newRecordCounter(t)
				r, logs := follow(t, path, &kit.Storage{}, next, nil)
				next.wait(count - lost)
				require.Eventually(t, func() bool { return logs.FilterMessageSnippet("is complete").Len() == 1 }, time.Minute, time.Millisecond)
				require.ErrorContains(t, r.Shutdown(context.Background()), "1 damaged buffers")
				require.Equal(t, count-lost, next.n)
			})
		}
	}
}

func TestACompletedFileOfWhichNothingCanBeReadIsUnreadAlsoWhenItIsFollowed(t *testing.T) {
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	for at := 1 << 16; at < len(raw); at += 1 << 16 {
		binary.LittleEndian.PutUint32(raw[at+4:], 1)
	}
	path := filepath.Join(t.TempDir(), "dns.etl")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	r, logs := follow(t, path, &kit.Storage{}, newRecordCounter(t), nil)
	require.Eventually(t, func() bool { return logs.FilterMessageSnippet("is complete").Len() == 1 }, time.Minute, time.Millisecond)
	require.ErrorContains(t, r.Shutdown(context.Background()), "0 events in 15 buffers, 14 damaged buffers")
}

// A completed file without an event is played between two parts of another file, whose records keep that file's name.
func TestAFileKeepsItsNameAfterAnEmptyOne(t *testing.T) {
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	dir, at := t.TempDir(), 8<<16
	path := filepath.Join(dir, "dns.etl")
	require.NoError(t, os.WriteFile(path, raw[:at], 0o600))
	sink := &consumertest.LogsSink{}
	r, logs := follow(t, filepath.Join(dir, "*.etl"), nil, sink, func(c *Config) { c.Device.Hostname = "" })
	before := eventsOf(t, raw[:at])
	require.Eventually(t, func() bool { return sink.LogRecordCount() == before }, time.Minute, 10*time.Millisecond)
	complete := func(n int) {
		require.Eventually(t, func() bool { return logs.FilterMessageSnippet("is complete").Len() == n }, time.Minute, 10*time.Millisecond)
	}

	var empty bytes.Buffer
	w, err := etl.Create(&empty, etl.Options{StartTime: traceBegun, EndTime: traceBegun})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty.etl"), empty.Bytes(), 0o600))
	complete(1)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(raw[at:], int64(at))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	complete(2)
	require.NoError(t, r.Shutdown(context.Background()))
	names := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { names[kit.Text(lr, "Dvc")]++ })
	require.Equal(t, map[string]int{"dns": eventsOf(t, raw)}, names)
}
