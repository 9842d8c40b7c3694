// SPDX-License-Identifier: Apache-2.0

// The two files of one recording: exchanges that are open at the end of the first file continue in the second.

package asimdnsreceiver

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// turned is a trace that fills one file of 1 MiB and part of the next: 2,500 exchanges, 50 of which are open after each
// query. After the first fifth the clock is set back by an hour, so the first file has the latest time of all.
func turned(t *testing.T) [][]byte {
	return newExchanges(t).paced(func(i int) time.Time {
		at := traceBegun.Add(time.Duration(i) * time.Millisecond)
		if i >= 500 {
			at = at.Add(-time.Hour)
		}
		return at
	}, 2500, 50, nil)
}

// openAtTheTurn is the number of exchanges with the query in the first file and the answer in the second.
const openAtTheTurn = 49

// recordLive records events as if they came from a live session. It returns the older file and the newer one.
func recordLive(t *testing.T, events [][]byte, path string) []string {
	t.Helper()
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), replayOf(serverFile, func(c *Config) {
		c.Replay.Path = nil
		c.Record.Path, c.Record.MaxSizeMiB = path, 1
	}), consumertest.NewNop())
	require.NoError(t, err)
	recorder, err := r.OpenRecord(nil)
	require.NoError(t, err)
	for _, raw := range events {
		require.NoError(t, recorder.Put(context.Background(), 0, raw, nil))
	}
	require.NoError(t, recorder.Close(context.Background(), time.Minute))
	return halves(t, path)
}

// recordReplay records the events of a file while it is replayed.
func recordReplay(t *testing.T, from, path string) []string {
	t.Helper()
	replayAll(t, replayOf(from, func(c *Config) { c.Record.Path, c.Record.MaxSizeMiB = path, 1 }))
	return halves(t, path)
}

func halves(t *testing.T, path string) []string {
	t.Helper()
	both := []string{strings.TrimSuffix(path, ".etl") + ".1.etl", path}
	for _, path := range both {
		require.FileExists(t, path)
	}
	return both
}

// headerOf returns a file's header.
func headerOf(t *testing.T, path string) etl.Header {
	t.Helper()
	reader, err := etl.Open(path)
	require.NoError(t, err)
	defer reader.Close()
	return reader.Header()
}

// recordsOf returns the correlated records of files that are replayed in the given order.
func recordsOf(t *testing.T, files ...string) (all []map[string]any) {
	t.Helper()
	sink, _, _ := replayAll(t, replayOf("", func(c *Config) {
		c.Replay.Path = files
		c.Device.Hostname = "dc1"
		correlating(c)
	}))
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		attributes := lr.Attributes().AsRaw()
		delete(attributes, "DvcOsVersion") // on Windows, a live recording has this host's version
		all = append(all, attributes)
	})
	return all
}

func TestTheTwoFilesOfARecordingAreReplayedAsOne(t *testing.T) {
	events := turned(t)
	whole := filepath.Join(t.TempDir(), "whole.etl")
	writeFile(t, whole, events, time.Time{}, false)
	want := recordsOf(t, whole)
	require.Equal(t, 2500, len(want), "each exchange is one record")
	for _, record := range want {
		require.Equal(t, []any{"257", "Success"}, []any{record["EventOriginalType"], record["EventResult"]})
	}
	for name, record := range map[string]func(path string) []string{
		"live":            func(path string) []string { return recordLive(t, events, path) },
		"during a replay": func(path string) []string { return recordReplay(t, whole, path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := record(filepath.Join(dir, "dns.etl"))
			first, second := headerOf(t, files[0]), headerOf(t, files[1])
			require.True(t, first.EndTime.After(second.EndTime), "the clock was set back in the first half")
			require.Equal(t, want, recordsOf(t, files...))
			require.Equal(t, want, recordsOf(t, filepath.Join(dir, "*.etl")), "a pattern replays them in their order")
			requireSpellingsDoNotMatter(t, dir, want)
			require.Equal(t, len(want)+openAtTheTurn, len(recordsOf(t, files[1], files[0])), "in another order, exchanges open at the turn are not joined")
		})
	}
}

func TestNoFileContinuesARecordingThatBrokeOff(t *testing.T) {
	files := recordLive(t, turned(t), filepath.Join(t.TempDir(), "dns.etl"))
	raw, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(files[0], raw[:len(raw)-recordBuffer/2], 0o600))
	unanswered := 0
	for _, record := range recordsOf(t, files...) {
		if record["EventOriginalType"] == "256" {
			unanswered++
		}
	}
	require.GreaterOrEqual(t, unanswered, openAtTheTurn, "open queries are written where the first file breaks off, and the second file starts afresh")
}

