// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns/content"
)

const (
	from   = "../../../../../deploy/sentinel"
	folder = from + "/solution"
)

// tree returns the files below a folder.
func tree(t *testing.T, folder string) map[string]string {
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		out[filepath.ToSlash(name)] = string(raw)
		return err
	}))
	return out
}

func parse(t *testing.T, raw string) any {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
	require.NoError(t, err)
	return v
}

func schema(t *testing.T, name string) *jsonschema.Schema {
	raw, err := os.ReadFile("testdata/" + name + ".schema.json")
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("https://example.com/"+name, parse(t, string(raw))))
	s, err := c.Compile("https://example.com/" + name)
	require.NoError(t, err)
	return s
}

func TestTheSolutionIsMadeOfWhatTheDeploymentHas(t *testing.T) {
	there := filepath.Join(t.TempDir(), "solution")
	require.NoError(t, write(from, there))
	require.Equal(t, tree(t, there), tree(t, folder), "make generate writes it anew")
}

// forms are the schemas of the files.
var forms = map[string]string{
	"Data/Solution_Winnet.json": "data", "SolutionMetadata.json": "metadata", "Package/mainTemplate.json": "mainTemplate", "Package/createUiDefinition.json": "ui",
}

func TestEveryFileFitsTheFormOfASolution(t *testing.T) {
	files := tree(t, folder)
	for file, name := range forms {
		require.NoError(t, schema(t, name).Validate(parse(t, files[file])), file)
	}
	require.Regexp(t, `^\| \*\*Version\*\* \| \*\*Date Modified \(DD-MM-YYYY\)\*\* \| \*\*Change History\*\* \|\n\|---\|---\|---\|\n\| `+regexp.QuoteMeta(version)+` \| \d\d-\d\d-\d{4} \| .+ \|\n$`, files["ReleaseNotes.md"])
	var main struct{ Parameters map[string]any }
	require.NoError(t, json.Unmarshal([]byte(files["Package/mainTemplate.json"]), &main))
	var given map[string]any
	require.NoError(t, json.Unmarshal([]byte(files["Package/testParameters.json"]), &given))
	require.Equal(t, main.Parameters, given)
}

func TestAPackageThatContentHubRefusesIsFound(t *testing.T) {
	files := tree(t, folder)
	for name, c := range map[string]struct{ file, old, new string }{
		"a domain that is not listed":          {"SolutionMetadata.json", `"Networking"`, `"Network"`},
		"an id with a capital":                 {"Package/mainTemplate.json", `"otelcolwinnet.`, `"OtelcolWinnet.`},
		"a rule that is on":                    {"Package/mainTemplate.json", `"enabled": false,`, `"enabled": true,`},
		"a time of KQL":                        {"Package/mainTemplate.json", `"queryPeriod": "P1D"`, `"queryPeriod": "1d"`},
		"support without a link":               {"SolutionMetadata.json", `"link"`, `"url"`},
		"a kind of content that is not one":    {"Package/mainTemplate.json", `"contentKind": "AnalyticsRule"`, `"contentKind": "AnalyticRule"`},
		"a package of another version":         {"Data/Solution_Winnet.json", `"Version": "3.0.0"`, `"Version": "2.0.0"`},
		"a file outside of its folder":         {"Data/Solution_Winnet.json", `"Parsers/vimDnsWinnet.yaml"`, `"../parsers/vimDnsWinnet.yaml"`},
		"a step without a label below":         {"Package/createUiDefinition.json", `"subLabel"`, `"sublabel"`},
		"a list without values":                {"Package/createUiDefinition.json", `"allowedValues"`, `"values"`},
		"a template without its version":       {"Package/mainTemplate.json", `"contentVersion"`, `"version"`},
		"an output that the template has not":  {"Package/createUiDefinition.json", `"workspace-location"`, `"region"`},
		"a template without its package":       {"Package/mainTemplate.json", `"packageId"`, `"package"`},
		"metadata of something else beside it": {"Package/mainTemplate.json", `"type": "Microsoft.OperationalInsights/workspaces/providers/metadata"`, `"type": "Microsoft.SecurityInsights/metadata"`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, files[c.file], c.old)
			require.Error(t, schema(t, forms[c.file]).Validate(parse(t, strings.ReplaceAll(files[c.file], c.old, c.new))))
		})
	}
}

