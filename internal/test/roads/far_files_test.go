// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// object is the beginning of every object in the exporter's file. It cannot occur within one: quotes in texts are
// escaped.
var object = []byte(`{"resourceLogs":[`)

// records counts the records in the files. As examples/file/README.md says, each occurrence of `object` begins an
// object, wherever it is in a line: a full disk or a crash leaves an incomplete object, whose records are written
// again.
func records(t *testing.T, pattern string) map[string]int {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	require.NoError(t, err)
	var all nameCounts
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, rest := range bytes.Split(content, object)[min(1, len(content)):] {
			whole := append(bytes.Clone(object), bytes.TrimSpace(rest)...)
			if logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(whole); err == nil {
				all.add(logs)
			}
		}
	}
	return all.got()
}

// gatewayFar is the project's own collector as a gateway. To be away, it is killed with kill -9.
type gatewayFar struct {
	t       *testing.T
	dir     string
	port    int
	more    []string // configurations that override the gateway's
	running *collector
}

func newGatewayFar(t *testing.T, more ...string) *gatewayFar {
	f := &gatewayFar{t: t, dir: home(t), port: loopback.Port(t), more: more}
	f.back(t)
	return f
}

func (f *gatewayFar) back(t *testing.T) {
	f.running = start(t, f.dir, []string{fmt.Sprintf("GATEWAY_LISTEN=127.0.0.1:%d", f.port)}, append([]string{"examples/otlp/gateway.yaml"}, f.more...)...)
}

func (f *gatewayFar) away(*testing.T) { f.running.kill() }

func (f *gatewayFar) got() map[string]int {
	return records(f.t, filepath.Join(f.dir, "data/otelcol-winnet/gateway/*"))
}

func (f *gatewayFar) env() []string {
	return []string{fmt.Sprintf("GATEWAY_ENDPOINT=127.0.0.1:%d", f.port)}
}

func (f *gatewayFar) overlay() string { return "{}" }

// fullGatewayFar is a gateway whose disk is full while it is away. It is then killed, and started again with the full
// disk. It is stopped before the disk has room again.
type fullGatewayFar struct {
	gatewayFar
	disk string
	free func()
}

func newFullGatewayFar(t *testing.T) *fullGatewayFar {
	disk := smallDisk(t, 128<<20)
	return &fullGatewayFar{gatewayFar: *newGatewayFar(t, fmt.Sprintf("yaml:exporters::file::path: '%s'", filepath.Join(disk, "winnet.jsonl"))), disk: disk}
}

func (f *fullGatewayFar) away(t *testing.T) {
	f.free = fill(t, f.disk)
	f.running.kill()
	f.gatewayFar.back(t)
}

func (f *fullGatewayFar) back(t *testing.T) {
	f.running.stopWithin(patience)
	f.free()
	f.gatewayFar.back(t)
}

func (f *fullGatewayFar) got() map[string]int { return records(f.t, filepath.Join(f.disk, "winnet*")) }
