// SPDX-License-Identifier: Apache-2.0

package main_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/envelope"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/row"
)

// These tests execute the parsers with an evaluator of the project's own (internal/tools/node/run.cjs), since no engine of KQL can be had here. It knows
// the operators and functions that the parsers use, after their documentation.

type fields = map[string]any

// tables are the rows of a workspace.
type tables map[string][]fields

// execute returns the rows of each call.
func execute(t *testing.T, workspace tables, calls ...string) [][]fields {
	modules := os.Getenv("WINNET_NODE_MODULES")
	if modules == "" {
		t.Skip("WINNET_NODE_MODULES is not set; make test-sentinel installs what this needs")
	}
	raw, err := json.Marshal(map[string]any{"tables": workspace, "calls": calls})
	require.NoError(t, err)
	cmd := exec.Command("node", root+"internal/tools/node/run.cjs")
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(raw), &stdout, &stderr
	require.NoError(t, cmd.Run(), stderr.String())
	var out [][]fields
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &out), stdout.String())
	return out
}

// record makes a log record of a scope: the attributes of the record and of its resource.
func record(t *testing.T, scope string, attributes, resource fields) plog.Logs {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	require.NoError(t, rl.Resource().Attributes().FromRaw(resource))
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(scope)
	lr := sl.LogRecords().AppendEmpty()
	require.NoError(t, lr.Attributes().FromRaw(attributes))
	at, err := time.Parse(time.RFC3339Nano, attributes["EventEndTime"].(string))
	require.NoError(t, err)
	lr.SetTimestamp(pcommon.NewTimestampFromTime(at))
	lr.Body().SetStr("body")
	return logs
}

func duration(minutes int) time.Duration { return time.Duration(minutes) * time.Minute }

// clock is the evaluator's, too.
func clock() time.Time { return time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC) }

// stored is the record as the exporter sentinel writes it.
func stored(t *testing.T, table *columns.Table, schema string, logs plog.Logs) fields {
	rl := logs.ResourceLogs().At(0)
	e := row.NewEncoder(row.Options{Table: table, Schema: schema, Now: clock})
	e.SetResource(rl.Resource().Attributes())
	raw, _ := e.AppendRow(nil, rl.ScopeLogs().At(0).LogRecords().At(0))
	return decode(t, raw)
}

// item is the record as the exporter app_insights writes it, as the table AppTraces has it.
func item(t *testing.T, logs plog.Logs) fields {
	rl := logs.ResourceLogs().At(0)
	e := envelope.NewEncoder(envelope.Options{Now: clock})
	e.SetScope(rl.Resource().Attributes(), rl.ScopeLogs().At(0).Scope())
	raw, _ := e.Append(nil, rl.ScopeLogs().At(0).LogRecords().At(0))
	all := decode(t, raw)
	return fields{"TimeGenerated": all["time"], "Properties": all["data"].(fields)["baseData"].(fields)["properties"]}
}

func decode(t *testing.T, raw []byte) fields {
	var out fields
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// packed is the record of docs/records.md: three items of a client.
func packed(t *testing.T) plog.Logs {
	raw, err := os.ReadFile(root + "docs/records.md")
	require.NoError(t, err)
	_, sample, found := strings.Cut(string(raw), "```text\n\"Sums\":")
	require.True(t, found)
	sample, _, _ = strings.Cut("\"Sums\":"+sample, "```")
	decoder := json.NewDecoder(strings.NewReader("{" + regexp.MustCompile(`//[^\n]*`).ReplaceAllString(sample, "") + "}"))
	decoder.UseNumber()
	var more fields
	require.NoError(t, decoder.Decode(&more))
	return record(t, "asim.dns.events", fields{
		"EventProduct": "DNS Server", "EventVendor": "Microsoft", "EventSchema": "Dns", "EventSchemaVersion": "0.1.7", "EventType": "Query", "EventSubType": "response",
		"EventCount": 6, "EventResult": "NA", "EventResultDetails": "NA", "EventSeverity": "Informational", "EventOriginalUid": "0145d3eaeca2b09663a8cc8372577d92",
		"EventStartTime": "2026-03-04T05:00:00.0004567Z", "EventEndTime": "2026-03-04T05:00:01.5000000Z", "SrcIpAddr": "192.0.2.77", "Src": "192.0.2.77", "DstIpAddr": "10.0.10.5",
		"AdditionalFields": numbers(t, more),
	}, fields{"Dvc": "dnsserver", "DvcOs": "Windows", "service.name": "windows_dns_server"})
}

// numbers makes the numbers of decoded JSON whole numbers.
func numbers(t *testing.T, v any) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		require.NoError(t, err)
		return n
	case []any:
		for i, x := range v {
			v[i] = numbers(t, x)
		}
	case fields:
		for name, x := range v {
			v[name] = numbers(t, x)
		}
	}
	return v
}

