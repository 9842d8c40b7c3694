// SPDX-License-Identifier: Apache-2.0

// The scenario's clients that ask for names.

package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"
)

func (w *world) names() {
	for range w.between(1, 2) {
		w.beacons()
		w.tunnels()
		w.bursts()
		w.generated()
		w.news()
		w.texts()
		w.flux()
	}
}

// beacons: 35 to 65 gaps of 20 to 90 s with an irregularity of 0.08, in another spelling each time. Near misses: 24 to 28 gaps; an irregularity of 0.13; a
// mean of 9 s.
func (w *world) beacons() {
	every := time.Duration(w.between(20, 90)) * time.Second
	client, name := w.series(w.between(35, 65), every, 0.08)
	w.plant("beaconing", client, name)
	client, name = w.series(w.between(24, 28), every, 0.08)
	w.near("beaconing", client, name)
	client, name = w.series(w.between(35, 65), every, 0.13)
	w.near("beaconing", client, name)
	client, name = w.series(w.between(45, 65), 9*time.Second, 0.05)
	w.near("beaconing", client, name)
}

// series adds the queries of a new client for a name. Long and short gaps alternate, so that their standard deviation is the share of the mean.
func (w *world) series(gaps int, every time.Duration, share float64) (client, name string) {
	client = w.newClient()
	name = "cdn." + w.newDomain(client)
	at := w.early()
	for i := range gaps + 1 {
		w.ask(at, client, spelling(name, i), dns.TypeA)
		at += time.Duration(float64(every) * (1 + share*float64(1-i%2*2)))
	}
	return client, name
}

const hexadecimal = "0123456789abcdef"

// tunnels: 80 to 160 names of 48 to 100 hexadecimal characters. Near misses: 40 to 47 of them; 120 long names that repeat a word; 200 names of 12 to 16
// characters. The rule needs 100 names.
func (w *world) tunnels() {
	data := func(int) string {
		return w.of(hexadecimal, w.between(24, 50)) + "." + w.of(hexadecimal, w.between(24, 50))
	}
	n := w.between(80, 160)
	client, domain := w.namesBelow(n, data)
	w.plant("tunnelling", client, domain)
	if n >= 100 {
		w.plant("DnsTunnel", client, domain)
	} else {
		w.near("DnsTunnel", client, domain)
	}
	client, domain = w.namesBelow(w.between(40, 47), data)
	w.near("tunnelling", client, domain)
	client, domain = w.namesBelow(120, func(i int) string { return fmt.Sprintf("%s%d", strings.Repeat("assets-", 7), i) })
	w.near("tunnelling", client, domain)
	w.near("DnsTunnel", client, domain)
	client, domain = w.namesBelow(200, func(int) string { return w.of(hexadecimal, w.between(12, 16)) })
	w.near("tunnelling", client, domain)
	w.near("DnsTunnel", client, domain)
}

// namesBelow adds queries of a new client for names below a domain of its own.
func (w *world) namesBelow(n int, make func(i int) string) (client, domain string) {
	client = w.newClient()
	domain = w.newDomain(client)
	for i := range n {
		w.ask(w.late(), client, make(i)+".t."+domain, dns.TypeA)
	}
	return client, domain
}

// bursts: 500 to 700 failures in two minutes, of as many names, of one, and of an address inside, which is noise. Near misses: 160 to 185 in two minutes;
// 400 of noise in a hundred minutes.
func (w *world) bursts() {
	fail := func(n int, span time.Duration, name func() string) string {
		client := w.newClient()
		from := w.moment(time.Minute, ScenarioSpan-span-time.Minute)
		for i := range n {
			w.fails(from+span*time.Duration(i)/time.Duration(n), client, name())
		}
		return client
	}
	random := func() string { return fmt.Sprintf("%s.%s", w.syllables(4), Domain) }
	gone := func() string { return "gone." + Domain }
	noise := func() string { return "5.0.0.10.in-addr.arpa" }
	for _, name := range []func() string{random, gone, noise} {
		w.plant("nxdomain-burst", fail(w.between(500, 700), 2*time.Minute, name))
		w.near("nxdomain-burst", fail(w.between(160, 185), 2*time.Minute, name))
	}
	client := w.newClient()
	for range 400 {
		w.fails(w.moment(10*time.Minute, 110*time.Minute), client, noise())
	}
	w.near("nxdomain-burst", client)
}

const letters = "abcdefghijklmnopqrstuvwxyz"

