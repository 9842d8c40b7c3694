// SPDX-License-Identifier: Apache-2.0

// Package aggregate reduces the reports of a connection to one per interval, as Cilium's datapath does on Linux at the monitor
// aggregation levels medium and maximum, and losses likewise. In come events; out comes for each whether to report it now, to keep it
// back, or to count it with one that is kept back.
//
// The first packet of a connection is reported at once, so that new connections are seen without delay. The packets after it are
// counted. When the interval is over, one record stands for all of them, and the next interval begins. A packet with SYN, FIN or RST,
// or with a TCP flag that the connection has not shown before, is reported at once and on its own. A connection that has been silent
// for an interval counts as new. No record comes later than an interval after its event.
//
// Times are the events' own. A packet whose time is far before or after the interval begins another one; the events kept back until
// then are reported with their own times.
package aggregate

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// Settings configures a ConnectionAggregator.
type Settings struct {
	// Interval is how often a connection is reported.
	Interval time.Duration
	// MaxConnections and MaxBytes bound what is remembered and kept back. When a bound is reached, the connection that was reported
	// longest ago is forgotten: what is kept back of it is reported early, and its next packet counts as a first one.
	MaxConnections, MaxBytes int
	// Memory bounds what is kept, together with the other holders of its budget. nil: only the bounds above apply.
	Memory *budget.Share
	// Identify makes the identifier of an event that is kept back, of its wire form. nil: it has none.
	Identify func(raw []byte) hold.ID
}

// ConnectionAggregator remembers which connections were reported, and keeps events back. It is not safe for use from several
// goroutines.
type ConnectionAggregator struct {
	Settings
	// Clock must get the time of every event of the stream before Add is called with it, also of events that are never added.
	Clock hold.Clock

	store  *hold.Store
	held   int // number of connections with an event kept back
	key    [keySize]byte
	before Popped // memory of Decision.Before
	data   []byte // an event with its identifier
	losses losses
	early  int64
}

// Early returns how many events kept back were due before their interval was over, because a bound was reached.
func (c *ConnectionAggregator) Early() int64 { return c.early }

// New returns a ConnectionAggregator.
func New(s Settings) *ConnectionAggregator {
	c := &ConnectionAggregator{Settings: s}
	c.Forget()
	return c
}

// Forget forgets all connections and the time, because what comes next is from another node. Nothing may be kept back.
func (c *ConnectionAggregator) Forget() {
	if c.store != nil {
		c.store.Close()
	}
	c.store = hold.New(c.MaxConnections, c.MaxBytes)
	c.store.Within(c.Memory)
	c.Clock, c.held, c.losses = hold.Clock{}, 0, losses{}
}

// Verdict is what becomes of an event.
type Verdict uint8

// The verdicts.
const (
	Report  Verdict = iota // it is reported now
	Held                   // it is kept back
	Counted                // it is counted with an event that is kept back
	Next                   // it is kept back, and Before, the events kept back until now, is reported
)

// Decision is a verdict and its details.
type Decision struct {
	Verdict Verdict
	// Aggregate says how many events the report stands for; it is zero for the event alone.
	Aggregate flow.Aggregate
	// Joined is the number of events kept back until now that the report also stands for, and ID the identifier of the first of them.
	Joined int64
	ID     hold.ID
	// Before is set for Next and must be reported. It is valid until the next Add. Release must not follow.
	Before *Popped
}

// urgent are the TCP flags of packets that are always reported.
const urgent = flow.TCPSyn | flow.TCPFin | flow.TCPRst

// Add decides about an event. raw is its wire form, at its time and received the time of its delivery, both in nanoseconds since
// 1970. Events that belong to no connection, drops and policy verdicts are always reported.
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

// id returns an event's identifier, zero if events have none.
func (c *ConnectionAggregator) id(raw []byte) (id hold.ID) {
	if c.Identify != nil {
		id = c.Identify(raw)
	}
	return id
}

