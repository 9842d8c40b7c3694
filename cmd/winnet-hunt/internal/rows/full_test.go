// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
)

// answered is a row of an answer that a client got for a name, at so many seconds after the beginning.
func answered(client, name string, second int) []byte {
	at := fmt.Sprintf("2026-03-04T%02d:%02d:%02dZ", second/3600%24, second/60%60, second%60)
	return fmt.Appendf(nil, `{"TimeGenerated":%q,"EventStartTime":%q,"EventEndTime":%q,"EventCount":1,"EventType":"Query","EventSubType":"response","EventResult":"Failure","EventResultDetails":"NXDOMAIN",`+
		`"SrcIpAddr":%q,"DnsQuery":%q,"AdditionalFields":{"DnsRole":"client-response"}}`, at, at, at, client, name)
}

func TestAFullDiskLeavesTheRowsThatWereCommitted(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.exec("PRAGMA max_page_count = 2000"))
	for i := 0; err == nil; i++ {
		err = s.Add(sentinelrow.DNS, answered("10.0.0.1", fmt.Sprint("name", i, ".example"), i/100))
	}
	require.ErrorContains(t, err, "full")
	require.NoError(t, s.Finish())
	stored := s.Counts[sentinelrow.DNS]
	require.Positive(t, stored)
	require.Zero(t, stored%commitEvery)
	var there int64
	require.NoError(t, s.DB().QueryRow("SELECT count(*) FROM "+sentinelrow.DNS).Scan(&there))
	require.Equal(t, stored, there)
	for _, q := range question.All() {
		_, err := s.Ask(t.Context(), q)
		require.NoError(t, err, q.ID)
	}
}

func TestAFolderMayHaveAnyName(t *testing.T) {
	for _, name := range []string{"a?b", "100%25", "#1", "it's", "a b"} {
		dir := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.Mkdir(dir, 0o700))
		s, err := Open(filepath.Join(dir, "rows.db"))
		require.NoError(t, err, name)
		require.NoError(t, s.Add(sentinelrow.DNS, answered("10.0.0.1", "a.example", 1)))
		require.NoError(t, s.Finish())
		require.NoError(t, s.Close())
		require.FileExists(t, filepath.Join(dir, "rows.db"))
	}
}

func TestAnAnswerIsGivenRowByRowAndCanBeStopped(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
	require.NoError(t, err)
	defer s.Close()
	var seen []string
	s.Seen = func(r Row) {
		seen = append(seen, r.Table()+" "+r.Text("DnsQuery")+" "+r.Text("AdditionalFields.DnsRole")+" "+fmt.Sprint(r.Number("EventCount")))
	}
	for i := range 5000 {
		require.NoError(t, s.Add(sentinelrow.DNS, answered(fmt.Sprint("10.0.0.", i%10), fmt.Sprint("name", i, ".example"), 60)))
	}
	require.Equal(t, "ASimDnsActivityLogs name0.example client-response 1", seen[0])
	require.NoError(t, s.Finish())
	var burst question.Question
	for _, q := range question.All() {
		if q.ID == "nxdomain-burst" {
			burst = q
		}
	}
	enough, rows := errors.New("enough"), 0
	require.ErrorIs(t, s.Each(t.Context(), burst, func([]any) error {
		if rows++; rows == 4 {
			return enough
		}
		return nil
	}), enough)
	require.Equal(t, 4, rows)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.Error(t, s.Each(stopped, burst, func([]any) error { return nil }))
}