// generated: 40 to 60 domains of 12 to 16 random letters. Near misses: 20 to 23 of them; 60 domains of which a third are vowels; 60 random names below one
// domain.
func (w *world) generated() {
	fail := func(n int, name func() string) string {
		client := w.newClient()
		for range n {
			w.fails(w.late(), client, name())
		}
		return client
	}
	random := func() string { return w.of(letters, w.between(12, 16)) }
	w.plant("generated-names", fail(w.between(40, 60), func() string { return random() + ".example" }))
	w.near("generated-names", fail(w.between(20, 23), func() string { return random() + ".example" }))
	w.near("generated-names", fail(60, func() string { return w.syllables(4) + w.of("bdfgklmnprstvz", 4) + ".example" }))
	w.near("generated-names", fail(60, func() string { return random() + "." + Domain }))
}

// news: a domain and a client that appear after 66 of the 120 minutes. Near misses: after 50 to 54, and again later.
func (w *world) news() {
	again := func(first func() time.Duration, do func(time.Duration)) {
		for i := range 4 {
			if at := first(); i == 0 {
				do(at)
			} else {
				do(w.moment(surelyNew, ScenarioSpan))
			}
		}
	}
	late := func() time.Duration { return w.moment(surelyNew, ScenarioSpan) }
	soon := func() time.Duration { return w.moment(nearlyNew, nearlyNew+4*time.Minute) }
	for range 2 {
		domain, client := w.strangeDomain(), w.strangeClient()
		again(late, func(at time.Duration) { w.ask(at, w.usual(), "www."+domain, dns.TypeA) })
		w.plant("new-domains", domain)
		again(late, func(at time.Duration) { w.ask(at, client, w.ownName(), dns.TypeA) })
		w.plant("new-clients", client)
		domain, client = w.strangeDomain(), w.strangeClient()
		again(soon, func(at time.Duration) { w.ask(at, w.usual(), "www."+domain, dns.TypeA) })
		w.near("new-domains", domain)
		again(soon, func(at time.Duration) { w.ask(at, client, w.ownName(), dns.TypeA) })
		w.near("new-clients", client)
	}
}

// texts: 40 to 90 names of type TXT below a domain. Near misses: 24 to 28 of them; a name of each of 60 domains; a name 100 times.
func (w *world) texts() {
	texts := func(n int, name func(i int, domain string) string) (client, domain string) {
		client = w.newClient()
		domain = w.newDomain(client)
		for i := range n {
			w.ask(w.late(), client, name(i, domain), dns.TypeTXT)
		}
		return client, domain
	}
	part := func(i int, domain string) string { return fmt.Sprintf("c%d.%s", i, domain) }
	client, domain := texts(w.between(40, 90), part)
	w.plant("txt-abuse", client, domain)
	client, domain = texts(w.between(24, 28), part)
	w.near("txt-abuse", client, domain)
	client, domain = texts(100, func(_ int, domain string) string { return "_dmarc." + domain })
	w.near("txt-abuse", client, domain)
	others := make([]string, 60)
	for i := range others {
		others[i] = w.newDomain(client)
		w.ask(w.late(), client, "_dmarc."+others[i], dns.TypeTXT)
	}
	w.near("txt-abuse", client, others[0])
}

// flux: 40 to 60 addresses, each in a network of its own. Near misses: as many in seven networks; 12 to 14 in as many networks; 4 in as many networks, and 30
// names that look like addresses.
func (w *world) flux() {
	move := func(n int, address func(i int) string) string {
		client := w.newClient()
		name := "a." + w.newDomain(client)
		for i := 0; i < n; i += 2 {
			w.server.ask(w.late(), question{client: client, name: name, qtype: dns.TypeA, asks: Forwarder, answer: []dns.RR{
				w.server.record("%s. 30 A %s", name, address(i)), w.server.record("%s. 30 A %s", name, address(i+1)),
			}})
		}
		return name
	}
	first := w.between(20, 80)
	apart := func(i int) string { return fmt.Sprintf("%d.%d.7.%d", first+i, w.IntN(250), w.IntN(250)) }
	w.plant("many-addresses", move(w.between(40, 60), apart))
	w.near("many-addresses", move(w.between(40, 60), func(i int) string { return fmt.Sprintf("198.%d.100.%d", 51+i%7, i) }))
	w.near("many-addresses", move(2*w.between(6, 7), apart))
	client := w.newClient()
	name := "a." + w.newDomain(client)
	for i := range 30 {
		alias := fmt.Sprintf("%de.%de.2g.3a.%s", first+i, i, name[2:])
		w.server.ask(w.late(), question{client: client, name: name, qtype: dns.TypeA, asks: Forwarder, answer: []dns.RR{
			w.server.record("%s. 30 CNAME %s.", name, alias), w.server.record("%s. 30 A 198.51.100.%d", alias, i%4),
		}})
	}
	w.near("many-addresses", name)
}
