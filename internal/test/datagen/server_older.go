// SPDX-License-Identifier: Apache-2.0

// dnsserver_2016.etl: a Windows Server 2016, whose events have other fields than today's manifest under the same
// version, and events in unknown layouts: of versions of Windows in between, cut off, or with more fields.

package main

import (
	"net/netip"
	"time"

	"github.com/miekg/dns"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// olderSource is the name of this server's layouts in the field lists.
const olderSource = "Windows Server 2012 R2 to 2019"

// older is the recorded server.
type older struct {
	*trace
	at time.Duration
}

// writeOlderServer writes dnsserver_2016.etl.
func writeOlderServer(path string) (counts, error) {
	s := &older{trace: newTrace(windns.ServerCatalog(), 2016)}
	s.exchanges()
	s.changes()
	s.strangers()
	return s.write(path, etl.Options{LoggerName: "ASIMDNSServerTrace", Clock: etl.ClockSystemTime, OS: etl.OSVersion{Major: 10, Build: 14393}})
}

// layout returns the older layout of an event.
func (s *older) layout(event uint16) *schema.Template {
	for _, t := range s.catalog.Candidates(event, 0) {
		if t.Source == olderSource {
			return t
		}
	}
	return s.template(event, 0, len(s.catalog.Candidates(event, 0))) // fails
}

// next returns the origin of the next event.
func (s *older) next() from {
	s.at += 1500 * time.Millisecond
	return from{s.at, serverProcess, 3668, localSystem()}
}

// say adds an event in its older layout.
func (s *older) say(event uint16, f fields) { s.add(s.next(), s.layout(event), f) }

// The exchange that reports about older servers describe: transaction 0x7653, from port 57943.
const (
	olderID   = 0x7653
	olderPort = 57943
	olderName = "www.contoso.com."
)

// packet returns the message of an event, with an answer if it is a response.
func (s *older) packet(rcode int, response bool) []byte {
	m := new(dns.Msg)
	m.SetQuestion(olderName, dns.TypeA)
	m.Id = olderID
	if response {
		m.Response, m.RecursionAvailable, m.Rcode = true, true, rcode
		if rcode == dns.RcodeSuccess {
			m.Answer = []dns.RR{&dns.A{
				Hdr: dns.RR_Header{Name: olderName, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 300},
				A:   netip.MustParseAddr("198.51.100.80").AsSlice(),
			}}
		}
	}
	return s.pack(m)
}

// common returns the fields that the events of the exchange share, with the flags of the message.
func (s *older) common(packet []byte, more fields) fields {
	f := fields{
		"InterfaceIP": serverIPv4, "QNAME": olderName, "QTYPE": int(dns.TypeA), "XID": olderID, "Port": olderPort,
		"Flags": int(packet[2])<<8 | int(packet[3]), "PacketData": packet,
	}
	for name, v := range more {
		if f[name] = v; v == nil {
			delete(f, name)
		}
	}
	return f
}

// exchanges adds the analytic events whose fields have changed.
func (s *older) exchanges() {
	const asker, beyond = "10.1.4.21", "198.51.100.53"
	query, answer, refused := s.packet(0, false), s.packet(0, true), s.packet(dns.RcodeRefused, true)
	for _, scope := range []string{".", "Default", "Branch"} {
		s.say(260, s.common(query, fields{"Destination": beyond, "RD": 1, "ServerScope": scope, "CacheScope": "Default", "PolicyName": "BranchPolicy"}))
		s.say(261, s.common(answer, fields{"Source": beyond, "ServerScope": scope, "CacheScope": "Default"}))
		s.say(257, s.common(answer, fields{"Destination": asker, "Scope": scope, "Zone": "..Cache", "PolicyName": "NULL"}))
		s.say(258, s.common(refused, fields{"Destination": asker, "Reason": "Policy", "RCODE": dns.RcodeRefused, "Zone": "contoso.com", "PolicyName": "BlackholePolicy"}))
		s.say(259, s.common(query, fields{"Reason": "Policy", "Zone": "contoso.com", "PolicyName": "BlackholePolicy", "Port": nil, "Flags": nil, "PacketData": nil}))
		s.say(262, s.common(query, fields{"Destination": beyond, "ServerScope": scope, "CacheScope": "Default", "PacketData": nil}))
		s.say(279, s.common(query, fields{"Source": asker, "RD": 1}))
		s.say(280, s.common(query, fields{"Source": asker, "RD": 1}))
	}
}

// changes adds the audit events whose fields have changed.
func (s *older) changes() {
	record := fields{"Type": int(dns.TypeA), "TTL": 3600, "NAME": "web", "RDATA": []byte{10, 0, 0, 7}, "Zone": "contoso.com", "ZoneScope": "Default"}
	s.say(513, fields{"Zone": "adatum.com"})
	s.say(514, fields{"Zone": "contoso.com", "PropertyKey": "Aging", "NewValue": "1"})
	s.say(515, record)
	s.say(516, record)
	s.say(521, record)
	s.say(577, fields{"Type": "queries", "ServerName": "dc1.contoso.com", "ProcessingOrder": 1, "Criteria": "FQDN EQ *.example", "Action": "DENY", "Policy": "BlackholePolicy"})
}

// strangers adds events in layouts that are in no list.
func (s *older) strangers() {
	query := s.packet(0, false)
	asked := s.common(query, fields{"Destination": "198.51.100.53", "RD": 1, "ServerScope": "Default", "CacheScope": "Default", "PolicyName": "BranchPolicy"})
	// Between 2016 and 2022: two more texts, and no QXID. Read with today's layout, its length fits.
	s.strange(260, asked, func(data []byte) []byte {
		return append(append(data, "D\x00N\x00S\x00\x00\x00"...), utf16z("{BF629903-4288-435F-9182-470BEDF5C0A4}")...)
	})
	// Without RD: the first letter of the name is at the place of RD.
	s.strange(260, asked, func(data []byte) []byte {
		at := len("0") + len("198.51.100.53\x00") + len(serverIPv4+"\x00")
		return append(append([]byte{}, data[:at]...), data[at+1:]...)
	})
	s.strange(260, asked, func(data []byte) []byte { return data[:len(data)-5] })                                         // the end of the packet is missing
	s.strange(262, asked, func(data []byte) []byte { return append(data, 1, 0, 0, 0) }, "RD", "PolicyName", "PacketData") // one more number
}

// strange adds an event in its older layout, changed.
func (s *older) strange(event uint16, f fields, change func([]byte) []byte, without ...string) {
	g := fields{}
	for name, v := range f {
		g[name] = v
	}
	for _, name := range without {
		delete(g, name)
	}
	s.say(event, g)
	last := &s.events[len(s.events)-1].record
	last.UserData = change(last.UserData)
	s.counts.Inexact++
}

// utf16z returns an ASCII text as an event contains it.
func utf16z(text string) (raw []byte) {
	for _, c := range []byte(text + "\x00") {
		raw = append(raw, c, 0)
	}
	return raw
}
