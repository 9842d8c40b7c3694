// SPDX-License-Identifier: Apache-2.0

// Package primary says which of a packet's records counts its bytes.
//
// A packet is seen at several points of its way through a node. What became of it is told where a program has done with it:
// by the traces at the points to-…, where it is passed on, and by a drop. The first of these that comes is the primary one.
// Traces at the points from-…, where a packet comes in, and policy verdicts never are: the one of the above that follows is. So
// the mark stands on the same record at every aggregation level, and of a denial on the drop.
//
// Which records are of one packet nothing in them says. A Marker remembers the packets of the last seconds by what no program
// changes of them (see flow.Identify), and at which points each was seen: at a point where it was seen before it is another
// packet that looks the same, such as one that was sent again. Its memory is fixed; a packet that others have pushed out is a new
// one when it is seen again.
package primary

import (
	"hash/maphash"
	"math"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Window is how long after it was last seen a packet is remembered.
const Window = 5 * time.Second

// Size of the memory: 65,536 packets in 5 MiB.
const (
	sets = 1 << 14
	ways = 4
)

// Answer is whether a record is its packet's primary one.
type Answer uint8

// The answers.
const (
	No      Answer = iota // another one is, or none: the event is none that says what became of a packet
	Yes                   // this one is
	Unknown               // it may be, or not
)

// Marker remembers packets. It is used from one goroutine.
type Marker struct {
	packets []packet // of each set of ways one behind the other
	seed    maphash.Seed
	clock   uint64 // grows with every packet that is looked up
	key     []byte
}

// packet is what is remembered of packets that look the same.
type packet struct {
	print      uint64 // of its key
	last       int64  // when it was last seen, ns since 1970
	used       uint64 // the clock then; 0 is a free place
	sourcePort uint16
	translated bool
	counted    uint16 // how many of them a record has counted
	seen       [4]sighting
}

// sighting is how often packets were seen at a place. count is 0 where there is none.
type sighting struct {
	place
	count uint16
}

// place is where a packet is seen: a point, in an endpoint's program (or the packet monitor's component), at an interface.
type place struct {
	ifIndex  uint32
	endpoint uint16
	point    uint8
}

// New makes a marker that remembers nothing.
func New() *Marker {
	return &Marker{packets: make([]packet, sets*ways), seed: maphash.MakeSeed()}
}

// Forget forgets all packets: what comes next is another node's.
func (m *Marker) Forget() {
	clear(m.packets)
	m.clock = 0
}

// Points of a packet's end beside the observation points.
const (
	pointDrop          = 254
	pointPacketMonitor = 255
)

// end gives the place of a packet's end that the event is of. The answer is No where it is none, Yes where it is one.
func end(f *flow.Flow) (place, Answer) {
	switch f.Type {
	case monitor.TypeDrop:
		return place{endpoint: f.EndpointID, point: pointDrop}, Yes
	case monitor.TypePacketMonitorDrop:
		return place{endpoint: f.Pktmon.ComponentID, point: pointPacketMonitor}, Yes
	case monitor.TypeTrace:
	default:
		return place{}, No
	}
	here := place{f.InterfaceIndex, f.EndpointID, uint8(f.SubType)}
	switch f.SubType {
	case monitor.TraceToEndpoint, monitor.TraceToProxy, monitor.TraceToHost, monitor.TraceToStack, monitor.TraceToOverlay, monitor.TraceToCrypto:
		return here, Yes
	case monitor.TraceToNetwork:
		if f.IP.Encrypted { // the outside of a packet that was passed on before
			return here, No
		}
		return here, Yes
	}
	if !f.ObservationPoint.Known() {
		return here, Unknown
	}
	return here, No
}

// Mark answers for the record of a flow that was decoded from the notification with these packet bytes, of a time in
// nanoseconds since 1970. It must be asked for every record, in the order in which they came.
func (m *Marker) Mark(f *flow.Flow, bytes []byte, at int64) Answer {
	here, answer := end(f)
	if f.OrigLen == 0 {
		return No
	}
	if answer != Yes {
		return answer
	}
	id, ok := f.Identify(m.key[:0], bytes)
	if !ok || unnamedTunnel(f) {
		return Unknown
	}
	m.key = id.Key
	p := m.find(id, here, at)
	for i := range p.seen {
		s := &p.seen[i]
		if s.count == 0 {
			s.place = here
		} else if s.place != here {
			continue
		}
		s.count++
		if s.count <= p.counted {
			return No
		}
		p.counted = s.count
		if p.counted == math.MaxUint16 {
			*p = packet{}
		}
		return Yes
	}
	return No // a fifth point
}

// unnamedTunnel reports whether the packet is a tunnel's that the datapath does not call one, as up to Cilium 1.17: the packet
// inside has been passed on already, or not.
func unnamedTunnel(f *flow.Flow) bool {
	const vxlan, vxlanByIANA, geneve = 8472, 4789, 6081
	if f.L4.Protocol != flow.L4UDP || f.Tunnel.Protocol != flow.TunnelNone {
		return false
	}
	switch f.L4.DestinationPort {
	case vxlan, vxlanByIANA, geneve:
		return f.Type == monitor.TypeTrace && f.SubType == monitor.TraceToNetwork
	}
	return false
}

// find gives the packet of an identity that is seen at a point: the one with its source port, else, where one of the two was
// translated, one that was not seen at this point yet, else a new one, in the place of the one of its set that was seen longest
// ago.
func (m *Marker) find(id flow.Identity, here place, at int64) *packet {
	print := maphash.Bytes(m.seed, id.Key)
	set := m.packets[print%sets*ways:][:ways]
	m.clock++
	var other *packet
	oldest := &set[0]
	for i := range set {
		p := &set[i]
		if p.used < oldest.used {
			oldest = p
		}
		if p.used == 0 || p.print != print || !near(p.last, at) {
			continue
		}
		if p.sourcePort == id.SourcePort {
			p.seenAgain(m.clock, at)
			return p
		}
		if (p.translated || id.Translated) && p.countAt(here) < p.counted {
			other = p
		}
	}
	if other == nil {
		other = oldest
		*other = packet{print: print, sourcePort: id.SourcePort, translated: id.Translated}
	}
	other.seenAgain(m.clock, at)
	return other
}

func (p *packet) seenAgain(clock uint64, at int64) { p.used, p.last = clock, at }

// countAt gives how often the packets were seen at a point.
func (p *packet) countAt(here place) uint16 {
	for _, s := range p.seen {
		if s.place == here {
			return s.count
		}
	}
	return 0
}

// near reports whether two times are within the window, in either order: processors' records need not come in that of time.
func near(a, b int64) bool {
	d := b - a
	return d <= int64(Window) && d >= -int64(Window)
}
