// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// The Windows program of the collector serves the hubble command, under Wine. `make test-hubble-windows` runs it.
func TestWineServesTheHubbleCommand(t *testing.T) {
	rig, exe := os.Getenv("WINNET_RIG"), os.Getenv("WINNET_NODE_EXE")
	require.NotEmpty(t, rig, "run make test-hubble-windows")
	want, flows := bodies(t)
	address := loopback.Address(t)
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
receivers: {ciliumwindows: {monitor_aggregation_level: none, body: hubble_json, node_name: node-1, replay: {path: 'Z:%s'}}}
exporters: {hubble: {endpoint: %q, node_name: node-1}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [ciliumwindows], exporters: [hubble]}}}
`, strings.ReplaceAll(capture(t), "/", `\`), address), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	fields := append(strings.Fields(rig), exe, "--config", "Z:"+config)
	p := exec.CommandContext(ctx, fields[0], fields[1:]...)
	log := &buffer{}
	p.Stdout, p.Stderr = log, log
	require.NoError(t, p.Start())
	defer func() { _ = p.Wait() }()
	defer cancel()
	require.Eventually(t, func() bool {
		out, err := hubble(t, "status", "--server", address)
		return err == nil && strings.Contains(strings.ReplaceAll(out, ",", ""), fmt.Sprintf("Current/Max Flows: %d/4095", flows))
	}, 2*time.Minute, 200*time.Millisecond, "%s", log)
	for _, flags := range []string{"--all", "--all -o json", "--first 20 --verdict DROPPED", "--last 30 --protocol tcp"} {
		args := append([]string{"observe"}, strings.Fields(flags)...)
		requireSame(t, lines(t, append(args, "--input-file", want)...), lines(t, append(args, "--server", address)...))
	}
}
