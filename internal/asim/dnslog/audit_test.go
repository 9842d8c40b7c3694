// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestAnAuditEventOfALaterWindowsIsOne(t *testing.T) {
	later := etw.Record{ID: 60597, Channel: 17, Keyword: 0x4000000000080000, Task: 5, Level: 4}
	e := dns.Event{Record: later}
	dns.NewDecoder(dns.Server()).Decode(&e)
	require.True(t, NewMapper(dns.Server(), dns.ProfileASIM, dc1, "").IsAuditEvent(&e))
	require.False(t, NewMapper(dns.Server(), dns.ProfileWindows, dc1, "").IsAuditEvent(&e), "the profile has one schema")
	got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, later, nil, "EventType", "EventSubType")
	require.Equal(t, []any{"Update", nil}, got, "its task changes zones")
	later.Task = 11
	require.Equal(t, []any{"Status", nil}, attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, later, nil, "EventType", "EventSubType"))
}

// Two events with the same unknown id may have different tasks. The class of each follows from its own task.
func TestTheClassOfAnUnknownAuditEventIsItsOwn(t *testing.T) {
	decoder, m := dns.NewDecoder(dns.Server()), NewMapper(dns.Server(), dns.ProfileWindows, dc1, "")
	records := m.Begin(plog.NewLogs())
	for i, want := range []string{"Update", "Status", "Update"} {
		e := dns.Event{Record: etw.Record{ID: 60597, Channel: 17, Task: []uint16{5, 11, 6}[i]}}
		decoder.Decode(&e)
		m.Append(records, &e, 1)
		v, _ := records.At(i).Attributes().Get("EventType")
		require.Equal(t, want, v.Str())
	}
}

func TestADynamicUpdateInTheAuditLogNamesClientRecordAndValue(t *testing.T) {
	fields := map[string]any{
		"Type": 1, "NAME": "host", "TTL": 1200, "RDATA": []byte{10, 0, 0, 9}, "Zone": "corp.example.com", "ZoneScope": "Default", "Source": "10.0.0.9",
	}
	for id, tc := range map[uint16]struct{ subType, value string }{519: {"create", "NewValue"}, 520: {"delete", "OldValue"}} {
		raw := mapEvent(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: id}, fields).Attributes().AsRaw()
		for name, want := range map[string]any{
			"EventType": "Update", "EventSubType": tc.subType, "EventOriginalSubType": "AUDIT_REC_DYN_UPDATE",
			"Src": "10.0.0.9", "SrcIpAddr": "10.0.0.9", "SrcPortNumber": nil, "Dst": "dc1.corp.example.com", "DstPortNumber": nil,
			"DnsQuery": "host.corp.example.com", "DnsQueryType": int64(1), "DnsQueryTypeName": "A",
		} {
			require.Equal(t, want, raw[name], "event %d: %s", id, name)
		}
		require.Equal(t, map[string]any{
			"DnsRole": "audit", "Operation": map[uint16]string{519: "Record create - dynamic update", 520: "Record delete - dynamic update"}[id],
			"Object": "host.corp.example.com", "ObjectType": "Other", "OriginalObjectType": "Resource Record", tc.value: "10.0.0.9",
			"NAME": "host", "TTL": int64(1200), "BufferSize": int64(4), "Zone": "corp.example.com", "ZoneScope": "Default",
		}, raw["AdditionalFields"])
	}
	fields["RDATA"] = []byte{10, 0, 0}
	raw := mapEvent(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 519}, fields).Attributes().AsRaw()
	require.Equal(t, []any{nil, "0x0A0000"}, []any{additional(raw, "NewValue"), additional(raw, "RDATA")}, "no address; the bytes stay")
}

