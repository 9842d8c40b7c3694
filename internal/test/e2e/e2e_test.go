// SPDX-License-Identifier: Apache-2.0

// Package e2e runs the built collector as a user does. `make test-e2e` builds it and sets the variable with its path.
package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// collector returns the path of the built collector.
func collector(t *testing.T) string {
	path := os.Getenv("WINNET_COLLECTOR")
	if path == "" {
		t.Skip("not run: WINNET_COLLECTOR does not name a built collector; make test-e2e builds one")
	}
	return path
}

// root returns the repository's folder, in which a user starts the collector.
func root(t *testing.T) string {
	dir, err := filepath.Abs("../../..")
	require.NoError(t, err)
	return dir
}

// syncBuffer is a process's output that a test can read while the process writes it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// The collector logs ready shortly before it handles Ctrl-C, at most for the time below. It does not report when.
const (
	ready    = "Everything is ready"
	readyFor = 250 * time.Millisecond
)

// runUntilOK starts the collector, waits until ok accepts its output, interrupts it as Ctrl-C does, and returns the
// output. The collector must then end with exit code 0 within five seconds.
func runUntilOK(t *testing.T, ok func(out string) bool, args ...string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("not run: there is no interrupt to send on Windows")
	}
	r := start(t, args...)
	r.awaitOK(ok)
	time.Sleep(readyFor)
	require.NoError(t, r.cmd.Process.Signal(os.Interrupt))
	require.Zero(t, r.end(5*time.Second), "%s", r.out)
	return r.out.String()
}

// running is a collector that a test started.
type running struct {
	t     *testing.T
	cmd   *exec.Cmd
	out   *syncBuffer
	ended chan error
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	return startCommand(t, collector(t), args...)
}

// startCommand starts a command that becomes a collector.
func startCommand(t *testing.T, name string, args ...string) *running {
	t.Helper()
	r := &running{t: t, cmd: exec.Command(name, args...), out: &syncBuffer{}, ended: make(chan error, 1)}
	r.cmd.Dir = root(t)
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.out
	require.NoError(t, r.cmd.Start())
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	go func() { r.ended <- r.cmd.Wait() }()
	return r
}

// await waits until the collector is ready and its output contains the text the given number of times.
func (r *running) await(text string, times int) {
	r.t.Helper()
	r.awaitOK(func(out string) bool { return strings.Count(out, text) >= times })
}

// awaitOK waits until the collector is ready and ok accepts its output.
func (r *running) awaitOK(ok func(out string) bool) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		out := r.out.String()
		return ok(out) && strings.Contains(out, ready)
	}, time.Minute, 20*time.Millisecond, "%s", r.out)
}

// end waits for the collector to end by itself, and returns its exit code.
func (r *running) end(within time.Duration) int {
	r.t.Helper()
	select {
	case <-r.ended:
		return r.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		r.t.Fatalf("the collector did not end within %v:\n%s", within, r.out)
		return 0
	}
}

// runToItsEnd runs a collector that ends by itself, and returns its output and exit code.
func runToItsEnd(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	r := start(t, args...)
	code = r.end(time.Minute)
	return r.out.String(), code
}

func TestTheReplayWritesEveryEventOfTheThreeFilesAndEndsByItself(t *testing.T) {
	out, code := runToItsEnd(t, "--config", "config.replay.yaml")
	require.Zero(t, code, "%s", out)
	require.Contains(t, out, "DNS Server Event: ")
	require.Contains(t, out, "DNS Client Event: ")
	require.Contains(t, out, "FORWARDED", "a line as hubble observe prints it")
	require.Equal(t, 3, strings.Count(out, "every event has left the receiver"))
	require.NotContains(t, out, "panic")

	file, err := os.Open("../../../out/winnet.jsonl")
	require.NoError(t, err)
	defer file.Close()
	got := map[string]int{}
	byID := map[string]int{}
	lines := bufio.NewReaderSize(file, 1<<20)
	unmarshaler := plog.JSONUnmarshaler{}
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 {
			break
		}
		require.NoError(t, err)
		logs, err := unmarshaler.UnmarshalLogs(line)
		require.NoError(t, err)
		for i := range logs.ResourceLogs().Len() {
			rl := logs.ResourceLogs().At(i)
			service, _ := rl.Resource().Attributes().Get("service.name")
			for _, sl := range rl.ScopeLogs().All() {
				got[service.Str()] += sl.LogRecords().Len()
				for _, lr := range sl.LogRecords().All() {
					id, _ := lr.Attributes().Get("EventOriginalType")
					byID[service.Str()+" "+id.Str()]++
				}
			}
		}
	}
	requireSums(t, "../../../out/winnet-metrics.jsonl")
	server, client, cilium := kit.Generated(t, "dnsserver.etl"), kit.Generated(t, "dnsclient.etl"), kit.Generated(t, "cilium_events.pcapng")
	require.Equal(t, map[string]int{
		"windows_dns_server": server.Events, "windows_dns_client": client.Events, "windows_cilium": cilium.Events,
	}, got)
	for service, counts := range map[string]kit.Counts{"windows_dns_server": server, "windows_dns_client": client} {
		for id, n := range counts.ByID {
			require.Equal(t, n, byID[service+" "+id], "%s event %s", service, id)
		}
	}
}

