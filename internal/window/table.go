// SPDX-License-Identifier: Apache-2.0

package window

// table is an open hash table: an entry stands in the group of slots that its hash says, its home, or in the next one that
// had room. What is known of a group stands beside the entries and is small enough to stay in the processor's caches: a
// look-up touches none of the entries but, as a rule, the one that it is for.
//
// Within a group an entry stands in the slot that its hash says, or in the next one that was free, around the end. Since most
// stand in the very slot, the processor guesses right where it is, and fetches it before it has seen the tags.
type table struct {
	groups  []group
	entries []Entry // groupSize of them for each group
	live    int
}

// group is what is known of the slots of a group.
type group struct {
	// tags has eight bits of the hash of each slot's key; free and hidden are none of them.
	tags [groupSize]uint8
	// passed is the number of entries that are further on because this group was full. Where it is 0 a search ends; so a slot
	// becomes free again without a trace, and the table is never cleaned up.
	passed uint32
}

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

func newTable(groups int) table {
	return table{groups: make([]group, groups), entries: make([]Entry, groups*groupSize)}
}

// The upper half of a hash says which group and slot are a key's, the low byte is its tag.
func upper(hash uint64) uint32 { return uint32(hash >> 32) }
func tagOf(hash uint64) uint8  { return max(firstTag, uint8(hash)) }

// home gives the number of the group that a hash says, and after the next one.
func (t *table) home(hash uint32) int { return int(uint64(hash) * uint64(len(t.groups)) >> 32) }

func (t *table) after(g int) int {
	if g++; g < len(t.groups) {
		return g
	}
	return 0
}

// nth gives the n-th slot of a group in which a key may stand.
func nth(hash uint32, n int) int { return int((hash + uint32(n)) % groupSize) }

// crowded tells whether the table must grow before another entry comes.
func (t *table) crowded() bool { return t.live*8 >= len(t.entries)*fullOf8 }

// tag gives what stands for a slot in its group.
func (t *table) tag(slot uint32) *uint8 { return &t.groups[slot/groupSize].tags[slot%groupSize] }

// take gives a free slot to an entry. There must be one.
func (t *table) take(hash uint32, tag uint8) uint32 {
	t.live++
	for g := t.home(hash); ; g = t.after(g) {
		group := &t.groups[g]
		for n := range groupSize {
			if i := nth(hash, n); group.tags[i] == free {
				group.tags[i] = tag
				return uint32(g*groupSize + i)
			}
		}
		group.passed++
	}
}

// leave frees the slot of an entry.
func (t *table) leave(slot, hash uint32) {
	t.live--
	*t.tag(slot) = free
	for g := t.home(hash); g != int(slot/groupSize); g = t.after(g) {
		t.groups[g].passed--
	}
}
