// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
)

// The service replaces TimeGenerated of old records, so it is not compared.
func TestTheRowsOfSentinelrowAreThoseThatAreSent(t *testing.T) {
	streams := map[string]string{
		sentinelrow.DNS: dnsStream, sentinelrow.Network: networkStream, sentinelrow.Audit: auditStream, sentinelrow.Status: createDefaultConfig().(*Config).Streams.Status,
	}
	status := plog.NewLogs()
	rl := status.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "otelcol-winnet")
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName("winnet.status")
	lr := sl.LogRecords().AppendEmpty()
	lr.SetTimestamp(recordtest.DNS(1).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Timestamp())
	lr.Body().SetStr("alive")
	lr.Attributes().PutStr("Kind", "heartbeat")
	slim := recordtest.DNS(5)
	recordtest.MoveDevice(slim)
	audit := golden(t, "../../../receiver/asimdnsreceiver/testdata/golden/auditevents.asim.jsonl")

	for what, logs := range map[string]plog.Logs{
		sentinelrow.DNS: recordtest.DNS(20), sentinelrow.Network: recordtest.Network(20), sentinelrow.Audit: audit, sentinelrow.Status: status, "slim " + sentinelrow.DNS: slim,
	} {
		s := ingesttest.New(t)
		r := newRig(t, s, nil)
		require.NoError(t, r.push(context.Background(), logs))
		got := map[string][]ingesttest.Row{}
		without, err := sentinelrow.New().Each(logs, func(table string, row []byte) error {
			d := json.NewDecoder(bytes.NewReader(row))
			d.UseNumber()
			var one ingesttest.Row
			if err := d.Decode(&one); err != nil {
				return err
			}
			got[table] = append(got[table], one)
			return nil
		})
		require.NoError(t, err)
		require.Zero(t, without)
		require.Len(t, got, 1, what)
		for table, rows := range got {
			sent := s.Rows(streams[table])
			require.Len(t, sent, len(rows), what)
			for i := range rows {
				delete(rows[i], "TimeGenerated")
				delete(sent[i], "TimeGenerated")
				require.Equal(t, sent[i], rows[i], what)
			}
		}
	}
}

func TestSentinelrowLeavesOutTheArchiveAndTheRecordsOfOthers(t *testing.T) {
	others := plog.NewLogs()
	others.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	for n, logs := range map[int]plog.Logs{3: archived(recordtest.DNS(3)), 1: others} {
		without, err := sentinelrow.New().Each(logs, func(string, []byte) error { t.Error("a row"); return nil })
		require.NoError(t, err)
		require.Equal(t, n, without)
	}
}

func golden(t *testing.T, path string) plog.Logs {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	all := plog.NewLogs()
	for line := range bytes.Lines(raw) {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(bytes.TrimSpace(line))
		require.NoError(t, err)
		logs.ResourceLogs().MoveAndAppendTo(all.ResourceLogs())
	}
	return all
}
