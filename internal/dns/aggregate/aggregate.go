// SPDX-License-Identifier: Apache-2.0

// Package aggregate sums DNS events, or finished exchanges, that are alike. Decoded events go in, each with what is known of its exchange.
// A Row comes out for each group: its first event, and the sums of the group. Memory is bounded.
//
// Times are the events' own. A row is kept for its window by the clock of the stream, plus the time by which events may be late.
package aggregate

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// Settings of an Aggregator.
type Settings struct {
	// Exchanges is set if finished exchanges are summed. Otherwise identical events are counted.
	Exchanges bool
	// Short and Long are the greatest distances in time from the first to the last of a row, for the classes Sum and Noise. If Long is 0,
	// both have the window Short.
	Short, Long time.Duration
	// MaxEvents and MaxBytes bound the rows. When a bound is reached the oldest row goes early.
	MaxEvents, MaxBytes int
	// Memory bounds the rows of each window, Short and then Long, together with the other holders of its budget. nil: only the bounds
	// above apply.
	Memory []*budget.Share
	// Live is set for a live session. Its events are less late than those of a file.
	Live bool
	// Pack keeps the rows of a client together: Short and Long are then the windows of all of its rows. It needs Exchanges.
	Pack bool
	// Bursts has exchanges of the class Burst packed. It needs Pack.
	Bursts bool
	// Identify makes the identifier of an event that begins a row, of its wire form. nil: it has none. Exchanges have theirs already.
	Identify func(raw []byte) hold.ID
}

// Class says how an exchange is summed.
type Class uint8

// The classes.
const (
	Sum   Class = iota // in the window Short
	Noise              // in the window Long
	First              // not at all, but it may be packed with the sums of its client in the window Short: the first for its name
	Burst              // not at all, but it may be packed with others of its client: one of many that are not summed
	Whole              // not at all: it is a record of its own
)

// Aggregator keeps rows. It is used from one goroutine, except for Early.
type Aggregator struct {
	Settings
	windows []*window // sums, then bursts if there is one
	sums    []*window // Short, then Long if there is one
	bursts  *window   // of the class Burst, as long as Short. A flood must end no sums, so it has its own part of the bounds
	key     []byte    // of the row that is looked up or begun: a Prepared's, or single
	hash    uint64    // of key

	prepared Prepared // by Add

	single  []byte
	client  []byte
	data    []byte
	text    []byte
	set     dns.AnswerSet
	servers dns.AddrSet
	total   dns.Sums // of the row that PopOldest returned
	list    dns.Answers
	singles uint64 // exchanges of the classes First and Burst so far
	early   atomic.Int64
}

// window keeps the rows of one length.
type window struct {
	length int64 // ns
	slack  int64 // ns
	clock  *hold.Steady
	follow bool // another advances the clock
	store  *hold.Store
	groups *hold.Store // of rows of one client; nil if each row leaves alone
	// leaving is the number of the group whose rows leave; none if there is none. early is set if they leave because memory is needed.
	leaving uint32
	early   bool
}

// New makes an Aggregator.
func New(s Settings) *Aggregator {
	a := &Aggregator{Settings: s}
	lengths := []time.Duration{s.Short}
	if s.Long > 0 {
		lengths = append(lengths, s.Long)
	}
	events, bytes := s.MaxEvents, s.MaxBytes
	if s.Bursts {
		a.bursts = a.newWindow(s.Short, events/partOfBursts, bytes/partOfBursts, 0)
		events, bytes = events-events/partOfBursts, bytes-bytes/partOfBursts
	}
	for i, length := range lengths {
		a.sums = append(a.sums, a.newWindow(length, events/len(lengths), bytes/len(lengths), i))
	}
	a.windows = slices.Clone(a.sums)
	if s.Bursts {
		a.windows = append(a.windows, a.bursts)
	}
	a.Forget()
	for _, w := range a.windows[1:] {
		w.follows(a.windows[0].clock)
	}
	return a
}

// partOfBursts is the part of the memory that bursts have: one in so many.
const partOfBursts = 16

