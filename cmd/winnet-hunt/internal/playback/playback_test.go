// SPDX-License-Identifier: Apache-2.0

package playback

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/input"
)

const testdata = "../../../../testdata/"

// play plays what the arguments name, of one kind, and returns the number of records.
func play(t *testing.T, s Settings, paths ...string) (Result, int) {
	t.Helper()
	found := input.Find(paths)
	require.Empty(t, found.Unread)
	records, given := 0, s.Next
	s.Files, s.Volume = found.Files, "full"
	s.Next = func(ctx context.Context, logs plog.Logs) error {
		records += logs.LogRecordCount()
		if given != nil {
			return given(ctx, logs)
		}
		return nil
	}
	if s.Progress == nil {
		s.Progress = func(Progress) {}
	}
	res, err := Play(t.Context(), s)
	require.NoError(t, err)
	require.Zero(t, res.Account.Missing(), "%+v", res.Account)
	return res, records
}

func TestEveryEventOfARecordingIsInTheAccount(t *testing.T) {
	for name, want := range map[string]Account{
		"dnsserver.etl":        {Received: 2393, Emitted: 2393},
		"dnsclient.etl":        {Received: 716, Emitted: 716},
		"cilium_events.pcapng": {Received: 1200},
	} {
		t.Run(name, func(t *testing.T) {
			var last Progress
			res, records := play(t, Settings{Progress: func(p Progress) { last = p }}, testdata+name)
			require.NoError(t, res.Stopped)
			require.Equal(t, want.Received, res.Account.Received)
			if want.Emitted > 0 {
				require.Equal(t, want.Emitted, res.Account.Emitted)
				require.EqualValues(t, want.Emitted, records)
			}
			require.Equal(t, Progress{Events: want.Received, Share: 1, Files: 1, File: testdata + name, Ended: true}, last)
			read := slices.IndexFunc(res.Notes, func(n Note) bool { return n.Events >= 0 })
			require.Equal(t, want.Received, res.Notes[read].Events)
		})
	}
}

func TestADamagedFileIsNamedAndTheNextIsRead(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile(testdata + "cilium_events.pcapng")
	require.NoError(t, err)
	cut := filepath.Join(dir, "cut.pcapng")
	require.NoError(t, os.WriteFile(cut, whole[:len(whole)/2], 0o600))
	res, records := play(t, Settings{}, cut, testdata+"cilium_ways.pcapng")
	require.NoError(t, res.Stopped)
	require.Len(t, res.Unread, 1)
	require.Equal(t, cut, res.Unread[0].Path)
	require.Positive(t, records)
	require.Greater(t, res.Account.Received, int64(100))
}

func TestAFailureOfTheNextComponentEndsThePlayback(t *testing.T) {
	full := errors.New("no space left on device")
	res, _ := play(t, Settings{Next: func(context.Context, plog.Logs) error { return full }}, testdata+"dnsserver.etl")
	require.ErrorIs(t, res.Stopped, full)
	require.Positive(t, res.Account.Dropped.Total())
}

func TestAStopKeepsWhatWasRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	found := input.Find([]string{testdata + "dnsserver.etl"})
	records := 0
	res, err := Play(ctx, Settings{Files: found.Files, Volume: "full", Progress: func(Progress) {}, Next: func(_ context.Context, logs plog.Logs) error {
		records += logs.LogRecordCount()
		cancel()
		return nil
	}})
	require.NoError(t, err)
	require.ErrorIs(t, res.Stopped, context.Canceled)
	require.Zero(t, res.Account.Missing())
	require.EqualValues(t, records, res.Account.Emitted)
}
