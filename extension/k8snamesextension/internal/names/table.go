// SPDX-License-Identifier: Apache-2.0

// Who had a key, such as an address, when.

package names

import (
	"encoding/binary"
	"math"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

const (
	// maxSpans bounds the owners of one key. The oldest go first.
	maxSpans = 8
	// open is the end of a span whose owner still has the key.
	open = math.MaxInt64
	// resolution is that of the times in objects.
	resolution = int64(time.Second)
	// slack is how long before its first known time an owner may have had a key that nobody else had. Kubernetes' times have whole seconds, and the
	// clocks of its parts differ.
	slack = int64(2 * time.Second)
)

// span says that an owner had a key from a time on until before another one, in nanoseconds since 1970.
type span[V any] struct {
	owner       *V
	from, until int64
	closed      int64 // when its end was learnt, by the clock of the changes; not set in an open span
}

// contested reports whether the owner has the key by its object, and another one too, since the same time. Nobody knows then who has it.
func (s *span[V]) contested() bool { return s.until != open && s.closed == open }

// entry has the spans of a key, and nil has none: the newest one, and those before, the newest first. Most keys have one span, which is then beside the key in memory.
type entry[V any] struct {
	newest  span[V]    // without an owner if there is none
	earlier *[]span[V] // never altered, only replaced; nil if there are none
}

// spans returns all spans, the newest first.
func (e *entry[V]) spans() (all []span[V]) {
	if e == nil {
		return nil
	}
	if e.newest.owner != nil {
		all = append(all, e.newest)
	}
	if e.earlier != nil {
		all = append(all, *e.earlier...)
	}
	return all
}

// entryOf is the entry of spans, the newest first.
func entryOf[V any](spans []span[V]) (e entry[V]) {
	if len(spans) > 0 {
		e.newest = spans[0]
	}
	if len(spans) > 1 {
		earlier := slices.Clone(spans[1:])
		e.earlier = &earlier
	}
	return e
}

// table has the spans of each key. Changes need a lock of the caller; a reader needs none.
type table[K comparable, V any] struct {
	hash  func(K) uint32
	same  func(a, b *V) bool // whether two owners are one, by two objects
	slots atomic.Pointer[slots[K, V]]
	used  int // slots that have an item, also one without an owner
	keys  int // with an owner
	past  int // closed spans
}

// slots are the items by their keys' hashes: an item is in the first free slot from its hash on. Items are never altered, only replaced. One without an owner
// stays until the slots are made again.
type slots[K comparable, V any] struct {
	items []atomic.Pointer[item[K, V]] // their number is a power of two
}

type item[K comparable, V any] struct {
	entry entry[V]
	key   K
}

const fewestSlots = 64

func newTable[K comparable, V any](hash func(K) uint32, same func(a, b *V) bool) *table[K, V] {
	t := &table[K, V]{hash: hash, same: same}
	t.slots.Store(&slots[K, V]{items: make([]atomic.Pointer[item[K, V]], fewestSlots)})
	return t
}

// find returns the slot of a key, or the free slot for it, and what is in it.
func (s *slots[K, V]) find(key K, hash uint32) (*atomic.Pointer[item[K, V]], *item[K, V]) {
	mask := uint32(len(s.items) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		one := s.items[i].Load()
		if one == nil || one.key == key {
			return &s.items[i], one
		}
	}
}

// of returns the entry of a key, nil if there is none. It must not be altered.
func (t *table[K, V]) of(key K) *entry[V] {
	if _, one := t.slots.Load().find(key, t.hash(key)); one != nil {
		return &one.entry
	}
	return nil
}

// set replaces the spans of a key.
func (t *table[K, V]) set(key K, before, after []span[V]) {
	t.keys += min(len(after), 1) - min(len(before), 1)
	t.past += closedOf(after) - closedOf(before)
	s := t.slots.Load()
	slot, there := s.find(key, t.hash(key))
	if there == nil {
		// At most three of four slots are used, so a search ends soon.
		if t.used >= len(s.items)/4*3 {
			s = t.again()
			slot, _ = s.find(key, t.hash(key))
		}
		t.used++
	}
	slot.Store(&item[K, V]{key: key, entry: entryOf(after)})
	if t.keys < len(s.items)/8 && t.used > fewestSlots {
		t.again()
	}
}

// again makes the slots again, for twice as many keys as there are, without items that have no owner. Readers go on with the old ones until then.
func (t *table[K, V]) again() *slots[K, V] {
	n := fewestSlots
	for n < 2*(t.keys+1) {
		n *= 2
	}
	fresh := &slots[K, V]{items: make([]atomic.Pointer[item[K, V]], n)}
	t.used = 0
	old := t.slots.Load()
	for i := range old.items {
		one := old.items[i].Load()
		if one == nil || one.entry.newest.owner == nil {
			continue
		}
		slot, _ := fresh.find(one.key, t.hash(one.key))
		slot.Store(one)
		t.used++
	}
	t.slots.Store(fresh)
	return fresh
}

func closedOf[V any](spans []span[V]) (n int) {
	for i := range spans {
		if spans[i].until != open {
			n++
		}
	}
	return n
}

// claim gives a key to an owner from a time on. A time that is not exact has whole seconds, so the owner began within the second after it. In a list, the
// order of the objects says nothing: there an owner whose time is later keeps the key, and of two with the same time neither has it. It reports whether an owner lost
// the key.
func (t *table[K, V]) claim(key K, owner *V, from int64, exact bool, now int64, listed bool) (closed bool) {
	e := t.of(key)
	before := e.spans()
	rest, mine := slices.Clone(before), span[V]{owner: owner, from: from, until: open}
	after := make([]span[V], 0, len(before)+1)
	switch {
	case len(rest) == 0:
	case listed && rest[0].from == from && (rest[0].until == open || rest[0].contested()) && !t.same(rest[0].owner, owner):
		mine.until, mine.closed, closed = from, open, true
		rest[0].until, rest[0].closed = from, open
	case listed && rest[0].until == open && rest[0].from > from:
		mine.until, mine.closed = rest[0].from, now
		after, rest, closed = append(after, rest[0]), rest[1:], true
	default:
		// Within the second it is not certain which of the two had the key.
		if end := min(rest[0].until, now); !exact && end > from {
			mine.from = min(from+resolution, end)
		}
		for i := range rest {
			if rest[i].until == open {
				rest[i].closed, closed = now, true
			}
			rest[i].until = min(rest[i].until, from)
		}
	}
	after = append(append(after, mine), rest...)
	t.set(key, before, after[:min(len(after), maxSpans)])
	return closed
}

// release ends the span of an owner that has the key. It reports whether there was one. If only one other owner has the key by its object, it has it from then on.
func (t *table[K, V]) release(key K, owner *V, at, now int64) (closed bool) {
	e := t.of(key)
	before := e.spans()
	after := slices.Clone(before)
	var others []int
	for i := range after {
		switch s := &after[i]; {
		case s.owner == owner && s.until == open:
			s.until, s.closed, closed = at, now, true
		case s.owner == owner && s.contested():
			s.closed, closed = now, true
		case s.until == open || s.contested():
			others = append(others, i)
		}
	}
	if closed && len(others) == 1 && after[others[0]].contested() {
		last := after[others[0]].owner
		after = append([]span[V]{{owner: last, from: at, until: open}}, slices.Delete(after, others[0], others[0]+1)...)
	}
	if closed {
		t.set(key, before, after)
	}
	return closed
}

// forget removes the spans whose end was learnt before a time. It returns when the first end of those that stay was learnt; open if there is none.
func (t *table[K, V]) forget(key K, learnt int64) (next int64) {
	e := t.of(key)
	before := e.spans()
	next = open
	var after []span[V]
	for _, s := range before {
		switch {
		case s.until == open:
			after = append(after, s)
		case s.closed >= learnt:
			after, next = append(after, s), min(next, s.closed)
		}
	}
	if len(after) != len(before) {
		t.set(key, before, after)
	}
	return next
}

// at finds the span of a time; nil if nobody is known to have had the key.
func (e *entry[V]) at(time int64) *span[V] {
	if e == nil {
		return nil
	}
	if time >= e.newest.from && time < e.newest.until { // as most look-ups are
		return &e.newest
	}
	var later *span[V] // the span after the time that is nearest to it
	for s := range e.each {
		switch {
		case s.until <= s.from:
		case time >= s.until:
			if time < s.until+slack && later != nil { // it may be either's
				return nil
			}
			return near(later, time)
		case time >= s.from:
			return s
		default:
			later = s
		}
	}
	return near(later, time)
}

// near returns a span if it began at most slack after a time.
func near[V any](s *span[V], time int64) *span[V] {
	if s != nil && s.from <= time+slack {
		return s
	}
	return nil
}

// each yields all spans, the newest first.
func (e *entry[V]) each(yield func(*span[V]) bool) {
	if e == nil || e.newest.owner == nil || !yield(&e.newest) || e.earlier == nil {
		return
	}
	for i := range *e.earlier {
		if !yield(&(*e.earlier)[i]) {
			return
		}
	}
}

// frontend is an address and port of a service.
type frontend struct {
	address  netip.Addr
	port     uint16
	protocol flow.L4Protocol
}

// seed makes the hashes of a process its own, so that nobody can choose addresses that collide.
var seed = [2]uint64{rand.Uint64(), rand.Uint64()}

func hashOfAddress(a netip.Addr) uint32 {
	b := a.As16()
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(b[:8])^seed[0], binary.LittleEndian.Uint64(b[8:])^seed[1])
	hi, lo = bits.Mul64(hi^lo^seed[1], 0x9e3779b97f4a7c15)
	return uint32((hi ^ lo) >> 16)
}

func hashOfFrontend(f frontend) uint32 {
	return hashOfAddress(f.address) ^ uint32(f.port)*0x9e3779b1
}
