// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
)

// Reserved is the number of bytes of a budget to reserve for a store. They are enough for some thousand events.
const Reserved = 1 << 20

// slotBytes is the memory of a slot in the table, in bytes: its entry, its tag, and its part of passed.
const slotBytes = int64(unsafe.Sizeof(Entry{})) + int64(unsafe.Sizeof(group{}))/groupSize

// Within makes the store take its memory from a share of a budget. It is called before the first Put. When the share has no room, the
// store is full.
func (s *Store) Within(share *budget.Share) {
	s.memory.Open(share)
	s.memory.Use(s.tableBytes(len(s.table.groups)) + orderBytes(firstSlots))
}

// tableBytes returns the memory of a table, in bytes.
func (s *Store) tableBytes(groups int) int64 { return slotBytes * groupSize * int64(groups|1) }

// orderBytes returns the memory of an order, in bytes.
func orderBytes(slots int) int64 { return 4 * int64(slots) }

// nextGroups returns the number of groups after the table grows: twice as many, or enough for maxEntries if that is less.
func (s *Store) nextGroups() int {
	groups := 2 * len(s.table.groups)
	if most := groupsFor(s.maxEntries); len(s.table.groups) < most {
		groups = min(groups, most)
	}
	return groups
}

// starved reports whether the budget has no room for what the next events may need, n bytes of data included. It takes that memory ahead.
// The old table and the new one exist at the same time while the entries move.
func (s *Store) starved(n int) bool {
	if !s.memory.Limited() {
		return false
	}
	need := int64(s.arena.need(n))
	if (s.table.live+spare)*8 >= len(s.table.entries)*fullOf8 && len(s.table.groups) < groupsFor(s.maxEntries) {
		need += s.tableBytes(s.nextGroups())
	}
	if len(s.order.slots)-s.order.span() < spare {
		need += orderBytes(2 * len(s.order.slots))
	}
	return !s.memory.Reserve(need)
}

// Close gives the store's memory back to its budget. The store must not be used any more.
func (s *Store) Close() {
	if !s.memory.Limited() {
		return
	}
	taken := s.tableBytes(len(s.table.groups)) + orderBytes(len(s.order.slots))
	for i := range s.arena.segments {
		taken += int64(cap(s.arena.segments[i].bytes))
	}
	s.memory.Give(taken)
	s.memory.Close()
}
