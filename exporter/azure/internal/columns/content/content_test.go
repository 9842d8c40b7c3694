// SPDX-License-Identifier: Apache-2.0

package content

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const (
	root   = "../../../../../"
	folder = root + "deploy/sentinel/"
)

func compile(t *testing.T, name string) *jsonschema.Schema {
	raw, err := os.ReadFile("testdata/" + name + ".schema.json")
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("https://example.com/"+name, v))
	s, err := c.Compile("https://example.com/" + name)
	require.NoError(t, err)
	return s
}

// parse returns what a text of YAML or JSON says, as the package jsonschema has it.
func parse(t *testing.T, raw []byte) any {
	var v any
	require.NoError(t, yaml.Unmarshal(raw, &v))
	text, err := json.Marshal(v)
	require.NoError(t, err)
	v, err = jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return v
}

func files(t *testing.T, pattern string) map[string][]byte {
	found, err := filepath.Glob(folder + pattern)
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, f := range found {
		out[f], err = os.ReadFile(f)
		require.NoError(t, err)
	}
	return out
}

func TestEveryFileHasTheFormOfItsKind(t *testing.T) {
	for name, c := range map[string]struct {
		pattern string
		least   int
	}{"parser": {"parsers/*.yaml", 12}, "rule": {"rules/*.yaml", 7}, "query": {"queries/*.yaml", 0}, "workbook": {"workbook/*.json", 1}} {
		s := compile(t, name)
		found := files(t, c.pattern)
		require.GreaterOrEqual(t, len(found), c.least, name)
		for file, raw := range found {
			require.NoError(t, s.Validate(parse(t, raw)), file)
		}
	}
}

func TestARuleThatSentinelRefusesIsFound(t *testing.T) {
	s := compile(t, "rule")
	raw, err := os.ReadFile(folder + "rules/DnsTunnel.yaml")
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, new string }{
		"an id that is no GUID":            {"id: 7a9e3d50", "id: 7a9e3d5"},
		"a severity in lower case":         {"severity: Medium", "severity: medium"},
		"a time of ISO 8601":               {"queryPeriod: 3h", "queryPeriod: PT3H"},
		"a word for an operator":           {"triggerOperator: gt", "triggerOperator: GreaterThan"},
		"a tactic with a blank":            {"- CommandAndControl", "- Command and Control"},
		"a technique without its letter":   {"- T1071", "- 1071"},
		"an identifier of another entity":  {"identifier: Address", "identifier: HostName"},
		"an entity that does not exist":    {"entityType: IP", "entityType: Ip"},
		"four placeholders":                {"below {{Parent}}'", "below {{Parent}} {{Types}}'"},
		"a detail with a long name":        {"  MeanLength: MeanLength", "  MeanLengthOfAllTheNames: MeanLength"},
		"a column with a blank":            {"  Types: Types", "  Types: Types of"},
		"a key that a rule has not":        {"kind: Scheduled", "kind: Scheduled\nenabled: true"},
		"a version that is a number":       {"version: 1.0.0", "version: 1.0"},
		"a kind that has no period":        {"kind: Scheduled", "kind: NRT"},
		"a rule that has no false alarms?": {"description: |", "descriptions: |"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(raw), c.old)
			require.Error(t, s.Validate(parse(t, []byte(strings.Replace(string(raw), c.old, c.new, 1)))))
		})
	}
}

// minutes returns the length of a time of KQL.
func minutes(t *testing.T, span string) int {
	iso, err := Duration(span)
	require.NoError(t, err)
	var n int
	require.NoError(t, json.Unmarshal([]byte(strings.Trim(iso, "PTMHD")), &n))
	return n * map[byte]int{'m': 1, 'h': 60, 'd': 1440}[span[len(span)-1]]
}

// tacticsOf are the tactics of the techniques that the rules name, as attack.mitre.org has them.
var tacticsOf = map[string][]string{
	"T1046": {"Discovery"}, "T1048": {"Exfiltration"}, "T1070": {"DefenseEvasion"}, "T1071": {"CommandAndControl"}, "T1505": {"Persistence"},
	"T1557": {"CredentialAccess", "Collection"}, "T1562": {"DefenseEvasion"},
}

