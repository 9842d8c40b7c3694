// SPDX-License-Identifier: Apache-2.0

// Package aggregate reports a connection once an interval, as Cilium's datapath does on Linux at the monitor aggregation
// levels medium and maximum, and losses likewise.
//
// The first packet of a connection is reported at once, so that nothing new is seen late. The packets after it are counted;
// when the interval is over one record stands for all of them, and the next interval begins. A packet with SYN, FIN or RST, or
// with a TCP flag that the connection has not shown before, is reported at once and for itself. A connection that has been
// silent for an interval is new again. No record comes later than an interval after its event.
//
// Times are the events' own. A packet whose time is far from the interval's, before or after it, begins another one; what was kept
// back before is then reported with its own times.
package aggregate

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// Settings of a ConnectionAggregator.
type Settings struct {
	// Interval is how often a connection is reported.
	Interval time.Duration
	// MaxConnections and MaxBytes bound what is remembered and kept back. When they are reached the connection that was
	// reported longest ago goes: what is kept back of it is reported early, and its next packet is a first one again.
	MaxConnections, MaxBytes int
}

// ConnectionAggregator remembers which connections were reported, and keeps events back. It is used from one goroutine.
type ConnectionAggregator struct {
	Settings
	// Clock is to be told of every event of the stream before it comes to Add, of those as well that never do.
	Clock hold.Clock

	store  *hold.Store
	held   int // connections of which something is kept back
	key    [keySize]byte
	before Popped // what was kept back, for Decision.Before
	losses losses
}

// New makes a ConnectionAggregator.
func New(s Settings) *ConnectionAggregator {
	c := &ConnectionAggregator{Settings: s}
	c.Forget()
	return c
}

// Forget forgets all connections and the time: what comes next is another node's. Nothing may be kept back.
func (c *ConnectionAggregator) Forget() {
	c.store = hold.New(c.MaxConnections, c.MaxBytes)
	c.Clock, c.held, c.losses = hold.Clock{}, 0, losses{}
}

// Verdict is what becomes of an event.
type Verdict uint8

// The verdicts.
const (
	Report  Verdict = iota // it is reported now
	Held                   // it is kept back
	Counted                // it is counted with an event that is kept back
	Next                   // it is kept back, and those that were until now are reported: they are Before
)

// Decision is a verdict and what belongs to it.
type Decision struct {
	Verdict Verdict
	// Aggregate says for how many events the report stands; zero for the event alone.
	Aggregate flow.Aggregate
	// Joined is the number of events kept back until now that it stands for as well.
	Joined int64
	// Before is what is reported, for Next. It is valid until the next Add. Release must not follow.
	Before *Popped
}

// urgent are the TCP flags of packets that are always reported.
const urgent = flow.TCPSyn | flow.TCPFin | flow.TCPRst

// Add decides about an event. raw is its wire form, at its time and received when it was delivered, both in nanoseconds since
// 1970. What belongs to no connection, and drops and policy verdicts, are reported.
func (c *ConnectionAggregator) Add(f *flow.Flow, raw []byte, at, received int64) Decision {
	if !c.identify(f) {
		return Decision{}
	}
	flags := f.L4.Flags
	e := c.store.Get(c.key[:])
	if e == nil {
		c.begin(at, flags)
		return Decision{}
	}
	isNew := flags&urgent != 0 || flags&^e.Tag != 0
	e.Tag |= flags
	if isNew {
		return Decision{}
	}
	switch since, interval := hold.Since(e.Begun, at), int64(c.Interval); {
	case since > -interval && since < interval:
	case e.Count == 0 || since >= interval && since < 2*interval:
		return c.close(e, f, at)
	default:
		return c.next(e, f, raw, at, received)
	}
	if e.Count == 0 {
		c.hold(e, f, raw, at, received)
		return Decision{Verdict: Held}
	}
	e.Count++
	e.Sum += int64(f.OrigLen)
	e.First, e.Last = min(e.First, at), max(e.Last, at)
	return Decision{Verdict: Counted}
}

// begin remembers that the connection of the key was reported.
func (c *ConnectionAggregator) begin(at int64, flags uint16) *hold.Entry {
	e := c.store.Put(c.key[:], nil, 0, at)
	e.Begun, e.Tag, e.Count, e.Mark = at, flags, 0, c.Clock.Mark()
	return e
}

