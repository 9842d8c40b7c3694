// SPDX-License-Identifier: Apache-2.0

// What the scenario's DNS server and workstation do.

package incident

import (
	"fmt"
	"time"

	"github.com/miekg/dns"
)

func (w *world) servers() {
	t := &w.server
	// 15 to 25 of the server's some 6,000 queries go to another resolver. The near miss, SecondForwarder, has some 900.
	odd := fmt.Sprintf("203.0.113.%d", w.between(100, 120))
	client := w.newClient()
	domain := w.newDomain(client)
	for i := range w.between(15, 25) {
		w.askBy(w.late(), client, fmt.Sprintf("r%d.%s", i, domain), dns.TypeA, odd)
	}
	w.plant("odd-resolvers", ServerName, odd)

	// A zone that is sent. Near misses: the server refuses it, and a secondary asks for the SOA only.
	stranger, refused := w.newClient(), w.newClient()
	t.transfer(w.late(), stranger, dns.RcodeSuccess)
	w.plant("zone-transfers", stranger, Domain)
	for range w.between(2, 4) {
		t.transfer(w.late(), refused, dns.RcodeRefused)
	}
	w.near("zone-transfers", refused, Domain)
	w.ask(w.early(), Secondary, Domain, dns.TypeSOA)
	w.ask(w.late(), Secondary, Domain, dns.TypeSOA)
	w.near("zone-transfers", Secondary, Domain)

	// An update after 66 of the 120 minutes. Near misses: the first one is after 50 to 54; the client only asks.
	for range 2 {
		stranger, known := w.newClient(), w.newClient()
		w.update(w.moment(surelyNew, ScenarioSpan), stranger)
		w.plant("strange-updates", stranger)
		w.update(w.moment(nearlyNew, nearlyNew+4*time.Minute), known)
		w.update(w.moment(surelyNew, ScenarioSpan), known)
		w.near("strange-updates", known)
	}

	// Changes by a user. Near misses: by the server itself, and by a dynamic update.
	change := func(user string, id uint16, f fields) { t.add(w.late(), origin{3336, user}, id, 0, f) }
	record := func(name string) fields {
		return fields{"Type": dns.TypeA, "NAME": name, "TTL": 60, "RDATA": []byte{10, 1, 9, 66}, "Zone": Domain, "ZoneScope": "Default", "VirtualizationID": "."}
	}
	change(Intruder, 541, fields{"Setting": "ServerLevelPluginDll", "Scope": ".", "NewValue": `\\10.1.9.66\x.dll`})
	w.plant("server-changes", Intruder, "ServerLevelPluginDll")
	w.alarming(change)
	name := w.syllables(4)
	change(Admin, 515, record(name))
	w.plant("server-changes", Admin, name+"."+Domain)
	for range 18 {
		name := w.syllables(5)
		change(System, 515, record(name))
		w.near("server-changes", System, name+"."+Domain)
	}
	change(System, 541, fields{"Setting": "LogLevel", "Scope": ".", "NewValue": "0x0"})
	w.near("server-changes", System, "LogLevel")
	client = w.newClient()
	updated := w.syllables(5)
	t.update(w.early(), client, dns.RcodeSuccess, t.record("%s.%s. 600 A %s", updated, Domain, client), nil)
	w.near("server-changes", client, updated+"."+Domain)

	// Names of public resolvers. Near misses: names that only look like them.
	client = w.newClient()
	for _, name := range []string{"dns.google", "mozilla.cloudflare-dns.com"} {
		w.ask(w.early(), client, name, dns.TypeA)
		w.plant("dns-over-https", client, name)
	}
	for _, name := range []string{"dns.google." + Domain, "dns-google.example", "www.cloudflare-dns.com"} {
		w.ask(w.early(), client, name, dns.TypeA)
		w.near("dns-over-https", client, name)
	}
}

// update adds a dynamic update of the client's own address.
func (w *world) update(at time.Duration, client string) {
	w.server.update(at, client, dns.RcodeSuccess, w.server.record("%s.%s. 600 A %s", w.syllables(3), Domain, client), nil)
}

