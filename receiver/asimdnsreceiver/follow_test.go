// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// recordCounter counts the records by identifier, and can be waited for.
type recordCounter struct {
	t    *testing.T
	mu   sync.Mutex
	more *sync.Cond
	ids  map[string]int
	n    int
}

func newRecordCounter(t *testing.T) *recordCounter {
	c := &recordCounter{t: t, ids: map[string]int{}}
	c.more = sync.NewCond(&c.mu)
	return c
}

func (c *recordCounter) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (c *recordCounter) ConsumeLogs(_ context.Context, l plog.Logs) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rl := range l.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				c.ids[kit.Text(lr, "EventOriginalUid")]++
				c.n++
			}
		}
	}
	c.more.Broadcast()
	return nil
}

// wait waits until there are n records. If they have not come within a minute, the test fails.
func (c *recordCounter) wait(n int) {
	c.t.Helper()
	late := false
	end := time.AfterFunc(time.Minute, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		late = true
		c.more.Broadcast()
	})
	defer end.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.n < n && !late {
		c.more.Wait()
	}
	require.GreaterOrEqual(c.t, c.n, n, "records came within a minute; more were expected")
}

// growing is an .etl file of a recording that is being written.
type growing struct {
	t    *testing.T
	path string
	of   recording.File
	file *os.File
	w    *etl.Writer
}

func (g *growing) begin() {
	g.of = g.of.Next()
	var err error
	g.again(func() error {
		g.file, err = os.Create(g.path)
		return err
	})
	g.w, err = etl.Create(g.file, etl.Options{Recording: g.of})
	require.NoError(g.t, err)
}

func (g *growing) write(events [][]byte) {
	for _, ev := range events {
		require.NoError(g.t, g.w.Write(ev))
	}
	require.NoError(g.t, g.w.Sync())
}

// rotate completes the file, renames it as record does, and begins the next.
func (g *growing) rotate() {
	require.NoError(g.t, g.w.Close())
	require.NoError(g.t, g.file.Close())
	ext := filepath.Ext(g.path)
	g.again(func() error { return os.Rename(g.path, g.path[:len(g.path)-len(ext)]+".1"+ext) })
	g.begin()
}

// again tries until it works, as record does: Windows does not replace a file while another program has it open.
func (g *growing) again(do func() error) {
	var err error
	require.Eventually(g.t, func() bool { err = do(); return err == nil }, time.Minute, time.Millisecond, "%v", &err)
}

// follow starts a receiver that follows the paths.
func follow(t *testing.T, path string, kept *kit.Storage, next consumer.Logs, change func(*Config)) (*dnsReceiver, *observer.ObservedLogs) {
	return followAs(t, receivertest.NewNopSettings(metadata.Type), path, kept, next, change)
}

// followAs is follow with settings.
func followAs(t *testing.T, set receiver.Settings, path string, kept *kit.Storage, next consumer.Logs, change func(*Config)) (*dnsReceiver, *observer.ObservedLogs) {
	cfg := replayOf(path, func(c *Config) {
		small(c)
		c.Replay.Follow, c.Device.Hostname = true, "host"
		if change != nil {
			change(c)
		}
	})
	if kept != nil {
		cfg.Storage = kit.StorageID.String()
	} else {
		kept = &kit.Storage{}
	}
	require.NoError(t, cfg.Validate())
	core, logs := observer.New(zap.DebugLevel)
	set.Logger = zap.New(core)
	r, err := newReceiver(set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), kept.Host()))
	return r, logs
}

func TestAFileIsFollowedAsItIsWrittenThroughRotationsAndRestartsWithoutLossOrRepeat(t *testing.T) {
	events := rawEventsOf(t, serverFile)
	of, err := recording.New()
	require.NoError(t, err)
	g := &growing{t: t, path: filepath.Join(t.TempDir(), "dns.etl"), of: of}
	g.begin()
	next, kept := newRecordCounter(t), &kit.Storage{}
	given := 0
	give := func(n int) {
		g.write(events[given : given+n])
		given += n
	}
	give(10)
	r, logs := follow(t, g.path, kept, next, nil)
	next.wait(10)
	give(1) // into the buffer that was read
	next.wait(11)
	give(400) // several buffers
	next.wait(given)
	give(50)
	g.rotate()
	give(50)
	next.wait(given)
	give(30)
	g.rotate() // twice between two looks
	give(30)
	g.rotate()
	give(30)
	next.wait(given)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Empty(t, logs.FilterLevelExact(zap.ErrorLevel).All())

	give(20)
	r, logs = follow(t, g.path, kept, next, nil)
	next.wait(given)
	require.NoError(t, g.file.Close())
	g.again(func() error { return os.Remove(g.path) })
	g.begin() // another one in its place
	give(25)
	next.wait(given)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Empty(t, logs.FilterLevelExact(zap.ErrorLevel).All())
	require.Equal(t, given, next.n)
	require.NoError(t, g.file.Close()) // Windows removes no file that is open
}

