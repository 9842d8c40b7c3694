// SPDX-License-Identifier: Apache-2.0

// Two hours whose planted events and near misses are chosen at random, for the questions of cmd/winnet-hunt.

package incident

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/miekg/dns"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// The scenario's two hours. In the second one is what happens for the first time. Whoever and whatever else there is appears before IntroducedBy.
const (
	ScenarioSpan = 2 * time.Hour
	introducedBy = 18 * time.Minute
	nearlyNew    = 50 * time.Minute // a near miss of what is new appears then for the first time
	surelyNew    = 66 * time.Minute
)

// Hosts of the scenario, beside those of the half hour.
const (
	SecondForwarder = "192.0.2.54" // gets more than a tenth of the server's queries
	ServerName      = "dns01." + Domain
	WorkstationName = "ws27." + Domain
)

// Scenario has what a question must find in the recordings, and what it must not. Both are by the id of a question or the name of
// a rule; a finding is its key columns, with
// blanks between.
type Scenario struct {
	Files
	Planted, Near map[string][]string
}

// WriteScenario writes the recordings of a seed to a folder. Equal seeds write equal files.
func WriteScenario(dir string, seed uint64) (Scenario, error) {
	w := world{
		Rand: rand.New(rand.NewPCG(seed, 20)), node: &node{truth: newTruth()},
		Scenario: Scenario{Planted: map[string][]string{}, Near: map[string][]string{}, Files: Files{
			Server: filepath.Join(dir, "server.etl"), Client: filepath.Join(dir, "client.etl"), Pods: filepath.Join(dir, "pods.pcapng"),
		}},
	}
	w.server.catalog, w.client.catalog = windns.ServerCatalog(), windns.ClientCatalog()
	w.background()
	w.names()
	w.servers()
	w.processes()
	w.traffic()
	w.edges()
	if err := w.server.write(w.Server); err != nil {
		return w.Scenario, err
	}
	if err := w.client.write(w.Client); err != nil {
		return w.Scenario, err
	}
	for _, o := range w.others {
		path := filepath.Join(dir, o.Name+".etl")
		if err := o.trace.write(path); err != nil {
			return w.Scenario, err
		}
		w.Others = append(w.Others, Other{o.Name, path})
	}
	return w.Scenario, w.node.write(w.Pods)
}

// world collects a scenario.
type world struct {
	*rand.Rand
	Scenario
	server, client trace
	node           *node
	others         []*other
	clients, words int
}

// other is a further workstation. It has no known address, so that its name stands for it.
type other struct {
	Name  string
	trace trace
}

// other returns a new workstation.
func (w *world) other(name string) *other {
	o := &other{Name: name + "." + Domain, trace: trace{catalog: windns.ClientCatalog()}}
	w.others = append(w.others, o)
	return o
}

func (w *world) plant(question string, key ...any) {
	w.Planted[question] = append(w.Planted[question], line(key))
}
func (w *world) near(question string, key ...any) {
	w.Near[question] = append(w.Near[question], line(key))
}

func line(key []any) string { s := fmt.Sprintln(key...); return s[:len(s)-1] }

// between returns a number from low to high.
func (w *world) between(low, high int) int { return low + w.IntN(high-low+1) }

// moment returns a time from low to high.
func (w *world) moment(low, high time.Duration) time.Duration {
	return low + time.Duration(w.Int64N(int64(high-low)))
}

// early returns a time before everyone has been introduced.
func (w *world) early() time.Duration { return w.moment(time.Minute, introducedBy) }

// late returns a time of any but the first minutes.
func (w *world) late() time.Duration { return w.moment(introducedBy, ScenarioSpan-time.Minute) }

// newClient returns a client that asked for something early.
func (w *world) newClient() string {
	client := w.strangeClient()
	w.ask(w.early(), client, w.ownName(), dns.TypeA)
	return client
}

// strangeClient returns a client that has not asked yet.
func (w *world) strangeClient() string {
	w.clients++
	return fmt.Sprintf("10.66.%d.%d", w.clients/200, w.clients%200+1)
}

// newDomain returns a domain that the client asked for early.
func (w *world) newDomain(client string) string {
	domain := w.strangeDomain()
	w.ask(w.early(), client, "www."+domain, dns.TypeA)
	return domain
}

// strangeDomain returns a domain that nobody has asked for.
func (w *world) strangeDomain() string {
	w.words++
	return fmt.Sprintf("%s%d.example", w.syllables(3), w.words)
}

func (w *world) ownName() string { return fmt.Sprintf("host%d.%s", w.IntN(40), Domain) }

// syllables returns a text that a person could say: half of it are vowels.
func (w *world) syllables(n int) string {
	b := make([]byte, 0, 2*n)
	for range n {
		b = append(b, "bdfgklmnprstvz"[w.IntN(14)], "aeiou"[w.IntN(5)])
	}
	return string(b)
}

// of returns a text of random characters.
func (w *world) of(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[w.IntN(len(alphabet))]
	}
	return string(b)
}

// ask adds a query that the server answers with an address. What is not in its zone it asks the forwarder.
func (w *world) ask(at time.Duration, client, name string, qtype uint16) {
	w.askBy(at, client, name, qtype, Forwarder)
}

