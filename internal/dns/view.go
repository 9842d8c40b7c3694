// SPDX-License-Identifier: Apache-2.0

package dns

// View gives the values that an event's record has in a profile, to records and to filters. It allocates nothing for an event.
type View struct {
	client  bool // the events are the DNS Client's
	profile Profile
	classes map[uint16]Class
}

// NewView makes the view of a provider's events in a profile.
func NewView(p *Provider, profile Profile) *View {
	return &View{p.GUID == Client().GUID, profile, p.classes(profile)}
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

// auditClass returns the class of an event without a class of its own: that of an audit event, else status. The task of an unknown audit
// event, and of any audit event in profile documented, says whether it changes something.
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

// DeviceAsks reports whether the device sends the query. Its address is then the source if the event has none.
func (v *View) DeviceAsks(e *Event) bool {
	return v.client || e.PeerIsServer && v.profile != ProfileDocumented
}

// documentedOutcome is Outcome of profile documented: any status and response code of a response is its result, even that of a step, and a
// request has a code as well.
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