func TestNewFilesThatMatchAreFollowedAndFinishedOnesLeft(t *testing.T) {
	dir := t.TempDir()
	copyTo(t, dir, "a.etl", serverFile)
	count, _ := generated(t, serverFile)
	next := newRecordCounter(t)
	r, logs := follow(t, filepath.Join(dir, "*.etl"), &kit.Storage{}, next, nil)
	next.wait(count)
	events := rawEventsOf(t, serverFile)
	writeFile(t, filepath.Join(dir, "b.etl"), events[:100], time.Unix(1, 0), false)
	next.wait(count + 100)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, count+100, next.n)
	require.NotEmpty(t, logs.FilterMessage("a file is complete and was read to its end").All())
}

func TestAFileThatIsTruncatedWhileItIsFollowedIsSaidCountedAndReadFromItsStart(t *testing.T) {
	events := rawEventsOf(t, serverFile)
	of, err := recording.New()
	require.NoError(t, err)
	g := &growing{t: t, path: filepath.Join(t.TempDir(), "dns.etl"), of: of}
	g.begin()
	g.write(events[:1000])
	next := newRecordCounter(t)
	r, logs := follow(t, g.path, &kit.Storage{}, next, nil)
	next.wait(1000)
	require.NoError(t, g.file.Close())
	g.begin() // in the same place of the disk, as after truncation
	g.write(events[1000:1010])
	next.wait(1010)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Len(t, logs.FilterMessageSnippet("has lost what was read of it").All(), 1)
	require.NoError(t, g.file.Close())
}

func TestFollowAndStorageAreRefusedWhereTheyHaveNoMeaning(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"exit_when_done: true is not allowed with follow":      func(c *Config) { c.Replay.Follow, c.Replay.ExitWhenDone = true, true },
		"repeat: 2 is not allowed with follow":                 func(c *Config) { c.Replay.Follow, c.Replay.Repeat = true, 2 },
		`storage: "kept" is not allowed without replay.path`:   func(c *Config) { c.Replay.Path, c.Storage = nil, kit.StorageID.String() },
		`storage: "kept" is not allowed with replay.repeat: 0`: func(c *Config) { c.Replay.Repeat, c.Storage = 0, kit.StorageID.String() },
	} {
		cfg := replayOf(serverFile, change)
		err := cfg.Validate()
		if err == nil {
			err = cfg.Replay.Validate()
		}
		require.ErrorContains(t, err, want)
	}
}

// interrupted follows a file until n records have come, and ends as by Ctrl-C, or as by kill -9.
func interrupted(t *testing.T, path string, kept *kit.Storage, n int, kill bool) (next *recordCounter, after *kit.Storage) {
	t.Helper()
	next = newRecordCounter(t)
	r, _ := follow(t, path, kept, next, nil)
	next.wait(n)
	if kill {
		require.Eventually(t, func() bool { return kept.Writes() > 0 }, time.Minute, time.Millisecond)
		kept.Freeze()
	}
	require.NoError(t, r.Shutdown(context.Background()))
	return next, kept.Clone()
}

// problemsOf returns how often a problem was logged.
func problemsOf(logs *observer.ObservedLogs, reason string) int {
	return logs.FilterField(zap.String("reason", reason)).Len()
}

