// SPDX-License-Identifier: Apache-2.0

// Package primary says which of a packet's records counts its bytes.
//
// A packet is seen at several points of its way through a node. What became of it is told where a program has done with it:
// by the traces at the points to-…, where it is passed on, and by a drop. The first of these that comes is the primary one.
// Traces at the points from-…, where a packet comes in, and policy verdicts never are: the one of the above that follows is. So
// the mark stands on the same record at every aggregation level, and of a denial on the drop.
//
// Which records are of one packet nothing in them says. A Marker remembers the packets of the last seconds by what no program
// changes of them (see flow.Identify), and at which points each was seen. What is seen at a point where it was seen before, or
// after it was delivered or dropped, is another packet that looks the same, such as one that was sent again. Its memory is fixed; a
// packet that others have pushed out is a new one when it is seen again.
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

// Size of the memory: 65,536 packets in 5 MiB. A packet is remembered in the set that its key says, in the place of the one that
// came into the set first.
const (
	sets = 1 << 13
	ways = 8
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
	sets []set
	seed maphash.Seed
	key  []byte
}

// set is the packets whose keys have some bits of their hash in common.
type set struct {
	prints  [ways]uint64 // of their keys; 0 is a free place
	packets [ways]packet
	next    uint8 // place for the next one
}

// packet is what is remembered of packets that look the same.
type packet struct {
	last       int64 // when it was last seen, ns since 1970
	sourcePort uint16
	translated bool
	dropped    bool   // the last that came to its end was dropped
	ended      int32  // processor of the last that came to its end without having been seen before; noProcessor without
	counted    uint16 // how many of them, that have not come to their end, a record has counted
	seen       [4]sighting
}

const noProcessor = -1

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
	return &Marker{sets: make([]set, sets), seed: maphash.MakeSeed()}
}

// Forget forgets all packets: what comes next is another node's.
func (m *Marker) Forget() { clear(m.sets) }

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
	if p.told(here, f.CPU) {
		return No
	}
	answer = p.see(here)
	switch here.point {
	case monitor.TraceToEndpoint, monitor.TraceToProxy, pointDrop:
		p.end()
		p.dropped = here.point == pointDrop
		if answer == Yes {
			p.ended = f.CPU
		}
	}
	return answer
}

// told reports whether the record is of the packet that came to its end last: one that another processor wrote before that
// end, since the processors' records need not come in their order, or the packet monitor's word of a drop.
func (p *packet) told(here place, cpu int32) bool {
	ended, dropped := p.ended, p.dropped
	p.ended, p.dropped = noProcessor, false
	switch here.point {
	case pointPacketMonitor:
		return dropped
	case monitor.TraceToEndpoint, monitor.TraceToProxy, pointDrop:
		return false
	}
	return ended != noProcessor && cpu >= 0 && cpu != ended
}

// see counts a packet at a place, and says whether its record counts it.
func (p *packet) see(here place) Answer {
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
			p.counted, p.seen = 0, [len(p.seen)]sighting{}
		}
		return Yes
	}
	return No // a fifth place
}

// end takes one packet away, which nothing more is told of.
func (p *packet) end() {
	if p.counted > 0 {
		p.counted--
	}
	kept := 0
	for _, s := range p.seen {
		if s.count > 1 {
			s.count--
			p.seen[kept] = s
			kept++
		}
	}
	clear(p.seen[kept:])
}

// unnamedTunnel reports whether the packet is a tunnel's that the datapath does not call one, as before Cilium 1.18: the packet
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

// find gives the packet of an identity that is seen at a place: the one with its source port, else, where one of the two was
// translated, one that was not seen at this place yet, else a new one.
func (m *Marker) find(id flow.Identity, here place, at int64) *packet {
	print := max(maphash.Bytes(m.seed, id.Key), 1)
	set := &m.sets[print%sets]
	var found *packet
	for i := range set.prints {
		if set.prints[i] != print {
			continue
		}
		p := &set.packets[i]
		if !near(p.last, at) {
			continue
		}
		if p.sourcePort == id.SourcePort {
			found = p
			break
		}
		if (p.translated || id.Translated) && p.countAt(here) < p.counted {
			found = p
		}
	}
	if found == nil {
		found = &set.packets[set.next]
		set.prints[set.next] = print
		set.next = (set.next + 1) % ways
		*found = packet{sourcePort: id.SourcePort, translated: id.Translated, ended: noProcessor}
	}
	found.last = at
	return found
}

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
