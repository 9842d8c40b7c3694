// SPDX-License-Identifier: Apache-2.0

// The scenario's edges: for each threshold of a question, what just reaches it, and a near miss that just does not.

package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"

	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/sessions"
)

// podsDvc is the node, which its recording names.
const podsDvc = "pods"

// just is when something happens for the first time that is just new, and nearly when what is not.
const (
	just   = 61 * time.Minute
	nearly = 58 * time.Minute
)

func (w *world) edges() {
	w.edgesOfBeacons()
	w.edgesOfTunnels()
	w.edgesOfFailures()
	w.edgesOfWhatIsNew()
	w.edgesOfAnswers()
	w.edgesOfProcesses()
	w.edgesOfRefusals()
	w.edgesOfSpreads()
	w.edgesOfUploads()
}

// edge plants what has a number, and has a near miss for the number before it.
func (w *world) edge(question string, n int, key func(n int) []any) {
	w.plant(question, key(n)...)
	w.near(question, key(n-1)...)
}

// edgesOfBeacons: 30 and 29 gaps; an irregularity of 0.095 and 0.105; a mean of 10.5 and 9.5 s.
func (w *world) edgesOfBeacons() {
	const even = 36 // as many long gaps as short ones
	series := func(gaps int, every time.Duration, share float64) []any {
		client, name := w.series(gaps, every, share)
		return []any{client, name}
	}
	w.edge("beaconing", 30, func(gaps int) []any { return series(gaps, 30*time.Second, 0.08) })
	w.plant("beaconing", series(even, 40*time.Second, 0.095)...)
	w.near("beaconing", series(even, 40*time.Second, 0.105)...)
	w.plant("beaconing", series(even, 10500*time.Millisecond, 0.05)...)
	w.near("beaconing", series(even, 9500*time.Millisecond, 0.05)...)
}

// edgesOfTunnels: 50 and 49 names; parts of 40 and 39 characters before the domain; an entropy of 3.1 and 2.9. For the rule 100 and 99 names.
func (w *world) edgesOfTunnels() {
	names := func(n, size int, alphabet string) []any {
		client, domain := w.namesBelow(n, func(int) string { return w.of(alphabet, size) })
		return []any{client, domain}
	}
	const eight, seven = "01234567", "0123456" // and the two characters of the label below the domain
	const below = len(".t")
	w.edge("tunnelling", 50, func(n int) []any { return names(n, 60, hexadecimal) })
	w.edge("tunnelling", 40, func(part int) []any { return names(60, part-below, hexadecimal) })
	w.plant("tunnelling", names(60, 60, eight)...)
	w.near("tunnelling", names(60, 60, seven)...)
	w.edge("DnsTunnel", 100, func(n int) []any {
		key := names(n, 60, hexadecimal)
		w.plant("tunnelling", key...)
		return key
	})
	key := names(110, 60, eight)
	w.plant("tunnelling", key...)
	w.plant("DnsTunnel", key...)
	key = names(110, 60, seven)
	w.near("tunnelling", key...)
	w.near("DnsTunnel", key...)
}

// edgesOfFailures: 200 and 199 failures in a window; 39 in a minute, of which six minutes would be enough. 25 and 24 domains; first labels of 10 and 9 letters;
// 4 of 15 letters are vowels, and 3 of 10; single labels.
func (w *world) edgesOfFailures() {
	const window = 5 * time.Minute
	first := sessions.Start().Truncate(window).Add(window).Sub(sessions.Start())
	w.edge("nxdomain-burst", 200, func(n int) []any {
		client := w.newClient()
		from := first + window*time.Duration(w.between(1, 20)) + 5*time.Second
		for i := range n {
			w.fails(from+(window-10*time.Second)*time.Duration(i)/time.Duration(n), client, fmt.Sprintf("%s%d.%s", w.syllables(4), i, Domain))
		}
		return []any{client}
	})
	slow := w.newClient()
	for i := range 39 * 30 {
		w.fails(first+window+time.Duration(i)*time.Minute/39, slow, fmt.Sprintf("%s%d.%s", w.syllables(4), i, Domain))
	}
	w.near("nxdomain-burst", slow)

	fail := func(n int, name func(i int) string) []any {
		client := w.newClient()
		for i := range n {
			w.fails(w.late(), client, name(i))
		}
		return []any{client}
	}
	const consonants, vowels = "bcdfghjklmnpqrstvwxyz", "aeiou"
	label := func(v, c int) string {
		b := []byte(w.of(vowels, v) + w.of(consonants, c))
		w.Shuffle(len(b), func(i, j int) { b[i], b[j] = b[j], b[i] })
		return string(b)
	}
	domains := func(n, v, c int) []any {
		return fail(n, func(int) string { return label(v, c) + ".example" })
	}
	w.edge("generated-names", 25, func(n int) []any { return domains(n, 2, 12) })
	w.edge("generated-names", 10, func(letters int) []any { return domains(40, 2, letters-2) })
	w.plant("generated-names", domains(30, 4, 11)...)
	w.near("generated-names", domains(30, 3, 7)...)
	w.near("generated-names", fail(40, func(int) string { return label(2, 12) })...)
}