func TestEveryRuleSaysWhatItNeedsAndWhatFalseAlarmsToExpect(t *testing.T) {
	rules, err := Rules(folder + "rules")
	require.NoError(t, err)
	require.Len(t, rules, 7)
	ids := map[string]bool{}
	for _, r := range rules {
		require.False(t, ids[r.ID], r.ID)
		ids[r.ID] = true
		require.Contains(t, r.Description, "\nFalse alarms: ", r.Name)
		require.Contains(t, r.Description, "\nNeeds ", r.Name)
		frequency, period := minutes(t, r.QueryFrequency), minutes(t, r.QueryPeriod)
		require.GreaterOrEqual(t, frequency, 5, r.Name)
		require.GreaterOrEqual(t, period, frequency, "%s: a part of the time would be looked at by no run", r.Name)
		require.LessOrEqual(t, period, 14*1440, r.Name)
		if m := regexp.MustCompile(`ingestion_time\(\) > ago\((\w+)\)`).FindStringSubmatch(r.Query); m != nil {
			require.Equal(t, r.QueryFrequency, m[1], "%s: each row is looked at once", r.Name)
		}
		// The parsers select by the time of the events: a row of noise comes up to 65 minutes after its first one (deploy/sentinel/README.md).
		if m := regexp.MustCompile(`\(starttime=ago\((\w+)\)`).FindStringSubmatch(r.Query); m != nil {
			require.Equal(t, r.QueryPeriod, m[1], r.Name)
			require.GreaterOrEqual(t, period, frequency+65, "%s: a late row is looked at by no run", r.Name)
		}
		// Dvc, and the columns made of it, have the name in full. HostName is the first label of it.
		for _, e := range r.EntityMappings {
			require.False(t, e.EntityType == "Host" && e.FieldMappings[0].Identifier != "FullName", "%s: %v", r.Name, e)
		}
		used := map[string]bool{}
		for _, technique := range r.RelevantTechniques {
			require.Contains(t, tacticsOf, technique, r.Name)
			for _, tactic := range tacticsOf[technique] {
				used[tactic] = true
			}
		}
		for _, tactic := range r.Tactics {
			require.True(t, used[tactic], "%s: no technique has the tactic %s", r.Name, tactic)
		}
	}
}

// What a rule compares a column with is a value that the receivers write, or the rule would be silent for ever.
func TestTheValuesThatRulesLookForAreWritten(t *testing.T) {
	read := func(name string) string {
		raw, err := os.ReadFile(root + name)
		require.NoError(t, err)
		return string(raw)
	}
	status := read("docs/records.md") + read("receiver/asimdnsreceiver/README.md") + read("receiver/ciliumwindowsreceiver/README.md")
	audit := read("internal/dns/audit.go")
	outcomes := read("internal/asim/networklog/record.go")
	literal := regexp.MustCompile(`"([^"]*)"`)
	column := regexp.MustCompile(`\b(Kind|EventType|State|Operation) (?:==|in) (\([^)]*\)|"[^"]*")`)
	seen := 0
	for name, raw := range files(t, "rules/*.yaml") {
		for _, m := range column.FindAllStringSubmatch(string(raw), -1) {
			for _, v := range literal.FindAllStringSubmatch(m[2], -1) {
				seen++
				if m[1] == "Operation" {
					require.Contains(t, audit, `"`+v[1]+`"`, name)
				} else {
					require.Contains(t, status, "`"+v[1]+"`", name)
				}
			}
		}
		for _, m := range regexp.MustCompile(`dvcaction=dynamic\(\[([^\]]*)\]\)`).FindAllStringSubmatch(string(raw), -1) {
			for _, v := range literal.FindAllStringSubmatch(m[1], -1) {
				seen++
				require.Contains(t, outcomes, `{"`+v[1]+`", "Failure"`, name)
			}
		}
	}
	require.Greater(t, seen, 20)
}

func TestTimesOfKQL(t *testing.T) {
	for kql, iso := range map[string]string{"5m": "PT5M", "1h": "PT1H", "14d": "P14D"} {
		got, err := Duration(kql)
		require.NoError(t, err)
		require.Equal(t, iso, got)
	}
	for _, kql := range []string{"", "1", "0m", "1s", "PT1H", "-1h"} {
		_, err := Duration(kql)
		require.Error(t, err, kql)
	}
}

func TestAKeyThatAFormHasNotIsAnError(t *testing.T) {
	there := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(there, "a.yaml"), []byte("id: a\nquerry: b\n"), 0o600))
	_, err := Rules(there)
	require.ErrorContains(t, err, "querry")
	_, err = Queries(there)
	require.ErrorContains(t, err, "querry")
}
