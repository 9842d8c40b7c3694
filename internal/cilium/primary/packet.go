// SPDX-License-Identifier: Apache-2.0

// What a Marker remembers of packets that look the same, and how a record changes it.

package primary

import "math"

// packet is the memory of packets that look the same, in 64 bytes. A packet ends when it is delivered or dropped.
type packet struct {
	last       int64 // when one was last seen, ns since 1970
	sourcePort uint16
	told       uint16 // reporters of the last such packet's end: byProgram for a program that dropped it, and a bit for each component
	ended      int16  // processor that reported the last end; noProcessor if there was none
	by         uint8  // processor of the last report of a packet that arrived, or that was passed on and counted; see inShort
	translated bool
	anew       bool  // a packet has come in from outside since the last one was counted
	arrived    uint8 // number of packets that came in and that no record has reported since
	counted    uint8 // number of packets that a record has counted
	done       uint8 // number of the counted ones that have ended and that other processors may still report
	denied     uint8 // number of those that the packet monitor has reported as dropped
	passed     uint8 // number of those that were counted in this span when they were passed on, and have not ended
	before     uint8 // the same for the span before
	over       uint8 // 2 when an end or a drop was reported in this span, 1 in the span before, else 0
	seen       [5]sighting
}

const (
	noProcessor = -1
	byProgram   = 1 << 15
)

// sighting is how often packets were seen at a place, in 8 bytes. count is 0 for an empty one.
type sighting struct {
	ifIndex  uint32
	endpoint uint16
	point    uint8
	count    uint8
}

func (s *sighting) place() place { return place{s.ifIndex, s.endpoint, s.point} }

// touch records that a record comes now, and reports whether by the clock the record before may belong to the same packet.
func (p *packet) touch(now int64) (certain bool) {
	certain = near(p.last, now)
	switch spans := now/Span.Nanoseconds() - p.last/Span.Nanoseconds(); {
	case spans == -1 && certain: // the records of several processors need not come in the order of time
		return certain
	case spans == 0:
	case spans == 1:
		p.before, p.passed = p.passed, 0
		p.over -= min(p.over, 1)
	default:
		p.before, p.passed, p.over = 0, 0, 0
	}
	p.last = now
	return certain
}

// justPassed reports whether a packet that has not ended was counted so recently that the present record belongs to it.
func (p *packet) justPassed() bool { return p.passed > 0 || p.before > 0 }

// see returns the marks of a record at a place. certain is false if the packet was last seen so long ago that the clock does not
// show whether it is the same. It is then another packet if it was seen at this place before. Otherwise this is not known.
func (p *packet) see(here place, k kind, cpu int16, certain bool) (marks Marks) {
	if k == monitored && p.told != 0 {
		bit := component(here)
		if p.told&bit == 0 { // the packet monitor reports that drop
			p.told |= bit
			if !certain || p.over == 0 || p.anew {
				return Marks{Unknown, Unknown}
			}
			return marks
		}
	}
	p.told = 0
	if k == passes && !p.mayBeLate(cpu) || k == monitored || p.done == maxDone {
		p.retire()
	}
	if k == refused && p.denied == 0 { // it was seen nowhere before
		p.told, p.over, p.anew = byProgram, 2, false
		return Marks{Yes, Yes}
	}
	if !certain && (p.countAt(here) >= p.counted || k != passes && p.counted == p.done) {
		*p = packet{last: p.last, sourcePort: p.sourcePort, translated: p.translated, ended: noProcessor, arrived: p.arrived}
		certain = true
	}
	marks = p.count(here, k, cpu)
	if !certain {
		marks.Packet = Unknown
		if marks.Drop == No && k != passes && k != delivered {
			marks.Drop = Unknown
		}
	}
	return marks
}

// mayBeLate reports whether a record of a processor may belong to a packet that has ended: another processor reported the end, and the
// records of the two need not come in order. Their times exclude it when the end was too long ago.
func (p *packet) mayBeLate(cpu int16) bool {
	return p.ended != noProcessor && cpu != noProcessor && cpu != p.ended && p.over > 0
}

// inShort returns a processor as a byte. Two different processors almost always have different ones.
func inShort(cpu int16) uint8 {
	const none = math.MaxUint8
	if cpu == noProcessor {
		return none
	}
	return uint8(cpu % none)
}

