// SPDX-License-Identifier: Apache-2.0

package main_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter"
)

// The tests read the files that a user deploys and the lists of columns. They do not use the generator.
const (
	root   = "../../../../../"
	folder = root + "deploy/sentinel/"
)

type column struct{ Name, Type string }

type stream struct{ Columns []column }

type dataFlow struct {
	Streams, Destinations      []string
	TransformKql, OutputStream string
}

type template struct {
	Parameters map[string]map[string]any
	Variables  struct {
		Streams, AuditStreams, ArchiveStreams map[string]stream
		Flows, AuditFlows, ArchiveFlows       []dataFlow
	}
	Resources []resource
}

type resource struct {
	Type       string
	Properties map[string]any
}

func read(t *testing.T) (template, any) {
	raw, err := os.ReadFile(folder + "main.json")
	require.NoError(t, err)
	var typed template
	require.NoError(t, json.Unmarshal(raw, &typed))
	return typed, parse(t, raw)
}

func parse(t *testing.T, raw []byte) any {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	return v
}

// list returns the columns of a list with their types in the rule.
func list(t *testing.T, name string) []column {
	raw, err := os.ReadFile("../" + name + ".tsv")
	require.NoError(t, err)
	types := map[string]string{
		"string": "string", "int": "int", "long": "long", "real": "real", "bool": "boolean", "datetime": "datetime", "dynamic": "dynamic",
	}
	var columns []column
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		if strings.HasPrefix(line, "#") || f[0] == "column" {
			continue
		}
		require.Len(t, f, 3, line)
		require.Equal(t, types[f[1]], f[2], "the list's own two types of %s agree", f[0])
		columns = append(columns, column{f[0], types[f[1]]})
	}
	require.NotEmpty(t, columns)
	return columns
}

func schema(t *testing.T) *jsonschema.Schema {
	const name = "https://example.com/template.schema.json"
	raw, err := os.ReadFile("testdata/template.schema.json")
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(name, parse(t, raw)))
	s, err := c.Compile(name)
	require.NoError(t, err)
	return s
}

func TestTheTemplateFitsItsSchema(t *testing.T) {
	_, v := read(t)
	require.NoError(t, schema(t).Validate(v))
}

func TestTheSchemaRefusesWhatTheServiceRefuses(t *testing.T) {
	s := schema(t)
	raw, err := os.ReadFile(folder + "main.json")
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, new string }{
		"a type that a stream has not": {`"type": "long"`, `"type": "guid"`},
		"a type of KQL":                {`"type": "boolean"`, `"type": "bool"`},
		"a dynamic column of the archive": {`"name": "WinnetDnsArchive_CL",
          "columns": [
            {"name": "AdditionalFields", "type": "string"`, `"name": "WinnetDnsArchive_CL",
          "columns": [
            {"name": "AdditionalFields", "type": "dynamic"`},
		"an API that has no plan Auxiliary":    {`"2025-07-01"`, `"2022-10-01"`},
		"a stream without its prefix":          {`"Custom-WinnetStatus": {`, `"WinnetStatus": {`},
		"a custom table without its suffix":    {`"Custom-WinnetStatus_CL"`, `"Custom-WinnetStatus"`},
		"a table without its suffix":           {`"name": "WinnetStatus_CL"`, `"name": "WinnetStatus"`},
		"a reserved column":                    {`"name": "DnsQuery"`, `"name": "TenantId"`},
		"a column of 46 characters":            {`"name": "DnsQuery"`, `"name": "D` + strings.Repeat("x", 45) + `"`},
		"a stream without TimeGenerated":       {`"name": "TimeGenerated"`, `"name": "Time"`},
		"a column twice":                       {`"name": "DnsQueryClass"`, `"name": "DnsQueryType"`},
		"a rule without endpoints":             {`"kind": "Direct"`, `"kind": "Windows"`},
		"an API that has no endpoints in DCRs": {`"apiVersion": "2023-03-11"`, `"apiVersion": "2022-06-01"`},
		"a key that a rule has not":            {`"dataFlows":`, `"dataFlow":`},
		"two streams in a flow":                {`["Custom-WinnetStatus"]`, `["Custom-WinnetStatus", "Custom-ASimDnsActivityLogs"]`},
		"a default of another type":            {`"defaultValue": true`, `"defaultValue": "true"`},
		"a text where an expression belongs":   {`"[parameters('ruleName')]"`, `"parameters('ruleName')"`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(raw), c.old)
			require.Error(t, s.Validate(parse(t, []byte(strings.ReplaceAll(string(raw), c.old, c.new)))))
		})
	}
}

