// SPDX-License-Identifier: Apache-2.0

package process

import (
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// exitCode is the environment variable with the exit code of another process, which ends when its input does.
const exitCode = "WINNET_TEST_EXIT"

func TestMain(m *testing.M) {
	if code, err := strconv.Atoi(os.Getenv(exitCode)); err == nil {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// 259 is STILL_ACTIVE, which GetExitCodeProcess returns for a running process.
func TestAProcessThatEndsWithAnyCodeHasEnded(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	for _, code := range []int{0, 1, 259} {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), exitCode+"="+strconv.Itoa(code))
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		p, err := System().Open(uint32(cmd.Process.Pid))
		require.NoError(t, err)
		require.False(t, p.Exited(), "%d", code)
		require.NoError(t, in.Close())
		_ = cmd.Wait()
		require.Equal(t, code, cmd.ProcessState.ExitCode())
		require.True(t, p.Exited(), "%d", code)
		p.Close()
	}
}

func TestOwnProcessIsNamed(t *testing.T) {
	want, err := os.Executable()
	require.NoError(t, err)
	n := NewNames(System())
	defer n.Close()
	got := n.Name(uint32(os.Getpid()), time.Now())
	require.True(t, strings.EqualFold(want, got), "%s and %s", want, got)
	require.Empty(t, n.Name(uint32(os.Getpid()), time.Unix(0, 0)), "before it started")
	require.Empty(t, n.Name(0xFFFFFFFC, time.Now()))
}
