// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

const root = "../../.."

// capture is the recorded events that the collectors replay.
func capture(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(root + "/testdata/cilium_events.pcapng")
	require.NoError(t, err)
	return path
}

// buffer takes the output of a process.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// collector is a running collector of a node.
type collector struct {
	*testing.T
	address string
	log     *buffer
	client  observerpb.ObserverClient
}

// program returns the collector with a configuration.
func program(t *testing.T, config string) *exec.Cmd {
	t.Helper()
	path := os.Getenv("WINNET_NODE")
	require.NotEmpty(t, path, "run make test-hubble")
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	return exec.Command(path, "--config", file) // the end of the test stops it, not that of its context
}

// start starts a collector whose receiver and exporter have keys, and waits until it serves.
func start(t *testing.T, receiver, exporter string) *collector {
	t.Helper()
	return startWith(t, "", receiver, exporter)
}

// startNamed starts a collector that names the ends of the capture's flows.
func startNamed(t *testing.T, receiver, exporter string) *collector {
	t.Helper()
	snapshot, err := filepath.Abs(root + "/examples/hubble/snapshot.yaml")
	require.NoError(t, err)
	return startWith(t, fmt.Sprintf("k8s_names: {snapshot: %q, node: win-node-1}", snapshot), "names: k8s_names, "+receiver, exporter)
}

// startWith starts a collector with an extension, or none.
func startWith(t *testing.T, extension, receiver, exporter string) *collector {
	t.Helper()
	name, _, _ := strings.Cut(extension, ":")
	c := &collector{T: t, address: loopback.Address(t), log: &buffer{}}
	p := program(t, fmt.Sprintf(`
extensions: {%s}
receivers: {ciliumwindows: {monitor_aggregation_level: none, %s}}
exporters: {hubble: {endpoint: %q, %s}}
service:
  extensions: [%s]
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [ciliumwindows], exporters: [hubble]}}
`, extension, receiver, c.address, exporter, name))
	p.Stdout, p.Stderr = c.log, c.log
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		require.NoError(t, p.Process.Signal(os.Interrupt))
		done := make(chan error, 1)
		go func() { done <- p.Wait() }()
		select {
		case err := <-done:
			if t.Failed() {
				t.Log(c.log)
			}
			require.NoError(t, err)
		case <-time.After(20 * time.Second):
			_ = p.Process.Kill()
			t.Errorf("the collector did not stop:\n%s", c.log)
		}
	})
	conn, err := grpc.NewClient(c.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	c.client = observerpb.NewObserverClient(conn)
	require.Eventually(t, func() bool {
		_, err := c.client.ServerStatus(t.Context(), &observerpb.ServerStatusRequest{})
		return err == nil
	}, time.Minute, 20*time.Millisecond, "the collector does not serve")
	return c
}

// await waits until the collector has seen as many flows.
func (c *collector) await(flows int) {
	c.Helper()
	require.Eventually(c, func() bool {
		status, err := c.client.ServerStatus(c.Context(), &observerpb.ServerStatusRequest{})
		require.NoError(c, err)
		return status.SeenFlows >= uint64(flows)
	}, time.Minute, 20*time.Millisecond)
}

// bodies returns a file with the bodies of hubble_json of the capture's flows, and how many there are.
func bodies(t *testing.T) (file string, flows int) {
	t.Helper()
	records := filepath.Join(t.TempDir(), "records.jsonl")
	p := program(t, fmt.Sprintf(`
receivers: {ciliumwindows: {monitor_aggregation_level: none, body: hubble_json, node_name: node-1, replay: {path: %q, exit_when_done: true}}}
exporters: {file: {path: %q}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [ciliumwindows], exporters: [file]}}}
`, capture(t), records))
	out, err := p.CombinedOutput()
	require.NoError(t, err, "%s", out)
	raw, err := os.ReadFile(records)
	require.NoError(t, err)
	var text strings.Builder
	for line := range bytes.Lines(raw) {
		var logs struct {
			ResourceLogs []struct {
				ScopeLogs []struct {
					LogRecords []struct {
						Body struct{ StringValue string }
					}
				}
			}
		}
		require.NoError(t, json.Unmarshal(line, &logs))
		for _, rl := range logs.ResourceLogs {
			for _, sl := range rl.ScopeLogs {
				for _, r := range sl.LogRecords {
					if strings.HasPrefix(r.Body.StringValue, `{"flow":`) {
						text.WriteString(r.Body.StringValue + "\n")
						flows++
					}
				}
			}
		}
	}
	file = filepath.Join(t.TempDir(), "flows.json")
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	require.Greater(t, flows, 1000)
	require.Less(t, flows, 4095)
	return file, flows
}
