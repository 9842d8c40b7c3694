// SPDX-License-Identifier: Apache-2.0

// The DNS server's half hour.

package incident

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// The intruder's actions against the server's clients and zones.
const (
	BeaconClient = "10.1.4.31" // asks for BeaconName every 30 s, each time in another spelling
	BeaconName   = "cdn.telemetry-sync.example"
	TunnelClient = "10.1.4.33" // sends data in names below TunnelDomain
	TunnelDomain = "t.exfil.example"
	BurstClient  = "10.1.4.34" // asks for generated names that do not exist
	DroppedOnes  = "10.1.4.35" // asks for names that a policy ignores
	FluxName     = "flux.example"
	ControlName  = "c2.example" // answers with ControlHost
	ControlHost  = "203.0.113.20"
	TextName     = "note.example" // answers with the one text Text
	Text         = "cmd=run; arg=1; end"
	PlantedHost  = "wpad." + Domain
	RemovedHost  = "files." + Domain
)

// The numbers of planted events.
const (
	Beacons  = 60
	Tunneled = 80
	Burst    = 60
	Dropped  = 20
	Flux     = 12
	Timeouts = 4
	OddAsked = 3
)

var dnsProcess = origin{process: 3336, user: System}

// question is a client's query and how the server answers it.
type question struct {
	client string
	name   string
	qtype  uint16
	rcode  int
	answer []dns.RR
	asks   string // the server that this one asks; "" if it knows the answer
	silent bool   // the other server does not answer
}

func (t *trace) dnsServer() {
	t.ordinary()
	t.intrusion()
	t.audits()
}

// ordinary adds the usual traffic.
func (t *trace) ordinary() {
	for n := range 400 {
		client := fmt.Sprintf("10.1.4.%d", 20+n%30)
		at := time.Duration(n) * 4 * time.Second
		switch n % 10 {
		case 7: // a name that does not exist
			t.ask(at, question{client: client, name: fmt.Sprintf("old%d.%s", n, Domain), qtype: dns.TypeA, rcode: dns.RcodeNameError})
		case 8: // a name of another zone, whose answer is not in the cache
			name := fmt.Sprintf("www%d.adatum.com", n)
			t.ask(at, question{
				client: client, name: name, qtype: dns.TypeA, asks: Forwarder, answer: []dns.RR{t.record("%s. 300 A 198.51.100.%d", name, n%200)},
			})
		default:
			name := fmt.Sprintf("host%d.%s", n%40, Domain)
			t.ask(at, question{client: client, name: name, qtype: dns.TypeA, answer: []dns.RR{t.record("%s. 3600 A 10.0.40.%d", name, n%40)}})
		}
	}
	// Near misses: long names that are not a tunnel, a name with many addresses and a TTL of a day, an address next to
	// ControlHost, texts of several strings, the secondary's transfer, a client that updates its own name.
	for n := range 6 {
		name := strings.Repeat("assets-", 7) + fmt.Sprintf("%d.cdn.adatum.com", n)
		t.ask(at(3, n), question{client: "10.1.4.40", name: name, qtype: dns.TypeA, answer: []dns.RR{t.record("%s. 300 A 198.51.100.7", name)}})
	}
	for n := range Flux {
		t.ask(at(5, n), question{
			client: "10.1.4.41", name: "pool.adatum.com", qtype: dns.TypeA, answer: []dns.RR{t.record("pool.adatum.com. 86400 A 198.51.100.%d", 100+n)},
		})
	}
	t.ask(at(6, 0), question{client: "10.1.4.42", name: "shop.example", qtype: dns.TypeA, answer: []dns.RR{t.record("shop.example. 300 A %s1", ControlHost)}})
	t.ask(at(6, 1), question{
		client: "10.1.4.42", name: "spf.example", qtype: dns.TypeTXT, answer: []dns.RR{t.record(`spf.example. 300 TXT "cmd=run"`), t.record(`spf.example. 300 TXT "arg=1"`)},
	})
	t.transfer(at(8, 0), Secondary, dns.RcodeSuccess)
	t.update(at(9, 0), "10.1.4.44", dns.RcodeSuccess, t.record("ws44.%s. 1200 A 10.1.4.44", Domain), nil)
}

