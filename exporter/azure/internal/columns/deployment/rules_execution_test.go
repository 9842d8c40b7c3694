// SPDX-License-Identifier: Apache-2.0

package main_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
)

// The evaluator's clock stands at 2026-03-04T06:00:00Z.

// status is a row of WinnetStatus_CL, a number of minutes ago.
func status(minutes int, kind, typ, state string, more fields) fields {
	at := clock().Add(-duration(minutes)).Format("2006-01-02T15:04:05.0000000Z")
	out := fields{"TimeGenerated": at, "EventEndTime": at, "Kind": kind, "EventType": typ, "State": state, "Dvc": "dns1", "Component": "asimdns", "Message": typ, "EventCount": 1}
	maps.Copy(out, more)
	return out
}

func heartbeat(minutes int, state string, more fields) fields {
	return status(minutes, "heartbeat", "Heartbeat", state, more)
}

// found executes a rule of a file.
func found(t *testing.T, file string, workspace tables) []fields {
	raw, err := os.ReadFile(folder + "rules/" + file + ".yaml")
	require.NoError(t, err)
	var rule struct{ Query string }
	require.NoError(t, yaml.Unmarshal(raw, &rule))
	return execute(t, workspace, rule.Query)[0]
}

func TestTheRulesOnCollectorsFindWhatTheySayAndNothingBeside(t *testing.T) {
	last := func(minutes int) fields {
		return fields{"AdditionalFields": fields{"LastEventTime": clock().Add(-duration(minutes)).Format("2006-01-02T15:04:05Z"), "UptimeSeconds": 86400}}
	}
	named := func(row fields, dvc string) fields { return with(row, "Dvc", dvc) }
	silent := found(t, "SilentCollector", tables{"WinnetStatus_CL": {
		named(heartbeat(300, "live", nil), "gone"), named(heartbeat(16, "live", nil), "gone"),
		named(heartbeat(60, "live", nil), "stopped"), named(heartbeat(20, "stopped", nil), "stopped"),
		named(heartbeat(60, "live", nil), "well"), named(heartbeat(14, "live", nil), "well"),
		named(heartbeat(60, "replay", nil), "replayed"), named(heartbeat(50, "stopped", nil), "replayed"),
		named(heartbeat(1500, "live", nil), "taken away"),
	}})
	require.Equal(t, []fields{
		{"Dvc": "gone", "SilentMinutes": 16.0, "AlertSeverity": "Medium", "LastState": "live"}, {"Dvc": "stopped", "SilentMinutes": 20.0, "AlertSeverity": "Low", "LastState": "stopped"},
	}, look(silent, "Dvc", "SilentMinutes", "AlertSeverity", "LastState"))

	tampering := found(t, "Tampering", tables{"WinnetStatus_CL": {
		status(5, "security", "SessionStopped", "raised", nil), status(4, "security", "SessionStopped", "cleared", nil), status(3, "security", "MapReplaced", "raised", nil),
		status(20, "security", "ProviderDisabled", "raised", nil), status(2, "canary", "CanaryMissing", "raised", nil),
	}})
	require.Equal(t, []fields{{"Change": "SessionStopped", "AlertSeverity": "High"}, {"Change": "MapReplaced", "AlertSeverity": "Low"}}, look(tampering, "Change", "AlertSeverity"))

	blind := found(t, "BlindCollector", tables{"WinnetStatus_CL": {
		named(heartbeat(6, "live", last(6)), "no source"), named(heartbeat(1, "waiting", last(1)), "no source"), named(heartbeat(1, "live", last(70)), "quiet"), named(heartbeat(1, "live", last(50)), "well"),
		named(heartbeat(1, "live", fields{"AdditionalFields": fields{"UptimeSeconds": 60}}), "new"), named(heartbeat(1, "live", fields{"AdditionalFields": fields{"UptimeSeconds": 3900}}), "never"),
		named(status(20, "canary", "CanaryMissing", "raised", nil), "well"),
		named(status(50, "canary", "CanaryMissing", "raised", nil), "over"), named(status(10, "canary", "CanaryMissing", "cleared", nil), "over"),
		named(heartbeat(40, "waiting", last(100)), "earlier"), named(heartbeat(1, "live", last(1)), "earlier"),
	}})
	require.ElementsMatch(t, []string{"no source", "quiet", "never", "well"}, texts(blind, "Dvc"))

	lost := found(t, "EventsLost", tables{"WinnetStatus_CL": {
		status(50, "loss", "EventsLost", "", fields{"EventCount": 600, "Object": "session"}), status(5, "loss", "EventsLost", "", fields{"EventCount": 400, "Object": "queue"}),
		status(70, "loss", "EventsLost", "", fields{"EventCount": 5000}), status(5, "loss", "MapNearlyFull", "raised", nil),
		with(status(5, "loss", "EventsLost", "", fields{"EventCount": 1}), "Dvc", "other"),
	}})
	require.Equal(t, []fields{{"Dvc": "dns1", "Lost": 1000.0, "Sources": "session, queue", "AlertSeverity": "Medium"}, {"Dvc": "other", "Lost": 1.0, "AlertSeverity": "Low"}},
		look(lost, "Dvc", "Lost", "Sources", "AlertSeverity"))
}

