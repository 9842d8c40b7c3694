// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/bench/recording"
)

// The cap of each receiver in these tests, and what a process with one receiver takes above the cap at most: the pages of the binary, the
// garbage that may come between two collections, and the exporters. In MiB. docs/reliability.md has the constant.
const (
	capMiB      = 200
	constantMiB = 160
)

// greedy are configurations that take more than 600 MiB without a cap: a replay fills the queue faster than the worker empties it, and the Go
// runtime lets as much garbage come as the queue may take.
var greedy = map[string]string{
	"asimdns": `asimdns: {memory: {max_mib: %d}, queue: {max_size_mib: 512}, correlate: true, correlation: {max_size_mib: 512},
    aggregation: {window: 1h, max_size_mib: 512}, enable_flags: "0xFFFFFFFFFFFFFFFF", enable_level: 5, replay: {path: %q, repeat: 0}}`,
	"ciliumwindows": `ciliumwindows: {memory: {max_mib: %d}, queue: {max_size_mib: 512}, monitor_aggregation_level: none, replay: {path: %q, repeat: 0}}`,
}

// big writes a recording for a receiver, larger than what its files in testdata are.
func big(t *testing.T, receiver string) string {
	t.Helper()
	const events = 240_000
	if receiver == "asimdns" {
		path := filepath.Join(t.TempDir(), "big.etl")
		require.NoError(t, recording.DNS(filepath.Join(root(t), serverFile), path, events))
		return path
	}
	path := filepath.Join(t.TempDir(), "big.pcapng")
	require.NoError(t, recording.Cilium(filepath.Join(root(t), "testdata/cilium_events.pcapng"), path, events))
	return path
}

// greedyConfig writes a greedy configuration, and returns its path.
func greedyConfig(t *testing.T, receiver string, cap int) string {
	t.Helper()
	far, url := newFarEnd(t)
	close(far.open)
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
receivers:
  %[1]s
exporters: {otlp_http: {endpoint: %[2]q, compression: none, timeout: 60s, sending_queue: {enabled: false}}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [%[3]s], exporters: [otlp_http]}}
`, fmt.Sprintf(greedy[receiver], cap, big(t, receiver)), url, receiver), 0o600))
	return path
}

// status returns a value of /proc/<pid>/status in MiB.
func status(t *testing.T, pid int, key string) float64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	m := regexp.MustCompile(`(?m)^` + key + `:\s+(\d+) kB$`).FindSubmatch(raw)
	require.NotNil(t, m, "%s", raw)
	kib, err := strconv.Atoi(string(m[1]))
	require.NoError(t, err)
	return float64(kib) / 1024
}

// awaitFull waits until the peak of the resident set has not grown by more than a MiB in two seconds: the memory is full. It returns the peak.
func awaitFull(t *testing.T, pid int) (peak float64) {
	t.Helper()
	still, last := 0, 0.0
	require.Eventually(t, func() bool {
		peak = status(t, pid, "VmHWM")
		if still++; peak > last+1 {
			still, last = 0, peak
		}
		return still >= 20
	}, time.Minute, 100*time.Millisecond)
	return peak
}

// requireAccount requires that the receiver accounts for every event, and that it had some.
func requireAccount(t *testing.T, out string) {
	t.Helper()
	m := regexp.MustCompile(`received (\d+) = emitted (\d+) \+ filtered (\d+) \+ aggregated (\d+) \+ undecodable (\d+)(?: \([^)]*\))? \+ dropped (\d+)(?: \([^)]*\))? \+ pending 0`).FindStringSubmatch(out)
	require.NotNil(t, m, "%s", out)
	sum := make([]int, len(m))
	for i, text := range m[1:] {
		sum[i], _ = strconv.Atoi(text)
	}
	require.Positive(t, sum[0])
	require.Equal(t, sum[0], sum[1]+sum[2]+sum[3]+sum[4]+sum[5])
}

// memoryGroup makes a control group with a limit in bytes, and returns its folder. Where none can be made it returns "", and the test measures
// the process without one.
func memoryGroup(t *testing.T, limit int64) (dir string) {
	t.Helper()
	without := func(err error) string {
		t.Logf("without a control group: none with a memory limit can be made here: %v", err)
		return ""
	}
	parent, key := "/sys/fs/cgroup", "memory.max"
	own, err := os.ReadFile("/proc/self/cgroup")
	require.NoError(t, err)
	if m := regexp.MustCompile(`(?m)^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$`).FindSubmatch(own); m != nil { // version 1
		parent, key = filepath.Join("/sys/fs/cgroup/memory", string(m[1])), "memory.limit_in_bytes"
	} else if err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+memory"), 0); err != nil {
		return without(err)
	}
	dir, err = os.MkdirTemp(parent, "winnet-test-")
	if err != nil {
		return without(err)
	}
	t.Cleanup(func() {
		require.Eventually(t, func() bool { return os.Remove(dir) == nil }, 10*time.Second, 50*time.Millisecond)
	})
	if err := os.WriteFile(filepath.Join(dir, key), strconv.AppendInt(nil, limit, 10), 0); err != nil {
		return without(err)
	}
	return dir
}

// killed returns how often the kernel has ended a process of a group because of its limit.
func killed(t *testing.T, dir string) string {
	t.Helper()
	for _, name := range []string{"memory.events", "memory.oom_control"} {
		if raw, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			m := regexp.MustCompile(`(?m)^oom_kill (\d+)$`).FindSubmatch(raw)
			require.NotNil(t, m, "%s", raw)
			return string(m[1])
		}
	}
	t.Fatal("the group does not report kills")
	return ""
}

// Without GOMEMLIMIT, the peak of the resident set is at most the cap and a constant, and every event is accounted for. The kernel holds the
// collector to the same limit: it ends a process that takes more than its group may.
func TestThePeakOfTheResidentSetIsAtMostTheCapAndAConstant(t *testing.T) {
	binary := collector(t)
	t.Setenv("GOMEMLIMIT", "off")
	t.Setenv("GOGC", "100")
	for receiver := range greedy {
		t.Run(receiver, func(t *testing.T) {
			command := []string{binary, "--config", greedyConfig(t, receiver, capMiB)}
			group := memoryGroup(t, (capMiB+constantMiB)<<20)
			if group != "" {
				command = append([]string{"/bin/sh", "-c", `echo $$ > "$0" && exec "$@"`, filepath.Join(group, "cgroup.procs")}, command...)
			}
			r := startCommand(t, command[0], command[1:]...)
			r.await("receiving", 1)
			peak := awaitFull(t, r.cmd.Process.Pid)
			t.Logf("peak of the resident set: %.0f MiB with a cap of %d MiB", peak, capMiB)
			require.LessOrEqual(t, peak, float64(capMiB+constantMiB))
			if group != "" {
				require.Equal(t, "0", killed(t, group))
				members, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
				require.NoError(t, err)
				require.Equal(t, strconv.Itoa(r.cmd.Process.Pid), strings.TrimSpace(string(members)), "the collector is in the group")
			}
			require.NoError(t, r.cmd.Process.Signal(os.Interrupt))
			r.end(10 * time.Second)
			requireAccount(t, r.out.String())
		})
	}
}