func (w *world) askBy(at time.Duration, client, name string, qtype uint16, forwarder string) {
	q := question{client: client, name: name, qtype: qtype, asks: forwarder}
	switch {
	case qtype == dns.TypeTXT:
		q.answer = []dns.RR{w.server.record(`%s. 60 TXT "v=1"`, name)}
	default:
		q.answer = []dns.RR{w.server.record("%s. 60 A 198.51.100.%d", name, w.IntN(200))}
	}
	if dns.IsSubDomain(Domain, name) {
		q.asks = ""
	}
	w.server.ask(at, q)
}

// fails adds a query for a name that does not exist.
func (w *world) fails(at time.Duration, client, name string) {
	q := question{client: client, name: name, qtype: failing(name), asks: Forwarder, rcode: dns.RcodeNameError}
	if dns.IsSubDomain(Domain, name) || q.qtype == dns.TypePTR {
		q.asks = ""
	}
	w.server.ask(at, q)
}

// failing is the type that is asked for of a name that does not exist.
func failing(name string) uint16 {
	if dns.IsSubDomain("in-addr.arpa", name) {
		return dns.TypePTR
	}
	return dns.TypeA
}

// background adds the usual traffic of the whole time. Every domain of it is asked for early.
func (w *world) background() {
	domains := make([]string, 120)
	for i := range domains {
		domains[i] = w.strangeDomain()
		w.ask(w.early(), w.usual(), "www."+domains[i], dns.TypeA)
	}
	for i := range 30 {
		w.ask(w.early(), usualClient(i), w.ownName(), dns.TypeA)
	}
	// The first and the last row: their middle divides what is new from what is not.
	w.ask(0, usualClient(0), w.ownName(), dns.TypeA)
	w.ask(ScenarioSpan, usualClient(0), w.ownName(), dns.TypeA)
	for range 3000 {
		at := w.moment(time.Minute, ScenarioSpan)
		switch domain := domains[w.IntN(len(domains))]; w.IntN(20) {
		case 0:
			w.fails(at, w.usual(), fmt.Sprintf("old%d.%s", w.IntN(30), Domain))
		case 1, 2, 3, 4, 5, 6:
			w.askBy(at, w.usual(), "mail."+domain, dns.TypeA, SecondForwarder)
		case 7, 8, 9, 10, 11, 12:
			w.ask(at, w.usual(), "www."+domain, dns.TypeA)
		default:
			w.ask(at, w.usual(), w.ownName(), dns.TypeA)
		}
	}
	w.near("odd-resolvers", ServerName, SecondForwarder)
}

func usualClient(i int) string { return fmt.Sprintf("10.1.4.%d", 100+i) }

func (w *world) usual() string { return usualClient(w.IntN(30)) }

// WriteFlux writes a recording in which a client asks for FluxName once a second, and gets a new address in another network each time.
func WriteFlux(path string, addresses int) error {
	t := trace{catalog: windns.ServerCatalog()}
	for n := range addresses {
		t.ask(time.Duration(n)*time.Second, question{
			client: BurstClient, name: FluxName, qtype: dns.TypeA, answer: []dns.RR{t.record("%s. 30 A 20.%d.0.1", FluxName, n)},
		})
	}
	return t.write(path)
}

// Failures are queries of BurstClient for a name that does not exist, the first one at a time.
type Failures struct {
	Name      string
	At, Every time.Duration
	Times     int
}

// WriteFailures writes a recording of failures.
func WriteFailures(path string, all ...Failures) error {
	t := trace{catalog: windns.ServerCatalog()}
	for _, f := range all {
		for n := range f.Times {
			t.ask(f.At+time.Duration(n)*f.Every, question{client: BurstClient, name: f.Name, qtype: failing(f.Name), rcode: dns.RcodeNameError})
		}
	}
	return t.write(path)
}

// WriteServerSplit writes a recording of a DNS server that asks Forwarder for two names of one client, 120 times, but Odd twice.
func WriteServerSplit(path string) error {
	t := trace{catalog: windns.ServerCatalog()}
	for n := range 120 {
		name := fmt.Sprintf("www%d.adatum.com", n%2)
		q := question{client: BeaconClient, name: name, qtype: dns.TypeA, asks: Forwarder, answer: []dns.RR{t.record("%s. 300 A 198.51.100.7", name)}}
		if n == 60 || n == 61 {
			q.asks = Odd
		}
		t.ask(time.Duration(n)*2*time.Second, q)
	}
	return t.write(path)
}

// WriteSplit writes a recording of a workstation that asks Server for its names. It asks Odd for one of them, once, between two look-ups at Server.
func WriteSplit(path string) error {
	t := trace{catalog: windns.ClientCatalog()}
	for n := range 60 {
		l := lookup{process: Browser, version: 1, name: fmt.Sprintf("www%d.adatum.com", n%20), results: "198.51.100.7;", server: Server}
		if n == 30 {
			l.server = Odd
		}
		t.lookup(time.Duration(n)*time.Second, l)
	}
	return t.write(path)
}
