// SPDX-License-Identifier: Apache-2.0

package main_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// arm evaluates the expressions of a template as Azure Resource Manager does, as far as main.json uses them. A
// resource's id is its type and its names. A reference is the id and the requested property.
type arm struct {
	t                     *testing.T
	parameters, variables map[string]any
	rest                  string
}

// deployed evaluates the template with the given parameters. It returns the resources by type, without the provider,
// except tables, functions and rules, which it returns by name, and the outputs. It leaves out resources whose condition is false.
func deployed(t *testing.T, given map[string]any) (resources map[string]map[string]any, outputs map[string]any) {
	_, v := read(t)
	template := v.(map[string]any)
	a := &arm{t: t, parameters: maps.Clone(given), variables: template["variables"].(map[string]any)}
	for name, p := range template["parameters"].(map[string]any) {
		if value, has := p.(map[string]any)["defaultValue"]; has && a.parameters[name] == nil {
			a.parameters[name] = value
		}
	}
	resources = map[string]map[string]any{}
	for _, r := range template["resources"].([]any) {
		r := r.(map[string]any)
		if c, has := r["condition"]; has && !a.value(c).(bool) {
			continue
		}
		kind := r["type"].(string)
		key, value := kind[strings.LastIndex(kind, "/")+1:], a.value(r).(map[string]any)
		if key == "tables" || key == "savedSearches" || key == "alertRules" { // there are several
			key = value["name"].(string)
		}
		require.NotContains(t, resources, key)
		resources[key] = value
	}
	outputs = map[string]any{}
	for name, o := range template["outputs"].(map[string]any) {
		outputs[name] = a.value(o.(map[string]any)["value"])
	}
	return resources, outputs
}

func (a *arm) value(v any) any {
	switch v := v.(type) {
	case string:
		if !strings.HasPrefix(v, "[") {
			return v
		}
		outer := a.rest
		a.rest = v[1 : len(v)-1]
		result := a.expression()
		require.Empty(a.t, a.rest, v)
		a.rest = outer
		return result
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = a.value(x)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, a.value(x))
		}
		return out
	}
	return v
}

// expression parses a text or a call from the rest, with the properties after a call: .a.b
func (a *arm) expression() any {
	a.rest = strings.TrimLeft(a.rest, " ")
	if strings.HasPrefix(a.rest, "'") {
		text, rest, found := strings.Cut(a.rest[1:], "'")
		require.True(a.t, found, a.rest)
		a.rest = rest
		return text
	}
	name, rest, found := strings.Cut(a.rest, "(")
	require.True(a.t, found, a.rest)
	var args []any
	for a.rest = rest; !strings.HasPrefix(a.rest, ")"); a.rest = strings.TrimPrefix(a.rest, ",") {
		require.NotEmpty(a.t, a.rest)
		args = append(args, a.expression())
	}
	a.rest = a.rest[1:]
	result := a.call(name, args)
	end := strings.IndexAny(a.rest, ",) ")
	if end < 0 {
		end = len(a.rest)
	}
	if path := a.rest[:end]; path != "" {
		a.rest = a.rest[end:]
		return fmt.Sprint(result) + path
	}
	return result
}

func (a *arm) call(name string, args []any) any {
	switch name {
	case "parameters":
		require.Contains(a.t, a.parameters, args[0])
		return a.parameters[args[0].(string)]
	case "variables":
		require.Contains(a.t, a.variables, args[0])
		return a.value(a.variables[args[0].(string)])
	case "if":
		if args[0].(bool) {
			return args[1]
		}
		return args[2]
	case "not":
		return !args[0].(bool)
	case "empty":
		return args[0] == ""
	case "null":
		return nil
	case "createObject":
		return map[string]any{}
	case "createArray":
		return []any{}
	case "union":
		out := map[string]any{}
		for _, x := range args {
			maps.Copy(out, x.(map[string]any))
		}
		return out
	case "concat":
		var out []any
		for _, x := range args {
			out = append(out, x.([]any)...)
		}
		return out
	case "format":
		text := args[0].(string)
		for i, x := range args[1:] {
			text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i), x.(string))
		}
		return text
	case "guid", "resourceId", "subscriptionResourceId":
		return fmt.Sprintln(args...)
	case "reference":
		return strings.TrimSuffix(args[0].(string), "\n")
	}
	require.Fail(a.t, "no such function: "+name)
	return nil
}

func ids(parts ...any) string { return fmt.Sprintln(parts...) }

const ruleType, endpointType = "Microsoft.Insights/dataCollectionRules", "Microsoft.Insights/dataCollectionEndpoints"

func given(more map[string]any) map[string]any {
	all := map[string]any{"workspaceName": "law", "location": "westeurope"}
	maps.Copy(all, more)
	return all
}

func TestARuleDeclaresTheStreamsOfItsFlowsWithAndWithoutAuditAndArchive(t *testing.T) {
	for _, c := range []struct {
		audit, archive bool
		want           int
	}{{true, true, 6}, {false, true, 5}, {true, false, 4}, {false, false, 3}} {
		resources, _ := deployed(t, given(map[string]any{"audit": c.audit, "archive": c.archive}))
		rule := resources["dataCollectionRules"]["properties"].(map[string]any)
		declared := rule["streamDeclarations"].(map[string]any)
		var flowing []string
		for _, f := range rule["dataFlows"].([]any) {
			flowing = append(flowing, f.(map[string]any)["streams"].([]any)[0].(string))
		}
		require.Len(t, flowing, c.want)
		require.ElementsMatch(t, slices.Collect(maps.Keys(declared)), flowing)
		require.Equal(t, c.audit, slices.Contains(flowing, "Custom-ASimAuditEventLogs"))
		for _, name := range []string{"WinnetDnsArchive", "WinnetNetworkArchive"} {
			require.Equal(t, c.archive, slices.Contains(flowing, "Custom-"+name))
			require.Equal(t, c.archive, resources["law/"+name+"_CL"] != nil)
		}
	}
}