// newWindow makes a window with so much memory. share is the index of its share in Settings.Memory.
func (a *Aggregator) newWindow(length time.Duration, events, bytes, share int) *window {
	w := &window{length: int64(length), slack: correlate.Slack(a.Live), clock: &hold.Steady{}, leaving: none}
	if a.Pack {
		w.groups = hold.New(events/4, bytes/16) // a group takes less than half of what a row takes
		events, bytes = events-events/8, bytes-bytes/16
	}
	w.store = hold.New(events, bytes)
	if len(a.Memory) > share {
		w.store.Within(a.Memory[share])
		if w.groups != nil {
			w.groups.Within(a.Memory[share])
		}
	}
	return w
}

// Forget resets the time, for another stream. No row may be kept.
func (a *Aggregator) Forget() {
	for _, w := range a.windows {
		if !w.follow {
			*w.clock = w.newClock()
		}
	}
}

// Follow makes the windows use a clock that the caller advances and resets. A window with other settings of its clock keeps its own.
func (a *Aggregator) Follow(clock *hold.Steady) {
	for _, w := range a.windows {
		w.follows(clock)
	}
}

func (w *window) follows(clock *hold.Steady) {
	if own := w.newClock(); own.Most == clock.Most && own.Leap == clock.Leap {
		w.clock, w.follow = clock, true
	}
}

func (w *window) newClock() hold.Steady { return correlate.NewClock(w.length, w.slack) }

// Event notes the time of an event, in nanoseconds since 1970. It must get the time of every event of the stream before Add.
func (a *Aggregator) Event(at int64) {
	for _, w := range a.windows {
		if !w.follow {
			w.clock.Event(at)
		}
	}
}

// Silence notes that no event has come for a time.
func (a *Aggregator) Silence(d time.Duration) {
	for _, w := range a.windows {
		if !w.follow {
			w.clock.Silence(d)
		}
	}
}

// Verdict is what becomes of an event.
type Verdict uint8

// The verdicts.
const (
	Pass   Verdict = iota // it cannot be summed and is a record of its own
	Held                  // it begins a row
	Merged                // it is added to a row
)

// AddPrepared is Add for an event that p was read from.
func (a *Aggregator) AddPrepared(e *dns.Event, p *Prepared, raw []byte, received int64, x *correlate.Exchange, class Class) Verdict {
	w := a.windows[0]
	switch class {
	case Whole:
		return Pass
	case First:
		if !a.Pack {
			return Pass
		}
	case Burst:
		if w = a.bursts; w == nil {
			return Pass
		}
	case Noise:
		w = a.sums[len(a.sums)-1]
	}
	if !a.use(p, x) {
		return Pass
	}
	at := etw.UnixNano(e.TimeStamp)
	if !a.Exchanges {
		if entry := w.store.Find(a.hash, a.key); entry != nil && w.near(entry, at) {
			entry.Count++
			entry.First, entry.Last = min(entry.First, at), max(entry.Last, at)
			return Merged
		}
		var id hold.ID
		if a.Identify != nil {
			id = a.Identify(raw)
		}
		a.data = append(append(a.data[:0], raw...), id[:]...)
		a.hold(w, e, received, at)
		return Held
	}
	if class == First || class == Burst {
		return a.addOne(w, raw, received, e, x, at)
	}
	return a.addExchange(w, e, raw, received, x, at)
}

// Join adds an exchange to a row of exchanges that are alike, in any window. It reports whether there is such a row. If not, the caller calls Add,
// or makes a record of the exchange. p was read from the event.
func (a *Aggregator) Join(e *dns.Event, p *Prepared, x *correlate.Exchange) bool {
	if !a.Exchanges || !a.use(p, x) {
		return false
	}
	at := etw.UnixNano(e.TimeStamp)
	start, end := span(x, at)
	for _, w := range a.sums {
		if entry := w.store.Find(a.hash, a.key); entry != nil && w.near(entry, start) {
			a.merge(w, entry, e, x, start, end)
			return true
		}
	}
	return false
}

// hold begins a row with the key and the data. ok is false if the row needs a group and gets none.
func (a *Aggregator) hold(w *window, e *dns.Event, received, at int64) (ok bool) {
	if w.groups == nil {
		w.store.PutHash(a.hash, a.key, a.data, received, at).SetMoment(w.clock.Moment(at))
		return true
	}
	if a.client, ok = appendClient(a.client[:0], e); !ok {
		return false
	}
	w.join(w.store.PutHash(a.hash, a.key, a.data, received, at), w.group(a.client, received, at))
	return true
}

