// SPDX-License-Identifier: Apache-2.0

package hold

import "unsafe"

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
	g := s.table.home(upper(x.Hash))
	prefetchLine(unsafe.Pointer(&s.table.groups[g]))
	prefetchLine(unsafe.Pointer(&s.table.passed[g]))
}

// Fetch starts to load the entry of the key, or the slot that an entry of the key will take.
func (s *Store) Fetch(x *Expected) {
	t, tag := &s.table, tagOf(x.Hash)
	g := t.home(upper(x.Hash))
	group := &t.groups[g]
	empty := -1
	for n := range groupSize {
		i := nth(upper(x.Hash), n)
		switch {
		case group[i] == tag:
			x.slot, x.found = uint32(g*groupSize+i), true
			prefetch(&t.entries[x.slot])
			return
		case group[i] == free && empty < 0:
			empty = i
		}
	}
	if empty >= 0 {
		prefetch(&t.entries[g*groupSize+empty])
	}
}

// fetched is how many of an entry's last bytes FetchData loads: the caller's sums stand at the end.
const fetched = 4 * cacheLine

const cacheLine = 64

// FetchData starts to load the end of the entry's bytes, and a key that stands before them.
func (s *Store) FetchData(x *Expected) {
	if !x.found {
		return
	}
	e := &s.table.entries[x.slot]
	if e.data.segment == 0 || int(e.data.segment) > len(s.arena.segments) {
		return
	}
	b := s.arena.at(e.data)
	for i := len(b) - 1; i >= max(0, len(b)-fetched); i -= cacheLine {
		prefetchLine(unsafe.Pointer(&b[i]))
	}
	if e.keyLen > inlineKey {
		key := s.arena.before(e.data, uint32(e.keyLen))
		prefetchLine(unsafe.Pointer(&key[0]))
		prefetchLine(unsafe.Pointer(&key[len(key)-1]))
	}
}
