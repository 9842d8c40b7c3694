// SPDX-License-Identifier: Apache-2.0

package primary

import "math"

// packet is what is remembered of packets that look the same, in 64 bytes.
type packet struct {
	last       int64 // when it was last seen, ns since 1970
	sourcePort uint16
	told       uint16 // components of the packet monitor that have told of the last that was dropped, a bit each
	ended      int16  // processor that wrote of the end of the last that came to its end; noProcessor without
	translated bool
	arrived    bool  // it has come in, and nothing was told of it since
	dropped    bool  // the last that came to its end was dropped
	counted    uint8 // how many of them a record has counted
	done       uint8 // how many of the counted ones have come to their end, while other processors may tell of them yet
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
	if k == monitored && p.dropped {
		bit := component(here)
		if p.told&bit == 0 { // the packet monitor's word of that drop
			p.told |= bit
			if !certain {
				return Marks{Unknown, Unknown}
			}
			return marks
		}
	}
	p.dropped, p.told = false, 0
	if k == passes && !p.mayBeLate(cpu) || k == monitored || p.done == maxDone {
		p.retire()
	}
	if !certain && (p.countAt(here) >= p.counted || k != passes && p.counted == p.done) {
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

// mayBeLate reports whether a record of a processor may be of a packet that has come to its end: another one wrote of the end, and
// the processors' records need not come in their order.
func (p *packet) mayBeLate(cpu int16) bool {
	return p.ended != noProcessor && cpu != noProcessor && cpu != p.ended
}

// maxDone is how many packets that look the same are remembered behind their ends.
const maxDone = 16

// retire forgets the packets that came to their end.
func (p *packet) retire() {
	for ; p.done > 0; p.done-- {
		p.end()
	}
	p.ended = noProcessor
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
		if p.dropped = k == dropped; p.dropped {
			if p.denied == 0 {
				marks.Drop = Yes
			}
			for i := range p.seen {
				if s := &p.seen[i]; s.count > 0 && s.point == pointPacketMonitor {
					p.told |= component(s.place())
				}
			}
		}
		if p.counted == p.done {
			marks.Packet = Yes
			p.counted++
		}
		p.done++
		if p.ended = cpu; cpu == noProcessor || p.denied > 0 {
			p.retire()
		}
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
		p.retire()
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
	return p.counted > p.done && p.denied == 0 && p.seen[0].count > 0 && p.seen[1].count == 0 && p.seen[0].place() != here
}
