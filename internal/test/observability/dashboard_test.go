// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "draw docs/dashboard.svg")

// window is the rate's window, which Grafana computes of the interval between two reads.
const window = "10s"

// panel is a panel of the dashboard.
type panel struct {
	Title       string
	FieldConfig struct {
		Defaults struct{ Unit string }
	}
	Targets []struct{ Expr, LegendFormat string }
}

func panels(t *testing.T) []panel {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "deploy/observability/dashboard.json"))
	require.NoError(t, err)
	var dashboard struct{ Panels []panel }
	require.NoError(t, json.Unmarshal(raw, &dashboard))
	require.NotEmpty(t, dashboard.Panels)
	return dashboard.Panels
}

// query is a panel's query with Grafana's variables set.
func query(expr string) string {
	return strings.NewReplacer("$__rate_interval", window, "$instance", ".*").Replace(expr)
}

// With -update it goes on for a minute and draws what a user would see.
func TestEveryQueryOfTheDashboardReturnsSeriesOfARunOfBothReceivers(t *testing.T) {
	prometheus := watched(t)
	all := panels(t)
	for _, p := range all {
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			await(t, prometheus, query(target.Expr))
		}
	}
	// Two receivers of one type have a series each.
	for _, id := range []string{"asimdns/dns-server", "asimdns/dns-client"} {
		await(t, prometheus, fmt.Sprintf("rate(otelcol_receiver_asimdns_events_received{receiver=%q}[%s]) > 0", id, window))
		await(t, prometheus, fmt.Sprintf("otelcol_receiver_asimdns_source_open{receiver=%q} == 1", id))
	}
	_, err := ask(prometheus, "/api/v1/query", url.Values{"query": {"rate("}})
	require.Error(t, err, "a query that Prometheus refuses fails the test")
	if !*update {
		return
	}
	await(t, prometheus, "sum(count_over_time(otelcol_process_uptime[10m])) > 60")
	end := time.Now()
	var drawn []chart
	for _, p := range all {
		c := chart{title: p.Title, unit: p.FieldConfig.Defaults.Unit}
		for _, target := range p.Targets {
			found, err := ask(prometheus, "/api/v1/query_range", url.Values{
				"query": {query(target.Expr)}, "start": {fmt.Sprint(end.Add(-time.Minute).Unix())}, "end": {fmt.Sprint(end.Unix())}, "step": {"1"},
			})
			require.NoError(t, err)
			for _, s := range found {
				c.lines = append(c.lines, lineOf(s, target.LegendFormat, end.Add(-time.Minute)))
			}
		}
		drawn = append(drawn, c)
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "docs/dashboard.svg"), []byte(draw(drawn)), 0o644))
}
