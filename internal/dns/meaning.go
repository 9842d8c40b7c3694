// SPDX-License-Identifier: Apache-2.0

package dns

// Phase is an event's place in an exchange.
type Phase uint8

// The phases.
const (
	NoPhase Phase = iota // not part of an exchange
	Request
	Response
)

// Meaning is the meaning of an event id beyond its fields.
type Meaning struct {
	Phase Phase
	// Peer is the field with the other host's address. PeerIsServer reports whether that host receives the query. The field Local has
	// the address of this host.
	Peer         Field
	PeerIsServer bool
	Local        Field
	// Role is the role of the id; see Event.Role.
	Role Role
	// NoAnswer marks the failure of a query that got no answer, and so no response code.
	NoAnswer bool
	// Undecided marks an event with the response code of a response that may not have been sent.
	Undecided bool
	// FinalStatus marks an event with the final Windows status of a look-up. Other events have the status of a step.
	FinalStatus bool
	// OwnProcess marks an event that the process with the query writes, as its own user. AnyProcess marks an event that either that
	// process or the DNS Client service writes: no public source says which. The service writes the other events of its provider, with
	// its own account.
	OwnProcess, AnyProcess bool
	// QueryType is the query type that the id implies, for events without a field for it; 0 is none.
	QueryType uint16
	// Audit marks an event of the DNS Server's Audit channel, which has the changes and actions on the server; see Provider.Audits.
	Audit bool
	// UpdateTask marks an audit event whose task changes zones and records.
	UpdateTask bool
}

// The Audit channel of the DNS Server, and its keyword bit (from the provider's manifest).
const (
	AuditChannel = 17
	auditKeyword = 1 << 62
)

// Tasks of the DNS Server that change zones and records: dynamic updates, zone operations and ageing (from the provider's manifest).
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

// audit marks an event of the Audit channel, by the channel, keywords and task of its header or of the manifest.
func (m *Meaning) audit(p *Provider, channel uint8, keyword uint64, task uint16) {
	if p.Audits(channel, keyword) {
		m.Audit, m.UpdateTask = true, task == taskDynamicUpdate || task == TaskZone || task == taskAgeing
	}
}
