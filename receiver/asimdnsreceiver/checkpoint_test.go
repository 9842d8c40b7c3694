// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"fmt"
	"math/rand/v2"
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
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// replayKept replays with a storage. It ends as by kill -9 after a number of batches, else by a stop when the files have ended. kept is what the
// storage has then.
func replayKept(t *testing.T, cfg *Config, kept *kit.Storage, batches int) (sink *consumertest.LogsSink, after *kit.Storage, logs *observer.ObservedLogs) {
	t.Helper()
	cfg.Storage = kit.StorageID.String()
	sink, next, killed := kept.KilledAfter(t, batches)
	core, logs := observer.New(zap.DebugLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	r, err := newReceiver(set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), kept.Host()))
	kit.End(t, r, killed, r.Player.Done())
	return sink, kept.Clone(), logs
}

func small(c *Config) {
	c.EnableFlags, c.EnableLevel = &everything, 5
	c.Batch.MaxRecords, c.Batch.FlushInterval, c.Queue.MaxSizeMiB = 40, 10*time.Millisecond, 1
}

func TestAKilledReplayGoesOnWhereItWasAndRepeatsAtMostABatchAKill(t *testing.T) {
	whole, _, _ := replayAll(t, replayOf(serverFile, small))
	want := kit.UIDs(whole)
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 0))
		got, records, kills, kept := map[string]int{}, 0, 0, &kit.Storage{}
		for done := false; !done; {
			batches := 1 + r.IntN(6)
			sink, after, _ := replayKept(t, replayOf(serverFile, small), kept, batches)
			kept = after
			for id, n := range kit.UIDs(sink) {
				got[id] += n
			}
			records += sink.LogRecordCount()
			done = len(sink.AllLogs()) < batches
			if !done {
				kills++
			}
			require.Less(t, kills, 1000)
		}
		require.Greater(t, kills, 5)
		for id, n := range want {
			require.GreaterOrEqual(t, got[id], n, "seed %d: an event was skipped", seed)
		}
		require.Equal(t, len(want), len(got))
		require.LessOrEqual(t, records, whole.LogRecordCount()+kills*40, "seed %d, %d kills", seed, kills)
	}
}

func TestAReplayThatIsStoppedTenTimesRepeatsNothingAndSkipsNothing(t *testing.T) {
	whole, _, _ := replayAll(t, replayOf(serverFile, small))
	got, kept := map[string]int{}, &kit.Storage{}
	for stop := 0; ; stop++ {
		cfg := replayOf(serverFile, small)
		cfg.Storage = kit.StorageID.String()
		if stop < 10 {
			cfg.Replay.Rate = 2000
		}
		sink, next, taken := kit.Until(1 + stop%3)
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, next)
		require.NoError(t, err)
		require.NoError(t, r.Start(context.Background(), kept.Host()))
		if stop < 10 {
			<-taken
		} else {
			<-r.Player.Done()
		}
		require.NoError(t, r.Shutdown(context.Background()))
		for id, n := range kit.UIDs(sink) {
			got[id] += n
		}
		if stop == 10 {
			break
		}
	}
	require.Equal(t, kit.UIDs(whole), got)
}

func TestInEveryVolumeEachExchangeIsCountedAtLeastOnceAcrossKills(t *testing.T) {
	for _, mode := range []volume.Mode{volume.Full, volume.Balanced, volume.Lean} {
		for _, correlate := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, correlate %t", mode, correlate), func(t *testing.T) {
				config := func() *Config {
					c := createDefaultConfig().(*Config)
					c.useVolume(mode)
					*c = *replayOf(serverFile, func(other *Config) {
						own := *c
						own.Replay = other.Replay
						*other = own
						small(other)
						other.Batch.MaxRecords = 5
						other.Correlate = correlate || other.Correlate
					})
					return c
				}
				whole, _, _ := replayAll(t, config())
				want := answered(t, whole)
				r := rand.New(rand.NewPCG(7, uint64(len(mode))))
				got, kept := map[string]int64{}, &kit.Storage{}
				for kill := range 5 {
					batches := 10 + r.IntN(100)
					if kill == 4 { // this one ends by itself
						batches = -1
					}
					sink, after, _ := replayKept(t, config(), kept, batches)
					kept = after
					for key, n := range answered(t, sink) {
						got[key] += n
					}
				}
				for key, n := range want {
					require.GreaterOrEqual(t, got[key], n, key)
				}
			})
		}
	}
}