// look returns some columns of rows.
func look(rows []fields, names ...string) []fields {
	out := []fields{}
	for _, r := range rows {
		some := fields{}
		for _, name := range names {
			if v, has := r[name]; has {
				some[name] = v
			}
		}
		out = append(out, some)
	}
	return out
}

func texts(rows []fields, name string) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, r[name].(string))
	}
	slices.Sort(out)
	return out
}

func TestAPackedRowIsARowForEachItemWithItsTimesAndCounts(t *testing.T) {
	workspace := tables{"ASimDnsActivityLogs": {stored(t, columns.DNS, "Dns", packed(t))}}
	got := execute(t, workspace, "vimDnsWinnet()", "ASimDnsWinnet()", "Im_DnsCustom(pack=true)")
	want := []fields{
		{"DnsQuery": "www.example.com", "EventCount": 3.0, "EventStartTime": "2026-03-04T05:00:00.0000000Z", "EventEndTime": "2026-03-04T05:00:01.5000000Z", "DnsNetworkDuration": 0.0},
		{"DnsQuery": "api.example.com", "EventCount": 1.0, "EventStartTime": "2026-03-04T05:00:00.7520000Z", "EventEndTime": "2026-03-04T05:00:00.7640000Z", "DnsNetworkDuration": 12.0},
		{"DnsQuery": "new.example.com", "EventCount": 1.0, "EventStartTime": "2026-03-04T05:00:00.7970000Z", "EventEndTime": "2026-03-04T05:00:00.7980000Z", "DnsNetworkDuration": 1.0,
			"SrcPortNumber": 54736.0, "TransactionIdHex": "4348"},
		{"DnsQuery": "odd.example.com", "EventCount": 1.0, "EventStartTime": "2026-03-04T05:00:00.8020000Z", "EventEndTime": "2026-03-04T05:00:00.8030000Z", "DnsNetworkDuration": 1.0,
			"SrcPortNumber": 54737.0, "TransactionIdHex": "4349"},
	}
	require.Equal(t, want, look(got[0], "DnsQuery", "EventCount", "EventStartTime", "EventEndTime", "DnsNetworkDuration", "SrcPortNumber", "TransactionIdHex"))
	for _, r := range got[0] {
		require.Equal(t, fields{
			"EventResult": "Success", "EventResultDetails": "NOERROR", "DnsResponseCodeName": "NOERROR", "DnsFlags": "RD,RA", "DnsQueryTypeName": "A", "SrcIpAddr": "192.0.2.77",
			"IpAddr": "192.0.2.77", "Dvc": "dnsserver", "DvcOs": "Windows", "EventSchema": "Dns", "Type": "ASimDnsActivityLogs", "DstPortNumber": 53.0, "NetworkProtocolVersion": "IPv4",
		}, look([]fields{r}, "EventResult", "EventResultDetails", "DnsResponseCodeName", "DnsFlags", "DnsQueryTypeName", "SrcIpAddr", "IpAddr", "Dvc", "DvcOs", "EventSchema", "Type",
			"DstPortNumber", "NetworkProtocolVersion")[0])
		require.Equal(t, r["DnsQuery"], r["Domain"])
		require.Equal(t, r["EventEndTime"], r["TimeGenerated"])
	}
	require.Equal(t, []any{
		fields{"Zone": "example.com", "DnsAnswers": []any{"192.0.2.1"}, "GapSum": 1500.0, "GapSquareSum": 1170000.0, "DnsNetworkDurationMin": 0.0, "DnsNetworkDurationMax": 0.0},
		fields{"Zone": "example.com", "DnsAnswers": []any{"CNAME www.example.net", "192.0.2.7"}},
		fields{"Zone": "example.com", "DnsAnswers": []any{"192.0.2.9"}, "New": true},
		fields{"Zone": "example.com", "DnsAnswers": []any{"192.0.2.8"}},
	}, []any{got[0][0]["AdditionalFields"], got[0][1]["AdditionalFields"], got[0][2]["AdditionalFields"], got[0][3]["AdditionalFields"]})
	require.Equal(t, got[0], got[1])
	require.Equal(t, got[0], got[2])
}

