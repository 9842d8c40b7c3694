// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// scrape returns the names of the receivers' metrics at a Prometheus endpoint, or none if it does not answer.
func scrape(url string) (names []string) {
	answer, err := http.Get(url)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	of := regexp.MustCompile(`^([a-z_]*receiver_(?:asimdns|ciliumwindows)_[a-z_]*)[ {]`)
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if m := of.FindStringSubmatch(lines.Text()); m != nil && !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// The receivers' metrics at the collector's endpoint have the names in the documents. Only a live source has the
// restarts of a session, the metrics of a map and those of a canary.
func TestTheMetricsHaveTheNamesOfTheDocuments(t *testing.T) {
	collector(t)
	port, dir := loopback.Port(t), t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(fmt.Sprintf(`
receivers:
  asimdns: {volume: lean, archive: true, heartbeat: 1h, replay: {path: testdata/dnsserver.etl}, record: {path: %[2]q}}
  ciliumwindows: {volume: lean, archive: true, heartbeat: 1h, replay: {path: testdata/cilium_events.pcapng}, record: {path: %[3]q}}
exporters: {debug: }
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %[1]d}}}}]}}
  pipelines:
    logs: {receivers: [asimdns, ciliumwindows], exporters: [debug]}
    metrics: {receivers: [ciliumwindows], exporters: [debug]}
`, port, filepath.Join(dir, "dns.etl"), filepath.Join(dir, "cilium.pcapng"))), 0o600))

	var all, want []string
	for _, typ := range []string{"asimdns", "ciliumwindows"} {
		names, said := kit.MetricNames(t, filepath.Join(root(t), "receiver", typ+"receiver"), typ)
		all = append(all, names...)
		for _, name := range said {
			live := strings.Contains(name, "_map_") || strings.Contains(name, "_session_") || strings.Contains(name, "_canary_") || name == "otelcol_receiver_asimdns_events_lost"
			reasoned := strings.HasSuffix(name, "_unrecorded") || strings.HasSuffix(name, "_dropped") // these exist only once there is a reason
			if !live && !reasoned {
				want = append(want, name)
			}
		}
	}
	var found []string
	out := runUntilOK(t, func(string) bool {
		found = scrape(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
		missing := slices.ContainsFunc(want, func(name string) bool { return !slices.Contains(found, name) })
		return !missing && len(found) > 0
	}, "--config", path)
	require.Subset(t, all, found)
	require.Subset(t, found, want)

	// One receiver serves both signals, so none of its log lines names a signal.
	for line := range strings.SplitSeq(out, "\n") {
		if strings.Contains(line, `"otelcol.component.id": "ciliumwindows"`) {
			require.NotContains(t, line, "otelcol.signal")
		}
	}
	require.Contains(t, out, `"otelcol.component.id": "ciliumwindows"`)
}

// Two components of one type in a collector have a series each: a source that is gone does not hide behind one that is read.
func TestTwoComponentsOfATypeHaveASeriesEach(t *testing.T) {
	collector(t)
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer far.Close()
	port, dir := loopback.Port(t), t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(fmt.Sprintf(`
extensions:
  resilient_file_storage/one: {directory: %[2]q}
  resilient_file_storage/two: {directory: %[3]q}
receivers:
  asimdns/dns-server: {replay: {path: testdata/dnsserver.etl}}
  asimdns/dns-client: {provider_guid: Microsoft-Windows-DNS-Client, replay: {path: testdata/dnsclient.etl}}
  ciliumwindows/missing: {events_map: /sys/fs/bpf/no_such_map}
  ciliumwindows/read: {replay: {path: testdata/cilium_events.pcapng}}
exporters:
  sentinel/server: {endpoint: %[4]q, rule_id: dcr-00000000000000000000000000000001, sending_queue: {storage: resilient_file_storage/one}}
  sentinel/client: {endpoint: %[4]q, rule_id: dcr-00000000000000000000000000000002, sending_queue: {storage: resilient_file_storage/two}}
  debug:
service:
  extensions: [resilient_file_storage/one, resilient_file_storage/two]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %[1]d}}}}]}}
  pipelines:
    logs/server: {receivers: [asimdns/dns-server], exporters: [sentinel/server]}
    logs/client: {receivers: [asimdns/dns-client], exporters: [sentinel/client]}
    logs: {receivers: [ciliumwindows/missing, ciliumwindows/read], exporters: [debug]}
`, port, t.TempDir(), t.TempDir(), far.URL)), 0o600))

	var found map[string]map[string]float64
	of := func(name, id string) float64 {
		if value, ok := found[name][id]; ok {
			return value
		}
		return -1
	}
	const emitted, accepted, open = "otelcol_receiver_asimdns_events_emitted", "otelcol_exporter_sentinel_rows_accepted", "otelcol_receiver_ciliumwindows_source_open"
	runUntilOK(t, func(string) bool {
		found = ownSeries(t, fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
		return of(emitted, "asimdns/dns-server") > 0 && of(accepted, "sentinel/server") == of(emitted, "asimdns/dns-server") &&
			of(emitted, "asimdns/dns-client") > 0 && of(accepted, "sentinel/client") == of(emitted, "asimdns/dns-client") &&
			of("otelcol_receiver_ciliumwindows_events_received", "ciliumwindows/read") > 0
	}, "--config", path)
	require.NotEqual(t, of(emitted, "asimdns/dns-server"), of(emitted, "asimdns/dns-client"))
	require.Zero(t, of(open, "ciliumwindows/missing"))
	require.EqualValues(t, 1, of(open, "ciliumwindows/read"))
	require.Zero(t, of("otelcol_receiver_ciliumwindows_events_received", "ciliumwindows/missing"))
	require.Len(t, found["otelcol_extension_resilient_file_storage_memory_size"], 2)
	ids := []string{"asimdns/dns-server", "asimdns/dns-client", "ciliumwindows/missing", "ciliumwindows/read", "sentinel/server", "sentinel/client", "resilient_file_storage/one", "resilient_file_storage/two"}
	for name, values := range found {
		for id := range values {
			require.Contains(t, ids, id, name)
		}
	}
}

// ownSeries returns the sums of the metrics of this project's components at a Prometheus endpoint by the component's ID, which is "" if a series has none.
// It returns nothing if the endpoint does not answer.
func ownSeries(t *testing.T, url string) map[string]map[string]float64 {
	answer, err := http.Get(url)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	found := map[string]map[string]float64{}
	of := regexp.MustCompile(`^(otelcol_(receiver|exporter|extension)_(?:asimdns|ciliumwindows|sentinel|resilient_file_storage)_\w+)(?:{(.*)})? (\S+)$`)
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		m := of.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		id := ""
		for label := range strings.SplitSeq(m[3], ",") {
			if value, ok := strings.CutPrefix(label, m[2]+"="); ok {
				id = strings.Trim(value, `"`)
			}
		}
		value, err := strconv.ParseFloat(m[4], 64)
		require.NoError(t, err)
		if found[m[1]] == nil {
			found[m[1]] = map[string]float64{}
		}
		found[m[1]][id] += value
	}
	return found
}
