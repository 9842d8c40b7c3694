// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// table is an open hash table. A key's hash gives its home: a group of 16 slots. An entry occupies a slot of its home, or of another group
// when the home was full. The groups are stored apart from the entries and are small enough to stay in the processor's caches, so a lookup
// usually reads one entry: the one that it finds.
//
// Within a group the hash also gives the home slot; an entry occupies it, or the next free slot, wrapping around. Most entries occupy
// their home slot. A lookup compares all tags of a group at once, and usually costs one memory access: to the entry whose tag is equal.
type table struct {
	groups  []group
	entries []Entry // groupSize for each group
	live    int
}

// group holds a tag for each slot: eight bits of the hash of its key, or free, or hidden. A search that does not find its key also reads passed, so
// both lie in one cache line.
type group struct {
	tags   [groupSize]uint8
	passed passed
}

// passed counts the entries that lie further on because a group was full, by four bits of their hash. A search for a key ends at a group
// that no entry with the key's bits has passed. So a slot that becomes free needs no mark, and the table is never cleaned up. The bits
// keep searches short in a table that has long been full, where most groups have been passed by some entry. A count that has reached its
// maximum stays there: searches become longer, and no entry is lost.
type passed [16]uint8

const (
	groupSize   = 16 // a power of two
	leastGroups = 4
)

// Tags that no hash gives.
const (
	free   uint8 = iota
	hidden       // an entry that Get no longer finds
	firstTag
)

// A table is full when 7 of 8 slots are taken. spare is room for entries that are put between one call of Full and the next.
const (
	fullOf8 = 7
	spare   = 64
)

// groupsFor returns how many groups have room for a number of entries.
func groupsFor(entries int) int {
	const slots = groupSize * fullOf8
	return max(leastGroups, ((entries+spare)*8+slots-1)/slots)
}

// firstGroups returns with how many groups a table begins that doubles until it has room for a number of entries.
func firstGroups(entries int) int {
	groups := groupsFor(entries)
	for groups > leastGroups {
		groups = (groups + 1) / 2
	}
	return groups
}

// newTable returns a table of at least the given number of groups. The number of groups is odd.
func newTable(groups int) table {
	groups |= 1
	return table{groups: make([]group, groups), entries: make([]Entry, groups*groupSize)}
}

// The upper half of a hash gives the group and the slot of a key; the low byte is its tag.
func upper(hash uint64) uint32 { return uint32(hash >> 32) }
func tagOf(hash uint64) uint8  { return max(firstTag, uint8(hash)) }

// home returns the number of a hash's first group, after that of the group to search next. The step between them is a power of two that
// depends on the hash, so full groups do not form long rows. Since the number of groups is odd, every group is reached.
func (t *table) home(hash uint32) int { return int(uint64(hash) * uint64(len(t.groups)) >> 32) }

func (t *table) after(g int, hash uint32) int { return (g + 1<<((hash>>8)%8)) % len(t.groups) }

// nth returns the n-th slot to search in a group.
func nth(hash uint32, n int) int { return int((hash + uint32(n)) % groupSize) }

// slots is a set of slots of a group: a bit for each, of the first eight in the bits 3, 11, 19 ..., of the others in the bits 7, 15, 23 ...
type slots uint64

// with returns the slots that have a tag. It compares all at once, since the processor predicts a branch for each slot badly.
func (g *group) with(tag uint8) slots {
	const each = 0x0101_0101_0101_0101
	equal := func(tags []uint8) uint64 { // in the top bit of each octet
		differs := binary.LittleEndian.Uint64(tags) ^ uint64(tag)*each
		return ^(differs&(0x7F*each) + 0x7F*each | differs | 0x7F*each)
	}
	return slots(equal(g.tags[:groupSize/2])>>4 | equal(g.tags[groupSize/2:]))
}

// first returns a slot of the set, which is not empty.
func (s slots) first() int {
	bit := bits.TrailingZeros64(uint64(s))
	return bit/8 + bit&4*2
}

// count returns how many entries with the same bits as a hash have passed a group.
func (t *table) count(g int, hash uint32) *uint8 {
	return &t.groups[g].passed[hash/groupSize%uint32(len(passed{}))]
}

// crowded reports whether the table must grow before another entry comes.
func (t *table) crowded() bool { return t.live*8 >= len(t.entries)*fullOf8 }

// tag returns the tag of a slot.
func (t *table) tag(slot uint32) *uint8 { return &t.groups[slot/groupSize].tags[slot%groupSize] }

// take takes a free slot for an entry and returns its number. There must be a free one.
func (t *table) take(hash uint32, tag uint8) uint32 {
	t.live++
	for g := t.home(hash); ; g = t.after(g, hash) {
		tags := &t.groups[g].tags
		for n := range groupSize {
			if i := nth(hash, n); tags[i] == free {
				tags[i] = tag
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
