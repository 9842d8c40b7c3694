// SPDX-License-Identifier: Apache-2.0

// The events of queries and recursion (256 to 262, 279, 280, 284 to 291), with values as in recorded events.

package main

import (
	"time"

	"github.com/miekg/dns"
)

// Values as found in recorded events.
const (
	cacheZone    = "..Cache"
	null         = "NULL"
	defaultScope = "Default"
	anyInterface = "0.0.0.0"
)

// emit adds an event in the manifest's own layout, at the current time.
func (t *talk) emit(event uint16, f fields) { t.add(t.from, t.template(event, 0, 0), f) }

// received adds the arrival of the query: 256 or 287.
func (t *talk) received() {
	packet := t.pack(t.query)
	q := t.query.Question[0]
	f := fields{
		"TCP": oneIf(t.tcp), "InterfaceIP": t.asked, "Source": t.address, "RD": oneIf(t.query.RecursionDesired), "QNAME": q.Name,
		"QTYPE": q.Qtype, "XID": t.query.Id, "Port": t.port, "Flags": flagsOf(packet), "PacketData": packet, "GUID": t.guid,
	}
	if t.edns == nil {
		f["AdditionalInfo"] = "."
	} else {
		o := t.query.IsEdns0()
		f["EDNSExtendedRCodeBits"], f["EDNSFlags"] = 0, oneIf(o.Do())<<15
		f["EDNSUdpPayloadSize"], f["EDNSDataTag"] = o.UDPSize(), t.edns.dataTag
		f["EDNSVirtualizationInstance"] = t.edns.instance
	}
	t.emit(t.id(256, 287), t.tags(f))
}

// answered adds a response with an answer: 257 or 284.
func (t *talk) answered(m *dns.Msg, zone, scope string) {
	packet := t.pack(m)
	q := m.Question[0]
	opt := m.IsEdns0()
	f := fields{
		"TCP": oneIf(t.tcp), "InterfaceIP": t.asked, "Destination": t.address, "AA": oneIf(m.Authoritative),
		"AD": oneIf(m.AuthenticatedData), "QNAME": q.Name, "QTYPE": q.Qtype, "XID": m.Id, "DNSSEC": oneIf(opt != nil && opt.Do()),
		"RCODE": m.Rcode, "Port": t.port, "Flags": flagsOf(packet), "Scope": scope, "Zone": zone, "PolicyName": null,
		"PacketData": packet, "AdditionalInfo": "VirtualizationInstance:.", "ElapsedTime": t.elapsed(), "GUID": t.guid,
	}
	layout := t.template(257, 0, oneIf(t.older))
	if t.edns != nil {
		f["DataTag"] = t.edns.dataTag
		layout = t.template(284, 0, 0)
	}
	if layout.Find("StaleRecordsPresent") >= 0 && zone == cacheZone && t.one(15) {
		f["StaleRecordsPresent"] = "StaleRecordsPresent=1"
	}
	t.add(t.from, layout, t.tags(f))
}

// failed adds a response without an answer: 258 or 285.
func (t *talk) failed(m *dns.Msg, reason, zone, policy string) {
	packet := t.pack(m)
	q := m.Question[0]
	t.emit(t.id(258, 285), t.tags(fields{
		"TCP": oneIf(t.tcp), "InterfaceIP": t.asked, "Reason": reason, "Destination": t.address, "QNAME": q.Name, "QTYPE": q.Qtype,
		"XID": m.Id, "RCODE": m.Rcode, "Port": t.port, "Flags": flagsOf(packet), "Zone": zone, "PolicyName": policy,
		"PacketData": packet, "AdditionalInfo": ".", "ElapsedTime": t.elapsed(), "GUID": t.guid,
	}))
}

// elapsed returns the time since the query arrived, in milliseconds.
func (t *talk) elapsed() uint64 { return uint64((t.at - t.begun) / time.Millisecond) }

