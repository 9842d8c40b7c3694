// SPDX-License-Identifier: Apache-2.0

// Package correlate merges the DNS events of one exchange: a query and its response, or the events of a look-up of the DNS Client. Decoded
// events go in. A Decision for each comes out, and later each kept event that found no partner. Memory is bounded.
//
// Times are the events' own. Events of one trace are in order for each processor, but not across processors. So a response may come
// before its query, and an event may be older than the one before it. An event is kept for the window, by the clock of the stream, plus
// the time by which events may be late. After a leap of that clock, as when the host's clock is set, a kept event still has the rest of
// its time.
package correlate

import (
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// Settings of a Correlator.
type Settings struct {
	// Window is the greatest distance in time from a query to its response.
	Window time.Duration
	// MaxEvents and MaxBytes bound the kept events. When a bound is reached the oldest event goes early.
	MaxEvents, MaxBytes int
	// Memory bounds what is kept, together with the other holders of its budget. nil: only the bounds above apply.
	Memory *budget.Share
	// Live is set for a live session. Its events are less late than those of a file.
	Live bool
	// Identify makes the identifier of an event that is kept back, of its wire form. nil: it has none.
	Identify func(raw []byte) hold.ID
}

// How late an event may be, after younger events of other processors. An event is kept for the window plus this time. An event that is
// later may not find its partner.
const (
	// liveSlack is twice the shortest flush interval of Windows, one second: a session delivers each buffer within that.
	liveSlack = int64(2 * time.Second)
	// replaySlack covers events that a reader cannot sort by time: a buffer may hold the events of minutes.
	replaySlack = int64(5 * time.Minute)
)

// Correlator keeps events back. It is used from one goroutine.
type Correlator struct {
	Settings
	// Clock must get the time of every event of the stream before Add, also of events that are not added.
	Clock hold.Steady

	store *hold.Store
	slack int64

	prepared Prepared // by Add

	decision Decision // on the last event

	key    []byte
	asker  []byte
	data   []byte
	calls  [maxThreads]threadCall
	open   openTypes
	untied atomic.Int64
	early  atomic.Int64
	missed [dns.LastPair + 1]miss // by pair
}

// miss is the time of the last response without a query, because it has no key or another one.
type miss struct {
	hold.Mark
	any bool
}

// miss notes a response that may belong to any query.
func (c *Correlator) miss(pair dns.Pair) { c.missed[pair] = miss{c.Clock.Mark(), true} }

// Untied is the number of queries and responses so far without a key: their layout is unknown or a name is too long. It may be called from
// any goroutine.
func (c *Correlator) Untied() int64 { return c.untied.Load() }

// Early is the number of kept events that went before their time was over, because their memory was needed. Their exchanges may be split. It may
// be called from any goroutine.
func (c *Correlator) Early() int64 { return c.early.Load() }

// New makes a Correlator.
func New(s Settings) *Correlator {
	c := &Correlator{Settings: s, store: hold.New(s.MaxEvents, s.MaxBytes), slack: Slack(s.Live), open: newOpenTypes()}
	c.store.Within(s.Memory)
	c.open.memory.Open(s.Memory)
	c.Forget()
	return c
}

// Slack is how late an event may be in a live session or in a file, in nanoseconds.
func Slack(live bool) int64 {
	if live {
		return liveSlack
	}
	return replaySlack
}

// NewClock returns the clock of a stream whose events are kept for a window and are late by at most slack, both in nanoseconds.
//
// The time of a live session goes on in silence, so a step by more than the lateness of events is a leap. In a file it may be a pause: there
// a leap is a step by more than the window.
func NewClock(window, slack int64) hold.Steady {
	return hold.Steady{Most: time.Duration(slack), Leap: time.Duration(min(max(window, liveSlack), slack))}
}

// Forget resets the time, for another stream. No event may be kept.
func (c *Correlator) Forget() {
	clear(c.missed[:])
	clear(c.calls[:])
	c.Clock = NewClock(int64(c.Window), c.slack)
}

// Verdict is what becomes of an event.
type Verdict uint8

// The verdicts.
const (
	Pass   Verdict = iota // it cannot be merged and is a record of its own
	Held                  // it is kept
	Merged                // it is merged into a kept event: it is part of the same exchange
	Answer                // it is the response to a kept query, which began at Start
	Query                 // it is the query of a kept response, whose bytes are in Data
)

// Tags of entries: request or response, whether a request may have been answered, whether several calls of the key were open at the same
// time, whether they are over, and whether the server asked others. The bits from openCalls on count the open calls.
const (
	tagRequest uint16 = 1 << iota
	tagResponse
	tagDoubtful
	tagSeveral
	tagOver
	tagRecursed // a dns.Recursion stands behind the event

	tagKind   = tagRequest | tagResponse
	openCalls = 8
)

// Exchange is what is known of an exchange besides the event that its record is made of. The zero value is that event alone.
type Exchange struct {
	// ID is the identifier of the exchange's first event, if the Correlator knows it.
	ID hold.ID
	// Start and End are the times of the first and the last event, in nanoseconds since 1970; 0 is the time of the record's event.
	Start, End int64
	// Answered is set for a response with its query, which began at Start. Leapt is set if the clock was set between the two, so that
	// their times cannot be compared.
	Answered, Leapt bool
	// Unanswered marks a query that got no response in time.
	Unanswered bool
	// Lookup is what is known of the look-up of the DNS Client that the event belongs to.
	Lookup Lookup
	// Recursion is what is known of the queries to other servers. Its servers are valid until the next Add, or until Release.
	Recursion dns.Recursion
}

// Decision is a verdict and its data.
type Decision struct {
	Verdict Verdict
	// Exchange is the finished exchange, for Answer and Query.
	Exchange
	// Data is the response in wire form, for Query. Received is the time of its delivery. Data is valid until the next Add.
	Data     []byte
	Received int64
}

// AddPrepared is Add for an event that p was prepared for. The result is valid until the next Add. Only the result of the verdicts Answer and Query
// has an exchange, and only that of Query has data.
func (c *Correlator) AddPrepared(e *dns.Event, p *Prepared, raw []byte, received int64) *Decision {
	c.decision.Verdict = c.decide(e, p, raw, received)
	return &c.decision
}

// decide returns the verdict on an event, and fills the rest of c.decision.
func (c *Correlator) decide(e *dns.Event, p *Prepared, raw []byte, received int64) Verdict {
	at := etw.UnixNano(e.TimeStamp)
	if c.absorb(e, raw, at) || c.absorbRecursion(e, at) {
		return Merged
	}
	if e.RateLimited {
		c.miss(dns.ServerExchange)
		return Pass
	}
	t := &p.tie
	if !t.known {
		if t.pair != 0 {
			c.untied.Add(1)
		}
		if t.tag == tagResponse {
			c.miss(t.pair)
		}
		return Pass
	}
	tag := t.tag
	if t.other {
		tag |= tagDoubtful
	}
	if t.pair == dns.ClientCall && t.tag == tagRequest {
		c.calls[thread(e)].note(e, p.key, t.asker)
	}
	found := c.store.Find(p.Hash, p.key)
	entry := found
	if entry != nil && entry.Tag&tagOver != 0 {
		entry = nil
	}
	if entry == nil || entry.Tag&tagKind == t.tag {
		if t.other && t.tag == tagResponse {
			c.miss(t.pair)
		}
		if entry != nil && t.tag == tagRequest && c.isOpen(entry, at) {
			if t.pair == dns.ClientCall {
				c.anotherCall(entry)
				return Pass
			}
			entry.Tag |= tagDoubtful // the response may belong to either
		}
		return c.hold(found, p, raw, received, at, tag)
	}
	if entry.Tag&tagSeveral != 0 {
		c.returned(entry)
		return Pass
	}
	match := c.match(entry, at, t.unique)
	switch match {
	case doubtful:
		entry.Tag |= tagDoubtful
		fallthrough
	case another:
		return c.hold(found, p, raw, received, at, tag)
	}
	entry.Count++
	d, verdict := &c.decision, Answer
	data := c.kept(entry, &d.Exchange)
	d.Start, d.Answered, d.Leapt = entry.First, true, match == leapt
	if t.tag == tagRequest {
		verdict = Query
		d.ID, d.Start, d.Data, d.Received = hold.ID{}, at, data, entry.Received
	}
	c.drop(entry)
	return verdict
}

// isOpen reports whether the request of an entry may still be answered when another request with its key is made.
func (c *Correlator) isOpen(entry *hold.Entry, at int64) bool {
	since := hold.Since(entry.First, at)
	return since >= -maxSkew && since <= int64(c.Window)
}

// hold keeps an event back under its key, followed by what else is kept of it and its identifier. found is the entry that the store has for the key, or nil.
func (c *Correlator) hold(found *hold.Entry, p *Prepared, raw []byte, received, at int64, tag uint16) Verdict {
	var id hold.ID
	if c.Identify != nil {
		id = c.Identify(raw)
	}
	c.data = c.data[:0] // what stands behind the event
	if p.key[0] == byte(dns.ClientCall) {
		var facts lookupFacts
		if tag&tagKind == tagResponse {
			facts.rank = dns.RankResult
		}
		c.data = facts.append(c.data)
		if found == nil {
			c.open.add(p.key)
		}
	}
	c.data = append(c.data, id[:]...)
	e := c.store.PutOver(found, p.Hash, p.key, raw, c.data, received, at)
	e.Tag = tag
	e.SetMoment(c.Clock.Moment(at))
	return Held
}

// match is the relation of two events with one key.
type match uint8

const (
	another  match = iota // no pair: the response is too late, or belongs to another query
	exact                 // a query and its response
	leapt                 // a query and its response, with the clock set between them
	doubtful              // undecidable: the clock was set, or the response may belong to an earlier query
)

// maxSkew is how much older than its query a response may be. It is one tick of the system clock, the coarsest clock of a session: the clocks
// of processors may differ by that.
const maxSkew = int64(16 * time.Millisecond)

// match compares an entry with an event of the other kind, at a time. A response whose query is missing must not be matched with the next
// query of the same key. unique says that the key is used once. If the clock was set and the times do not fit, the order of arrival
// decides.
func (c *Correlator) match(entry *hold.Entry, at int64, unique bool) match {
	asked, answered, inOrder := entry.First, at, true
	if entry.Tag&^tagRecursed == tagResponse {
		asked, answered, inOrder = at, entry.First, false
	}
	switch took := hold.Since(asked, answered); {
	case took >= -maxSkew && took <= int64(c.Window):
		return exact
	case !unique && !inOrder:
		return another
	case took > int64(c.Window):
		if c.Clock.LeaptUntil(entry.Moment(), answered) {
			return leapt
		}
		return another
	case unique || took < -c.slack: // no event is that late
		return leapt
	}
	return doubtful
}

// Held is the number of kept events.
func (c *Correlator) Held() int { return c.store.Len() }

// Due reports whether the oldest kept event must go: its time is over, or its memory is needed.
func (c *Correlator) Due() bool {
	e := c.store.Oldest()
	if e == nil {
		return false
	}
	return c.over(e, true) || c.store.Full(etw.MaxRecordSize+max(factsSize, dns.MaxRecursion)+len(hold.ID{})+maxKey) || !c.open.reserve()
}

// Popped is a kept event that leaves.
type Popped struct {
	// Exchange is what is known of the event's exchange.
	Exchange
	// Data is the event in wire form, valid until Release. Received is the time of its delivery, in nanoseconds since 1970.
	Data     []byte
	Received int64

	entry *hold.Entry
}

// PopOldest returns the oldest kept event. There must be one. Release must follow. due is the result of Due; it is false at the end of the
// stream, when no more events come.
func (c *Correlator) PopOldest(due bool) Popped {
	e := c.store.Oldest()
	if due && !c.over(e, true) {
		c.early.Add(1)
	}
	p := Popped{Received: e.Received, entry: e}
	p.Data = c.kept(e, &p.Exchange)
	p.Start, p.End = e.First, e.Last
	p.Unanswered = e.Tag&^tagRecursed == tagRequest && !c.mayBeAnswered(e) && c.over(e, due)
	return p
}

// mayBeAnswered reports whether a response that may belong to the entry's query came after it.
func (c *Correlator) mayBeAnswered(e *hold.Entry) bool {
	m := &c.missed[c.store.Key(e)[0]]
	return m.any && !m.Before(e.Mark)
}

// over reports whether the time of an entry is over, either the time without leaps or its age. At the end of the stream, after one leap since
// the entry's event, the leap may be the whole age: such an entry must be older. Two leaps are pauses, since nobody sets a clock twice in
// so short a time.
func (c *Correlator) over(e *hold.Entry, due bool) bool {
	came, limit := e.Moment(), int64(c.Window)
	switch {
	case due:
		return c.Clock.Over(e, limit+c.slack)
	case c.Clock.Calm(came) > limit:
		return true
	case c.Clock.LeaptOnce(came, e.First):
		limit += c.slack
	}
	return c.Clock.AgeAtLast(came, e.First) > limit
}

// Release drops the event that PopOldest returned.
func (c *Correlator) Release(p Popped) { c.drop(p.entry) }
