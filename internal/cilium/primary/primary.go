// SPDX-License-Identifier: Apache-2.0

// Package primary decides which of a packet's records counts its bytes, and which counts that it was denied. Flows with their packets go
// in, in the order of their records; the marks of each record come out.
//
// A node reports a packet at several points of its way. A trace at a point to-…, where a program passes the packet on, and a drop end the
// work of a program. The first of these records counts the bytes. A trace at a point from-…, where a packet comes in, and a policy verdict
// never count: one of the records above follows. So the mark is on the same record at every aggregation level.
//
// The packet's drop counts the denial, whether a trace has counted the bytes before or not. The verdict never does.
//
// No record names its packet. So a Marker remembers the packets of the last seconds by the parts that no program changes (see
// flow.Identify), and the points where each was seen. A packet at a point where it was seen before, or after it was delivered or dropped,
// is another packet that looks the same, such as one that was sent again. The memory is fixed. A packet that others have pushed out is
// new when it is seen again.
//
// Three rules, in this order, decide whether a drop or a further trace belongs to a packet that was passed on before:
//
//   - Place. The program of the sending pod is the first on a packet's way and drops before it traces. So no other record counts what it
//     drops, with the exception of one reason, see reasonWriteError. Any other drop may follow any point.
//   - Arrival. If a packet has come in from outside since, the record belongs to that one: its processor would have reported earlier that it
//     was passed on. The records of two processors may come in another order, so this rule holds for one processor only, and only where
//     no packet was passed on just before.
//   - Time. A packet takes microseconds from one point to the next. Senders repeat the same bytes after 200 ms or more: see Span.
//
// Where these rules do not decide whether another record counts a packet, the record has no mark and is counted as unmarked. So the sum
// over the marked records lacks at most as many packets as there are unmarked ones.
package primary

import (
	"math"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/recent"
)

// Window is how long the points where packets were seen tell packets apart that look the same. After it, a packet at a point where it was
// seen before is a new one.
const Window = 5 * time.Second

// Span bounds the time in which a record at another point certainly belongs to a packet that was passed on: one to two spans, since the
// clock is divided into spans. A packet takes microseconds, and a few milliseconds on a busy node. Senders' timers are 200 ms or more.
const Span = 1 << 24 * time.Nanosecond

// Answer is whether a record counts something of its packet.
type Answer uint8

// The answers.
const (
	No      Answer = iota // another record does, or none
	Yes                   // this record does
	Unknown               // not known
)

// Marks say what a record counts of its packet.
type Marks struct {
	Packet Answer // its bytes
	Drop   Answer // that it was dropped
}

// Marker remembers 65,536 packets, in 4.5 MiB. One goroutine uses it.
type Marker struct {
	packets  *recent.Table[packet]
	identity flow.Identity // of the record being read

	now      int64 // time of the last record, ns since 1970
	unmarked int64
	arrived  int   // packets that have come in and were not reported since
	swept    int64 // when sweep last looked for them

	monitored int64 // when the packet monitor last reported a drop
	unlike    int64 // when a program last reported a drop of a packet without an identity
}

// never is a time that is near no other time.
const never = -1 << 63

// New makes an empty marker.
func New() *Marker {
	m := &Marker{packets: recent.New[packet]()}
	m.begin()
	return m
}

// Forget forgets all packets. The next records are those of another node.
func (m *Marker) Forget() {
	m.unmarked += int64(m.arrived)
	m.packets.Forget()
	m.begin()
}

func (m *Marker) begin() {
	m.arrived = 0
	m.now, m.swept, m.monitored, m.unlike = never, never, never, never
}

// Unmarked returns the number of records without a mark because another one may count the packet, plus the number of packets that came in
// and were not reported again.
func (m *Marker) Unmarked() int64 { return m.unmarked }

// Silence lets time pass without a record.
func (m *Marker) Silence(d time.Duration) {
	if m.now != never {
		m.now += int64(d)
		m.sweep()
	}
}

// Mark returns the marks of a flow's record. bytes is the packet of the notification that the flow was decoded from, at is the record's
// time in nanoseconds since 1970. Call it for every record, in the order in which they came.
func (m *Marker) Mark(f *flow.Flow, bytes []byte, at int64) Marks {
	var r Report
	m.Read(&r, f, bytes)
	return m.MarkReport(&r, at)
}

// MarkReport is Mark for a record that was read before.
func (m *Marker) MarkReport(r *Report, at int64) Marks {
	m.now = at
	m.sweep()
	marks := m.mark(r)
	if marks.Packet == Unknown || marks.Drop == Unknown {
		m.unmarked++
	}
	return marks
}

