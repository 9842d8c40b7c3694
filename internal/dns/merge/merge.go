// SPDX-License-Identifier: Apache-2.0

// Package merge lets one record stand for several DNS events: for identical queries within a window, or for a query and its
// response. It keeps events back in bounded memory and says what becomes of each.
//
// Times are the events' own. Events of one trace come in order for each processor, not among them, so a response may come
// before its query, and an event may be older than one that came before it. An event is kept for the window, by the clock of the
// stream, and for as long on top as events may come late.
package merge

import (
	"math"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/window"
)

// Mode is what is merged.
type Mode uint8

// The modes.
const (
	Aggregate Mode = iota // identical events
	Correlate             // a query and its response
)

// Settings of a Keeper.
type Settings struct {
	Mode Mode
	// Window is how far apart the times of merged events may be: from the first of identical events, or from the query to
	// its response.
	Window time.Duration
	// MaxEvents and MaxBytes bound what is kept back; when they are reached the oldest goes early.
	MaxEvents, MaxBytes int
	// Live is set for the events of a live session, which come less late than those of a file.
	Live bool
}

// How late an event may come, after events of other processors that are younger: so much longer than the window is an event kept
// back, and what comes later than that may find the other one gone. Either may be changed to what a source delivers.
const (
	// liveSlack is for a session that delivers each buffer within a second, Windows' shortest flush interval, and as long again.
	liveSlack = int64(2 * time.Second)
	// replaySlack is for what a reader cannot put in the order of time: a buffer may hold the events of minutes.
	replaySlack = int64(5 * time.Minute)
)

// Keeper keeps events back. It is used from one goroutine.
type Keeper struct {
	Settings
	// Clock is to be told of every event of the stream before it comes to Add, of those as well that never do.
	Clock window.Clock

	store *window.Store
	slack int64
	key   []byte
}

// New makes a keeper.
func New(s Settings) *Keeper {
	k := &Keeper{Settings: s, store: window.New(s.MaxEvents, s.MaxBytes), slack: replaySlack}
	if s.Live {
		k.slack = liveSlack
	}
	return k
}

// Forget forgets the time: what comes next is of another stream. Nothing may be kept back.
func (k *Keeper) Forget() { k.Clock = window.Clock{} }

// Verdict is what becomes of an event.
type Verdict uint8

// The verdicts.
const (
	Pass   Verdict = iota // it is nothing that could be merged: a record of its own
	Held                  // it is kept back
	Merged                // it is merged into an event that is kept back
	Answer                // it is a response whose query, kept back until now, began at Start
	Query                 // it is the query of a response that was kept back, whose bytes are Data
)

// Tags of entries.
const (
	tagRequest uint16 = iota + 1
	tagResponse
)

// Decision is a verdict and what belongs to it.
type Decision struct {
	Verdict Verdict
	// Start is the time of the query, for Answer and Query.
	Start time.Time
	// Data is the response in wire form, for Query, and Received when it was delivered. Data is valid until the next Add.
	Data     []byte
	Received int64
}

// Add decides about a decoded event. raw is its wire form and received when it was delivered, in nanoseconds since 1970.
func (k *Keeper) Add(e *dns.Event, raw []byte, received int64) Decision {
	at := etw.UnixNano(e.TimeStamp)
	if k.Mode == Aggregate {
		return k.aggregate(e, raw, received, at)
	}
	return k.correlate(e, raw, received, at)
}