// requireSums compares the last sums in a file with those of the capture, which were counted by hand from the length
// fields of its messages.
// A collector logs ten equal messages in ten seconds by default, whichever components they are of.
func TestEachOfManyReceiversHasItsAccountInTheLog(t *testing.T) {
	const receivers = 16
	var sections, names []string
	for i := range receivers {
		names = append(names, fmt.Sprintf("asimdns/%d", i))
		sections = append(sections, fmt.Sprintf("  asimdns/%d: {replay: {path: %s, exit_when_done: true}}", i, serverFile))
	}
	log, code := runToItsEnd(t, "--config", "yaml:"+fmt.Sprintf(`
receivers:
%s
exporters: {debug: }
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [%s], exporters: [debug]}
`, strings.Join(sections, "\n"), strings.Join(names, ", ")))
	require.Zero(t, code, "%s", log)
	require.Equal(t, receivers, strings.Count(log, "every event has left the receiver"))
	require.Equal(t, receivers, strings.Count(log, "the replay has ended"))
}

func requireSums(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	metrics, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics([]byte(lines[len(lines)-1]))
	require.NoError(t, err)
	require.Equal(t, 1, metrics.ResourceMetrics().Len())
	rm := metrics.ResourceMetrics().At(0)
	service, _ := rm.Resource().Attributes().Get("service.name")
	require.Equal(t, "windows_cilium", service.Str())
	totals := map[string]int64{}
	for _, metric := range rm.ScopeMetrics().At(0).Metrics().All() {
		for _, point := range metric.Sum().DataPoints().All() {
			totals[metric.Name()] += point.IntValue()
		}
	}
	require.Equal(t, map[string]int64{"cilium.event.count": 1200, "cilium.network.packet.count": 1087, "cilium.network.io": 86816}, totals)
}