// maxDone is how many packets that look the same are remembered after they have ended.
const maxDone = 16

// retire forgets the packets that have ended.
func (p *packet) retire() {
	for ; p.done > 0; p.done-- {
		p.forget()
	}
	p.ended = noProcessor
}

// component returns the bit of a component of the packet monitor.
func component(here place) uint16 {
	const bits = 15 // all but byProgram
	return 1 << (here.endpoint % bits)
}

// count counts a packet at a place.
func (p *packet) count(here place, k kind, cpu int16) (marks Marks) {
	switch k {
	case delivered, dropped, refused:
		return p.finish(k, cpu)
	case monitored:
		return p.overhear(here)
	}
	n := p.countAgain(here)
	switch {
	case n > p.counted:
		marks.Packet = Yes
		p.counted, p.anew, p.by = n, false, inShort(cpu)
		p.passed += min(1, math.MaxUint8-p.passed)
	case !p.justPassed() && (p.over == 0 || p.done == 0 && p.denied == 0):
		marks.Packet = Unknown // it was held up, or is another packet on another way
	}
	p.limit(n)
	return marks
}

// finish counts a packet that has ended.
func (p *packet) finish(k kind, cpu int16) (marks Marks) {
	word := p.denied > 0 // the packet monitor has reported a drop before
	if k != delivered {
		marks.Drop = Yes
		p.told = byProgram
		for i := range p.seen {
			if s := &p.seen[i]; s.count > 0 && s.point == pointPacketMonitor {
				p.told |= component(s.place())
			}
		}
	}
	switch {
	case word && k != delivered:
		marks.Drop = No
		if p.over == 0 || p.anew {
			marks = Marks{Unknown, Unknown}
		}
	case p.counted == p.done:
		marks.Packet = Yes
		p.counted++
	case p.justPassed():
		if p.anew {
			marks.Packet = Unknown
		}
	case p.anew && p.by == inShort(cpu): // this processor would have reported first that it was passed on
		p.anew, p.over = false, 2
		return Marks{Yes, marks.Drop}
	default:
		marks.Packet = Unknown
	}
	p.over = 2
	if marks.Packet != Yes {
		p.takePassed()
	}
	if marks.Packet == Yes {
		p.anew = false
	}
	p.done++
	if p.ended = cpu; cpu == noProcessor || word {
		p.retire()
	}
	return marks
}

// overhear counts a packet whose drop the packet monitor reports.
func (p *packet) overhear(here place) (marks Marks) {
	n := p.countAgain(here)
	switch first := max(n, 1) > p.denied; {
	case first && n > p.counted:
		marks = Marks{Yes, Yes}
		p.counted, p.anew = n, false
	case first && p.counted > p.denied && p.justPassed() && !p.anew:
		marks.Drop = Yes
		p.takePassed()
	case first:
		marks = Marks{Unknown, Yes}
	case p.over == 0 || p.anew: // another component reports that drop, or this is another drop
		marks = Marks{Unknown, Unknown}
	}
	p.denied, p.over = max(p.denied, n, 1), 2
	p.limit(n)
	return marks
}

// takePassed takes one packet from those that were recently counted where they were passed on.
func (p *packet) takePassed() {
	switch {
	case p.before > 0:
		p.before--
	case p.passed > 0:
		p.passed--
	}
}

// limit forgets the first packets when a count reaches the largest that a byte holds.
func (p *packet) limit(n uint8) {
	if n < math.MaxUint8 {
		return
	}
	p.retire()
	for range math.MaxUint8 / 2 {
		p.forget()
	}
}

// countAgain counts a packet at a place and returns how many were seen there, 0 at a sixth place.
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

// countAt returns how often the packets were seen at a place.
func (p *packet) countAt(here place) uint8 {
	for i := range p.seen {
		if s := &p.seen[i]; s.place() == here {
			return s.count
		}
	}
	return 0
}

// forget takes away one packet that is not reported any more.
func (p *packet) forget() {
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

// mayComeTo reports whether a packet was passed on and seen at no other place since, so that this place may be its next one.
func (p *packet) mayComeTo(here place) bool {
	return p.counted > p.done && p.denied == 0 && p.seen[0].count > 0 && p.seen[1].count == 0 && p.seen[0].place() != here
}
