// SPDX-License-Identifier: Apache-2.0

// Audit events: what was changed on the DNS Server.

package asim

import (
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// Names in AdditionalFields of what an audit event says, as ASIM's schema AuditEvent has them: Operation is the event's name in
// Microsoft's documentation, ObjectType one of the schema's values and OriginalObjectType the kind of object in the words of DNS.
const (
	auditOperation  = "Operation"
	auditObjectType = "ObjectType"
	auditKind       = "OriginalObjectType"
	auditObject     = "Object"
	auditOldValue   = "OldValue"
	auditNewValue   = "NewValue"
)

// plainAudit reports whether the event is an audit event in the profile that has no more of it than its fields.
func (r *dnsRecord) plainAudit() bool {
	return r.profile == ProfileDocumented && r.HasAuditLayout()
}

// auditClass gives the class of an event that the profile's table does not have: an audit event's, else status. Of one that nobody
// knows, and in the documented profile, its task says whether something changes.
func (v *DNSView) auditClass(e *dns.Event) dnsClass {
	plan := e.AuditPlan()
	switch {
	case v.profile != ProfileDocumented && plan != nil && plan.Changes:
		return dnsClass{typeUpdate, plan.Verb}
	case v.profile != ProfileDocumented && plan != nil:
		return dnsClass{typeStatus, plan.Verb}
	case e.UpdateTask:
		return dnsClass{typeUpdate, ""}
	}
	return status
}

// auditRow gives what AdditionalFields has of every event of the kind.
func (m *DNSMapper) auditRow(e *dns.Event) (r row) {
	if plan := e.AuditPlan(); plan != nil && m.profile != ProfileDocumented {
		r.text(auditOperation, plan.Operation)
		r.text(auditObjectType, plan.Kind.ASIM())
		r.text(auditKind, string(plan.Kind))
	}
	return r
}

// audit writes what was done to which object, and its values before and after.
func (r *dnsRecord) audit(m attributes, kind *dnsKind) {
	plan := r.AuditPlan()
	if plan == nil || r.plainAudit() {
		return
	}
	m.PutRow(&kind.audit)
	r.auditValue(m, auditObject, plan.ObjectAt)
	r.auditValue(m, auditOldValue, plan.OldAt)
	r.auditValue(m, auditNewValue, plan.NewAt)
}

// auditValue puts the text of a field under another name. The field stays under its own, but where its attribute says all of it. A
// record's name is put in full, and its data in master file form, both in the spelling of the profile; data that cannot be read is left to the field.
func (r *dnsRecord) auditValue(m attributes, key string, at int) {
	if at < 0 || at >= len(r.Values) || r.Template.Fields[at].Name == key || m.omits(key) {
		return
	}
	d, v := r.draft, &r.Values[at]
	from := len(d.text)
	switch f := r.FieldAt(at); {
	case f == dns.RecordName:
		d.text = trimDot(r.QName(d.text), from)
		r.spellName(from)
	case f == dns.RecordData:
		text, ok := r.AppendRecordData(d.text)
		if d.text = text; ok {
			r.use(dns.RecordData)
			typ, _ := r.Word(dns.QueryType)
			r.spellData(from, uint16(typ))
		}
	default:
		switch r.Template.Fields[at].Type {
		case schema.ANSI:
			d.text = schema.AppendANSI(d.text, v.Bytes)
		case schema.UTF16:
			d.text = schema.AppendUTF16(d.text, v.Bytes)
		case schema.U32:
			d.text = strconv.AppendUint(d.text, v.Num, 10)
		}
		if f == dns.Zone || f == dns.DomainName {
			d.text = trimDot(d.text, from)
			r.spellName(from)
		}
	}
	if len(d.text) > from {
		m.PutText(key, from)
	}
}
