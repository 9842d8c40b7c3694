// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"net/netip"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// addExchange adds an exchange to its row, or begins a row.
func (a *Aggregator) addExchange(w *window, e *dns.Event, raw []byte, received int64, x *correlate.Exchange, own int64) Verdict {
	start, end := span(x, own)
	entry := w.store.Find(a.hash, a.key)
	if entry == nil || !w.near(entry, start) {
		answers := a.answers(e)
		f := firstFacts(x)
		f.add(e, x, start, end)
		f.answer(answers)
		var whole bool
		a.set, whole = a.set[:0].Add(answers)
		f.mark(factAnswersCut, !whole)
		a.data = f.append(append(a.data[:0], raw...), a.set, &x.Recursion)
		if !a.hold(w, e, received, start) {
			return Pass
		}
		return Held
	}
	a.merge(w, entry, e, x, start, end)
	return Merged
}

// answers returns the answers of a response. They are valid until the next call.
func (a *Aggregator) answers(e *dns.Event) (list *dns.Answers) {
	list, a.text, _ = dns.AnswersOf(e, &a.list, a.text[:0])
	return list
}

// merge adds an exchange to a row.
func (a *Aggregator) merge(w *window, entry *hold.Entry, e *dns.Event, x *correlate.Exchange, start, end int64) {
	answers := a.answers(e)
	entry.Count++
	w.note(entry, start)
	row := w.store.Data(entry)
	f := factsOf(row)
	f.mark(factServerVaries, x.Lookup.Server != f.firstServer())
	f.mark(factCacheVaries, x.Lookup.Asked != f.has(factAsked) || x.Lookup.Cached != f.has(factCached))
	f.add(e, x, start, end)
	f.answer(answers)
	if answers.Count == 0 && x.Recursion.Queries() == 0 {
		return
	}
	var recursion dns.Recursion
	first, set := f.cut(row, &recursion)
	same := a.join(f, &recursion, x)
	if answers.Count > 0 && !set.Has(answers) {
		var whole bool
		a.set, whole = append(a.set[:0], set...).Add(answers)
		f.mark(factAnswersCut, !whole)
		same = same && len(a.set) == len(set)
		set = a.set
	}
	if same {
		return
	}
	a.data = f.append(append(a.data[:0], first...), set, &recursion)
	w.store.SetData(entry, a.data)
}

// span returns the times of the first and the last event of an exchange, in nanoseconds since 1970. own is the time of the event that its
// record is made of.
func span(x *correlate.Exchange, own int64) (start, end int64) {
	start, end = own, own
	if (x.Answered || x.Start != 0) && !x.Leapt {
		start = x.Start
	}
	if x.End != 0 {
		end = x.End
	}
	return min(start, end), end
}

// duration returns how long an exchange took, in whole milliseconds: from the query to the response, or what the event says.
func duration(e *dns.Event, x *correlate.Exchange, start, end int64) (ms int64, ok bool) {
	if x.Answered && !x.Leapt {
		return (end - start) / int64(time.Millisecond), true
	}
	n, ok := e.Num(dns.ElapsedTime)
	return int64(n), ok && n <= math.MaxInt32
}

// read fills a row of exchanges.
func (a *Aggregator) read(r *Row) {
	row := r.window.store.Data(r.entry)
	f := factsOf(row)
	var recursion dns.Recursion
	raw, set := f.cut(row, &recursion)
	r.Data, r.Exchange = raw, f.exchange(recursion)
	if r.Count == 1 {
		return
	}
	s := &a.total
	s.First, s.Last = r.entry.First, f.last
	s.Timed, s.TotalMS, s.MinMS, s.MaxMS = f.timed, f.total, f.least, f.most
	s.GapMS, s.GapSquareMS, s.HasSquare = f.gaps.sum(), f.gaps.squares, !f.gaps.lost
	s.Answers.Set(set)
	s.AnswersCut = f.has(factAnswersCut)
	s.MinTTL, s.HasTTL = f.ttl, f.has(factTTL)
	l := &r.Lookup
	s.Server = l.Server
	if f.has(factServerVaries) {
		s.Server = netip.Addr{}
	}
	s.FromCache, s.HasFromCache = l.Cached && !l.Asked, (l.Cached || l.Asked) && !f.has(factCacheVaries)
	s.Recursed, s.Recursions, s.RecursionTimeouts = f.recursed, f.queries, f.timeouts
	s.Servers, s.ServersCut = recursion.Servers, recursion.ServersCut
	r.Sums = s
}

// add adds the times and the recursion of an exchange.
func (f *facts) add(e *dns.Event, x *correlate.Exchange, start, end int64) {
	f.last = max(f.last, end)
	f.gaps.add(millis(start))
	if n := x.Recursion.Queries(); n > 0 {
		f.recursed++
		f.queries += n
		f.timeouts += x.Recursion.TimedOut
	}
	ms, ok := duration(e, x, start, end)
	if !ok {
		return
	}
	if f.timed == 0 {
		f.least, f.most = ms, ms
	}
	f.timed++
	f.total += ms
	f.least, f.most = min(f.least, ms), max(f.most, ms)
}

// answer adds the time to live of a list of answers.
func (f *facts) answer(list *dns.Answers) {
	if list.HasTTL {
		f.ttl = min(f.ttl, list.MinTTL)
		f.mark(factTTL, true)
	}
}

// join adds the recursion of an exchange to that of a row, whose facts f are. It reports whether that is as long as before.
func (a *Aggregator) join(f *facts, recursion *dns.Recursion, x *correlate.Exchange) (same bool) {
	if x.Recursion.Queries() == 0 {
		return true
	}
	had, n, cut := f.has(factRecursed), recursion.Servers.Len(), recursion.ServersCut
	f.mark(factRecursed, true)
	var ok bool
	a.servers, ok = append(a.servers[:0], recursion.Servers...).AddAll(x.Recursion.Servers)
	recursion.Servers, recursion.ServersCut = a.servers, cut || x.Recursion.ServersCut || !ok
	return had && recursion.Servers.Len() == n && recursion.ServersCut == cut
}
