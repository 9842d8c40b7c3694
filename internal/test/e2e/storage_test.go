// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// storageConfig is a replay whose records go through a queue on disk.
const storageConfig = `
extensions:
  resilient_file_storage: {directory: %q, create_directory: true}
receivers:
  asimdns:
    enable_flags: "0xFFFFFFFFFFFFFFFF"
    enable_level: 5
    replay: {path: testdata/dnsserver.etl}
exporters:
  otlp_http:
    endpoint: http://%s
    compression: none
    retry_on_failure: {initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0}
    sending_queue: {storage: resilient_file_storage, block_on_overflow: true}
service:
  extensions: [resilient_file_storage]
  pipelines:
    logs: {receivers: [asimdns], exporters: [otlp_http]}
  telemetry: {metrics: {level: none}}
`

// runWhile runs the collector until its output fulfils a condition, interrupts it, and returns the output. The
// collector must end with exit code 0 within a minute.
func runWhile(t *testing.T, config string, until func(out string) bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(config), 0o600))
	cmd := exec.Command(collector(t), "--config", path)
	cmd.Dir = root(t)
	out := &syncBuffer{}
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.After(time.Minute)
	for waiting := true; waiting; {
		select {
		case err := <-ended:
			t.Fatalf("the collector ended by itself: %v\n%s", err, out)
		case <-deadline:
			_ = cmd.Process.Kill()
			t.Fatalf("the expected output did not come:\n%s", out)
		case <-time.After(20 * time.Millisecond):
			waiting = !strings.Contains(out.String(), ready) || !until(out.String())
		}
	}
	time.Sleep(readyFor)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	select {
	case err := <-ended:
		require.NoError(t, err, "%s", out)
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		t.Fatalf("the collector did not end after Ctrl-C:\n%s", out)
	}
	return out.String()
}

func replayed(out string) bool { return strings.Contains(out, "the replay has ended") }

func TestADamagedQueueFileIsSetAsideAndTheCollectorDelivers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: there is no interrupt to send on Windows")
	}
	events := int64(kit.Generated(t, "dnsserver.etl").Events)
	page := os.Getpagesize()
	for name, damage := range map[string]func(raw []byte) []byte{
		"a broken header": func(raw []byte) []byte { clear(raw[:2*page]); return raw },
		"broken pages":    func(raw []byte) []byte { clear(raw[2*page:]); return raw },
		"a cut file":      func(raw []byte) []byte { return raw[:len(raw)/3] },
		"text":            func([]byte) []byte { return []byte("no queue\n") },
		"none":            nil,
	} {
		t.Run(name, func(t *testing.T) {
			address := loopback.Address(t)
			dir := filepath.Join(t.TempDir(), "storage")
			config := fmt.Sprintf(storageConfig, dir, address)
			runWhile(t, config, replayed)

			queue := filepath.Join(dir, "exporter_otlp_http__logs")
			raw, err := os.ReadFile(queue)
			require.NoError(t, err)
			want := events
			if damage == nil {
				want *= 2 // the records of the first run are delivered as well
			} else {
				raw = damage(raw)
				require.NoError(t, os.WriteFile(queue, raw, 0o600))
			}

			listener, err := net.Listen("tcp", address)
			require.NoError(t, err)
			far := &farEnd{}
			server := &http.Server{Handler: far}
			go func() { _ = server.Serve(listener) }()
			defer server.Close()
			out := runWhile(t, config, func(out string) bool { return replayed(out) && far.records.Load() >= want })
			require.Equal(t, want, far.records.Load())
			require.NotContains(t, out, "panic")

			aside, err := filepath.Glob(queue + ".damaged-*")
			require.NoError(t, err)
			if damage == nil {
				require.Empty(t, aside)
				require.NotContains(t, out, "damaged")
				return
			}
			require.Len(t, aside, 1)
			kept, err := os.ReadFile(aside[0])
			require.NoError(t, err)
			require.Equal(t, raw, kept)
			require.Contains(t, out, "the file is damaged and was set aside")
			require.Contains(t, out, filepath.Base(aside[0]))
		})
	}
}

func TestACollectorWhoseQueueHasNoFolderStartsAndDelivers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: there is no interrupt to send on Windows")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	far := &farEnd{}
	server := &http.Server{Handler: far}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "exporter_otlp_http__logs"), 0o700), "a folder in the file's place")
	events := int64(kit.Generated(t, "dnsserver.etl").Events)
	out := runWhile(t, fmt.Sprintf(storageConfig, dir, listener.Addr()), func(out string) bool { return replayed(out) && far.records.Load() >= events })
	require.Equal(t, events, far.records.Load())
	require.Contains(t, out, "the file cannot be used: queued data is kept in memory")
}
