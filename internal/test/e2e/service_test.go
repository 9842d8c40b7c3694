// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// runConfig follows a recording, so that the collector runs until it is stopped, and stores nothing but that it runs.
const runConfig = `
extensions:
  resilient_file_storage: {directory: %q, create_directory: true}
receivers:
  asimdns:
    replay: {path: %q, follow: true}
exporters:
  debug: {}
service:
  extensions: [resilient_file_storage]
  pipelines:
    logs: {receivers: [asimdns], exporters: [debug]}
  telemetry: {metrics: {level: none}}
`

func TestAStartAfterAKillSaysThatTheLastRunDidNotEnd(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, runConfig, filepath.Join(dir, "storage"), filepath.Join(dir, "to-come.etl")), 0o600))
	const said = "the last run did not end"
	started := time.Now()
	c := start(t, "--config", path)
	c.await(ready, 1)
	killed := time.Now()
	require.NoError(t, c.cmd.Process.Kill())
	c.end(time.Minute)
	require.NotContains(t, c.out.String(), said)

	startedAgain := time.Now()
	out := runUntilOK(t, func(string) bool { return true }, "--config", path)
	kit.RequireAtRisk(t, out, started, killed, startedAgain, time.Now())

	out = runUntilOK(t, func(string) bool { return true }, "--config", path)
	require.NotContains(t, out, said, "the run before was stopped")
}

func TestTheEnvironmentFileHasTheSecretsOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	config, env := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "environment")
	require.NoError(t, os.WriteFile(config, []byte(strings.ReplaceAll(runConfig, "%q", "\"${env:WINNET_TEST_FOLDER}\"")), 0o600))
	require.NoError(t, os.WriteFile(env, []byte("# written by a test\nWINNET_TEST_FOLDER="+dir+"/there\n"), 0o644))
	out, err := exec.Command(collector(t), "--env-file", env, "validate", "--config", config).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), env+" can be read by the group and all users")

	const secret = "6f1c0d6e-5d4c"
	require.NoError(t, os.WriteFile(env, []byte("WINNET_TEST_FOLDER="+secret+"\nWINNET_TEST_FOLDER="+secret), 0o600))
	out, err = exec.Command(collector(t), "validate", "--config", config, "--env-file="+env).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "line 2: WINNET_TEST_FOLDER is there already, in line 1")
	require.NotContains(t, string(out), secret)
}

func TestTheVersionNamesTheCommit(t *testing.T) {
	out, err := exec.Command(collector(t), "--version").Output()
	require.NoError(t, err)
	require.Regexp(t, `^otelcol-winnet version \d+\.\d+\.\d+\+[0-9a-f]{12}(\.modified)?\n$`, string(out))
}
