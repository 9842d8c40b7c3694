// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
)

// rule is what Sentinel's scheduler needs of an analytic rule.
type rule struct {
	Name             string `yaml:"-"`
	Query            string
	QueryFrequency   string `yaml:"queryFrequency"`
	QueryPeriod      string `yaml:"queryPeriod"`
	TriggerOperator  string `yaml:"triggerOperator"`
	TriggerThreshold int    `yaml:"triggerThreshold"`
	EntityMappings   []struct {
		FieldMappings []struct {
			ColumnName string `yaml:"columnName"`
		} `yaml:"fieldMappings"`
	} `yaml:"entityMappings"`
	EventGroupingSettings struct {
		AggregationKind string `yaml:"aggregationKind"`
	} `yaml:"eventGroupingSettings"`
	IncidentConfiguration struct {
		GroupingConfiguration struct {
			Enabled          bool
			LookbackDuration string `yaml:"lookbackDuration"`
			MatchingMethod   string `yaml:"matchingMethod"`
		} `yaml:"groupingConfiguration"`
	} `yaml:"incidentConfiguration"`
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	files, err := filepath.Glob("../../../../deploy/sentinel/rules/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		r := rule{Name: strings.TrimSuffix(filepath.Base(file), ".yaml")}
		require.NoError(t, yaml.Unmarshal(raw, &r))
		require.Equal(t, []any{"gt", 0, "AlertPerResult"}, []any{r.TriggerOperator, r.TriggerThreshold, r.EventGroupingSettings.AggregationKind}, r.Name)
		grouping := r.IncidentConfiguration.GroupingConfiguration
		require.Equal(t, []any{true, "AllEntities", "1d"}, []any{grouping.Enabled, grouping.MatchingMethod, grouping.LookbackDuration}, r.Name)
		all = append(all, r)
	}
	require.Len(t, all, 7)
	return all
}

// span reads a duration of a rule: 15m, 3h, 1d.
func spanOf(t *testing.T, s string) time.Duration {
	t.Helper()
	if days, ok := strings.CutSuffix(s, "d"); ok {
		s = days + "h"
		d, err := time.ParseDuration(s)
		require.NoError(t, err)
		return 24 * d
	}
	d, err := time.ParseDuration(s)
	require.NoError(t, err)
	return d
}

// entities are the values of an alert by which Sentinel groups it into an incident.
func (r rule) entities(alert map[string]any) string {
	var words []string
	for _, entity := range r.EntityMappings {
		for _, field := range entity.FieldMappings {
			words = append(words, fmt.Sprint(alert[field.ColumnName]))
		}
	}
	return strings.Join(words, " ")
}

// alerts runs rules as the service does, from the first row to when the last one is out of sight: at each run a rule sees what has arrived in its period. The result has
// the runs that alert, by rule and entities.
func alerts(t *testing.T, r *rand.Rand, tables map[string][]json.RawMessage, from, to time.Time, all []rule) map[string]map[string][]int {
	t.Helper()
	type call struct {
		Query string `json:"query"`
		Now   string `json:"now"`
		Since string `json:"since"`
		rule  rule
		run   int
	}
	var calls []call
	for _, rule := range all {
		frequency, period := spanOf(t, rule.QueryFrequency), spanOf(t, rule.QueryPeriod)
		require.GreaterOrEqual(t, period, frequency, "%s: what happens between two runs is in no period", rule.Name)
		last := to
		if !strings.Contains(rule.Query, "WinnetStatus_CL") {
			last = to.Add(min(period, 4*frequency))
		}
		for run, at := 0, from.Add(time.Duration(r.Int64N(int64(frequency)))); at.Before(last); run, at = run+1, at.Add(frequency) {
			calls = append(calls, call{rule.Query, stampOf(at), stampOf(at.Add(-period)), rule, run})
		}
	}
	found := map[string]map[string][]int{}
	for i, rows := range evaluate(t, to, tables, calls) {
		c := calls[i]
		for _, alert := range rows {
			if found[c.rule.Name] == nil {
				found[c.rule.Name] = map[string][]int{}
			}
			key := c.rule.entities(alert)
			found[c.rule.Name][key] = append(found[c.rule.Name][key], c.run)
		}
	}
	return found
}