// edgesOfWhatIsNew: a minute after the dividing time, and two minutes before it.
func (w *world) edgesOfWhatIsNew() {
	again := func(first time.Duration, do func(time.Duration)) {
		for _, at := range []time.Duration{first, first + 20*time.Minute, first + 40*time.Minute} {
			do(at)
		}
	}
	for _, edge := range []struct {
		at time.Duration
		to func(question string, key ...any)
	}{{just, w.plant}, {nearly, w.near}} {
		domain, client, updater := w.strangeDomain(), w.strangeClient(), w.newClient()
		again(edge.at, func(at time.Duration) {
			w.ask(at, w.usual(), "www."+domain, dns.TypeA)
			w.ask(at, client, w.ownName(), dns.TypeA)
			w.update(at, updater)
		})
		edge.to("new-domains", domain)
		edge.to("new-clients", client)
		edge.to("strange-updates", updater)
		target := outside(fmt.Sprintf("203.0.113.%d", 214+int(edge.at/time.Minute)-58))
		again(edge.at, func(at time.Duration) { w.connect(at, pod(11), target, 443) })
		edge.to("first-contact", target.Address)
	}
}

// edgesOfAnswers: 30 and 29 names of type TXT; 15 and 14 addresses; 8 networks. All resolvers of the list.
func (w *world) edgesOfAnswers() {
	w.edge("txt-abuse", 30, func(n int) []any {
		client := w.newClient()
		domain := w.newDomain(client)
		for i := range n {
			w.ask(w.late(), client, fmt.Sprintf("c%d.%s", i, domain), dns.TypeTXT)
		}
		return []any{client, domain}
	})
	move := func(n int, address func(i int) string) []any {
		client := w.newClient()
		name := "a." + w.newDomain(client)
		for i := range n {
			w.server.ask(w.late(), question{client: client, name: name, qtype: dns.TypeA, asks: Forwarder, answer: []dns.RR{w.server.record("%s. 30 A %s", name, address(i))}})
		}
		return []any{name}
	}
	w.edge("many-addresses", 15, func(n int) []any { return move(n, func(i int) string { return fmt.Sprintf("%d.9.7.%d", 20+i, i) }) })
	w.plant("many-addresses", move(24, func(i int) string { return fmt.Sprintf("198.%d.100.%d", 51+i%8, i) })...)
	client := w.newClient()
	for _, name := range publicNames() {
		w.ask(w.early(), client, name, dns.TypeA)
		w.plant("dns-over-https", client, name)
		w.ask(w.early(), client, "x"+name, dns.TypeA)
		w.near("dns-over-https", client, "x"+name)
	}
	for i, address := range publicAddresses() {
		from, to := pod(60), outside(address)
		if addr(to).Is6() {
			from.Address = "fd00:10:244:1::160"
		}
		w.connect(w.early(), from, to, []uint16{443, 853}[i%2])
		w.plant("dns-over-https", from.Address, address)
		from.Address = strings.Replace(from.Address, "160", "161", 1)
		w.connect(w.early(), from, to, []uint16{53, 80}[i%2])
		w.near("dns-over-https", from.Address, address)
	}
}

