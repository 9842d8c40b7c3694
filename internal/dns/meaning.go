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

// Meaning is what an event id stands for, beyond its fields. The tables below are read from the message texts of the
// providers' manifests.
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

// Query types that event names imply (RFC 1995, RFC 5936).
const (
	typeIXFR = 251
	typeAXFR = 252
)

// serverEvents: the client is the one that asks. On requests that this server sends (recursion, transfers and notifications
// going out, forwarded updates) and their responses the peer is the server, whatever the field is called: 265, 269 and 274
// call it Source, and 278 calls it Destination.
func serverEvents() map[uint16]Meaning {
	fromClient := Meaning{Phase: Request, Peer: Source, Local: InterfaceIP, Role: RoleClientQuery}
	toClient := Meaning{Phase: Response, Peer: Destination, Local: InterfaceIP, Role: RoleClientResponse}
	toServer := Meaning{Phase: Request, Peer: Destination, PeerIsServer: true, Local: InterfaceIP, Role: RoleRecursiveQuery}
	fromServer := Meaning{Phase: Response, Peer: Source, PeerIsServer: true, Local: InterfaceIP, Role: RoleRecursiveResponse}
	// A look-up inside the server, for the client at Source.
	inside := Meaning{Phase: Response, Peer: Source, Local: InterfaceIP, Role: RoleCache}
	// A response that is to be dropped: in the mode LogOnly of response rate limiting the server logs this and sends the response all the
	// same (MS-DNSP section 2.2.16.1.1), and the event does not say the mode. A truncated or leaked one is sent in any mode.
	undecided := toClient
	undecided.Undecided = true
	as := func(m Meaning, r Role) Meaning { m.Role = r; return m }

	m := map[uint16]Meaning{
		256: fromClient, 287: fromClient, // QUERY_RECEIVED
		257: toClient, 284: toClient, // RESPONSE_SUCCESS
		258: toClient, 285: toClient, // RESPONSE_FAILURE
		259: {Phase: Response, Peer: Source, Local: InterfaceIP, Role: RoleClientResponse, NoAnswer: true}, // IGNORED_QUERY
		260: toServer, 289: toServer,                                                                       // RECURSE_QUERY_OUT
		261: fromServer, 290: fromServer, // RECURSE_RESPONSE_IN
		262: {Phase: Response, Peer: Destination, PeerIsServer: true, Local: InterfaceIP, Role: RoleRecursiveResponse, NoAnswer: true}, // RECURSE_QUERY_TIMEOUT
		291: {Phase: Response, Peer: Destination, PeerIsServer: true, Local: InterfaceIP, Role: RoleRecursiveResponse, NoAnswer: true},
		263: as(fromClient, RoleUpdate), 264: as(toClient, RoleUpdate), // DYN_UPDATE_RECV, _RESPONSE
		265: {Phase: Request, Peer: Source, PeerIsServer: true, Local: InterfaceIP, Role: RoleTransfer, QueryType: typeIXFR},       // IXFR_REQ_OUT
		266: {Phase: Request, Peer: Source, Local: InterfaceIP, Role: RoleTransfer, QueryType: typeIXFR},                           // IXFR_REQ_RECV
		267: {Phase: Response, Peer: Destination, Local: InterfaceIP, Role: RoleTransfer, QueryType: typeIXFR},                     // IXFR_RESP_OUT
		268: {Phase: Response, Peer: Destination, PeerIsServer: true, Local: InterfaceIP, Role: RoleTransfer, QueryType: typeIXFR}, // IXFR_RESP_RECV
		269: {Phase: Request, Peer: Source, PeerIsServer: true, Local: InterfaceIP, Role: RoleTransfer, QueryType: typeAXFR},       // AXFR_REQ_OUT
		270: {Phase: Request, Peer: Source, Local: InterfaceIP, Role: RoleTransfer, QueryType: typeAXFR},                           // AXFR_REQ_RECV
		271: {Phase: Response, Peer: Destination, Local: InterfaceIP, Role: RoleTransfer, QueryType: typeAXFR},                     // AXFR_RESP_OUT
		272: {Phase: Response, Peer: Destination, PeerIsServer: true, Local: InterfaceIP, Role: RoleTransfer, QueryType: typeAXFR}, // AXFR_RESP_RECV
		273: as(fromClient, RoleTransfer),                                                                                          // XFR_NOTIFY_RECV: the primary asks
		274: {Phase: Request, Peer: Source, PeerIsServer: true, Local: InterfaceIP, Role: RoleTransfer},                            // XFR_NOTIFY_OUT
		275: as(fromServer, RoleTransfer),                                                                                          // XFR_NOTIFY_ACK_IN
		276: as(toClient, RoleTransfer),                                                                                            // XFR_NOTIFY_ACK_OUT
		277: {Phase: Request, Peer: Destination, PeerIsServer: true, Local: ForwardInterfaceIP, Role: RoleUpdate},                  // DYN_UPDATE_FORWARD
		278: {Phase: Response, Peer: Destination, PeerIsServer: true, Local: InterfaceIP, Role: RoleUpdate},                        // DYN_UPDATE_RESPONSE_IN
		279: inside, 280: inside,                                                                                                   // INTERNAL_LOOKUP_CNAME, _ADDITIONAL
		281: undecided, 282: toClient, 283: toClient, // RRL_TO_BE_DROPPED, _TRUNCATED, _LEAKED
		286: fromServer,                                                         // RECURSE_ALIAS_FAILURE
		288: {Phase: Response, PeerIsServer: true, Role: RoleRecursiveResponse}, // DNSSEC_VALIDATION_FAILURE: of what another server answered

		519: {Peer: Source}, 520: {Peer: Source}, // audit events of dynamic updates, which name the client
	}
	return m
}

// clientEvents: this host asks, always.
func clientEvents() map[uint16]Meaning {
	m := map[uint16]Meaning{}
	each := func(meaning Meaning, ids ...uint16) {
		meaning.PeerIsServer = true
		for _, id := range ids {
			m[id] = meaning
		}
	}
	each(Meaning{Phase: Request, Role: RoleClientQuery}, 3000, 3004, 3006, 3007, 3009, 3010, 3012, 3019)
	each(Meaning{Phase: Response, Role: RoleClientResponse}, 3001, 3005, 3014, 3015)
	each(Meaning{Phase: Response, Role: RoleClientResponse, FinalStatus: true}, 3008, 3011, 3013, 3020)
	each(Meaning{Phase: Response, Role: RoleClientResponse, NoAnswer: true}, 1014, 1015)
	each(Meaning{Phase: Request, Role: RoleCache}, 3002, 3016)
	each(Meaning{Phase: Response, Role: RoleCache}, 3003, 3018)
	for _, id := range []uint16{3006, 3007, 3008, 3015} {
		own := m[id]
		own.OwnProcess = true
		m[id] = own
	}
	for id := uint16(3000); id <= 3005; id++ {
		written := m[id]
		written.AnyProcess = true
		m[id] = written
	}
	return m
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