func TestAnAuditEventSaysWhatWasDoneToWhat(t *testing.T) {
	names := []string{"Operation", "ObjectType", "OriginalObjectType", "Object", "OldValue", "NewValue"}
	for _, tc := range []struct {
		id     uint16
		fields map[string]any
		class  string
		want   []any
	}{
		{513, map[string]any{"Zone": "a.example"}, "Update delete", []any{"Zone delete", "Other", "Zone", "a.example", nil, nil}},
		{514, map[string]any{"Zone": "a.example", "PropertyKey": "AllowUpdate", "NewValue": "None"}, "Update set",
			[]any{"Zone updated", "Other", "Zone", "a.example", nil, "None"}},
		{515, map[string]any{"Type": 5, "NAME": "www", "Zone": "a.example", "RDATA": []byte("\x01b\x07example\x00")}, "Update create",
			[]any{"Record create", "Other", "Resource Record", "www.a.example", nil, "b.example"}},
		{516, map[string]any{"Type": 16, "NAME": "a.example", "Zone": "a.example", "RDATA": []byte("\x01x")}, "Update delete",
			[]any{"Record delete", "Other", "Resource Record", "a.example", `"x"`, nil}},
		{517, map[string]any{"Type": 1, "NAME": "www", "Zone": "a.example"}, "Update delete", []any{"RRSET delete", "Other", "Resource Record Set", "www.a.example", nil, nil}},
		{525, map[string]any{"ZoneName": "a.example"}, "Update sign", []any{"Zone sign", "Other", "Zone", "a.example", nil, nil}},
		{534, map[string]any{"Zone": "a.example"}, "Status export", []any{"Export DNSSEC", "Other", "DNSSEC Metadata", "a.example", nil, nil}},
		{536, map[string]any{"QNAME": "b.example.", "QTYPE": 1}, "Update delete", []any{"Cache purge", "Other", "Cache Entry", "b.example", nil, nil}},
		{540, map[string]any{}, "Update set", []any{"Root hints", "Configuration Atom", "Root Hints", nil, nil, nil}},
		{541, map[string]any{"Setting": "LogLevel", "Scope": ".", "NewValue": "0"}, "Update set",
			[]any{"Server setting", "Configuration Atom", "Server Setting", "LogLevel", nil, "0"}},
		{549, map[string]any{"FilePath": `C:\dns.log`}, "Update clear", []any{"Clear debug logs", "Event Log", "Debug Log", `C:\dns.log`, nil, nil}},
		{577, map[string]any{"Policy": "Blackhole"}, "Update create", []any{"Create server level policy", "Policy Rule", "Server Level Policy", "Blackhole", nil, nil}},
		{580, map[string]any{"Policy": "Blackhole"}, "Update delete", []any{"Delete server level policy", "Policy Rule", "Server Level Policy", "Blackhole", nil, nil}},
		{588, map[string]any{"Policy": "P", "ScopeWeightOld": 1, "ScopeWeightNew": 9}, "Update set",
			[]any{"Update scope weight of zone level policy", "Policy Rule", "Zone Level Policy", "P", "1", "9"}},
		{596, map[string]any{"VirtualizationID": "T", "OldFriendlyName": "a", "NewFriendlyName": "b"}, "Update set",
			[]any{"Update virtualization instance", "Other", "Virtualization Instance", "T", "a", "b"}},
	} {
		lr := mapEvent(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: tc.id}, tc.fields)
		raw := lr.Attributes().AsRaw()
		got := make([]any, len(names))
		for i, name := range names {
			got[i] = additional(raw, name)
		}
		require.Equal(t, tc.want, got, "event %d", tc.id)
		require.Equal(t, tc.class, raw["EventType"].(string)+" "+raw["EventSubType"].(string), "event %d", tc.id)
		require.Contains(t, lr.Body().Str(), tc.class)
	}
}

func TestInProfileDocumentedAuditEventsKeepTheirFieldsUnderTheirNames(t *testing.T) {
	raw := mapEvent(t, dns.Server(), dns.ProfileDocumented, dc1, etw.Record{ID: 519}, map[string]any{
		"Type": 1, "NAME": "host", "TTL": 1200, "RDATA": []byte{10, 0, 0, 9}, "Zone": "corp.example.com", "ZoneScope": "Default", "Source": "10.0.0.9",
	}).Attributes().AsRaw()
	require.Equal(t, map[string]any{
		"Type": int64(1), "NAME": "host", "TTL": int64(1200), "BufferSize": int64(4), "RDATA": "0x0A000009", "Zone": "corp.example.com",
		"ZoneScope": "Default", "Source": "10.0.0.9",
	}, raw["AdditionalFields"])
	require.Equal(t, []any{"Update", nil, nil, nil}, []any{raw["EventType"], raw["EventSubType"], raw["SrcIpAddr"], raw["DnsQuery"]})
}
