// SPDX-License-Identifier: Apache-2.0

// Conversations that are lookups: answered, failed, ignored.

package main

import (
	"time"

	"github.com/miekg/dns"
)

// pace waits for the time between two events of one conversation on the server itself.
func (t *talk) pace() { t.wait(40*time.Microsecond, 700*time.Microsecond) }

// fromZone is a query that a zone answers, sometimes with lookups of the names in the answer.
func (t *talk) fromZone(q question) {
	m := t.ask(q)
	t.received()
	r := t.local.answerFor(t, m.Question[0])
	t.pace()
	a := answerTo(m, r, true)
	t.answered(a, r.zone, pick(t.trace, []string{defaultScope, defaultScope, defaultScope, "InternalClients"}))
}

// answerFor looks up a question, and adds the lookups of other names as events.
func (r records) answerFor(t *talk, q dns.Question) reply {
	a := r.lookup(q)
	for _, name := range a.aliases {
		if t.one(2) {
			t.wait(10*time.Microsecond, 80*time.Microsecond)
			t.looked(279, name, q.Qtype)
		}
	}
	if (q.Qtype == dns.TypeMX || q.Qtype == dns.TypeSRV) && len(a.answer) > 0 {
		t.wait(10*time.Microsecond, 80*time.Microsecond)
		t.looked(280, target(a.answer[0]), dns.TypeA)
	}
	return a
}

// fromCache is a query that the cache answers, sometimes with expired records.
func (t *talk) fromCache(q question) {
	m := t.ask(q)
	t.received()
	r := t.beyond.lookup(m.Question[0])
	t.pace()
	a := answerTo(m, r, false)
	if secure(r) {
		a.AuthenticatedData = true
	}
	t.answered(a, cacheZone, defaultScope)
}

// secure reports whether an answer is signed.
func secure(r reply) bool { return len(withoutSignatures(r.answer)) < len(r.answer) }

// recursion is a query that another server has to answer.
func (t *talk) recursion(q question) {
	m := t.ask(q)
	t.received()
	r := t.forward(m)
	a := answerTo(m, r, false)
	a.AuthenticatedData = secure(r)
	t.answered(a, cacheZone, defaultScope)
}

// forward asks another server and waits for its response. A quarter of the aliases needs a query of its own.
func (t *talk) forward(m *dns.Msg) reply {
	r := t.beyond.lookup(m.Question[0])
	up := t.relay(pick(t.trace, []string{forwarder, forwarder, forwarder2, forwarderV6}))
	t.pace()
	t.sent(up)
	t.wait(4*time.Millisecond, 45*time.Millisecond)
	response := answerTo(up.Msg, r, !up.RecursionDesired)
	response.AuthenticatedData = secure(r) && up.RecursionDesired
	t.came(up, response, 1)
	if len(r.aliases) > 0 && t.one(4) {
		t.pace()
		t.looked(279, r.aliases[0], m.Question[0].Qtype)
	}
	t.pace()
	return r
}

// recursionTimeout is a query that no other server answers.
func (t *talk) recursionTimeout(q question) {
	m := t.ask(q)
	t.received()
	for _, to := range []string{forwarder, forwarder2} {
		up := t.relay(to)
		t.pace()
		t.sent(up)
		t.wait(3*time.Second, 3500*time.Millisecond)
		t.timedOut(up)
	}
	t.pace()
	t.failed(answerTo(m, reply{rcode: dns.RcodeServerFailure}, false), "System", cacheZone, null)
}

// missing is a query for a name that the zone does not have. The response is an event of either kind.
func (t *talk) missing(q question) {
	m := t.ask(q)
	t.received()
	r := t.local.lookup(m.Question[0])
	t.pace()
	if a := answerTo(m, r, true); t.one(2) {
		t.answered(a, r.zone, defaultScope)
	} else {
		t.failed(a, "System", r.zone, null)
	}
}

// missingBeyond is a query for a name that does not exist anywhere.
func (t *talk) missingBeyond(q question) {
	m := t.ask(q)
	t.received()
	r := t.forward(m)
	if a := answerTo(m, r, false); t.one(2) {
		t.answered(a, cacheZone, defaultScope)
	} else {
		t.failed(a, "System", cacheZone, null)
	}
}

