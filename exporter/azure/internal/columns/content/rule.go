// SPDX-License-Identifier: Apache-2.0

package content

import (
	"fmt"
	"regexp"
	"strings"
)

// Connector is a data connector that a rule or a query needs, with its tables.
type Connector struct {
	ConnectorID string   `yaml:"connectorId"`
	DataTypes   []string `yaml:"dataTypes"`
}

// Field is an identifier of an entity, and the column of the query's result that has it.
type Field struct {
	Identifier string `yaml:"identifier"`
	ColumnName string `yaml:"columnName"`
}

// Entity is an entity that the columns of a result name.
type Entity struct {
	EntityType    string  `yaml:"entityType"`
	FieldMappings []Field `yaml:"fieldMappings"`
}

// Rule is an analytic rule of the kind Scheduled. Times are as in KQL: 15m, 1h, 1d.
type Rule struct {
	ID                     string            `yaml:"id"`
	Name                   string            `yaml:"name"`
	Description            string            `yaml:"description"`
	Severity               string            `yaml:"severity"`
	Status                 string            `yaml:"status"`
	RequiredDataConnectors []Connector       `yaml:"requiredDataConnectors"`
	QueryFrequency         string            `yaml:"queryFrequency"`
	QueryPeriod            string            `yaml:"queryPeriod"`
	TriggerOperator        string            `yaml:"triggerOperator"`
	TriggerThreshold       int               `yaml:"triggerThreshold"`
	Tactics                []string          `yaml:"tactics"`
	RelevantTechniques     []string          `yaml:"relevantTechniques"`
	Query                  string            `yaml:"query"`
	EntityMappings         []Entity          `yaml:"entityMappings"`
	CustomDetails          map[string]string `yaml:"customDetails"`
	AlertDetailsOverride   map[string]string `yaml:"alertDetailsOverride"`
	EventGroupingSettings  struct {
		AggregationKind string `yaml:"aggregationKind"`
	} `yaml:"eventGroupingSettings"`
	IncidentConfiguration struct {
		CreateIncident        bool `yaml:"createIncident"`
		GroupingConfiguration struct {
			Enabled              bool     `yaml:"enabled"`
			ReopenClosedIncident bool     `yaml:"reopenClosedIncident"`
			LookbackDuration     string   `yaml:"lookbackDuration"`
			MatchingMethod       string   `yaml:"matchingMethod"`
			GroupByEntities      []string `yaml:"groupByEntities"`
			GroupByAlertDetails  []string `yaml:"groupByAlertDetails"`
			GroupByCustomDetails []string `yaml:"groupByCustomDetails"`
		} `yaml:"groupingConfiguration"`
	} `yaml:"incidentConfiguration"`
	Version string `yaml:"version"`
	Kind    string `yaml:"kind"`
}

// Rules returns the rules in a folder, in the order of their files' names.
func Rules(folder string) ([]Rule, error) { return all[Rule](folder) }

// Query is a hunting query.
type Query struct {
	ID                     string            `yaml:"id"`
	Name                   string            `yaml:"name"`
	Description            string            `yaml:"description"`
	Severity               string            `yaml:"severity"`
	Status                 string            `yaml:"status"`
	RequiredDataConnectors []Connector       `yaml:"requiredDataConnectors"`
	Tactics                []string          `yaml:"tactics"`
	RelevantTechniques     []string          `yaml:"relevantTechniques"`
	Tags                   []any             `yaml:"tags"`
	Query                  string            `yaml:"query"`
	EntityMappings         []Entity          `yaml:"entityMappings"`
	CustomDetails          map[string]string `yaml:"customDetails"`
	Version                string            `yaml:"version"`
	Kind                   string            `yaml:"kind"`
	Metadata               map[string]any    `yaml:"metadata"`
}

// Queries returns the hunting queries in a folder, in the order of their files' names.
func Queries(folder string) ([]Query, error) { return all[Query](folder) }

var span = regexp.MustCompile(`^([1-9][0-9]*)([mhd])$`)

// Duration returns a time of KQL, such as 15m, as ISO 8601 has it: PT15M.
func Duration(kql string) (string, error) {
	m := span.FindStringSubmatch(kql)
	if m == nil {
		return "", fmt.Errorf("%q is no time; want a number and m, h or d", kql)
	}
	if m[2] == "d" {
		return "P" + m[1] + "D", nil
	}
	return "PT" + m[1] + strings.ToUpper(m[2]), nil
}

// operators are the words of the API for those of the file.
var operators = map[string]string{"gt": "GreaterThan", "lt": "LessThan", "eq": "Equal", "ne": "NotEqual"}

// Properties returns what the API of alert rules takes for the rule, without enabled: values of JSON.
func (r *Rule) Properties() (map[string]any, error) {
	frequency, err := Duration(r.QueryFrequency)
	if err != nil {
		return nil, err
	}
	period, err := Duration(r.QueryPeriod)
	if err != nil {
		return nil, err
	}
	grouping := r.IncidentConfiguration.GroupingConfiguration
	lookback, err := Duration(grouping.LookbackDuration)
	if err != nil {
		return nil, err
	}
	operator, known := operators[r.TriggerOperator]
	if !known {
		return nil, fmt.Errorf("%q is no operator of a trigger; want gt, lt, eq or ne", r.TriggerOperator)
	}
	var entities []any
	for _, e := range r.EntityMappings {
		var fields []any
		for _, f := range e.FieldMappings {
			fields = append(fields, map[string]any{"identifier": f.Identifier, "columnName": f.ColumnName})
		}
		entities = append(entities, map[string]any{"entityType": e.EntityType, "fieldMappings": fields})
	}
	return map[string]any{
		"displayName": r.Name, "description": strings.TrimSpace(r.Description), "severity": r.Severity, "query": r.Query,
		"queryFrequency": frequency, "queryPeriod": period, "triggerOperator": operator, "triggerThreshold": r.TriggerThreshold,
		"suppressionEnabled": false, "suppressionDuration": "PT1H", "tactics": anys(r.Tactics), "techniques": anys(r.RelevantTechniques),
		"entityMappings": entities, "customDetails": values(r.CustomDetails), "alertDetailsOverride": values(r.AlertDetailsOverride),
		"eventGroupingSettings": map[string]any{"aggregationKind": r.EventGroupingSettings.AggregationKind},
		"incidentConfiguration": map[string]any{
			"createIncident": r.IncidentConfiguration.CreateIncident,
			"groupingConfiguration": map[string]any{
				"enabled": grouping.Enabled, "reopenClosedIncident": grouping.ReopenClosedIncident, "lookbackDuration": lookback,
				"matchingMethod": grouping.MatchingMethod, "groupByEntities": anys(grouping.GroupByEntities),
				"groupByAlertDetails": anys(grouping.GroupByAlertDetails), "groupByCustomDetails": anys(grouping.GroupByCustomDetails),
			},
		},
	}, nil
}

func anys(texts []string) []any {
	out := make([]any, 0, len(texts))
	for _, t := range texts {
		out = append(out, t)
	}
	return out
}

func values(texts map[string]string) map[string]any {
	out := map[string]any{}
	for name, t := range texts {
		out[name] = t
	}
	return out
}