func (k *Keeper) aggregate(e *dns.Event, raw []byte, received, at int64) Decision {
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

func (k *Keeper) correlate(e *dns.Event, raw []byte, received, at int64) Decision {
	var tag uint16
	if k.key, tag = appendExchange(k.key[:0], e); tag == 0 {
		return Decision{Verdict: Pass}
	}
	entry := k.store.Get(k.key)
	if entry == nil || entry.Tag == tag || !k.answers(entry, at) {
		return k.hold(raw, received, at, tag)
	}
	if tag == tagResponse {
		d := Decision{Verdict: Answer, Start: time.Unix(0, entry.First)}
		k.store.Drop(entry)
		return d
	}
	d := Decision{Verdict: Query, Start: time.Unix(0, at), Data: k.store.Data(entry), Received: entry.Received}
	k.store.Drop(entry)
	return d
}

// unknown stands for the clock's time where it is not known: long ago.
const unknown = int64(math.MinInt64)

// hold keeps an event back under the key.
func (k *Keeper) hold(raw []byte, received, at int64, tag uint16) Decision {
	e := k.store.Put(k.key, raw, received, at)
	e.Tag, e.Mark, e.Begun = tag, k.Clock.Mark(), unknown
	if now, known := k.Clock.Now(); known {
		e.Begun = now
	}
	return Decision{Verdict: Held}
}

// near tells whether an event at a time may be merged with the entry.
func (k *Keeper) near(entry *window.Entry, at int64) bool {
	w := int64(k.Window)
	return window.Since(entry.First, at) <= w && window.Since(at, entry.Last) <= w
}

// maxSkew is how much older than its query a response may be: a tick of the system clock, the coarsest that a session has, about
// which the processors may not agree.
const maxSkew = int64(16 * time.Millisecond)

// answers tells whether the entry, and the event of the other kind at a time, may be a query and its response. A response whose
// query never came must not be taken for that of the next one.
func (k *Keeper) answers(entry *window.Entry, at int64) bool {
	asked, answered := entry.First, at
	if entry.Tag == tagResponse {
		asked, answered = at, entry.First
	}
	took := window.Since(asked, answered)
	return took >= -maxSkew && took <= int64(k.Window)
}

// Held is the number of events kept back.
func (k *Keeper) Held() int { return k.store.Len() }

// Due reports whether the oldest event kept back must go: its time is over, its room is needed, or its time is one that the stream
// does not have.
func (k *Keeper) Due() bool {
	e := k.store.Oldest()
	if e == nil {
		return false
	}
	begun := k.begun(e)
	return k.Clock.Passed(e.Mark, begun) > int64(k.Window)+k.slack || k.stray(e, begun) || k.store.Full(etw.MaxRecordSize+maxKey)
}

// stray reports whether an event whose age counts from a time has one that the stream does not have, and the clock was set back or has
// gone on for as long as events may come late. Before that the clock may have been set forward, with more of the stream to follow.
func (k *Keeper) stray(e *window.Entry, begun int64) bool {
	if !k.Clock.Ahead(e.Mark, begun, k.slack) {
		return false
	}
	now, _ := k.Clock.Now() // it is known
	went := window.Since(e.Begun, now)
	return e.Begun == unknown || went > k.slack || went < -k.slack
}

// begun gives from when on an event's age counts, in nanoseconds since 1970: from the event's own time, but not from before the
// clock's when it came, since the other one would come as late. A clock that has been set back since says nothing of that.
func (k *Keeper) begun(e *window.Entry) int64 {
	if now, known := k.Clock.Now(); known && window.Since(now, e.Begun) > k.slack {
		return e.First
	}
	return max(e.First, e.Begun)
}

// Let is an event that was kept back and goes.
type Let struct {
	// Data is the event in wire form, valid until Done; Received is when it was delivered, in nanoseconds since 1970.
	Data     []byte
	Received int64
	// Count is the number of events that it stands for, which happened from First to Last.
	Count       int64
	First, Last time.Time
	// Unanswered marks a query that got no response in time.
	Unanswered bool

	entry *window.Entry
}

// Let gives the oldest event kept back. There must be one. Done must follow. due is what Due has just said; without it no more events
// come, late ones neither.
func (k *Keeper) Let(due bool) Let {
	e := k.store.Oldest()
	var over bool
	if due {
		over = k.Clock.Passed(e.Mark, k.begun(e)) > int64(k.Window)+k.slack
	} else {
		over = k.Clock.PassedAtLast(e.Mark, k.begun(e)) > int64(k.Window)
	}
	return Let{
		Data: k.store.Data(e), Received: e.Received, Count: e.Count, First: time.Unix(0, e.First), Last: time.Unix(0, e.Last),
		Unanswered: e.Tag == tagRequest && over, entry: e,
	}
}

// Done drops the event that Let gave.
func (k *Keeper) Done(l Let) { k.store.Drop(l.entry) }
