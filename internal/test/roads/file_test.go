// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hourOfFiles is the hour of examples/file: the far end is a disk. The exporter has no queue: records that the disk
// refuses stay in the receiver.
func hourOfFiles(t *testing.T) {
	disk, dir := smallDisk(t, 64<<20), home(t)
	files := filepath.Join(disk, "winnet*")
	got := func() map[string]int { return records(t, files) }
	run := func(path string, rate int) *collector {
		return start(t, dir, nil, "examples/file/config.yaml",
			fmt.Sprintf("yaml:exporters::file::path: '%s'", filepath.Join(disk, "winnet.jsonl")),
			fmt.Sprintf("yaml:receivers::asimdns: {replay: {path: '%s', rate: %d}, retry: {initial_interval: 200ms, max_interval: 1s}}", path, rate))
	}
	arrived := func(c *collector, part string, n int) {
		t.Helper()
		c.until(fmt.Sprintf("%d records of %s are in the files", n, part), func() bool { return ofPart(got(), part) >= n })
	}

	c := run(recording(t, "calm", 300, 4), 150)
	arrived(c, "calm", 300)
	require.Equal(t, 300, c.interrupt())
	requireOnce(t, got(), names("calm", 300))
	want := names("calm", 300)

	c = run(recording(t, "full", 2000, 4), 100)
	arrived(c, "full", 100)
	free := fill(t, disk)
	c.until("the disk refuses records", func() bool { return c.metric("otelcol_receiver_refused_log_records") > 0 })
	time.Sleep(outage / 2)
	free()
	arrived(c, "full", 2000)
	require.Equal(t, 2000, c.interrupt())
	want = append(want, names("full", 2000)...)

	// Kills the collector while the disk is full, perhaps in the middle of an object.
	c = run(recording(t, "torn", 3000, 4), 200)
	arrived(c, "torn", 100)
	free = fill(t, disk)
	c.until("the disk refuses records", func() bool { return c.metric("otelcol_receiver_refused_log_records") > 0 })
	accepted := c.accepted()
	c.kill()
	free()
	torn := ofPart(got(), "torn")
	require.GreaterOrEqual(t, torn, accepted)
	require.Less(t, torn, 3000)
	want = append(want, names("torn", torn)...)

	c = run(recording(t, "killed", 1000, 4), 0)
	c.untilAccepted(1000)
	c.kill()
	want = append(want, names("killed", 1000)...)

	c = run(recording(t, "last", 100, 4), 0)
	arrived(c, "last", 100)
	require.Equal(t, 100, c.interrupt())
	requireExactly(t, got(), append(want, names("last", 100)...))
}

func TestFilesThatRotateHoldEachRecordOnce(t *testing.T) {
	t.Parallel()
	dir := home(t)
	c := start(t, dir, nil, "examples/file/config.yaml", "yaml:exporters::file::rotation::max_megabytes: 1",
		fmt.Sprintf("yaml:receivers::asimdns: {replay: {path: '%s'}, batch: {max_records: 20}}", recording(t, "a", 1000, 1)))
	c.untilAccepted(1000)
	require.Equal(t, 1000, c.interrupt())
	files := filepath.Join(dir, "data/otelcol-winnet/logs/winnet*.jsonl")
	requireOnce(t, records(t, files), names("a", 1000))
	paths, err := filepath.Glob(files)
	require.NoError(t, err)
	require.Greater(t, len(paths), 5)
}
