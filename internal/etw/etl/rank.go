// SPDX-License-Identifier: Apache-2.0

// The order of a stream's next event among those of other streams, if the stamps of the stream step back.
//
// The order within a stream is never changed. If its stamps step back by more than a second, the following events show why.
//
//   - One or a few stamps are strays: they are ahead of those around them, or behind. Such an event waits for no other stream and is
//     returned at once, so that it does not delay its processor until all others are done.
//   - The system's clock was set back: the following events continue from there. The stream waits until the others have stepped back too.

package etl

import (
	"encoding/binary"
	"math"
)

// lookAhead is with how many of the following events in its stream an event is compared. More than half of them decide, so up to 32
// stray stamps in a row are distinguished from the stream's own time.
const lookAhead = 64

// waiting is the key of a stream that waits for the others to step back.
const waiting = math.MaxUint64

// rank sets the key by which the stream is merged.
func (r *Reader) rank(s *stream) {
	s.key = s.stamp
	switch back := older(s.stamp, s.time, r.second); {
	case back && s.goesOnBefore(s.time, r.second): // the clock was set back
		// Once the other sources are further past the step than its size, they have stepped back too, or will not.
		size := s.time - s.stamp
		s.key, r.stepped = waiting, max(r.stepped, min(s.time, waiting-1-size)+size)
		s.time = s.stamp
	case back: // a stray from the past
	case s.pos < s.uneven && s.goesOnBefore(s.stamp, r.second) && !s.goesOnBefore(s.time, r.second): // a stray from the future
		s.key = 0
	default:
		s.time = max(s.time, s.stamp)
	}
}

// settle moves the first stream, which has a new head, to its place in the heap or to the streams that wait.
func (r *Reader) settle() {
	if s := r.streams[0]; s.key == waiting {
		r.waits = append(r.waits, s)
		r.streams = r.streams.drop()
		return
	}
	r.streams.down(0)
}

// release lets the waiting streams continue.
func (r *Reader) release() {
	r.stepped = 0
	for _, s := range r.waits {
		s.key = s.stamp
		r.streams = append(r.streams, s)
		r.streams.up(len(r.streams) - 1)
	}
	clear(r.waits)
	r.waits = r.waits[:0]
}

// older reports whether a stamp is more than a second older than another.
func older(stamp, than, second uint64) bool { return stamp < than && than-stamp > second }

// goesOnBefore reports whether most of the events after the head are older than a stamp.
func (s *stream) goesOnBefore(stamp, second uint64) bool {
	all, before := 0, 0
	s.stamps(s.pos+align(s.size), func(_ int, next uint64) bool {
		all++
		if older(next, stamp, second) {
			before++
		}
		return all < lookAhead
	})
	return 2*before > all
}

// lastStepBack returns the offset of the last event that is more than a second older than one before it: 0 if there is none, the
// buffer's end if it is the first event of the next buffer.
func (s *stream) lastStepBack(second uint64) (last int) {
	latest := uint64(0)
	s.stamps(s.pos, func(pos int, stamp uint64) bool {
		if older(stamp, latest, second) {
			last = pos
		}
		latest = max(latest, stamp)
		return pos < len(s.data)
	})
	return last
}

// stamps calls do for each event of the current buffer from an offset on, and then for the first event of each of the next lookAhead
// buffers whose first stamp is known. It ends when do returns false. pos is the event's offset, or the buffer's end for a later buffer.
func (s *stream) stamps(from int, do func(pos int, stamp uint64) bool) {
	for len(s.data)-from >= recordHead {
		b := s.data[from:]
		kind, size := classify(b)
		if kind == kindUnknown || size > len(b) {
			break
		}
		if kind == kindEvent && !do(from, binary.LittleEndian.Uint64(b[16:])) {
			return
		}
		from += align(size)
	}
	for i := range min(len(s.places), lookAhead) {
		if first := s.places[i].first; first != 0 && !do(len(s.data), first) {
			return
		}
	}
}
