// SPDX-License-Identifier: Apache-2.0

package hold

import "math"

// table is an open hash table: an entry stands in the group of slots that its hash says, its home, or in another one when that
// was full. What is known of a group stands beside the entries and is small enough to stay in the processor's caches: a look-up
// touches none of the entries but, as a rule, the one that it is for.
//
// Within a group an entry stands in the slot that its hash says, or in the next one that was free, around the end. Since most
// stand in the very slot, the processor guesses right where it is, and fetches it before it has seen the tags.
type table struct {
	groups  []group
	passed  []passed
	entries []Entry // groupSize of them for each group
	live    int
}

// group has eight bits of the hash of each slot's key; free and hidden are none of them.
type group [groupSize]uint8

// passed counts the entries that are further on because a group was full, by four bits of their hash. Where none is that has a
// key's bits, the search for the key ends; so a slot becomes free again without a trace, and the table is never cleaned up.
// The bits are what keeps searches short in a table that has been full for long, when most groups have been passed by some.
// A count that reaches its end stays there, which costs searches and no entry.
type passed [16]uint8

const (
	groupSize   = 16 // a power of two
	leastGroups = 4
)

// Tags that no hash gives.
const (
	free   uint8 = iota
	hidden       // an entry that is not found by its key any more
	firstTag
)

// A table is full when 7 of 8 slots are taken. The entries that are kept a moment longer than the bound says, between one
// question whether the store is full and the next, have room beside them.
const (
	fullOf8 = 7
	spare   = 64
)

// groupsFor gives how many groups have room for a number of entries.
func groupsFor(entries int) int {
	const slots = groupSize * fullOf8
	return max(leastGroups, ((entries+spare)*8+slots-1)/slots)
}

// firstGroups gives how many groups a table begins with that doubles until it has room for a number of entries.
func firstGroups(entries int) int {
	groups := groupsFor(entries)
	for groups > leastGroups {
		groups = (groups + 1) / 2
	}
	return groups
}

// newTable makes a table of at least a number of groups; it has an odd one.
func newTable(groups int) table {
	groups |= 1
	return table{groups: make([]group, groups), passed: make([]passed, groups), entries: make([]Entry, groups*groupSize)}
}

// The upper half of a hash says which group and slot are a key's, the low byte is its tag.
func upper(hash uint64) uint32 { return uint32(hash >> 32) }
func tagOf(hash uint64) uint8  { return max(firstTag, uint8(hash)) }

// home gives the number of the group that a hash says, and after the one where a key looks next: some way on that is a power
// of two and the hash's own, so that full groups make no long rows. Since the number of groups is odd all have their turn.
func (t *table) home(hash uint32) int { return int(uint64(hash) * uint64(len(t.groups)) >> 32) }

func (t *table) after(g int, hash uint32) int { return (g + 1<<((hash>>8)%8)) % len(t.groups) }

// nth gives the n-th slot of a group in which a key may stand.
func nth(hash uint32, n int) int { return int((hash + uint32(n)) % groupSize) }

// count gives the number of entries like a key's that have passed a group.
func (t *table) count(g int, hash uint32) *uint8 {
	return &t.passed[g][hash/groupSize%uint32(len(passed{}))]
}

// crowded reports whether the table must grow before another entry comes.
func (t *table) crowded() bool { return t.live*8 >= len(t.entries)*fullOf8 }

// tag gives what stands for a slot in its group.
func (t *table) tag(slot uint32) *uint8 { return &t.groups[slot/groupSize][slot%groupSize] }

// take gives a free slot to an entry. There must be one.
func (t *table) take(hash uint32, tag uint8) uint32 {
	t.live++
	for g := t.home(hash); ; g = t.after(g, hash) {
		group := &t.groups[g]
		for n := range groupSize {
			if i := nth(hash, n); group[i] == free {
				group[i] = tag
				return uint32(g*groupSize + i)
			}
		}
		if count := t.count(g, hash); *count < math.MaxUint8 {
			*count++
		}
	}
}

// leave frees the slot of an entry.
func (t *table) leave(slot, hash uint32) {
	t.live--
	*t.tag(slot) = free
	for g := t.home(hash); g != int(slot/groupSize); g = t.after(g, hash) {
		if count := t.count(g, hash); *count < math.MaxUint8 {
			*count--
		}
	}
}