// DnsResponseName is the answers in profile asim, and the name of the response code in profile windows, whose slim records have none.
func TestAnItemHasTheResponseNameOfItsRecord(t *testing.T) {
	row := func(client string, attributes, more fields) fields {
		logs := packed(t)
		of := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
		raw := of.AsRaw()
		raw["SrcIpAddr"] = client
		maps.Copy(raw, attributes)
		maps.Copy(raw["AdditionalFields"].(fields), more)
		require.NoError(t, of.FromRaw(raw))
		return stored(t, columns.DNS, "Dns", logs)
	}
	others := row("other codes", nil, nil)
	group := others["AdditionalFields"].(fields)["Sums"].([]any)
	group[0] = append(group[0].([]any), fields{"DnsResponseName": "YXDOMAIN"})
	workspace := tables{"ASimDnsActivityLogs": {
		row("answers", nil, fields{"SumsAnswers": 1}), row("none", nil, nil), row("one code", fields{"DnsResponseName": "NOERROR"}, nil), others,
	}}
	want := map[any][]any{
		"answers": {"192.0.2.1", "CNAME www.example.net;192.0.2.7", "192.0.2.9", "192.0.2.8"}, "none": {nil, nil, nil, nil},
		"one code": {"NOERROR", "NOERROR", "NOERROR", "NOERROR"}, "other codes": {"YXDOMAIN", "YXDOMAIN", "YXDOMAIN", "YXDOMAIN"},
	}
	for _, rows := range execute(t, workspace, "vimDnsWinnet()", "WinnetDns(datetime(null), datetime(null))") {
		got := map[any][]any{}
		for _, r := range rows {
			got[r["SrcIpAddr"]] = append(got[r["SrcIpAddr"]], r["DnsResponseName"])
			for _, name := range []string{"SumsAnswers", "DnsResponseName"} {
				require.NotContains(t, r["AdditionalFields"], name)
			}
		}
		require.Equal(t, want, got)
	}
}