func TestValidateAcceptsTheShippedConfigurations(t *testing.T) {
	readme := kit.Section(t, filepath.Join(root(t), "receiver/ciliumwindowsreceiver/README.md"), "# Cilium on Windows Receiver")
	_, example, _ := strings.Cut(readme, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	for _, config := range []string{"config.yaml", "config.replay.yaml", "yaml:" + example} {
		cmd := exec.Command(collector(t), "validate", "--config", config)
		cmd.Dir, cmd.Env = root(t), withConnectionString()
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", config, out)
	}
}

// withConnectionString is the environment of a user of config.yaml.
func withConnectionString() []string {
	return append(os.Environ(), "APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=00000000-0000-0000-0000-000000000001")
}

func TestValidateRefusesWhatIsNotAllowed(t *testing.T) {
	for set, want := range map[string]string{
		"receivers::asimdns::provider_guid=x":                          "{EB79061A-A566-4698-9119-3ED2807060E7}",
		"receivers::asimdns::enable_level=9":                           "enable_level: 9 is not allowed; want 0 to 5",
		"receivers::asimdns::colour=red":                               "colour",
		"receivers::ciliumwindows::enabled_events=[FLOW]":              "POLICY_VERDICT",
		"receivers::ciliumwindows::monitor_aggregation_level=maxmimum": "maximum",
		"receivers::ciliumwindows::field_mask=[source.pod]":            "pod_name",
		"receivers::asimdns::retry=1":                                  "retry: 1 is not allowed; want a section of the keys enabled, initial_interval",
		"receivers::asimdns::retry::initial_interval=0s":               "receivers::asimdns::retry: initial_interval: 0s is not allowed; want 100ms to 24h0m0s",
		"receivers::ciliumwindows::retry::multiplier=0":                "receivers::ciliumwindows::retry: multiplier: 0 is not allowed; want 1 (the interval stays) to 100",
		"receivers::asimdns::session_name='  '":                        `"  " is not allowed; want no blanks at its ends`,
		"receivers::asimdns::session_name=\"a\\nb\"":                   `"a\nb" is not allowed: it holds U+000A`,
		"receivers::asimdns::record::path=.":                           `receivers::asimdns::record: path: "." is a folder; want the name of a file to write`,
		"receivers::ciliumwindows::record::path=docs/":                 `"docs/" is a folder`,
		"receivers::ciliumwindows::events_map=' '":                     `events_map: " " is not allowed`,
		"receivers::ciliumwindows::node_name=a b":                      `node_name: "a b" is not the name of a host`,
	} {
		key, value, _ := strings.Cut(set, "=")
		cmd := exec.Command(collector(t), "validate", "--config", "config.yaml", "--config", "yaml:"+key+": "+value,
			"--config", "yaml:service::pipelines::logs::receivers: [asimdns, ciliumwindows]", "--config", "yaml:receivers::ciliumwindows::body: summary")
		cmd.Dir, cmd.Env = root(t), withConnectionString()
		out, err := cmd.CombinedOutput()
		require.Error(t, err, "%s: %s", set, out)
		require.Contains(t, string(out), want, set)
	}
}

// Checks what README.md says of validate and of the start.
func TestValidateReadsNoFileAndTheStartDoes(t *testing.T) {
	const config = `yaml:
receivers: {asimdns: {replay: {path: /no/such/file.etl}}}
exporters: {debug: {}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [asimdns], exporters: [debug]}}`
	run := func(args ...string) (string, error) {
		cmd := exec.Command(collector(t), append(args, "--config", config)...)
		cmd.Dir = root(t)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("validate")
	require.NoError(t, err, out)
	require.Empty(t, out)
	out, err = run()
	exit := (*exec.ExitError)(nil)
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, out, "no such file")
}

func TestValidateSaysThatTheConnectionStringIsNotSet(t *testing.T) {
	cmd := exec.Command(collector(t), "validate", "--config", "config.yaml")
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), "APPLICATIONINSIGHTS_CONNECTION_STRING=")
	out, err := cmd.CombinedOutput()
	exit := (*exec.ExitError)(nil)
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, string(out), "exporters::app_insights: connection_string: it is empty")
	require.Contains(t, string(out), "APPLICATIONINSIGHTS_CONNECTION_STRING}, set that variable")
}

// docs/install.md lists the components in the groups that the collector's own list has.
func TestTheInstallGuideListsTheComponentsThatTheCollectorHas(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "install.md"))
	require.NoError(t, err)
	_, list, ok := strings.Cut(string(text), "`otelcol-winnet components` lists what is built in:\n\n")
	require.True(t, ok)
	list, _, ok = strings.Cut(list, "\n\n")
	require.True(t, ok)
	shown := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z]+s) \|(.*)$`).FindAllStringSubmatch(list, -1) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[2], -1) {
			shown[name[1]] = row[1]
		}
	}
	require.Equal(t, groups(t, collector(t)), shown)
}

func TestASectionThatAnUnsetVariableLeavesEmptyIsRefused(t *testing.T) {
	for _, receiver := range []string{"asimdns/server", "ciliumwindows"} {
		for _, section := range []string{"replay", "record"} {
			for value, refused := range map[string]bool{"${env:WINNET_NOT_SET}": true, "${env:WINNET_EMPTY}": true, "null": false, "": false} {
				cmd := exec.Command(collector(t), "validate", "--config", "config.replay.yaml", "--config", "yaml:receivers::"+receiver+"::"+section+": "+value)
				cmd.Dir, cmd.Env = root(t), append(os.Environ(), "WINNET_EMPTY=")
				out, err := cmd.CombinedOutput()
				require.Equal(t, refused, err != nil, "%s: %s: %s: %s", receiver, section, value, out)
				if refused {
					require.Contains(t, string(out), section+": path: it is missing or empty, for example because a variable is not set; want ")
				}
			}
		}
	}
}

func TestALiveReceiverSaysWhatItNeedsOffWindows(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: this is Windows")
	}
	cmd := exec.Command(collector(t), "--config", "config.replay.yaml", "--config", "yaml:receivers::asimdns/server::replay: null")
	cmd.Dir = root(t)
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "live ETW sessions need Windows; this is "+runtime.GOOS)
	require.Contains(t, string(out), "replay.path")
}
