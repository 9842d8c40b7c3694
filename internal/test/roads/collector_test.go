// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// patience is long enough that only a failing test reaches it.
const patience = 2 * time.Minute

func root(t *testing.T) string {
	dir, err := filepath.Abs("../../..")
	require.NoError(t, err)
	return dir
}

// home makes a working directory with the agent's binary, as after unpacking a release.
func home(t *testing.T) string { return homeOf(t, "WINNET_COLLECTOR") }

// gatewayHome makes one with the gateway's binary.
func gatewayHome(t *testing.T) string { return homeOf(t, "WINNET_GATEWAY") }

// homeOf makes a working directory with the binary that an environment variable names.
func homeOf(t *testing.T, variable string) string {
	built := os.Getenv(variable)
	require.NotEmpty(t, built, "%s does not name a built collector; make test-roads builds one and sets it", variable)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(built, filepath.Join(dir, "otelcol-winnet")))
	return dir
}

// output is a process's output that a test can read while the process writes it.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// collector is a running collector.
type collector struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     *output
	metrics string

	receiver string // the receiver whose records are counted

	ended chan struct{}
	err   error // the error of Wait; read it after ended is closed
}

// start launches a collector and waits until it is ready.
func start(t *testing.T, dir string, env []string, configs ...string) *collector {
	t.Helper()
	c := launch(t, dir, env, configs...)
	c.until("the collector is ready", func() bool { return strings.Contains(c.out.String(), ready) })
	return c
}

// ready is the message of a collector that runs.
const ready = "Everything is ready"

// launch starts the collector with configurations, each overriding the ones before: the name of a shipped one, or
// "yaml:…".
func launch(t *testing.T, dir string, env []string, configs ...string) *collector {
	t.Helper()
	port := loopback.Port(t)
	telemetry := fmt.Sprintf(`yaml:service::telemetry::metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %d}}}}]}`, port)
	var args []string
	for _, config := range append(configs, telemetry) {
		if !strings.HasPrefix(config, "yaml:") {
			config = fileOf(t, config)
		}
		args = append(args, "--config", config)
	}
	c := &collector{t: t, cmd: exec.Command(filepath.Join(dir, "otelcol-winnet"), args...), out: &output{}, receiver: "asimdns", metrics: fmt.Sprintf("http://127.0.0.1:%d/metrics", port), ended: make(chan struct{})}
	c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = dir, c.out, c.out
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "ProgramData=") && !strings.HasPrefix(kv, "COMPUTERNAME=") {
			c.cmd.Env = append(c.cmd.Env, kv)
		}
	}
	c.cmd.Env = append(c.cmd.Env, env...)
	require.NoError(t, c.cmd.Start())
	go func() { c.err = c.cmd.Wait(); close(c.ended) }()
	t.Cleanup(func() { _ = c.cmd.Process.Kill(); <-c.ended })
	return c
}

// until waits for a condition. A collector that ends meanwhile is a failure.
func (c *collector) until(what string, done func() bool) {
	c.t.Helper()
	c.untilWithin(patience, what, done)
}

func (c *collector) untilWithin(limit time.Duration, what string, done func() bool) {
	c.t.Helper()
	deadline := time.Now().Add(limit)
	for !done() {
		select {
		case <-c.ended:
			if done() {
				return
			}
			c.t.Fatalf("the collector ended before %s: %v\n%s", what, c.err, tail(c.out.String()))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("waited %v until %s\n%s", limit, what, tail(c.out.String()))
		}
	}
}

// tail returns the end of an output that may be long.
func tail(text string) string { return text[max(0, len(text)-6000):] }

// metric returns the sum of a metric of the collector over its labels, or 0 if it does not exist yet.
func (c *collector) metric(name string) int {
	resp, err := http.Get(c.metrics)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0
	}
	sum := 0.0
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, name); ok && (rest[0] == '{' || rest[0] == ' ') {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, ' ')+1:]), 64)
			if err == nil {
				sum += v
			}
		}
	}
	return int(sum)
}

// accepted returns the number of records that the receiver has handed over.
func (c *collector) accepted() int {
	return c.metric("otelcol_receiver_" + c.receiver + "_events_emitted")
}

func (c *collector) untilAccepted(n int) {
	c.t.Helper()
	c.until(fmt.Sprintf("the receiver has handed over %d records", n), func() bool { return c.accepted() >= n })
}

var account = regexp.MustCompile(`received (\d+) = emitted (\d+) \+ filtered 0 \+ aggregated 0 \+ undecodable 0 \+ dropped (\d+)[^+]* \+ pending (\d+)`)

// interrupt ends the collector as Ctrl-C does. It requires exit code 0 and an account that adds up, and returns the
// number of records that the receiver handed over.
func (c *collector) interrupt() (emitted int) {
	c.t.Helper()
	return c.interruptWithin(patience)
}

func (c *collector) interruptWithin(limit time.Duration) (emitted int) {
	c.t.Helper()
	c.stopWithin(limit)
	all := account.FindAllStringSubmatch(c.out.String(), -1)
	require.NotEmpty(c.t, all, "%s", tail(c.out.String()))
	var n [4]int
	for i, text := range all[len(all)-1][1:] {
		n[i], _ = strconv.Atoi(text)
	}
	require.Equal(c.t, n[0], n[1]+n[2], "received = emitted + dropped: %s", all[len(all)-1][0])
	require.Zero(c.t, n[3], "pending")
	return n[1]
}

// stopWithin is interrupt for a collector without a receiver of this project.
func (c *collector) stopWithin(limit time.Duration) {
	c.t.Helper()
	require.NoError(c.t, c.cmd.Process.Signal(os.Interrupt))
	select {
	case <-c.ended:
		require.NoError(c.t, c.err, "%s", tail(c.out.String()))
	case <-time.After(limit):
		c.t.Errorf("the collector did not end within %v of Ctrl-C:\n%s", limit, tail(c.out.String()))
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}

// untilLogged waits until the collector has logged a text.
func (c *collector) untilLogged(text string) {
	c.t.Helper()
	c.until("it logs "+text, func() bool { return strings.Contains(c.out.String(), text) })
}

// kill kills the collector as kill -9 does.
func (c *collector) kill() {
	c.t.Helper()
	require.NoError(c.t, c.cmd.Process.Kill())
	<-c.ended
}

// exitCode waits for the collector to end, and returns its exit code.
func (c *collector) exitCode() int {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(patience):
		c.t.Fatalf("the collector did not end\n%s", tail(c.out.String()))
	}
	return c.cmd.ProcessState.ExitCode()
}
