// SPDX-License-Identifier: Apache-2.0

// The templates of the package: what Content Hub installs. Each part is a template of content, from which a user creates a rule or a workbook; parsers
// are functions at once.

package main

import (
	"fmt"
	"maps"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns/content"
)

const (
	schemaOfTemplates = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
	unpackID          = "2c9d8a54-4f0b-4d0a-8c39-6f2c1b7e9a01"
	unpackParameters  = "starttime:datetime=datetime(null), endtime:datetime=datetime(null)"
	packageID         = "[extensionResourceId(resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspace')), 'Microsoft.SecurityInsights/contentPackages', variables('_solutionId'))]"
	savedSearches     = "Microsoft.OperationalInsights/workspaces/savedSearches"
	metadataType      = "Microsoft.OperationalInsights/workspaces/providers/metadata"
)

type object = map[string]any

func text(value, description string) object {
	return object{"type": "string", "defaultValue": value, "metadata": object{"description": description}}
}

func parameters() object {
	location := text("[resourceGroup().location]", "Not used. The resources are in the region of the workspace.")
	location["minLength"] = 1
	book := text(workbook, "Name for the workbook")
	book["minLength"] = 1
	return object{
		"location": location, "workspace-location": text("", "Region of the workspace"),
		"workspace": text("", "Name of the Log Analytics workspace with Microsoft Sentinel"), "workbook1-name": book,
	}
}

// part is one part of the solution.
type part struct {
	short, kind string // of its ids: ar and AnalyticsRule
	id          string // contentId
	version     string
	name        string
	resource    object // what a user creates from it
	parent      string // an expression without brackets: the id of the resource
}

// search returns a saved search, which is a function or a hunting query.
func search(name, category, display, query string, more object) object {
	properties := object{"eTag": "*", "displayName": display, "category": category, "query": query, "version": 2}
	for k, v := range more {
		properties[k] = v
	}
	return object{"type": savedSearches, "apiVersion": "2022-10-01", "name": name, "location": "[parameters('workspace-location')]", "properties": properties}
}

func savedFunction(name, signature, query, description string) object {
	return search("[concat(parameters('workspace'),'/"+name+"')]", "Microsoft Sentinel Parser", name, query, object{
		"functionAlias": name, "functionParameters": signature, "tags": []object{{"name": "description", "value": description}},
	})
}

func parserPart(name, version, signature, query, description string) part {
	return part{"pr", "Parser", name + "-Parser", version, name, savedFunction(name, signature, query, description),
		"resourceId('" + savedSearches + "', parameters('workspace'), '" + name + "')"}
}

// parts returns the parts in the order of the package: the workbook, rules, queries, parsers.
func (s *all) parts() []part {
	out := []part{{"wb", "Workbook", workbookID, "1.0.0", "[parameters('workbook1-name')]", object{
		"type": "Microsoft.Insights/workbooks", "apiVersion": "2021-08-01", "name": workbookID, "location": "[parameters('workspace-location')]", "kind": "shared",
		"metadata": object{"description": "Volume, cost, clients, failures, silent collectors and losses."},
		"properties": object{
			"displayName": "[parameters('workbook1-name')]", "serializedData": s.workbook, "version": "1.0", "category": "sentinel",
			"sourceId": "[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspace'))]",
		},
	}, "resourceId('Microsoft.Insights/workbooks', '" + workbookID + "')"}}
	for i := range s.rules {
		out = append(out, rulePart(s.rules[i]))
	}
	for i, q := range s.queries {
		out = append(out, queryPart(i+1, &q))
	}
	for _, p := range s.parsers {
		out = append(out, parserPart(p.ParserName, p.Parser.Version, p.Signature(), p.ParserQuery, strings.TrimSpace(p.Description)))
	}
	return append(out, parserPart("WinnetDns", "1.0.0", unpackParameters, s.unpack, "Rows of DNS, with a row for each item of a packed one."))
}

func rulePart(r rule) part {
	properties := maps.Clone(r.properties)
	properties["enabled"], properties["status"], properties["requiredDataConnectors"] = false, r.Status, connectors(r.RequiredDataConnectors)
	return part{"ar", "AnalyticsRule", r.ID, r.Version, r.Name, object{
		"type": "Microsoft.SecurityInsights/AlertRuleTemplates", "apiVersion": "2023-02-01-preview", "name": r.ID, "kind": r.Kind,
		"location": "[parameters('workspace-location')]", "properties": properties,
	}, "resourceId('Microsoft.SecurityInsights/AlertRuleTemplates', '" + r.ID + "')"}
}

func connectors(list []content.Connector) []object {
	out := []object{}
	for _, c := range list {
		out = append(out, object{"connectorId": c.ConnectorID, "dataTypes": c.DataTypes})
	}
	return out
}

func queryPart(n int, q *content.Query) part {
	version := q.Version
	if version == "" {
		version = "1.0.0"
	}
	r := search(fmt.Sprintf("otelcol_winnet_Hunting_Query_%d", n), "Hunting Queries", q.Name, q.Query, object{"tags": []object{
		{"name": "description", "value": strings.TrimSpace(q.Description)}, {"name": "tactics", "value": strings.Join(q.Tactics, ",")},
		{"name": "techniques", "value": strings.Join(q.RelevantTechniques, ",")},
	}})
	r["type"] = "Microsoft.OperationalInsights/savedSearches"
	return part{"hq", "HuntingQuery", q.ID, version, q.Name, r, "resourceId('Microsoft.OperationalInsights/savedSearches', '" + q.ID + "')"}
}