// The archive writes an event at once, the sums and exchanges much later: the place in the file waits for both.
func TestTheArchiveHasEachEventAtLeastOnceAcrossKills(t *testing.T) {
	for _, mode := range []volume.Mode{volume.Balanced, volume.Lean} {
		config := func() *Config {
			return replayOf(serverFile, func(c *Config) {
				c.Volume = mode
				c.useVolume(mode)
				small(c)
				c.Batch.MaxRecords, c.Archive = 20, true
			})
		}
		events, counts := map[string]int{}, map[string]int64{}
		tell := func(sink *consumertest.LogsSink) {
			_, archive := kit.ByTier(t, sink)
			for _, record := range archive {
				events[record]++
			}
			for _, logs := range sink.AllLogs() {
				logs.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
					_, archived := rl.Resource().Attributes().Get(pipeline.TierAttribute)
					return archived
				})
			}
			for key, n := range answered(t, sink) {
				counts[key] += n
			}
		}
		whole, _, _ := replayAll(t, config())
		tell(whole)
		want, wantCounts := events, counts
		require.Greater(t, len(want), 1000)
		events, counts = map[string]int{}, map[string]int64{}
		r, kept := rand.New(rand.NewPCG(8, uint64(len(mode)))), &kit.Storage{}
		for kill := range 6 {
			batches := 1 + r.IntN(40)
			if kill == 5 { // this one ends by itself
				batches = -1
			}
			sink, after, _ := replayKept(t, config(), kept, batches)
			kept = after
			tell(sink)
		}
		for event, n := range want {
			require.GreaterOrEqual(t, events[event], n, "%s: an event is not in the archive", mode)
		}
		for key, n := range wantCounts {
			require.GreaterOrEqual(t, counts[key], n, "%s: %s", mode, key)
		}
	}
}

func TestACheckpointThatCannotBeUsedIsSaidCountedAndTheFileReadFromItsStart(t *testing.T) {
	whole, _, _ := replayAll(t, replayOf(serverFile, small))
	for name, damage := range map[string]func(value []byte) []byte{
		"garbage":         func([]byte) []byte { return []byte("\x00garbage") },
		"another version": func([]byte) []byte { return []byte(`{"v":99,"Events":7}`) },
		"cut":             func(v []byte) []byte { return v[:len(v)/2] },
		"beyond the file": func([]byte) []byte { return []byte(`{"v":1,"From":{"At":999999999},"To":{"At":999999999}}`) },
		"another digest":  func([]byte) []byte { return []byte(`{"v":1,"To":{"At":65536,"In":100},"Digest":1,"Events":50}`) },
		"negative":        func([]byte) []byte { return []byte(`{"v":1,"From":{"At":-5},"To":{"At":7},"Events":-3}`) },
	} {
		t.Run(name, func(t *testing.T) {
			_, kept, _ := replayKept(t, replayOf(serverFile, small), &kit.Storage{}, 3)
			kept.Each(func(key string, value []byte) []byte {
				if key == "files" {
					return value
				}
				return damage(value)
			})
			sink, _, logs := replayKept(t, replayOf(serverFile, small), kept, -1)
			require.Equal(t, whole.LogRecordCount(), sink.LogRecordCount())
			require.Len(t, logs.FilterMessageSnippet("checkpoint of a file cannot be used").All(), 1)
		})
	}
}

