// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// job returns the configuration of a replay that ends the collector, for files at path and an exporter.
func job(path, exporter string) []string {
	return []string{"--config", "yaml:" + fmt.Sprintf(`
receivers:
  asimdns:
    enable_level: 5
    enable_flags: 0
    replay: {path: %s, exit_when_done: true}
exporters:
  %s
service:
  telemetry: {metrics: {level: none}, logs: {disable_zap_resource: true, disable_stacktrace: true}}
  pipelines:
    logs: {receivers: [asimdns], exporters: [%s]}
`, path, exporter, exporter[:strings.IndexByte(exporter, ':')])}
}

const (
	serverFile = "testdata/dnsserver.etl"
	accounted  = "events\": \"received %d = emitted %d + filtered 0 + aggregated 0 + undecodable 0 + dropped 0 + pending 0"
	nop        = "debug: {verbosity: basic}"
)

// copied copies the server's file to each path.
func copied(t *testing.T, paths ...string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root(t), serverFile))
	require.NoError(t, err)
	for _, path := range paths {
		require.NoError(t, os.WriteFile(path, raw, 0o600))
	}
}

func TestAJobEndsTheCollectorWithExitCodeZero(t *testing.T) {
	n := kit.Generated(t, "dnsserver.etl").Events
	out, code := runToItsEnd(t, job("["+serverFile+"]", nop)...)
	require.Zero(t, code, "%s", out)
	require.Contains(t, out, fmt.Sprintf(accounted, n, n))
	require.Equal(t, 1, strings.Count(out, "\terror\t"), "the reason for the end, and no other error:\n%s", out)
	require.Contains(t, out, "this is no failure: every replay with exit_when_done has ended")
	require.NotContains(t, out, "a restart of the collector reads every file again")
}

func TestAFileThatVanishedOrBecameAFolderIsNamedAndTheNextOnesAreRead(t *testing.T) {
	n := kit.Generated(t, "dnsserver.etl").Events
	for name, path := range map[string]func(dir string) string{
		"list": func(dir string) string {
			return fmt.Sprintf("[%[1]s/1.etl, %[1]s/2.etl, %[1]s/3.etl, %[1]s/4.etl]", dir)
		},
		"glob": func(dir string) string { return dir + "/*.etl" },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			second, third := filepath.Join(dir, "2.etl"), filepath.Join(dir, "3.etl")
			copied(t, filepath.Join(dir, "1.etl"), second, third, filepath.Join(dir, "4.etl"))
			// The rate limits how fast the first file is read, so that the others change before its end.
			r := start(t, append(job(path(filepath.ToSlash(dir)), nop), "--config", "yaml:receivers::asimdns::replay::rate: 1000")...)
			r.await("receiving DNS events", 1)
			require.NoError(t, os.Remove(second))
			require.NoError(t, os.Remove(third))
			require.NoError(t, os.Mkdir(third, 0o700))
			require.NotContains(t, r.out.String(), "file read", "the files change while the first is read")
			require.Equal(t, 1, r.end(time.Minute), "%s", r.out)
			out := r.out.String()
			require.Contains(t, out, fmt.Sprintf(accounted, 2*n, 2*n), "the first and the last file")
			lines := strings.Split(strings.TrimSpace(out), "\n")
			last := lines[len(lines)-1]
			require.Contains(t, last, "replay.path: 2 of 4 files could not be read in full: ")
			require.Contains(t, last, filepath.ToSlash(second))
			require.Contains(t, last, filepath.ToSlash(third)+": not an event trace log (.etl): it is a directory")
			require.Equal(t, 1, strings.Count(out, "not every file could be read in full"))
		})
	}
}

func TestAMissingFileFailsTheStart(t *testing.T) {
	out, code := runToItsEnd(t, job("["+serverFile+", gone.etl]", nop)...)
	require.Equal(t, 1, code)
	require.Contains(t, out, `replay.path: "gone.etl": no such file`)
	require.NotContains(t, out, "file read")
}

func TestAReceiverThatIsNotAJobDoesNotDelayTheEnd(t *testing.T) {
	out, code := runToItsEnd(t, append(job(serverFile, nop),
		"--config", "yaml:receivers::asimdns/endless: {replay: {path: "+serverFile+", repeat: 0, rate: 100}}",
		"--config", "yaml:service::pipelines::logs::receivers: [asimdns, asimdns/endless]")...)
	require.Zero(t, code, "%s", out)
	require.Equal(t, 1, strings.Count(out, "the replay has ended"), "the other one never does")
	require.Contains(t, out, `"otelcol.component.id": "asimdns/endless"`)
}

