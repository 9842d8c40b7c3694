// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"iter"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
)

// order is the order in which entries came. Each entry has a number; numbers count up and wrap around.
type order struct {
	slots       []uint32 // 1 + the slot of an entry, by the low bits of its number; 0 when it is gone. The length is a power of two
	first, next uint32   // the numbers of the oldest entry and of the next one to come
	memory      *budget.Account
}

// firstSlots is the length of a new order.
const firstSlots = 64

func newOrder(memory *budget.Account) order {
	return order{slots: make([]uint32, firstSlots), memory: memory}
}

// span is the number of entries since the oldest, including those that are gone.
func (o *order) span() int { return int(o.next - o.first) }

func (o *order) at(number uint32) *uint32 { return &o.slots[number&uint32(len(o.slots)-1)] }

// slot returns the slot of an entry.
func (o *order) slot(number uint32) uint32 { return *o.at(number) - 1 }

// move notes that an entry has another slot.
func (o *order) move(number, slot uint32) { *o.at(number) = slot + 1 }

// append adds an entry and returns its number.
func (o *order) append(slot uint32) (number uint32) {
	if o.span() == len(o.slots) {
		old := *o
		o.memory.Use(orderBytes(2 * len(old.slots)))
		o.slots = make([]uint32, 2*len(old.slots))
		for number := old.first; number != old.next; number++ {
			*o.at(number) = *old.at(number)
		}
		o.memory.Give(orderBytes(len(old.slots)))
	}
	number = o.next
	o.next++
	o.move(number, slot)
	return number
}

// remove takes an entry out. It returns by how many numbers the oldest is a later one.
func (o *order) remove(number uint32) (gone int) {
	before := o.first
	*o.at(number) = 0
	for o.first != o.next && *o.at(o.first) == 0 {
		o.first++
	}
	return int(o.first - before)
}

// numbers yields the numbers of the present entries, the oldest first.
func (o *order) numbers() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for number := o.first; number != o.next; number++ {
			if *o.at(number) != 0 && !yield(number) {
				return
			}
		}
	}
}
