// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a host takes at most for one thing, on a machine with other work.
const patience = 3 * time.Minute

// host is a Windows without stand-ins: a Wine prefix.
type host struct {
	t      *testing.T
	prefix string
	traces *os.File // Wine's traces of the services and the installer: eventlog_test.go
}

// newHost takes over the prefix that prefix.sh made, and keeps its services running until the test ends: Wine ends them with the last program.
func newHost(t *testing.T) *host {
	t.Helper()
	prefix := os.Getenv("WINNET_INSTALL_PREFIX")
	if prefix == "" {
		t.Skip("not run: there is no Windows to install on; make test-install sets one up")
	}
	traces, err := os.OpenFile(filepath.Join(t.TempDir(), "traces"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { _ = traces.Close() })
	h := &host{t: t, prefix: prefix, traces: traces}
	h.limitTraces()
	idle := h.traced("cmd.exe") // the services inherit what the first program has
	input, err := idle.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, idle.Start())
	t.Cleanup(func() {
		_ = input.Close()
		_ = idle.Wait()
	})
	return h
}

func (h *host) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	h.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "wine64", args...)
	if len(args) == 1 { // the idle program lasts as long as the test
		cmd = exec.Command("wine64", args...)
	}
	cmd.Env = append(os.Environ(), "WINEPREFIX="+h.prefix, "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", "DISPLAY=", "LC_ALL=C.UTF-8")
	return cmd
}

// run runs a program to its end and returns what it wrote, and its exit code.
func (h *host) run(args ...string) (string, int) {
	h.t.Helper()
	cmd := h.command(args...)
	// Files take the output: a service that the program starts would hold a pipe open.
	file, err := os.CreateTemp(h.t.TempDir(), "output")
	require.NoError(h.t, err)
	defer file.Close()
	cmd.Stdout, cmd.Stderr = file, file
	err = cmd.Run()
	out, readErr := os.ReadFile(file.Name())
	require.NoError(h.t, readErr)
	if cmd.ProcessState == nil {
		require.NoError(h.t, err)
	}
	return strings.ReplaceAll(string(bytes.ToValidUTF8(out, nil)), "\r\n", "\n"), cmd.ProcessState.ExitCode()
}

// state is the state of the service, as sc says it; "" if there is none.
func (h *host) state() string {
	out, code := h.run("sc", "query", "otelcol-winnet")
	if code != 0 {
		return ""
	}
	for line := range strings.Lines(out) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "STATE" {
			_, state, _ := strings.Cut(strings.TrimSpace(value), "  ")
			return strings.TrimSpace(state)
		}
	}
	return ""
}

func (h *host) awaitState(want string) {
	h.t.Helper()
	h.await("the service is "+want, func() bool { return h.state() == want })
}

func (h *host) await(what string, done func() bool) {
	h.t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			require.Fail(h.t, "not within "+patience.String()+": "+what, "%s", h.log())
		}
	}
}

// registry returns the values of a key and of those below it as `reg query` writes them; "" if there is no such key.
func (h *host) registry(key string) string {
	h.t.Helper()
	out, code := h.run("reg", "query", key, "/s")
	if code != 0 {
		return ""
	}
	return out
}

// set writes a value of a key.
func (h *host) set(key, name, kind, value string) {
	h.t.Helper()
	out, code := h.run("reg", "add", key, "/v", name, "/t", kind, "/d", value, "/f")
	require.Zero(h.t, code, "%s", out)
}

// path is a file below C: as this system names it.
func (h *host) path(parts ...string) string {
	return filepath.Join(append([]string{h.prefix, "drive_c"}, parts...)...)
}

// data is a file in the data folder.
func (h *host) data(parts ...string) string {
	return h.path(append([]string{"ProgramData", "otelcol-winnet"}, parts...)...)
}

func (h *host) read(path string) string {
	h.t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(h.t, err)
	return string(content)
}

// log is what the collector logged so far.
func (h *host) log() string {
	content, err := os.ReadFile(h.data("logs", "otelcol-winnet.log"))
	if err != nil {
		return err.Error()
	}
	return string(content)
}

// windowsPath is a path of this system as Wine names it.
func windowsPath(path string) string { return `Z:` + strings.ReplaceAll(path, "/", `\`) }
