// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// ConnectionSettings configures Connections.
type ConnectionSettings struct {
	// Silence ends a connection without packets. TCPSilence takes its place for TCP once both sides have sent a packet.
	Silence, TCPSilence time.Duration
	// FirstInterim is the longest time that the first record of a connection covers, and Interim that of each further one.
	FirstInterim, Interim time.Duration
	// Max bounds the number of connections in memory. When it is reached, the record of the one that was looked at longest ago is written
	// early.
	Max int
	// Memory bounds what is kept, together with the other holders of its budget. nil: only the bounds above apply.
	Memory *budget.Share
	// Identify makes the identifier of an event, of its wire form. nil: it has none.
	Identify func(raw []byte) hold.ID
	// Named says that connections keep the names of their sides: those that the first of their flows have.
	Named bool
}

// ConnectionBytes is the most memory that a connection takes, in bytes, and NamesBytes what its names add. The names themselves are shared.
const (
	ConnectionBytes = hold.EntrySize + stateSize
	NamesBytes      = sideNamesSize
)

// Connections sums the flows of each connection, in both directions, until it ends. In come flows, out come the sums. A flow belongs to
// the connection of its addresses, ports and protocol, at whatever trace point; ICMP echoes belong to that of their identifier.
//
// A connection ends with FIN from both sides, with FIN from one and a later SYN, with RST, or with silence. Packets that come up to Linger after FIN or RST, such as the last
// ACK, still belong to it. A connection that lasts longer has several records. So does one that becomes known again after its end.
//
// Times are the events' own. A packet whose time is before the others of its connection by more than the silence begins another record.
// Connections is not safe for use from several goroutines.
type Connections struct {
	ConnectionSettings
	clock  *hold.Clock
	store  *hold.Store
	states states
	key    [connectionKeySize]byte
	gone   flow.Connection // memory of what Add and Pop return
	epochs hold.Epochs     // of the records that have not been written
	early  int64

	// Each period all connections are looked at, a share of them at a time.
	looked   hold.Mark
	lookedAt int64 // ns since 1970; unknown if the time is not known
	left     int   // of the share
}

// Linger is how long a connection is remembered after FIN or RST. Cilium's connection tracking takes the same time
// (bpf-ct-timeout-regular-tcp-fin).
const Linger = 10 * time.Second

// NewConnections returns Connections. clock must get the time of every event before Add is called with it.
func NewConnections(s ConnectionSettings, clock *hold.Clock) *Connections {
	c := &Connections{ConnectionSettings: s, clock: clock}
	c.Forget()
	return c
}

// Forget forgets all connections. None may be held.
func (c *Connections) Forget() {
	if c.store != nil {
		c.store.Close()
		c.states.close()
	}
	c.store, c.states, c.left, c.lookedAt = hold.New(c.Max, 0), states{named: c.Named}, 0, unknown
	c.epochs = hold.Epochs{}
	c.store.Within(c.Memory)
	c.states.memory.Open(c.Memory)
}

// unknown stands for a time that is not known, in lookedAt.
const unknown = math.MaxInt64

// Held returns the number of connections whose records have not been written. Each keeps back one event; the others are counted with it.
func (c *Connections) Held() int { return c.store.Len() }

// Early returns how many records were written early because Max was reached.
func (c *Connections) Early() int64 { return c.early }

// Add adds a flow to its connection. raw is its wire form, at its time and received the time of its delivery, both in nanoseconds since 1970.
// The verdict is Report for a flow that belongs to no connection. For Next, the connection must be written that is returned; it is valid until
// the next Add or Pop.
func (c *Connections) Add(f *flow.Flow, raw []byte, at, received int64) (Verdict, *flow.Connection) {
	side, ok := c.identify(f)
	if !ok {
		return Report, nil
	}
	e := c.store.Get(c.key[:])
	if e == nil {
		number := c.states.take()
		e = c.store.Put(c.key[:], nil, 0, at)
		setCount(e, number)
		c.begin(e, f, side, raw, received)
		c.add(e, f, side, at)
		return Held, nil
	}
	end, splits := c.splits(e, f, side, at)
	if !splits {
		c.add(e, f, side, at)
		return Counted, nil
	}
	c.take(e, end)
	if end.Ended() {
		c.begin(e, f, side, raw, received)
	} else {
		c.goOn(e, raw, received)
	}
	e.First, e.Last, e.Received, e.Sum, e.Begun = at, at, 0, 0, 0
	c.add(e, f, side, at)
	return Next, &c.gone
}

