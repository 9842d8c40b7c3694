// SPDX-License-Identifier: Apache-2.0

package row

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

// device are the attributes that describe the device in the records of the receivers.
var device = map[string]any{
	"Dvc": "dc1.corp.example.com", "DvcHostname": "dc1", "DvcDomain": "corp.example.com", "DvcDomainType": "FQDN", "DvcFQDN": "dc1.corp.example.com",
	"DvcIpAddr": "172.31.87.64", "DvcId": "7e2b", "DvcIdType": "Other", "DvcOs": "Windows", "DvcOsVersion": "10.0.20348", "DvcScope": "contoso",
}

func resource(t *testing.T, attributes map[string]any) pcommon.Map {
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(attributes))
	return m
}

func TestARowHasTheSameFieldsWhereverTheDeviceStands(t *testing.T) {
	for _, table := range []*columns.Table{columns.DNS, columns.Network, columns.Audit} {
		t.Run(table.Name, func(t *testing.T) {
			e := NewEncoder(Options{Table: table, Now: func() time.Time { return recordtest.Base }})
			own := map[string]any{"EventProduct": "DNS Server", "EventResult": "Success"}
			full := map[string]any{}
			for _, m := range []map[string]any{own, device} {
				for name, v := range m {
					full[name] = v
				}
			}
			want, _, counts := write(t, e, record(full), pcommon.NewMap())
			require.Empty(t, counts)
			got, _, counts := write(t, e, record(own), resource(t, device))
			require.Empty(t, counts)
			require.Equal(t, want, got)
			for name := range device {
				if table.Lookup(name) < 0 {
					require.Equal(t, device[name], got["AdditionalFields"].(map[string]any)[name], name)
				}
			}
		})
	}
}

func TestTheNameOfTheNodeIsNotRepeatedBesideTheResourcesDevice(t *testing.T) {
	e := NewEncoder(Options{Table: columns.Network, Resource: []string{"k8s.*"}, Now: func() time.Time { return recordtest.Base }})
	for dvc, want := range map[string]any{"node-1": nil, "win1.corp.example.com": map[string]any{"k8s.node.name": "node-1"}} {
		row, _, _ := write(t, e, record(map[string]any{"EventProduct": "Cilium"}), resource(t, map[string]any{"Dvc": dvc, "k8s.node.name": "node-1"}))
		require.Equal(t, dvc, row["Dvc"])
		require.Equal(t, want, row["AdditionalFields"])
	}
	row, _, _ := write(t, e, record(map[string]any{"Dvc": "node-1"}), resource(t, map[string]any{"k8s.node.name": "node-1"}))
	require.Equal(t, map[string]any{"k8s.node.name": "node-1"}, row["AdditionalFields"], "with the device in the record it stays")
}

func TestARecordsOwnDeviceReplacesThatOfItsResource(t *testing.T) {
	for _, table := range []*columns.Table{columns.DNS, columns.Network, columns.Audit} {
		e := NewEncoder(Options{Table: table, Now: func() time.Time { return recordtest.Base }})
		own := map[string]any{}
		for name := range device {
			own[name] = "own"
		}
		own["DvcDomainType"], own["DvcIdType"] = "FQDN", "Other"
		want, _, _ := write(t, e, record(own), pcommon.NewMap())
		got, _, counts := write(t, e, record(own), resource(t, device))
		require.Empty(t, counts)
		require.Equal(t, want, got, table.Name)
	}
}

// A record and a resource with 20,000 attributes of a device each took three seconds to write, and with twice as many four times as long.
func TestTheDeviceOfAResourceIsComparedWithARecordUpToABound(t *testing.T) {
	of, own := pcommon.NewMap(), plog.NewLogRecord()
	for i := range maxDevice + 1 {
		of.PutInt(fmt.Sprintf("DvcPart%d", i), 1)
		own.Attributes().PutInt(fmt.Sprintf("DvcPart%d", i), 2)
	}
	of.PutInt("DvcOther", 1)
	e := NewEncoder(Options{Table: columns.DNS, Now: func() time.Time { return recordtest.Base }})
	row, _, _ := write(t, e, own, of)
	want := map[string]any{fmt.Sprintf("DvcPart%d_2", maxDevice): json.Number("1"), "DvcOther": json.Number("1")}
	for i := range maxDevice + 1 {
		want[fmt.Sprintf("DvcPart%d", i)] = json.Number("2")
	}
	require.Equal(t, want, row["AdditionalFields"])
}

func TestTheResourcesDeviceIsHeldToTheRulesOfItsColumns(t *testing.T) {
	for _, c := range []struct {
		value any
		want  any
		rule  string
	}{
		{7, "7", "converted DvcDomainType"},
		{"Unknown", "Unknown", "not_enumerated DvcDomainType"},
		{"", nil, ""},
		{map[string]any{"a": "b"}, nil, "moved DvcDomainType"},
		{"a\xff", "a\ufffd", "invalid_utf8 DvcDomainType"},
		{strings.Repeat("x", 70_000), strings.Repeat("x", maxField-6) + " [cut]", "cut DvcDomainType"},
	} {
		e := dnsEncoder()
		e.SetResource(resource(t, map[string]any{"DvcDomainType": c.value}))
		for range 2 { // each row is counted
			e.Counts = Counts{}
			text, _ := e.AppendRow(nil, record(map[string]any{"DnsQuery": "a"}))
			counts := map[string]int64{}
			e.Counts.Each(func(r Rule, column int, n int64) { counts[r.String()+" "+e.table.Columns[column].Name] = n })
			if c.rule == "" {
				require.Empty(t, counts)
			} else {
				require.Equal(t, int64(1), counts[c.rule], "%v", counts)
			}
			row := parsed(t, text)
			require.Equal(t, c.want, row["DvcDomainType"])
		}
	}
}

func TestTheNextResourceReplacesTheDevice(t *testing.T) {
	e := dnsEncoder()
	for _, name := range []string{"dc1", "dc2"} {
		e.SetResource(resource(t, map[string]any{"Dvc": name}))
		text, _ := e.AppendRow(nil, record(map[string]any{"DnsQuery": "a"}))
		require.Equal(t, name, parsed(t, text)["Dvc"])
	}
	e.SetResource(pcommon.NewMap())
	text, _ := e.AppendRow(nil, record(map[string]any{"DnsQuery": "a"}))
	require.NotContains(t, parsed(t, text), "Dvc")
}

func TestMovingTheDeviceToTheResourceLeavesEveryRowAsItWas(t *testing.T) {
	for name, make := range map[string]func(int) plog.Logs{"dns": recordtest.DNS, "network": recordtest.Network} {
		table := map[string]*columns.Table{"dns": columns.DNS, "network": columns.Network}[name]
		rows := func(logs plog.Logs) []map[string]any {
			var rows []map[string]any
			e := NewEncoder(Options{Table: table, Now: func() time.Time { return recordtest.Base }})
			rl := logs.ResourceLogs().At(0)
			e.SetResource(rl.Resource().Attributes())
			for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
				text, _ := e.AppendRow(nil, lr)
				rows = append(rows, parsed(t, text))
			}
			return rows
		}
		moved := make(5)
		recordtest.MoveDevice(moved)
		require.NotContains(t, moved.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().AsRaw(), "Dvc")
		require.Equal(t, rows(make(5)), rows(moved), name)
	}
}

func parsed(t *testing.T, text []byte) map[string]any {
	row := map[string]any{}
	require.NoError(t, json.Unmarshal(text, &row), "%s", text)
	return row
}
