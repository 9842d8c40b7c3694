// SPDX-License-Identifier: Apache-2.0

// Package flowmetrics adds up events, packets and bytes for metrics. In come flows; out come sums for each combination of verdict,
// drop reason, direction and the like.
//
// The number of sums is bounded for any events, because the values come from Cilium's lists of names. One value stands for
// everything without a name. Names of pods and the like, which are in no list, are left out unless Naming asks for them, within a bound.
package flowmetrics

import (
	"sync"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Totals holds the sums of all series since it was made. Several goroutines may add while another reads. Each takes
// the lock. A nil Totals adds nothing.
type Totals struct {
	mu   sync.Mutex
	sums map[key]*Sums
	named
}

// New returns an empty Totals, whose series the names distinguish that naming wants.
func New(naming Naming) *Totals {
	return &Totals{sums: map[key]*Sums{}, named: named{Naming: naming, sums: map[namedKey]*Sums{}, others: map[namedKey]*Sums{}}}
}

// Sums are the sums of a series.
type Sums struct {
	Events  int64
	Packets int64 // events that have a packet
	Bytes   int64 // total length of the packets on the wire
	Lost    int64 // lost events, which have a series of their own
}

// key is what the events of a series have in common. Each field has few values: see keyOf.
type key struct {
	typ       monitor.MessageType
	point     flow.ObservationPoint
	verdict   flow.Verdict
	reason    uint8 // of dropped events
	direction flow.Direction
	transport transport
	lost      flow.LostSource // only in a series of losses, which has no other field
}

// Series is what the events of a series have in common, by name. What they do not have is empty.
type Series struct {
	Type             string // as in Cilium's message types; "unknown" for undefined ones
	ObservationPoint string // traces only
	Verdict          string
	DropReason       string         // of dropped events
	Direction        flow.Direction // of the packet, not of the connection
	Transport        string         // in OpenTelemetry's spelling; "other" for a protocol that Hubble does not name
	LostSource       string         // of losses, which have no other field

	Source, Destination End
}

// Entry is a series and its sums.
type Entry struct {
	Series
	Sums
}

// Add counts an event that stands for itself.
func (t *Totals) Add(f *flow.Flow) {
	if t == nil {
		return
	}
	k := keyOf(f)
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.named.of(k, f)
	if !ok {
		s = t.of(k)
	}
	s.Events++
	if f.OrigLen != 0 {
		s.Packets++
		s.Bytes += int64(f.OrigLen)
	}
}

// AddLost counts lost events.
func (t *Totals) AddLost(source flow.LostSource, n uint64) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(key{lost: source}).Lost += int64(n)
}

// of returns the sums of a key.
func (t *Totals) of(k key) *Sums {
	s := t.sums[k]
	if s == nil {
		s = &Sums{}
		t.sums[k] = s
	}
	return s
}

// Entries returns all series, in no order, with their sums at one moment.
func (t *Totals) Entries() []Entry {
	entries, from, to := t.entries()
	for i := range entries[from:to] { // not under the lock: a name may take microseconds
		e := &entries[from+i]
		e.Source, e.Destination = t.shown(e.Source), t.shown(e.Destination)
	}
	return entries
}

// entries is Entries with the names of the ends. Those of entries[from:to] are their own, not Other.
func (t *Totals) entries() (entries []Entry, from, to int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	entries = make([]Entry, 0, len(t.sums)+len(t.named.sums)+len(t.others))
	for k, s := range t.sums {
		entries = append(entries, Entry{k.series(), *s})
	}
	from = len(entries)
	to = from + len(t.named.sums)
	for _, sums := range []map[namedKey]*Sums{t.named.sums, t.others} {
		for k, s := range sums {
			series := k.series()
			series.Source, series.Destination = k.source, k.destination
			entries = append(entries, Entry{series, *s})
		}
	}
	return entries, from, to
}

// Others returns how many events were counted under the name Other. A nil Totals has none.
func (t *Totals) Others() int64 {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.events
}

// keyOf returns the key of an event. All numbers without a name of Cilium's become the same value.
func keyOf(f *flow.Flow) key {
	k := key{typ: f.Type, verdict: f.Verdict, direction: f.PacketDirection, transport: transportOf(f)}
	if !k.typ.Known() {
		k.typ = monitor.TypeUnspecified
	}
	if f.Type == monitor.TypeTrace {
		k.point = f.ObservationPoint
		if !k.point.Known() {
			k.point = 0
		}
	}
	if f.DropReason <= 255 && flow.DropReasonNamed(f.DropReason) {
		k.reason = uint8(f.DropReason)
	}
	return k
}

func (k key) series() Series {
	if k.lost != flow.LostUnknown {
		return Series{LostSource: k.lost.String()}
	}
	s := Series{Type: "unknown", Direction: k.direction, Transport: k.transport.String()}
	if k.typ != monitor.TypeUnspecified {
		s.Type = k.typ.String()
	}
	if k.typ == monitor.TypeTrace {
		s.ObservationPoint = k.point.String()
	}
	if k.verdict != flow.VerdictUnknown {
		s.Verdict = k.verdict.String()
	}
	if k.verdict == flow.VerdictDropped && k.typ != monitor.TypePacketMonitorDrop {
		s.DropReason = flow.DropReasonName(uint32(k.reason))
	}
	return s
}
