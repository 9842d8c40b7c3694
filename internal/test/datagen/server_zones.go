// SPDX-License-Identifier: Apache-2.0

// Conversations that change or copy zones: dynamic update (263, 264, 277, 278), transfer and notification (265 to 276),
// and those that response rate limiting affects (281 to 283).

package main

import (
	"strings"
	"time"

	"github.com/miekg/dns"
)

const ownZone, copiedZone = "contoso.com", "fabrikam.com"

// message returns the fields of an update or transfer event for a message, except the addresses.
func (t *talk) message(m *dns.Msg, zone string, more fields) fields {
	f := fields{"QNAME": zone + ".", "XID": m.Id, "ZoneScope": defaultScope, "Zone": zone, "PacketData": t.pack(m)}
	for name, v := range more {
		f[name] = v
	}
	return f
}

// without removes fields.
func without(f fields, names ...string) fields {
	for _, name := range names {
		delete(f, name)
	}
	return f
}

// update makes a host's registration of its addresses in a zone.
func (t *talk) update(zone, host string, signed bool) *dns.Msg {
	m := new(dns.Msg)
	m.SetUpdate(zone + ".")
	m.Id = uint16(t.Uint32())
	old := []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: host, Rrtype: dns.TypeA}}}
	m.RemoveRRset(old)
	m.Insert(t.local.find(host, dns.TypeA))
	if signed {
		const mac = "04040004ffffffff0000000004a7c1d2b3e4f5a6978899aabbccddee"
		m.Extra = append(m.Extra, &dns.TSIG{
			Hdr:       dns.RR_Header{Name: "1224-ms-7.1-a3f2.9c0b6f4e-17ad-11f1-8d2c-00155d0a1b2c.", Rrtype: dns.TypeTSIG, Class: dns.ClassANY},
			Algorithm: "gss-tsig.", TimeSigned: uint64(start().Add(t.at).Unix()), Fudge: 36000, MACSize: uint16(len(mac) / 2), MAC: mac, OrigId: m.Id,
		})
	}
	return m
}

// updateReceived adds 263, updateAnswered adds 264.
func (t *talk) updateReceived(m *dns.Msg, zone string, signed bool) {
	f := t.message(m, zone, fields{
		"TCP": oneIf(t.tcp), "InterfaceIP": t.asked, "Source": t.address, "Port": t.port, "Flags": flagsOf(t.pack(m)), "Secure": oneIf(signed),
	})
	t.emit(263, without(f, "ZoneScope", "Zone"))
}

func (t *talk) updateAnswered(m *dns.Msg, zone string, rcode int) {
	t.emit(264, t.message(status(m, rcode), zone, fields{
		"TCP": oneIf(t.tcp), "InterfaceIP": t.asked, "Destination": t.address, "RCODE": rcode, "PolicyName": null,
	}))
}

// status makes a response with a code and nothing else.
func status(m *dns.Msg, rcode int) *dns.Msg { return new(dns.Msg).SetRcode(m, rcode) }

// dynamicUpdate is a workstation's registration: refused at first, accepted once it is signed, and then audited.
func (t *talk) dynamicUpdate() {
	host := pick(t.trace, []string{"ws03", "ws07", "ws12", "ws19", "ws28", "ws33"}) + ".contoso.com."
	if t.one(2) {
		m := t.update(ownZone, host, false)
		t.updateReceived(m, ownZone, false)
		t.pace()
		t.updateAnswered(m, ownZone, dns.RcodeRefused)
		t.wait(2*time.Millisecond, 9*time.Millisecond)
	}
	m := t.update(ownZone, host, true)
	t.updateReceived(m, ownZone, true)
	t.pace()
	if t.one(6) {
		t.updateAnswered(m, ownZone, dns.RcodeNXRrset)
		return
	}
	t.audit(t.at, audit{520, fields{
		"Type": dns.TypeA, "NAME": strings.TrimSuffix(host, ".contoso.com."), "TTL": 1200, "RDATA": []byte{10, 1, 4, 200}, "Zone": ownZone,
		"ZoneScope": defaultScope, "Source": t.address,
	}})
	t.pace()
	t.audit(t.at, audit{519, fields{
		"Type": dns.TypeA, "NAME": strings.TrimSuffix(host, ".contoso.com."), "TTL": 1200, "RDATA": []byte{10, 1, 4, 27}, "Zone": ownZone,
		"ZoneScope": defaultScope, "Source": t.address,
	}})
	t.pace()
	t.updateAnswered(m, ownZone, dns.RcodeSuccess)
}

// forwardedUpdate is an update of a zone whose primary is another server.
func (t *talk) forwardedUpdate() {
	m := t.update(copiedZone, "crm.fabrikam.com.", true)
	t.updateReceived(m, copiedZone, true)
	rcode := pick(t.trace, []int{dns.RcodeSuccess, dns.RcodeSuccess, dns.RcodeNotAuth})
	t.pace()
	t.emit(277, t.message(m, copiedZone, fields{"TCP": 0, "ForwardInterfaceIP": serverIPv4, "Destination": primary}))
	t.wait(2*time.Millisecond, 20*time.Millisecond)
	t.emit(278, t.message(status(m, rcode), copiedZone, fields{"TCP": 0, "InterfaceIP": serverIPv4, "Destination": primary, "RCODE": rcode}))
	t.pace()
	t.updateAnswered(m, copiedZone, rcode)
}