// requireSpellingsDoNotMatter replays dns.1.etl and dns.etl of a folder under other spellings of their paths.
func requireSpellingsDoNotMatter(t *testing.T, dir string, want []map[string]any) {
	t.Helper()
	t.Chdir(dir)
	in := func(name string) string { return filepath.Join(dir, name) }
	pairs := [][2]string{
		{"dns.1.etl", "./dns.etl"}, {"./dns.1.etl", "dns.etl"}, {in("dns.1.etl"), "dns.etl"}, {"dns.1.etl", in("dns.etl")},
		{".//dns.1.etl", filepath.Join("..", filepath.Base(dir)) + "/./dns.etl"},
	}
	if runtime.GOOS == "windows" {
		pairs = append(pairs, [2]string{"DNS.1.ETL", "dns.etl"}, [2]string{"dns.1.etl", strings.ToUpper(in("dns.etl"))})
	} else {
		elsewhere := t.TempDir()
		link, first, second := filepath.Join(elsewhere, "folder"), filepath.Join(elsewhere, "a.etl"), filepath.Join(elsewhere, "b.etl")
		require.NoError(t, os.Symlink(dir, link))
		require.NoError(t, os.Symlink(in("dns.1.etl"), first))
		require.NoError(t, os.Symlink(in("dns.etl"), second))
		pairs = append(pairs, [2]string{filepath.Join(link, "dns.1.etl"), "dns.etl"}, [2]string{"dns.1.etl", filepath.Join(link, "dns.etl")}, [2]string{first, second})
	}
	for _, pair := range pairs {
		require.Equal(t, want, recordsOf(t, pair[:]...), "%q", pair)
	}
}

// Earlier versions wrote files that do not name their recording. Headers and file names decide then.
func TestTheTwoFilesThatAnEarlierVersionRecordedAreReplayedAsOne(t *testing.T) {
	events := newExchanges(t).stream(traceBegun, 200, nil)
	dir := t.TempDir()
	write := func(path string, events [][]byte, options etl.Options) {
		f, err := os.Create(path)
		require.NoError(t, err)
		options.LoggerName, options.StartTime = "dns", traceBegun
		w, err := etl.Create(f, options)
		require.NoError(t, err)
		for _, raw := range events {
			require.NoError(t, w.Write(raw))
		}
		require.NoError(t, w.Close())
		require.NoError(t, f.Close())
	}
	first, second := filepath.Join(dir, "dns.1.etl"), filepath.Join(dir, "dns.etl")
	write(first, events[:200], etl.Options{})
	write(second, events[200:], etl.Options{})
	whole := filepath.Join(t.TempDir(), "whole.etl")
	write(whole, events, etl.Options{})
	want := recordsOf(t, whole)
	require.Equal(t, 200, len(want))
	require.Equal(t, want, recordsOf(t, first, second))
	requireSpellingsDoNotMatter(t, dir, want)

	of, err := recording.New()
	require.NoError(t, err)
	write(second, events[200:], etl.Options{Recording: of.Next().Next()})
	require.Greater(t, len(recordsOf(t, first, second)), len(want), "a file that names its recording belongs to no other")
}

func TestFilesOfTwoRecordingsAreNotJoined(t *testing.T) {
	events := turned(t)
	dir := t.TempDir()
	whole, path, earlier := filepath.Join(t.TempDir(), "whole.etl"), filepath.Join(dir, "dns.etl"), filepath.Join(dir, "kept.1.etl")
	writeFile(t, whole, events, time.Time{}, false)
	for name, record := range map[string]func() []string{
		"live":            func() []string { return recordLive(t, events, path) },
		"during a replay": func() []string { return recordReplay(t, whole, path) },
	} {
		files := record()
		require.NoError(t, os.Rename(files[0], earlier)) // of the first run
		files = record()
		before, first, second := headerOf(t, earlier), headerOf(t, files[0]), headerOf(t, files[1])
		require.Equal(t, []uint32{1, 1, 2}, []uint32{before.Recording.Part, first.Recording.Part, second.Recording.Part}, name)
		require.True(t, second.Continues(&first), name)
		require.False(t, second.Continues(&before), name)
		require.NoError(t, os.Rename(earlier, files[0]))
		require.Equal(t, 2500+openAtTheTurn, len(recordsOf(t, files...)), name)
	}
}

func TestTheTwoFilesThatALongRecordingLeavesAreOneSession(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dns.etl")
	events := turned(t)
	files := recordLive(t, append(events, events...), path) // the first files are deleted
	first, second := headerOf(t, files[0]), headerOf(t, files[1])
	require.Equal(t, []uint32{2, 3}, []uint32{first.Recording.Part, second.Recording.Part})
	require.True(t, second.Continues(&first))
}
