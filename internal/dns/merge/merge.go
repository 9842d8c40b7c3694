// SPDX-License-Identifier: Apache-2.0

// Package merge lets one record stand for several DNS events: for identical queries within a window, or for a query and its
// response. It keeps events back in bounded memory and says what becomes of each.
//
// Times are the events' own. Events of one trace come in order for each processor, not among them, so a response may come
// before its query, and an event may be older than one that came before it.
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
	// its response. It is how long a live event is kept back.
	Window time.Duration
	// MaxEvents and MaxBytes bound what is kept back; when they are reached the oldest goes early.
	MaxEvents, MaxBytes int
	// Live makes the clock the host's; else, in a replay, it is the latest event's time.
	Live bool
}

// replaySlack is how much longer an event is kept back in a replay, since the processors' buffers do not stand in the order
// of time: a buffer may hold the events of minutes.
const replaySlack = int64(5 * time.Minute)

// Keeper keeps events back. It is used from one goroutine.
type Keeper struct {
	Settings
	store *window.Store
	clock int64 // ns since 1970
	key   []byte
}

// New makes a keeper.
func New(s Settings) *Keeper {
	return &Keeper{Settings: s, store: window.New(s.MaxEvents, s.MaxBytes)}
}

// Forget sets the clock of a replay back: what comes next is of another time. Nothing may be kept back.
func (k *Keeper) Forget() { k.clock = 0 }

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
	if !k.Live {
		k.clock = max(k.clock, at)
	}
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
	k.store.Put(k.key, raw, received, at)
	return Decision{Verdict: Held}
}

func (k *Keeper) correlate(e *dns.Event, raw []byte, received, at int64) Decision {
	var tag uint16
	if k.key, tag = appendExchange(k.key[:0], e); tag == 0 {
		return Decision{Verdict: Pass}
	}
	entry := k.store.Get(k.key)
	if entry == nil || entry.Tag == tag || !k.answers(entry, at) {
		k.store.Put(k.key, raw, received, at).Tag = tag
		return Decision{Verdict: Held}
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

// near tells whether an event at a time may be merged with the entry.
func (k *Keeper) near(entry *window.Entry, at int64) bool {
	w := int64(k.Window)
	return since(entry.First, at) <= w && since(at, entry.Last) <= w
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
	took := since(asked, answered)
	return took >= -maxSkew && took <= int64(k.Window)
}

// since is the time from then to now in nanoseconds, clamped where it does not fit, as between the first and the last time that an
// event may have.
func since(then, now int64) int64 {
	d := now - then
	switch {
	case now >= then && d < 0:
		return math.MaxInt64
	case now < then && d >= 0:
		return math.MinInt64
	}
	return d
}

// Held is the number of events kept back.
func (k *Keeper) Held() int { return k.store.Len() }

// Due tells whether the oldest event kept back must go. now is the time in nanoseconds since 1970.
func (k *Keeper) Due(now int64) bool {
	if k.Live {
		k.clock = max(k.clock, now)
	}
	oldest := k.store.Oldest()
	return oldest != nil && (k.store.Full(etw.MaxRecordSize+maxKey) || k.over(oldest))
}

// over tells whether the time of an entry is over.
func (k *Keeper) over(entry *window.Entry) bool {
	keep := int64(k.Window)
	if !k.Live {
		keep += replaySlack
	}
	return since(entry.First, k.clock) > keep
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

// Let gives the oldest event kept back. There must be one. Done must follow.
func (k *Keeper) Let() Let {
	e := k.store.Oldest()
	return Let{
		Data: k.store.Data(e), Received: e.Received, Count: e.Count, First: time.Unix(0, e.First), Last: time.Unix(0, e.Last),
		Unanswered: e.Tag == tagRequest && k.over(e), entry: e,
	}
}

// Done drops the event that Let gave.
func (k *Keeper) Done(l Let) { k.store.Drop(l.entry) }
