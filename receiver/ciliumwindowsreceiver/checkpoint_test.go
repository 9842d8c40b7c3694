// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// replayKept replays with a storage. It ends as by kill -9 after a number of batches, else by a stop when the files have ended. after is what the
// storage has then.
func replayKept(t *testing.T, cfg *Config, kept *kit.Storage, batches int) (sink *consumertest.LogsSink, after *kit.Storage) {
	t.Helper()
	cfg.Storage = kit.StorageID.String()
	cfg.Batch.MaxRecords, cfg.Batch.FlushInterval, cfg.Queue.MaxSizeMiB = 20, 10*time.Millisecond, 1
	sink, next, killed := kept.KilledAfter(t, batches)
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), kept.Host()))
	kit.End(t, r, killed, r.Player.Done())
	return sink, kept.Clone()
}

func TestAKilledReplayGoesOnWhereItWasAndRepeatsAtMostABatchAKill(t *testing.T) {
	for _, workers := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) { testKilledReplay(t, workers) })
	}
}

// testKilledReplay kills a replay until it has come to its end. Several workers may be at different events, so more than a batch is repeated.
func testKilledReplay(t *testing.T, workers int) {
	config := func() *Config {
		cfg := replayOf(captureFile, everything)
		cfg.Workers = workers
		return cfg
	}
	whole, _, _ := replayAll(t, config())
	want := kit.UIDs(whole)
	r := rand.New(rand.NewPCG(3, 0))
	got, records, kills, kept := map[string]int{}, 0, 0, &kit.Storage{}
	for done := false; !done; {
		batches := workers * (1 + r.IntN(8))
		sink, after := replayKept(t, config(), kept, batches)
		kept = after
		for id, n := range kit.UIDs(sink) {
			got[id] += n
		}
		records += sink.LogRecordCount()
		if done = len(sink.AllLogs()) < batches; !done {
			kills++
		}
		require.Less(t, kills, 1000)
	}
	require.Greater(t, kills, 3)
	for id, n := range want {
		require.GreaterOrEqual(t, got[id], n, "an event was skipped")
	}
	if workers == 1 {
		require.LessOrEqual(t, records, whole.LogRecordCount()+kills*20, "%d kills", kills)
	}
	sink, _ := replayKept(t, config(), kept, -1)
	require.Zero(t, sink.LogRecordCount(), "a finished file was read again")
}

func TestInEveryVolumeAllTrafficIsCountedAtLeastOnceAcrossKills(t *testing.T) {
	for mode, more := range map[string]string{
		"full": "monitor_aggregation_level: none\n", "full ": "monitor_aggregation_level: medium\n", "balanced": "", "lean": "",
		" full": "monitor_aggregation_level: none\nworkers: 3\n", " balanced": "workers: 2\n", " lean": "workers: 7\n",
	} {
		config := func() *Config {
			return withVolume(t, strings.TrimSpace(mode), captureFile, "enabled_events: [DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE]\n"+more)
		}
		whole, _, _ := replayAll(t, config())
		want, got := trafficOf(whole), map[string]kit.Sent{}
		refused := map[string]bool{}
		r, kept, events := rand.New(rand.NewPCG(5, 0)), &kit.Storage{}, int64(0)
		for kill := range 6 {
			batches := 1 + r.IntN(12)
			if kill == 5 { // this one ends by itself
				batches = -1
			}
			sink, after := replayKept(t, config(), kept, batches)
			kept = after
			tr := trafficOf(sink)
			events += tr.events
			for key, s := range tr.sent {
				got[key] = kit.Sent{Bytes: got[key].Bytes + s.Bytes, Packets: got[key].Packets + s.Packets}
			}
			for id := range tr.refused {
				refused[id] = true
			}
		}
		require.GreaterOrEqual(t, events, want.events, mode)
		for key, s := range want.sent {
			require.GreaterOrEqual(t, got[key].Packets, s.Packets, "%s: %s", mode, key)
		}
		for id := range want.refused {
			require.True(t, refused[id], "%s: a refused packet was skipped", mode)
		}
	}
}

func TestACaptureIsFollowedAsItIsWrittenWithHalfBlocksRotationsAndRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cilium.pcapng")
	of, err := recording.New()
	require.NoError(t, err)
	read, err := capture.Open(captureFile)
	require.NoError(t, err)
	defer func() { require.NoError(t, read.Close()) }()
	var file *os.File
	var w *capture.Writer
	begin := func() {
		of = of.Next()
		file, err = os.Create(path)
		require.NoError(t, err)
		w, err = capture.NewRecordingWriter(file, of)
		require.NoError(t, err)
		require.NoError(t, w.Flush())
	}
	given := 0
	give := func(n int) {
		for range n {
			record, err := read.Next()
			require.NoError(t, err)
			require.NoError(t, w.Write(record))
			given++
		}
		require.NoError(t, w.Flush())
	}
	start := func(kept *kit.Storage, next consumer.Logs) *ciliumReceiver {
		cfg := replayOf(path, everything)
		cfg.Replay.Follow, cfg.Storage, cfg.NodeName = true, kit.StorageID.String(), "node"
		cfg.Batch.FlushInterval = 10 * time.Millisecond
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, next)
		require.NoError(t, err)
		require.NoError(t, r.Start(context.Background(), kept.Host()))
		return r
	}
	records := make(chan int, 1<<16)
	next, err := consumer.NewLogs(func(_ context.Context, l plog.Logs) error { records <- l.LogRecordCount(); return nil })
	require.NoError(t, err)
	got := 0
	wait := func() {
		for got < given {
			got += <-records
		}
		require.Equal(t, given, got)
	}

	begin()
	give(10)
	kept := &kit.Storage{}
	r := start(kept, next)
	wait()
	give(1)
	wait()
	give(150)
	wait()
	require.NoError(t, file.Close())
	require.NoError(t, os.Rename(path, filepath.Join(filepath.Dir(path), "cilium.1.pcapng")))
	begin()
	give(30)
	wait()
	require.NoError(t, r.Shutdown(context.Background()))
	give(10)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	give(2)
	longer, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, longer[:len(whole)+20], 0o600)) // the next block is half written
	given -= 2
	r = start(kept, next)
	wait()
	rest, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = rest.Write(longer[len(whole)+20:])
	require.NoError(t, err)
	require.NoError(t, rest.Close())
	given += 2
	wait()
	require.NoError(t, r.Shutdown(context.Background()))
	require.Empty(t, records)
	require.NoError(t, file.Close())
}

func TestACaptureWhoseReadPartHasChangedIsReadFromItsStartAndNoIntactEventSkipped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.pcapng")
	raw, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	_, kept := replayKept(t, replayOf(path, everything), &kit.Storage{}, 28) // of 20 records
	const packet, custom = 6, 0x40000BAD
	for at, n := 0, 0; at < len(raw) && n < 150; at += int(binary.LittleEndian.Uint32(raw[at+4:])) {
		if binary.LittleEndian.Uint32(raw[at:]) != packet {
			continue
		}
		if n++; n > 50 {
			binary.LittleEndian.PutUint32(raw[at:], custom)
		}
	}
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	intact, _ := replayKept(t, replayOf(path, everything), &kit.Storage{}, -1)
	sink, _ := replayKept(t, replayOf(path, everything), kept, -1)
	require.Equal(t, kit.UIDs(intact), kit.UIDs(sink))
}
