// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// hourOfAJob is the hour of config.replay.yaml, whose far end is a disk. Each run starts over: a run that ends with
// exit code 0 has written everything, and any other is repeated.
func hourOfAJob(t *testing.T) {
	disk, dir := smallDisk(t, 64<<20), home(t)
	file := filepath.Join(disk, "winnet.jsonl")
	got := func() map[string]int { return records(t, file) }
	run := func(part string, n, rate int) *collector {
		return startJob(t, dir, file, recording(t, part, n, 4), drops(t, part, 10), rate)
	}

	require.Zero(t, run("calm", 1000, 0).exitCode())
	requireOnce(t, got(), names("calm", 1000))

	// While the disk is full, the job does not end. It is stopped, and repeated when there is room.
	c := run("full", 2000, 1000)
	c.until("some records are in the file", func() bool { return ofPart(got(), "full") > 0 })
	free := fill(t, disk)
	c.until("the disk refuses records", func() bool { return c.metric("otelcol_receiver_refused_log_records") > 0 })
	require.NoError(t, c.cmd.Process.Signal(os.Interrupt))
	require.Equal(t, 1, c.exitCode(), "%s", tail(c.out.String()))
	free()
	require.Zero(t, run("full", 2000, 0).exitCode())
	requireOnce(t, got(), names("full", 2000))

	c = run("killed", 2000, 1000)
	c.until("some records are in the file", func() bool { return ofPart(got(), "killed") > 0 })
	c.kill()
	require.Zero(t, run("killed", 2000, 0).exitCode())
	requireOnce(t, got(), names("killed", 2000))
}

// The exporter keeps up to 4 KB of acknowledged records in memory. If it cannot write them at the end, the exit code
// shows it.
func TestAJobWhoseLastRecordCannotBeWrittenHasExitCode1(t *testing.T) {
	t.Parallel()
	dir := home(t)
	small := recordingOf(t, "last", 1, func(int) int { return 0 })
	c := startJob(t, dir, "/dev/full", small, drops(t, "last", 10), 0)
	require.Equal(t, 1, c.exitCode())
	require.Contains(t, c.out.String(), "no space left on device")
	require.Contains(t, c.out.String(), "emitted 1 +", "the record was acknowledged")
}

// startJob starts config.replay.yaml with a recording of each kind. It does not wait until the collector is ready,
// because the job may already have ended.
func startJob(t *testing.T, dir, file, server, cilium string, rate int, more ...string) *collector {
	t.Helper()
	return start(t, dir, nil, append([]string{
		"config.replay.yaml", fmt.Sprintf("yaml:exporters::file::path: '%s'", file), "yaml:service::telemetry::metrics::level: normal",
		fmt.Sprintf("yaml:receivers::asimdns/server::replay: {path: '%s', rate: %d}", server, rate),
		"yaml:receivers::asimdns/server::retry: {initial_interval: 200ms, max_interval: 1s}",
		fmt.Sprintf("yaml:receivers::ciliumwindows::replay::path: '%s'", cilium),
		"yaml:service::pipelines::logs::receivers: [asimdns/server]", "yaml:service::pipelines::logs/console::receivers: [asimdns/server]",
	}, more...)...)
}
