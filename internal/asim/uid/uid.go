// SPDX-License-Identifier: Apache-2.0

// Package uid makes EventOriginalUid: raw events go in, and for each comes an identifier that is the same whenever the same event is read,
// by any process, live or from a recording.
//
// An identifier is the 128-bit XXH3 hash of the event's bytes, which hold its time and its provider, added to that of the source and the
// host's name. Events with equal bytes are numbered in the order in which they come, so that each has its own identifier. Events of a file
// that have no time are numbered by their position. The hash is not cryptographic: it proves nothing about who wrote an event.
package uid

import (
	"encoding/binary"
	"unsafe"

	"github.com/zeebo/xxh3"
)

// ID identifies an event. The zero value is none.
type ID [16]byte

// IsZero reports whether there is no identifier.
func (id ID) IsZero() bool { return id == ID{} }

// Size is the length of an identifier as text.
const Size = 32

// Append appends the identifier as 32 hexadecimal digits in lower case.
func (id ID) Append(dst []byte) []byte {
	for i := 0; i < len(id); i += 4 {
		dst = binary.BigEndian.AppendUint64(dst, digits(binary.BigEndian.Uint32(id[i:])))
	}
	return dst
}

// digits gives eight hexadecimal digits in ASCII, the first in the upper byte. A look-up of each digit takes twice as long (28 against
// 16 ns for an identifier).
func digits(n uint32) uint64 {
	const each = 0x0101_0101_0101_0101
	x := uint64(n)
	x = (x | x<<16) & 0x0000_FFFF_0000_FFFF
	x = (x | x<<8) & 0x00FF_00FF_00FF_00FF
	x = (x | x<<4) & (0x0F * each)      // a digit in each byte
	letters := (x + 6*each) >> 4 & each // 1 where it is more than 9
	return x + '0'*each + letters*('a'-'0'-10)
}

// MaxMemory is what a Maker takes, in bytes.
const MaxMemory = buckets * 64

// Maker makes the identifiers of one host's events. It is used from one goroutine, and takes MaxMemory bytes.
type Maker struct {
	// seen has the latest events, by their hash. Equal events come close to each other. It stands first, so that each bucket is one cache line:
	// Go aligns a block of this size to a page.
	seen   [buckets]bucket
	source string
	host   xxh3.Uint128 // the hash of source and host
}

// A Maker remembers the latest five events of each bucket. If five other events of its bucket came in between, an event gets the identifier of
// the equal one before it: in 6 of a million cases with 1,000 events in between, in 1 of 60 with 5,000, in 34 of 60 with 20,000. Equal events
// have the same time, so they come close to each other.
const (
	buckets = 1 << bucketBits
	ways    = 5

	bucketBits = 12
)

// bucket takes 64 bytes.
type bucket struct {
	hash  [ways]uint64 // 0 for none
	count [ways]uint32 // of the equal events after the first
	next  uint32       // the place of the oldest
}

// NewMaker makes a Maker for the events of a source, such as "etw": events of different sources are never equal. SetHost must follow.
func NewMaker(source string) *Maker { return &Maker{source: source} }

// SetHost sets the name of the host of the following events, which is that in Dvc.
func (m *Maker) SetHost(name string) { m.host = xxh3.HashString128(m.source + "\x00" + name) }

// Forget forgets the events so far. The next events are another recording's: an equal one in it is the same event.
func (m *Maker) Forget() { clear(m.seen[:]) }

// Of returns the identifier of an event. raw is its wire form with its time.
func (m *Maker) Of(raw []byte) ID { return m.OfHash(HashOf(raw)) }

// Hash is the hash of an event. It depends on no other event.
type Hash xxh3.Uint128

// HashOf returns the hash of an event. raw is its wire form with its time.
func HashOf(raw []byte) Hash {
	return Hash(xxh3.Hash128(raw)) // without a seed, of which XXH3 would make a secret for each event
}

// OfHash is Of for an event with a known hash.
func (m *Maker) OfHash(h Hash) ID { return m.id(xxh3.Uint128(h), uint64(m.number(h.Hi))) }

// Memory is the address of the memory that OfHash needs for an event, within one cache line, for a caller that loads it ahead.
func (m *Maker) Memory(h Hash) unsafe.Pointer { return unsafe.Pointer(m.bucket(h.Hi)) }

// bucket returns the bucket of a hash.
func (m *Maker) bucket(hash uint64) *bucket { return &m.seen[hash>>(64-bucketBits)] }

// At returns the identifier of an event of a file that has no time. raw is its wire form. position is its number among the file's
// events without a time. It gives equal events different identifiers, however far apart they are.
func (m *Maker) At(raw []byte, position uint64) ID { return m.id(xxh3.Hash128(raw), position) }

// id returns the identifier of an event with the hash h. number is the number of equal events before it, or its position.
func (m *Maker) id(h xxh3.Uint128, number uint64) (id ID) {
	const odd = 0x9E3779B97F4A7C15 // so that different numbers give different identifiers
	binary.BigEndian.PutUint64(id[:], h.Hi+m.host.Hi)
	binary.BigEndian.PutUint64(id[8:], h.Lo+m.host.Lo+number*odd)
	return id
}

// number counts the equal events before this one.
func (m *Maker) number(hash uint64) uint32 {
	b := m.bucket(hash)
	hash |= 1
	for i := range b.hash {
		if b.hash[i] == hash {
			b.count[i]++
			return b.count[i]
		}
	}
	b.hash[b.next], b.count[b.next] = hash, 0
	if b.next++; b.next == ways {
		b.next = 0
	}
	return 0
}
