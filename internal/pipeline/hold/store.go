// SPDX-License-Identifier: Apache-2.0

// Package hold keeps raw events back for a while, by key, in bounded memory. It halves the processor time of an event when many are
// kept: with a million events of 250 bytes, an event takes 620 ns, 1,200 ns with go-freelru and 1,570 ns with a Go map and
// container/list, and a garbage collection takes 4 ms, 64 ms and 290 ms. With 1,000 events an event takes 60, 75 and 73 ns.
// (`make bench-hold`, medians of five runs; docs/benchmarks.md has all figures.) Without the Store, a Go map and container/list would
// replace table.go, order.go and arena.go. Neither rival bounds the bytes of events. go-freelru also cannot show its oldest entry, and
// its entries expire by the host's clock instead of the events' times.
//
// In come events with a key; out come the same events, in the order in which they came, with the sums that the caller has added to
// them. A receiver uses the package to let one record stand for several events. The package also has a clock that goes by the events'
// own times.
//
// Three things make it fast. An entry and its key lie in two adjacent cache lines, at a place that the key's hash gives, so a lookup
// usually waits for memory once. All events are kept for the same time, so the oldest is always the next one due, and keeping or
// releasing an event costs the same whatever the number of events; the processor loads the entries next due ahead of time. The bytes of
// events lie elsewhere and are read when the event goes; the large blocks hold no pointers for the garbage collector to follow.
package hold

import (
	"hash/maphash"
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold/prefetch"
)

