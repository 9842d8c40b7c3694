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
	// Pair is the pair of ids, of a query and its response, that the id belongs to; Phase says which of the two it is.
	Pair Pair
	// Recursion is the id's place in a recursion of the DNS Server.
	Recursion RecursionStep
	// RateLimited marks an event of response rate limiting. It has no GUID, so nothing ties it to its query with certainty.
	RateLimited bool
	// Fault marks an event that reports a fault of recursion. A response code in it is of a packet that came.
	Fault bool
	// Lookup is the id's place in a look-up of the DNS Client, between a program's call and its result.
	Lookup LookupStep
}

// Pair is a pair of ids, of queries and their responses. The values are at most LastPair.
type Pair uint8

// The pairs. ServerExchange is a query that the DNS Server receives, and its response. The others are the DNS Client's: ClientCall is a
// program's call and its result, ClientWire is a query to one server and its response.
const (
	NoPair Pair = iota
	ClientCall
	ClientWire
	ClientCache
	ClientNetwork
	ServerExchange

	LastPair = ServerExchange
)

// RecursionStep is an event's place in a recursion: a query to another server, its response, or its timeout.
type RecursionStep uint8

// The places.
const (
	NoRecursion RecursionStep = iota
	RecursionSent
	RecursionAnswered
	RecursionTimedOut
)

// LookupStep is an event's place in an open look-up. The zero value is none.
type LookupStep struct {
	Part   bool
	Rank   Rank  // the record is made of the event with the highest rank
	Server uint8 // the server is from the event with the highest value; 0 for none
	Asks   bool  // it is about a query to a server
	Caches bool  // its status says whether the cache had the answer
}

// Rank orders the events of a look-up. The call itself has the lowest.
type Rank uint8

// The ranks.
const (
	RankCall Rank = iota
	RankResponse
	RankCached
	RankAnswer
	RankResult
)

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
