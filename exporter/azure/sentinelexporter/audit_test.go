// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

// The records are the golden ones of the receiver asimdns, of each of the 81 audit events. The server holds every row against the
// table's columns and types.
func TestTheReceiversAuditEventsBecomeRowsOfTheirTable(t *testing.T) {
	raw, err := os.ReadFile("../../../receiver/asimdnsreceiver/testdata/golden/auditevents.asim.jsonl")
	require.NoError(t, err)
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	for line := range bytes.Lines(raw) {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(bytes.TrimSpace(line))
		require.NoError(t, err)
		require.NoError(t, r.push(context.Background(), logs))
	}
	require.Empty(t, s.Rows(dnsStream))
	rows := s.Rows("Custom-ASimAuditEventLogs")
	require.Len(t, rows, 81)
	ids := map[any]bool{}
	for _, row := range rows {
		ids[row["EventOriginalType"]] = true
		for _, name := range []string{
			"TimeGenerated", "EventStartTime", "EventEndTime", "EventCount", "EventProduct", "EventVendor", "EventSchemaVersion", "EventType",
			"EventResult", "EventSeverity", "EventMessage", "Operation", "ObjectType", "OriginalObjectType", "DvcFQDN", "DvcHostname", "DvcIpAddr",
			"TargetAppName", "TargetAppType", "TargetAppId", "TargetHostname",
		} {
			require.Contains(t, row, name, "event %v", row["EventOriginalType"])
		}
		more := row["AdditionalFields"].(map[string]any)
		require.Equal(t, "audit", more["DnsRole"])
		require.Equal(t, "dc1.corp.example.com", more["Dvc"], "the table has no such column")
	}
	require.Len(t, ids, 81)
	require.Zero(t, r.Sum("records_unrouted", ""))
	for _, rule := range []string{"converted", "moved", "not_enumerated"} {
		require.Zero(t, r.Sum("fields_altered", rule), rule)
	}
	require.False(t, r.Said("does not enumerate"))
}

func TestAValueThatTheSchemaAuditEventDoesNotEnumerateIsCounted(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	logs := plog.NewLogs()
	sl := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName("asim.audit.events")
	sl.LogRecords().AppendEmpty().Attributes().PutStr("EventType", "Update")
	require.NoError(t, r.push(context.Background(), logs))
	require.Len(t, s.Rows("Custom-ASimAuditEventLogs"), 1, "the row arrives all the same")
	require.Equal(t, int64(1), r.Sum("fields_altered", "not_enumerated"))
}

// The records are the golden ones again, with the device in the resource.
func TestAnAuditRowIsTheSameWithTheDeviceInTheResource(t *testing.T) {
	raw, err := os.ReadFile("../../../receiver/asimdnsreceiver/testdata/golden/auditevents.asim.jsonl")
	require.NoError(t, err)
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	n := 0
	for line := range bytes.Lines(raw) {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(bytes.TrimSpace(line))
		require.NoError(t, err)
		require.NoError(t, r.push(context.Background(), logs))
		recordtest.MoveDevice(logs)
		require.NoError(t, r.push(context.Background(), logs))
		n++
	}
	rows := s.Rows("Custom-ASimAuditEventLogs")
	require.Len(t, rows, 2*n)
	for i := 0; i < len(rows); i += 2 {
		delete(rows[i], "TimeGenerated") // the server replaces it by the time of receipt
		delete(rows[i+1], "TimeGenerated")
		require.Equal(t, rows[i], rows[i+1])
	}
}