// The rules run each quarter of an hour. Hosts whose last sign is a quarter of an hour older each are what a rule sees of one host, run by run.
func TestAStateThatLastsGivesNoAlertAtEachRun(t *testing.T) {
	rows := map[string][]fields{}
	for _, late := range []int{0, 7, 14} {
		for run := range 96 {
			since, dvc := 15*run+late, fmt.Sprintf("%02d.%02d", late, run)
			then := func(rule string, row fields) { rows[rule] = append(rows[rule], with(row, "Dvc", dvc)) }
			last := func(minutes int) fields {
				return fields{"AdditionalFields": fields{"LastEventTime": clock().Add(-duration(minutes)).Format("2006-01-02T15:04:05Z"), "UptimeSeconds": 1000000}}
			}
			then("silent", heartbeat(since, "live", nil))
			then("quiet", heartbeat(1, "live", last(since)))
			then("waiting", heartbeat(since+2, "live", last(1)))
			then("waiting", heartbeat(1, "waiting", last(1)))
			then("canary", status(since, "canary", "CanaryMissing", "raised", nil))
		}
	}
	for name, rule := range map[string]string{"silent": "SilentCollector", "quiet": "BlindCollector", "waiting": "BlindCollector", "canary": "BlindCollector"} {
		alerts := map[string][]string{}
		for _, dvc := range texts(found(t, rule, tables{"WinnetStatus_CL": rows[name]}), "Dvc") {
			late, run, _ := strings.Cut(dvc, ".")
			alerts[late] = append(alerts[late], run)
		}
		require.Len(t, alerts, 3, name)
		for late, runs := range alerts {
			begins := slices.IndexFunc(runs, func(run string) bool { return run > "40" })
			require.Contains(t, []int{1, 2}, begins, "%s, %s minutes after a run: at the beginning: %v", name, late, runs)
			require.Contains(t, []int{1, 2}, len(runs)-begins, "%s, %s minutes after a run: after half a day: %v", name, late, runs)
		}
	}
}

// with returns a row with another value.
func with(row fields, name string, v any) fields {
	out := maps.Clone(row)
	out[name] = v
	return out
}

func TestTheRuleOnTunnelsCountsNamesOfOneClientBelowOneDomain(t *testing.T) {
	var rows []fields
	ask := func(n int, client, form string, more fields) {
		for i := range n {
			all := fields{"SrcIpAddr": client, "DnsQuery": fmt.Sprintf(form, i), "EventStartTime": "2026-03-04T05:30:00Z", "EventEndTime": "2026-03-04T05:30:01Z"}
			maps.Copy(all, more)
			rows = append(rows, stored(t, columns.DNS, "Dns", single(t, all)))
		}
	}
	const long = "%04d-0123456789abcdef0123456789abcdef"
	ask(100, "10.0.0.1", long+".evil.example", nil)
	ask(99, "10.0.0.2", long+".evil.example", nil)
	ask(200, "10.0.0.3", "host-number-%04d.corp.example", nil)
	ask(200, "10.0.0.4", "%04d.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", nil)
	ask(200, "10.0.0.5", long+".evil.example", fields{"EventStartTime": "2026-03-04T02:55:00Z", "EventEndTime": "2026-03-04T02:55:01Z"})
	ask(200, "10.0.0.6", long+".evil.example", fields{"AdditionalFields": fields{"DnsRole": "recursive-query"}})
	// A tunnel across the full hour, and one whose rows came too late for the run at that hour.
	ask(60, "10.0.0.7", long+".evil.example", fields{"EventStartTime": "2026-03-04T04:40:00Z", "EventEndTime": "2026-03-04T04:40:01Z"})
	ask(60, "10.0.0.7", "more-"+long+".evil.example", nil)
	ask(100, "10.0.0.8", long+".evil.example", fields{"EventStartTime": "2026-03-04T04:50:00Z", "EventEndTime": "2026-03-04T04:50:01Z"})
	got := found(t, "DnsTunnel", tables{"ASimDnsActivityLogs": rows})
	require.Equal(t, []fields{
		{"SrcIpAddr": "10.0.0.1", "Parent": "evil.example", "Names": 100.0, "MeanLength": 50.0}, {"SrcIpAddr": "10.0.0.7", "Parent": "evil.example", "Names": 120.0, "MeanLength": 53.0},
		{"SrcIpAddr": "10.0.0.8", "Parent": "evil.example", "Names": 100.0, "MeanLength": 50.0},
	}, look(got, "SrcIpAddr", "Parent", "Names", "MeanLength"))
}

