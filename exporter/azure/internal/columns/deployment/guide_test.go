// SPDX-License-Identifier: Apache-2.0

package main_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// guide is a document, or one of its sections, with commands that a reader types.
type guide struct{ file, section string }

func guides() []guide {
	return []guide{{"deploy/sentinel/README.md", ""}, {"docs/sentinel.md", "From a Windows DNS server to Sentinel in ten minutes"}}
}

func (g guide) read(t *testing.T) string {
	raw, err := os.ReadFile(root + g.file)
	require.NoError(t, err)
	text := strings.ReplaceAll(string(raw), "\r\n", "\n")
	if g.section == "" {
		return text
	}
	_, text, found := strings.Cut(text, "\n## "+g.section+"\n")
	require.True(t, found, "%s has the section %q", g.file, g.section)
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

func TestEveryCommandOfTheGuidesSaysWhetherItWasRun(t *testing.T) {
	makefile, err := os.ReadFile(root + "Makefile")
	require.NoError(t, err)
	for _, g := range guides() {
		parts := strings.Split("\n"+g.read(t), "\n```")
		require.Equal(t, 1, len(parts)%2, "%s: every fence is closed", g.file)
		require.Greater(t, len(parts), 10, g.file)
		for i := 2; i < len(parts); i += 2 {
			said := strings.TrimSpace(parts[i])
			tested := regexp.MustCompile("^Tested by `make ([a-z-]+)`").FindStringSubmatch(said)
			if tested == nil {
				require.Regexp(t, `^Not run here[.;]`, said, "%s, after:\n%s", g.file, parts[i-1])
				continue
			}
			require.Regexp(t, `(?m)^`+tested[1]+`:.* ## `, string(makefile), g.file)
		}
	}
}

func TestTheGuidesNameParametersAndOutputsOfTheTemplate(t *testing.T) {
	d, v := read(t)
	outputs := v.(map[string]any)["outputs"].(map[string]any)
	for _, g := range guides() {
		text := g.read(t)
		calls := regexp.MustCompile(`--parameters((?:\s+\w+=\S+)+)`).FindAllStringSubmatch(text, -1)
		require.NotEmpty(t, calls, g.file)
		for _, call := range calls {
			given := map[string]bool{}
			for _, m := range regexp.MustCompile(`(\w+)=`).FindAllStringSubmatch(call[1], -1) {
				require.Contains(t, d.Parameters, m[1], g.file)
				given[m[1]] = true
			}
			for name, p := range d.Parameters {
				if _, optional := p["defaultValue"]; !optional {
					require.True(t, given[name], "%s gives %s, which has no default", g.file, name)
				}
			}
		}
		named := regexp.MustCompile(`\b(\w+)\.value\b`).FindAllStringSubmatch(text, -1)
		require.NotEmpty(t, named, g.file)
		for _, m := range named {
			require.Contains(t, outputs, m[1], g.file)
		}
	}
}

func TestTheREADMEHasEveryParameterWithItsDefault(t *testing.T) {
	d, _ := read(t)
	text := guides()[0].read(t)
	for name, p := range d.Parameters {
		def := "required"
		switch value, optional := p["defaultValue"]; {
		case optional && value == "":
			def = "none"
		case optional:
			raw, err := json.Marshal(value)
			require.NoError(t, err)
			def = "`" + strings.Trim(string(raw), `"`) + "`"
		}
		require.Contains(t, text, "| `"+name+"` | "+def+" |")
	}
}

func TestTheRowByHandHasColumnsOfItsTable(t *testing.T) {
	m := regexp.MustCompile(`streams/Custom-(\w+)\?.*\s+--body "(\[.*\])"`).FindStringSubmatch(guides()[0].read(t))
	require.NotNil(t, m)
	body := strings.ReplaceAll(strings.ReplaceAll(m[2], `\"`, `"`), "$(date -u +%FT%TZ)", "2026-03-04T05:06:07Z")
	var rows []map[string]string
	require.NoError(t, json.Unmarshal([]byte(body), &rows))
	types := map[string]string{}
	for _, c := range list(t, m[1]) {
		types[c.Name] = c.Type
	}
	require.Contains(t, rows[0], "TimeGenerated")
	for name := range rows[0] {
		require.Contains(t, []string{"string", "datetime"}, types[name], name)
	}
}
