// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
)

// unnoticed are the changes that no row of this project can show, with the reason.
var unnoticed = map[string]string{
	`always: "Variance" > 0`:                          "guards against a variance below zero, which only rounding makes",
	`-1 instead in "Variance" > 0: 0`:                 "the same",
	`1 instead in "GapSum" > 0: 0`:                    "a millisecond between the look-ups of a sum",
	`always: length("DnsQuery") >= 43`:                "a quick look before the exact one, which is of the part before the domain",
	`42 instead in length("DnsQuery") >= 43: 43`:      "the same",
	`44 instead in length("DnsQuery") >= 43: 43`:      "the same",
	`always: "List" <> ''`:                            "each list of mv-expand is looked at; this one is never empty",
	`always: TimeGenerated BETWEEN $begun AND $until`: "TestTheQueryAndItsTwinLookBackFifteenDaysForASilentCollector",
}

// The scenario must have an event at each side of each condition: a question with one of them changed has another answer, in some mode. The query in KQL comes from the
// same definition.
func TestTheScenarioNoticesEachChangeOfAQuestion(t *testing.T) {
	seed := seeds(t)[len(seeds(t))-1]
	t.Logf("the seed is %d: WINNET_SEED=%d runs it again", seed, seed)
	keep(t, seed)
	w, err := incident.WriteScenario(t.TempDir(), seed)
	require.NoError(t, err)
	stores := []*Store{
		replayed(t, w.Files, "full", "windows"), replayed(t, w.Files, "lean", "windows"), replayed(t, w.Files, "balanced", "asim"),
		programs(t, w.Files), watched(t, seed).store, beside(t),
	}
	answers := func(t *testing.T, s *Store, q question.Question) []string {
		a, err := s.Ask(t.Context(), q)
		if err != nil { // such as a list that is none
			return []string{err.Error()}
		}
		var rows []string
		for _, row := range a.Rows {
			for i, v := range row {
				if real, ok := v.(float64); ok {
					row[i] = fmt.Sprintf("%.9g", real) // the order in which a mean adds up is not that of another plan
				}
			}
			rows = append(rows, fmt.Sprint(row))
		}
		slices.Sort(rows)
		return rows
	}
	var guard sync.Mutex
	noticed := map[string]bool{}
	t.Run("questions", func(t *testing.T) {
		for _, q := range question.All() {
			t.Run(q.ID, func(t *testing.T) {
				t.Parallel()
				var right [][]string
				for _, s := range stores {
					right = append(right, answers(t, s, q))
				}
				all := mutants(q.SQL)
				if q.ID == "nxdomain-burst" {
					all = append(all, mutant{"4 minutes: a window", strings.ReplaceAll(q.SQL, "300000000", "240000000")}, mutant{"6 minutes: a window", strings.ReplaceAll(q.SQL, "300000000", "360000000")})
				}
				if q.Baseline {
					all = append(all, mutant{"3 minutes earlier: $since", strings.ReplaceAll(q.SQL, "$since", "($since - 180000000)")}, mutant{"3 minutes later: $since", strings.ReplaceAll(q.SQL, "$since", "($since + 180000000)")})
				}
				for _, m := range all {
					guard.Lock()
					done := noticed[m.what]
					guard.Unlock()
					changed := q
					changed.SQL = m.sql
					for i := 0; i < len(stores) && !done; i++ {
						done = !slices.Equal(right[i], answers(t, stores[i], changed))
					}
					guard.Lock()
					noticed[m.what] = noticed[m.what] || done
					guard.Unlock()
				}
			})
		}
	})
	for what, seen := range noticed {
		switch reason := unnoticed[what]; {
		case !seen && reason == "":
			t.Errorf("no answer changes with %q", what)
		case seen && reason != "":
			t.Errorf("an answer changes with %q; take it out of the list of those that cannot (%s)", what, reason)
		}
	}
	for what := range unnoticed {
		if _, ok := noticed[what]; !ok {
			t.Errorf("no question has %q", what)
		}
	}
	t.Logf("%d changes, %d of them in the list of those that cannot be noticed", len(noticed), len(unnoticed))
}

func TestAnAnswerThatLooksLikeAnAddressIsNone(t *testing.T) {
	for form, want := range map[string]int{"20.%d.0.1": 1, "29e.%de.2g.3a.cdn.example": 0, "29.%d.2.3a": 0, "29.%d.2.300": 0, "29.%d.2": 0, "2001:db8::%d": 0} {
		s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
		require.NoError(t, err)
		for i := range 20 {
			require.NoError(t, s.Add(sentinelrow.DNS, fmt.Appendf(nil, `{"TimeGenerated":"2026-03-04T05:06:07Z","EventStartTime":"2026-03-04T05:06:07Z","EventCount":1,"EventType":"Query",`+
				`"EventSubType":"response","EventResultDetails":"NOERROR","DnsQuery":"a.example","DnsQueryTypeName":"A","AdditionalFields":{"DnsRole":"client-response","DnsAnswers":[%q]}}`, fmt.Sprintf(form, i))))
		}
		require.NoError(t, s.Finish())
		a, err := s.Ask(t.Context(), find(t, "many-addresses"))
		require.NoError(t, err)
		require.Len(t, a.Rows, want, form)
		require.NoError(t, s.Close())
	}
}

func TestTheWindowsOfASumAreBounded(t *testing.T) {
	require.Equal(t, "[0,5,10]", steps(0, 14, 5))
	require.Equal(t, "[3]", steps(3, 3, 5))
	require.Equal(t, "[]", steps(5, 0, 5))
	require.Equal(t, mostSteps, strings.Count(steps(0, math.MaxInt64, 1), ",")+1)
	require.Equal(t, "[9223372036854775807]", steps(math.MaxInt64, math.MaxInt64, 5))
}
