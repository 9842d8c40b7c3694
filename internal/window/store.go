// SPDX-License-Identifier: Apache-2.0

// Package window keeps raw events back for a while, by key, in bounded memory: what a receiver needs to let one record stand for
// several events.
//
// Events leave in the order in which they came. Since every event is kept for the same time, the oldest is always the next
// one due, so that neither keeping nor letting go costs more with a million events than with one.
package window

import (
	"bytes"
	"hash/maphash"
)

// Entry is one event that is kept, with what has been added to it since.
type Entry struct {
	// Received is when the event was delivered, in nanoseconds since 1970-01-01 UTC.
	Received int64
	// First and Last are the times of the first and the last event that the entry stands for, in nanoseconds since 1970.
	First, Last int64
	// Count is the number of events that the entry stands for.
	Count int64
	// Tag, Sum and Begun are the caller's own.
	Tag        uint32
	Sum, Begun int64

	segment   *segment
	key, data span
	hash      uint64
	gone      bool
}

// span is a place in a segment.
type span struct{ from, to uint32 }

// Key is the key under which the event is kept. It is valid until the entry is dropped.
func (e *Entry) Key() []byte { return e.segment.bytes[e.key.from:e.key.to] }

// Data is the event as it was given to Put or SetData. It is valid until the entry is dropped, or has other data.
func (e *Entry) Data() []byte { return e.segment.bytes[e.data.from:e.data.to] }

// segment is a block of memory that holds keys and data back to back. It is reused when all its entries are gone.
type segment struct {
	bytes   []byte
	entries int
}

// segmentSize is the size of a segment in bytes; a larger event gets one of its own.
const segmentSize = 64 << 10

// Store keeps events. It is used from one goroutine.
type Store struct {
	maxEntries int
	maxBytes   int

	ring  []Entry // a power of two of them
	first uint64  // number of the oldest entry
	next  uint64  // number of the next entry
	live  int     // entries that are not gone

	index map[uint64]uint64 // hash of the key -> number of the entry
	seed  maphash.Seed

	current *segment
	spare   []*segment
	bytes   int // of all segments in use
}

// New makes a store of at most maxEntries events in about maxBytes of memory for their bytes.
func New(maxEntries, maxBytes int) *Store {
	return &Store{
		maxEntries: max(1, maxEntries), maxBytes: max(segmentSize, maxBytes),
		ring: make([]Entry, 64), index: map[uint64]uint64{}, seed: maphash.MakeSeed(),
	}
}

// Len is the number of events kept.
func (s *Store) Len() int { return s.live }

// Full tells whether an event must go before another one of n bytes, key included, may be put.
func (s *Store) Full(n int) bool {
	if s.next-s.first >= uint64(s.maxEntries) {
		return true
	}
	if s.current != nil && len(s.current.bytes)+n <= cap(s.current.bytes) {
		return false
	}
	return s.bytes > 0 && s.bytes+max(segmentSize, n) > s.maxBytes && s.live > 0
}

// Get gives the entry that is kept under the key, or nil. It is valid until the next Put.
func (s *Store) Get(key []byte) *Entry {
	number, ok := s.index[maphash.Bytes(s.seed, key)]
	if !ok {
		return nil
	}
	e := s.at(number)
	if !bytes.Equal(e.Key(), key) {
		return nil
	}
	return e
}

// Put keeps an event under a key. An entry that is kept under that key already stays, but Get does not find it any more. The
// result is valid until the next Put.
func (s *Store) Put(key, data []byte, received, at int64) *Entry {
	if s.next-s.first == uint64(len(s.ring)) {
		s.grow()
	}
	seg := s.room(len(key) + len(data))
	from := uint32(len(seg.bytes))
	seg.bytes = append(append(seg.bytes, key...), data...)
	middle := from + uint32(len(key))
	e := s.at(s.next)
	*e = Entry{
		Received: received, First: at, Last: at, Count: 1, segment: seg, hash: maphash.Bytes(s.seed, key),
		key: span{from, middle}, data: span{middle, uint32(len(seg.bytes))},
	}
	seg.entries++
	s.index[e.hash] = s.next
	s.next++
	s.live++
	return e
}

// SetData gives an entry other data. The entry keeps its place in the order.
func (s *Store) SetData(e *Entry, data []byte) {
	if len(data) <= int(e.data.to-e.data.from) {
		copy(e.segment.bytes[e.data.from:], data)
		e.data.to = e.data.from + uint32(len(data))
		return
	}
	key, old := e.Key(), e.segment
	seg := s.room(len(key) + len(data))
	from := uint32(len(seg.bytes))
	seg.bytes = append(append(seg.bytes, key...), data...)
	middle := from + uint32(len(key))
	e.segment, e.key, e.data = seg, span{from, middle}, span{middle, uint32(len(seg.bytes))}
	seg.entries++
	if old.entries--; old.entries == 0 {
		s.release(old)
	}
}

// Oldest gives the entry that has been kept longest, or nil. It is valid until the next Put.
func (s *Store) Oldest() *Entry {
	if s.live == 0 {
		return nil
	}
	return s.at(s.first)
}

// Drop lets an entry go.
func (s *Store) Drop(e *Entry) {
	if number, ok := s.index[e.hash]; ok && s.at(number) == e {
		delete(s.index, e.hash)
	}
	e.gone = true
	s.live--
	seg := e.segment
	if seg.entries--; seg.entries == 0 {
		s.release(seg)
	}
	e.segment = nil
	for s.first < s.next && s.at(s.first).gone {
		s.first++
	}
}

func (s *Store) at(number uint64) *Entry { return &s.ring[number&uint64(len(s.ring)-1)] }

func (s *Store) grow() {
	old := s.ring
	s.ring = make([]Entry, 2*len(old))
	for number := s.first; number < s.next; number++ {
		*s.at(number) = old[number&uint64(len(old)-1)]
	}
}

// room gives a segment with room for n bytes.
func (s *Store) room(n int) *segment {
	if s.current != nil && len(s.current.bytes)+n <= cap(s.current.bytes) {
		return s.current
	}
	if last := s.current; last != nil && last.entries == 0 {
		s.current = nil
		s.release(last)
	}
	size := max(segmentSize, n)
	if size == segmentSize && len(s.spare) > 0 {
		s.current = s.spare[len(s.spare)-1]
		s.spare = s.spare[:len(s.spare)-1]
	} else {
		s.current = &segment{bytes: make([]byte, 0, size)}
	}
	s.bytes += size
	return s.current
}

// release takes a segment without entries out of use. The current one begins anew where it stands.
func (s *Store) release(seg *segment) {
	seg.bytes = seg.bytes[:0]
	if seg == s.current {
		return
	}
	s.bytes -= cap(seg.bytes)
	if cap(seg.bytes) == segmentSize && len(s.spare) < 16 {
		s.spare = append(s.spare, seg)
	}
}
