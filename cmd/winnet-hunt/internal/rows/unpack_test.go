// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// selected lists rows as texts, in order.
func selected(t *testing.T, s *Store, statement string) (all []string) {
	t.Helper()
	found, err := s.DB().QueryContext(t.Context(), statement)
	require.NoError(t, err)
	defer found.Close()
	columns, err := found.Columns()
	require.NoError(t, err)
	for found.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		require.NoError(t, found.Scan(targets...))
		all = append(all, fmt.Sprint(values))
	}
	require.NoError(t, found.Err())
	slices.Sort(all)
	return all
}

// The form of packed records has another reader in kit, which the receiver's tests use.
func TestAPackedRowIsStoredAsTheRowsThatItStandsFor(t *testing.T) {
	path := hour(t)
	for _, profile := range []string{"windows", "asim"} {
		sink := kit.Replay(t, asimdnsreceiver.NewFactory(), map[string]any{
			"replay": map[string]any{"path": path}, "volume": "lean", "profile": profile, "enable_flags": 0,
			"device": map[string]any{"hostname": "dc01.corp.contoso.com", "ip": "10.0.10.5"},
		})
		s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		var want []string
		packed := 0
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			records := kit.Unpack(t, lr.Attributes().AsRaw())
			if len(records) > 1 {
				packed++
			}
			for _, r := range records {
				want = append(want, expected(t, r))
			}
		})
		require.Greater(t, packed, 100)
		for _, logs := range sink.AllLogs() {
			require.NoError(t, s.AddLogs(logs))
		}
		require.NoError(t, s.Finish())
		slices.Sort(want)
		require.Equal(t, want, selected(t, s, `SELECT EventStartTime / 1000, EventEndTime / 1000, EventCount, SrcIpAddr, DnsQuery, DnsQueryTypeName, EventResult, EventResultDetails,
			DnsNetworkDuration, DnsResponseName, "AdditionalFields.GapSum", "AdditionalFields.GapSquareSum", "AdditionalFields.DnsAnswers", "AdditionalFields.RecursionServers",
			"AdditionalFields.Zone" FROM `+sentinelrow.DNS))
	}
}

// expected is what selected has of a record.
func expected(t *testing.T, r map[string]any) string {
	t.Helper()
	more, _ := r["AdditionalFields"].(map[string]any)
	at := func(name string) any {
		stamp, err := time.Parse(time.RFC3339Nano, r[name].(string))
		require.NoError(t, err)
		return stamp.UnixMilli()
	}
	text := func(v any) any {
		if v == nil {
			return ""
		}
		return v
	}
	texts := func(v any) any {
		if v == nil {
			return ""
		}
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		return string(raw)
	}
	return fmt.Sprint([]any{
		at("EventStartTime"), at("EventEndTime"), r["EventCount"], text(r["SrcIpAddr"]), text(r["DnsQuery"]), text(r["DnsQueryTypeName"]), text(r["EventResult"]),
		text(r["EventResultDetails"]), r["DnsNetworkDuration"], text(r["DnsResponseName"]), more["GapSum"], more["GapSquareSum"], texts(more["DnsAnswers"]), texts(more["RecursionServers"]), text(more["Zone"]),
	})
}

func TestAnItemWithoutAResponseCodeFailed(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, s.Add(sentinelrow.DNS, []byte(`{"EventStartTime":"2026-03-04T05:06:07Z","AdditionalFields":{"SumsTexts":[],"Sums":[`+
		`["","",0,0,[0],[["a","A"]]],["NA","",0,0,[0],[["b","A"]]],["NOERROR","",0,0,[0],[["c","A"]]],["SERVFAIL","",0,0,[0],[["d","A"]]]]}}`)))
	require.NoError(t, s.Finish())
	require.Equal(t, []string{"[a Failure]", "[b NA]", "[c Success]", "[d Failure]"}, selected(t, s, `SELECT DnsQuery, EventResult FROM `+sentinelrow.DNS))
}

func TestARowOfAnotherFormIsAnError(t *testing.T) {
	for what, row := range map[string]string{
		"no object":           `[1]`,
		"an open object":      `{"EventCount":1`,
		"no name":             `{1:2}`,
		"two values":          `{"a":1 2}`,
		"an open text":        `{"a":"b`,
		"an open inner":       `{"AdditionalFields":{"DnsRole":"x"}`,
		"no list of sums":     `{"EventStartTime":"2026-03-04T05:06:07Z","AdditionalFields":{"Sums":1}}`,
		"a short group":       `{"EventStartTime":"2026-03-04T05:06:07Z","AdditionalFields":{"Sums":[[1]]}}`,
		"no time":             `{"AdditionalFields":{"Sums":[]}}`,
		"starts that lack":    `{"EventStartTime":"2026-03-04T05:06:07Z","AdditionalFields":{"Sums":[[0,0,0,0,[],[["a",1]]]]}}`,
		"an item of one":      `{"EventStartTime":"2026-03-04T05:06:07Z","AdditionalFields":{"Sums":[[0,0,0,0,[0],[["a"]]]]}}`,
		"an item with a text": `{"EventStartTime":"2026-03-04T05:06:07Z","AdditionalFields":{"Sums":[[0,0,0,0,[0],[["a","A",0,"x"]]]]}}`,
	} {
		s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
		require.NoError(t, err)
		require.Error(t, s.Add(sentinelrow.DNS, []byte(row)), what)
		require.NoError(t, s.Finish())
		require.NoError(t, s.Close())
	}
}

func FuzzARowIsStoredOrRefused(f *testing.F) {
	f.Add(`{"TimeGenerated":"2026-03-04T05:06:07Z","EventCount":1,"DnsQuery":"a.b","AdditionalFields":{"DnsRole":"x","DnsAnswers":["1.2.3.4"]}}`)
	f.Add(`{"EventStartTime":"2026-03-04T05:06:07Z","AdditionalFields":{"Sums":[["NOERROR","RD","x.example",{"Zone":0},[0,5],[["a",1],["b","A",[1,"2"],3,4,5,6,{"New":1}]]]],"SumsTexts":["A"]}}`)
	f.Add(`{"a":"\u0000\"","AdditionalFields":{}}`)
	s, err := Open(filepath.Join(f.TempDir(), "rows.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, row string) {
		for _, table := range []string{sentinelrow.DNS, sentinelrow.Network, sentinelrow.Status} {
			err := s.Add(table, []byte(row))
			if json.Valid([]byte(row)) || err == nil {
				continue
			}
			require.NotEmpty(t, err.Error())
		}
	})
}