// notify makes a notification that a zone has changed.
func (t *talk) notify(zone string) *dns.Msg {
	m := new(dns.Msg)
	m.SetNotify(zone + ".")
	m.Id = uint16(t.Uint32())
	m.Answer = []dns.RR{t.local.soa(zone + ".")}
	return m
}

// request makes a request for a zone, whole or from a serial on.
func (t *talk) request(zone string, whole bool) *dns.Msg {
	m := new(dns.Msg)
	m.Id = uint16(t.Uint32())
	m.Question = []dns.Question{{Name: zone + ".", Qtype: dns.TypeAXFR, Qclass: dns.ClassINET}}
	if !whole {
		m.Question[0].Qtype = dns.TypeIXFR
		old := dns.Copy(t.local.soa(zone + ".")).(*dns.SOA)
		old.Serial--
		m.Ns = []dns.RR{old}
	}
	return m
}

// difference makes the answer to a request from a serial on: one host's address has changed.
func (t *talk) difference(m *dns.Msg, zone string) *dns.Msg {
	soa := t.local.soa(zone + ".")
	before, after := t.local.find("ws03.contoso.com.", dns.TypeA)[0], t.local.find("ws07.contoso.com.", dns.TypeA)[0]
	a := answerTo(m, reply{answer: []dns.RR{soa, m.Ns[0], before, soa, after, soa}}, true)
	a.RecursionAvailable = false
	return a
}

// transferOut is a change that the secondary is notified of and fetches.
func (t *talk) transferOut() {
	note := t.notify(ownZone)
	t.emit(274, without(t.message(note, ownZone, fields{"Source": secondary, "InterfaceIP": serverIPv4}), "XID"))
	t.wait(400*time.Microsecond, 3*time.Millisecond)
	t.emit(275, fields{"Source": secondary, "InterfaceIP": serverIPv4, "PacketData": t.pack(status(note, dns.RcodeSuccess))})
	t.wait(time.Millisecond, 30*time.Millisecond)
	whole := t.one(2)
	m := t.request(ownZone, whole)
	in := fields{"TCP": 1, "Source": secondary, "InterfaceIP": serverIPv4}
	out := fields{"TCP": 1, "Destination": secondary, "InterfaceIP": serverIPv4, "RCODE": dns.RcodeSuccess}
	if whole {
		t.emit(270, t.message(m, ownZone, in))
		t.wait(time.Millisecond, 4*time.Millisecond)
		t.emit(271, without(t.message(m, ownZone, out), "PacketData"))
		return
	}
	t.emit(266, t.message(m, ownZone, in))
	t.pace()
	t.emit(267, t.message(t.difference(m, ownZone), ownZone, out))
}

// transferIn is another server's change, which this one fetches. The requests have the primary in Source.
func (t *talk) transferIn() {
	note := t.notify(copiedZone)
	t.emit(273, without(t.message(note, copiedZone, fields{"Source": primary, "InterfaceIP": serverIPv4}), "XID"))
	t.pace()
	t.emit(276, fields{
		"Destination": primary, "InterfaceIP": serverIPv4, "Zone": copiedZone, "PacketData": t.pack(status(note, dns.RcodeSuccess)),
	})
	t.wait(time.Millisecond, 30*time.Millisecond)
	whole := t.one(2)
	m := t.request(copiedZone, whole)
	out := fields{"TCP": 1, "Source": primary, "InterfaceIP": serverIPv4}
	in := fields{"TCP": 1, "Destination": primary, "InterfaceIP": serverIPv4, "RCODE": dns.RcodeSuccess}
	if whole {
		t.emit(269, t.message(m, copiedZone, out))
		t.wait(2*time.Millisecond, 9*time.Millisecond)
		t.emit(272, without(t.message(m, copiedZone, in), "PacketData"))
		return
	}
	t.emit(265, t.message(m, copiedZone, out))
	t.wait(2*time.Millisecond, 9*time.Millisecond)
	t.emit(268, t.message(t.difference(m, copiedZone), copiedZone, in))
}

// transferRefused is a request from a host that may not transfer the zone.
func (t *talk) transferRefused() {
	m := t.request(ownZone, true)
	t.emit(270, t.message(m, ownZone, fields{"TCP": 1, "Source": t.address, "InterfaceIP": t.asked}))
	t.pace()
	f := t.message(m, ownZone, fields{"TCP": 1, "Destination": t.address, "InterfaceIP": t.asked, "RCODE": dns.RcodeRefused})
	t.emit(271, without(f, "PacketData"))
}

// rateLimited is one query of a flood. Its answer is dropped, truncated or sent.
func (t *talk) rateLimited(event uint16) {
	t.address, t.asked, t.tcp = "203.0.113.66", serverIPv4, false
	m := t.ask(question{"contoso.com.", dns.TypeANY})
	m.SetEdns0(4096, false)
	t.received()
	t.pace()
	r := t.local.lookup(m.Question[0])
	if event == 282 {
		r = reply{zone: r.zone}
	}
	a := answerTo(m, r, true)
	a.Truncated = event == 282
	q := m.Question[0]
	t.emit(event, fields{
		"InterfaceIP": t.asked, "Destination": t.address, "QNAME": q.Name, "QTYPE": q.Qtype, "XID": m.Id, "RCODE": a.Rcode, "Port": t.port,
		"PacketData": t.pack(a),
	})
}
