// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
)

// The account's line, and the receiver that logs it.
var (
	account  = regexp.MustCompile(`= emitted (\d+)`)
	receiver = regexp.MustCompile(`"otelcol.component.id": "([^"]+)"`)
)

// Every record that the receivers make from the recorded captures becomes a row of its table: none is refused, and
// every value has its column's type. With profile asim, every value is in the schema's enumeration.
func TestTheReceiversRecordsFitTheTables(t *testing.T) {
	built := os.Getenv("WINNET_COLLECTOR")
	if built == "" {
		t.Skip("not run: WINNET_COLLECTOR does not name a built collector; make test-sentinel builds one")
	}
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	for _, profile := range []string{"asim", "windows"} {
		t.Run(profile, func(t *testing.T) {
			s := ingesttest.New(t)
			config := fmt.Sprintf(`yaml:
receivers:
  asimdns/server:
    profile: %[1]s
    enable_flags: "0xFFFFFFFFFFFFFFFF"
    enable_level: 5
    replay: {path: testdata/dnsserver.etl, exit_when_done: true}
  asimdns/client:
    profile: %[1]s
    provider_guid: "{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}"
    enable_flags: "0xFFFFFFFFFFFFFFFF"
    replay: {path: testdata/dnsclient.etl, exit_when_done: true}
  ciliumwindows:
    enabled_events: [DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE]
    monitor_aggregation_level: none
    replay: {path: testdata/cilium_events.pcapng, exit_when_done: true}
exporters:
  sentinel:
    endpoint: %[2]s
    rule_id: %[3]s
    headers: {Authorization: Bearer %[4]s}
    tls:
      ca_pem: |
        %[5]s
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [asimdns/server, asimdns/client, ciliumwindows], exporters: [sentinel]}
`, profile, s.URL, ingesttest.RuleID, s.IssueToken(), strings.ReplaceAll(s.CertificatePEM(), "\n", "\n        "))
			cmd := exec.CommandContext(t.Context(), built, "--config", config)
			cmd.Dir = root
			out, _ := cmd.CombinedOutput() // the end of a replay is an error for a collector
			emitted := 0
			last := map[string]int{}
			for line := range strings.Lines(string(out)) {
				if m := account.FindStringSubmatch(line); m != nil {
					name := receiver.FindStringSubmatch(line)
					require.NotNil(t, name, line)
					last[name[1]], _ = strconv.Atoi(m[1])
				}
			}
			for _, n := range last {
				emitted += n
			}
			require.Len(t, last, 3, "%s", out)

			rows := 0
			for stream, table := range s.Streams {
				rows += len(s.Rows(stream))
				for _, row := range s.Rows(stream) {
					additional, _ := row["AdditionalFields"].(map[string]any)
					for name := range additional {
						require.Equal(t, -1, table.Lookup(name), "%s does not fit its column: %v", name, row)
					}
					for i, c := range table.Columns {
						if value, has := row[c.Name].(string); has && profile == "asim" && table.Enumerated(i) {
							require.True(t, table.Lists(i, value), "%s of %s is %q", c.Name, table.Name, value)
						}
					}
				}
			}
			require.Equal(t, emitted, rows)
			require.NotEmpty(t, s.Rows(networkStream))
			for _, c := range s.Calls() {
				require.Equal(t, 204, c.Status, "%+v", c)
			}
		})
	}
}

// The receivers write sums and an archive into one pipeline. Both accounts are the numbers of rows that arrive: of the tables of the plan
// Analytics, and of the archive's.
func TestTheReceiversArchiveArrivesWhole(t *testing.T) {
	built := os.Getenv("WINNET_COLLECTOR")
	if built == "" {
		t.Skip("not run: WINNET_COLLECTOR does not name a built collector; make test-sentinel builds one")
	}
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	for _, volume := range []string{"balanced", "lean"} {
		t.Run(volume, func(t *testing.T) {
			s := ingesttest.New(t)
			config := fmt.Sprintf(`yaml:
receivers:
  asimdns:
    profile: asim
    enable_flags: "0xFFFFFFFFFFFFFFFF"
    enable_level: 5
    volume: %[1]s
    archive: true
    replay: {path: testdata/dnsserver.etl, exit_when_done: true}
  ciliumwindows:
    volume: %[1]s
    archive: true
    replay: {path: testdata/cilium_events.pcapng, exit_when_done: true}
exporters:
  sentinel:
    endpoint: %[2]s
    rule_id: %[3]s
    headers: {Authorization: Bearer %[4]s}
    tls:
      ca_pem: |
        %[5]s
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [asimdns, ciliumwindows], exporters: [sentinel]}
`, volume, s.URL, ingesttest.RuleID, s.IssueToken(), strings.ReplaceAll(s.CertificatePEM(), "\n", "\n        "))
			cmd := exec.CommandContext(t.Context(), built, "--config", config)
			cmd.Dir = root
			out, _ := cmd.CombinedOutput() // the end of a replay is an error for a collector
			emitted := map[string]int{}
			for _, m := range regexp.MustCompile(`has left the receiver.*"otelcol.component.id": "([^"]+)".*"(events|archive)": "received \d+ = emitted (\d+)`).FindAllStringSubmatch(string(out), -1) {
				emitted[m[1]+" "+m[2]], _ = strconv.Atoi(m[3])
			}
			require.Len(t, emitted, 4, "%s", out)
			require.Equal(t, map[string]int{
				"asimdns events": len(s.Rows(dnsStream)) + len(s.Rows(auditStream)), "asimdns archive": len(s.Rows(dnsArchive)),
				"ciliumwindows events": len(s.Rows(networkStream)), "ciliumwindows archive": len(s.Rows(networkArchive)),
			}, emitted)
			require.Greater(t, emitted["asimdns archive"], emitted["asimdns events"])
			require.Greater(t, emitted["ciliumwindows archive"], emitted["ciliumwindows events"])
			archived := map[any]bool{}
			for _, row := range s.Rows(dnsArchive) {
				require.NotEmpty(t, row["Dvc"])
				archived[row["EventOriginalUid"]] = true
			}
			for _, row := range s.Rows(dnsStream) {
				require.NotEmpty(t, row["Dvc"], "the resource has it")
				require.True(t, archived[row["EventOriginalUid"]], "its first event is in the archive: %v", row)
			}
			for _, c := range s.Calls() {
				require.Equal(t, 204, c.Status, "%+v", c)
			}
		})
	}
}