func TestTheFiltersOfDNSSeeTheItemsOfAPackedRow(t *testing.T) {
	workspace := tables{"ASimDnsActivityLogs": {stored(t, columns.DNS, "Dns", packed(t))}}
	cases := map[string][]string{
		"": {"api", "new", "odd", "www"}, "disabled=true": {}, "eventtype='*'": {"api", "new", "odd", "www"}, "eventtype='lookup'": {"api", "new", "odd", "www"}, "eventtype='Update'": {},
		"srcipaddr='192.0.2.77'": {"api", "new", "odd", "www"}, "srcipaddr='192.0.2.7'": {},
		"domain_has_any=dynamic(['www.example.com'])": {"www"}, "domain_has_any=dynamic(['api', 'www'])": {"api", "www"}, "domain_has_any=dynamic(['ample'])": {},
		"responsecodename='noerror'": {"api", "new", "odd", "www"}, "responsecodename='NXDOMAIN'": {},
		"response_has_ipv4='192.0.2.7'": {"api"}, "response_has_ipv4='192.0.2.77'": {}, "response_has_any_prefix=dynamic(['192.0.'])": {"api", "new", "odd", "www"},
		"response_has_any_prefix=dynamic(['192.0.2.9', '10.'])": {"new"},
		"starttime=datetime(2026-03-04T05:00:01Z)":              {"www"}, "endtime=datetime(2026-03-04T05:00:00.7Z)": {"www"}, "endtime=datetime(2026-03-04T05:00:00.76Z)": {"api", "www"},
		"starttime=datetime(2026-03-04T05:00:00.77Z), endtime=datetime(2026-03-04T05:00:00.80Z)": {"new", "www"},
		"starttime=datetime(2026-03-04T05:00:02Z)":                                               {}, "endtime=datetime(2026-03-04T04:59:59Z)": {},
	}
	arguments := slices.Sorted(maps.Keys(cases))
	var calls []string
	for _, a := range arguments {
		calls = append(calls, "vimDnsWinnet("+a+")")
	}
	for i, got := range execute(t, workspace, calls...) {
		var names []string
		for _, name := range cases[arguments[i]] {
			names = append(names, name+".example.com")
		}
		require.ElementsMatch(t, names, texts(got, "DnsQuery"), calls[i])
	}
}

// single is an exchange of the profile windows, whose answers are in AdditionalFields alone.
func single(t *testing.T, more fields) plog.Logs {
	all := fields{
		"EventProduct": "DNS Server", "EventVendor": "Microsoft", "EventSchema": "Dns", "EventSchemaVersion": "0.1.7", "EventType": "Query", "EventSubType": "response", "EventCount": 1,
		"EventResult": "Failure", "EventResultDetails": "NXDOMAIN", "EventOriginalUid": "032b8d5dae8a3fb5aa1a095594f7e8ca", "EventStartTime": "2026-03-04T05:06:18.0525569Z",
		"EventEndTime": "2026-03-04T05:11:00.0000001Z", "SrcIpAddr": "fd00:0:1:4::2a", "DstIpAddr": "fd00:0:0:10::5", "DnsQuery": "dns01.contoso.com", "DnsQueryType": 28,
		"DnsFlagsTruncated": false, "DnsResponseName": "NXDOMAIN", "EventOriginalSubType": "RESPONSE_SUCCESS",
		"AdditionalFields": fields{"DnsRole": "client-response", "DnsAnswers": []any{"CNAME a.example", "198.51.100.20"}},
	}
	maps.Copy(all, more)
	return record(t, "asim.dns.events", all, fields{"Dvc": "dnsserver"})
}

func TestARowKeepsItsTimesAndItsAnswersAreSearched(t *testing.T) {
	ama := stored(t, columns.DNS, "Dns", single(t, fields{"EventOriginalUid": ""}))
	workspace := tables{"ASimDnsActivityLogs": {stored(t, columns.DNS, "Dns", single(t, nil)), ama}}
	got := execute(t, workspace, "vimDnsWinnet()", "vimDnsWinnet(response_has_ipv4='198.51.100.20')", "vimDnsWinnet(response_has_any_prefix=dynamic(['198.51.']))",
		"vimDnsWinnet(response_has_ipv4='198.51.100.2')", "vimDnsWinnet(starttime=datetime(2026-03-04T05:10:00Z), endtime=datetime(2026-03-04T05:20:00Z))",
		"vimDnsWinnet(responsecodename='NXDOMAIN', domain_has_any=dynamic(['contoso.com']))")
	for _, i := range []int{0, 1, 2, 4, 5} {
		require.Equal(t, []fields{{
			"EventStartTime": "2026-03-04T05:06:18.0525569Z", "EventEndTime": "2026-03-04T05:11:00.0000001Z", "NetworkProtocolVersion": "IPv6", "Src": "fd00:0:1:4::2a",
			"EventOriginalSubType": "RESPONSE_SUCCESS", "DnsFlagsTruncated": false,
		}}, look(got[i], "EventStartTime", "EventEndTime", "NetworkProtocolVersion", "Src", "EventOriginalSubType", "DnsFlagsTruncated"), i)
	}
	require.Empty(t, got[3])
}

