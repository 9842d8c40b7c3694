// SPDX-License-Identifier: Apache-2.0

// Package windowstest runs the built otelcol-winnet.exe under Wine, with the stand-ins of dll/ for what Wine lacks of ETW.
// `make test-windows` builds all of it; rig.sh sets it up. The tests of the packages with Windows code run there too.
package windowstest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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

// rig is the repository's root, after a check that the rig was set up.
func rig(t *testing.T) string {
	t.Helper()
	if os.Getenv("WINNET_WINE") != "required" {
		t.Skip("not run: it needs Wine and the stand-ins; make test-windows sets them up")
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	return root
}

// windowsPath is a path as Wine has it: drive Z: is the root of the file system.
func windowsPath(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

// host is one Windows: a table of ETW sessions of its own, and what its providers have to tell.
type host struct {
	t    *testing.T
	root string
	dir  string // of this test
	env  []string
}

func newHost(t *testing.T, events ...string) *host {
	root := rig(t)
	h := &host{t: t, root: root, dir: t.TempDir()}
	var etl, schema []string
	for _, name := range events {
		etl = append(etl, windowsPath(filepath.Join(root, name)))
	}
	for _, name := range []string{"dnsserver.txt", "dnsclient.txt"} {
		schema = append(schema, windowsPath(filepath.Join(root, "internal/etw/schema", name)))
	}
	h.set("WINDOWSTEST_SESSIONS", windowsPath(filepath.Join(h.dir, "sessions")))
	h.set("WINDOWSTEST_ETL", strings.Join(etl, ";"))
	h.set("WINDOWSTEST_SCHEMA", strings.Join(schema, ";"))
	return h
}

// set sets a variable for the programs that are started from now on; advapi32.c and fieldlists.h say what they do.
func (h *host) set(name, value string) { h.env = append(h.env, name+"="+value) }

func (h *host) command(program string, args ...string) *exec.Cmd {
	rig := filepath.Join(h.root, "internal/windowstest/rig.sh")
	cmd := exec.Command(rig, append([]string{filepath.Join(h.root, "dist"), "run", program}, args...)...)
	cmd.Dir, cmd.Env = h.root, append(os.Environ(), h.env...)
	return cmd
}

// logman runs the rig's logman and gives what it says; the error is its exit code.
func (h *host) logman(args ...string) (string, error) {
	out, err := h.command("logman", append(args, "-ets")...).CombinedOutput()
	return string(out), err
}

// collector is a running otelcol-winnet.exe.
type collector struct {
	t     *testing.T
	cmd   *exec.Cmd
	out   *syncBuffer
	ended chan struct{}
	err   error // of the process, when ended is closed
}

// start starts the collector with asimdns and the file exporter; settings are `--config yaml:` texts on top of that.
func (h *host) start(settings ...string) *collector {
	h.t.Helper()
	path := filepath.Join(h.dir, "config.yaml")
	require.NoError(h.t, os.WriteFile(path, []byte(config), 0o600))
	return h.startWith(path, settings...)
}

const config = `
receivers:
  asimdns:
    enable_flags: "0xFFFFFFFFFFFFFFFF"
    enable_level: 5
    device: {hostname: dc1.corp.example.com, ip: 192.0.2.1}
exporters:
  debug:
service:
  telemetry:
    logs: {level: debug, disable_zap_resource: true}
    metrics: {level: none}
  pipelines:
    logs: {receivers: [asimdns], exporters: [debug]}
`

func (h *host) startWith(config string, settings ...string) *collector {
	h.t.Helper()
	args := []string{"--config", windowsPath(config)}
	for _, s := range settings {
		args = append(args, "--config", "yaml:"+s)
	}
	c := &collector{t: h.t, cmd: h.command(filepath.Join(h.root, "dist/otelcol-winnet.exe"), args...), out: &syncBuffer{}, ended: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = c.out, c.out
	require.NoError(h.t, c.cmd.Start())
	go func() {
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	h.t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.ended
	})
	return c
}

// await waits until the collector has said a text so often.
func (c *collector) await(text string, times int) {
	c.t.Helper()
	require.Eventually(c.t, func() bool { return strings.Count(c.out.String(), text) >= times }, time.Minute, 20*time.Millisecond, "no %q in:\n%s", text, c.out)
}

// interrupt ends the collector as Ctrl-C does, within five seconds and without an error.
func (c *collector) interrupt() {
	c.t.Helper()
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

// syncBuffer takes a process's output while a test reads it.
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