// publicNames and publicAddresses are those of resolvers of the question about DNS over HTTPS.
func publicNames() []string {
	return []string{
		"chrome.cloudflare-dns.com", "cloudflare-dns.com", "dns.adguard-dns.com", "dns.alidns.com", "dns.google", "dns.nextdns.io", "dns.quad9.net", "dns10.quad9.net",
		"dns11.quad9.net", "doh.cleanbrowsing.org", "doh.opendns.com", "doh.pub", "mozilla.cloudflare-dns.com", "one.one.one.one", "security.cloudflare-dns.com",
	}
}

func publicAddresses() []string {
	return []string{
		"1.0.0.1", "1.1.1.1", "149.112.112.112", "208.67.220.220", "208.67.222.222", "223.5.5.5", "8.8.4.4", "8.8.8.8", "9.9.9.9", "94.140.14.14", "94.140.15.15",
		"2001:4860:4860::8844", "2001:4860:4860::8888", "2606:4700:4700::1001", "2606:4700:4700::1111", "2620:fe::9", "2620:fe::fe",
	}
}

// edgesOfProcesses: a process that asks five times; one that asks often for the domain of others, and one for two of its own. On a second workstation a resolver gets 10 of 209 queries, and
// the near miss 11; on a third one none has half of them.
func (w *world) edgesOfProcesses() {
	const five, follower = 6610, 6900
	look := func(t *trace, at time.Duration, process uint32, name, server string) {
		t.lookup(at, lookup{process: process, version: 1, name: name, results: "198.51.100.7;", server: server})
	}
	own, shared, crowd := w.newDomain(Workstation), w.newDomain(Workstation), w.newDomain(Workstation)
	for range 5 {
		look(&w.client, w.late(), five, "stage3."+own, Server)
	}
	w.plant("strange-process", WorkstationName, five)
	for range 8 {
		look(&w.client, w.late(), follower, "www."+shared, Server)
		look(&w.client, w.late(), Browser, "www."+shared, Server)
	}
	w.near("strange-process", WorkstationName, follower)

	const two, harmless = 6910, 7000
	one, another := w.newDomain(Workstation), w.newDomain(Workstation)
	for range 4 {
		look(&w.client, w.late(), two, "www."+one, Server)
		look(&w.client, w.late(), two, "www."+another, Server)
	}
	w.near("strange-process", WorkstationName, two)
	for i := range Needless() { // the names of these programs are not in the recording
		look(&w.client, w.late(), harmless+uint32(i), "www."+crowd, Server)
	}

	work := make([]string, 5)
	for i := range work {
		work[i] = w.newDomain(Workstation)
	}
	asks := func(t *trace, times int, server string) {
		for i := range times {
			look(t, w.moment(time.Minute, ScenarioSpan-time.Minute), Browser, fmt.Sprintf("%s%d.%s", w.syllables(3), i, work[i%len(work)]), server)
		}
	}
	const few, more, all = "203.0.113.9", "203.0.113.10", 209
	second, third := w.other("ws28"), w.other("ws29")
	const beacons = 36
	for i := range beacons {
		look(&second.trace, 2*time.Minute+time.Duration(i)*40*time.Second, Browser, "tick."+work[0], Server)
	}
	w.plant("beaconing", second.Name, "tick."+work[0])
	asks(&second.trace, all-beacons-10-11, Server)
	asks(&second.trace, 10, few)
	asks(&second.trace, 11, more)
	w.plant("odd-resolvers", second.Name, few)
	w.near("odd-resolvers", second.Name, more)
	look(&third.trace, time.Minute, Browser, "www."+work[0], Server)
	asks(&third.trace, 23, Server)
	asks(&third.trace, 24, "10.0.0.55")
	asks(&third.trace, 2, few)
	w.near("odd-resolvers", third.Name, few)
}