// What the asker decides about a name: its case, labels that look like those of reverse look-ups, short names beside the long ones.
func TestATunnelCannotHideFromItsRuleAndOtherNamesAreNone(t *testing.T) {
	var rows []fields
	ask := func(n int, client, form string, change func(string) string) {
		for i := range n {
			rows = append(rows, stored(t, columns.DNS, "Dns", single(t, fields{
				"SrcIpAddr": client, "DnsQuery": change(fmt.Sprintf(form, i)), "EventStartTime": "2026-03-04T05:30:00Z", "EventEndTime": "2026-03-04T05:30:01Z",
			})))
		}
	}
	same := func(s string) string { return s }
	const long = "%04d-0123456789abcdef0123456789abcdef"
	ask(100, "10.0.0.1", long+".in-addr.arpa.evil.example", same)
	ask(100, "10.0.0.2", long+".EVIL.example", same)
	ask(100, "10.0.0.2", long+".evil.EXAMPLE", same)
	ask(100, "10.0.0.3", long+".evil.example", same)
	ask(100, "10.0.0.3", "%04d.host-name.evil.example", same)
	ask(100, "10.0.0.4", long+".evil.co.uk", same)
	// 50 names, each in two spellings.
	ask(50, "10.0.1.1", long+".evil.example", same)
	ask(50, "10.0.1.1", long+".evil.example", strings.ToUpper)
	// Two domains of different owners.
	ask(60, "10.0.1.2", long+".one.co.uk", same)
	ask(60, "10.0.1.2", long+".two.co.uk", same)
	ask(200, "10.0.1.3", "%04d.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.IP6.arpa", same)
	ask(200, "10.0.1.4", "%04d-0123456789abcdef.evil.example", same)
	got := found(t, "DnsTunnel", tables{"ASimDnsActivityLogs": rows})
	require.Equal(t, []fields{
		{"SrcIpAddr": "10.0.0.1", "Parent": "evil.example", "Names": 100.0}, {"SrcIpAddr": "10.0.0.2", "Parent": "evil.example", "Names": 100.0},
		{"SrcIpAddr": "10.0.0.3", "Parent": "evil.example", "Names": 100.0}, {"SrcIpAddr": "10.0.0.4", "Parent": "evil.co.uk", "Names": 100.0},
	}, look(got, "SrcIpAddr", "Parent", "Names"))
}

func TestTheRuleOnScansCountsTargets(t *testing.T) {
	var rows []fields
	try := func(source, action string, addresses, ports int) {
		for i := range max(addresses, ports) {
			rows = append(rows, stored(t, columns.Network, "NetworkSession", flow(t, fields{
				"SrcIpAddr": source, "DstIpAddr": fmt.Sprintf("10.244.9.%d", 1+i%addresses), "DstPortNumber": 1 + i%ports, "DvcAction": action,
				"EventStartTime": "2026-03-04T05:30:00Z", "EventEndTime": "2026-03-04T05:30:01Z",
			})))
		}
	}
	try("10.244.0.1", "Drop", 20, 1)
	try("10.244.0.2", "Drop", 19, 1)
	try("10.244.0.3", "Deny", 1, 50)
	try("10.244.0.4", "Deny", 1, 49)
	try("10.244.0.5", "Allow", 60, 60)
	// A scan across the full hour, and one whose rows came too late for the run at that hour.
	rows = slices.Concat(rows, denied(t, "10.244.0.6", "04:58", 1, 30), denied(t, "10.244.0.6", "05:02", 31, 60), denied(t, "10.244.0.7", "04:50", 1, 60), denied(t, "10.244.0.8", "02:55", 1, 60))
	got := found(t, "DeniedScan", tables{"ASimNetworkSessionLogs": rows})
	require.Equal(t, []string{"10.244.0.1", "10.244.0.3", "10.244.0.6", "10.244.0.7"}, texts(got, "SrcIpAddr"))
}

