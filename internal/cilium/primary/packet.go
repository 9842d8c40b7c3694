// SPDX-License-Identifier: Apache-2.0

package primary

import "math"

// packet is what is remembered of packets that look the same, in 64 bytes.
type packet struct {
	last       int64 // when it was last seen, ns since 1970
	sourcePort uint16
	told       uint16 // components of the packet monitor that have told of the last that was dropped, a bit each
	ended      int16  // processor of the last that came to its end without having been seen before; noProcessor without
	translated bool
	arrived    bool  // it has come in, and nothing was told of it since
	dropped    bool  // the last that came to its end was dropped
	counted    uint8 // how many of them, that have not come to their end, a record has counted
	denied     uint8 // of how many of those the packet monitor has told that they were dropped
	seen       [5]sighting
}

const noProcessor = -1

// sighting is how often packets were seen at a place, whose fields it has in 8 bytes. count is 0 where there is none.
type sighting struct {
	ifIndex  uint32
	endpoint uint16
	point    uint8
	count    uint8
}

func (s *sighting) place() place { return place{s.ifIndex, s.endpoint, s.point} }

// see answers for a record at a place. certain is false when the packet was last seen too long ago to be the same, by the clock:
// then it is another one where it was seen at the place before, and anything where not.
func (p *packet) see(here place, k kind, cpu int16, certain bool) (marks Marks) {
	if p.late(here, k, cpu) {
		if !certain {
			marks.Packet = Unknown
			if k == monitored {
				marks.Drop = Unknown
			}
		}
		return marks
	}
	if !certain && p.countAt(here) >= p.counted {
		*p = packet{sourcePort: p.sourcePort, translated: p.translated, ended: noProcessor, arrived: p.arrived}
		certain = true
	}
	marks = p.count(here, k, cpu)
	if !certain {
		marks.Packet = Unknown
		if marks.Drop == No && (k == dropped || k == monitored) {
			marks.Drop = Unknown
		}
	}
	return marks
}

// late reports whether the record is of the packet that came to its end last: one that another processor wrote before that
// end, since the processors' records need not come in their order, or the packet monitor's word of a drop.
func (p *packet) late(here place, k kind, cpu int16) bool {
	if k == monitored && p.dropped {
		bit := component(here)
		again := p.told&bit != 0
		p.told |= bit
		p.dropped = !again
		return !again
	}
	ended := p.ended
	p.ended, p.dropped, p.told = noProcessor, false, 0
	return k == passes && ended != noProcessor && cpu >= 0 && cpu != ended
}

// component is the bit of one of the packet monitor's components.
func component(here place) uint16 {
	const bits = 16
	return 1 << (here.endpoint % bits)
}

// count counts a packet at a place.
func (p *packet) count(here place, k kind, cpu int16) (marks Marks) {
	switch k {
	case delivered, dropped:
		if p.counted == 0 {
			marks.Packet = Yes
			p.ended = cpu
		}
		if p.dropped = k == dropped; p.dropped && p.denied == 0 {
			marks.Drop = Yes
		}
		for i := range p.seen {
			if s := &p.seen[i]; p.dropped && s.count > 0 && s.point == pointPacketMonitor {
				p.told |= component(s.place())
			}
		}
		p.end()
		return marks
	}
	n := p.countAgain(here)
	if n > p.counted {
		marks.Packet = Yes
		p.counted = n
	}
	if k == monitored && max(n, 1) > p.denied {
		marks.Drop = Yes
		p.denied = max(n, 1)
	}
	if n == math.MaxUint8 {
		for range math.MaxUint8 / 2 { // the first of them are done with
			p.end()
		}
	}
	return marks
}

// countAgain counts a packet at a place and gives how many there were; 0 at a sixth place.
func (p *packet) countAgain(here place) uint8 {
	for i := range p.seen {
		s := &p.seen[i]
		if s.count == 0 {
			*s = sighting{ifIndex: here.ifIndex, endpoint: here.endpoint, point: here.point}
		} else if s.place() != here {
			continue
		}
		s.count++
		return s.count
	}
	return 0
}

// countAt gives how often the packets were seen at a place.
func (p *packet) countAt(here place) uint8 {
	for i := range p.seen {
		if s := &p.seen[i]; s.place() == here {
			return s.count
		}
	}
	return 0
}

// end takes one packet away, which nothing more is told of.
func (p *packet) end() {
	if p.counted > 0 {
		p.counted--
	}
	if p.denied > 0 {
		p.denied--
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

// mayComeTo reports whether a packet has been passed on, and been seen at no other place since, so that this may be the next one.
func (p *packet) mayComeTo(here place) bool {
	return p.counted > 0 && p.denied == 0 && p.seen[1].count == 0 && p.seen[0].place() != here
}
