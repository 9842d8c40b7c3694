// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
)

// The scenario must be close enough to each condition that a question without it, or with a weaker one, has another answer.
func TestTheScenarioNoticesAWeakerQuestion(t *testing.T) {
	seed := seeds(t)[0]
	w, err := incident.WriteScenario(t.TempDir(), seed)
	require.NoError(t, err)
	s := replayed(t, w.Files, "full", "windows")
	for _, c := range []struct{ id, from, to string }{
		{"beaconing", `lower("DnsQuery")`, `"DnsQuery"`},
		{"beaconing", `"Gaps" >= 30`, `"Gaps" >= 23`},
		{"beaconing", `"Irregularity" <= 0.1`, `"Irregularity" <= 0.15`},
		{"beaconing", `"MeanSeconds" >= 10`, `"MeanSeconds" >= 8`},
		{"tunnelling", `"Names" >= 50`, `"Names" >= 39`},
		{"nxdomain-burst", `"Failures" >= 200`, `"Failures" >= 110`},
		{"generated-names", `"Domains" >= 25`, `"Domains" >= 20`},
		{"generated-names", `"Vowels" <= 0.28`, `"Vowels" <= 0.35`},
		{"txt-abuse", `"Names" >= 30`, `"Names" >= 24`},
		{"denied-traffic", `"Packets" >= 10`, `"Packets" >= 8`},
		{"denied-traffic", `max("Drops", "Denials")`, `"Drops"`},
		{"denied-traffic", `max("Drops", "Denials")`, `("Drops" + "Denials")`},
		{"lateral-movement", `"Targets" >= 5`, `"Targets" >= 4`},
		{"scans", `"Different" >= 20`, `"Different" >= 16`},
		{"scans", `<> 'REPLY'`, `<> ''`},
		{"scans", `"DstPortNumber" < 32768`, `"DstPortNumber" < 65536`},
		{"first-contact", `IN ('NEW', 'ESTABLISHED')`, `IN ('')`},
		{"first-contact", `<> 'REPLY'`, `<> 'X'`},
		{"exfiltration", `AND "AdditionalFields.cilium.packet.primary" = 1`, ``},
		{"exfiltration", `"BytesOut" >= 50000000`, `"BytesOut" >= 40000000`},
		{"exfiltration", `"BytesIn" * 5`, `"BytesIn" * 4`},
		{"many-addresses", `"Addresses" >= 15`, `"Addresses" >= 12`},
		{"many-addresses", `"Networks" >= 8`, `"Networks" >= 7`},
		{"strange-process", `"Asked" >= 5`, `"Asked" >= 4`},
	} {
		q := find(t, c.id)
		require.Contains(t, q.SQL, c.from, c.id)
		q.SQL = strings.ReplaceAll(q.SQL, c.from, c.to)
		a, err := s.Ask(t.Context(), q)
		require.NoError(t, err, c)
		planted := slices.Clone(w.Planted[c.id])
		slices.Sort(planted)
		require.NotEqual(t, planted, findings(t, a, c.id), "%s: %s became %s, and the answer is the same; the seed is %d", c.id, c.from, c.to, seed)
	}
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
