// SPDX-License-Identifier: Apache-2.0

// Audit events: the changes on the DNS Server.

package dnslog

import (
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// Attributes of an audit event, as ASIM's schema AuditEvent names them. Operation is the event's name in Microsoft's documentation,
// ObjectType one of the schema's values, and OriginalObjectType the kind of object in DNS terms. Profile windows puts them into
// AdditionalFields.
const (
	auditOperation  = "Operation"
	auditObjectType = "ObjectType"
	auditKind       = "OriginalObjectType"
	auditObject     = "Object"
	auditOldValue   = "OldValue"
	auditNewValue   = "NewValue"
)

// plainAudit reports whether the event is an audit event in profile documented, whose records have only its fields.
func (r *dnsRecord) plainAudit() bool {
	return r.profile == dns.ProfileDocumented && r.HasAuditLayout()
}

// auditAttrs returns the entries of AdditionalFields that all events of the kind share.
func (m *Mapper) auditAttrs(e *dns.Event) (r attrs.ConstAttrs) {
	if plan := e.AuditPlan(); plan != nil && m.profile == dns.ProfileWindows {
		r.Text(auditOperation, plan.Operation)
		r.Text(auditObjectType, plan.Kind.ASIM())
		r.Text(auditKind, string(plan.Kind))
	}
	return r
}

// audit writes the operation, its object, and the values before and after into a record of the schema Dns.
func (r *dnsRecord) audit(m attrs.Attributes, kind *dnsKind) {
	if r.AuditPlan() == nil || r.plainAudit() {
		return
	}
	m.PutConsts(&kind.audit)
	r.change(m)
}

// change writes the object of an audit event, and its values before and after.
func (r *dnsRecord) change(m attrs.Attributes) {
	plan := r.AuditPlan()
	if plan == nil {
		return
	}
	named := r.auditValue(m, auditObject, plan.ObjectAt)
	if single := plan.Kind.Single(); !named && single != "" && r.IsAuditEvent(r.Event) {
		m.PutConst(auditObject, single)
	}
	r.auditValue(m, auditOldValue, plan.OldAt)
	r.auditValue(m, auditNewValue, plan.NewAt)
}

// auditValue puts the text of a field under another name, and reports whether the field has a text. The field also stays under its own
// name, unless the attribute has all of it. A record's name is put in full, and its data in master file form, both in the spelling of the
// profile. Data that cannot be read stays in the field alone. A field with the name of its attribute is written once: as the attribute in
// a record of the schema AuditEvent, else in AdditionalFields.
func (r *dnsRecord) auditValue(m attrs.Attributes, key string, at int) (put bool) {
	if at < 0 || at >= len(r.Values) || m.Omits(key) {
		return false
	}
	d, v := r.builder, &r.Values[at]
	if r.Template.Fields[at].Name == key {
		if !r.IsAuditEvent(r.Event) {
			return false
		}
		r.whole = at + 1
	}
	from := len(d.Text)
	switch f := r.FieldAt(at); {
	case f == dns.RecordName:
		d.Text = trimDot(r.QName(d.Text), from)
		r.spellName(from)
	case f == dns.RecordData:
		text, ok := r.AppendRecordData(d.Text)
		if d.Text = text; ok {
			r.use(dns.RecordData)
			typ, _ := r.Word(dns.QueryType)
			r.spellData(from, uint16(typ))
		}
	default:
		switch r.Template.Fields[at].Type {
		case schema.ANSI:
			d.Text = schema.AppendANSI(d.Text, v.Bytes)
		case schema.UTF16:
			d.Text = schema.AppendUTF16(d.Text, v.Bytes)
		case schema.U32:
			d.Text = strconv.AppendUint(d.Text, v.Num, 10)
		}
		if f == dns.Zone || f == dns.DomainName {
			d.Text = trimDot(d.Text, from)
			r.spellName(from)
		}
	}
	if len(d.Text) > from {
		m.PutText(key, from)
	}
	return len(d.Text) > from
}
