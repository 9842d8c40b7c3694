// SPDX-License-Identifier: Apache-2.0

// Telling two maps without a number apart: a ring buffer has one reader's and one writers' position, whoever has it open.

package events

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"

// position is how far a ring buffer has been read and written, in bytes since it was made. It is the ring's own: whoever has the
// ring open sees the same one.
type position struct{ consumer, producer uint64 }

// placed is a map, or what reads one, that tells its position.
type placed interface {
	// position is false where the map's type has none, or the platform does not tell.
	position() (position, bool)
}

// within reports whether p can be a position of the ring that was at before, and then at after. Positions only grow.
func (p position) within(before, after position) bool {
	return p.consumer-before.consumer <= after.consumer-before.consumer && p.producer-before.producer <= after.producer-before.producer
}

// compare compares a map that is read with one that was found at the path.
//
// Where the kernel gives no number, the positions decide. The one that is read moves its ring's position. The position of another
// ring stays behind at the next record at the latest: nobody reads it. A ring of which nothing was ever read tells nothing yet, and
// so do maps of another type.
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

// position is that of the source's map.
func (s *Source) position() (position, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, can := s.reader.(placed)
	if !can {
		return position{}, false
	}
	return p.position()
}
