// SPDX-License-Identifier: Apache-2.0

package hold

import "iter"

// order is the order in which entries came. Each has a number, which counts up and wraps around.
type order struct {
	slots       []uint32 // 1 + the slot of an entry by the low bits of its number, 0 when it is gone; a power of two of them
	first, next uint32   // the numbers of the oldest entry and of the one to come
}

func newOrder() order { return order{slots: make([]uint32, 64)} }

// span is the number of entries from the oldest on, those that are gone included.
func (o *order) span() int { return int(o.next - o.first) }

func (o *order) at(number uint32) *uint32 { return &o.slots[number&uint32(len(o.slots)-1)] }

// slot gives the slot of an entry.
func (o *order) slot(number uint32) uint32 { return *o.at(number) - 1 }

// move says that an entry has another slot.
func (o *order) move(number, slot uint32) { *o.at(number) = slot + 1 }

// append gives the number of an entry that comes.
func (o *order) append(slot uint32) (number uint32) {
	if o.span() == len(o.slots) {
		old := *o
		o.slots = make([]uint32, 2*len(old.slots))
		for number := old.first; number != old.next; number++ {
			*o.at(number) = *old.at(number)
		}
	}
	number = o.next
	o.next++
	o.move(number, slot)
	return number
}

// remove takes an entry out.
func (o *order) remove(number uint32) {
	*o.at(number) = 0
	for o.first != o.next && *o.at(o.first) == 0 {
		o.first++
	}
}

// numbers gives the numbers of the entries that are there, the oldest first.
func (o *order) numbers() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for number := o.first; number != o.next; number++ {
			if *o.at(number) != 0 && !yield(number) {
				return
			}
		}
	}
}
