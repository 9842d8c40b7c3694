// SPDX-License-Identifier: Apache-2.0

package columns

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func all() []*Table { return []*Table{DNS, Network, Audit, Status, DNSArchive, NetworkArchive} }

// lists are the tables that have the columns of another table's list.
var lists = map[string]string{"WinnetDnsArchive": "ASimDnsActivityLogs", "WinnetNetworkArchive": "ASimNetworkSessionLogs"}

func TestATableHasTheColumnsOfItsList(t *testing.T) {
	names := map[string]Type{"string": String, "int": Int, "long": Long, "real": Real, "bool": Bool, "datetime": Datetime, "dynamic": Dynamic}
	for _, table := range all() {
		list, archive := lists[table.Name]
		if !archive {
			list = table.Name
		}
		require.Equal(t, archive, table.Auxiliary)
		raw, err := os.ReadFile(list + ".tsv")
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(raw), "# Columns"), "%s names its source", table.Name)
		var want []Column
		for line := range strings.Lines(string(raw)) {
			if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 && f[0] != "column" {
				typ, known := names[f[1]]
				require.True(t, known, f[1])
				if archive && typ == Dynamic {
					typ = String // tables with the plan Auxiliary may have no dynamic columns
				}
				want = append(want, Column{f[0], typ, `,"` + f[0] + `":`})
			}
		}
		require.Equal(t, want, table.Columns)
		require.Equal(t, Column{"TimeGenerated", Datetime, `,"TimeGenerated":`}, table.Columns[table.Time])
		require.Equal(t, `,"AdditionalFields":`, table.Columns[table.Additional].Key)
	}
}

func TestATableEnumeratesTheValuesOfItsSchema(t *testing.T) {
	raw, err := os.ReadFile("enumerations.tsv")
	require.NoError(t, err)
	want := map[string][]string{}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); !strings.HasPrefix(line, "#") && f[0] != "table" {
			want[f[0]+" "+f[1]] = strings.Split(f[2], "|")
		}
	}
	require.Greater(t, len(want), 50)
	got := map[string][]string{}
	for _, table := range all() {
		for i, c := range table.Columns {
			if table.Enumerated(i) {
				require.Equal(t, String, c.Type)
				got[table.Name+" "+c.Name] = table.values[i]
			}
		}
	}
	require.Equal(t, want, got)
	i := Network.Lookup("DvcAction")
	require.True(t, Network.Lists(i, "Drop ICMP"))
	require.False(t, Network.Lists(i, "drop"))
}

func TestNoTableHasAColumnThatTheServiceFills(t *testing.T) {
	for _, table := range all() {
		for _, reserved := range []string{"TenantId", "Type", "SourceSystem", "_ResourceId", "_SubscriptionId", "_ItemId", "_IsBillable", "_BilledSize"} {
			require.Equal(t, -1, table.Lookup(reserved), "%s.%s", table.Name, reserved)
		}
	}
}

func TestLookupFindsColumnsAndNothingElse(t *testing.T) {
	for _, table := range all() {
		for i, c := range table.Columns {
			require.Equal(t, i, table.Lookup(c.Name))
			for _, other := range []string{strings.ToLower(c.Name), c.Name + "s", c.Name[1:], c.Name[:len(c.Name)-1] + "\xff"} {
				if !slices.ContainsFunc(table.Columns, func(c Column) bool { return c.Name == other }) {
					require.Equal(t, -1, table.Lookup(other), "%q", other)
				}
			}
		}
		for _, other := range []string{"", "D", "Dv", "\x00\x00\x00", strings.Repeat("x", 1<<16)} {
			require.Equal(t, -1, table.Lookup(other), "%.10q", other)
		}
	}
}

var sink int

func BenchmarkLookup(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		sink = DNS.Lookup(DNS.Columns[i%len(DNS.Columns)].Name)
	}
}