func TestAFileThatWasRotatedWhileItsFollowerWasStoppedIsReadToItsEnd(t *testing.T) {
	events := rawEventsOf(t, serverFile)
	const before, after = 1000, 150 // events before the stop, and of the new file
	n := len(events)
	for name, kill := range map[string]bool{"stopped": false, "killed": true} {
		for _, pattern := range []string{"dns.etl", "dn?.etl", "dns*.etl"} {
			of, err := recording.New()
			require.NoError(t, err)
			dir := t.TempDir()
			g := &growing{t: t, path: filepath.Join(dir, "dns.etl"), of: of}
			g.begin()
			g.write(events[:before])
			first, kept := interrupted(t, filepath.Join(dir, pattern), &kit.Storage{}, before, kill)
			g.write(events[before : n-after])
			g.rotate()
			g.write(events[n-after:])

			next := newRecordCounter(t)
			r, logs := follow(t, filepath.Join(dir, pattern), kept, next, nil)
			for id := range first.ids { // what comes again after a kill is counted once
				next.mu.Lock()
				next.ids[id] = 0
				next.mu.Unlock()
			}
			require.Eventually(t, func() bool {
				next.mu.Lock()
				defer next.mu.Unlock()
				return len(next.ids) == n
			}, time.Minute, 10*time.Millisecond, "%s, %s: events of the renamed file are missing", name, pattern)
			require.NoError(t, r.Shutdown(context.Background()))
			if !kill {
				require.Equal(t, n-before, next.n, "nothing comes twice")
			}
			require.Empty(t, logs.FilterLevelExact(zap.ErrorLevel).All())
			require.Zero(t, problemsOf(logs, checkpoint.Missing), "%s, %s", name, pattern)
			kept = kept.Clone()

			// A further start finds nothing new, and misses nothing.
			next = newRecordCounter(t)
			r, logs = follow(t, filepath.Join(dir, pattern), kept, next, nil)
			g.write(events[:7])
			next.wait(7)
			require.NoError(t, r.Shutdown(context.Background()))
			require.Equal(t, 7, next.n)
			require.Zero(t, problemsOf(logs, checkpoint.Missing))
			require.NoError(t, g.file.Close())
		}
	}
}

func TestAFileThatWasRotatedTwiceWhileItsFollowerWasStoppedIsSaidAndTheKeptPartsRead(t *testing.T) {
	events := rawEventsOf(t, serverFile)
	for name, kill := range map[string]bool{"stopped": false, "killed": true} {
		of, err := recording.New()
		require.NoError(t, err)
		g := &growing{t: t, path: filepath.Join(t.TempDir(), "dns.etl"), of: of}
		g.begin()
		g.write(events[:100])
		_, kept := interrupted(t, g.path, &kit.Storage{}, 100, kill)
		g.write(events[100:200]) // the recorder keeps two files: these are gone
		g.rotate()
		g.write(events[200:500])
		g.rotate()
		g.write(events[500:600])

		next := newRecordCounter(t)
		r, logs := follow(t, g.path, kept, next, nil)
		next.wait(400)
		require.NoError(t, r.Shutdown(context.Background()))
		require.Equal(t, 400, next.n, name)
		require.Equal(t, 1, problemsOf(logs, checkpoint.Missing), name)

		next = newRecordCounter(t)
		r, logs = follow(t, g.path, kept.Clone(), next, nil)
		g.write(events[600:601])
		next.wait(1)
		require.NoError(t, r.Shutdown(context.Background()))
		require.Equal(t, 1, next.n)
		require.Zero(t, problemsOf(logs, checkpoint.Missing), "%s: it is said once", name)
		require.NoError(t, g.file.Close())
	}
}

func TestFilesThatAreReplacedBetweenTwoLooksAreSaidAndCounted(t *testing.T) {
	events := rawEventsOf(t, serverFile)
	of, err := recording.New()
	require.NoError(t, err)
	g := &growing{t: t, path: filepath.Join(t.TempDir(), "dns.etl"), of: recording.File{ID: of.ID, Part: 5}}
	g.begin() // parts 1 to 5 were never to be read
	next := newRecordCounter(t)
	r, logs := follow(t, g.path, nil, next, nil)
	g.write(events[:100])
	next.wait(100)
	g.rotate()
	g.write(events[100:200])
	next.wait(200)
	require.Zero(t, problemsOf(logs, checkpoint.Missing))
	g.of.Part += 2 // two files came and went
	g.rotate()
	g.write(events[200:300])
	next.wait(300)
	g.of, err = recording.New() // the recorder was started again, and its first file came and went
	require.NoError(t, err)
	g.of.Part = 1
	g.rotate()
	g.write(events[300:400])
	next.wait(400)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, []any{uint32(2), uint32(1)}, missingFiles(logs))
	require.NoError(t, g.file.Close())
}

