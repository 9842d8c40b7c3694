// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

const auditStream = "Custom-ASimAuditEventLogs"

// archived returns the records with the tier in their resources.
func archived(logs plog.Logs) plog.Logs {
	for _, rl := range logs.ResourceLogs().All() {
		rl.Resource().Attributes().PutStr("winnet.tier", "archive")
	}
	return logs
}

// auditRecord returns a golden record of an audit event.
func auditRecord(t *testing.T) plog.Logs {
	raw, err := os.ReadFile("../../../receiver/asimdnsreceiver/testdata/golden/auditevents.asim.jsonl")
	require.NoError(t, err)
	first, _, _ := bytes.Cut(raw, []byte("\n"))
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(first)
	require.NoError(t, err)
	return logs
}

func TestTheTierSendsARecordToTheArchiveWhateverElseSelectsItsStream(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, func(c *Config) { c.StreamAttribute = "to" })
	push := func(logs plog.Logs) { require.NoError(t, r.push(context.Background(), logs)) }
	push(archived(recordtest.DNS(3)))
	push(archived(recordtest.Network(2)))
	push(recordtest.DNS(1))
	push(recordtest.Network(1))

	byRecord := recordtest.DNS(2) // one of two records has the attribute itself
	byRecord.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("winnet.tier", "archive")
	push(byRecord)

	own := recordtest.DNS(1) // a record's own tier replaces that of its resource
	own.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("winnet.tier", "hot")
	push(archived(own))

	chosen := recordtest.Network(4) // before the configured attribute
	records := chosen.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	for i, to := range []string{"network", "dns", "status", "team-a"} {
		records.At(i).Attributes().PutStr("to", to)
	}
	push(archived(chosen))
	named := recordtest.Network(1) // the attribute names the archive
	named.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("to", "archive_network")
	push(named)

	bySchema := recordtest.DNS(1)
	bySchema.ResourceLogs().At(0).ScopeLogs().At(0).Scope().SetName("")
	push(archived(bySchema))
	push(archived(auditRecord(t))) // there is no archive of audit events
	status := plog.NewLogs()
	sl := status.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName("winnet.status")
	sl.LogRecords().AppendEmpty().Body().SetStr("alive")
	push(archived(status))

	got := map[string]int{}
	for k, stream := range r.router.streams {
		got[kindNames[k]] = len(s.Rows(stream))
	}
	require.Equal(t, map[string]int{
		"dns": 1 + 1 + 1, "network": 1, "audit": 0, "status": 1, "archive_dns": 3 + 1 + 1 + 1, "archive_network": 2 + 4 + 1,
	}, got)
	require.Zero(t, r.Sum("records_unrouted", ""))
}

// With the tier, the configured attribute only chooses between the streams of the archive. What it says otherwise neither drops a record nor
// sends it to another table.
func TestTheConfiguredAttributeTakesNoRecordOutOfTheArchive(t *testing.T) {
	r := &router{streams: createDefaultConfig().(*Config).Streams.list(), attribute: "to"}
	const dns, network, audit, status = "asim.dns.events", "asim.network.events", "asim.audit.events", "winnet.status"
	for _, c := range []struct {
		scope, schema, to string
		want              kind
	}{
		{scope: dns, to: "team-a", want: kindDNSArchive},
		{scope: dns, to: "status", want: kindDNSArchive},
		{scope: dns, to: "dns", want: kindDNSArchive},
		{scope: dns, to: "network", want: kindDNSArchive},
		{scope: dns, to: "audit", want: kindDNSArchive},
		{scope: dns, to: "Custom-WinnetStatus", want: kindDNSArchive},
		{scope: dns, to: "", want: kindDNSArchive},
		{scope: network, to: "team-a", want: kindNetworkArchive},
		{scope: network, to: "status", want: kindNetworkArchive},
		{scope: network, to: "dns", want: kindNetworkArchive},
		{scope: network, to: "Custom-ASimNetworkSessionLogs", want: kindNetworkArchive},
		{scope: audit, to: "team-a", want: kindDNSArchive},
		{scope: audit, to: "audit", want: kindDNSArchive},
		{schema: "Dns", to: "team-a", want: kindDNSArchive},
		{schema: "NetworkSession", to: "status", want: kindNetworkArchive},
		{schema: "AuditEvent", to: "dns", want: kindDNSArchive},

		// A stream of the archive is the attribute's to choose.
		{scope: dns, to: "archive_network", want: kindNetworkArchive},
		{scope: network, to: "Custom-WinnetDnsArchive", want: kindDNSArchive},

		// A status record is of no archive.
		{scope: status, to: "team-a", want: kindStatus},
		{scope: status, to: "status", want: kindStatus},
		{scope: status, to: "dns", want: kindStatus},
		{scope: status, to: "", want: kindStatus},

		// Of a record that shows no kind itself, the attribute may say it.
		{scope: "other", to: "dns", want: kindDNSArchive},
		{scope: "other", to: "network", want: kindNetworkArchive},
		{scope: "other", to: "audit", want: kindDNSArchive},
		{scope: "other", to: "status", want: unrouted},
		{scope: "other", to: "team-a", want: unrouted},
		{scope: "other", to: "", want: unrouted},
	} {
		for _, inResource := range []bool{false, true} {
			attributes, resource := pcommon.NewMap(), pcommon.NewMap()
			from := attributes
			if inResource {
				from = resource
			}
			for name, v := range map[string]string{"winnet.tier": "archive", "EventSchema": c.schema, "to": c.to} {
				if v != "" {
					from.PutStr(name, v)
				}
			}
			require.Equal(t, c.want, r.record(attributes, resource, r.scope(c.scope)), "%+v, in the resource: %t", c, inResource)
		}
	}
}

