// SPDX-License-Identifier: Apache-2.0

// Audit events in the words of ASIM's schema AuditEvent, which profile asim has for them.

package dns

// The values of EventType that the schema AuditEvent enumerates and that an audit event of the DNS Server can have.
const (
	auditCreate = "Create"
	auditDelete = "Delete"
	auditSet    = "Set"
	auditClear  = "Clear"
	auditStart  = "Start"
	auditStop   = "Stop"
	auditOther  = "Other"
)

// auditEventTypes gives EventType for the verbs that the schema has a word for.
var auditEventTypes = map[string]string{
	"create": auditCreate, "delete": auditDelete, "set": auditSet, "clear": auditClear, "start": auditStart, "stop": auditStop,
}

// AuditEvent reports whether the record of the event is one of the schema AuditEvent.
func (v *View) AuditEvent(e *Event) bool { return v.profile == ProfileASIM && e.Audit }

// auditEventClass gives the class of an audit event in the schema AuditEvent. A verb that the schema has no word for is EventSubType.
func auditEventClass(p *AuditPlan) Class {
	if p == nil {
		return Class{auditOther, ""}
	}
	if word, ok := auditEventTypes[p.Verb]; ok {
		return Class{word, ""}
	}
	return Class{auditOther, p.Verb}
}

// auditEventOutcome gives the result of an audit event in the schema AuditEvent: that of its row. For an event that is not in the table, the
// result is not known.
func auditEventOutcome(p *AuditPlan) Outcome {
	if p == nil {
		return Outcome{}
	}
	return Outcome{Result: p.Result}
}

// Single returns the name of a kind of which a server has only one object, such as "Root Hints". Events do not name such an object. It is
// empty for other kinds.
func (k ObjectKind) Single() string {
	switch k {
	case kindForwarders, kindRootHints, kindListen, kindServer, kindStatistics, kindScavenging, kindRateLimiting:
		return string(k)
	}
	return ""
}
