// SPDX-License-Identifier: Apache-2.0

// Package recent remembers the last keys that came, and a value of each, in memory of a fixed size.
//
// A key is remembered by its print, of hashes with a seed of the table's own: nobody who chooses keys can choose prints. The lower
// half of a print says which set of eight places its key may be in. A new key takes the place in the set that was taken first.
package recent

import (
	"hash/maphash"
	"iter"
	"math"
)

// Ways is how many keys a set has at most.
const Ways = 8

// Size is how many keys a table remembers at most.
const Size = sets * Ways

const sets = 1 << 13

// Table remembers keys with values of type V. Of each it takes 8 bytes and those of V. No method allocates. It is used from one
// goroutine.
type Table[V any] struct {
	seed   maphash.Seed
	prints [][Ways]Print // of each set, a cache line; 0 is a free place
	values [][Ways]V
	next   []uint8 // place for the next one of each set
}

// Print stands for a key. It holds for the table whose hashes it is of.
type Print uint64

// New makes an empty table.
func New[V any]() *Table[V] {
	return &Table[V]{seed: maphash.MakeSeed(), prints: make([][Ways]Print, sets), values: make([][Ways]V, sets), next: make([]uint8, sets)}
}

// Hash gives a key's hash, which is its print.
func (t *Table[V]) Hash(key []byte) Print { return max(Print(maphash.Bytes(t.seed, key)), 1) }

// Join gives the print of a key in three parts. Prints of keys with one first part have their lower half in common, so that they
// are in one set; their upper quarters are of the second part and of the third.
func (t *Table[V]) Join(first, second, third []byte) Print {
	p := maphash.Bytes(t.seed, first) & math.MaxUint32
	p |= maphash.Bytes(t.seed, second) << 48
	p |= maphash.Bytes(t.seed, third) << 48 >> 16
	return max(Print(p), 1)
}

// SameFirst reports whether two joined prints have one first part.
func (p Print) SameFirst(q Print) bool { return uint32(p) == uint32(q) }

// SameOther reports whether two joined prints have one second part, or one third part.
func (p Print) SameOther(q Print) bool { return (p^q)>>48 == 0 || uint16((p^q)>>32) == 0 }

// Get gives the value of a print, nil where it is not remembered. It is valid until the next Put.
func (t *Table[V]) Get(p Print) *V {
	prints := &t.prints[p%sets]
	for i := range prints {
		if prints[i] == p {
			return &t.values[p%sets][i]
		}
	}
	return nil
}

// Set gives what shares the print's set: prints and their values, of the print itself as well. Values are valid until the next Put.
func (t *Table[V]) Set(p Print) iter.Seq2[Print, *V] {
	return func(yield func(Print, *V) bool) {
		prints, values := &t.prints[p%sets], &t.values[p%sets]
		for i, q := range prints {
			if q != 0 && !yield(q, &values[i]) {
				return
			}
		}
	}
}

// Put makes a place for a print, beside those that it may have already. The value there is that of the key which is forgotten for
// it, or the zero value; the caller overwrites it.
func (t *Table[V]) Put(p Print) *V {
	next := &t.next[p%sets]
	i := *next % Ways
	*next = i + 1
	t.prints[p%sets][i] = p
	return &t.values[p%sets][i]
}

// Values gives the values of all keys, in no order.
func (t *Table[V]) Values() iter.Seq[*V] {
	return func(yield func(*V) bool) {
		for n := range t.prints {
			for i, print := range &t.prints[n] {
				if print != 0 && !yield(&t.values[n][i]) {
					return
				}
			}
		}
	}
}

// Forget forgets all keys.
func (t *Table[V]) Forget() {
	clear(t.prints)
	clear(t.values)
	clear(t.next)
}
