// SPDX-License-Identifier: Apache-2.0

package dns

// Phase is where an event stands in an exchange.
type Phase uint8

// The phases.
const (
	NoPhase Phase = iota // not part of an exchange
	Request
	Response
)

// Meaning is what an event id stands for, beyond its fields.
type Meaning struct {
	Phase Phase
	// Peer is the field that names the other host, and PeerIsServer whether that host is the one that is asked. The other
	// end is this host, whose address is in the field Local.
	Peer         Field
	PeerIsServer bool
	Local        Field
	// Role says who asks whom; see Event.Role.
	Role Role
	// NoAnswer marks an event that says that a query got no answer: a failure without a response code.
	NoAnswer bool
	// Undecided marks an event that carries the response code of a response of which it does not say whether it is sent.
	Undecided bool
	// FinalStatus marks an event whose Windows status is the last one of a look-up. Other events have the status of a step.
	FinalStatus bool
	// OwnProcess marks an event that the process writes that asks, so that its user is the one who asks. AnyProcess marks one of which
	// no public source says whether that process or the DNS Client service writes it. The service writes the others of its provider,
	// as itself.
	OwnProcess, AnyProcess bool
	// QueryType is the type of query that the event's name implies, where no field says it; 0 is none.
	QueryType uint16
	// Audit marks an event of the DNS Server's Audit channel, which says what was changed or done on the server; see
	// Provider.Audits.
	Audit bool
	// UpdateTask marks an audit event whose task changes zones and records.
	UpdateTask bool
}

// The Audit channel of the DNS Server, and its bit in the keywords of its events (the provider's manifest).
const (
	AuditChannel = 17
	auditKeyword = 1 << 62
)

// Tasks of the DNS Server that change zones and records: dynamic updates, zone operations and ageing (the provider's manifest).
const (
	taskDynamicUpdate = 3
	TaskZone          = 5
	taskAgeing        = 6
)

// Audits reports whether an event with this channel or these keywords is an audit event. The DNS Client has none: bit 62 of its
// keywords is the System channel.
func (p *Provider) Audits(channel uint8, keyword uint64) bool {
	return p.audits && (channel == AuditChannel || keyword&auditKeyword != 0)
}

// audit marks an event that the header or the manifest says is of the Audit channel.
func (m *Meaning) audit(p *Provider, channel uint8, keyword uint64, task uint16) {
	if p.Audits(channel, keyword) {
		m.Audit, m.UpdateTask = true, task == taskDynamicUpdate || task == TaskZone || task == taskAgeing
	}
}