// denied is what a source that was denied at each port of a range leaves, at a time of the day.
func denied(t *testing.T, source, at string, from, to int) (rows []fields) {
	for port := from; port <= to; port++ {
		rows = append(rows, stored(t, columns.Network, "NetworkSession", flow(t, fields{
			"SrcIpAddr": source, "DstIpAddr": "10.244.9.1", "DstPortNumber": port, "DvcAction": "Deny", "EventStartTime": "2026-03-04T" + at + ":00Z", "EventEndTime": "2026-03-04T" + at + ":01Z",
		})))
	}
	return rows
}

// The audit events of profile asim are rows of ASimAuditEventLogs, those of profile windows, the default, of ASimDnsActivityLogs.
func TestTheRuleOnChangesOfServersFindsWhatServesAnAttacker(t *testing.T) {
	audited := func(minutes int, operation, object string) fields {
		return fields{"TimeGenerated": clock().Add(-duration(minutes)).Format("2006-01-02T15:04:05Z"), "EventVendor": "Microsoft", "EventProduct": "DNS Server",
			"EventOriginalUid": "0145d3eaeca2b09663a8cc8372577d92", "Operation": operation, "Object": object, "NewValue": "0x0", "DvcFQDN": "dns1.corp.example", "ActorUserId": "S-1-5-21-1"}
	}
	activity := func(row fields) fields {
		return fields{"TimeGenerated": row["TimeGenerated"], "EventVendor": "Microsoft", "EventProduct": row["EventProduct"], "EventOriginalUid": row["EventOriginalUid"], "EventType": "Update",
			"Dvc": row["DvcFQDN"], "SrcUserId": row["ActorUserId"],
			"AdditionalFields": fields{"DnsRole": "audit", "Operation": row["Operation"], "Object": row["Object"], "NewValue": row["NewValue"]}}
	}
	changes := []fields{
		audited(5, "Server setting", "ServerLevelPluginDll"), audited(5, "Server setting", "EnableIPv6"), audited(5, "Forwarder reset", "."), audited(5, "Record create", "www"),
		audited(5, "Clear debug logs", "dns.log"), audited(5, "Zone unsign", "corp.example"), audited(20, "Root hints", ""), with(audited(5, "Root hints", ""), "EventProduct", "Others"),
		audited(5, "Server setting", "LogLevel"), with(audited(5, "Server setting", "LogLevel"), "NewValue", "0x8000f331"), with(audited(5, "Server setting", "LogLevel"), "ActorUserId", "S-1-5-18"),
	}
	want := []string{"High ServerLevelPluginDll", "Medium .", "Medium LogLevel", "Medium corp.example", "Medium dns.log"}
	events, err := os.ReadFile("../../../../../internal/dns/audit.go")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`\{\d+, "([^"]+)", \w+, "\w+", kind(?:Server|Zone|Forward)Policy,`).FindAllSubmatch(events, -1) {
		operation := string(m[1])
		changes = append(changes, audited(5, operation, operation))
		want = append(want, "Medium "+operation)
	}
	require.Len(t, want, 5+13)
	slices.Sort(want)
	var asked []fields
	for _, c := range changes {
		asked = append(asked, activity(c))
	}
	asked = append(asked, with(activity(changes[0]), "AdditionalFields", fields{"DnsRole": "client-response", "Operation": "Server setting", "Object": "ServerLevelPluginDll"}))
	for table, rows := range map[string][]fields{"ASimAuditEventLogs": changes, "ASimDnsActivityLogs": asked} {
		var got []string
		for _, r := range found(t, "DnsServerChanged", tables{table: rows}) {
			require.Equal(t, []any{"dns1.corp.example", "S-1-5-21-1", "0x0"}, []any{r["Device"], r["ActorUserId"], r["NewValue"]}, table)
			got = append(got, r["AlertSeverity"].(string)+" "+r["Object"].(string))
		}
		slices.Sort(got)
		require.Equal(t, want, got, table)
	}
}