// intrusion adds the intruder's actions.
func (t *trace) intrusion() {
	for n := range Beacons {
		t.ask(time.Duration(n)*30*time.Second+time.Second, question{
			client: BeaconClient, name: spelling(BeaconName, n), qtype: dns.TypeA, answer: []dns.RR{t.record("%s. 60 A 203.0.113.77", BeaconName)},
		})
	}
	for n := range Tunneled {
		name := fmt.Sprintf("%s%04d.%s", strings.Repeat("4e6f7468696e67", 4), n, TunnelDomain)
		t.ask(at(10, n), question{
			client: TunnelClient, name: name, qtype: dns.TypeTXT, asks: Forwarder, answer: []dns.RR{t.record(`%s. 0 TXT "ok"`, name)},
		})
	}
	for n := range Burst {
		t.ask(at(13, n), question{
			client: BurstClient, name: fmt.Sprintf("kq3v9z%dw1.example", n), qtype: dns.TypeA, asks: Forwarder, rcode: dns.RcodeNameError,
		})
	}
	for n := range Dropped {
		t.ignored(at(15, n), DroppedOnes, "blocked.example")
	}
	for n := range Flux {
		t.ask(at(16, n), question{
			client: "10.1.4.43", name: FluxName, qtype: dns.TypeA, answer: []dns.RR{t.record("%s. 30 A 203.0.113.%d", FluxName, 100+n)},
		})
	}
	t.ask(at(17, 0), question{client: "10.1.4.43", name: ControlName, qtype: dns.TypeA, answer: []dns.RR{t.record("%s. 300 A %s", ControlName, ControlHost)}})
	t.ask(at(17, 1), question{client: "10.1.4.43", name: TextName, qtype: dns.TypeTXT, answer: []dns.RR{t.record("%s. 300 TXT %q", TextName, Text)}})
	for n := range OddAsked {
		name := fmt.Sprintf("odd%d.example", n)
		t.ask(at(18, n), question{client: "10.1.4.45", name: name, qtype: dns.TypeA, asks: Odd, answer: []dns.RR{t.record("%s. 300 A 203.0.113.9", name)}})
	}
	for n := range Timeouts {
		t.ask(at(19, 2*n), question{client: "10.1.4.46", name: "dead.example", qtype: dns.TypeA, asks: Forwarder, silent: true, rcode: dns.RcodeServerFailure})
	}
	t.transfer(at(20, 0), Stranger, dns.RcodeRefused)
	t.update(at(21, 0), Stranger, dns.RcodeSuccess, t.record("%s. 600 A %s", PlantedHost, Stranger), nil)
	t.update(at(21, 9), Stranger, dns.RcodeSuccess, nil, t.record("%s. 600 A 10.0.40.3", RemovedHost))
}

// audits adds the changes of the server.
func (t *trace) audits() {
	change := func(at time.Duration, user string, id uint16, f fields) { t.add(at, origin{3336, user}, id, 0, f) }
	zone := func(f fields) fields {
		f["Zone"], f["ZoneScope"], f["VirtualizationID"] = Domain, "Default", "."
		return f
	}
	change(at(2, 0), Admin, 515, zone(fields{"Type": dns.TypeA, "NAME": "apps", "TTL": 3600, "RDATA": []byte{10, 0, 40, 91}}))
	change(at(22, 0), Intruder, 541, fields{"Setting": "LogLevel", "Scope": ".", "NewValue": "0x0"})
	change(at(22, 1), Intruder, 577, fields{
		"Type": "QueryResolution", "ServerName": "dns01", "ProcessingOrder": 1, "Criteria": "FQDN", "Action": "ALLOW", "Policy": "Open",
		"Condition": "EQ,*." + TunnelDomain, "IsEnabled": "True",
	})
	change(at(22, 2), Intruder, 580, fields{"Policy": "BlackholePolicy", "ServerName": "dns01"})
	change(at(22, 3), Intruder, 536, fields{"QTYPE": dns.TypeA, "QNAME": "login.adatum.com.", "Scope": "Default"})
	change(at(22, 4), Intruder, 516, zone(fields{"Type": dns.TypeA, "NAME": "siem", "TTL": 0, "RDATA": []byte{10, 0, 40, 12}}))
	change(at(22, 5), Intruder, 515, zone(fields{"Type": dns.TypeA, "NAME": "siem", "TTL": 60, "RDATA": []byte{10, 1, 9, 66}}))
	// An audit event that is not yet in the manifest.
	t.raw(at(22, 6), origin{3336, Intruder}, etw.Record{
		Provider: t.catalog.Provider, ID: 597, Channel: 17, Level: 4, Task: 10, Keyword: 1<<62 | 0x8000000, UserData: []byte("n\x00e\x00w\x00\x00\x00"),
	})
}

