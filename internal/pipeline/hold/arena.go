// SPDX-License-Identifier: Apache-2.0

package hold

import "github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"

// arena holds the bytes of events back to back, in segments of memory. A segment is used again when everything in it has been freed.
type arena struct {
	segments []segment
	current  uint32   // number of the segment that is being filled, 0 for none
	idle     []uint32 // numbers of segments that have memory but are not in use, at most spareSegments
	unused   []uint32 // numbers of segments without memory
	bytes    int      // of all segments in use
	maxBytes int
	memory   *budget.Account // of the store
}

type segment struct {
	bytes []byte
	users int // number of spans in it
}

// span is a range of bytes in a segment; the zero value is no range.
type span struct {
	segment    uint32 // 1 + its index
	from, size uint32
}

// segmentSize is the size of a segment in bytes. A larger event gets a segment of its own.
const segmentSize = 64 << 10

// spareSegments is the number of unused segments whose memory is kept.
const spareSegments = 16

func newArena(maxBytes int, memory *budget.Account) arena {
	return arena{maxBytes: max(segmentSize, maxBytes), memory: memory}
}

func (a *arena) segment(number uint32) *segment { return &a.segments[number-1] }

// fits reports whether the current segment has room for n bytes.
func (a *arena) fits(n int) bool {
	if a.current == 0 {
		return false
	}
	s := a.segment(a.current)
	return len(s.bytes)+n <= cap(s.bytes)
}

// full reports whether something must be freed before another n bytes can be put.
func (a *arena) full(n int) bool {
	return a.bytes > 0 && !a.fits(n) && a.bytes+max(segmentSize, n) > a.maxBytes
}

// need returns the number of bytes that the arena may have to allocate for the next n bytes.
func (a *arena) need(n int) int {
	if a.fits(n) || n <= segmentSize && len(a.idle) > 0 {
		return 0
	}
	return max(segmentSize, n)
}

// put copies prefix, data and more into the arena, one after the other, and returns the span of data and more.
func (a *arena) put(prefix, data, more []byte) span {
	n := len(prefix) + len(data) + len(more)
	if n == 0 {
		return span{}
	}
	if !a.fits(n) {
		a.begin(n)
	}
	s := a.segment(a.current)
	s.users++
	s.bytes = append(s.bytes, prefix...)
	from := len(s.bytes)
	s.bytes = append(append(s.bytes, data...), more...)
	return span{a.current, uint32(from), uint32(len(s.bytes) - from)}
}

// at returns the bytes of a span, before the n bytes in front of it.
func (a *arena) at(p span) []byte {
	if p.segment == 0 {
		return nil
	}
	return a.segment(p.segment).bytes[p.from : p.from+p.size]
}

func (a *arena) before(p span, n uint32) []byte { return a.segment(p.segment).bytes[p.from-n : p.from] }

// free gives a span back. Its bytes stay as they are until the next put.
func (a *arena) free(p span) {
	if p.segment == 0 {
		return
	}
	s := a.segment(p.segment)
	if s.users--; s.users > 0 {
		return
	}
	s.bytes = s.bytes[:0]
	if p.segment != a.current { // the current one is simply filled from its start
		a.release(p.segment)
	}
}

// begin makes a segment with room for n bytes the current one.
func (a *arena) begin(n int) {
	if a.current != 0 && a.segment(a.current).users == 0 {
		a.release(a.current)
	}
	size := max(segmentSize, n)
	a.bytes += size
	if last := len(a.idle) - 1; size == segmentSize && last >= 0 {
		a.current, a.idle = a.idle[last], a.idle[:last]
		return
	}
	if last := len(a.unused) - 1; last >= 0 {
		a.current, a.unused = a.unused[last], a.unused[:last]
	} else {
		a.segments = append(a.segments, segment{})
		a.current = uint32(len(a.segments))
	}
	a.memory.Use(int64(size))
	a.segment(a.current).bytes = make([]byte, 0, size)
}

// release takes an empty segment out of use.
func (a *arena) release(number uint32) {
	s := a.segment(number)
	a.bytes -= cap(s.bytes)
	if cap(s.bytes) == segmentSize && len(a.idle) < spareSegments {
		a.idle = append(a.idle, number)
		return
	}
	a.memory.Give(int64(cap(s.bytes)))
	s.bytes = nil
	a.unused = append(a.unused, number)
}
