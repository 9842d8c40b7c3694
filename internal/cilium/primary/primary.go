// SPDX-License-Identifier: Apache-2.0

// Package primary says which of a packet's records counts its bytes, and which counts its denial.
//
// A packet is seen at several points of its way through a node. What became of it is told where a program has done with it:
// by the traces at the points to-…, where it is passed on, and by a drop. The first of these that comes counts the bytes. Traces
// at the points from-…, where a packet comes in, and policy verdicts never do: the one of the above that follows does. So the
// mark stands on the same record at every aggregation level.
//
// A denial is counted by the packet's drop, whether a trace has counted the bytes before or not, and never by the verdict.
//
// Which records are of one packet nothing in them says. A Marker remembers the packets of the last seconds by what no program
// changes of them (see flow.Identify), and at which points each was seen. What is seen at a point where it was seen before, or
// after it was delivered or dropped, is another packet that looks the same, such as one that was sent again. Its memory is fixed; a
// packet that others have pushed out is a new one when it is seen again.
//
// Whether a drop or a further trace is of a packet that was passed on before is decided by three rules, in this order:
//
//   - Place. The program of the pod that sends is the first on a packet's way, and drops before it traces: no record counts what it
//     drops. An exception is one reason, see reasonWriteError. Each other drop may be behind any point.
//   - Arrival. A packet that has come in from outside since is another one. The processor that wrote of it would have told first that
//     it was passed on. The records of two processors may come in another order, so it decides for one processor only; and only
//     where no packet was passed on just before.
//   - Time. A packet takes microseconds from one point to the next, and the same bytes are sent again after 200 ms or more: see Span.
//
// Where these rules cannot know whether another record counts a packet, the record has no mark and is counted. So the sum of the
// marked ones lacks no more packets than were counted so.
package primary

import (
	"math"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/recent"
)

// Window is how long packets that look the same are told apart by the points where they were seen. Later a packet is a new one where
// it was seen before.
const Window = 5 * time.Second

// Span is within which time after a packet was passed on what is told of it at another point is certain to be of it: from one span to
// two, as the spans of the clock fall. It takes microseconds in truth, and a few milliseconds on a busy node. Timers of senders are 200
// ms and more.
const Span = 1 << 24 * time.Nanosecond

// Answer is whether a record counts something of its packet.
type Answer uint8

// The answers.
const (
	No      Answer = iota // another one does, or none
	Yes                   // this one does
	Unknown               // it may, or not
)

// Marks are what a record counts of its packet.
type Marks struct {
	Packet Answer // its bytes
	Drop   Answer // that it was dropped
}

// Marker remembers packets: 65,536, in 4.5 MiB. It is used from one goroutine.
type Marker struct {
	packets *recent.Table[packet]
	key     []byte

	now      int64 // time of the last record, ns since 1970
	unmarked int64
	arrived  int   // packets that have come in and of which nothing was told since
	swept    int64 // when those were looked through last

	monitored int64 // when the packet monitor told of a drop last
	unlike    int64 // when a program told last of a drop of a packet that has no identity
}

// never is a time that is near no other.
const never = -1 << 63

// New makes a marker that remembers nothing.
func New() *Marker {
	m := &Marker{packets: recent.New[packet]()}
	m.begin()
	return m
}

// Forget forgets all packets: what comes next is another node's.
func (m *Marker) Forget() {
	m.unmarked += int64(m.arrived)
	m.packets.Forget()
	m.begin()
}

func (m *Marker) begin() {
	m.arrived = 0
	m.now, m.swept, m.monitored, m.unlike = never, never, never, never
}

// Unmarked is how many records have had no mark because it could not be known whether another one counts the packet, and how many
// packets have come in of which nothing more was told.
func (m *Marker) Unmarked() int64 { return m.unmarked }

// Silence lets time pass in which no record comes.
func (m *Marker) Silence(d time.Duration) {
	if m.now != never {
		m.now += int64(d)
		m.sweep()
	}
}

// Mark answers for the record of a flow that was decoded from the notification with these packet bytes, of a time in
// nanoseconds since 1970. It must be asked for every record, in the order in which they came.
func (m *Marker) Mark(f *flow.Flow, bytes []byte, at int64) Marks {
	m.now = at
	m.sweep()
	marks := m.mark(f, bytes)
	if marks.Packet == Unknown || marks.Drop == Unknown {
		m.unmarked++
	}
	return marks
}

