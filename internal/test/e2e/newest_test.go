// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// newest starts each of the components in a collector with the newest core.
const newest = `
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}}}
  asimdns:
    enable_flags: 0
    replay: {path: testdata/dnsserver.etl, exit_when_done: true}
  ciliumwindows:
    replay: {path: testdata/cilium_events.pcapng, exit_when_done: true}
exporters:
  debug: {verbosity: basic}
  sentinel:
    endpoint: http://127.0.0.1:1
    rule_id: dcr-00000000000000000000000000000000
    retry_on_failure: {enabled: false}
    sending_queue: {enabled: false}
  app_insights:
    connection_string: InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:1
    sending_queue: {storage: resilient_file_storage}
extensions:
  resilient_file_storage: {directory: "${env:STORAGE}", create_directory: true}
service:
  extensions: [resilient_file_storage]
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [asimdns, ciliumwindows], exporters: [debug]}
    logs/azure: {receivers: [otlp], exporters: [sentinel, app_insights]}
`

// account is what a receiver says at its end.
var account = regexp.MustCompile(`every event has left the receiver.*"otelcol.component.id": "(\w+)".*"events": "received [1-9]\d* = emitted [1-9]\d* \+ filtered \d+ \+ aggregated \d+ \+ undecodable 0 \+ dropped 0 \+ pending 0"`)

func TestTheNewestCoreReplaysCapturesToTheirEnd(t *testing.T) {
	path := os.Getenv("WINNET_COLLECTOR_NEWEST")
	if path == "" {
		t.Skip("not run: WINNET_COLLECTOR_NEWEST does not name a collector with the newest core; make build-newest builds one")
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte(newest), 0o600))
	cmd := exec.CommandContext(t.Context(), path, "--config", config)
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), "STORAGE="+t.TempDir())
	log, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", log)
	said := map[string]bool{}
	for _, m := range account.FindAllSubmatch(log, -1) {
		said[string(m[1])] = true
	}
	require.Equal(t, map[string]bool{"asimdns": true, "ciliumwindows": true}, said, "%s", log)
}
