// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	serverGUID    = "{EB79061A-A566-4698-9119-3ED2807060E7}"
	serverSession = "ASIMDNSServerTrace"
	serverFile    = "testdata/dnsserver.etl"
	clientFile    = "testdata/dnsclient.etl"
)

// TestMain ends Wine's server after the tests: newHost has kept it.
func TestMain(m *testing.M) {
	code := m.Run()
	if os.Getenv("WINNET_WINE") != "" {
		if out, err := exec.Command("./rig.sh", "../../../dist", "end").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "rig.sh end: %v: %s\n", err, out)
			code = 1
		}
	}
	os.Exit(code)
}

// rig returns the repository's root, after a check that the rig is set up.
func rig(t *testing.T) string {
	t.Helper()
	Require(t, "a host of its own")
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	return root
}

// windowsPath returns a path for Wine: drive Z: is the root of the file system.
func windowsPath(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

// host is a simulated Windows host: a table of ETW sessions of its own, and the events of its providers.
type host struct {
	t       *testing.T
	root    string
	dir     string // of this test
	config  string // of its collectors
	env     []string
	program string // the collector
}

func newHost(t *testing.T, events ...string) *host {
	root := rig(t)
	h := &host{t: t, root: root, dir: t.TempDir(), config: config, program: filepath.Join(root, "dist/otelcol-winnet.exe")}
	h.rig("keep")
	var etl, schema []string
	for _, name := range events {
		etl = append(etl, windowsPath(filepath.Join(root, name)))
	}
	for _, name := range []string{"dnsserver.txt", "dnsclient.txt"} {
		schema = append(schema, windowsPath(filepath.Join(root, "internal/dns", name)))
	}
	h.set("WINDOWSTEST_SESSIONS", windowsPath(filepath.Join(h.dir, "sessions")))
	h.set("WINDOWSTEST_ETL", strings.Join(etl, ";"))
	h.set("WINDOWSTEST_SCHEMA", strings.Join(schema, ";"))
	return h
}

// set sets a variable for the programs that are started from now on; advapi32.c and fieldlists.h document the
// variables.
func (h *host) set(name, value string) { h.env = append(h.env, name+"="+value) }

func (h *host) command(program string, args ...string) *exec.Cmd {
	rig := filepath.Join(h.root, "internal/test/wine/rig.sh")
	cmd := exec.Command(rig, append([]string{filepath.Join(h.root, "dist"), "run", program}, args...)...)
	cmd.Dir, cmd.Env = h.root, append(os.Environ(), h.env...)
	return cmd
}

// end ends all programs of the rig, and Wine's server.
func (h *host) end() { h.rig("end") }

// rig runs a command of rig.sh.
func (h *host) rig(command string) {
	h.t.Helper()
	out, err := exec.Command(filepath.Join(h.root, "internal/test/wine/rig.sh"), filepath.Join(h.root, "dist"), command).CombinedOutput()
	require.NoError(h.t, err, "%s", out)
}

// logman runs the rig's logman and returns its output. The error is its exit code.
func (h *host) logman(args ...string) (string, error) {
	out, err := h.command("logman", append(args, "-ets")...).CombinedOutput()
	return string(out), err
}

// collector is a running collector.
type collector struct {
	t     *testing.T
	cmd   *exec.Cmd
	out   output
	ended chan struct{}
	err   error // of the process; read it after ended is closed
}

// records returns the file to which the collector of this host writes its records.
func (h *host) records() string { return filepath.Join(h.dir, "records.jsonl") }

// writes waits until the collector has written a number of bytes of records.
func (h *host) writes(c *collector, bytes int64) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		info, err := os.Stat(h.records())
		return err == nil && info.Size() > bytes
	}, time.Minute, 20*time.Millisecond, "%s", c.out)
}

const config = `
receivers:
  asimdns:
    enable_flags: "0xFFFFFFFFFFFFFFFF"
    enable_level: 5
    device: {hostname: dc1.corp.example.com, ip: 192.0.2.1}
` + toFile + `
  pipelines:
    logs: {receivers: [asimdns], exporters: [file]}
`

// toFile is the configuration without receivers and pipelines.
const toFile = `
exporters:
  file: {path: records.jsonl, flush_interval: 100ms}
service:
  telemetry:
    logs: {level: debug, disable_zap_resource: true}
    metrics: {level: none}
`

// start starts the collector with the host's configuration; settings are `--config yaml:` texts that override it.
func (h *host) start(settings ...string) *collector {
	h.t.Helper()
	return h.startIn(h.root, settings...)
}

// startIn is start in another working directory.
func (h *host) startIn(dir string, settings ...string) *collector {
	h.t.Helper()
	path := filepath.Join(h.dir, "config.yaml")
	require.NoError(h.t, os.WriteFile(path, []byte(h.config), 0o600))
	args := []string{"--config", windowsPath(path), "--config", "yaml:exporters::file::path: '" + windowsPath(h.records()) + "'"}
	for _, s := range settings {
		args = append(args, "--config", "yaml:"+s)
	}
	cmd := h.command(h.program, args...)
	cmd.Dir = dir
	return run(h.t, cmd)
}

// run starts a collector, which ends with the test.
func run(t *testing.T, cmd *exec.Cmd) *collector {
	t.Helper()
	// A file, not a pipe: Wine's own processes inherit it and live a little longer, and Wait would wait for them too.
	file, err := os.CreateTemp(t.TempDir(), "output")
	require.NoError(t, err)
	defer file.Close()
	c := &collector{t: t, cmd: cmd, out: output(file.Name()), ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = file, file
	require.NoError(t, cmd.Start())
	go func() {
		c.err = cmd.Wait()
		close(c.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-c.ended
	})
	return c
}

// await waits until the collector's output contains a text a number of times.
func (c *collector) await(text string, times int) {
	c.t.Helper()
	require.Eventually(c.t, func() bool { return strings.Count(c.out.String(), text) >= times }, time.Minute, 20*time.Millisecond, "no %q in:\n%s", text, c.out)
}

// The collector logs ready shortly before it handles Ctrl-C, at most for the time below. It does not report when.
const (
	ready    = "Everything is ready"
	readyFor = 250 * time.Millisecond
)

// interrupt ends the collector as Ctrl-C does, within five seconds and without an error.
func (c *collector) interrupt() {
	c.t.Helper()
	c.await(ready, 1)
	time.Sleep(readyFor)
	require.NoError(c.t, c.cmd.Process.Signal(os.Interrupt))
	select {
	case <-c.ended:
		require.NoError(c.t, c.err, "%s", c.out)
	case <-time.After(5 * time.Second):
		c.t.Fatalf("the collector did not end within five seconds of Ctrl-C:\n%s", c.out)
	}
}

// fails waits for the collector to end with an error.
func (c *collector) fails() {
	c.t.Helper()
	select {
	case <-c.ended:
		require.Error(c.t, c.err, "%s", c.out)
	case <-time.After(time.Minute):
		c.t.Fatalf("the collector did not end:\n%s", c.out)
	}
}

// output is the path of a process's output.
type output string

func (o output) String() string {
	text, err := os.ReadFile(string(o))
	if err != nil {
		return err.Error()
	}
	return string(text)
}