// near reports whether an event with a time may be added to the row.
func (w *window) near(e *hold.Entry, at int64) bool {
	if w.groups != nil {
		e = w.groupOf(e)
	}
	return w.spans(e, at)
}

// spans reports whether the window of a row or a group has a time.
func (w *window) spans(e *hold.Entry, at int64) bool {
	return hold.Since(e.First, at) <= w.length && hold.Since(at, e.Last) <= w.length
}

// over reports whether the time of a row is over.
func (w *window) over(e *hold.Entry) bool { return w.clock.Over(e, w.length+w.slack) }

// mostOfRow is the most memory that a row needs, in bytes.
const mostOfRow = etw.MaxRecordSize + maxFacts + maxKey

// due returns the oldest row if it must go, and whether that is early. Its time is over, or its memory is needed.
func (w *window) due() (e *hold.Entry, early bool) {
	if w.groups != nil {
		return w.dueGroup()
	}
	switch e = w.store.Oldest(); {
	case e == nil || w.over(e):
		return e, false
	case w.store.Full(mostOfRow):
		return e, true
	}
	return nil, false
}

// oldest returns the row that has been kept longest. With groups it returns the latest row of the group that leaves, or else of the oldest group.
// It returns nil if there is none.
func (w *window) oldest() *hold.Entry {
	switch {
	case w.groups == nil:
		return w.store.Oldest()
	case w.leaving != none:
		return w.latest(w.groups.Numbered(w.leaving))
	}
	if g := w.groups.Oldest(); g != nil {
		return w.latest(g)
	}
	return nil
}

// Held is the number of rows.
func (a *Aggregator) Held() (n int) {
	for _, w := range a.windows {
		n += w.store.Len()
	}
	return n
}

// Early is the number of rows of sums that went before their window was over, because their memory was needed. It may be called from any goroutine.
func (a *Aggregator) Early() int64 { return a.early.Load() }

// Due reports whether a row must go: its time is over, or its memory is needed.
func (a *Aggregator) Due() bool {
	for _, w := range a.windows {
		if e, _ := w.due(); e != nil {
			return true
		}
	}
	return false
}

// Row is a group of events or exchanges that leaves.
type Row struct {
	// Exchange is what is known of the first event's exchange.
	correlate.Exchange
	// Data is the first event in wire form, valid until Release. Received is the time of its delivery, in nanoseconds since 1970.
	Data     []byte
	Received int64
	// Count is the number of events or exchanges. Without Sums, they happened from Exchange.Start to Exchange.End.
	Count int64
	// Sums are the sums of several exchanges, valid until Release. It is nil for one exchange, and for events.
	Sums *dns.Sums
	// Class is that of the row's exchanges: Sum, or Noise for a row in the window Long, or First or Burst for one exchange.
	Class Class
	// More is set if another row of the same client follows, to be packed with this one.
	More bool

	window *window
	entry  *hold.Entry
}

// PopOldest returns a row that is due, or the oldest row of a window. There must be one. Release must follow.
func (a *Aggregator) PopOldest() Row {
	var of *window
	var oldest *hold.Entry
	for _, w := range a.windows {
		e, early := w.due()
		if e != nil {
			if w.early = early; early && w != a.bursts { // a burst loses nothing
				a.early.Add(1)
			}
			of, oldest = w, e
			break
		}
		if e = w.oldest(); e != nil && oldest == nil {
			of, oldest = w, e
		}
	}
	r := Row{Received: oldest.Received, Count: oldest.Count, window: of, entry: oldest}
	switch of {
	case a.windows[0]:
	case a.bursts:
		r.Class = Burst
	default:
		r.Class = Noise
	}
	if a.Exchanges {
		a.read(&r)
		if oldest.Tag == tagFirst {
			r.Class = First
		}
		r.More = a.Pack && uint32(oldest.Sum) != none
		return r
	}
	r.Data, r.ID = hold.CutID(of.store.Data(oldest))
	r.Start, r.End = oldest.First, oldest.Last
	return r
}

// Release drops the row that PopOldest returned.
func (a *Aggregator) Release(r Row) {
	if r.window.groups != nil {
		r.window.leave(r.entry)
		return
	}
	r.window.store.Drop(r.entry)
}
