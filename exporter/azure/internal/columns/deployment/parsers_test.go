// SPDX-License-Identifier: Apache-2.0

package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns/content"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/envelope"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/row"
)

func parsers(t *testing.T) map[string]content.Parser {
	all, err := content.Parsers(folder + "parsers")
	require.NoError(t, err)
	out := map[string]content.Parser{}
	for _, p := range all {
		out[p.ParserName] = p
		require.FileExists(t, folder+"parsers/"+p.ParserName+".yaml")
	}
	require.Len(t, out, 12)
	return out
}

// asim is a column of a schema: its type, and how much the schema asks for it.
type asim struct{ Type, Class string }

// schemas returns the columns of the schemas of ASIM, by schema and name: those of Common are in each.
func schemas(t *testing.T) map[string]map[string]asim {
	raw, err := os.ReadFile("../parsers/schema.tsv")
	require.NoError(t, err)
	out := map[string]map[string]asim{"Dns": {}, "NetworkSession": {}}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) > 3 && f[0] == "Common" {
			for _, all := range out {
				all[f[1]] = asim{f[2], f[3]}
			}
		}
	}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) > 3 && out[f[0]] != nil {
			out[f[0]][f[1]] = asim{f[2], f[3]}
		}
	}
	return out
}

// results are what Microsoft's language service says of queries: the columns of their results by name, with types.
func results(t *testing.T, queries ...string) []map[string]string {
	out, failure := node(t, "result.cjs", queries...)
	require.Empty(t, failure)
	var answers []struct {
		Errors  []string
		Columns []column
	}
	require.NoError(t, json.Unmarshal(out, &answers))
	var all []map[string]string
	for i, a := range answers {
		require.Empty(t, a.Errors, queries[i])
		require.NotEmpty(t, a.Columns, queries[i])
		types := map[string]string{}
		for _, c := range a.Columns {
			require.NotContains(t, types, c.Name, "a column twice")
			types[c.Name] = c.Type
		}
		all = append(all, types)
	}
	return all
}

func TestEveryParserReturnsTheColumnsOfItsSchemaInTheirTypes(t *testing.T) {
	all := parsers(t)
	names := slices.Sorted(maps.Keys(all))
	var queries []string
	for _, name := range names {
		queries = append(queries, name+"()")
	}
	for i, got := range results(t, queries...) {
		p := all[names[i]]
		known := schemas(t)[p.Normalization.Schema]
		table := map[string]string{"Dns": "ASimDnsActivityLogs", "NetworkSession": "ASimNetworkSessionLogs"}[p.Normalization.Schema]
		for name, kind := range got {
			require.Equal(t, known[name].Type, kind, "%s: the schema's type of %s", p.ParserName, name)
		}
		for name, c := range known {
			if c.Class == "Mandatory" || c.Class == "Alias" {
				require.Contains(t, got, name, "%s: %s", p.ParserName, c.Class)
			}
		}
		for _, c := range list(t, table) {
			if _, has := known[c.Name]; has {
				require.Contains(t, got, c.Name, "%s: a column of %s", p.ParserName, table)
			}
		}
	}
}

// A workspace without Application Insights has no AppTraces: what is left of the union then has every column that the parser reads.
func TestAParserNeedsNoTableOfApplicationInsights(t *testing.T) {
	var without []string
	for _, query := range queriesOf(t, "vimDnsWinnet", "vimNetworkSessionWinnet") {
		rest := strings.ReplaceAll(query, "[]), AppTraces\n", "[])\n")
		require.NotEqual(t, query, rest)
		require.NotContains(t, rest, "AppTraces")
		without = append(without, rest)
	}
	results(t, without...)
}

// queriesOf returns the queries of parsers, with the defaults of their parameters.
func queriesOf(t *testing.T, names ...string) []string {
	var out []string
	for _, name := range names {
		p := parsers(t)[name]
		text := ""
		for _, q := range strings.Split(p.Signature(), ", ") {
			param, value, _ := strings.Cut(q, "=")
			text += "let " + param[:strings.Index(param, ":")] + " = " + value + "; "
		}
		out = append(out, text+p.ParserQuery)
	}
	return out
}