// at returns a time by minute and second.
func at(minute, second int) time.Duration {
	return time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
}

// spelling changes the case of a name's letters. Each n below 2^20 gives another spelling.
func spelling(name string, n int) string {
	b, bit := []byte(name), 0
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] -= byte(n>>bit&1) << 5
			bit++
		}
	}
	return string(b)
}

// ask adds a query, the queries that the server sends for it, and the answer.
func (t *trace) ask(at time.Duration, q question) {
	t.xid++
	guid := fmt.Sprintf("{%08X-4288-435F-9182-470BEDF5C0A4}", t.xid)
	m := new(dns.Msg)
	m.Id, m.RecursionDesired = t.xid, true
	m.Question = []dns.Question{{Name: dns.Fqdn(q.name), Qtype: q.qtype, Qclass: dns.ClassINET}}
	a := new(dns.Msg).SetRcode(m, q.rcode)
	a.Answer, a.RecursionAvailable = q.answer, true
	port := 49152 + int(t.xid)%16384
	query := t.pack(m)
	t.add(at, dnsProcess, 256, 0, fields{
		"InterfaceIP": Server, "Source": q.client, "RD": 1, "QNAME": m.Question[0].Name, "QTYPE": q.qtype, "XID": t.xid, "Port": port,
		"Flags": flags(query), "PacketData": query, "AdditionalInfo": ".", "GUID": guid,
	})
	at += 2 * time.Millisecond
	zone := Domain
	if q.asks != "" {
		zone = "..Cache"
		at = t.recursion(at, q, m, a, guid)
	}
	answer := t.pack(a)
	f := fields{
		"InterfaceIP": Server, "Destination": q.client, "QNAME": m.Question[0].Name, "QTYPE": q.qtype, "XID": t.xid, "RCODE": q.rcode,
		"Port": port, "Flags": flags(answer), "Zone": zone, "PolicyName": "NULL", "PacketData": answer, "AdditionalInfo": ".", "GUID": guid,
		"ElapsedTime": 2,
	}
	if q.rcode == dns.RcodeSuccess {
		f["Scope"] = "Default"
		t.add(at, dnsProcess, 257, 0, f)
		return
	}
	f["Reason"] = "Recursion"
	t.add(at, dnsProcess, 258, 0, f)
}