func TestADeploymentWithItsDefaultsIsARuleAndItsTables(t *testing.T) {
	resources, outputs := deployed(t, given(nil))
	require.ElementsMatch(t, []string{"law/WinnetStatus_CL", "law/WinnetDnsArchive_CL", "law/WinnetNetworkArchive_CL", "dataCollectionRules",
		"law/WinnetDns", "law/vimDnsWinnet", "law/ASimDnsWinnet", "law/vimNetworkSessionWinnet", "law/ASimNetworkSessionWinnet"},
		slices.Collect(maps.Keys(resources)))
	plan := func(table string) any { return resources["law/"+table]["properties"].(map[string]any)["plan"] }
	require.Equal(t, []any{"Analytics", "Auxiliary", "Auxiliary"}, []any{plan("WinnetStatus_CL"), plan("WinnetDnsArchive_CL"), plan("WinnetNetworkArchive_CL")})
	rule := resources["dataCollectionRules"]
	require.Equal(t, []any{"dcr-winnet", "westeurope"}, []any{rule["name"], rule["location"]})
	properties := rule["properties"].(map[string]any)
	require.Nil(t, properties["dataCollectionEndpointId"])
	require.Equal(t, map[string]any{"logAnalytics": []any{map[string]any{
		"name": "workspace", "workspaceResourceId": ids("Microsoft.OperationalInsights/workspaces", "law"),
	}}}, properties["destinations"])
	require.Equal(t, map[string]any{
		"immutableId":           ruleType + " dcr-winnet.immutableId",
		"logsIngestionEndpoint": ruleType + " dcr-winnet.endpoints.logsIngestion",
		"ruleResourceId":        ids(ruleType, "dcr-winnet"),
		"endpointResourceId":    "",
	}, outputs)
}

func TestTheFunctionIsTheFileWithoutItsComments(t *testing.T) {
	raw, err := os.ReadFile(folder + "WinnetDns.kql")
	require.NoError(t, err)
	_, body, found := strings.Cut(string(raw), "let endtime = datetime(null);")
	require.True(t, found)
	var code []string
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			code = append(code, strings.Fields(line)...)
		}
	}
	resources, _ := deployed(t, given(nil))
	properties := resources["law/WinnetDns"]["properties"].(map[string]any)
	require.Equal(t, code, strings.Fields(properties["query"].(string)))
	require.Equal(t, "WinnetDns", properties["functionAlias"])
	require.True(t, strings.HasSuffix(properties["query"].(string),
		"| where (isnull(starttime) or EventEndTime >= starttime) and (isnull(endtime) or EventStartTime <= endtime)"), "items of a row outside of the time are left out")
	require.Equal(t, "starttime:datetime=datetime(null), endtime:datetime=datetime(null)", properties["functionParameters"])
}

func TestThePrincipalGetsTheRoleOnTheRuleAlone(t *testing.T) {
	resources, _ := deployed(t, given(map[string]any{"principalId": "someone", "principalType": "Group", "ruleName": "mine"}))
	role := resources["roleAssignments"]
	require.Equal(t, ids(ruleType, "mine"), role["scope"])
	require.Equal(t, map[string]any{
		"principalId": "someone", "principalType": "Group",
		"roleDefinitionId": ids("Microsoft.Authorization/roleDefinitions", "3913510d-42f4-4e42-8a64-420c390055eb"),
	}, role["properties"])
	other, _ := deployed(t, given(map[string]any{"principalId": "another", "ruleName": "mine"}))
	require.NotEqual(t, role["name"], other["roleAssignments"]["name"])
}

func TestPrivateLinkHasAnEndpointThatTheInternetDoesNotReach(t *testing.T) {
	resources, outputs := deployed(t, given(map[string]any{"privateLink": true}))
	endpoint := ids(endpointType, "dcr-winnet-endpoint")
	require.Equal(t, "dcr-winnet-endpoint", resources["dataCollectionEndpoints"]["name"])
	require.Equal(t, map[string]any{"networkAcls": map[string]any{"publicNetworkAccess": "Disabled"}}, resources["dataCollectionEndpoints"]["properties"])
	require.Equal(t, endpoint, resources["dataCollectionRules"]["properties"].(map[string]any)["dataCollectionEndpointId"])
	require.Contains(t, resources["dataCollectionRules"]["dependsOn"], endpoint)
	require.Equal(t, endpointType+" dcr-winnet-endpoint.logsIngestion.endpoint", outputs["logsIngestionEndpoint"])
	require.Equal(t, endpoint, outputs["endpointResourceId"])
}

func TestTheTablesAreThereBeforeTheRule(t *testing.T) {
	resources, _ := deployed(t, given(nil))
	for _, table := range []string{"WinnetStatus_CL", "WinnetDnsArchive_CL", "WinnetNetworkArchive_CL"} {
		require.Contains(t, resources["dataCollectionRules"]["dependsOn"], ids("Microsoft.OperationalInsights/workspaces/tables", "law", table))
	}
}
