// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestEachOfThe81AuditEventsIsAValidRecordOfTheSchemaAuditEvent(t *testing.T) {
	schema, seen := asimtest.AuditEventFields(t), map[uint16]bool{}
	decoder := dns.NewDecoder(dns.Server())
	for _, tmpl := range decoder.Templates() {
		if !dns.Server().Audits(tmpl.Channel, tmpl.Keyword) {
			continue
		}
		seen[tmpl.ID] = true
		lr := mapEvent(t, dns.Server(), dns.ProfileASIM, dc1, etw.Record{ID: tmpl.ID, ProcessID: 852}, map[string]any{})
		require.Equal(t, []asimtest.Finding{unlistedServer}, asimtest.Conform(schema, lr.Attributes()), "event %d", tmpl.ID)
		raw := lr.Attributes().AsRaw()
		for _, name := range []string{"EventType", "Operation", "ObjectType", "OriginalObjectType"} {
			require.NotEmpty(t, raw[name], "event %d: %s", tmpl.ID, name)
		}
	}
	require.Len(t, seen, 81)
}

func TestARecordOfADynamicUpdateInTheSchemaAuditEvent(t *testing.T) {
	fields := map[string]any{
		"Type": 1, "NAME": "Host", "TTL": 1200, "RDATA": []byte{10, 0, 0, 9}, "Zone": "corp.example.com", "ZoneScope": "Default", "Source": "10.0.0.9",
	}
	lr := mapEvent(t, dns.Server(), dns.ProfileASIM, dc1, etw.Record{ID: 519, ProcessID: 3336}, fields)
	require.Equal(t, map[string]any{
		"EventProduct": "DNS Server", "EventVendor": "Microsoft", "EventSchema": "AuditEvent", "EventSchemaVersion": "0.1.2",
		"EventCount": int64(1), "EventStartTime": "2024-04-22T09:31:13.8941234Z", "EventEndTime": "2024-04-22T09:31:13.8941234Z",
		"EventOriginalType": "519", "EventOriginalSubType": "AUDIT_REC_DYN_UPDATE", "EventType": "Create", "EventResult": "Success",
		"EventSeverity": "Informational",
		"Dvc":           "dc1.corp.example.com", "DvcHostname": "dc1", "DvcDomain": "corp.example.com", "DvcDomainType": "FQDN", "DvcIpAddr": "10.0.0.1",
		"DvcOs": "Windows", "DvcOsVersion": "10.0.20348",
		"Operation": "Record create - dynamic update", "Object": "host.corp.example.com", "ObjectType": "Other", "OriginalObjectType": "Resource Record",
		"NewValue": "10.0.0.9", "Src": "10.0.0.9", "SrcIpAddr": "10.0.0.9",
		"TargetAppId": "3336", "TargetAppName": "DNS Server", "TargetAppType": "Service", "TargetHostname": "dc1", "TargetDomain": "corp.example.com",
		"TargetDomainType": "FQDN", "DvcFQDN": "dc1.corp.example.com", "TargetFQDN": "dc1.corp.example.com", "TargetIpAddr": "10.0.0.1", "TargetDvcOs": "Windows",
		"AdditionalFields": map[string]any{
			"DnsRole": "audit", "DnsQueryType": int64(1), "DnsQueryTypeName": "A", "NAME": "Host", "TTL": int64(1200), "BufferSize": int64(4),
			"Zone": "corp.example.com", "ZoneScope": "Default",
		},
	}, lr.Attributes().AsRaw())
	require.Equal(t, "DNS Server Event: Create (ID: 519)", lr.Body().Str())
}

func TestTheSchemasWordForWhatWasDone(t *testing.T) {
	for _, tc := range []struct {
		id     uint16
		fields map[string]any
		want   []any // EventType, EventSubType, EventResult, Object, ObjectType, OldValue, NewValue
	}{
		{513, map[string]any{"Zone": "A.example"}, []any{"Delete", nil, "Success", "a.example", "Other", nil, nil}},
		{514, map[string]any{"Zone": "a.example", "PropertyKey": "AllowUpdate", "NewValue": "None"}, []any{"Set", nil, "Success", "a.example", "Other", nil, "None"}},
		{525, map[string]any{"ZoneName": "a.example"}, []any{"Other", "sign", "Success", "a.example", "Other", nil, nil}},
		{528, map[string]any{"GUID": "{1}"}, []any{"Start", nil, "Success", "{1}", "Other", nil, nil}},
		{534, map[string]any{"Zone": "a.example"}, []any{"Other", "export", "Success", "a.example", "Other", nil, nil}},
		{540, map[string]any{}, []any{"Set", nil, "Success", "Root Hints", "Configuration Atom", nil, nil}},
		{547, map[string]any{}, []any{"Create", nil, "Success", nil, "Other", nil, nil}},
		{548, map[string]any{}, []any{"Other", "restart", "NA", "Server", "Service", nil, nil}},
		{549, map[string]any{"FilePath": `C:\dns.log`}, []any{"Clear", nil, "Success", `C:\dns.log`, "Event Log", nil, nil}},
		{553, map[string]any{}, []any{"Set", nil, "NA", nil, "Directory Service Object", nil, nil}},
		{554, map[string]any{}, []any{"Stop", nil, "Success", "Scavenging Cycle", "Other", nil, nil}},
		{558, map[string]any{}, []any{"Other", "refresh", "NA", nil, "Other", nil, nil}},
		{580, map[string]any{"Policy": "Blackhole"}, []any{"Delete", nil, "Success", "Blackhole", "Policy Rule", nil, nil}},
		{588, map[string]any{"Policy": "P", "ScopeWeightOld": 1, "ScopeWeightNew": 9}, []any{"Set", nil, "Success", "P", "Policy Rule", "1", "9"}},
	} {
		got := attrsOf(t, dns.Server(), dns.ProfileASIM, dc1, etw.Record{ID: tc.id}, tc.fields,
			"EventType", "EventSubType", "EventResult", "Object", "ObjectType", "OldValue", "NewValue")
		require.Equal(t, tc.want, got, "event %d", tc.id)
	}
}

