// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"hash/maphash"
	"math/bits"
	"net/netip"
	"time"
	"unsafe"
)

// seen remembers which client asked for which name, and when last, in bounded memory.
//
// A Bloom filter would err the wrong way: it takes some new pairs for known ones. This is a set-associative cache of fingerprints instead.
// A pair that was evicted is new again. A new pair is taken for a known one only if one of the 5 fingerprints in its set is equal by chance:
// with a probability of at most 5 in 2^64. Hash and fingerprint have seeds of their own, which are random for each process, so nobody can choose
// a name that collides.
type seen struct {
	within  int64 // seconds
	sets    []set
	era     uint32 // sets of an earlier era are empty
	place   maphash.Seed
	print   maphash.Seed
	scratch []byte
}

// ways is the number of pairs in a set: as many as fit into a cache line, so that a look-up costs one access to memory.
const ways = 5

// set is the pairs whose hashes share the place. A fingerprint of 0 is empty.
type set struct {
	prints [ways]uint64
	last   [ways]uint32 // seconds since 1970, rounded down
	era    uint32
}

// setSize is the size of a set, in bytes: a cache line.
const setSize = int(unsafe.Sizeof(set{}))

func newSeen(within time.Duration, bytes int) *seen {
	return &seen{
		within: int64(within / time.Second), sets: make([]set, max(1, bytes/setSize)), place: maphash.MakeSeed(), print: maphash.MakeSeed(),
	}
}

// forget forgets all pairs. It does not touch them: there may be gigabytes of memory that nothing has used yet.
func (s *seen) forget() {
	if s.era++; s.era == 0 {
		clear(s.sets)
	}
}

// add notes that a client asks for a folded name, and reports whether that is new: the receiver knows of no time within s.within at which it asked
// for it. at is in nanoseconds since 1970.
//
// Only what is certain makes a pair known: its last time counts as up to a second earlier, and its present one as up to a second later. A time
// before 1970 or after 2106 is new.
func (s *seen) add(client netip.Addr, name []byte, at int64) (isNew bool) {
	const second = int64(time.Second)
	now := at / second
	if at < 0 || now >= 1<<32-1 {
		return true
	}
	set := s.set(client, name)
	if set.era != s.era {
		set.prints, set.era = [ways]uint64{}, s.era
	}
	print := max(1, maphash.Bytes(s.print, s.scratch))
	for i := range set.prints {
		if set.prints[i] != print {
			continue
		}
		isNew = apart(now, int64(set.last[i]))+1 > s.within
		if isNew || int64(set.last[i]) < now {
			set.last[i] = uint32(now)
		}
		return isNew
	}
	i := set.victim(now)
	set.prints[i], set.last[i] = print, uint32(now)
	return true
}

// set returns the set of a pair, and leaves the pair in s.scratch.
func (s *seen) set(client netip.Addr, name []byte) *set {
	addr := client.As16()
	s.scratch = append(append(s.scratch[:0], addr[:]...), name...)
	place, _ := bits.Mul64(maphash.Bytes(s.place, s.scratch), uint64(len(s.sets))) // a hash as a fraction of the sets, without a division
	return &s.sets[place]
}

// victim gives the place for another pair: an empty one, or that of the pair whose last time is furthest away.
func (s *set) victim(now int64) (place int) {
	furthest := int64(-1)
	for i := range s.prints {
		if s.prints[i] == 0 {
			return i
		}
		if d := apart(now, int64(s.last[i])); d > furthest {
			place, furthest = i, d
		}
	}
	return place
}

// apart is the distance of two times. After the clock was set back a pair's last time is ahead.
func apart(a, b int64) int64 { return max(a-b, b-a) }