func (m *Marker) mark(f *flow.Flow, bytes []byte) Marks {
	here, kind := whereabouts(f)
	if kind == elsewhere {
		return Marks{}
	}
	if kind == unnamed {
		return Marks{Packet: Unknown}
	}
	id, known := f.Identify(m.key[:0], bytes)
	if known {
		m.key = id.Bytes
	}
	known = known && f.OrigLen != 0 && !unnamedTunnel(f)
	switch kind {
	case comesIn:
		if known && !outside(f) {
			m.arrive(id, here, processor(f))
		}
		return Marks{}
	case passes, delivered:
		if f.OrigLen == 0 {
			return Marks{}
		}
		if !known {
			return Marks{Packet: Unknown}
		}
	case dropped, refused, monitored:
		if !known {
			return m.unidentified(f, kind)
		}
	}
	if kind == monitored {
		m.monitored = m.now
	}
	p, print, alike := m.find(id, here)
	marks := p.see(here, kind, processor(f), p.touch(m.now))
	if marks.Packet == Yes && alike && here.point != monitor.TraceToStack && kind != refused {
		marks.Packet = Unknown
	}
	if marks.Packet != No {
		m.follow(p, print)
	}
	if kind == monitored && marks.Drop == Yes && near(m.unlike, m.now) {
		marks.Drop = Unknown
	}
	return marks
}

// unidentified answers for a drop of a packet that cannot be told from others. A program tells once of what it drops: only the
// packet monitor may tell of the same.
func (m *Marker) unidentified(f *flow.Flow, k kind) (marks Marks) {
	if f.OrigLen != 0 {
		marks.Packet = Unknown
	}
	switch {
	case k == monitored:
		m.monitored, marks.Drop = m.now, Unknown
	case near(m.monitored, m.now):
		m.unlike, marks.Drop = m.now, Unknown
	default:
		m.unlike, marks.Drop = m.now, Yes
	}
	return marks
}

// arrive notes that a packet has come in.
func (m *Marker) arrive(id flow.Identity, here place, cpu int16) {
	p, _, _ := m.find(id, here)
	certain := p.touch(m.now)
	if certain && p.mayBeLate(cpu) {
		return
	}
	p.retire()
	if !certain { // those before have gone their way
		m.miss(p)
		p.anew = false
	}
	switch {
	case !here.outermost(): // it is under way, and may have been told of before
		if p.counted > 0 || p.arrived > 0 {
			return
		}
	case !p.anew && p.justPassed() && cpu != noProcessor && p.by != inShort(cpu): // that one, in the order of another processor
		return
	default:
		p.anew, p.by = true, inShort(cpu)
	}
	if p.arrived == math.MaxUint8 {
		m.miss(p)
	}
	p.arrived++
	m.arrived++
}

// miss counts the packets that came in and of which nothing was told.
func (m *Marker) miss(p *packet) {
	m.unmarked += int64(p.arrived)
	m.arrived -= int(p.arrived)
	p.arrived = 0
}

// follow notes that something was told for the first time of a packet that came in: one that looks as it does now, or one with the
// same body, since a service's address is translated in between.
func (m *Marker) follow(p *packet, print recent.Print) {
	if m.arrived == 0 {
		return
	}
	if p.arrived == 0 {
		for q, other := range m.packets.Set(print) {
			if other.arrived > 0 && q.SameFirst(print) {
				p = other
				break
			}
		}
	}
	if p.arrived > 0 {
		p.arrived--
		m.arrived--
	}
}

// sweep counts the packets of which nothing was told since they came in.
func (m *Marker) sweep() {
	if m.arrived == 0 || near(m.swept, m.now) {
		return
	}
	m.swept = m.now
	for p := range m.packets.Values() {
		if p.arrived > 0 && !near(p.last, m.now) {
			m.miss(p)
		}
	}
}

// find gives the packet of an identity that is seen at a place: the one with its source port, else, where one of the two was
// translated, one that was not seen at this place yet, else a new one, and the identity's print. alike reports whether it may be another one that has been
// translated since.
//
// The node's stack may translate a packet's destination, as a service of the host's own does. Its source is translated by Cilium,
// which does not say what it was in a trace of version 0, or of a reply that a node port's service sends. Then what was counted
// comes again as another packet, with the same body and the same other end. Two packets may be so alike by themselves.
func (m *Marker) find(id flow.Identity, here place) (found *packet, print recent.Print, alike bool) {
	print = m.packets.Join(id.Body, id.Source, id.Destination)
	same, exact := 0, false
	for q, p := range m.packets.Set(print) {
		switch {
		case !q.SameFirst(print):
		case q != print:
			if p.mayComeTo(here) && near(p.last, m.now) {
				same++
				alike = alike || q.SameOther(print)
			}
		case exact:
		case p.sourcePort == id.SourcePort:
			found, exact = p, true
		case (p.translated || id.Translated) && p.counted > p.done && p.countAt(here) < p.counted:
			found = p
		}
	}
	if found == nil {
		found = m.packets.Put(print)
		m.miss(found)
		*found = packet{sourcePort: id.SourcePort, translated: id.Translated, ended: noProcessor, last: m.now}
	}
	return found, print, alike || same >= recent.Ways-1
}

// near reports whether two times are within the window, in either order: processors' records need not come in that of time.
func near(a, b int64) bool {
	d := b - a
	return d <= int64(Window) && d >= -int64(Window) && a != never
}