// hold keeps the first event of an interval back that is not reported at once.
func (c *ConnectionAggregator) hold(e *hold.Entry, f *flow.Flow, raw []byte, at, received int64) {
	c.store.SetData(e, raw)
	e.Received, e.First, e.Last, e.Count, e.Sum = received, at, at, 1, int64(f.OrigLen)
	c.held++
}

// close reports an event that comes when the interval is over, with those kept back until now.
func (c *ConnectionAggregator) close(e *hold.Entry, f *flow.Flow, at int64) Decision {
	var d Decision
	if e.Count > 0 {
		c.held--
		d.Joined = 1 // the others were counted as they came
		d.Aggregate = flow.Aggregate{Count: e.Count + 1, Bytes: e.Sum + int64(f.OrigLen), First: time.Unix(0, e.First)}
	}
	flags := e.Tag
	c.store.Drop(e)
	c.begin(at, flags)
	return d
}

// next keeps an event back that belongs to another interval, and reports those kept back until now.
func (c *ConnectionAggregator) next(e *hold.Entry, f *flow.Flow, raw []byte, at, received int64) Decision {
	popped := c.pop(e)
	popped.Data, popped.entry = append(c.before.Data[:0], popped.Data...), nil
	c.before = popped
	flags := e.Tag
	c.held--
	c.store.Drop(e)
	c.hold(c.begin(at, flags), f, raw, at, received)
	return Decision{Verdict: Next, Before: &c.before}
}

// maxRecord is room for the largest event: a notification's header, a captured packet, a head.
const maxRecord = 1 << 10

// Held is the number of events kept back.
func (c *ConnectionAggregator) Held() int {
	n := c.held
	if c.losses.reports > 0 {
		n++
	}
	return n
}

// Due reports whether an event kept back must go, and forgets connections that have been silent for an interval, and those whose
// interval begins at a time that the stream does not have.
func (c *ConnectionAggregator) Due() bool {
	for {
		e := c.store.Oldest()
		if e == nil || !c.over(e.Mark, e.Begun) && !c.store.Full(maxRecord) {
			return c.losses.over(c)
		}
		if e.Count > 0 {
			return true
		}
		c.store.Drop(e)
	}
}

// over reports whether an interval is over that began at a time, with an event that came at the mark.
func (c *ConnectionAggregator) over(m hold.Mark, begun int64) bool {
	return c.Clock.Passed(m, begun) >= int64(c.Interval) || c.Clock.Ahead(m, begun, int64(c.Interval))
}

// Popped is an event that was kept back and goes.
type Popped struct {
	// Data is the first of the events in wire form, valid until Release; it is nil for losses.
	Data []byte
	// Received is when the first of them was delivered and Last the time of the last, in nanoseconds since 1970.
	Received, Last int64
	// Aggregate says for how many events it stands; zero for itself.
	Aggregate flow.Aggregate
	// Primary is that of the flows.
	Primary bool
	// Lost is set for losses, CPU is then the processor, -1 where it is not known or there were several.
	Lost flow.Lost
	CPU  int32

	entry *hold.Entry
}

// PopOldest gives an event kept back: losses when they are due, else the one of the connection that was reported longest ago. There
// must be one. Release must follow.
func (c *ConnectionAggregator) PopOldest() Popped {
	for c.held > 0 && !c.losses.over(c) {
		e := c.store.Oldest()
		if e.Count == 0 {
			c.store.Drop(e)
			continue
		}
		return c.pop(e)
	}
	return c.losses.pop()
}

// pop gives what is kept back of a connection.
func (c *ConnectionAggregator) pop(e *hold.Entry) Popped {
	popped := Popped{
		Data: c.store.Data(e), Received: e.Received, Last: e.Last, Primary: c.store.Key(e)[directionAt]&primaryBit != 0, entry: e,
	}
	if e.Count > 1 {
		popped.Aggregate = flow.Aggregate{Count: e.Count, Bytes: e.Sum, First: time.Unix(0, e.First)}
	}
	return popped
}

// Release drops the event that PopOldest gave. Where its interval is over the next one begins, unless that is over as well.
func (c *ConnectionAggregator) Release(p Popped) {
	e := p.entry
	if e == nil {
		c.losses = losses{}
		return
	}
	copy(c.key[:], c.store.Key(e))
	begun, flags, age := e.Begun, e.Tag, c.Clock.Passed(e.Mark, e.Begun)
	c.held--
	c.store.Drop(e)
	if interval := int64(c.Interval); age >= interval && age < 2*interval {
		c.begin(begun+interval, flags)
	}
}
