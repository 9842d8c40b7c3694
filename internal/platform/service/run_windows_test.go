// SPDX-License-Identifier: Apache-2.0

package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows/svc"
)

// crashing is the variable with the file of the environment for a process that crashes.
const crashing = "WINNET_CRASHING"

func TestACrashOfTheServiceIsInAFileBesideItsLog(t *testing.T) {
	if path := os.Getenv(crashing); path != "" {
		_, err := prepare(path, &events{})
		require.NoError(t, err)
		go panic("it is broken")
		select {}
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "environment")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), crashing+"="+path)
	require.Error(t, cmd.Run())
	text, err := os.ReadFile(filepath.Join(folder, "logs", "otelcol-winnet.crash.log"))
	require.NoError(t, err)
	require.Contains(t, string(text), "panic: it is broken")
	require.Contains(t, string(text), "goroutine ")
}

func TestTheServiceAcceptsAStopWhileItStartsAndRuns(t *testing.T) {
	for _, k := range []kind{startPending, running} {
		for _, accepts := range []svc.Accepted{svc.AcceptStop, svc.AcceptShutdown, svc.AcceptPreShutdown} {
			assert.NotZero(t, kinds[k].Accepts&accepts, "%v", kinds[k])
		}
	}
	assert.Zero(t, kinds[stopPending].Accepts&svc.AcceptStop)
}
