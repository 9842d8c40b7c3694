// SPDX-License-Identifier: Apache-2.0

// Package recent remembers the last keys and a value for each, in memory of a fixed size. Keys go in; the values of those that came lately
// come out.
//
// A table keeps a key's print: hashes with a seed of the process, so that nobody who chooses keys can choose prints, and tables that get the same
// keys remember the same. The lower half of a print selects a set of eight places. A new key replaces the oldest one of its set.
package recent

import (
	"hash/maphash"
	"iter"
	"math"
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold/prefetch"
)

// Ways is the number of keys in a set.
const Ways = 8

// Size is the number of keys that a table remembers at most.
const Size = sets * Ways

const sets = 1 << 13

// seed is random for each process.
var seed = maphash.MakeSeed()

// Table remembers keys with values of type V. A key takes 8 bytes, beside those of V. No method allocates. One goroutine uses it.
type Table[V any] struct {
	prints [][Ways]Print // by set, each a cache line; 0 is a free place
	values [][Ways]V
	next   []uint8 // by set, the place of the next key
}

// Print stands for a key, in each table of the process.
type Print uint64

// New makes an empty table.
func New[V any]() *Table[V] {
	return &Table[V]{prints: make([][Ways]Print, sets), values: make([][Ways]V, sets), next: make([]uint8, sets)}
}

// Hash returns a key's print.
func (t *Table[V]) Hash(key []byte) Print { return max(Print(maphash.Bytes(seed, key)), 1) }

// Join returns the print of a key of three parts. Keys with the same first part have the same lower half, so that they are in one set. The
// two upper quarters are hashes of the second and the third part.
func (t *Table[V]) Join(first, second, third []byte) Print {
	p := maphash.Bytes(seed, first) & math.MaxUint32
	p |= maphash.Bytes(seed, second) << 48
	p |= maphash.Bytes(seed, third) << 48 >> 16
	return max(Print(p), 1)
}

// SameFirst reports whether two joined prints have the same first part.
func (p Print) SameFirst(q Print) bool { return uint32(p) == uint32(q) }

// SameOther reports whether two joined prints have the same second part or the same third part.
func (p Print) SameOther(q Print) bool { return (p^q)>>48 == 0 || uint16((p^q)>>32) == 0 }

// Get returns the value of a print, nil where the table does not remember it. The value is valid until the next Put.
func (t *Table[V]) Get(p Print) *V {
	prints := &t.prints[p%sets]
	for i := range prints {
		if prints[i] == p {
			return &t.values[p%sets][i]
		}
	}
	return nil
}

// Set returns the prints and values in a print's set, those of the print itself among them. Values are valid until the next Put.
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

// Put makes a place for a print, beside those that it may already have. The value there is that of the key that it replaces, or the zero
// value; the caller overwrites it.
func (t *Table[V]) Put(p Print) *V {
	next := &t.next[p%sets]
	i := *next % Ways
	*next = i + 1
	t.prints[p%sets][i] = p
	return &t.values[p%sets][i]
}

// Fetch starts to load the memory of a print, and the place that the next Put for it takes. Nothing else changes.
func (t *Table[V]) Fetch(p Print) {
	prefetch.Line(unsafe.Pointer(&t.prints[p%sets]))
	prefetch.Line(unsafe.Pointer(&t.values[p%sets][t.next[p%sets]%Ways]))
}

// Values returns the values of all keys, in no order.
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
