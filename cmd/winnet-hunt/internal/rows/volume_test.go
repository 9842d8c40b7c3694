// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// statements are the questions whose text says what a mode sums away. Each has a test below.
var statements = []string{"nxdomain-burst", "odd-resolvers", "many-addresses"}

func TestEveryStatementAboutAModeHasATest(t *testing.T) {
	for _, q := range question.All() {
		require.Equal(t, slices.Contains(statements, q.ID), q.Volume != "", q.ID)
	}
}

// find returns a question by its id.
func find(t *testing.T, id string) question.Question {
	t.Helper()
	all := question.All()
	i := slices.IndexFunc(all, func(q question.Question) bool { return q.ID == id })
	require.GreaterOrEqual(t, i, 0, id)
	return all[i]
}

// ask asks a question of a recording in a mode.
func ask(t *testing.T, id, mode string, config map[string]any) Answer {
	t.Helper()
	config["volume"], config["enable_flags"] = mode, 0
	sink := kit.Replay(t, asimdnsreceiver.NewFactory(), config)
	s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for _, logs := range sink.AllLogs() {
		require.NoError(t, s.AddLogs(logs))
	}
	require.NoError(t, s.Finish())
	a, err := s.Ask(t.Context(), find(t, id))
	require.NoError(t, err)
	return a
}

func TestASumOfLeanKeeps64AddressesOfAName(t *testing.T) {
	require.Contains(t, find(t, "many-addresses").Volume, "64 answers")
	path := filepath.Join(t.TempDir(), "flux.etl")
	require.NoError(t, incident.WriteFlux(path, 200))
	found := map[string]int64{}
	for _, mode := range modes {
		a := ask(t, "many-addresses", mode, map[string]any{"replay": map[string]any{"path": path}})
		require.Len(t, a.Rows, 1, mode)
		found[mode] = a.Rows[0][1].(int64)
	}
	require.Equal(t, int64(200), found["full"])
	require.Equal(t, int64(200), found["balanced"])
	require.LessOrEqual(t, found["lean"], int64(65), "the first answer, which is new, and the sum")
	require.GreaterOrEqual(t, found["lean"], int64(64))
}

func TestASumOfLeanDoesNotSayWhichOfItsServersWasAsked(t *testing.T) {
	require.Contains(t, find(t, "odd-resolvers").Volume, "volume: lean")
	path := filepath.Join(t.TempDir(), "client.etl")
	require.NoError(t, incident.WriteSplit(path))
	for mode, want := range map[string][]string{"full": {"client " + incident.Odd}, "balanced": {"client " + incident.Odd}, "lean": nil} {
		a := ask(t, "odd-resolvers", mode, map[string]any{"replay": map[string]any{"path": path}, "provider_guid": "Microsoft-Windows-DNS-Client"})
		require.Equal(t, want, findings(t, a, "odd-resolvers"), mode)
	}
}

const noise = "5.0.0.10.in-addr.arpa"

func TestTheFailuresOfASumCountInTheTimeOfEach(t *testing.T) {
	for what, c := range map[string]struct {
		failures []incident.Failures
		windows  map[string]int
	}{
		"noise, 20 in five minutes for 75 minutes": {[]incident.Failures{{Name: noise, Every: 15 * time.Second, Times: 300}}, map[string]int{"full": 0, "balanced": 0, "lean": 0}},
		"a name, 75 in a minute for four minutes": {
			[]incident.Failures{{Name: "gone.example", At: 9 * time.Minute, Every: 800 * time.Millisecond, Times: 300}}, map[string]int{"full": 1, "balanced": 1, "lean": 1},
		},
		"noise, 100 in a minute for fourteen minutes": {
			[]incident.Failures{{Name: noise, Every: 600 * time.Millisecond, Times: 1400}}, map[string]int{"full": 3, "balanced": 3, "lean": 3},
		},
		"noise, 43 in a minute for nine minutes, and some later": { // what Volume says
			[]incident.Failures{{Name: noise, Every: 1400 * time.Millisecond, Times: 385}, {Name: noise, At: 15 * time.Minute, Every: 10 * time.Minute, Times: 5}},
			map[string]int{"full": 1, "balanced": 1, "lean": 0},
		},
	} {
		path := filepath.Join(t.TempDir(), "server.etl")
		require.NoError(t, incident.WriteFailures(path, c.failures...))
		for mode, want := range c.windows {
			a := ask(t, "nxdomain-burst", mode, map[string]any{"replay": map[string]any{"path": path}})
			require.Len(t, a.Rows, want, "%s, %s: %v", what, mode, a.Rows)
		}
	}
}

func TestASumOfADNSServerGivesItsCountToEachServer(t *testing.T) {
	require.Contains(t, find(t, "odd-resolvers").Volume, "each gets the whole count")
	path := filepath.Join(t.TempDir(), "server.etl")
	require.NoError(t, incident.WriteServerSplit(path))
	for mode, want := range map[string][]string{"full": {"server " + incident.Odd}, "balanced": {"server " + incident.Odd}, "lean": nil} {
		a := ask(t, "odd-resolvers", mode, map[string]any{"replay": map[string]any{"path": path}})
		require.Equal(t, want, findings(t, a, "odd-resolvers"), mode)
	}
}