// missingFiles are the numbers of files that were said to be missing.
func missingFiles(logs *observer.ObservedLogs) (n []any) {
	for _, line := range logs.FilterField(zap.String("reason", checkpoint.Missing)).All() {
		n = append(n, line.ContextMap()["files"])
	}
	return n
}

func TestAFileThatIsNotThereYetIsAwaited(t *testing.T) {
	events := rawEventsOf(t, serverFile)
	of, err := recording.New()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "later")
	g := &growing{t: t, path: filepath.Join(dir, "dns.etl"), of: of}
	next := newRecordCounter(t)
	r, logs := follow(t, g.path, &kit.Storage{}, next, nil)
	require.Eventually(t, func() bool { return logs.FilterMessageSnippet("no file is there yet").Len() == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, os.Mkdir(dir, 0o700))
	g.begin()
	g.write(events[:10])
	next.wait(10)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, 10, next.n)
	require.Equal(t, 1, logs.FilterMessageSnippet("no file is there yet").Len(), "it is said once")
	require.Empty(t, logs.FilterLevelExact(zap.ErrorLevel).All())
	require.NoError(t, g.file.Close())
}

func TestAFileThatIsGoneAfterAStopIsSaidUnlessItWasReadToItsEnd(t *testing.T) {
	events := rawEventsOf(t, serverFile)
	for name, complete := range map[string]bool{"being written": false, "complete": true} {
		of, err := recording.New()
		require.NoError(t, err)
		g := &growing{t: t, path: filepath.Join(t.TempDir(), "dns.etl"), of: of}
		g.begin()
		g.write(events[:100])
		if complete {
			require.NoError(t, g.w.Close())
		}
		next, kept := newRecordCounter(t), &kit.Storage{}
		r, logs := follow(t, g.path, kept, next, nil)
		next.wait(100)
		if complete {
			require.Eventually(t, func() bool { return logs.FilterMessageSnippet("is complete and was read").Len() == 1 }, time.Minute, time.Millisecond)
		}
		require.NoError(t, r.Shutdown(context.Background()))
		require.NoError(t, g.file.Close())
		require.NoError(t, os.Remove(g.path))

		g.begin()
		g.write(events[100:110])
		next = newRecordCounter(t)
		tel := componenttest.NewTelemetry()
		set := receivertest.NewNopSettings(metadata.Type)
		set.TelemetrySettings = tel.NewTelemetrySettings()
		r, logs = followAs(t, set, g.path, kept.Clone(), next, nil)
		next.wait(10)
		if m, err := tel.GetMetric("otelcol_receiver_asimdns_replay_checkpoint_problems"); complete {
			require.Error(t, err, "nothing was counted")
		} else {
			require.NoError(t, err)
			points := m.Data.(metricdata.Sum[int64]).DataPoints
			require.Len(t, points, 1)
			reason, _ := points[0].Attributes.Value("reason")
			require.Equal(t, checkpoint.Missing, reason.AsString())
			require.EqualValues(t, 1, points[0].Value)
		}
		require.NoError(t, r.Shutdown(context.Background()))
		require.NoError(t, tel.Shutdown(context.Background()))
		require.Equal(t, map[bool]int{false: 1}[complete], problemsOf(logs, checkpoint.Missing), name)
		require.NoError(t, g.file.Close())
	}
}

func TestAFileThatEndsWithinItsHeaderAtTheStartIsAwaitedAndIsNotUnreadInTheEnd(t *testing.T) {
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "dns.etl")
	require.NoError(t, os.WriteFile(path, raw[:100], 0o600))
	next := newRecordCounter(t)
	r, logs := follow(t, path, nil, next, nil)
	require.Eventually(t, func() bool { return logs.FilterMessage("a file cannot be read in full").Len() == 1 }, time.Minute, 10*time.Millisecond)
	require.EqualValues(t, 1, r.Player.Progress.Unread())
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	count, _ := generated(t, serverFile)
	next.wait(count)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Zero(t, r.Player.Progress.Unread())
	require.Equal(t, count, next.n)
}