func TestAnItemIsTheSameRow(t *testing.T) {
	for _, logs := range []plog.Logs{packed(t), single(t, nil)} {
		got := execute(t, tables{"ASimDnsActivityLogs": {stored(t, columns.DNS, "Dns", logs)}, "AppTraces": {item(t, logs)}}, "vimDnsWinnet()")[0]
		require.NotEmpty(t, got)
		half := len(got) / 2
		byTable := map[string][]fields{}
		for _, r := range got {
			from := r["Type"].(string)
			delete(r, "Type")
			byTable[from] = append(byTable[from], r)
		}
		require.Len(t, byTable["AppTraces"], half)
		require.Equal(t, byTable["ASimDnsActivityLogs"], byTable["AppTraces"])
	}
	logs := single(t, nil)
	logs.ResourceLogs().At(0).Resource().Attributes().PutStr("winnet.tier", "archive")
	others := single(t, nil)
	others.ResourceLogs().At(0).ScopeLogs().At(0).Scope().SetName("asim.dns.events.of.others")
	require.Empty(t, execute(t, tables{"AppTraces": {item(t, logs), item(t, others)}}, "vimDnsWinnet()")[0], "the archive's records, and those of others")
}

func TestTheParsersOfTheArchiveReadItsTextsAndNoAuditEvents(t *testing.T) {
	archived := func(table *columns.Table, schema string, logs plog.Logs) fields {
		r := stored(t, table, schema, logs)
		raw, err := json.Marshal(r["AdditionalFields"])
		require.NoError(t, err)
		r["AdditionalFields"] = string(raw)
		return r
	}
	workspace := tables{
		"WinnetDnsArchive_CL": {
			archived(columns.DNS, "Dns", single(t, nil)), archived(columns.DNS, "Dns", single(t, fields{"EventSchema": "AuditEvent", "EventType": "Create"})),
		},
		"WinnetNetworkArchive_CL": {archived(columns.Network, "NetworkSession", flow(t, nil))},
	}
	got := execute(t, workspace, "ASimDnsWinnetArchive()", "vimDnsWinnetArchive(response_has_ipv4='198.51.100.20')", "ASimNetworkSessionWinnetArchive()", "vimDnsWinnet()", "ASim_DnsCustom()")
	require.Equal(t, []string{"dns01.contoso.com"}, texts(got[0], "DnsQuery"))
	require.Equal(t, got[0], got[1])
	require.Equal(t, "client-response", got[0][0]["AdditionalFields"].(fields)["DnsRole"])
	require.Equal(t, []string{"10.244.2.40"}, texts(got[2], "DstIpAddr"))
	require.Empty(t, got[3], "the same events would be counted twice")
	require.Empty(t, got[4])
}

// flow is a connection that Cilium denied.
func flow(t *testing.T, more fields) plog.Logs {
	all := fields{
		"EventProduct": "Cilium", "EventVendor": "Isovalent", "EventSchema": "NetworkSession", "EventSchemaVersion": "0.2.6", "EventType": "Flow", "EventCount": 3, "EventResult": "Failure",
		"EventResultDetails": "Unknown", "DvcAction": "Drop", "EventOriginalUid": "9c80df355f82014bc82ebcd115449d01", "EventStartTime": "2026-03-04T05:06:21.0160000Z",
		"EventEndTime": "2026-03-04T05:07:21.0160000Z", "SrcIpAddr": "10.244.1.12", "DstIpAddr": "10.244.2.40", "DstPortNumber": 5432, "SrcHostname": "frontend-1", "DstHostname": "postgres-0",
		"NetworkBytes": 62, "cilium.verdict": "DROPPED", "TcpFlagsSyn": true,
	}
	maps.Copy(all, more)
	return record(t, "asim.network.events", all, fields{"Dvc": "node1"})
}