// splits reports whether a flow begins another record, and how the record before it ends.
func (c *Connections) splits(e *hold.Entry, f *flow.Flow, side int, at int64) (end flow.End, splits bool) {
	since, silence := hold.Since(e.Last, at), c.silence(e, c.key[:])
	switch {
	case since > c.memory(e, c.key[:]):
		return c.ending(e), true
	case hold.Since(e.First, at) < -silence:
		return flow.EndClock, true
	case closed(e.Tag) && f.L4.Flags&(flow.TCPSyn|flow.TCPAck) == flow.TCPSyn: // the ports are used again
		return c.ending(e), true
	case finishing(e.Tag) && f.L4.Flags&(flow.TCPSyn|flow.TCPAck) == flow.TCPSyn && at >= e.Last && side == c.source(e):
		return flow.EndFin, true // the ports are used again, and the other side's FIN was not seen
	case hold.Since(e.First, at) >= c.interim(e), events(e) == math.MaxInt32: // the column EventCount has 32 bits
		return flow.EndInterim, true
	}
	return 0, false
}

// silence returns how long a connection is remembered without packets, in nanoseconds.
func (c *Connections) silence(e *hold.Entry, key []byte) int64 {
	const tcp = 6
	if key[protocolAt] == tcp && sideFlags(e.Tag, lower) != 0 && sideFlags(e.Tag, upper) != 0 {
		return int64(c.TCPSilence)
	}
	return int64(c.Silence)
}

// memory returns how long a connection is remembered without packets, also after FIN or RST, in nanoseconds.
func (c *Connections) memory(e *hold.Entry, key []byte) int64 {
	if closed(e.Tag) {
		return min(c.silence(e, key), int64(Linger))
	}
	return c.silence(e, key)
}

// interim returns the longest time that a record covers, in nanoseconds.
func (c *Connections) interim(e *hold.Entry) int64 {
	if e.Tag&again != 0 {
		return int64(c.Interim)
	}
	return int64(c.FirstInterim)
}

// ending returns how a connection has ended of which no more packets come.
func (c *Connections) ending(e *hold.Entry) flow.End {
	switch {
	case !closed(e.Tag):
		return flow.EndSilence
	case sideFlags(e.Tag, lower)&sideFlags(e.Tag, upper)&flow.TCPFin != 0:
		return flow.EndFin
	}
	return flow.EndRst
}

// over reports whether a connection has ended.
func (c *Connections) over(e *hold.Entry) bool {
	limit := c.memory(e, c.store.Key(e))
	return c.clock.Passed(e.Mark, e.Last) >= limit || c.clock.Ahead(e.Mark, e.Last, limit)
}

// A period is divided into shares, so that no event waits until all connections were looked at.
const shares = 64

// period is how often each connection is looked at: its record comes late by at most that much.
func (c *Connections) period() int64 { return int64(min(Linger, c.Silence/2)) }

// Due reports whether a record must be written: that of an ended connection, or the oldest because memory is needed. It looks at a share of the
// connections.
func (c *Connections) Due() bool {
	if c.store.Full(0) || c.store.Len() > 0 && !c.states.reserve() {
		return true
	}
	c.look()
	for c.left > 0 {
		e := c.store.Oldest()
		if e == nil {
			c.left = 0
			break
		}
		if c.over(e) {
			return true
		}
		c.store.Renew(e)
		c.left--
	}
	return false
}

// look adds to the share of connections to look at what has become due since the last time.
func (c *Connections) look() {
	now, known := c.clock.Now()
	if !known {
		now = unknown
	}
	passed, period := c.clock.Passed(c.looked, c.lookedAt), c.period()
	if passed < period/shares {
		if hold.Since(now, c.lookedAt) <= period {
			return
		}
		passed = 0 // the time was not known, or was set back
	}
	n := c.store.Len()
	c.left = min(n, c.left+1+int(float64(n)*float64(min(passed, period))/float64(period)))
	c.looked, c.lookedAt = c.clock.Mark(), now
}

// Pop returns the connection whose record must be written, and forgets it. due says that Due was true; otherwise no more events come. There
// must be a connection. The result is valid until the next Add or Pop.
func (c *Connections) Pop(due bool) *flow.Connection {
	e := c.store.Oldest()
	end := flow.EndStop
	switch {
	case c.over(e) || closed(e.Tag):
		end = c.ending(e)
	case due:
		end = flow.EndMemory
	}
	if due && !c.over(e) {
		c.early++
	}
	c.left = max(0, c.left-1)
	c.take(e, end)
	c.states.free(stateOf(e))
	c.store.Drop(e)
	return &c.gone
}
