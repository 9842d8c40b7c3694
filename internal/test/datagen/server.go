// SPDX-License-Identifier: Apache-2.0

// dnsserver.etl: ten minutes of Microsoft-Windows-DNSServer on a domain controller that answers queries, asks other
// servers, and is changed. The recording consists of conversations. This file lists them with their numbers.

package main

import (
	"time"

	"github.com/miekg/dns"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// server is the recorded server.
type server struct {
	*trace
	local, beyond records
	clients       []client
}

// span is the length of the recordings.
const span = 598 * time.Second

// writeServer writes dnsserver.etl.
func writeServer(path string) (counts, error) {
	local, beyond, err := world()
	if err != nil {
		return counts{}, err
	}
	s := &server{trace: newTrace(windns.ServerCatalog(), 256), local: local, beyond: beyond, clients: clients()}
	s.schedule(span, s.conversations())
	s.addOddities()
	return s.write(path, etl.Options{LoggerName: "ASIMDNSServerTrace", Clock: etl.ClockSystemTime, OS: etl.OSVersion{Major: 10, Build: 20348}})
}

// conversations are all events on the server.
func (s *server) conversations() []func(at time.Duration) {
	var list []func(at time.Duration)
	repeat := func(n int, talk func(t *talk)) {
		for range n {
			list = append(list, func(at time.Duration) { talk(s.begin(at)) })
		}
	}
	zone, public := localQuestions(), internetQuestions()
	for _, q := range append(zone, zone...) {
		repeat(1, func(t *talk) { t.fromZone(q) })
	}
	for range 9 {
		for _, q := range public {
			repeat(1, func(t *talk) { t.fromCache(q) })
		}
	}
	for range 4 {
		for _, q := range public {
			repeat(1, func(t *talk) { t.recursion(q) })
		}
	}
	repeat(22, func(t *talk) { t.withEDNS().fromZone(pick(s.trace, zone)) })
	repeat(22, func(t *talk) { t.withEDNS().fromCache(pick(s.trace, public)) })
	repeat(26, func(t *talk) { t.withEDNS().recursion(pick(s.trace, public)) })
	repeat(6, func(t *talk) { t.withEDNS().recursionTimeout(question{"slow.adatum.com.", dns.TypeA}) })
	repeat(4, func(t *talk) { t.withEDNS().missing(question{"nohost.contoso.com.", dns.TypeA}) })
	repeat(18, func(t *talk) { t.recursionTimeout(question{pick(s.trace, deadNames()), dns.TypeA}) })
	repeat(20, func(t *talk) { t.missing(question{pick(s.trace, missingNames()), dns.TypeA}) })
	repeat(14, func(t *talk) { t.missingBeyond(question{pick(s.trace, missingPublicNames()), dns.TypeAAAA}) })
	for _, octets := range []int{255, 255, 254, 253, 200, 180, 140, 120} {
		repeat(1, func(t *talk) { t.missingBeyond(question{s.longName(octets, "data.tunnel.example."), dns.TypeTXT}) })
	}
	repeat(1, func(t *talk) { t.missing(question{s.longName(255, "contoso.com."), dns.TypeA}) })
	repeat(12, func(t *talk) { t.serverFailure(question{pick(s.trace, deadNames()), dns.TypeAAAA}) })
	repeat(12, func(t *talk) { t.refused(question{pick(s.trace, refusedNames()), dns.TypeA}) })
	repeat(2, func(t *talk) { t.versionQuery() })
	repeat(12, func(t *talk) { t.ignored("Policy", "BlackholePolicy") })
	repeat(8, func(t *talk) { t.ignored("System", "NULL") })
	repeat(6, func(t *talk) { t.truncated(question{"farm.contoso.com.", dns.TypeA}) })
	repeat(5, func(t *talk) { t.aliasFailure() })
	repeat(5, func(t *talk) { t.validationFailure() })
	repeat(14, func(t *talk) { t.dynamicUpdate() })
	repeat(5, func(t *talk) { t.forwardedUpdate() })
	repeat(10, func(t *talk) { t.transferOut() })
	repeat(10, func(t *talk) { t.transferIn() })
	repeat(3, func(t *talk) { t.transferRefused() })
	for _, id := range []uint16{281, 281, 281, 282, 283} {
		repeat(5, func(t *talk) { t.rateLimited(id) })
	}
	for _, a := range audits() {
		list = append(list, func(at time.Duration) { s.audit(at, a) })
	}
	return list
}

// missingNames are names that the local zones do not have. missingPublicNames are names that do not exist anywhere.
func missingNames() []string {
	return []string{"nohost.contoso.com.", "isatap.contoso.com.", "wpad.corp.contoso.com.", "ws99.contoso.com.", "xn--kln-sna.contoso.com.",
		"_ldap._tcp.Branch-Office._sites.contoso.com.", "OLDPRINT.contoso.com.", "99.99.99.10.in-addr.arpa."}
}

func missingPublicNames() []string {
	return []string{"www.litwareinc.example.", "kq3v9z7xw1.com.", "xj2l0pq8.example.", "login-adatum.example.", "no-such-name.proseware.com.",
		"wpad.example.", "xn--e1afmkfd.example.", "a.b.c.d.e.f.g.example."}
}

// deadNames are names whose servers do not answer.
func deadNames() []string {
	return []string{"www.alpineskihouse.com.", "slow.adatum.com.", "mx.margiestravel.com.", "tracker.lucernepublishing.com."}
}

// refusedNames are names that a policy blocks for clients.
func refusedNames() []string {
	return []string{"blocked.litware.com.", "malware.example.", "c2.badguys.example.", "ads.proseware.com."}
}
