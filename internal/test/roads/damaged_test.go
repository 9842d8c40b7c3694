// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// damages are ways in which a queue's file can be damaged.
func damages() map[string]func(raw []byte) []byte {
	page := os.Getpagesize()
	return map[string]func([]byte) []byte{
		"a broken header": func(raw []byte) []byte { clear(raw[:2*page]); return raw },
		"broken pages":    func(raw []byte) []byte { clear(raw[2*page:]); return raw },
		"a cut file":      func(raw []byte) []byte { return raw[:len(raw)/3] },
		"text":            func([]byte) []byte { return []byte("no queue\n") },
	}
}

// damage changes the only queue file in a directory.
func damage(t *testing.T, directory string, change func([]byte) []byte) (path string, raw []byte) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(directory, "exporter_*__logs"))
	require.NoError(t, err)
	require.Len(t, paths, 1)
	raw, err = os.ReadFile(paths[0])
	require.NoError(t, err)
	raw = change(raw)
	require.NoError(t, os.WriteFile(paths[0], raw, 0o600))
	return paths[0], raw
}

func requireSetAside(t *testing.T, c *collector, path string, raw []byte) {
	t.Helper()
	aside, err := filepath.Glob(path + ".damaged-*")
	require.NoError(t, err)
	require.Len(t, aside, 1)
	kept, err := os.ReadFile(aside[0])
	require.NoError(t, err)
	require.Equal(t, raw, kept)
	require.Contains(t, c.out.String(), "the file is damaged and was set aside")
	require.Contains(t, c.out.String(), filepath.Base(aside[0]))
}

// The file is that of a process that was killed after it had delivered everything.
func TestConfigYAMLStartsAndDeliversAlthoughTheFileOfItsQueueIsDamaged(t *testing.T) {
	t.Parallel()
	for name, change := range damages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trip := roadOf("config.yaml").begin(t)
			c := trip.run(recording(t, "before", 100, 4), 0)
			trip.untilArrived(c, "before", 100)
			c.kill()
			path, raw := damage(t, filepath.Join(trip.dir, "data/otelcol-winnet/storage"), change)

			c = trip.run(recording(t, "after", 100, 4), 0)
			trip.untilArrived(c, "after", 100)
			require.Equal(t, 100, c.interrupt())
			requireSetAside(t, c, path, raw)
			requireExactly(t, trip.got(), append(names("before", 100), names("after", 100)...))
		})
	}
}

// The content of the file is not delivered. An error names the file, which still has the content.
func TestEveryRoadDeliversAlthoughTheFileOfItsQueueIsDamaged(t *testing.T) {
	t.Parallel()
	for _, r := range roads() {
		if r.through != "" {
			continue // the queue belongs to its agent
		}
		t.Run(r.config, func(t *testing.T) {
			t.Parallel()
			trip := r.begin(t)
			trip.away(t)
			c := trip.run(r.recording(t, "before", 100, 4), 0)
			c.untilAccepted(100)
			c.kill()
			trip.back(t)
			path, raw := damage(t, filepath.Join(trip.dir, "data/otelcol-winnet/storage"), damages()["broken pages"])

			c = trip.run(r.recording(t, "after", 100, 4), 0)
			trip.untilArrived(c, "after", 100)
			require.Equal(t, 100, c.interrupt())
			requireSetAside(t, c, path, raw)
			requireExactly(t, trip.got(), names("after", 100))
		})
	}
}

// file_storage 0.161 does not start with files that resilient_file_storage sets aside, even with `recreate: true`.
// docs/upstream.md describes it. If this test fails because the collector starts, upstream has fixed it, and the
// document must change.
func TestFileStorageKeepsTheCollectorFromStartingWhenItsFileIsDamaged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func([]byte) []byte
		says   string
		code   int
	}{
		"a broken header": {damages()["a broken header"], "invalid database", 1},
		"broken pages":    {damages()["broken pages"], "panic: assertion failed", 2},
		"a cut file":      {func(raw []byte) []byte { return raw[:8200] }, "panic: assertion failed|unexpected fault address", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trip := roadOf("extension/resilientfilestorageextension/README.md").begin(t,
				"yaml:extensions::file_storage: {directory: ./upstream, create_directory: true, recreate: true}",
				"yaml:service::extensions: [file_storage]", "yaml:exporters::otlp_http::sending_queue::storage: file_storage")
			trip.away(t)
			c := trip.run(recording(t, "before", 100, 4), 0)
			c.untilAccepted(100)
			c.kill()
			damage(t, filepath.Join(trip.dir, "upstream"), test.change)

			for range 2 {
				c = trip.launch(recording(t, "after", 100, 4), 0)
				require.Equal(t, test.code, c.exitCode())
				require.Regexp(t, test.says, c.out.String())
				aside, err := filepath.Glob(filepath.Join(trip.dir, "upstream/*backup*"))
				require.NoError(t, err)
				require.Empty(t, aside)
			}
		})
	}
}
