// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// component is a part of health_check's answer.
type component struct {
	Healthy    bool
	Status     string
	Error      string
	Components map[string]component
}

// health asks a health_check with all its components. The status code is 0 if it does not answer.
func health(url string) (code int, answer component) {
	response, err := http.Get(url + "?verbose")
	if err != nil {
		return 0, component{}
	}
	defer response.Body.Close()
	if json.NewDecoder(response.Body).Decode(&answer) != nil {
		return 0, component{}
	}
	return response.StatusCode, answer
}

// The configuration is config.yaml's, with another receiver, exporter and port. No flag is needed.
func TestTheHealthCheckFollowsTheSourceOfAReceiver(t *testing.T) {
	collector(t)
	dir := eventstest.Dir(t)
	events, port := filepath.Join(dir, "cilium_events"), loopback.Port(t)
	eventstest.NewRing(t, events, 1<<16)
	r := start(t, "--config", "config.yaml", "--config", fmt.Sprintf(`yaml:
extensions: {health_check: {http: {endpoint: "127.0.0.1:%d"}, component_health: {recovery_duration: 0s}}}
receivers: {ciliumwindows: {events_map: %q, config_map: {apply: off}}}
exporters: {debug: {}, app_insights: {connection_string: InstrumentationKey=00000000-0000-0000-0000-000000000001}}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [ciliumwindows], exporters: [debug]}}
`, port, events))
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	await := func(code int, status, reason string) {
		t.Helper()
		var last component
		require.Eventually(t, func() bool {
			var have int
			have, last = health(url)
			source := last.Components["pipeline:logs"].Components["receiver:ciliumwindows"]
			return have == code && last.Healthy == (code == http.StatusOK) && source.Status == status && (reason == "") == (source.Error == "")
		}, time.Minute, 20*time.Millisecond, "want %d with %s, have %+v\n%s", code, status, last, r.out)
		require.Contains(t, last.Components["pipeline:logs"].Components["receiver:ciliumwindows"].Error, reason)
	}
	r.await(ready, 1)
	await(http.StatusOK, "StatusOK", "")
	require.NoError(t, os.Remove(events))
	await(http.StatusInternalServerError, "StatusRecoverableError", "no map is pinned at "+events)
	eventstest.NewRing(t, events, 1<<16)
	await(http.StatusOK, "StatusOK", "")
	require.NoError(t, r.cmd.Process.Signal(os.Interrupt))
	require.Zero(t, r.end(10*time.Second), "%s", r.out)
}

// A user may turn the feature gate off, and is told what needs it.
func TestTheHealthChecksFeatureGateCanBeTurnedOff(t *testing.T) {
	collector(t)
	const gate = "extension.healthcheck.useComponentStatus"
	const config = "yaml:{extensions: {health_check: {http: {endpoint: 'localhost:0'}}}, receivers: {otlp: {protocols: {grpc: {}}}}, exporters: {debug: {}}, " +
		"service: {extensions: [health_check], pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}}"
	out, code := runToItsEnd(t, "validate", "--config", config)
	require.Zero(t, code, out)
	out, code = runToItsEnd(t, "validate", "--feature-gates=-"+gate, "--config", config)
	require.NotZero(t, code)
	require.Contains(t, out, gate)
}