// The names, types, defaults and the order are those of ASIM's documentation. Sentinel's unifying parsers hand over the last one, pack, by name.
func TestTheParametersAreThoseOfTheSchemas(t *testing.T) {
	dns := "starttime:datetime=datetime(null), endtime:datetime=datetime(null), srcipaddr:string='*', domain_has_any:dynamic=dynamic([]), " +
		"responsecodename:string='*', response_has_ipv4:string='*', response_has_any_prefix:dynamic=dynamic([]), eventtype:string='Query', disabled:bool=false"
	network := "starttime:datetime=datetime(null), endtime:datetime=datetime(null), srcipaddr_has_any_prefix:dynamic=dynamic([]), " +
		"dstipaddr_has_any_prefix:dynamic=dynamic([]), ipaddr_has_any_prefix:dynamic=dynamic([]), dstportnumber:int=int(null), " +
		"hostname_has_any:dynamic=dynamic([]), dvcaction:dynamic=dynamic([]), eventresult:string='*', disabled:bool=false"
	want := map[string]string{}
	for _, suffix := range []string{"", "Archive"} {
		want["vimDnsWinnet"+suffix], want["vimNetworkSessionWinnet"+suffix] = dns, network
		want["ASimDnsWinnet"+suffix], want["ASimNetworkSessionWinnet"+suffix] = "disabled:bool=false", "disabled:bool=false"
	}
	want["Im_DnsCustom"], want["Im_NetworkSessionCustom"] = dns+", pack:bool=false", network+", pack:bool=false"
	want["ASim_DnsCustom"], want["ASim_NetworkSessionCustom"] = "disabled:bool=false, pack:bool=false", "disabled:bool=false, pack:bool=false"
	got := map[string]string{}
	for name, p := range parsers(t) {
		got[name] = p.Signature()
	}
	require.Equal(t, want, got)
}

func TestTheTemplateSavesEachParserAsItStandsBehindItsSwitch(t *testing.T) {
	all := parsers(t)
	switches := func(on ...string) []string {
		given := given(map[string]any{"parsers": false})
		for _, name := range on {
			given[name] = true
		}
		resources, _ := deployed(t, given)
		var found []string
		for name, p := range all {
			r, has := resources["law/"+name]
			if !has {
				continue
			}
			found = append(found, name)
			require.Equal(t, map[string]any{
				"category": "otelcol-winnet", "displayName": name, "functionAlias": name, "functionParameters": p.Signature(), "query": p.ParserQuery,
				"version": json.Number("2"),
			}, r["properties"])
		}
		slices.Sort(found)
		return found
	}
	require.Empty(t, switches())
	require.Equal(t, []string{"ASimDnsWinnet", "ASimNetworkSessionWinnet", "vimDnsWinnet", "vimNetworkSessionWinnet"}, switches("parsers"))
	require.Equal(t, []string{"ASimDnsWinnetArchive", "ASimNetworkSessionWinnetArchive", "vimDnsWinnetArchive", "vimNetworkSessionWinnetArchive"}, switches("archiveParsers"))
	require.Equal(t, []string{"ASim_DnsCustom", "ASim_NetworkSessionCustom", "Im_DnsCustom", "Im_NetworkSessionCustom"}, switches("unifyingParsers"))
}

// Sentinel's own parser sets both times to TimeGenerated.
func TestAParserKeepsTheTimesOfItsRows(t *testing.T) {
	for name, p := range parsers(t) {
		if !strings.HasPrefix(name, "vim") {
			continue
		}
		require.Regexp(t, `\| extend EventStartTime = coalesce\(EventStartTime, .*TimeGenerated\), EventEndTime = coalesce\(EventEndTime, EventStartTime, TimeGenerated\)`, p.ParserQuery)
		require.NotRegexp(t, `Event(Start|End)Time = TimeGenerated`, p.ParserQuery)
		require.Contains(t, p.ParserQuery, "(isnull(starttime) or EventEndTime >= starttime) and (isnull(endtime) or EventStartTime <= endtime)")
	}
}

// What makes rows of packed ones is the same in the parser and in the function WinnetDns.
func TestTheParserUnpacksAsTheFunctionDoes(t *testing.T) {
	raw, err := os.ReadFile(folder + "WinnetDns.kql")
	require.NoError(t, err)
	_, unpacked, found := strings.Cut(string(raw), "let unpacked = rows")
	require.True(t, found)
	unpacked, _, _ = strings.Cut(unpacked, ";\n")
	require.Contains(t, strings.Join(strings.Fields(parsers(t)["vimDnsWinnet"].ParserQuery), " "), strings.Join(strings.Fields("let unpacked = rows"+unpacked+";"), " "))
}