func (m *Marker) mark(r *Report) Marks {
	switch r.kind {
	case elsewhere:
		return Marks{}
	case unnamed:
		return Marks{Packet: Unknown}
	case comesIn:
		if r.known {
			m.arrive(r)
		}
		return Marks{}
	case passes, delivered:
		if !r.sized {
			return Marks{}
		}
		if !r.known {
			return Marks{Packet: Unknown}
		}
	case dropped, refused, monitored:
		if !r.known {
			return m.unidentified(r)
		}
	}
	if r.kind == monitored {
		m.monitored = m.now
	}
	p, alike := m.find(r)
	marks := p.see(r.here, r.kind, r.cpu, p.touch(m.now))
	if marks.Packet == Yes && alike && r.here.point != monitor.TraceToStack && r.kind != refused {
		marks.Packet = Unknown
	}
	if marks.Packet != No {
		m.follow(p, r.print)
	}
	if r.kind == monitored && marks.Drop == Yes && near(m.unlike, m.now) {
		marks.Drop = Unknown
	}
	return marks
}

// unidentified returns the marks of a drop whose packet cannot be told from others. A program reports a drop once. Only the packet monitor
// may report the same drop.
func (m *Marker) unidentified(r *Report) (marks Marks) {
	if r.sized {
		marks.Packet = Unknown
	}
	switch {
	case r.kind == monitored:
		m.monitored, marks.Drop = m.now, Unknown
	case near(m.monitored, m.now):
		m.unlike, marks.Drop = m.now, Unknown
	default:
		m.unlike, marks.Drop = m.now, Yes
	}
	return marks
}

// arrive records that a packet has come in.
func (m *Marker) arrive(r *Report) {
	p, _ := m.find(r)
	certain := p.touch(m.now)
	if certain && p.mayBeLate(r.cpu) {
		return
	}
	p.retire()
	if !certain { // the packets before have left
		m.miss(p)
		p.anew = false
	}
	switch {
	case !r.here.outermost(): // the packet is on its way inside, so it may have been reported before
		if p.counted > 0 || p.arrived > 0 {
			return
		}
	case !p.anew && p.justPassed() && r.cpu != noProcessor && p.by != inShort(r.cpu): // a late record: another processor reports the packet that was passed on
		return
	default:
		p.anew, p.by = true, inShort(r.cpu)
	}
	if p.arrived == math.MaxUint8 {
		m.miss(p)
	}
	p.arrived++
	m.arrived++
}

// miss counts the packets that came in and were not reported again.
func (m *Marker) miss(p *packet) {
	m.unmarked += int64(p.arrived)
	m.arrived -= int(p.arrived)
	p.arrived = 0
}

// follow records the first report of a packet that came in: one that looks the same now, or one with the same body, since a service's
// address may have been translated in between.
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

// sweep counts the packets that were not reported since they came in.
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

// find returns the packet of a report with an identity. It is the packet with the same source port; else, where one of the two was
// translated, one that was not seen at this place yet; else a new one. alike reports whether it may be another packet that has
// been translated since.
//
// The node's stack may translate a packet's destination, as a service of the host itself does. Cilium translates the source, and does not
// give the original one in a trace of version 0 or of a reply that a node port's service sends. A counted packet is then reported again with
// the same body, but with only one of its ends unchanged. Two different packets may look the same in this way.
func (m *Marker) find(r *Report) (found *packet, alike bool) {
	same, exact := 0, false
	for q, p := range m.packets.Set(r.print) {
		switch {
		case !q.SameFirst(r.print):
		case q != r.print:
			if p.mayComeTo(r.here) && near(p.last, m.now) {
				same++
				alike = alike || q.SameOther(r.print)
			}
		case exact:
		case p.sourcePort == r.sourcePort:
			found, exact = p, true
		case (p.translated || r.translated) && p.counted > p.done && p.countAt(r.here) < p.counted:
			found = p
		}
	}
	if found == nil {
		found = m.packets.Put(r.print)
		m.miss(found)
		*found = packet{sourcePort: r.sourcePort, translated: r.translated, ended: noProcessor, last: m.now}
	}
	return found, alike || same >= recent.Ways-1
}

// near reports whether two times are within the window, in either order, since the records of several processors need not come in the
// order of time.
func near(a, b int64) bool {
	d := b - a
	return d <= int64(Window) && d >= -int64(Window) && a != never
}
