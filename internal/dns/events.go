// SPDX-License-Identifier: Apache-2.0

// What the event ids of both providers stand for. A new id is a row here and its list of fields in dnsserver.txt or dnsclient.txt; a new
// audit event is a row of Audits and its list of fields. The code that decides by the kind of an event reads
// these columns, never an id.

package dns

// eventRow is what event ids stand for beyond their fields.
type eventRow struct {
	ids     []uint16
	meaning Meaning
	// class is the ids' class in each profile.
	class classes
	// category is what the low keyword bits select the ids by; 0 is none. Only the DNS Client has categories.
	category category
}

// classes is a class in each profile. The zero value leaves the class to View.Class.
type classes struct {
	windows, asim, documented Class
}

// same is a class that all profiles have.
func same(c Class) classes { return classes{c, c, c} }

// in gives the class in a profile.
func (c classes) in(p Profile) Class {
	switch p {
	case ProfileASIM:
		return c.asim
	case ProfileDocumented:
		return c.documented
	}
	return c.windows
}

func ids(list ...uint16) []uint16 { return list }

// span lists the ids from first to last.
func span(first, last uint16) (list []uint16) {
	for id := first; id <= last; id++ {
		list = append(list, id)
	}
	return list
}

// Query types that event names imply (RFC 1995, RFC 5936).
const (
	typeIXFR = 251
	typeAXFR = 252
)

