// SPDX-License-Identifier: Apache-2.0

package main_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns/content"
)

func rules(t *testing.T) []content.Rule {
	all, err := content.Rules(folder + "rules")
	require.NoError(t, err)
	require.Len(t, all, 7)
	return all
}

// The language service gives the columns of each query's result.
func TestTheColumnsThatARuleNamesAreInTheResultOfItsQuery(t *testing.T) {
	var queries []string
	for _, r := range rules(t) {
		queries = append(queries, r.Query)
	}
	got := results(t, queries...)
	for i, r := range rules(t) {
		for _, e := range r.EntityMappings {
			for _, f := range e.FieldMappings {
				require.Equal(t, "string", got[i][f.ColumnName], "%s: the column of the entity %s", r.Name, e.EntityType)
			}
		}
		for name, c := range r.CustomDetails {
			require.Contains(t, got[i], c, "%s: the detail %s", r.Name, name)
		}
		for key, text := range r.AlertDetailsOverride {
			if strings.HasSuffix(key, "ColumnName") {
				require.Equal(t, "string", got[i][text], "%s: %s", r.Name, key)
				continue
			}
			for _, m := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(text, -1) {
				require.Contains(t, got[i], m[1], "%s: %s", r.Name, key)
			}
		}
	}
}

// values returns what a value of Go is in JSON.
func values(t *testing.T, v any) any {
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return parse(t, raw)
}

func TestTheTemplateHasTheRulesAsTheyStandAndOffUnlessAskedFor(t *testing.T) {
	workspace := ids("Microsoft.OperationalInsights/workspaces", "law")
	without, _ := deployed(t, given(nil))
	off, _ := deployed(t, given(map[string]any{"rules": true}))
	on, _ := deployed(t, given(map[string]any{"rules": true, "rulesEnabled": true}))
	for _, r := range rules(t) {
		require.NotContains(t, without, r.ID)
		want, err := r.Properties()
		require.NoError(t, err)
		want["query"] = strings.TrimSpace(r.Query) + "\n"
		want["description"] = strings.TrimSpace(r.Description) + "\n"
		want["enabled"] = false
		require.Equal(t, values(t, want), off[r.ID]["properties"], r.Name)
		require.Equal(t, true, on[r.ID]["properties"].(map[string]any)["enabled"])
		require.Equal(t, workspace, off[r.ID]["scope"])
		for _, function := range []string{"vimDnsWinnet", "vimNetworkSessionWinnet"} {
			if strings.Contains(r.Query, function+"(") {
				require.Contains(t, off[r.ID]["dependsOn"], ids("Microsoft.OperationalInsights/workspaces/savedSearches", "law", function))
			}
		}
	}
}

func TestTheTemplateHasTheWorkbookAsItStands(t *testing.T) {
	without, _ := deployed(t, given(nil))
	require.NotContains(t, without, "workbooks")
	with, _ := deployed(t, given(map[string]any{"workbook": true}))
	properties := with["workbooks"]["properties"].(map[string]any)
	raw, err := os.ReadFile(folder + "workbook/Winnet.json")
	require.NoError(t, err)
	require.JSONEq(t, string(raw), properties["serializedData"].(string))
	require.Equal(t, ids("Microsoft.OperationalInsights/workspaces", "law"), properties["sourceId"])
}