func TestAStorageThatFailsIsSaidOnceAndTheReplayGoesOn(t *testing.T) {
	whole, _, _ := replayAll(t, replayOf(serverFile, small))
	for name, fail := range map[string]func(*kit.Storage, error){"refuses": (*kit.Storage).Fail, "keeps it in memory": (*kit.Storage).Forget} {
		for _, again := range []bool{false, true} {
			kept := &kit.Storage{}
			fail(kept, kit.ErrStorage)
			cfg := replayOf(serverFile, small)
			cfg.Storage = kit.StorageID.String()
			core, logs := observer.New(zap.DebugLevel)
			tel := componenttest.NewTelemetry()
			set := receivertest.NewNopSettings(metadata.Type)
			set.TelemetrySettings = tel.NewTelemetrySettings()
			set.Logger = zap.New(core)
			sink := &consumertest.LogsSink{}
			r, err := newReceiver(set, cfg, sink)
			require.NoError(t, err)
			require.NoError(t, r.Start(context.Background(), kept.Host()))
			<-r.Player.Done()
			require.Eventually(t, func() bool { return sink.LogRecordCount() == whole.LogRecordCount() }, time.Minute, time.Millisecond)
			require.Eventually(t, func() bool {
				_, err := tel.GetMetric("otelcol_receiver_asimdns_replay_checkpoint_problems")
				return err == nil
			}, time.Minute, time.Millisecond)
			problems, err := tel.GetMetric("otelcol_receiver_asimdns_replay_checkpoint_problems")
			require.NoError(t, err)
			for _, point := range problems.Data.(metricdata.Sum[int64]).DataPoints {
				if reason, _ := point.Attributes.Value("reason"); reason.AsString() == checkpoint.WriteFailed {
					require.Positive(t, point.Value, name)
				} else {
					require.Equal(t, checkpoint.ReadFailed, reason.AsString(), name)
				}
			}
			require.Len(t, logs.FilterMessageSnippet("cannot store how far the replay has come").All(), 1, name)
			if again { // the last positions find room at the stop
				kept.Forget(nil)
			}
			err = r.Shutdown(context.Background())
			if again && name == "keeps it in memory" {
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, kit.ErrStorage)
			require.ErrorContains(t, err, "how far the replay has come is not stored")
			if name == "keeps it in memory" { // it ends with the process
				kept = &kit.Storage{}
			}
			sink, _, _ = replayKept(t, replayOf(serverFile, small), kept.Clone(), -1)
			require.Equal(t, whole.LogRecordCount(), sink.LogRecordCount(), "progress was claimed that was not stored")
		}
	}
}

func TestAFileThatWasReadIsNotReadAgainUnderAnyName(t *testing.T) {
	dir := t.TempDir()
	copyTo(t, dir, "first.etl", serverFile)
	_, kept, _ := replayKept(t, replayOf(dir+"/first.etl", small), &kit.Storage{}, -1)
	copyTo(t, dir, "renamed.etl", serverFile)
	sink, _, logs := replayKept(t, replayOf(dir+"/renamed.etl", small), kept, -1)
	require.Zero(t, sink.LogRecordCount())
	require.Len(t, logs.FilterMessageSnippet("the file was read before").All(), 1)
}

func TestAFileWhoseReadPartHasChangedIsReadFromItsStartAndNoIntactEventSkipped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dns.etl")
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	_, kept, _ := replayKept(t, replayOf(path, small), &kit.Storage{}, 33) // of 40 records
	raw[73000] ^= 0xFF                                                     // in an event that was read
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	intact, _, _ := replayKept(t, replayOf(path, small), &kit.Storage{}, -1)
	sink, _, logs := replayKept(t, replayOf(path, small), kept, -1)
	require.Equal(t, kit.UIDs(intact), kit.UIDs(sink))
	require.Equal(t, 1, problemsOf(logs, checkpoint.Changed))
}
