// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// DNSView says what the record of an event says, before it is made: for the mapper and for filters. It allocates nothing for an event.
type DNSView struct {
	client  bool // the events are the DNS Client's
	profile DNSProfile
	classes map[uint16]dnsClass
}

// NewDNSView makes the view of a provider's events in a profile.
func NewDNSView(p *dns.Provider, profile DNSProfile) *DNSView {
	return &DNSView{p.GUID == dns.Client().GUID, profile, classify(p, profile)}
}

// class gives the event's class: what the profile's table says, else what is known of audit events.
func (v *DNSView) class(e *dns.Event) dnsClass {
	if class, ok := v.classes[e.ID]; ok {
		return class
	}
	return v.auditClass(e)
}

// Wants reports whether the profile has a place for the event; see DNSMapper.Wants.
func (v *DNSView) Wants(e *dns.Event) bool { return v.profile != ProfileASIM || !e.Audit }

// EventType gives EventType.
func (v *DNSView) EventType(e *dns.Event) string { return v.class(e).eventType }

// DNSEventTypes are the values of EventType.
func DNSEventTypes() []string {
	return []string{typeQuery, typeUpdate, typeNotify, typeStatus, typeDNSCache}
}

// Outcome gives EventResult, and DnsResponseCode where there is one.
func (v *DNSView) Outcome(e *dns.Event) dns.Outcome {
	if v.profile == ProfileDocumented {
		return documentedOutcome(e)
	}
	return e.Outcome()
}

// DeviceAsks reports whether the source is the device, whose address stands in where the event names none.
func (v *DNSView) DeviceAsks(e *dns.Event) bool {
	return v.client || e.PeerIsServer && v.profile != ProfileDocumented
}

// documentedOutcome takes any success and response code of a response for its result, be it that of a step, and gives the code of a
// request as well.
func documentedOutcome(e *dns.Event) dns.Outcome {
	const timeout = 1460 // ERROR_TIMEOUT (winerror.h)
	code, ok := e.RCode()
	o := dns.Outcome{Code: code, HasCode: ok}
	status, hasStatus := e.Num(dns.Status)
	switch {
	case ok && e.Phase == dns.Response && code == 0:
		o.Result = dns.ResultSuccess
	case ok && e.Phase == dns.Response, e.NoAnswer, !ok && hasStatus && status == timeout:
		o.Result = dns.ResultFailure
	}
	return o
}