// serverEvents are the events of Microsoft-Windows-DNSServer in its Analytical channel; Audits has those of the Audit channel. The meaning
// is read from the message texts of the provider's manifest.
//
// As a rule the client is the one that asks. On requests that this server sends (recursion, transfers and notifications going out,
// forwarded updates) and their responses the peer is the server. The field's name does not decide: 265, 269 and 274 call it Source, and 278
// calls it Destination.
func serverEvents() []eventRow {
	fromClient := Meaning{Phase: Request, Peer: Source, Local: InterfaceIP, Role: RoleClientQuery}
	toClient := Meaning{Phase: Response, Peer: Destination, Local: InterfaceIP, Role: RoleClientResponse}
	toServer := Meaning{Phase: Request, Peer: Destination, PeerIsServer: true, Local: InterfaceIP, Role: RoleRecursiveQuery}
	fromServer := Meaning{Phase: Response, Peer: Source, PeerIsServer: true, Local: InterfaceIP, Role: RoleRecursiveResponse}
	ignored := Meaning{Phase: Response, Peer: Source, Local: InterfaceIP, Role: RoleClientResponse, NoAnswer: true}
	timedOut := Meaning{Phase: Response, Peer: Destination, PeerIsServer: true, Local: InterfaceIP, Role: RoleRecursiveResponse, NoAnswer: true}
	// A look-up inside the server, for the client at Source.
	inside := Meaning{Phase: Response, Peer: Source, Local: InterfaceIP, Role: RoleCache}
	// A response that is to be dropped: in the mode LogOnly of response rate limiting the server logs this and sends the response all the
	// same (MS-DNSP section 2.2.16.1.1), and the event does not say the mode. A truncated or leaked one is sent in any mode.
	undecided := toClient
	undecided.Undecided = true
	// A message of a zone transfer with a query type. If this server asked for the transfer, the peer is the server.
	transfer := func(p Phase, peer Field, out bool, qtype uint16) Meaning {
		return Meaning{Phase: p, Peer: peer, PeerIsServer: out, Local: InterfaceIP, Role: RoleTransfer, QueryType: qtype}
	}
	// A dynamic update that this server forwards to another, and the response to it.
	forwarded := func(p Phase, local Field) Meaning {
		return Meaning{Phase: p, Peer: Destination, PeerIsServer: true, Local: local, Role: RoleUpdate}
	}
	as := func(m Meaning, r Role) Meaning { m.Role = r; return m }
	paired := func(m Meaning) Meaning { m.Pair = ServerExchange; return m }
	recursion := func(m Meaning, s RecursionStep) Meaning { m.Recursion = s; return m }
	limited := func(m Meaning) Meaning { m.RateLimited = true; return m }
	fault := func(m Meaning) Meaning { m.Fault = true; return m }
	row := func(ids []uint16, m Meaning, c classes) eventRow { return eventRow{ids: ids, meaning: m, class: c} }

	return []eventRow{
		row(ids(256, 287), paired(fromClient), same(queryRequest)),                                                           // QUERY_RECEIVED
		row(ids(257), paired(toClient), classes{queryResponse, queryResponse, queryRequest}),                                 // RESPONSE_SUCCESS
		row(ids(284), paired(toClient), same(queryResponse)),                                                                 // RESPONSE_SUCCESS
		row(ids(258, 285), paired(toClient), same(queryResponse)),                                                            // RESPONSE_FAILURE
		row(ids(259), ignored, same(queryResponse)),                                                                          // IGNORED_QUERY
		row(ids(260, 289), recursion(toServer, RecursionSent), classes{queryRecursive, queryRequest, queryRecursive}),        // RECURSE_QUERY_OUT
		row(ids(261, 290), recursion(fromServer, RecursionAnswered), classes{queryRecursive, queryResponse, queryRecursive}), // RECURSE_RESPONSE_IN
		row(ids(262, 291), recursion(timedOut, RecursionTimedOut), classes{queryRecursive, queryResponse, queryRecursive}),   // RECURSE_QUERY_TIMEOUT
		row(ids(263), as(fromClient, RoleUpdate), same(updateRequest)),                                                       // DYN_UPDATE_RECV
		row(ids(264), as(toClient, RoleUpdate), same(updateResponse)),                                                        // DYN_UPDATE_RESPONSE
		row(ids(265), transfer(Request, Source, true, typeIXFR), same(queryRequest)),                                         // IXFR_REQ_OUT
		row(ids(266), transfer(Request, Source, false, typeIXFR), same(queryRequest)),                                        // IXFR_REQ_RECV
		row(ids(267), transfer(Response, Destination, false, typeIXFR), same(queryResponse)),                                 // IXFR_RESP_OUT
		row(ids(268), transfer(Response, Destination, true, typeIXFR), same(queryResponse)),                                  // IXFR_RESP_RECV
		row(ids(269), transfer(Request, Source, true, typeAXFR), same(queryRequest)),                                         // AXFR_REQ_OUT
		row(ids(270), transfer(Request, Source, false, typeAXFR), same(queryRequest)),                                        // AXFR_REQ_RECV
		row(ids(271), transfer(Response, Destination, false, typeAXFR), same(queryResponse)),                                 // AXFR_RESP_OUT
		row(ids(272), transfer(Response, Destination, true, typeAXFR), same(queryResponse)),                                  // AXFR_RESP_RECV
		row(ids(273), as(fromClient, RoleTransfer), same(notifyRequest)),                                                     // XFR_NOTIFY_RECV: the primary asks
		row(ids(274), transfer(Request, Source, true, 0), same(notifyRequest)),                                               // XFR_NOTIFY_OUT
		row(ids(275), as(fromServer, RoleTransfer), same(notifyResponse)),                                                    // XFR_NOTIFY_ACK_IN
		row(ids(276), as(toClient, RoleTransfer), same(notifyResponse)),                                                      // XFR_NOTIFY_ACK_OUT
		row(ids(277), forwarded(Request, ForwardInterfaceIP), same(updateRequest)),                                           // DYN_UPDATE_FORWARD
		row(ids(278), forwarded(Response, InterfaceIP), same(updateResponse)),                                                // DYN_UPDATE_RESPONSE_IN
		row(ids(279, 280), inside, same(queryResponse)),                                                                      // INTERNAL_LOOKUP_CNAME, _ADDITIONAL
		row(ids(281), limited(undecided), same(statusResponse)),                                                              // RRL_TO_BE_DROPPED
		row(ids(282, 283), limited(toClient), same(statusResponse)),                                                          // RRL_TO_BE_TRUNCATED, _LEAKED
		row(ids(286), fault(fromServer), same(statusResponse)),                                                               // RECURSE_ALIAS_FAILURE
		// DNSSEC_VALIDATION_FAILURE: of what another server answered.
		row(ids(288), fault(Meaning{Phase: Response, PeerIsServer: true, Role: RoleRecursiveResponse}), same(statusResponse)),
	}
}