// Entry is one event that is kept, with what has been added to it since. It takes 128 bytes.
type Entry struct {
	// Received is when the event was delivered, in nanoseconds since 1970-01-01 UTC.
	Received int64
	// First and Last are the times of the first and the last event that the entry stands for, in nanoseconds since 1970.
	First, Last int64
	// Count is the number of events that the entry stands for.
	Count int64
	// Mark, Sum, Begun and Tag are the caller's: the Store does not read them.
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

// inlineKey is the length of the longest key that is stored in its entry, in bytes. A longer key is stored before the event's bytes.
const inlineKey = 44

// EntrySize is the most that a store takes for an event in addition to the event's bytes, in bytes. While a store grows it takes more.
const EntrySize = 160

// Store keeps events. It is not safe for use from several goroutines.
type Store struct {
	table      table
	order      order
	arena      arena
	maxEntries int
	// room is the most bytes for which Full has found room since the store last changed; -1 is none. Full is asked for each event, and most
	// change nothing.
	room int
	// memory is what the store takes from a budget: nothing unless Within was called.
	memory *budget.Account
}

// seed is random for each process, so that nobody can choose keys that collide.
var seed = maphash.MakeSeed()

// Hash returns the hash of a key. It is the same for all stores.
func Hash(key []byte) uint64 { return maphash.Bytes(seed, key) }

// New returns a store of at most maxEntries events, with about maxBytes of memory for their bytes.
func New(maxEntries, maxBytes int) *Store {
	maxEntries = max(1, maxEntries)
	memory := new(budget.Account)
	return &Store{
		table: newTable(firstGroups(maxEntries)), order: newOrder(memory), arena: newArena(maxBytes, memory),
		maxEntries: maxEntries, room: -1, memory: memory,
	}
}

// Len is the number of events kept.
func (s *Store) Len() int { return s.table.live }

// Full reports whether an event must be dropped before another one of n bytes, key included, can be put.
func (s *Store) Full(n int) bool {
	if n <= s.room {
		return false
	}
	if s.order.span() >= s.maxEntries || s.table.live > 0 && (s.arena.full(n) || s.starved(n)) {
		return true
	}
	s.room = n
	return false
}

// Get returns the entry that is kept under the key, or nil. It is valid until the next Put.
func (s *Store) Get(key []byte) *Entry { return s.Find(Hash(key), key) }

// Find is Get for a key with a known hash.
func (s *Store) Find(hash uint64, key []byte) *Entry {
	t, tag := &s.table, tagOf(hash)
	g := t.home(upper(hash))
	for range t.groups {
		for with := t.groups[g].with(tag); with != 0; with &= with - 1 {
			if e := &t.entries[g*groupSize+with.first()]; string(s.Key(e)) == string(key) {
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

// Put keeps an event under a key of less than 64 KiB. An entry that is already kept under that key stays, but Get no longer finds
// it. The result is valid until the next Put.
func (s *Store) Put(key, data []byte, received, at int64) *Entry {
	return s.PutHash(Hash(key), key, data, received, at)
}

// PutHash is Put for a key with a known hash.
func (s *Store) PutHash(hash uint64, key, data []byte, received, at int64) *Entry {
	return s.PutOver(s.Find(hash, key), hash, key, data, nil, received, at)
}

// PutOver is PutHash for a caller that has looked for the key since the last Put or Drop: found is what Find returned. The event
// is data followed by more, so that the caller need not put them together.
func (s *Store) PutOver(found *Entry, hash uint64, key, data, more []byte, received, at int64) *Entry {
	s.room = -1
	if found != nil {
		*s.table.tag(found.slot) = hidden
	}
	if s.table.crowded() {
		s.grow()
	}
	slot := s.table.take(upper(hash), tagOf(hash))
	e := &s.table.entries[slot]
	*e = Entry{} // its fields are then set in place: copying a struct whose fields were just written makes the processor wait
	e.Received, e.First, e.Last, e.Count = received, at, at, 1
	e.keyLen, e.hash, e.slot, e.number = uint16(len(key)), upper(hash), slot, s.order.append(slot)
	copy(e.key[:], key)
	e.data = s.arena.put(e.longKey(key), data, more)
	return e
}

// longKey returns the key if it is too long to be stored in the entry.
func (e *Entry) longKey(key []byte) []byte {
	if len(key) <= inlineKey {
		return nil
	}
	return key
}

// Key returns the key under which the event is kept. It is valid until the entry is dropped, and until the next Put.
func (s *Store) Key(e *Entry) []byte {
	if e.keyLen <= inlineKey {
		return e.key[:e.keyLen]
	}
	return s.arena.before(e.data, uint32(e.keyLen))
}

// Data returns the event as it was given to Put or SetData. It is valid until the entry gets other data; after a Drop, until the
// next Put.
func (s *Store) Data(e *Entry) []byte { return s.arena.at(e.data) }

// SetData replaces the data of an entry. The entry keeps its place in the order.
func (s *Store) SetData(e *Entry, data []byte) {
	if len(data) <= int(e.data.size) {
		e.data.size = uint32(copy(s.arena.at(e.data), data))
		return
	}
	s.room = -1
	old := e.data
	e.data = s.arena.put(e.longKey(s.Key(e)), data, nil)
	s.arena.free(old)
}

// Renew moves an entry to the end of the order, as if it had just been put. It allocates nothing unless the order grows.
func (s *Store) Renew(e *Entry) {
	s.room = -1
	s.order.remove(e.number)
	e.number = s.order.append(e.slot)
}

// Oldest returns the entry that has been kept longest, or nil. It is valid until the next Put.
func (s *Store) Oldest() *Entry {
	if s.table.live == 0 {
		return nil
	}
	return &s.table.entries[s.order.slot(s.order.first)]
}

// Number is the number of an entry. No other entry that is kept has it.
func (s *Store) Number(e *Entry) uint32 { return e.number }

// Numbered returns the entry with a number, which must be kept. It is valid until the next Put.
func (s *Store) Numbered(number uint32) *Entry { return &s.table.entries[s.order.slot(number)] }

// Drop removes an entry.
func (s *Store) Drop(e *Entry) {
	s.room = -1
	s.table.leave(e.slot, e.hash)
	s.fetchOldest(s.order.remove(e.number))
	s.arena.free(e.data)
}

// ahead is how many entries before its turn the oldest is loaded. More are no faster.
const ahead = 4

// fetchOldest starts to load the entries that will soon be the oldest, after the oldest have gone. Entries lie in memory in no order, so each
// new oldest entry would be a wait for memory.
func (s *Store) fetchOldest(gone int) {
	for i := range uint32(min(gone, ahead)) {
		if slot := *s.order.at(s.order.first + ahead - i); slot != 0 {
			prefetch.Pair(unsafe.Pointer(&s.table.entries[slot-1]))
		}
	}
}

// grow moves the entries to a larger table: twice the size, or large enough for maxEntries if that is less.
func (s *Store) grow() {
	old := s.table
	groups := s.nextGroups()
	s.memory.Use(s.tableBytes(groups))
	s.table = newTable(groups)
	for number := range s.order.numbers() {
		from := s.order.slot(number)
		e := old.entries[from]
		e.slot = s.table.take(e.hash, *old.tag(from))
		s.table.entries[e.slot] = e
		s.order.move(number, e.slot)
	}
	s.memory.Give(s.tableBytes(len(old.groups)))
}
