// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

const root = "../../.."

// series is one of a query's results: its labels and its points, a time in seconds and a value as a text each.
type series struct {
	Metric map[string]string
	Value  [2]any
	Values [][2]any
}

// background runs a program until the test ends.
func background(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(name)+".log"))
	require.NoError(t, err)
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s:\n%s", name, text[max(0, len(text)-4000):])
		}
		log.Close()
	})
}

// watched runs both receivers, one of them twice, on recorded captures without end, and a Prometheus that reads the collector's metrics each second. The far end
// refuses a request of the receiver's own pipeline for good, so that there is a loss to see. It returns the address of Prometheus.
func watched(t *testing.T) string {
	t.Helper()
	collector := os.Getenv("WINNET_COLLECTOR")
	if collector == "" {
		t.Skip("not run: WINNET_COLLECTOR does not name a built collector; make test-observability builds one")
	}
	var requests atomic.Int64
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/direct/v1/logs" && requests.Add(1)%3 == 1 {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(far.Close)
	dir, metrics, port := t.TempDir(), loopback.Port(t), loopback.Port(t)
	config := filepath.Join(dir, "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte(fmt.Sprintf(`
receivers:
  asimdns/dns-server: {replay: {path: testdata/dnsserver.etl, repeat: 0, rate: 2000}}
  asimdns/dns-client: {provider_guid: Microsoft-Windows-DNS-Client, replay: {path: testdata/dnsclient.etl, repeat: 0, rate: 1000}} # its session lost events
  ciliumwindows: {replay: {path: testdata/cilium_events.pcapng, repeat: 0, rate: 500}}
exporters:
  otlp_http: {endpoint: %[1]q}
  otlp_http/direct: {endpoint: "%[1]s/direct", sending_queue: {enabled: false}}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %[2]d}}}}]}}
  pipelines:
    logs: {receivers: [asimdns/dns-server, asimdns/dns-client, ciliumwindows], exporters: [otlp_http]}
    logs/direct: {receivers: [asimdns/dns-server, asimdns/dns-client, ciliumwindows], exporters: [otlp_http/direct]}
`, far.URL, metrics)), 0o600))
	background(t, root, collector, "--config", config)
	scrape := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(scrape, []byte(fmt.Sprintf(`
global: {scrape_interval: 1s}
scrape_configs: [{job_name: otelcol-winnet, static_configs: [{targets: ["127.0.0.1:%d"]}]}]
`, metrics)), 0o600))
	background(t, dir, "prometheus", "--config.file="+scrape, "--storage.tsdb.path="+filepath.Join(dir, "data"), fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port))
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}

// ask sends a query to Prometheus. It returns no series while Prometheus does not answer, and an error for a query that it refuses.
func ask(prometheus, path string, form url.Values) ([]series, error) {
	response, err := http.PostForm(prometheus+path, form)
	if err != nil {
		return nil, nil
	}
	defer response.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct{ Result []series }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, nil // it is starting
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("%s: %s", form.Get("query"), answer.Error)
	}
	return answer.Data.Result, nil
}

// await waits until a query returns series that are numbers.
func await(t *testing.T, prometheus, query string) {
	t.Helper()
	require.Eventually(t, func() bool {
		found, err := ask(prometheus, "/api/v1/query", url.Values{"query": {query}})
		require.NoError(t, err)
		for _, s := range found {
			if text, _ := s.Value[1].(string); text != "NaN" {
				if _, err := strconv.ParseFloat(text, 64); err == nil {
					return true
				}
			}
		}
		return false
	}, 2*time.Minute, 200*time.Millisecond, "the query returns no series: %s", query)
}
