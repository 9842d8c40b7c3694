// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
)

// texts is a recorded file of a line an event.
type texts struct {
	to   record.Destination
	line []byte
}

func (w *texts) Write(ev queue.Event) error {
	w.line = append(append(w.line[:0], ev.Data...), '\n')
	_, err := w.to.Write(w.line)
	return err
}
func (*texts) Lost(int64) error { return nil }
func (*texts) Flush() error     { return nil }
func (*texts) Size() int64      { return 0 }
func (*texts) Close() error     { return nil }

// recording adds a recorder to a pipeline's settings.
func recording(t *testing.T, queueMiB int) (path string, change func(*Settings)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "events")
	recorder, err := record.Open(record.Settings{
		Config: record.Config{Path: path, MaxSizeMiB: 1}, QueueMiB: queueMiB, Logger: zap.NewNop(),
		Create: func(to record.Destination) (record.Writer, error) { return &texts{to: to}, nil },
	})
	require.NoError(t, err)
	return path, func(s *Settings) { s.Record = recorder }
}

func recorded(t *testing.T, path string) []string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

func TestTheRecordingIsCompleteThoughTheNextComponentIsBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, change := recording(t, 8)
		next := newBlocker()
		p := newPipeline(t, next, func(s *Settings) { s.Batch.MaxRecords = 1; change(s) })
		const offered = 5000 // 5 MB against a queue of 1 MiB
		var want []string
		for i := range offered {
			event := fmt.Sprintf("%01000d", i)
			want = append(want, event)
			p.Offer(1, []byte(event[:80]), []byte(event[80:]))
		}
		<-next.in
		require.Positive(t, p.Stats.Dropped.Snapshot()[DropQueueFull])
		ctx, cancel := context.WithTimeout(context.Background(), DrainTimeout/3) // the next component is blocked until the end
		defer cancel()
		require.NoError(t, p.Shutdown(ctx, noSource))
		requireBalanced(t, p, offered)
		require.Equal(t, want, recorded(t, path))
		require.Equal(t, int64(offered), p.Record.Stats.Recorded.Load())
		require.Zero(t, p.Record.Stats.Lost.Total())
	})
}

func TestAFileWaitsForTheRecorderToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, change := recording(t, 1)
		p := newPipeline(t, consumertest.NewNop(), func(s *Settings) { s.Queue.MaxSizeMiB = 64; change(s) })
		const events = 20_000 // 20 MB against a recorder's queue of 1 MiB
		var want []string
		for i := range events {
			event := fmt.Sprintf("%01000d", i)
			want = append(want, event)
			require.NoError(t, p.Put(context.Background(), 1, []byte(event), nil))
		}
		require.NoError(t, p.Put(context.Background(), 1, make([]byte, queue.MaxEventSize+1), nil))
		require.NoError(t, p.Shutdown(context.Background(), noSource))
		requireBalanced(t, p, events+1)
		require.Equal(t, want, recorded(t, path))
		require.Equal(t, map[string]int64{queue.TooLarge: 1}, p.Record.Stats.Lost.Snapshot())
	})
}

func TestOfferAllocatesNothingWhileItRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, change := recording(t, 8)
		next := newBlocker()
		p := newPipeline(t, next, func(s *Settings) { s.Batch.MaxRecords, s.Batch.FlushInterval = 1, minFlushInterval; change(s) })
		event := make([]byte, 300)
		p.Offer(1, event, nil)
		<-next.in // the worker is blocked: what is allocated from now on is not its own
		require.Zero(t, testing.AllocsPerRun(10_000, func() { p.Offer(1, event[:80], event[80:]) }), "also when the queue is full")
		require.Positive(t, p.Stats.Dropped.Snapshot()[DropQueueFull])
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, p.Shutdown(ctx, noSource))
	})
}