// value is a property as the parser reads it: a text converted to the column's type. KQL gives null for a text that it cannot convert.
func value(t *testing.T, conversion, text string) any {
	switch conversion {
	case "toint", "tolong", "todouble":
		n, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err, text)
		return n
	case "tobool":
		b, err := strconv.ParseBool(text)
		require.NoError(t, err, text)
		return b
	case "todatetime":
		_, err := time.Parse(time.RFC3339Nano, text)
		require.NoError(t, err, text)
	}
	return text
}

// The exporters sentinel and app_insights write the same record. What the parser reads of the second is the row of the first: the test executes the
// parser's list of columns, as it stands, on the properties of an item.
func TestTheParserReadsFromAnItemWhatTheTableHas(t *testing.T) {
	for name, c := range map[string]struct {
		logs   plog.Logs
		table  *columns.Table
		schema string
	}{
		"vimDnsWinnet":            {recordtest.DNS(20), columns.DNS, "Dns"},
		"vimNetworkSessionWinnet": {recordtest.Network(20), columns.Network, "NetworkSession"},
	} {
		t.Run(name, func(t *testing.T) {
			query := parsers(t)[name].ParserQuery
			reads := regexp.MustCompile(`(\w+) = (?:(to\w+)\()?tostring\(Properties\.(\w+)\)`).FindAllStringSubmatch(query, -1)
			var taken []string
			_, list, found := strings.Cut(query, "bag_remove_keys(Properties, dynamic([")
			require.True(t, found)
			list, _, _ = strings.Cut(list, "])")
			for _, m := range regexp.MustCompile(`'([^']+)'`).FindAllStringSubmatch(list, -1) {
				taken = append(taken, m[1])
			}
			resource := c.logs.ResourceLogs().At(0)
			resource.Resource().Attributes().PutStr("service.name", "windows")
			resource.Resource().Attributes().PutStr("DvcOs", "Windows")
			scope := resource.ScopeLogs().At(0)
			now := func() time.Time { return recordtest.Base }
			rows := row.NewEncoder(row.Options{Table: c.table, Schema: c.schema, Now: now})
			rows.SetResource(resource.Resource().Attributes())
			items := envelope.NewEncoder(envelope.Options{Now: now})
			items.SetScope(resource.Resource().Attributes(), scope.Scope())
			for i, record := range scope.LogRecords().All() {
				record.Attributes().PutStr("cilium.verdict", "FORWARDED")
				record.Attributes().PutEmptyMap("AdditionalFields").PutStr("Zone", "contoso.com")
				record.Attributes().PutBool("DnsFlagsTruncated", i%2 == 0)
				record.Attributes().PutInt("DstPortNumber", 53)
				record.Attributes().PutStr("EventStartTime", "2026-03-04T05:06:07.1234567Z")
				raw, _ := rows.AppendRow(nil, record)
				var want map[string]any
				require.NoError(t, json.Unmarshal(raw, &want))
				raw, _ = items.Append(nil, record)
				var item struct {
					Data struct {
						BaseData struct{ Properties map[string]string }
					}
				}
				require.NoError(t, json.Unmarshal(raw, &item))
				properties := item.Data.BaseData.Properties
				require.Equal(t, scope.Scope().Name(), properties["instrumentationlibrary.name"])
				require.Contains(t, query, "tostring(Properties['instrumentationlibrary.name']) == '"+scope.Scope().Name()+"'")
				got := map[string]any{"TimeGenerated": want["TimeGenerated"]}
				for _, m := range reads {
					if text, has := properties[m[3]]; has && m[1] == m[3] {
						got[m[1]] = value(t, m[2], text)
					}
				}
				fields := map[string]any{}
				require.NoError(t, json.Unmarshal([]byte(properties["AdditionalFields"]), &fields))
				for name, text := range properties {
					if !slices.Contains(taken, name) {
						fields[name] = text
					}
				}
				// The properties of an item are texts. The row leaves out the node's name, which is its Dvc.
				delete(fields, "k8s.node.name")
				for name, v := range want["AdditionalFields"].(map[string]any) {
					want["AdditionalFields"].(map[string]any)[name] = fmt.Sprint(v)
				}
				got["AdditionalFields"] = fields
				require.Equal(t, want, got)
			}
		})
	}
}
