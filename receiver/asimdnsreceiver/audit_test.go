// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// auditEvents makes an event of each id of the DNS Server's Audit channel, as the newest manifest has it. Each field has a value of its own.
func auditEvents(t *testing.T) (events [][]byte) {
	t.Helper()
	server := dns.Server()
	begin, seen := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC), map[uint16]bool{}
	for _, tmpl := range dns.NewDecoder(server).Templates() {
		if !server.Audits(tmpl.Channel, tmpl.Keyword) || seen[tmpl.ID] {
			continue
		}
		seen[tmpl.ID] = true
		fields := map[string]any{}
		for _, f := range tmpl.Fields {
			switch {
			case f.Name == "RDATA":
				fields[f.Name] = []byte{192, 0, 2, byte(tmpl.ID)}
			case f.Name == "Source":
				fields[f.Name] = "198.51.100.7"
			case f.Type == schema.ANSI || f.Type == schema.UTF16:
				fields[f.Name] = fmt.Sprintf("%s of %d", f.Name, tmpl.ID)
			case f.Type == schema.U32:
				fields[f.Name] = 1 // as Type: A
			}
		}
		data, err := tmpl.Encode(nil, 8, fields)
		require.NoError(t, err)
		e := etw.Record{
			Flags: etw.Flag64BitHeader, ProcessID: 3336, ThreadID: 4200, Provider: server.GUID, ID: tmpl.ID, Version: tmpl.Version, Channel: tmpl.Channel,
			Level: tmpl.Level, Task: tmpl.Task, Keyword: tmpl.Keyword, UserData: data,
			TimeStamp: etw.Filetime(begin.Add(time.Duration(len(events)) * time.Second).UnixNano()),
			User:      etw.SID{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xF4, 1, 0, 0}, // S-1-5-21-1-2-3-500
		}
		raw, err := e.Append(nil)
		require.NoError(t, err)
		events = append(events, raw)
	}
	require.Len(t, events, 81)
	return events
}

// The golden records are one a line in OTLP's JSON. The exporter sentinel sends them in a test of its own.
func TestEachAuditEventIsARecordOfTheSchemaAuditEventInItsOwnScope(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.etl")
	writeFile(t, path, auditEvents(t), time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), false)
	sink, r, _ := replayAll(t, replayOf(path, func(c *Config) {
		cfg, err := load(t, "{enable_flags: security, profile: asim, device: {hostname: dc1.corp.example.com, ip: 10.0.0.1}}")
		require.NoError(t, err)
		c.EnableFlags, c.Profile, c.Device = cfg.EnableFlags, cfg.Profile, cfg.Device
	}))
	stats := &r.Pipeline.Stats
	require.Equal(t, []int64{81, 81, 0}, []int64{stats.Received.Load(), stats.Emitted.Load(), stats.Filtered.Load()})
	fields := asimtest.AuditEventFields(t)
	var got bytes.Buffer
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				require.Equal(t, "asim.audit.events", sl.Scope().Name())
				for _, lr := range sl.LogRecords().All() {
					require.Equal(t, []asimtest.Finding{{Field: "EventProduct", What: `"DNS Server"`}}, asimtest.Conform(fields, lr.Attributes()),
						"the tester's list of products is that of the parsers which come with Sentinel")
					one := plog.NewLogs()
					to := one.ResourceLogs().AppendEmpty()
					rl.Resource().CopyTo(to.Resource())
					scope := to.ScopeLogs().AppendEmpty()
					scope.Scope().SetName(sl.Scope().Name())
					lr.SetObservedTimestamp(lr.Timestamp())
					lr.CopyTo(scope.LogRecords().AppendEmpty())
					line, err := (&plog.JSONMarshaler{}).MarshalLogs(one)
					require.NoError(t, err)
					got.Write(append(line, '\n'))
				}
			}
		}
	}
	golden := filepath.Join("testdata", "golden", "auditevents.asim.jsonl")
	if *update {
		require.NoError(t, os.WriteFile(golden, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, strings.Split(string(want), "\n"), strings.Split(got.String(), "\n"))
}

// What filters ask of audit events holds in profile asim: by role, by the schema's own EventType, by result, by record.
func TestFiltersMatchAuditEventsInProfileASIM(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.etl")
	writeFile(t, path, auditEvents(t), time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), false)
	for rule, want := range map[string]int64{
		"DnsRole: [audit]": 81, "EventType: [Update]": 0, "EventType: [Create]": 16, "EventType: [Set, Clear]": 27, "EventResult: [NA]": 3,
		"EventResult: [Success], EventResultDetails: [NA]": 78, "SrcIpAddr: [198.51.100.0/24]": 2, "DnsQueryTypeName: [A]": 7,
	} {
		cfg, err := load(t, "{enable_flags: security, profile: asim, filters: {include: [{"+rule+"}]}}")
		require.NoError(t, err)
		sink, r, logs := replayAll(t, replayOf(path, func(c *Config) { c.EnableFlags, c.Profile, c.Filters = cfg.EnableFlags, cfg.Profile, cfg.Filters }))
		require.Equal(t, want, r.Pipeline.Stats.Emitted.Load(), rule)
		require.Equal(t, 81-want, r.Pipeline.Stats.Filtered.Load(), rule)
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			require.Equal(t, "AuditEvent", kit.Text(lr, "EventSchema"))
		})
		require.Empty(t, logs.FilterMessageSnippet("profile asim").All())
	}
}