// describe is the resource of metadata that ties a resource to the solution.
func describe(p part) object {
	return object{
		"type": metadataType, "apiVersion": "2023-04-01-preview",
		"name": "[concat(parameters('workspace'),'/Microsoft.SecurityInsights/',concat('" + p.kind + "-', last(split(" + p.parent + ",'/'))))]",
		"properties": object{
			"parentId": "[" + p.parent + "]", "contentId": p.id, "kind": p.kind, "version": p.version, "source": source(), "author": object{"name": name},
			"support": support(),
		},
	}
}

func source() object {
	return object{"kind": "Solution", "name": name, "sourceId": "[variables('_solutionId')]"}
}

// template is the package's main template.
func (s *all) template() object {
	var resources []object
	var criteria []object
	for _, p := range s.parts() {
		product := "[concat(take(variables('_solutionId'),50),'-','" + p.short + "','-', uniqueString(concat(variables('_solutionId'),'-','" + p.kind + "','-','" + p.id + "','-', '" + p.version + "')))]"
		resources = append(resources, object{
			"type": "Microsoft.OperationalInsights/workspaces/providers/contentTemplates", "apiVersion": "2023-04-01-preview",
			"name":     "[concat(parameters('workspace'),'/Microsoft.SecurityInsights/',concat(parameters('workspace'),'-" + p.short + "-',uniquestring('" + p.id + "'),'" + p.version + "'))]",
			"location": "[parameters('workspace-location')]", "dependsOn": []string{packageID},
			"properties": object{
				"description": p.name + " " + p.kind + " with template version " + version,
				"mainTemplate": object{
					"$schema": schemaOfTemplates, "contentVersion": p.version, "parameters": object{}, "variables": object{}, "resources": []object{p.resource, describe(p)},
				},
				"packageKind": "Solution", "packageVersion": "[variables('_solutionVersion')]", "packageName": "[variables('_solutionName')]",
				"packageId": "[variables('_solutionId')]", "contentSchemaVersion": "3.0.0", "contentId": p.id, "contentKind": p.kind, "displayName": p.name,
				"contentProductId": product, "id": product, "version": p.version,
			},
		})
		if p.kind == "Workbook" { // its name is an expression
			resources[len(resources)-1]["properties"].(object)["description"] = "Workbook with template version " + version
		}
		if p.kind == "Parser" {
			tied := describe(p)
			tied["location"], tied["dependsOn"] = "[parameters('workspace-location')]", []string{"[" + p.parent + "]"}
			resources = append(resources, p.resource, tied)
		}
		criteria = append(criteria, object{"kind": p.kind, "contentId": p.id, "version": p.version})
	}
	resources = append(resources, object{
		"type": "Microsoft.OperationalInsights/workspaces/providers/contentPackages", "apiVersion": "2023-04-01-preview",
		"name": "[concat(parameters('workspace'),'/Microsoft.SecurityInsights/', variables('_solutionId'))]", "location": "[parameters('workspace-location')]",
		"properties": object{
			"version": version, "kind": "Solution", "contentSchemaVersion": "3.0.0", "displayName": name, "publisherDisplayName": name,
			"descriptionHtml": "<p>" + name + ": parsers, analytic rules, hunting queries and a workbook for DNS of Windows and pod traffic. " + s.counts() + "</p>",
			"contentKind":     "Solution", "contentProductId": "[variables('_solutioncontentProductId')]", "id": "[variables('_solutioncontentProductId')]", "icon": "",
			"contentId": "[variables('_solutionId')]", "parentId": "[variables('_solutionId')]", "source": source(), "author": object{"name": name}, "support": support(),
			"dependencies": object{"operator": "AND", "criteria": criteria}, "firstPublishDate": published, "lastPublishDate": published,
			"providers": []string{name}, "categories": categories(),
		},
	})
	return object{
		"$schema": schemaOfTemplates, "contentVersion": "1.0.0.0", "metadata": object{"author": name, "comments": "Solution template for " + name},
		"parameters": parameters(),
		"variables": object{
			"_solutionName": name, "_solutionVersion": version, "solutionId": publisherID + "." + offerID, "_solutionId": "[variables('solutionId')]",
			"_solutioncontentProductId": "[concat(take(variables('_solutionId'),50),'-','sl','-', uniqueString(concat(variables('_solutionId'),'-','Solution','-',variables('_solutionId'),'-', variables('_solutionVersion'))))]",
		},
		"resources": resources, "outputs": object{},
	}
}

func (s *all) counts() string {
	return strings.Join([]string{
		count(len(s.parsers)+1, "parser", "parsers"), count(1, "workbook", "workbooks"), count(len(s.rules), "analytic rule", "analytic rules"),
		count(len(s.queries), "hunting query", "hunting queries"),
	}, ", ") + "."
}
