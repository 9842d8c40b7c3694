// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// verifyProgram is the built winnet-verify.
const verifyProgram = "dist/winnet-verify.exe"

// verified runs winnet-verify and returns what it prints, and its exit code.
func (h *host) verified(args ...string) (string, int) {
	h.t.Helper()
	cmd := h.command(filepath.Join(h.root, verifyProgram), args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(h.t, err, &exit, "%s", out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// The build that users run: it says what it would do, does it, and writes the report.
func TestWinnetVerifyAsItIsBuiltWritesItsReport(t *testing.T) {
	h := newHost(t, clientFile)
	path := filepath.Join(h.dir, "report.json")
	args := []string{"--probes", "rights,providers,field-lists,session-properties", "--out", windowsPath(path)}
	out, code := h.verified(append(args, "--dry-run")...)
	require.Zero(t, code, "%s", out)
	require.Contains(t, out, "starts an ETW session of its own, and stops it")
	require.NoFileExists(t, path)

	out, code = h.verified(args...)
	require.Zero(t, code, "%s", out)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var report struct {
		Schema  int
		Summary map[string]int
	}
	require.NoError(t, json.Unmarshal(text, &report))
	require.Equal(t, 1, report.Schema)
	require.Equal(t, map[string]int{"pass": 4}, report.Summary, "%s", out)

	h.set("WINDOWSTEST_STRIP", "0x08000000")
	out, code = h.verified(args...)
	require.Equal(t, 1, code, "%s", out)
	require.Contains(t, out, "EVENT_TRACE_INDEPENDENT_SESSION_MODE")
}

func TestWinnetVerifyUndoesItsChangesOnCtrlC(t *testing.T) {
	h := newHost(t, clientFile)
	path := filepath.Join(h.dir, "report.json")
	c := run(t, h.command(filepath.Join(h.root, verifyProgram), "--probes", "clock,throughput,files", "--out", windowsPath(path)))
	c.await("the finest step", 1)
	require.Eventually(t, func() bool {
		out, err := h.logman("query")
		return err == nil && out != ""
	}, time.Minute, 20*time.Millisecond, "its session runs")
	require.NoError(t, c.cmd.Process.Signal(os.Interrupt))
	<-c.ended
	require.Contains(t, c.out.String(), "cut off: ")
	out, err := h.logman("query")
	require.NoError(t, err)
	require.Empty(t, out, "no session stays behind")
	require.FileExists(t, path)
}
