// SPDX-License-Identifier: Apache-2.0

// Package recent remembers the last keys that came, and a value of each, in memory of a fixed size.
//
// A key is remembered by its print, a hash of 64 bits with a seed of the table's own: nobody who chooses keys can choose prints. A
// print says which set of eight places its key may be in. A new key takes the place in the set that was taken first.
package recent

import (
	"hash/maphash"
	"iter"
)

// Size is how many keys a table remembers at most.
const Size = sets * ways

const (
	sets = 1 << 13
	ways = 8
)

// Table remembers keys with values of type V. Of each it takes 8 bytes and those of V. No method allocates. It is used from one
// goroutine.
type Table[V any] struct {
	sets []set[V]
	seed maphash.Seed
}

// set is the places that keys share.
type set[V any] struct {
	prints [ways]Print // 0 is a free place
	values [ways]V
	next   uint8 // place for the next one
}

// Print stands for a key. It holds for the table that gave it.
type Print uint64

// New makes an empty table.
func New[V any]() *Table[V] { return &Table[V]{sets: make([]set[V], sets), seed: maphash.MakeSeed()} }

// Print gives the print of a key.
func (t *Table[V]) Print(key []byte) Print { return Print(max(maphash.Bytes(t.seed, key), 1)) }

// Get gives the value of a print, nil where it is not remembered. It is valid until the next Put.
func (t *Table[V]) Get(p Print) *V {
	s := &t.sets[p%sets]
	for i := range s.prints {
		if s.prints[i] == p {
			return &s.values[i]
		}
	}
	return nil
}

// All gives all values that were put under a print. They are valid until the next Put.
func (t *Table[V]) All(p Print) iter.Seq[*V] {
	return func(yield func(*V) bool) {
		s := &t.sets[p%sets]
		for i := range s.prints {
			if s.prints[i] == p && !yield(&s.values[i]) {
				return
			}
		}
	}
}

// Put makes a place for a print, beside those that it may have already. The value there is that of the key which is forgotten for
// it, or the zero value; the caller overwrites it.
func (t *Table[V]) Put(p Print) *V {
	s := &t.sets[p%sets]
	i := s.next
	s.next = (i + 1) % ways
	s.prints[i] = p
	return &s.values[i]
}

// Values gives the values of all keys, in no order.
func (t *Table[V]) Values() iter.Seq[*V] {
	return func(yield func(*V) bool) {
		for n := range t.sets {
			s := &t.sets[n]
			for i := range s.prints {
				if s.prints[i] != 0 && !yield(&s.values[i]) {
					return
				}
			}
		}
	}
}

// Forget forgets all keys.
func (t *Table[V]) Forget() { clear(t.sets) }
