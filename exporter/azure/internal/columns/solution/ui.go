// SPDX-License-Identifier: Apache-2.0

// The pages that the portal shows when it installs the package.

package main

import (
	"fmt"
	"strings"
)

func block(name, text string) object {
	return object{"name": name, "type": "Microsoft.Common.TextBlock", "options": object{"text": text}}
}

func section(name, label, text string) object {
	return object{"name": name, "type": "Microsoft.Common.Section", "label": label, "elements": []object{block(name+"-text", text)}}
}

func step(name, label, text string, elements ...object) object {
	return object{
		"name": name, "label": label, "subLabel": object{"preValidation": "Read what is installed", "postValidation": "Done"}, "bladeTitle": label,
		"elements": append([]object{block(name+"-text", text)}, elements...),
	}
}

func (s *all) ui() object {
	var rules, queries []object
	for i, r := range s.rules {
		rules = append(rules, section(fmt.Sprintf("analytic%d", i+1), r.Name, strings.TrimSpace(r.Description)))
	}
	for i, q := range s.queries {
		queries = append(queries, section(fmt.Sprintf("huntingquery%d", i+1), q.Name, strings.TrimSpace(q.Description)))
	}
	steps := []object{
		step("workbooks", "Workbooks", "This solution installs a workbook.", section("workbook1", workbook, "Volume, cost, clients, failures, silent collectors and losses.")),
		step("analytics", "Analytics", "This solution installs templates of analytic rules. Create rules of them in Manage solution.", rules...),
	}
	if len(queries) > 0 {
		steps = append(steps, step("huntingqueries", "Hunting Queries", "This solution installs hunting queries. Run them in Manage solution.", queries...))
	}
	return object{
		"$schema": "https://schema.management.azure.com/schemas/0.1.2-preview/CreateUIDefinition.MultiVm.json#", "handler": "Microsoft.Azure.CreateUIDef", "version": "0.1.2-preview",
		"parameters": object{
			"config": object{
				"isWizard": false,
				"basics": object{
					"description": description + "\n\n" + s.counts(),
					"subscription": object{"resourceProviders": []string{
						"Microsoft.OperationsManagement/solutions", "Microsoft.OperationalInsights/workspaces/providers/alertRules", "Microsoft.Insights/workbooks",
					}},
					"location":      object{"metadata": object{"hidden": "The location is that of the workspace"}, "visible": false},
					"resourceGroup": object{"allowExisting": true},
				},
			},
			"basics": []object{
				{
					"name": "workspaces", "type": "Microsoft.Solutions.ArmApiControl",
					"request": object{"method": "GET", "path": "[concat(subscription().id, '/providers/Microsoft.OperationalInsights/workspaces?api-version=2020-08-01')]"},
				},
				{
					"name": "workspace", "type": "Microsoft.Common.DropDown", "label": "Workspace", "toolTip": "The workspaces of the resource group", "visible": true,
					"constraints": object{
						"allowedValues": "[map(filter(basics('workspaces').value, (w) => contains(toLower(w.id), concat('/resourcegroups/', toLower(resourceGroup().name), '/'))), " +
							"(w) => parse(concat('{\"label\": \"', w.name, '\", \"value\": \"', w.name, '\"}')))]",
						"required": true,
					},
				},
			},
			"steps": steps,
			"outputs": object{
				"workspace-location": "[first(map(filter(basics('workspaces').value, (w) => and(equals(w.name, basics('workspace')), " +
					"contains(toLower(w.id), concat('/resourcegroups/', toLower(resourceGroup().name), '/')))), (w) => w.location))]",
				"location": "[location()]", "workspace": "[basics('workspace')]",
			},
		},
	}
}
