// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// statements are the questions whose text says what a mode sums away. Each has a test below.
var statements = []string{"many-addresses", "odd-resolvers"}

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