func TestEveryStreamHasTheColumnsAndTypesOfItsList(t *testing.T) {
	d, _ := read(t)
	all := maps.Clone(d.Variables.Streams)
	maps.Copy(all, d.Variables.AuditStreams)
	maps.Copy(all, d.Variables.ArchiveStreams)
	want := map[string]stream{}
	for _, name := range []string{"ASimDnsActivityLogs", "ASimNetworkSessionLogs", "ASimAuditEventLogs", "WinnetStatus"} {
		want["Custom-"+name] = stream{list(t, name)}
	}
	for archive, name := range archives {
		want["Custom-"+archive] = stream{archived(t, name)}
	}
	require.Equal(t, want, all)

	columns := 0
	for _, s := range all {
		columns += len(s.Columns)
	}
	document, err := os.ReadFile(root + "docs/verification.md")
	require.NoError(t, err)
	said := regexp.MustCompile(`all (\d+) columns of the six tables`).FindStringSubmatch(string(document))
	require.Len(t, said, 2, "docs/verification.md says how many columns are compared")
	require.Equal(t, strconv.Itoa(columns), said[1], "docs/verification.md")
	require.Len(t, all, 6, "docs/verification.md")
}

// archives are the tables of the archive, with the tables whose columns they have.
var archives = map[string]string{"WinnetDnsArchive": "ASimDnsActivityLogs", "WinnetNetworkArchive": "ASimNetworkSessionLogs"}

// archived returns the columns of a list as a table with the plan Auxiliary has them: some versions of the service's documentation
// say that it has no dynamic columns.
func archived(t *testing.T, name string) []column {
	columns := list(t, name)
	for i, c := range columns {
		if c.Type == "dynamic" {
			require.Equal(t, "AdditionalFields", c.Name)
			columns[i].Type = "string"
		}
	}
	return columns
}

func TestTheCustomTablesHaveTheColumnsOfTheirLists(t *testing.T) {
	d, _ := read(t)
	got := map[string][]column{}
	for _, r := range d.Resources {
		if r.Type != "Microsoft.OperationalInsights/workspaces/tables" {
			continue
		}
		table := r.Properties["schema"].(map[string]any)
		for _, c := range table["columns"].([]any) {
			name := table["name"].(string)
			got[name] = append(got[name], column{c.(map[string]any)["name"].(string), strings.ToLower(c.(map[string]any)["type"].(string))})
		}
	}
	want := map[string][]column{"WinnetStatus_CL": list(t, "WinnetStatus")}
	for archive, name := range archives {
		want[archive+"_CL"] = archived(t, name)
	}
	require.Equal(t, want, got)
}

func TestEveryStreamFlowsIntoItsTableUnchanged(t *testing.T) {
	d, _ := read(t)
	flow := func(name, output string) dataFlow {
		return dataFlow{[]string{"Custom-" + name}, []string{"workspace"}, "source", output}
	}
	require.Equal(t, []dataFlow{
		flow("ASimDnsActivityLogs", "Microsoft-ASimDnsActivityLogs"),
		flow("ASimNetworkSessionLogs", "Microsoft-ASimNetworkSessionLogs"),
		flow("WinnetStatus", "Custom-WinnetStatus_CL"),
	}, d.Variables.Flows)
	require.Equal(t, []dataFlow{flow("ASimAuditEventLogs", "Microsoft-ASimAuditEventLogs")}, d.Variables.AuditFlows)
	require.Equal(t, []dataFlow{
		flow("WinnetDnsArchive", "Custom-WinnetDnsArchive_CL"), flow("WinnetNetworkArchive", "Custom-WinnetNetworkArchive_CL"),
	}, d.Variables.ArchiveFlows)
}