func TestTheInputNamesEveryFileOnce(t *testing.T) {
	files := tree(t, folder)
	var input map[string]any
	require.NoError(t, json.Unmarshal([]byte(files["Data/Solution_Winnet.json"]), &input))
	named := map[string]bool{}
	for _, kind := range []string{"Workbooks", "Analytic Rules", "Hunting Queries", "Parsers"} {
		for _, file := range input[kind].([]any) {
			require.Contains(t, files, file)
			named[file.(string)] = true
		}
	}
	for file := range files {
		if strings.Contains(file, "/") && !strings.HasPrefix(file, "Data/") && !strings.HasPrefix(file, "Package/") {
			require.True(t, named[file], file)
		}
	}
}

type resource struct {
	Type, Name string
	Properties struct {
		Query, FunctionAlias, FunctionParameters, SerializedData string
		ContentID, ContentKind                                   string
		Version                                                  any // a number for a saved search
		MainTemplate                                             struct{ Resources []resource }
		Dependencies                                             struct {
			Criteria []struct{ Kind, ContentID, Version string }
		}
	}
}

func TestThePackageHasEveryQueryAsItStands(t *testing.T) {
	var main struct{ Resources []resource }
	require.NoError(t, json.Unmarshal([]byte(tree(t, folder)["Package/mainTemplate.json"]), &main))
	var want, got []string
	rules, err := content.Rules(from + "/rules")
	require.NoError(t, err)
	for _, r := range rules {
		want = append(want, r.Query)
	}
	queries, err := content.Queries(from + "/queries")
	require.NoError(t, err)
	for _, q := range queries {
		want = append(want, q.Query)
	}
	parsers, err := content.Parsers(from + "/parsers")
	require.NoError(t, err)
	for _, p := range parsers {
		if packed(&p) {
			want = append(want, p.Signature()+" "+p.ParserQuery, p.Signature()+" "+p.ParserQuery)
		}
	}
	criteria, offered := []string{}, []string{}
	text := func(r resource) string {
		return strings.TrimPrefix(r.Properties.FunctionParameters+" "+r.Properties.Query, " ")
	}
	unpack, workbooks := 0, 0
	for _, r := range main.Resources {
		if r.Properties.ContentKind != "" && !strings.HasSuffix(r.Type, "contentPackages") {
			offered = append(offered, fmt.Sprint(r.Properties.ContentKind, r.Properties.ContentID, r.Properties.Version))
		}
		for _, c := range r.Properties.Dependencies.Criteria {
			criteria = append(criteria, fmt.Sprint(c.Kind, c.ContentID, c.Version))
		}
		for _, r := range append(r.Properties.MainTemplate.Resources, r) {
			switch {
			case r.Properties.FunctionAlias == "WinnetDns":
				unpack++
			case r.Properties.Query != "":
				got = append(got, text(r))
			case r.Properties.SerializedData != "":
				workbooks++
				raw, err := os.ReadFile(from + "/workbook/Winnet.json")
				require.NoError(t, err)
				require.JSONEq(t, string(raw), r.Properties.SerializedData)
			}
		}
	}
	require.ElementsMatch(t, want, got)
	require.ElementsMatch(t, offered, criteria, "the package depends on each part that it has")
	require.Equal(t, []int{2, 1}, []int{unpack, workbooks})
}

func TestExpressionsUseOnlyWhatTheTemplateDeclares(t *testing.T) {
	raw := tree(t, folder)["Package/mainTemplate.json"]
	var main struct{ Parameters, Variables map[string]any }
	require.NoError(t, json.Unmarshal([]byte(raw), &main))
	for _, m := range regexp.MustCompile(`\b(parameters|variables)\('([^']+)'\)`).FindAllStringSubmatch(raw, -1) {
		declared := main.Parameters
		if m[1] == "variables" {
			declared = main.Variables
		}
		require.Contains(t, declared, m[2])
	}
	for _, m := range regexp.MustCompile(`"(\[[^"\n]*\])"`).FindAllStringSubmatch(raw, -1) {
		require.Equal(t, strings.Count(m[1], "("), strings.Count(m[1], ")"), m[1])
	}
	require.False(t, bytes.Contains([]byte(raw), []byte("\\u003c")))
}
