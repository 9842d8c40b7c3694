// SPDX-License-Identifier: Apache-2.0

// Records of ASIM's schema AuditEvent, which profile asim makes of the DNS Server's audit events. Fields without an attribute in
// that schema go to AdditionalFields, as in any record.

package dnslog

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// The name and version of the ASIM AuditEvent schema, and the scope of its records. Source of the version: the table of schemas in "Advanced
// Security Information Model (ASIM) schemas" (https://learn.microsoft.com/azure/sentinel/normalization-about-schemas).
const (
	auditSchema        = "AuditEvent"
	auditSchemaVersion = "0.1.2"
	auditScope         = "asim.audit.events"
)

// targetProcessName is the name in AdditionalFields of the program of the process in TargetAppId.
const targetProcessName = "TargetProcessName"

// IsAuditEvent reports whether the record of the event is of the schema AuditEvent.
func (m *Mapper) IsAuditEvent(e *dns.Event) bool { return m.view.AuditEvent(e) }

// BeginAudit adds the scope of audit events to the resource that Begin has just written, and returns where their records are appended.
// Where the provider or the profile has no such records, it adds nothing and returns records.
func (m *Mapper) BeginAudit(logs plog.Logs, records plog.LogRecordSlice) plog.LogRecordSlice {
	if m.profile != dns.ProfileASIM || m.provider.GUID != dns.Server().GUID {
		return records
	}
	sl := logs.ResourceLogs().At(logs.ResourceLogs().Len() - 1).ScopeLogs().AppendEmpty()
	sl.Scope().SetName(auditScope)
	sl.Scope().SetVersion(m.version)
	return sl.LogRecords()
}

// auditKind returns the attributes that records of the schema AuditEvent share: the application that the change applies to is the DNS Server.
func (m *Mapper) auditKind(e *dns.Event, name string) (r attrs.ConstAttrs) {
	plan := e.AuditPlan()
	if plan == nil { // only the event's name, or its id, describes the operation
		if name == "" {
			name = strconv.Itoa(int(e.ID))
		}
		r.Text(auditOperation, name)
	} else {
		r.Text(auditOperation, plan.Operation)
		r.Text(auditObjectType, plan.Kind.ASIM())
		r.Text(auditKind, string(plan.Kind))
	}
	r.Text("TargetAppName", m.provider.Product)
	r.Text("TargetAppType", "Service")
	return r
}

// auditEvent writes a record of the schema AuditEvent.
func (r *dnsRecord) auditEvent(kind *dnsKind) {
	a := r.attrs
	r.event(kind)
	a.PutConst("EventResult", r.view.Outcome(r.Event).Result.String())
	a.PutConst("EventSeverity", eventSeverity(r.Level))
	r.dvc()
	a.PutConsts(&kind.audit)
	r.change(a)
	r.user("ActorUserId", "ActorUserIdType", "ActorUsername", "ActorUsernameType")
	if r.HasAuditLayout() {
		r.putEndpoint("Src", "SrcIpAddr", "", r.end(r.Peer))
	}
	r.target()
	r.additional(kind)
}

// target writes the system and the process that the change applies to: this host, and the DNS Server's process, which writes its events.
func (r *dnsRecord) target() {
	a := r.attrs
	if pid := r.WriterProcess(); pid != 0 {
		from := len(r.builder.Text)
		r.builder.Text = strconv.AppendUint(r.builder.Text, pid, 10)
		a.PutText("TargetAppId", from)
	}
	a.PutConsts(&r.device.target)
	if r.device.addr != "" {
		a.PutConst("TargetIpAddr", r.device.addr)
	}
}

// auditMore writes to AdditionalFields two values without an attribute in the schema AuditEvent: the type of the changed records, under
// the names of the schema Dns, and the program of the process in TargetAppId.
func (r *dnsRecord) auditMore(m attrs.Attributes) {
	if code, ok := r.word(dns.QueryType); ok && r.HasAuditLayout() {
		m.PutInt("DnsQueryType", int64(code))
		m.PutStr("DnsQueryTypeName", r.typeName(code))
	}
	if r.processes == nil {
		return
	}
	if pid := r.WriterProcess(); pid != 0 {
		if name := r.processes.Name(uint32(pid), r.Time()); name != "" {
			m.PutStr(targetProcessName, name)
		}
	}
}