func TestARowOfTheArchiveHasTheFieldsOfItsTable(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	for stream, logs := range map[string]func(int) plog.Logs{dnsStream: recordtest.DNS, networkStream: recordtest.Network} {
		archive := map[string]string{dnsStream: dnsArchive, networkStream: networkArchive}[stream]
		now := time.Now().Add(-time.Hour).Truncate(time.Second).Add(123456700)
		fresh := func() plog.Logs {
			all := logs(1)
			all.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetTimestamp(pcommon.NewTimestampFromTime(now))
			return all
		}
		require.NoError(t, r.push(context.Background(), fresh()))
		require.NoError(t, r.push(context.Background(), archived(fresh())))
		want, got := s.Rows(stream)[0], s.Rows(archive)[0]

		require.Equal(t, now.UTC().Format("2006-01-02T15:04:05.0000000Z"), want["TimeGenerated"])
		require.Equal(t, now.UTC().Format("2006-01-02T15:04:05.000000Z"), got["TimeGenerated"], "the plan supports microseconds")
		var additional map[string]any
		text, isText := got["AdditionalFields"].(string)
		require.True(t, isText, "the plan may have no dynamic columns")
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		require.NoError(t, d.Decode(&additional))
		require.Equal(t, want["AdditionalFields"], additional)
		for _, row := range []ingesttest.Row{want, got} {
			delete(row, "TimeGenerated")
			delete(row, "AdditionalFields")
		}
		require.Equal(t, want, got)
	}
}

func TestAnAuditEventInTheArchiveKeepsEveryAttribute(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	require.NoError(t, r.push(context.Background(), auditRecord(t)))
	require.NoError(t, r.push(context.Background(), archived(auditRecord(t))))
	want, got := s.Rows(auditStream)[0], s.Rows(dnsArchive)[0]
	var additional map[string]any
	require.NoError(t, json.Unmarshal([]byte(got["AdditionalFields"].(string)), &additional))
	require.Equal(t, "AuditEvent", additional["EventSchema"])
	require.NotEmpty(t, additional["Operation"])
	for name, v := range want {
		switch name {
		case "TimeGenerated", "AdditionalFields", "EventMessage": // EventMessage is the body
		default:
			if has, ok := got[name]; ok {
				require.Equal(t, v, has, name)
			} else {
				require.EqualValues(t, v, additional[name], name)
			}
		}
	}
}

// The table's plan is that of the archive, not that of table_plan.
func TestACallOfTheArchiveNeverSpansMoreThan30Minutes(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	logs := recordtest.DNS(120)
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	base := time.Now().Add(-10 * time.Hour)
	for i, lr := range records.All() {
		lr.SetTimestamp(pcommon.NewTimestampFromTime(base.Add(time.Duration(i*7%120) * time.Minute)))
	}
	main := plog.NewLogs()
	logs.CopyTo(main)
	require.NoError(t, r.push(context.Background(), archived(logs)))
	require.NoError(t, r.push(context.Background(), main))
	require.Len(t, s.Rows(dnsArchive), 120)
	calls := map[string]int{}
	for _, c := range s.Calls() {
		require.Equal(t, 204, c.Status)
		calls[c.Stream]++
	}
	require.Equal(t, map[string]int{dnsStream: 1, dnsArchive: 4}, calls)
}

func TestWithoutTheArchivesStreamsItsRecordsAreDroppedAndCounted(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, func(c *Config) { c.Streams.ArchiveDNS, c.Streams.ArchiveNetwork = "", "" })
	logs := archived(recordtest.DNS(4))
	archived(recordtest.Network(3)).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	recordtest.DNS(2).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	require.NoError(t, r.push(context.Background(), logs))
	require.Equal(t, int64(7), r.Sum("records_unrouted", ""))
	require.Len(t, s.Rows(dnsStream), 2, "none of the archive's")
	require.Len(t, s.Calls(), 1)
}

func TestWithTheArchivesStreamsAloneOnlyTheArchiveIsSent(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, func(c *Config) { c.Streams = streamsConfig{ArchiveDNS: dnsArchive} })
	logs := archived(recordtest.DNS(4))
	recordtest.DNS(2).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	require.NoError(t, r.push(context.Background(), logs))
	require.Len(t, s.Rows(dnsArchive), 4)
	require.Equal(t, int64(2), r.Sum("records_unrouted", ""))
}

func TestTheTierIsInNoRow(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, func(c *Config) { c.ResourceAttributes = []string{"winnet.*"} })
	logs := archived(recordtest.DNS(1))
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("winnet.tier", "archive")
	require.NoError(t, r.push(context.Background(), logs))
	require.NotContains(t, s.Rows(dnsArchive)[0]["AdditionalFields"], "winnet")
}