// processes adds the look-ups of the workstation's programs. An implant asks 8 to 14 times, only for a domain of its own. Near misses: a program that does
// so four times; one that asks for shared domains, too; a browser. Some look-ups go to another resolver; the near miss is its own resolver.
func (w *world) processes() {
	w.ask(w.early(), Workstation, w.ownName(), dns.TypeA)
	look := func(process uint32, name, server string) {
		l := lookup{process: process, version: 1, name: name, results: "198.51.100.7;", server: server}
		w.client.lookup(w.late(), l)
	}
	shared := make([]string, 20)
	for i := range shared {
		shared[i] = "www." + w.newDomain(Workstation)
	}
	for _, process := range []uint32{Browser, Mail} {
		for range 120 {
			look(process, shared[w.IntN(len(shared))], Server)
		}
	}
	const implant, quiet, mixed = 6600, 6700, 6800
	own := w.newDomain(Workstation)
	for range w.between(8, 14) {
		look(implant, "stage2."+own, Server)
	}
	w.plant("strange-process", WorkstationName, implant)
	own = w.newDomain(Workstation)
	for range 4 {
		look(quiet, "api."+own, Server)
	}
	w.near("strange-process", WorkstationName, quiet)
	own = w.newDomain(Workstation)
	for range w.between(8, 14) {
		look(mixed, "api."+own, Server)
		look(mixed, shared[0], Server)
	}
	w.near("strange-process", WorkstationName, mixed)
	w.near("strange-process", WorkstationName, Browser)
	own = w.newDomain(Workstation)
	for range w.between(3, 6) {
		look(Browser, "api."+own, Odd)
	}
	w.plant("odd-resolvers", WorkstationName, Odd)
	w.near("odd-resolvers", WorkstationName, Server)
}

// alarming adds what the rule DnsServerChanged alerts on, beside the plug-in. Near misses: changes of the same kinds that serve no attacker.
func (w *world) alarming(change func(user string, id uint16, f fields)) {
	users := 0
	by := func(user string) func(id uint16, object string, f fields) {
		return func(id uint16, object string, f fields) {
			change(user, id, f)
			w.plant("server-changes", user, object)
		}
	}
	another := func() string { users++; return fmt.Sprintf("%s%d", Admin, users) }
	alert := func(id uint16, object string, f fields) {
		user := another()
		by(user)(id, object, f)
		w.plant("DnsServerChanged", ServerName, user)
	}
	pass := func(id uint16, object string, f fields) {
		user := another()
		by(user)(id, object, f)
		w.near("DnsServerChanged", ServerName, user)
	}
	w.plant("DnsServerChanged", ServerName, Intruder)
	w.near("DnsServerChanged", ServerName, Admin)
	w.near("DnsServerChanged", ServerName, System)
	alert(537, ".", fields{"Forwarders": Odd, "Scope": "."})
	alert(526, Domain, fields{"Zone": Domain})
	alert(549, "dns.log", fields{"FilePath": "dns.log"})
	alert(541, "LogLevel", fields{"Setting": "LogLevel", "Scope": ".", "NewValue": "0x0"})
	policy := fields{"Type": "QueryResolution", "ServerName": "dns01", "ProcessingOrder": 1, "Criteria": "FQDN", "Action": "ALLOW", "Policy": "Open", "Condition": "EQ,*.example", "IsEnabled": "True"}
	alert(577, "Open", policy)
	alert(578, "OpenZone", fields{
		"Type": "QueryResolution", "ServerName": "dns01", "ProcessingOrder": 1, "Criteria": "FQDN", "Action": "ALLOW", "ZoneName": Domain, "Scopes": "Guests,1", "Policy": "OpenZone",
		"Condition": "EQ,*." + Domain, "IsEnabled": "True",
	})
	alert(584, "Split", fields{"Policy": "Split", "ServerName": "dns01", "Zone": Domain, "OldPropertyValues": "Action=DENY", "NewPropertyValues": "Action=ALLOW"})
	blocked := w.syllables(4)
	alert(580, blocked, fields{"Policy": blocked, "ServerName": "dns01"})
	pass(541, "LogLevel", fields{"Setting": "LogLevel", "Scope": ".", "NewValue": "0x8000f331"})
	pass(541, "EnableDnsSec", fields{"Setting": "EnableDnsSec", "Scope": ".", "NewValue": "1"})
	pass(573, "lab."+Domain, fields{"ChildZone": "lab." + Domain + ".", "Scope": "Default", "Zone": Domain, "NameServer": "dns03." + Domain, "VirtualizationID": "."})
	pass(574, "GuestSubnet", fields{"ClientSubnetRecord": "GuestSubnet", "ClientSubnetList": "10.1.7.0/24"})
	pass(576, "BranchSubnet", fields{"ClientSubnetRecord": "BranchSubnet", "ClientSubnetList": "10.1.8.0/24"})
	pass(542, "Guests", fields{"RecursionScope": "Guests"})
	pass(536, "login.adatum.com", fields{"QTYPE": dns.TypeA, "QNAME": "login.adatum.com.", "Scope": "Default"})
}