// hold keeps back the first event of an interval that is not reported at once, followed by its identifier.
func (c *ConnectionAggregator) hold(e *hold.Entry, f *flow.Flow, raw []byte, at, received int64) {
	id := c.id(raw)
	c.data = append(append(c.data[:0], raw...), id[:]...)
	c.store.SetData(e, c.data)
	e.Received, e.First, e.Last, e.Count, e.Sum = received, at, at, 1, int64(f.OrigLen)
	c.held++
}

// close reports an event that comes when the interval is over, together with those kept back.
func (c *ConnectionAggregator) close(e *hold.Entry, f *flow.Flow, at int64) Decision {
	var d Decision
	if e.Count > 0 {
		c.held--
		d.Joined = 1 // the others were counted as they came
		_, d.ID = hold.CutID(c.store.Data(e))
		d.Aggregate = flow.Aggregate{Count: e.Count + 1, Bytes: e.Sum + int64(f.OrigLen), First: time.Unix(0, e.First)}
	}
	flags := e.Tag
	c.store.Drop(e)
	c.begin(at, flags)
	return d
}

// next keeps back an event that belongs to another interval, and reports those kept back until now.
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

// maxRecord is room for the largest event in bytes: a notification's header, a captured packet, a head.
const maxRecord = 1 << 10

// Held returns the number of events kept back.
func (c *ConnectionAggregator) Held() int {
	n := c.held
	if c.losses.reports > 0 {
		n++
	}
	return n
}

// Due reports whether an event kept back must go; PopOldest must then follow. It forgets connections that have been silent for an interval, and those whose
// interval begins at a time that the stream has not reached.
func (c *ConnectionAggregator) Due() bool {
	for {
		e := c.store.Oldest()
		over := e != nil && c.over(e.Mark, e.Begun)
		if e == nil || !over && !c.store.Full(maxRecord) {
			return c.losses.over(c)
		}
		if e.Count > 0 {
			if !over {
				c.early++
			}
			return true
		}
		c.store.Drop(e)
	}
}

// over reports whether an interval is over that began at begun, with an event that came at the mark.
func (c *ConnectionAggregator) over(m hold.Mark, begun int64) bool {
	return c.Clock.Passed(m, begun) >= int64(c.Interval) || c.Clock.Ahead(m, begun, int64(c.Interval))
}

// Popped is an event that was kept back and goes.
type Popped struct {
	// Data is the first of the events in wire form. It is valid until Release, and nil for losses.
	Data []byte
	// ID is the identifier of the first of the events.
	ID hold.ID
	// Received is when the first of the events was delivered, and Last the time of the last, in nanoseconds since 1970.
	Received, Last int64
	// Aggregate says how many events it stands for; it is zero for the event alone.
	Aggregate flow.Aggregate
	// Primary is whether the flows are primary ones.
	Primary bool
	// Lost is set for losses. CPU is then the processor, -1 if it is unknown or there were several.
	Lost flow.Lost
	CPU  int32

	entry *hold.Entry
}

// PopOldest returns an event kept back: losses if they are due, else that of the connection that was reported longest ago. There must
// be one. Release must follow.
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

// pop returns what is kept back of a connection.
func (c *ConnectionAggregator) pop(e *hold.Entry) Popped {
	data, id := hold.CutID(c.store.Data(e))
	popped := Popped{
		Data: data, ID: id, Received: e.Received, Last: e.Last, Primary: c.store.Key(e)[directionAt]&primaryBit != 0, entry: e,
	}
	if e.Count > 1 {
		popped.Aggregate = flow.Aggregate{Count: e.Count, Bytes: e.Sum, First: time.Unix(0, e.First)}
	}
	return popped
}

// Release drops the event that PopOldest returned. If its interval is over the next one begins, unless that is over as well.
func (c *ConnectionAggregator) Release(p Popped) {
	e := p.entry
	if e == nil {
		c.losses = losses{number: c.losses.number}
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