// most is how many alerts an event gives in a scenario of some hours. A rule without a number gives one for each event.
var most = map[string]int{"DnsTunnel": 3, "DeniedScan": 3, "SilentCollector": 2, "BlindCollector": 2}

// assertAlerts wants an alert on each planted event, as many as the rule says in runs that follow each other, and none on anything else.
func assertAlerts(t *testing.T, name string, found map[string][]int, planted, near []string) {
	t.Helper()
	require.NotEmpty(t, planted, name)
	require.GreaterOrEqual(t, len(near), len(planted), "%s: as many near misses", name)
	for _, key := range planted {
		runs := found[key]
		if len(runs) == 0 || len(runs) > max(1, most[name]) || runs[len(runs)-1]-runs[0] != len(runs)-1 {
			t.Errorf("%s: %q gives alerts at the runs %v; want up to %d, one after the other", name, key, runs, max(1, most[name]))
		}
	}
	for key, runs := range found {
		if !slices.Contains(planted, key) {
			t.Errorf("%s: %q, which was not planted, gives alerts at the runs %v; a near miss: %t", name, key, runs, slices.Contains(near, key))
		}
	}
}

func TestTheRulesAlertOnThePlantedEventsInEachMode(t *testing.T) {
	seed := seeds(t)[len(seeds(t))-1]
	t.Logf("the seed is %d: WINNET_SEED=%d runs it again", seed, seed)
	keep(t, seed)
	w, err := incident.WriteScenario(t.TempDir(), seed)
	require.NoError(t, err)
	ofEvents := slices.DeleteFunc(rules(t), func(r rule) bool { return strings.Contains(r.Query, "WinnetStatus_CL") })
	require.Len(t, ofEvents, 3)
	for i, mode := range modes {
		profile := []string{"windows", "asim"}[i%2]
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			tables, w := rowsOf(t, w.Files, mode, profile), w
			from, to := spanOfRows(t, tables)
			found := alerts(t, rand.New(rand.NewPCG(seed, 22)), tables, from, to, ofEvents)
			for _, r := range ofEvents {
				assertAlerts(t, r.Name, found[r.Name], w.Planted[r.Name], w.Near[r.Name])
			}
		})
	}
}

// spanOfRows are the times of the first and the last row.
func spanOfRows(t *testing.T, tables map[string][]json.RawMessage) (from, to time.Time) {
	t.Helper()
	for _, rows := range tables {
		for _, raw := range rows {
			var row struct{ TimeGenerated time.Time }
			require.NoError(t, json.Unmarshal(raw, &row))
			if from.IsZero() || row.TimeGenerated.Before(from) {
				from = row.TimeGenerated
			}
			if row.TimeGenerated.After(to) {
				to = row.TimeGenerated
			}
		}
	}
	return from, to
}

func TestTheRulesOnCollectorsAlertOnThePlantedEvents(t *testing.T) {
	seed := seeds(t)[len(seeds(t))-1]
	t.Logf("the seed is %d: WINNET_SEED=%d runs it again", seed, seed)
	keep(t, seed)
	c := watched(t, seed)
	tables, w := map[string][]json.RawMessage{}, sentinelrow.New()
	for _, logs := range c.logs {
		_, err := w.Each(logs, func(table string, row []byte) error {
			tables[table] = append(tables[table], bytes.Clone(row))
			return nil
		})
		require.NoError(t, err)
	}
	ofCollectors := slices.DeleteFunc(rules(t), func(r rule) bool { return !strings.Contains(r.Query, "WinnetStatus_CL") })
	require.Len(t, ofCollectors, 4)
	from, to := spanOfRows(t, tables)
	// At the end all fall silent. The one that is silent then, since 15 minutes, is for the question.
	found := alerts(t, rand.New(rand.NewPCG(seed, 23)), tables, from, to.Add(-2*time.Minute), ofCollectors)
	for _, r := range ofCollectors {
		assertAlerts(t, r.Name, found[r.Name], c.rules[r.Name].planted, c.rules[r.Name].near)
	}
}
