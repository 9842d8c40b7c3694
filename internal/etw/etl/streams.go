// SPDX-License-Identifier: Apache-2.0

// The streams of a part of the file, one for each processor of each session, and the merging of their events by time.

package etl

import "encoding/binary"

// MaxMerged bounds the memory in bytes for the buffers that are merged, one of each stream: 1024 processors with buffers of 64 KiB,
// 64 with buffers of 1 MiB. The buffers of further streams are returned whole, in the order of their first events, which Stats
// counts.
const MaxMerged = 64 << 20

// MaxMemory is the most memory of a reader in bytes: the buffers that are merged, one that is read alone, and the places of buffers.
const MaxMemory = MaxMerged + MaxBufferSize + maxPlaces*placeSize

// bounds are MaxMerged and maxPlaces, smaller in tests.
type bounds struct{ merged, places int }

// stream is what one processor wrote, in its own order.
type stream struct {
	places []place // buffers to come
	memory []byte  // holds the current buffer; nil while the stream has none
	data   []byte  // the current buffer, up to the end of its records; nil for none
	at     int64   // offset in the file of the current buffer, or else of the next one
	pos    int     // offset in data of the head, which is the next event
	size   int     // of the head in bytes
	stamp  uint64  // the head's stamp, as in the file
	key    uint64  // the key by which the stream is merged
	cut    bool    // the file ends before the current buffer's records do
	early  bool    // more records follow behind the current buffer's
	uneven int     // offset in data of the last event that is more than a second older than one before it
	time   uint64  // stamp of the last event that was not a stray
}

// streams is a heap: the first stream has the smallest key. Streams with equal keys are in the order of the file.
type streams []*stream

func (h streams) less(i, j int) bool {
	return h[i].key < h[j].key || h[i].key == h[j].key && h[i].at < h[j].at
}

// down restores the heap below i.
func (h streams) down(i int) {
	for {
		least := i
		if l := 2*i + 1; l < len(h) && h.less(l, least) {
			least = l
		}
		if r := 2*i + 2; r < len(h) && h.less(r, least) {
			least = r
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

// up restores the heap above i.
func (h streams) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(i, parent) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// drop removes the first stream.
func (h streams) drop() streams {
	last := len(h) - 1
	h[0], h[last] = h[last], nil
	h = h[:last]
	h.down(0)
	return h
}

// order makes a heap of unordered streams.
func (h streams) order() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

// begin makes streams of the places, and a heap of the streams that have an event.
func (r *Reader) begin(places [][]place) error {
	r.streams, r.stepped = r.streams[:0], 0
	r.merging = len(places) > 1
	for _, list := range places {
		s := &stream{places: list}
		more, err := r.fill(s)
		if err != nil {
			return err
		}
		if more {
			r.streams = append(r.streams, s)
		}
	}
	r.streams.order()
	return nil
}

// refill loads the next buffer of the first stream, which has come to the end of its buffer.
func (r *Reader) refill(s *stream) error {
	if s == r.alone {
		r.alone, s.memory = nil, nil
	}
	more, err := r.fill(s)
	if err != nil {
		return err
	}
	if !more {
		r.streams = r.streams.drop()
		return nil
	}
	r.settle()
	return nil
}

// fill reads the next buffers of a stream whose buffer is used up, until it finds an event, and reports whether there is one. A stream
// that gets no memory keeps its places and takes the key of its next event.
func (r *Reader) fill(s *stream) (more bool, err error) {
	for len(s.places) > 0 {
		if s.memory == nil {
			s.memory = r.memory()
		}
		if s.memory == nil {
			s.data, s.at, s.key = nil, s.places[0].at, s.places[0].first
			return true, nil
		}
		if more, err := r.load(s); more || err != nil {
			return more, err
		}
	}
	if s.memory != nil {
		r.free = append(r.free, s.memory)
		s.memory, s.data = nil, nil
	}
	return false, nil
}

// handOnWhole gives memory for a buffer to the first stream, which has none. If no memory is left, it loads the stream's next buffer
// into the spare memory; that buffer is then returned whole, without regard to the other streams.
func (r *Reader) handOnWhole(s *stream) error {
	if len(r.free) > 0 {
		return r.refill(s)
	}
	if r.spare == nil {
		r.spare = make([]byte, r.unit)
	}
	r.alone, s.memory = s, r.spare
	r.stats.UnmergedBuffers++
	if more, err := r.load(s); more || err != nil {
		return err
	}
	return r.refill(s)
}

// memory returns memory for a buffer; nil when no more may be held.
func (r *Reader) memory() []byte {
	if n := len(r.free); n > 0 {
		b := r.free[n-1]
		r.free = r.free[:n-1]
		return b
	}
	if r.room == 0 {
		return nil
	}
	r.room--
	return make([]byte, r.unit)
}

// load reads the stream's next buffer into its memory, and reports whether there is an event in it.
func (r *Reader) load(s *stream) (more bool, err error) {
	p := &s.places[0]
	s.places = s.places[1:]
	data, err := r.fetch(p, s.memory)
	if err != nil || data == nil {
		return false, err
	}
	s.data, s.at, s.pos, s.cut, s.early = data, p.at, bufferHeaderSize, p.cut, p.early
	if p.at == 0 {
		s.pos = r.first.records
	}
	if r.span != nil && p.at == r.span.From.At && !p.packed {
		s.pos = max(s.pos, int(r.span.From.In))
	}
	s.uneven = 0
	if r.merging {
		s.uneven = s.lastStepBack(r.second)
	}
	return r.find(s), nil
}

// find makes the next event at or after pos the head, and reports whether the buffer has one. It counts what it steps over.
func (r *Reader) find(s *stream) bool {
	for len(s.data)-s.pos >= recordHead {
		b := s.data[s.pos:]
		kind, size := classify(b)
		if kind == kindUnknown {
			r.damaged(s.at, s.pos, "no record begins with header type 0x%02x and marker 0x%02x (size %d)", b[2], b[3], size)
			return false
		}
		if size > len(b) {
			if !s.cut {
				r.damaged(s.at, s.pos, "a record of %d bytes where %d are in use", size, len(b))
			}
			return false
		}
		switch kind {
		case kindEvent:
			stamp := b[16:24]
			s.size, s.stamp = size, binary.LittleEndian.Uint64(stamp)
			binary.LittleEndian.PutUint64(stamp, r.first.time.filetime(s.stamp))
			if r.merging {
				r.rank(s)
			}
			return true
		case kindSystem:
			r.stats.Others.System++
		case kindPerfInfo:
			r.stats.Others.PerfInfo++
		case kindClassic:
			r.stats.Others.Classic++
		case kindMessage:
			r.stats.Others.Message++
		}
		s.pos += align(size)
	}
	// Less than a record's head is left: padding, unless it has content.
	if s.pos < len(s.data) && !s.cut && !isZero(s.data[s.pos:]) {
		r.damaged(s.at, s.pos, "no record has the %d bytes that are left", len(s.data)-s.pos)
	} else if s.early {
		r.damaged(s.at, 0, endsEarly, len(s.data))
	}
	return false
}
