// SPDX-License-Identifier: Apache-2.0

// Distinguishing two maps that have no number: every holder of a ring buffer sees the same positions of its reader and writers.

package events

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"

// position is how far a ring buffer has been read and written, in bytes since it was made. Every holder of the ring sees the same
// position.
type position struct{ consumer, producer uint64 }

// placed is a map, or a reader of one, that knows its position.
type placed interface {
	// position returns false if the map's type has no position, or the platform does not tell it.
	position() (position, bool)
}

// within reports whether p can be a position of the ring whose position was before, and then after. Positions only grow.
func (p position) within(before, after position) bool {
	return p.consumer-before.consumer <= after.consumer-before.consumer && p.producer-before.producer <= after.producer-before.producer
}

// compare compares a map that is read with one that was found at the path.
//
// If the kernel gives no number, the positions decide. Reading a map moves the position of its ring. The position of another ring
// falls behind with the next record at the latest, because nobody reads it. A ring of which nothing was ever read shows nothing yet,
// and neither do maps of another type.
func compare(read *held, found foundMap) pinned.Sameness {
	if is := read.is.Compare(found.identity()); is != pinned.Unknown {
		return is
	}
	before, told := read.position()
	if !told {
		return pinned.Unknown
	}
	at, told := found.position()
	if !told {
		return pinned.Unknown
	}
	after, told := read.position()
	switch {
	case !told:
		return pinned.Unknown
	case !at.within(before, after):
		return pinned.Different
	case at.consumer == 0:
		return pinned.Unknown
	}
	return pinned.Same
}

// position returns the position of the source's map.
func (s *Source) position() (position, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, can := s.reader.(placed)
	if !can {
		return position{}, false
	}
	return p.position()
}
