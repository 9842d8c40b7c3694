// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/traffic"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

func hour(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "hour.etl")
	f, err := os.Create(path)
	require.NoError(t, err)
	w, err := etl.Create(f, etl.Options{LoggerName: "ASIMDNSServerTrace", OS: etl.OSVersion{Major: 10, Build: 26100}})
	require.NoError(t, err)
	g := traffic.New(traffic.Studies(24), 1, traffic.Midnight(), 10*time.Hour)
	g.Plant()
	for end := traffic.Midnight().Add(11 * time.Hour); ; {
		raw, at := g.Next()
		if !at.Before(end) {
			break
		}
		require.NoError(t, w.Write(raw))
	}
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	return path
}

func TestEachModeGivesTheSameAnswers(t *testing.T) {
	path := hour(t)
	for _, mode := range []string{"full", "balanced", "lean"} {
		sink := kit.Replay(t, asimdnsreceiver.NewFactory(), map[string]any{
			"replay": map[string]any{"path": path}, "volume": mode, "enable_flags": "security",
			"device": map[string]any{"hostname": "dc01.corp.contoso.com", "ip": "10.0.10.5"},
		})
		s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
		require.NoError(t, err)
		for _, logs := range sink.AllLogs() {
			require.NoError(t, s.AddLogs(logs))
		}
		require.NoError(t, s.Finish())
		found := map[string][][]any{}
		for _, q := range question.All() {
			a, err := s.Ask(t.Context(), q)
			require.NoError(t, err, q.SQL)
			for _, row := range a.Rows {
				found[q.ID] = append(found[q.ID], row[:3])
			}
		}
		require.Equal(t, [][]any{{traffic.BeaconClient, traffic.BeaconName, int64(59)}}, found["beaconing"], mode)
		require.Equal(t, [][]any{{traffic.BurstClient, traffic.Midnight().Add(10*time.Hour + 30*time.Minute), int64(300)}}, found["nxdomain-burst"], mode)
		require.NoError(t, s.Close())
	}
}
