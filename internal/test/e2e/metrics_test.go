// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