// What no public source says of an event is left out; its name, or its id, is all that it says of the operation.
func TestAnAuditEventThatNobodyKnowsIsARecordOfTheSchemaAuditEvent(t *testing.T) {
	for id, operation := range map[uint16]string{60597: "60597", 256: "QUERY_RECEIVED"} {
		lr := mapEvent(t, dns.Server(), dns.ProfileASIM, dc1, etw.Record{ID: id, Channel: 17, Keyword: 0x4000000000080000, Task: 5}, nil)
		require.Equal(t, []asimtest.Finding{unlistedServer}, asimtest.Conform(asimtest.AuditEventFields(t), lr.Attributes()))
		raw := lr.Attributes().AsRaw()
		require.Equal(t, []any{"Other", nil, operation, "NA", nil, nil}, []any{raw["EventType"], raw["EventSubType"], raw["Operation"], raw["EventResult"], raw["Object"], raw["ObjectType"]})
	}
}

// The header says that one event of an id is of the Audit channel and another is not: each has the record of its own schema.
func TestTheSchemaIsThatOfTheEventNotOfTheId(t *testing.T) {
	decoder, m := dns.NewDecoder(dns.Server()), NewMapper(dns.Server(), dns.ProfileASIM, dc1, "")
	records := m.Begin(plog.NewLogs())
	for i, want := range []string{"Dns", "AuditEvent", "Dns", "AuditEvent", "Dns", "AuditEvent"} {
		e := dns.Event{Record: etw.Record{ID: 256 + uint16(i/4)*400, Channel: []uint8{16, 17}[i%2]}}
		decoder.Decode(&e)
		m.Append(records, &e, 1)
		v, _ := records.At(i).Attributes().Get("EventSchema")
		require.Equal(t, want, v.Str(), "event %d", e.ID)
	}
}

func TestTheActorIsTheUserWhoseRequestTheServerServes(t *testing.T) {
	admin := etw.SID{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xF4, 1, 0, 0}
	decoder, m := dns.NewDecoder(dns.Server()), NewMapper(dns.Server(), dns.ProfileASIM, dc1, "")
	m.SetUsers(oneUser{})
	m.SetProcesses(oneProcess{})
	e := dns.Event{Record: etw.Record{ID: 540, Channel: 17, User: admin, ProcessID: 852, Flags: etw.Flag64BitHeader}}
	decoder.Decode(&e)
	records := m.Begin(plog.NewLogs())
	m.Append(records, &e, 1)
	require.Equal(t, []asimtest.Finding{unlistedServer}, asimtest.Conform(asimtest.AuditEventFields(t), records.At(0).Attributes()))
	raw := records.At(0).Attributes().AsRaw()
	require.Equal(t, []any{"S-1-5-21-1-2-3-500", "SID", `CORP\admin`, "Windows", "852", `C:\Windows\System32\dns.exe`, nil},
		[]any{raw["ActorUserId"], raw["ActorUserIdType"], raw["ActorUsername"], raw["ActorUsernameType"], raw["TargetAppId"], additional(raw, "TargetProcessName"), raw["SrcUserId"]})
}

type oneUser struct{}

func (oneUser) Account(etw.SID) (name, kind string) { return `CORP\admin`, "Windows" }

type oneProcess struct{}

func (oneProcess) Name(uint32, time.Time) string { return `C:\Windows\System32\dns.exe` }

// Audit events are records of a scope of their own, in the resource of the DNS Server, where the profile has their schema.
func TestAuditEventsHaveAScopeOfTheirOwn(t *testing.T) {
	for _, tc := range []struct {
		p       *dns.Provider
		profile dns.Profile
		scopes  []string
	}{
		{dns.Server(), dns.ProfileASIM, []string{"asim.dns.events", "asim.audit.events"}},
		{dns.Server(), dns.ProfileWindows, []string{"asim.dns.events"}},
		{dns.Server(), dns.ProfileDocumented, []string{"asim.dns.events"}},
		{dns.Client(), dns.ProfileASIM, []string{"asim.dns.events"}},
	} {
		m, logs := NewMapper(tc.p, tc.profile, dc1, "1.2.3"), plog.NewLogs()
		records := m.Begin(logs)
		m.BeginAudit(logs, records).AppendEmpty()
		var scopes []string
		for _, sl := range logs.ResourceLogs().At(0).ScopeLogs().All() {
			scopes = append(scopes, sl.Scope().Name())
			require.Equal(t, "1.2.3", sl.Scope().Version())
		}
		require.Equal(t, tc.scopes, scopes)
		require.Equal(t, len(scopes) == 1, records.Len() == 1)
	}
}
