// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
)

// statusStream is the default stream of status records.
const statusStream = "Custom-WinnetStatus"

// Each receiver's last heartbeat is its account, and the rows of its events are as many as it says. Losses are rows too. Every attribute has
// its column.
func TestTheReceiversStatusArrivesAsRowsOfItsTable(t *testing.T) {
	built := os.Getenv("WINNET_COLLECTOR")
	if built == "" {
		t.Skip("not run: WINNET_COLLECTOR does not name a built collector; make test-sentinel builds one")
	}
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	s := ingesttest.New(t)
	config := fmt.Sprintf(`yaml:
receivers:
  asimdns/server:
    profile: asim
    enable_flags: "0xFFFFFFFFFFFFFFFF"
    enable_level: 5
    heartbeat: 1h
    status_records: true
    replay: {path: testdata/dnsserver.etl, exit_when_done: true}
  ciliumwindows:
    heartbeat: 1h
    status_records: true
    replay: {path: testdata/cilium_events.pcapng, exit_when_done: true}
exporters:
  sentinel:
    endpoint: %s
    rule_id: %s
    headers: {Authorization: Bearer %s}
    tls:
      ca_pem: |
        %s
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [asimdns/server, ciliumwindows], exporters: [sentinel]}
    logs/again: {receivers: [asimdns/server], exporters: [sentinel]}
`, s.URL, ingesttest.RuleID, s.IssueToken(), strings.ReplaceAll(s.CertificatePEM(), "\n", "\n        "))
	cmd := exec.CommandContext(t.Context(), built, "--config", config)
	cmd.Dir = root
	out, _ := cmd.CombinedOutput() // the end of a replay is an error for a collector

	last := map[any]map[string]any{}
	copies := map[any]int{}
	for _, row := range s.Rows(statusStream) {
		require.NotEmpty(t, row["Dvc"], "%v", row)
		require.NotEmpty(t, row["Version"])
		require.NotEmpty(t, row["EventSeverity"])
		require.NotEmpty(t, row["Message"], "the body")
		additional, _ := row["AdditionalFields"].(map[string]any)
		for name := range additional {
			require.Equal(t, -1, columns.Status.Lookup(name), "%s does not fit its column: %v", name, row)
		}
		if row["Kind"] == "heartbeat" {
			require.NotEmpty(t, row["EventEndTime"])
			copies[row["Component"]]++
			if row["State"] == "stopped" {
				last[row["Component"]] = row
			}
		}
	}
	require.Equal(t, map[any]int{"asimdns/server": 4, "ciliumwindows": 2}, copies, "one receiver in two pipelines writes each record once into each\n%s", out)
	number := func(component, column string) string { return fmt.Sprint(last[component][column]) }
	require.Equal(t, fmt.Sprint(len(s.Rows(networkStream))), number("ciliumwindows", "Emitted"))
	require.Equal(t, fmt.Sprint((len(s.Rows(dnsStream))+len(s.Rows(auditStream)))/2), number("asimdns/server", "Emitted"))
	require.Equal(t, "0", number("asimdns/server", "Pending"))
	for _, c := range s.Calls() {
		require.Equal(t, 204, c.Status, "%+v", c)
	}
}
