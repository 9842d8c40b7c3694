// SPDX-License-Identifier: Apache-2.0

// Who had a key, such as an address, when.

package names

import (
	"encoding/binary"
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

const (
	parts = 64
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

// entry has the spans of a key: the newest one, and those before, the newest first. Most keys have one span, which is then beside the key in memory.
type entry[V any] struct {
	newest  span[V]    // without an owner if there is none
	earlier *[]span[V] // never altered, only replaced; nil if there are none
}

// spans returns all spans, the newest first.
func (e *entry[V]) spans() (all []span[V]) {
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

// table has the spans of each key. Changes need a lock of the caller.
type table[K comparable, V any] struct {
	part  func(K) uint32
	parts [parts]part[K, V]
	keys  int // of all parts
	past  int // closed spans
}

// part has some of the keys. A reader needs the lock only to copy an entry.
type part[K comparable, V any] struct {
	mu      sync.RWMutex
	entries map[K]entry[V]
}

func newTable[K comparable, V any](part func(K) uint32) *table[K, V] {
	t := &table[K, V]{part: part}
	for i := range t.parts {
		t.parts[i].entries = map[K]entry[V]{}
	}
	return t
}

// of returns the entry of a key, which is empty if there is none.
func (t *table[K, V]) of(key K) entry[V] {
	p := &t.parts[t.part(key)]
	p.mu.RLock()
	e := p.entries[key]
	p.mu.RUnlock()
	return e
}

// set replaces the spans of a key.
func (t *table[K, V]) set(key K, before, after []span[V]) {
	p := &t.parts[t.part(key)]
	e := entryOf(after)
	p.mu.Lock()
	if len(after) > 0 {
		p.entries[key] = e
	} else {
		delete(p.entries, key)
	}
	p.mu.Unlock()
	t.keys += min(len(after), 1) - min(len(before), 1)
	t.past += closedOf(after) - closedOf(before)
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
// order of the objects says nothing: there an owner whose time is later keeps the key. It reports whether another owner lost the key.
func (t *table[K, V]) claim(key K, owner *V, from int64, exact bool, now int64, listed bool) (closed bool) {
	e := t.of(key)
	before := e.spans()
	rest, mine := slices.Clone(before), span[V]{owner: owner, from: from, until: open}
	after := make([]span[V], 0, len(before)+1)
	switch {
	case len(rest) == 0:
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

// release ends the span of an owner that has the key. It reports whether there was one.
func (t *table[K, V]) release(key K, owner *V, at, now int64) (closed bool) {
	e := t.of(key)
	before := e.spans()
	after := slices.Clone(before)
	for i := range after {
		if after[i].owner == owner && after[i].until == open {
			after[i].until, after[i].closed, closed = at, now, true
		}
	}
	if closed {
		t.set(key, before, after)
	}
	return closed
}

// forget removes the spans whose end was learnt before a time.
func (t *table[K, V]) forget(key K, learnt int64) {
	e := t.of(key)
	before := e.spans()
	var after []span[V]
	for _, s := range before {
		if s.until == open || s.closed >= learnt {
			after = append(after, s)
		}
	}
	if len(after) != len(before) {
		t.set(key, before, after)
	}
}

// at finds the span of a time; nil if nobody is known to have had the key.
func (e *entry[V]) at(time int64) *span[V] {
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
	if e.newest.owner == nil || !yield(&e.newest) || e.earlier == nil {
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

// partOfAddress spreads addresses over the parts.
func partOfAddress(a netip.Addr) uint32 {
	b := a.As16()
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(b[:8])^0x9e3779b97f4a7c15, binary.LittleEndian.Uint64(b[8:])^0xd6e8feb86659fd93)
	return uint32((hi ^ lo) % parts)
}

func partOfFrontend(f frontend) uint32 {
	return (partOfAddress(f.address) + uint32(f.port)) % parts
}