// clientEvents are the events of Microsoft-Windows-DNS-Client: this host asks, always. Ids that it does not have inform only.
func clientEvents() []eventRow {
	query := Meaning{Phase: Request, PeerIsServer: true, Role: RoleClientQuery}
	answer := Meaning{Phase: Response, PeerIsServer: true, Role: RoleClientResponse}
	unanswered := Meaning{Phase: Response, PeerIsServer: true, Role: RoleClientResponse, NoAnswer: true}
	final := Meaning{Phase: Response, PeerIsServer: true, Role: RoleClientResponse, FinalStatus: true}
	cacheAsked := Meaning{Phase: Request, PeerIsServer: true, Role: RoleCache}
	cacheAnswered := Meaning{Phase: Response, PeerIsServer: true, Role: RoleCache}
	own := func(m Meaning) Meaning { m.OwnProcess = true; return m }
	anyOf := func(m Meaning) Meaning { m.AnyProcess = true; return m }
	paired := func(m Meaning, p Pair) Meaning { m.Pair = p; return m }
	// The service's events of a look-up come in this order: 3016 and 3018 (the cache), then for each server 3019, 3009, 3010, 3011 and 3020.
	part := func(m Meaning, s LookupStep) Meaning { m.Lookup, m.Lookup.Part = s, true; return m }
	asked := classes{cacheRequest, queryRequest, cacheRequest}
	answered := classes{cacheResponse, queryResponse, cacheResponse}

	return []eventRow{
		{ids(3000), anyOf(query), same(queryRequest), queryEvents},
		{ids(3001), anyOf(answer), same(queryResponse), queryEvents},
		{ids(3002), anyOf(cacheAsked), asked, cacheEvents},
		{ids(3003), anyOf(cacheAnswered), answered, cacheEvents},
		{ids(3004), anyOf(query), same(queryRequest), queryEvents},
		{ids(3005), anyOf(answer), same(queryResponse), queryEvents},
		{ids(3006), paired(own(query), ClientCall), same(queryRequest), queryEvents},
		{ids(3007), part(own(query), LookupStep{}), same(queryRequest), queryEvents},
		{ids(3008), paired(own(final), ClientCall), same(queryResponse), queryEvents},
		{ids(3009), part(query, LookupStep{Server: 1, Asks: true}), same(queryRequest), networkEvents},
		{ids(3010), paired(part(query, LookupStep{Server: 2, Asks: true}), ClientWire), same(queryRequest), networkEvents},
		{ids(3011), paired(part(final, LookupStep{Rank: RankResponse, Server: 3, Asks: true}), ClientWire), same(queryResponse), networkEvents},
		{ids(3012), query, same(queryRequest), networkEvents},
		{ids(3013), final, same(queryResponse), networkEvents},
		{ids(3014), answer, same(queryResponse), networkEvents},
		{ids(3015), part(own(answer), LookupStep{}), same(queryResponse), queryEvents},
		{ids(3016), paired(part(cacheAsked, LookupStep{}), ClientCache), asked, cacheEvents},
		{ids(3018), paired(part(cacheAnswered, LookupStep{Rank: RankCached, Caches: true}), ClientCache), answered, cacheEvents},
		{ids(3019), paired(part(query, LookupStep{Asks: true}), ClientNetwork), classes{queryRequest, queryRequest, cacheRemove}, cacheEvents | networkEvents},
		{ids(3020), paired(part(final, LookupStep{Rank: RankAnswer, Asks: true}), ClientNetwork), classes{queryResponse, queryResponse, cacheAdd}, cacheEvents | networkEvents},
		{ids(1014, 1015), unanswered, same(queryResponse), networkEvents},
		{ids(1013, 1016, 1017, 1018), Meaning{}, classes{}, networkEvents},
		{append(span(1001, 1012), 1019, 3023, 3024), Meaning{}, classes{}, configurationEvents},
	}
}

// meanings gives what each id stands for.
func (p *Provider) meanings() map[uint16]Meaning {
	m := map[uint16]Meaning{}
	for _, row := range p.events {
		for _, id := range row.ids {
			m[id] = row.meaning
		}
	}
	return m
}

// classes gives the class of each id in a profile. An id that is not there has none of its own.
func (p *Provider) classes(profile Profile) map[uint16]Class {
	m := map[uint16]Class{}
	for _, row := range p.events {
		if class := row.class.in(profile); class != (Class{}) {
			for _, id := range row.ids {
				m[id] = class
			}
		}
	}
	return m
}

// categories gives the categories of each id; nil for a provider that has none.
func (p *Provider) categories() map[uint16]category {
	var m map[uint16]category
	for _, row := range p.events {
		if row.category == 0 {
			continue
		}
		if m == nil {
			m = map[uint16]category{}
		}
		for _, id := range row.ids {
			m[id] = row.category
		}
	}
	return m
}