// serverFailure is a query for which another server reports a failure.
func (t *talk) serverFailure(q question) {
	m := t.ask(q)
	t.received()
	up := t.relay(forwarder2)
	t.pace()
	t.sent(up)
	t.wait(20*time.Millisecond, 900*time.Millisecond)
	t.came(up, answerTo(up.Msg, reply{rcode: dns.RcodeServerFailure}, false), 1+t.IntN(3))
	t.pace()
	t.failed(answerTo(m, reply{rcode: dns.RcodeServerFailure}, false), "System", cacheZone, null)
}

// refused is a query that a policy denies.
func (t *talk) refused(q question) {
	m := t.ask(q)
	t.received()
	t.pace()
	t.failed(answerTo(m, reply{rcode: dns.RcodeRefused}, false), "Policy", null, "BlockListPolicy")
}

// versionQuery is a query of another class.
func (t *talk) versionQuery() {
	m := t.ask(question{"version.bind.", dns.TypeTXT})
	m.Question[0] = dns.Question{Name: "version.bind.", Qtype: dns.TypeTXT, Qclass: dns.ClassCHAOS}
	t.received()
	t.pace()
	t.failed(answerTo(m, reply{rcode: dns.RcodeNotImplemented}, false), "System", null, null)
}

// ignored is a query that gets no response.
func (t *talk) ignored(reason, policy string) {
	t.ask(question{pick(t.trace, refusedNames()), dns.TypeA})
	if reason == "Policy" {
		t.received()
		t.pace()
	}
	t.dropped(reason, policy)
}

// truncated is a query whose answer does not fit into a datagram, so that the client repeats it over TCP.
func (t *talk) truncated(q question) {
	t.tcp = false
	m := t.ask(q)
	m.Extra = nil
	r := t.local.lookup(m.Question[0])
	t.received()
	t.pace()
	cut := answerTo(m, reply{zone: r.zone}, true)
	cut.Truncated = true
	t.answered(cut, r.zone, defaultScope)

	t.wait(800*time.Microsecond, 3*time.Millisecond)
	t.tcp, t.port, t.guid = true, t.port+1, t.server.guid().String()
	t.begun = t.at
	t.received()
	t.pace()
	t.answered(answerTo(m, r, true), r.zone, defaultScope)
}

// aliasFailure is a query whose answer is a circle of aliases.
func (t *talk) aliasFailure() {
	m := t.ask(question{"loop.adatum.com.", dns.TypeA})
	t.received()
	up := t.relay(forwarder)
	t.pace()
	t.sent(up)
	t.wait(5*time.Millisecond, 30*time.Millisecond)
	circle, err := readRecords("loop.adatum.com. 30 IN CNAME pool.adatum.com.\npool.adatum.com. 30 IN CNAME loop.adatum.com.")
	if err != nil {
		t.fail(err)
	}
	response := answerTo(up.Msg, reply{answer: circle}, false)
	t.came(up, response, 1)
	t.pace()
	f := t.cameFields(up, response, 1)
	for _, other := range []string{"RecursionDepth", "RecursionScope", "GUID", "QueriesAttached"} {
		delete(f, other)
	}
	f["ServerScope"], f["AliasFailureReason"] = defaultScope, "CNAME loop"
	t.emit(286, f)
	t.pace()
	t.failed(answerTo(m, reply{rcode: dns.RcodeServerFailure}, false), "System", cacheZone, null)
}

// validationFailure is a query whose answer has a wrong signature.
func (t *talk) validationFailure() {
	m := t.ask(question{"bogus.secure.example.", dns.TypeA})
	m.SetEdns0(4096, true)
	t.received()
	up := t.relay(forwarder)
	t.pace()
	t.sent(up)
	t.wait(5*time.Millisecond, 30*time.Millisecond)
	r := t.beyond.lookup(dns.Question{Name: "cdn.secure.example.", Qtype: dns.TypeA})
	for _, rr := range r.answer {
		rr.Header().Name = m.Question[0].Name
	}
	t.came(up, answerTo(up.Msg, r, false), 2)
	t.pace()
	q := m.Question[0]
	t.emit(288, fields{
		"QNAME": q.Name, "RRTYPE": q.Qtype, "QueryGUID": t.guid, "QXID": m.Id, "XID": up.Id, "CacheNodeName": "secure.example.",
	})
	t.pace()
	t.failed(answerTo(m, reply{rcode: dns.RcodeServerFailure}, false), "System", cacheZone, null)
}