func TestEveryJobIsWaitedFor(t *testing.T) {
	n := kit.Generated(t, "cilium_events.pcapng").Events
	out, code := runToItsEnd(t, append(job(serverFile, nop),
		"--config", "yaml:receivers::ciliumwindows: {enabled_events: [DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE], monitor_aggregation_level: none, "+
			"replay: {path: testdata/cilium_events.pcapng, rate: 1000, exit_when_done: true}}",
		"--config", "yaml:service::pipelines::logs::receivers: [asimdns, ciliumwindows]")...)
	require.Zero(t, code, "%s", out)
	require.Equal(t, 2, strings.Count(out, "the replay has ended"))
	require.Contains(t, out, fmt.Sprintf(accounted, n, n), "the account of the longer replay")
}

func TestASlowFarEndHasEveryRecordBeforeAJobEnds(t *testing.T) {
	n := kit.Generated(t, "dnsserver.etl").Events
	f, url := newFarEnd(t)
	r := start(t, append(job(serverFile, "otlp_http: {endpoint: '"+url+"', compression: none, timeout: 60s, sending_queue: {num_consumers: 2, block_on_overflow: true}}"),
		"--config", "yaml:receivers::asimdns::batch::max_records: 50")...)
	r.await("Starting shutdown...", 1)
	r.await(fmt.Sprintf(accounted, n, n), 2) // when the replay has ended, and when the receiver has ended
	require.Zero(t, f.records.Load(), "all records are in the exporter's queue")
	close(f.open)
	require.Zero(t, r.end(time.Minute), "%s", r.out)
	require.Equal(t, int64(n), f.records.Load())
}

func TestAJobWithoutAnExportersQueueIsDoneWhenAllIsDelivered(t *testing.T) {
	n := kit.Generated(t, "dnsserver.etl").Events
	f, url := newFarEnd(t)
	r := start(t, job(serverFile, "otlp_http: {endpoint: '"+url+"', compression: none, timeout: 60s, sending_queue: {enabled: false}, retry_on_failure: {max_elapsed_time: 0}}")...)
	r.await("file read", 1)
	require.Eventually(t, func() bool { return f.asked.Load() > 0 }, time.Minute, 20*time.Millisecond)
	require.NotContains(t, r.out.String(), "the replay has ended")
	close(f.open)
	require.Zero(t, r.end(time.Minute), "%s", r.out)
	require.Equal(t, int64(n), f.records.Load())
}

func TestCtrlCBeforeTheEndOfAJobEndsItInOrderWithExitCodeOne(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: there is no interrupt to send on Windows")
	}
	r := start(t, append(job(serverFile, nop), "--config", "yaml:receivers::asimdns::replay::rate: 10")...)
	r.await("receiving DNS events", 1)
	time.Sleep(readyFor)
	require.NoError(t, r.cmd.Process.Signal(os.Interrupt))
	require.Equal(t, 1, r.end(5*time.Second), "%s", r.out)
	out := r.out.String()
	require.Contains(t, out, "the replay was stopped before its end")
	require.Regexp(t, `Error: .*replay: stopped before its end, after \d+ events`, out)
	require.NotContains(t, out, "the replay has ended")
	require.NotContains(t, out, "this is no failure")
	require.Contains(t, out, "pending 0")
}

// The collector handles one request to end only. While it shuts down, a second request must not block. Here the job
// ends while other receivers are slow to shut down.
func TestAJobThatEndsWhileTheCollectorShutsDownDoesNotHoldItUp(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: there is no interrupt to send on Windows")
	}
	_, url := newFarEnd(t)
	args := append(job(serverFile, nop), "--config", "yaml:receivers::asimdns::replay::rate: 1000",
		"--config", "yaml:exporters::otlp_http: {endpoint: '"+url+"', compression: none, timeout: 60s, sending_queue: {enabled: false}}")
	const blocked = 4
	names := make([]string, blocked)
	for i := range names {
		names[i] = fmt.Sprintf("asimdns/blocked%d", i)
		args = append(args, "--config", "yaml:receivers::"+names[i]+": {replay: {path: "+serverFile+", repeat: 0}, queue: {max_size_mib: 1}}")
	}
	args = append(args, "--config", "yaml:service::pipelines::logs/blocked: {receivers: ["+strings.Join(names, ", ")+"], exporters: [otlp_http]}")
	r := start(t, args...)
	r.await("receiving DNS events", 1+blocked)
	time.Sleep(readyFor)
	require.NoError(t, r.cmd.Process.Signal(os.Interrupt))
	if r.end(time.Minute) != 0 { // receivers shut down in random order: the job's may be the first
		require.Contains(t, r.out.String(), "replay: stopped before its end")
	}
	require.Equal(t, 1+blocked, strings.Count(r.out.String(), "left the receiver"), "%s", r.out)
}