// recursion adds the server's own query and its result, and returns the time after it.
func (t *trace) recursion(at time.Duration, q question, m, a *dns.Msg, guid string) time.Duration {
	own := m.Copy()
	own.Id = t.xid ^ 0x5A5A
	query := t.pack(own)
	t.add(at, dnsProcess, 260, 0, fields{
		"Destination": q.asks, "InterfaceIP": "0.0.0.0", "RD": 1, "QNAME": m.Question[0].Name, "QTYPE": q.qtype, "QXID": m.Id, "XID": own.Id,
		"Flags": flags(query), "RecursionScope": ".", "CacheScope": "Default", "PolicyName": "NULL", "PacketData": query,
		"AdditionalInfo": ".", "GUID": guid,
	})
	if q.silent {
		at += 1500 * time.Millisecond
		t.add(at, dnsProcess, 262, 0, fields{
			"InterfaceIP": "0.0.0.0", "Destination": q.asks, "QNAME": m.Question[0].Name, "QTYPE": q.qtype, "QXID": m.Id, "XID": own.Id,
			"Flags": flags(query), "RecursionScope": ".", "CacheScope": "Default", "AdditionalInfo": ".", "GUID": guid,
		})
		return at
	}
	at += 20 * time.Millisecond
	came := a.Copy()
	came.Id = own.Id
	packet := t.pack(came)
	t.add(at, dnsProcess, 261, 0, fields{
		"Source": q.asks, "InterfaceIP": "0.0.0.0", "QNAME": m.Question[0].Name, "QTYPE": q.qtype, "XID": own.Id, "Flags": flags(packet),
		"RecursionScope": ".", "CacheScope": "Default", "PacketData": packet, "AdditionalInfo": ".", "GUID": guid,
	})
	return at + time.Millisecond
}

// ignored adds a query that a policy ignores.
func (t *trace) ignored(at time.Duration, client, name string) {
	t.xid++
	t.add(at, dnsProcess, 259, 0, fields{
		"InterfaceIP": Server, "Source": client, "Reason": "Policy", "QNAME": name + ".", "QTYPE": dns.TypeA, "XID": t.xid, "Zone": "NULL",
		"PolicyName": "BlackholePolicy", "AdditionalInfo": ".",
	})
}

// transfer adds a request for the whole zone and its response.
func (t *trace) transfer(at time.Duration, client string, rcode int) {
	t.xid++
	m := new(dns.Msg).SetAxfr(Domain + ".")
	m.Id = t.xid
	t.add(at, dnsProcess, 270, 0, fields{
		"TCP": 1, "Source": client, "InterfaceIP": Server, "QNAME": Domain + ".", "XID": t.xid, "ZoneScope": "Default", "Zone": Domain,
		"PacketData": t.pack(m),
	})
	t.add(at+time.Millisecond, dnsProcess, 271, 0, fields{
		"TCP": 1, "InterfaceIP": Server, "Destination": client, "QNAME": Domain + ".", "XID": t.xid, "ZoneScope": "Default", "Zone": Domain,
		"RCODE": rcode,
	})
}

// update adds a dynamic update: the request, the record's audit event and the response. Either added or removed is nil.
func (t *trace) update(at time.Duration, client string, rcode int, added, removed dns.RR) {
	t.xid++
	m := new(dns.Msg).SetUpdate(Domain + ".")
	m.Id = t.xid
	id, rr := uint16(519), added
	if added != nil {
		m.Insert([]dns.RR{added})
	} else {
		id, rr = 520, removed
		m.Remove([]dns.RR{dns.Copy(removed)})
	}
	packet := t.pack(m)
	t.add(at, dnsProcess, 263, 0, fields{
		"InterfaceIP": Server, "Source": client, "QNAME": Domain + ".", "XID": t.xid, "Port": 51000, "Flags": flags(packet), "PacketData": packet,
	})
	t.add(at+time.Millisecond, dnsProcess, id, 0, fields{
		"Type": rr.Header().Rrtype, "NAME": strings.TrimSuffix(rr.Header().Name, "."+Domain+"."), "TTL": rr.Header().Ttl,
		"RDATA": t.rdata(rr), "Zone": Domain, "ZoneScope": "Default", "Source": client,
	})
	t.add(at+2*time.Millisecond, dnsProcess, 264, 0, fields{
		"InterfaceIP": Server, "Destination": client, "QNAME": Domain + ".", "XID": t.xid, "ZoneScope": "Default", "Zone": Domain,
		"RCODE": rcode, "PolicyName": "NULL", "PacketData": t.pack(new(dns.Msg).SetRcode(m, rcode)),
	})
}

func flags(packet []byte) uint16 { return binary.BigEndian.Uint16(packet[2:]) }