// If the rule did not declare a stream, its records would block the exporter's queue.
func TestTheRuleDeclaresTheStreamsThatTheExporterSendsByDefault(t *testing.T) {
	d, _ := read(t)
	streams := sentinelexporter.NewFactory().CreateDefaultConfig().(*sentinelexporter.Config).Streams
	require.Equal(t, true, d.Parameters["audit"]["defaultValue"])
	require.ElementsMatch(t, []string{streams.DNS, streams.Network, streams.Status}, slices.Collect(maps.Keys(d.Variables.Streams)))
	require.Equal(t, []string{streams.Audit}, slices.Collect(maps.Keys(d.Variables.AuditStreams)))
	require.Equal(t, true, d.Parameters["archive"]["defaultValue"])
	require.ElementsMatch(t, []string{streams.ArchiveDNS, streams.ArchiveNetwork}, slices.Collect(maps.Keys(d.Variables.ArchiveStreams)))
}

func TestExpressionsUseEveryDeclarationOfTheTemplateAndNoOther(t *testing.T) {
	d, v := read(t)
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	named := func(function string) []string {
		found := map[string]bool{}
		for _, m := range regexp.MustCompile(function+`\('([^']*)'\)`).FindAllSubmatch(raw, -1) {
			found[string(m[1])] = true
		}
		return slices.Collect(maps.Keys(found))
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(d.Parameters)), named("parameters"))
	variables := v.(map[string]any)["variables"].(map[string]any)
	require.ElementsMatch(t, slices.Collect(maps.Keys(variables)), named("variables"))
	for _, m := range regexp.MustCompile(`"(\[[^"]*\])"`).FindAllSubmatch(raw, -1) {
		require.True(t, balanced(string(m[1])), "%s", m[1])
	}
}

func balanced(s string) bool {
	depth := 0
	for _, c := range s {
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}

// Another program parses the Bicep and compiles it to a template. It shares no code with the generator.
func TestTheBicepCompilesToTheTemplate(t *testing.T) {
	out, errors := node(t, "bicep.cjs", folder+"main.bicep")
	require.Empty(t, errors)
	got := parse(t, out).(map[string]any)
	_, v := read(t)
	want := v.(map[string]any)
	for _, part := range []string{"parameters", "variables", "resources", "outputs"} {
		require.Equal(t, want[part], got[part], part)
	}
}

func TestAFaultInTheBicepIsFound(t *testing.T) {
	raw, err := os.ReadFile(folder + "main.bicep")
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, new, want string }{
		"a brace is missing":          {"var flows = [", "var flows = ", "syntax error"},
		"a name that nobody declares": {"union(streams,", "union(stream,", "stream is not declared"},
		"a name twice":                {"var auditFlows", "var flows", "flows is declared twice"},
		"a parameter without use":     {"principalType: principalType", "principalType: 'Group'", "principalType is declared and not used"},
		"a key twice":                 {"kind: 'Direct'", "name: 'Direct'", "name occurs twice"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(raw), c.old)
			file := filepath.Join(t.TempDir(), "main.bicep")
			require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(raw), c.old, c.new, 1)), 0o600))
			_, errors := node(t, "bicep.cjs", file)
			require.Regexp(t, `main\.bicep:\d+:\d+: `+regexp.QuoteMeta(c.want), errors)
		})
	}
}

// node runs a script of internal/tools/node. It returns its output and, if it failed, its error text.
func node(t *testing.T, script string, args ...string) (out []byte, failure string) {
	modules := os.Getenv("WINNET_NODE_MODULES")
	if modules == "" {
		t.Skip("WINNET_NODE_MODULES is not set; make test-sentinel installs what this needs")
	}
	cmd := exec.Command("node", append([]string{root + "internal/tools/node/" + script}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
		require.NotEmpty(t, stderr.String())
		return nil, stderr.String()
	}
	return out, ""
}
