// SPDX-License-Identifier: Apache-2.0

// A conversation with the recorded server: the client, its question, and the state that the events share.

package main

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// client is a host that asks.
type client struct {
	address string
	asked   string // the server's address that it uses
}

// clients are the hosts that ask: workstations, servers, a branch office, and one with a link-local address only.
func clients() []client {
	var list []client
	for _, a := range []string{"10.1.4.21", "10.1.4.27", "10.1.4.33", "10.1.4.40", "10.1.4.58", "10.1.7.12", "10.0.30.25", "10.0.40.80",
		"10.0.60.11", "172.31.87.64", "192.168.51.101", "fd00:0:1:4::15", "fd00:0:1:4::2a", "fd00:0:1:4::3b", "fd00:0:1:7:1c2d:3e4f:5a6b:7c8d",
		"fe80::9d4c:77ff:fe10:2a31%5"} {
		asked := serverIPv4
		if !netip.MustParseAddr(a).Is4() {
			asked = serverIPv6
		}
		list = append(list, client{a, asked})
	}
	return list
}

const serverProcess = 3336

// talk is a conversation.
type talk struct {
	*server
	from
	client
	tcp   bool
	port  uint16
	guid  string // identifies the events of one query
	query *dns.Msg
	begun time.Duration // when the query arrived
	edns  *ednsTags     // nil for events without EDNS fields
	older bool          // 257 has the layout of Windows Server 2022, otherwise of Windows Server 2025
}

// ednsTags are the additional fields of the events' EDNS variants.
type ednsTags struct {
	scope       string
	instance    string
	dataTag     uint64
	correlation etw.GUID
}

// begin starts a conversation with any client, on one of the server's threads.
func (s *server) begin(at time.Duration) *talk {
	threads := []uint32{3668, 4196, 4200, 4208, 5120, 5132}
	return &talk{
		server: s, from: from{at, serverProcess, pick(s.trace, threads), localSystem()}, client: pick(s.trace, s.clients), tcp: s.one(12),
		port: uint16(49152 + s.IntN(16384)), guid: s.chance.guid().String(), older: s.one(3),
	}
}

// withEDNS makes the client of the conversation send tags.
func (t *talk) withEDNS() *talk {
	t.edns = &ednsTags{scope: "Default", instance: ".", dataTag: t.Uint64() >> 16, correlation: t.server.guid()}
	if t.one(4) {
		t.edns.scope, t.edns.instance = "InternalClients", "Tenant-A"
	}
	return t
}

// wait advances the time.
func (t *talk) wait(low, high time.Duration) { t.at += t.between(low, high) }

// ask makes the client's query.
func (t *talk) ask(q question) *dns.Msg {
	const modern = 4
	m := new(dns.Msg)
	m.Id, m.RecursionDesired = uint16(t.Uint32()), true
	name := q.name
	if t.one(10) {
		name = t.mixCase(name)
	}
	m.Question = []dns.Question{{Name: name, Qtype: q.qtype, Qclass: dns.ClassINET}}
	switch {
	case t.edns != nil:
		m.SetEdns0(1232, t.one(3))
		const localOption = 65432 // where Windows reads tags from; the range is for local use
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_LOCAL{Code: localOption, Data: t.edns.correlation[:]}}
	case t.one(modern):
		m.SetEdns0(4096, t.one(2))
		m.CheckingDisabled, m.AuthenticatedData = t.one(6), t.one(6)
	}
	t.query, t.begun = m, t.at
	return m
}

// answerTo makes the answer to a query.
func answerTo(query *dns.Msg, r reply, authoritative bool) *dns.Msg {
	m := new(dns.Msg)
	m.SetRcode(query, r.rcode)
	m.RecursionAvailable, m.Authoritative = true, authoritative
	m.Answer, m.Ns, m.Extra = r.answer, r.authority, slices.Clone(r.additional)
	if o := query.IsEdns0(); o != nil {
		m.SetEdns0(1232, o.Do())
	} else {
		m.Answer = withoutSignatures(m.Answer)
	}
	return m
}

// withoutSignatures removes what a client without DNSSEC does not get.
func withoutSignatures(list []dns.RR) []dns.RR {
	var kept []dns.RR
	for _, rr := range list {
		if rr.Header().Rrtype != dns.TypeRRSIG {
			kept = append(kept, rr)
		}
	}
	return kept
}

// pack returns a message's bytes, compressed.
func (t *trace) pack(m *dns.Msg) []byte {
	m.Compress = true
	b, err := m.Pack()
	if err != nil {
		t.fail(err)
		return make([]byte, 12)
	}
	return b
}

// flagsOf returns the header flags of a message.
func flagsOf(packet []byte) uint16 { return binary.BigEndian.Uint16(packet[2:]) }

// oneIf returns a flag as events contain it.
func oneIf(set bool) int {
	if set {
		return 1
	}
	return 0
}

// tags adds the EDNS fields that most variants have.
func (t *talk) tags(f fields) fields {
	if t.edns != nil {
		f["EDNSCorrelationTag"], f["EDNSScopeName"] = t.edns.correlation, t.edns.scope
	}
	return f
}

// id returns the event id, or that of its variant with EDNS fields.
func (t *talk) id(plain, edns uint16) uint16 {
	if t.edns != nil {
		return edns
	}
	return plain
}