func TestTheFiltersOfNetworkSessions(t *testing.T) {
	logs := flow(t, nil)
	v6 := flow(t, fields{"SrcIpAddr": "fd00:10:244:1::c", "DstIpAddr": "fd00:10:244:1::1b", "DvcAction": "Allow", "EventResult": "Success", "DstPortNumber": 8443, "SrcHostname": "", "DstHostname": ""})
	workspace := tables{
		"ASimNetworkSessionLogs": {
			stored(t, columns.Network, "NetworkSession", logs), stored(t, columns.Network, "NetworkSession", v6),
			stored(t, columns.Network, "NetworkSession", flow(t, fields{"EventVendor": "Others", "DstPortNumber": 1})),
		},
		"AppTraces": {item(t, logs)},
	}
	cases := map[string][]float64{
		"": {5432, 5432, 8443}, "disabled=true": {}, "dstportnumber=int(8443)": {8443}, "eventresult='Failure'": {5432, 5432}, "dvcaction=dynamic(['Allow', 'Deny'])": {8443},
		"srcipaddr_has_any_prefix=dynamic(['10.244.'])": {5432, 5432}, "srcipaddr_has_any_prefix=dynamic(['10.244.2.'])": {}, "dstipaddr_has_any_prefix=dynamic(['10.244.2.'])": {5432, 5432},
		"srcipaddr_has_any_prefix=dynamic(['10.244.1.']), dstipaddr_has_any_prefix=dynamic(['192.0.2.'])": {},
		"ipaddr_has_any_prefix=dynamic(['10.244.2.40'])":                                                  {5432, 5432}, "ipaddr_has_any_prefix=dynamic(['fd00:10:244:1::1b'])": {8443},
		"hostname_has_any=dynamic(['postgres'])": {5432, 5432}, "hostname_has_any=dynamic(['post'])": {},
		"starttime=datetime(2026-03-04T05:07:00Z)": {5432, 5432, 8443}, "starttime=datetime(2026-03-04T05:08:00Z)": {}, "endtime=datetime(2026-03-04T05:06:00Z)": {},
	}
	arguments := slices.Sorted(maps.Keys(cases))
	var calls []string
	for _, a := range arguments {
		calls = append(calls, "vimNetworkSessionWinnet("+a+")")
	}
	calls = append(calls, "ASimNetworkSessionWinnet()", "vimNetworkSessionWinnet(ipaddr_has_any_prefix=dynamic(['10.244.']), hostname_has_any=dynamic(['postgres']))")
	got := execute(t, workspace, calls...)
	for i, a := range arguments {
		ports := []float64{}
		for _, r := range got[i] {
			ports = append(ports, r["DstPortNumber"].(float64))
		}
		require.ElementsMatch(t, cases[a], ports, calls[i])
	}
	all := got[len(arguments)]
	require.Len(t, all, 3)
	require.Equal(t, fields{
		"EventStartTime": "2026-03-04T05:06:21.0160000Z", "EventEndTime": "2026-03-04T05:07:21.0160000Z", "Src": "frontend-1", "Dst": "postgres-0", "IpAddr": "10.244.1.12", "Hostname": "postgres-0",
		"AdditionalFields": fields{"cilium.verdict": "DROPPED"}, "NetworkBytes": 62.0, "TcpFlagsSyn": true, "ASimMatchingIpAddr": "-", "Dvc": "node1",
	}, look(all, "EventStartTime", "EventEndTime", "Src", "Dst", "IpAddr", "Hostname", "AdditionalFields", "NetworkBytes", "TcpFlagsSyn", "ASimMatchingIpAddr", "Dvc")[0])
	delete(all[0], "Type")
	delete(all[2], "Type")
	require.Equal(t, all[0], all[2], "the item of AppTraces")
	require.Equal(t, fields{"ASimMatchingIpAddr": "Both", "ASimMatchingHostname": "DstHostname"}, look(got[len(arguments)+1], "ASimMatchingIpAddr", "ASimMatchingHostname")[0])
}
