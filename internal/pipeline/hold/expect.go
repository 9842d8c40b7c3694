// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold/prefetch"
)

// Expected is a key that Find or PutHash will look up soon.
//
// With many entries a look-up waits for memory: for the tags, for the entry, and for its bytes. A caller that knows the keys of some events
// ahead calls Announce for each of them, then Fetch for each, and then FetchData. The processor loads the memory of all keys at the same time,
// so the look-ups after that seldom wait. The calls do not change the results of Find and PutHash.
type Expected struct {
	// Hash is the key's, as of Hash.
	Hash uint64

	slot  uint32 // where the entry probably is
	found bool
}

// Announce starts to load the tags where the key is looked up.
func (s *Store) Announce(x *Expected) {
	x.found = false
	prefetch.Line(unsafe.Pointer(&s.table.groups[s.table.home(upper(x.Hash))]))
}

// Fetch starts to load the entry of the key, or the slot that an entry of the key will take.
func (s *Store) Fetch(x *Expected) {
	t, tag := &s.table, tagOf(x.Hash)
	g := t.home(upper(x.Hash))
	group := &t.groups[g]
	if with := group.with(tag); with != 0 {
		x.slot, x.found = uint32(g*groupSize+with.first()), true
		prefetch.Pair(unsafe.Pointer(&t.entries[x.slot]))
		return
	}
	for n := range groupSize {
		if i := nth(upper(x.Hash), n); group.tags[i] == free {
			prefetch.Pair(unsafe.Pointer(&t.entries[g*groupSize+i]))
			return
		}
	}
}

const cacheLine = 64

// FetchData starts to load the last bytes of the entry, at most n, and a key that stands before its bytes. It returns the entry, or nil if it is
// not known: the key is probably new. The entry is probably that of the key.
func (s *Store) FetchData(x *Expected, n int) *Entry {
	if !x.found {
		return nil
	}
	e := &s.table.entries[x.slot]
	if *s.table.tag(x.slot) < firstTag {
		return nil // it went, or is hidden
	}
	b := s.arena.at(e.data)
	for i := len(b) - 1; i >= max(0, len(b)-n); i -= cacheLine {
		prefetch.Line(unsafe.Pointer(&b[i]))
	}
	if e.keyLen > inlineKey {
		key := s.arena.before(e.data, uint32(e.keyLen))
		prefetch.Line(unsafe.Pointer(&key[0]))
		prefetch.Line(unsafe.Pointer(&key[len(key)-1]))
	}
	return e
}

// Known reports whether Fetch found that an entry probably has the key.
func (x *Expected) Known() bool { return x.found }

// FetchNumbered starts to load the first line of the entry with a number, which must be kept: its times and its count.
func (s *Store) FetchNumbered(number uint32) {
	prefetch.Line(unsafe.Pointer(s.Numbered(number)))
}
