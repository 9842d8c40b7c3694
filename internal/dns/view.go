// SPDX-License-Identifier: Apache-2.0

package dns

// View says what the record of an event says, before it is made: for the records and for filters. It allocates nothing for an event.
type View struct {
	client  bool // the events are the DNS Client's
	profile Profile
	classes map[uint16]Class
}

// NewView makes the view of a provider's events in a profile.
func NewView(p *Provider, profile Profile) *View {
	return &View{p.GUID == Client().GUID, profile, classify(p, profile)}
}

// Class gives the event's class: what the profile's table says, else what is known of audit events.
func (v *View) Class(e *Event) Class {
	if v.AuditEvent(e) {
		return auditEventClass(e.AuditPlan())
	}
	if class, ok := v.classes[e.ID]; ok {
		return class
	}
	return v.auditClass(e)
}

// auditClass gives the class of an event that the profile's table does not have: an audit event's, else status. Of one that nobody
// knows, and in the documented profile, its task says whether something changes.
func (v *View) auditClass(e *Event) Class {
	plan := e.AuditPlan()
	switch {
	case v.profile != ProfileDocumented && plan != nil && plan.Changes:
		return Class{EventTypeUpdate, plan.Verb}
	case v.profile != ProfileDocumented && plan != nil:
		return Class{EventTypeStatus, plan.Verb}
	case e.UpdateTask:
		return Class{EventTypeUpdate, ""}
	}
	return status
}

// EventType gives EventType.
func (v *View) EventType(e *Event) string { return v.Class(e).EventType }

// EventTypes are the values of EventType: those of DNS events, and those of the schema AuditEvent, which profile asim has for audit
// events.
func EventTypes() []string {
	return []string{
		EventTypeQuery, EventTypeUpdate, EventTypeNotify, EventTypeStatus, EventTypeDNSCache,
		auditCreate, auditDelete, auditSet, auditClear, auditStart, auditStop, auditOther,
	}
}

// Outcome gives EventResult, and DnsResponseCode where there is one.
func (v *View) Outcome(e *Event) Outcome {
	if v.AuditEvent(e) {
		return auditEventOutcome(e.AuditPlan())
	}
	if v.profile == ProfileDocumented {
		return documentedOutcome(e)
	}
	return e.Outcome()
}

// DeviceAsks reports whether the source is the device, whose address stands in where the event names none.
func (v *View) DeviceAsks(e *Event) bool {
	return v.client || e.PeerIsServer && v.profile != ProfileDocumented
}

// documentedOutcome takes any success and response code of a response for its result, be it that of a step, and gives the code of a
// request as well.
func documentedOutcome(e *Event) Outcome {
	const timeout = 1460 // ERROR_TIMEOUT (winerror.h)
	code, ok := e.RCode()
	o := Outcome{Code: code, HasCode: ok}
	status, hasStatus := e.Num(Status)
	switch {
	case ok && e.Phase == Response && code == 0:
		o.Result = ResultSuccess
	case ok && e.Phase == Response, e.NoAnswer, !ok && hasStatus && status == timeout:
		o.Result = ResultFailure
	}
	return o
}
