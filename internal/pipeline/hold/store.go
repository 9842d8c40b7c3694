// SPDX-License-Identifier: Apache-2.0

// Package hold keeps raw events back for a while, by key, in bounded memory: what a receiver needs to let one record stand for
// several events.
//
// Events leave in the order in which they came. Since every event is kept for the same time, the oldest is always the next
// one due, so that neither keeping nor letting go costs more with a million events than with one.
//
// With a million keys little is in the processor's caches, and what an event costs is how often it waits for memory. So an
// entry, its key included, stands in two cache lines side by side where the key's hash says, and finding it waits once. The
// bytes of events are elsewhere, and are looked at when the event goes. The large blocks have no pointers for the garbage
// collector to follow.
package hold

import "hash/maphash"

// Entry is one event that is kept, with what has been added to it since. It takes 128 bytes.
type Entry struct {
	// Received is when the event was delivered, in nanoseconds since 1970-01-01 UTC.
	Received int64
	// First and Last are the times of the first and the last event that the entry stands for, in nanoseconds since 1970.
	First, Last int64
	// Count is the number of events that the entry stands for.
	Count int64
	// Mark, Sum, Begun and Tag are the caller's own.
	Mark       Mark
	Sum, Begun int64
	Tag        uint16

	keyLen uint16
	hash   uint32 // of the key, the upper half
	slot   uint32 // in the table
	number uint32 // in the order
	data   span
	key    [inlineKey]byte // if it fits
}

// inlineKey is the length of the longest key that stands in its entry, in bytes. A longer one stands before the event.
const inlineKey = 44

// EntrySize is what a store takes for an event beside the event's bytes, at most, in bytes. What a store that has not reached
// its bounds grows by comes on top for as long as it takes.
const EntrySize = 160

// Store keeps events. It is used from one goroutine.
type Store struct {
	table      table
	order      order
	arena      arena
	maxEntries int
	// seed makes each store's hashes its own, so that nobody who chooses keys can make them collide.
	seed maphash.Seed
}

// New makes a store of at most maxEntries events in about maxBytes of memory for their bytes.
func New(maxEntries, maxBytes int) *Store {
	maxEntries = max(1, maxEntries)
	return &Store{
		table: newTable(firstGroups(maxEntries)), order: newOrder(), arena: newArena(maxBytes),
		maxEntries: maxEntries, seed: maphash.MakeSeed(),
	}
}

// Len is the number of events kept.
func (s *Store) Len() int { return s.table.live }

// Full reports whether an event must go before another one of n bytes, key included, may be put.
func (s *Store) Full(n int) bool {
	return s.order.span() >= s.maxEntries || s.table.live > 0 && s.arena.full(n)
}

// Get gives the entry that is kept under the key, or nil. It is valid until the next Put.
func (s *Store) Get(key []byte) *Entry { return s.find(maphash.Bytes(s.seed, key), key) }

func (s *Store) find(hash uint64, key []byte) *Entry {
	t, tag := &s.table, tagOf(hash)
	g := t.home(upper(hash))
	for range t.groups {
		group := &t.groups[g]
		for n := range groupSize {
			i := nth(upper(hash), n)
			if group[i] != tag {
				continue
			}
			if e := &t.entries[g*groupSize+i]; string(s.Key(e)) == string(key) {
				return e
			}
		}
		if *t.count(g, upper(hash)) == 0 {
			break
		}
		g = t.after(g, upper(hash))
	}
	return nil
}

// Put keeps an event under a key of less than 64 KiB. An entry that is kept under that key already stays, but Get does not
// find it any more. The result is valid until the next Put.
func (s *Store) Put(key, data []byte, received, at int64) *Entry {
	return s.put(maphash.Bytes(s.seed, key), key, data, received, at)
}

func (s *Store) put(hash uint64, key, data []byte, received, at int64) *Entry {
	if e := s.find(hash, key); e != nil {
		*s.table.tag(e.slot) = hidden
	}
	if s.table.crowded() {
		s.grow()
	}
	slot := s.table.take(upper(hash), tagOf(hash))
	e := &s.table.entries[slot]
	*e = Entry{
		Received: received, First: at, Last: at, Count: 1,
		keyLen: uint16(len(key)), hash: upper(hash), slot: slot, number: s.order.append(slot),
	}
	copy(e.key[:], key)
	e.data = s.arena.put(e.longKey(key), data)
	return e
}

// longKey is the key if it does not stand in the entry.
func (e *Entry) longKey(key []byte) []byte {
	if len(key) <= inlineKey {
		return nil
	}
	return key
}

// Key is the key under which the event is kept. It is valid until the entry is dropped, and until the next Put.
func (s *Store) Key(e *Entry) []byte {
	if e.keyLen <= inlineKey {
		return e.key[:e.keyLen]
	}
	return s.arena.before(e.data, uint32(e.keyLen))
}

// Data is the event as it was given to Put or SetData. It is valid until the entry has other data, and until the next Put
// after it was dropped.
func (s *Store) Data(e *Entry) []byte { return s.arena.at(e.data) }

// SetData gives an entry other data. The entry keeps its place in the order.
func (s *Store) SetData(e *Entry, data []byte) {
	if len(data) <= int(e.data.size) {
		e.data.size = uint32(copy(s.arena.at(e.data), data))
		return
	}
	old := e.data
	e.data = s.arena.put(e.longKey(s.Key(e)), data)
	s.arena.free(old)
}

// Oldest gives the entry that has been kept longest, or nil. It is valid until the next Put.
func (s *Store) Oldest() *Entry {
	if s.table.live == 0 {
		return nil
	}
	return &s.table.entries[s.order.slot(s.order.first)]
}

// Drop lets an entry go.
func (s *Store) Drop(e *Entry) {
	s.table.leave(e.slot, e.hash)
	s.order.remove(e.number)
	s.arena.free(e.data)
}

// grow moves the entries to a larger table: of twice the size, or of the size for all that the store may keep.
func (s *Store) grow() {
	old := s.table
	groups := 2 * len(old.groups)
	if most := groupsFor(s.maxEntries); len(old.groups) < most {
		groups = min(groups, most)
	}
	s.table = newTable(groups)
	for number := range s.order.numbers() {
		from := s.order.slot(number)
		e := old.entries[from]
		e.slot = s.table.take(e.hash, *old.tag(from))
		s.table.entries[e.slot] = e
		s.order.move(number, e.slot)
	}
}