// edgesOfRefusals: 10 and 9 packets that a policy denies, with and without a drop notification; 6 of them and 6 that Windows' packet monitor had told of before.
func (w *world) edgesOfRefusals() {
	n := 70
	denials := func(deny func(from, to Pod, port uint16)) func(times int) []any {
		return func(times int) []any {
			n++
			for range times {
				w.node.at = w.late()
				deny(pod(n), Orders(), 5432)
			}
			return []any{pod(n).Address, Orders().Address, 5432}
		}
	}
	w.edge("denied-traffic", 10, denials(w.node.denied))
	w.edge("denied-traffic", 10, denials(func(from, to Pod, port uint16) { w.node.verdict(from, to, port) }))
	twice := pod(80)
	for i := range uint16(12) {
		w.node.at = w.late()
		p := packet(way{twice, Orders(), 0}, 51000+i, 5432, mt.SYN, 0)
		if i%2 == 0 {
			w.node.tell(mt.PacketMonitor{Packet: p, PacketType: 1, ComponentID: 3}.Bytes())
		}
		w.node.tell(mt.Drop{Capture: captured(twice.Endpoint, p), Version: 1, Reason: policyDenied, SrcLabel: twice.Identity, DstLabel: Orders().Identity, Line: 1304, File: 2}.Bytes())
	}
	w.near("denied-traffic", twice.Address, Orders().Address, 5432)
}

// edgesOfSpreads: 5 and 4 targets at each administrative port; 12 of them outside, and 12 that were denied. 20 and 19 ports, and addresses. For the rule 50 and 49 ports that are
// denied, and 20 and 19 addresses.
func (w *world) edgesOfSpreads() {
	for i, port := range []uint16{22, 135, 139, 389, 445, 636, 3389, 5985, 5986, 6443, 10250} {
		for target := range 5 {
			w.connect(w.late(), pod(40+i), remote(target), port)
		}
		w.plant("lateral-movement", pod(40+i).Address)
		for target := range 5 {
			w.connect(w.late(), pod(100+i), remote(min(target, 3)), port)
		}
		w.near("lateral-movement", pod(100+i).Address)
	}
	for i := range 12 {
		w.connect(w.early(), pod(51), outside(fmt.Sprintf("198.51.100.%d", 200+i)), 22)
		w.node.at = w.late()
		w.node.denied(pod(52), remote(i), 22)
	}
	w.near("lateral-movement", pod(51).Address)
	w.near("lateral-movement", pod(52).Address)

	n := 82
	denied := func(addresses, ports int) Pod {
		n++
		for i := range max(addresses, ports) {
			w.node.at = w.late()
			w.node.denied(pod(n), remote(200+i%addresses), uint16(1000+i%ports))
		}
		return pod(n)
	}
	w.edge("scans", 20, func(ports int) []any { return []any{denied(1, ports).Address, "ports", remote(200).Address} })
	w.edge("scans", 20, func(addresses int) []any {
		n++
		for i := range addresses {
			w.connect(w.late(), pod(n), remote(300+i), 9300)
		}
		return []any{pod(n).Address, "addresses", 9300}
	})
	w.edge("DeniedScan", 50, func(ports int) []any {
		from := denied(1, ports)
		w.plant("scans", from.Address, "ports", remote(200).Address)
		return []any{from.Address, podsDvc}
	})
	w.edge("DeniedScan", 20, func(addresses int) []any {
		from := denied(addresses, 1)
		if key := []any{from.Address, "addresses", 1000}; addresses == 20 {
			w.plant("scans", key...)
		} else {
			w.near("scans", key...)
		}
		return []any{from.Address, podsDvc}
	})
}

// edgesOfUploads: 52 and 47 MB; 5.5 times what came back.
func (w *world) edgesOfUploads() {
	w.upload(pod(95), outside("203.0.113.203"), 866, 5)
	w.plant("exfiltration", pod(95).Address, "203.0.113.203")
	w.upload(pod(96), outside("203.0.113.204"), 783, 5)
	w.near("exfiltration", pod(96).Address, "203.0.113.204")
	w.upload(pod(97), outside("203.0.113.205"), 1700, 310)
	w.plant("exfiltration", pod(97).Address, "203.0.113.205")
}

// Needless are the paths of programs of the question about processes that should not resolve.
func Needless() []string {
	return []string{
		`C:\Windows\System32\calc.exe`, `C:\Windows\System32\charmap.exe`, `C:\Windows\System32\dllhost.exe`, `C:\Windows\System32\mspaint.exe`, `C:\Windows\notepad.exe`,
		`C:\Windows\System32\regsvr32.exe`, `C:\Windows\SysWOW64\RUNDLL32.EXE`, `C:\Windows\System32\WerFault.exe`, `C:\Windows\write.exe`,
	}
}