// dropped adds a query that gets no response: 259. For the system's own drops, the event has no interface.
func (t *talk) dropped(reason, policy string) {
	local := t.asked
	if reason == "System" {
		local = anyInterface
	}
	q := t.query.Question[0]
	t.emit(259, fields{
		"TCP": oneIf(t.tcp), "InterfaceIP": local, "Source": t.address, "Reason": reason, "QNAME": q.Name, "QTYPE": q.Qtype,
		"XID": t.query.Id, "Zone": null, "PolicyName": policy, "AdditionalInfo": ".",
	})
}

// relay is a query that the server sends to another one for a client.
type relay struct {
	*dns.Msg
	to string
}

// relay makes the query.
func (t *talk) relay(to string) relay {
	m := new(dns.Msg)
	m.Id, m.RecursionDesired = uint16(t.Uint32()), !t.one(5) // not set when the server asks the zone's own servers
	m.Question = t.query.Question
	m.SetEdns0(4000, true)
	return relay{m, to}
}

// sent adds the relayed query: 260 or 289.
func (t *talk) sent(r relay) {
	packet := t.pack(r.Msg)
	q := r.Question[0]
	t.emit(t.id(260, 289), t.tags(fields{
		"TCP": 0, "Destination": r.to, "InterfaceIP": anyInterface, "RD": oneIf(r.RecursionDesired), "QNAME": q.Name, "QTYPE": q.Qtype,
		"QXID": t.query.Id, "XID": r.Id, "Port": 0, "Flags": flagsOf(packet), "RecursionScope": ".", "CacheScope": defaultScope,
		"PolicyName": null, "PacketData": packet, "AdditionalInfo": ".", "GUID": t.guid,
	}))
}

// came adds the other server's response: 261 or 290.
func (t *talk) came(r relay, m *dns.Msg, depth int) {
	t.emit(t.id(261, 290), t.cameFields(r, m, depth))
}

func (t *talk) cameFields(r relay, m *dns.Msg, depth int) fields {
	packet := t.pack(m)
	q := m.Question[0]
	return t.tags(fields{
		"TCP": 0, "Source": r.to, "InterfaceIP": anyInterface, "AA": oneIf(m.Authoritative), "AD": oneIf(m.AuthenticatedData),
		"QNAME": q.Name, "QTYPE": q.Qtype, "XID": r.Id, "RecursionDepth": depth, "Port": 0, "Flags": flagsOf(packet),
		"RecursionScope": ".", "CacheScope": defaultScope, "PacketData": packet, "AdditionalInfo": ".", "GUID": t.guid,
		"QueriesAttached": oneIf(t.one(8)),
	})
}

// timedOut adds the timeout of the other server: 262 or 291.
func (t *talk) timedOut(r relay) {
	q := r.Question[0]
	t.emit(t.id(262, 291), t.tags(fields{
		"TCP": 0, "InterfaceIP": anyInterface, "Destination": r.to, "QNAME": q.Name, "QTYPE": q.Qtype, "QXID": t.query.Id, "XID": r.Id,
		"Port": 0, "Flags": flagsOf(t.pack(r.Msg)), "RecursionScope": ".", "CacheScope": defaultScope, "AdditionalInfo": ".",
		"GUID": t.guid,
	}))
}

// looked adds the server's own lookup of a name in an answer: 279 for the target of a CNAME, 280 for the hosts of the
// additional section. The packet is the query in its present state.
func (t *talk) looked(event uint16, name string, qtype uint16) {
	m := t.query.Copy()
	m.Question[0].Name, m.Question[0].Qtype = name, qtype
	m.Extra = nil
	packet := t.pack(m)
	t.emit(event, fields{
		"TCP": oneIf(t.tcp), "InterfaceIP": t.asked, "Source": t.address, "RD": oneIf(m.RecursionDesired), "QNAME": name, "QTYPE": qtype,
		"Port": t.port, "Flags": flagsOf(packet), "XID": m.Id, "PacketData": packet, "GUID": t.guid,
	})
}
