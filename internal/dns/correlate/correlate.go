// SPDX-License-Identifier: Apache-2.0

// Package correlate lets one record stand for several DNS events: for identical queries within a window, for a query and its
// response, or for a look-up of the DNS Client. It keeps events back in bounded memory and says what becomes of each.
//
// Times are the events' own. Events of one trace come in order for each processor, not among them, so a response may come
// before its query, and an event may be older than one that came before it. An event is kept for the window, by the clock of the
// stream, and for as long on top as events may come late. Where that clock leaps, as when the host's clock is set, what is kept back
// still has the rest of its time.
package correlate

import (
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// Mode is what is merged.
type Mode uint8

// The modes.
const (
	Aggregate Mode = iota // identical events
	Correlate             // a query and its response, the events of a look-up
)

// Settings of a Correlator.
type Settings struct {
	Mode Mode
	// Window is how far apart the times of merged events may be: from the first of identical events, or from the query to
	// its response.
	Window time.Duration
	// MaxEvents and MaxBytes bound what is kept back; when they are reached the oldest goes early.
	MaxEvents, MaxBytes int
	// Live is set for the events of a live session, which come less late than those of a file.
	Live bool
	// Identify makes the identifier of an event that is kept back, of its wire form. nil: it has none.
	Identify func(raw []byte) hold.ID
}

// How late an event may come, after events of other processors that are younger: so much longer than the window is an event kept
// back, and what comes later than that may find the other one gone. Either may be changed to what a source delivers.
const (
	// liveSlack is for a session that delivers each buffer within a second, Windows' shortest flush interval, and as long again.
	liveSlack = int64(2 * time.Second)
	// replaySlack is for what a reader cannot put in the order of time: a buffer may hold the events of minutes.
	replaySlack = int64(5 * time.Minute)
)

// Correlator keeps events back. It is used from one goroutine.
type Correlator struct {
	Settings
	// Clock is to be told of every event of the stream before it comes to Add, of those as well that never do.
	Clock hold.Steady

	store  *hold.Store
	slack  int64
	key    []byte
	asker  []byte
	data   []byte
	calls  [maxThreads]threadCall
	open   openTypes
	untied atomic.Int64
	missed [serverExchange + 1]miss // by pair
}

// miss is when a response came last whose query could not be found, since it has no key or another one.
type miss struct {
	hold.Mark
	any bool
}

// miss notes that a response of a pair has come that may be that of any query.
func (k *Correlator) miss(pair byte) { k.missed[pair] = miss{k.Clock.Mark(), true} }

// Untied is the number of queries and responses so far that had no key, since their layout is not known or a name is too long. It may be
// called from any goroutine.
func (k *Correlator) Untied() int64 { return k.untied.Load() }

// New makes a Correlator.
func New(s Settings) *Correlator {
	k := &Correlator{Settings: s, store: hold.New(s.MaxEvents, s.MaxBytes), slack: replaySlack, open: newOpenTypes()}
	if s.Live {
		k.slack = liveSlack
	}
	k.Forget()
	return k
}

// Forget forgets the time: what comes next is of another stream. Nothing may be kept back.
//
// A live session's time goes on in silence, so that a step by more than events come late is a leap. In a file it may be a pause as
// well: there it is one by more than the window.
func (k *Correlator) Forget() {
	clear(k.missed[:])
	clear(k.calls[:])
	k.Clock = hold.Steady{Most: time.Duration(k.slack), Leap: time.Duration(min(max(int64(k.Window), liveSlack), k.slack))}
}

// Verdict is what becomes of an event.
type Verdict uint8

// The verdicts.
const (
	Pass   Verdict = iota // it is nothing that could be merged: a record of its own
	Held                  // it is kept back
	Merged                // it is merged into an event that is kept back: it is identical, or a part of the same look-up
	Answer                // it is a response whose query, kept back until now, began at Start
	Query                 // it is the query of a response that was kept back, whose bytes are Data
)

// Tags of entries: what it is, whether it is a request that may have been answered, whether others of its key were open at the same
// time and these are over, and from bit openCalls on how many are.
const (
	tagRequest uint16 = 1 << iota
	tagResponse
	tagDoubtful
	tagSeveral
	tagOver

	tagKind   = tagRequest | tagResponse
	openCalls = 8
)

// Decision is a verdict and what belongs to it.
type Decision struct {
	Verdict Verdict
	// Start is the time of the query, for Answer and Query. Leapt is set when the times of query and response cannot be compared,
	// since the clock was set between them.
	Start time.Time
	Leapt bool
	// Data is the response in wire form, for Query, and Received when it was delivered. Data is valid until the next Add.
	Data     []byte
	Received int64
	// ID is the identifier of the query, for Answer.
	ID hold.ID
	// Lookup is what is known of the look-up of the DNS Client whose result the response is.
	Lookup Lookup
}

// Add decides about a decoded event. raw is its wire form and received when it was delivered, in nanoseconds since 1970.
func (k *Correlator) Add(e *dns.Event, raw []byte, received int64) Decision {
	at := etw.UnixNano(e.TimeStamp)
	if k.Mode == Aggregate {
		return k.aggregate(e, raw, received, at)
	}
	return k.correlate(e, raw, received, at)
}

func (k *Correlator) aggregate(e *dns.Event, raw []byte, received, at int64) Decision {
	var ok bool
	if k.key, ok = appendIdentity(k.key[:0], e); !ok {
		return Decision{Verdict: Pass}
	}
	if entry := k.store.Get(k.key); entry != nil && k.near(entry, at) {
		entry.Count++
		entry.First, entry.Last = min(entry.First, at), max(entry.Last, at)
		return Decision{Verdict: Merged}
	}
	return k.hold(raw, received, at, 0)
}

func (k *Correlator) correlate(e *dns.Event, raw []byte, received, at int64) Decision {
	if k.absorb(e, raw, at) {
		return Decision{Verdict: Merged}
	}
	if isRateLimited(e.ID) {
		k.miss(serverExchange)
		return Decision{Verdict: Pass}
	}
	var t tie
	if k.key, t = appendExchange(k.key[:0], e); !t.known {
		if t.pair != 0 {
			k.untied.Add(1)
		}
		if t.tag == tagResponse {
			k.miss(t.pair)
		}
		return Decision{Verdict: Pass}
	}
	tag := t.tag
	if t.other {
		tag |= tagDoubtful
	}
	if t.pair == clientCall && t.tag == tagRequest {
		k.calls[thread(e)].note(e, k.key, t.asker)
	}
	entry := k.store.Get(k.key)
	if entry != nil && entry.Tag&tagOver != 0 {
		entry = nil
	}
	if entry == nil || entry.Tag&tagKind == t.tag {
		if t.other && t.tag == tagResponse {
			k.miss(t.pair)
		}
		if entry != nil && t.tag == tagRequest && k.isOpen(entry, at) {
			if t.pair == clientCall {
				k.anotherCall(entry)
				return Decision{Verdict: Pass}
			}
			entry.Tag |= tagDoubtful // the response may be of either
		}
		return k.hold(raw, received, at, tag)
	}
	if entry.Tag&tagSeveral != 0 {
		k.returned(entry)
		return Decision{Verdict: Pass}
	}
	match := k.match(entry, at, t.unique)
	switch match {
	case doubtful:
		entry.Tag |= tagDoubtful
		fallthrough
	case another:
		return k.hold(raw, received, at, tag)
	}
	entry.Count++
	data, id, lookup := k.kept(entry)
	d := Decision{Verdict: Answer, Start: time.Unix(0, entry.First), Leapt: match == leapt, ID: id, Lookup: lookup}
	if t.tag == tagRequest {
		d.ID, d.Verdict, d.Start, d.Data, d.Received = hold.ID{}, Query, time.Unix(0, at), data, entry.Received
	}
	k.drop(entry)
	return d
}

// isOpen reports whether the request of an entry may still be answered when another one of its key is made.
func (k *Correlator) isOpen(entry *hold.Entry, at int64) bool {
	since := hold.Since(entry.First, at)
	return since >= -maxSkew && since <= int64(k.Window)
}

// hold keeps an event back under the key, with its identifier behind it.
func (k *Correlator) hold(raw []byte, received, at int64, tag uint16) Decision {
	var id hold.ID
	if k.Identify != nil {
		id = k.Identify(raw)
	}
	k.data = append(k.data[:0], raw...)
	if k.Mode == Correlate && k.key[0] == clientCall {
		var facts lookupFacts
		if tag&tagKind == tagResponse {
			facts.rank = rankResult
		}
		k.data = facts.append(k.data)
		if k.store.Get(k.key) == nil {
			k.open.add(k.key)
		}
	}
	k.data = append(k.data, id[:]...)
	e := k.store.Put(k.key, k.data, received, at)
	came := k.Clock.Moment(at)
	e.Tag, e.Mark, e.Begun, e.Sum = tag, came.Mark, came.Gone, int64(came.Leaps)<<32|int64(came.Calm)
	return Decision{Verdict: Held}
}

// came is the moment in which the event of an entry came.
func came(e *hold.Entry) hold.Moment {
	return hold.Moment{Mark: e.Mark, Gone: e.Begun, Leaps: int32(e.Sum >> 32), Calm: uint32(e.Sum)}
}

// near reports whether an event at a time may be merged with the entry.
func (k *Correlator) near(entry *hold.Entry, at int64) bool {
	w := int64(k.Window)
	return hold.Since(entry.First, at) <= w && hold.Since(at, entry.Last) <= w
}

// match says whether two events of one key are a query and its response.
type match uint8

const (
	another  match = iota // they are not: the response came too late, or is that of another query
	exact                 // they are
	leapt                 // they are, and the clock was set between them
	doubtful              // it cannot be told: the clock was set, or the response is that of an earlier query
)

// maxSkew is how much older than its query a response may be: a tick of the system clock, the coarsest that a session has, about
// which the processors may not agree.
const maxSkew = int64(16 * time.Millisecond)

// match matches an entry with the event of the other kind, at a time. A response whose query never came must not be taken for that of
// the next one with the same key; unique says that there is no next one. Where the times do not fit since the clock was set, the order
// in which the two came decides.
func (k *Correlator) match(entry *hold.Entry, at int64, unique bool) match {
	asked, answered, inOrder := entry.First, at, true
	if entry.Tag == tagResponse {
		asked, answered, inOrder = at, entry.First, false
	}
	switch took := hold.Since(asked, answered); {
	case took >= -maxSkew && took <= int64(k.Window):
		return exact
	case !unique && !inOrder:
		return another
	case took > int64(k.Window):
		if k.Clock.LeaptUntil(came(entry), answered) {
			return leapt
		}
		return another
	case unique || took < -k.slack: // events do not come as late as that
		return leapt
	}
	return doubtful
}

// Held is the number of events kept back.
func (k *Correlator) Held() int { return k.store.Len() }

// Due reports whether the oldest event kept back must go: its time is over, or its room is needed.
func (k *Correlator) Due() bool {
	e := k.store.Oldest()
	if e == nil {
		return false
	}
	return k.over(e, true) || k.store.Full(etw.MaxRecordSize+factsSize+len(hold.ID{})+maxKey)
}

// Popped is an event that was kept back and goes.
type Popped struct {
	// Data is the event in wire form, valid until Release; Received is when it was delivered, in nanoseconds since 1970.
	Data     []byte
	Received int64
	// Count is the number of events that it stands for, which happened from First to Last.
	Count       int64
	First, Last time.Time
	// Unanswered marks a query that got no response in time.
	Unanswered bool
	// ID is the identifier of the first of them.
	ID hold.ID
	// Lookup is what is known of the look-up of the DNS Client whose event it is.
	Lookup Lookup

	entry *hold.Entry
}

// PopOldest gives the oldest event kept back. There must be one. Release must follow. due is what Due has just said; without it no more events
// come, late ones neither.
func (k *Correlator) PopOldest(due bool) Popped {
	e := k.store.Oldest()
	data, id, lookup := k.kept(e)
	count := e.Count
	if lookup.Events > 0 {
		count = 1
	}
	return Popped{
		Data: data, ID: id, Received: e.Received, Count: count, First: time.Unix(0, e.First), Last: time.Unix(0, e.Last), Lookup: lookup,
		Unanswered: e.Tag == tagRequest && !k.mayBeAnswered(e) && k.over(e, due), entry: e,
	}
}

// mayBeAnswered reports whether a response came after the query of an entry that may be its own.
func (k *Correlator) mayBeAnswered(e *hold.Entry) bool {
	m := &k.missed[k.store.Key(e)[0]]
	return m.any && !m.Before(e.Mark)
}

// over reports whether the time of an entry is over: that without leaps is, or its age is. When no more events come and the clock has
// leapt once since the entry's event, the leap may be all of the age: such an entry must be older. Two leaps are pauses, since nobody
// sets a clock twice in so short a time.
func (k *Correlator) over(e *hold.Entry, due bool) bool {
	came, limit := came(e), int64(k.Window)
	if due {
		limit += k.slack
	}
	switch {
	case k.Clock.Calm(came) > limit:
		return true
	case due:
		return k.Clock.Age(came, e.First) > limit
	case k.Clock.LeaptOnce(came, e.First):
		limit += k.slack
	}
	return k.Clock.AgeAtLast(came, e.First) > limit
}

// Release drops the event that PopOldest gave.
func (k *Correlator) Release(p Popped) { k.drop(p.entry) }
