// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"time"
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// maxRemembered is the most events that are remembered. With more in a window the oldest are forgotten. They take 4.5 MiB.
const maxRemembered = 1 << 17

// MemorySize is the memory of a deduplication, in bytes.
const MemorySize = maxRemembered * (int64(unsafe.Sizeof(entry{})) + 4)

// memory remembers events for a window, to find repetitions. It is allocated once.
//
// It keeps a hash of 128 bits of each event. Each memory has a seed of its own, so nobody can choose names that make two events collide.
type memory struct {
	window  uint64 // 100 ns, as FILETIME counts
	seeds   [2]maphash.Seed
	buckets []uint32 // 1 + the index of a chain's first entry, by the key's low bits; 0 is none
	entries []entry  // a ring in the order in which events were remembered
	next    int      // the entry to write next, which is the oldest
	key     []byte   // reused by identity
	name    []byte
}

type entry struct {
	hash [2]uint64
	at   int64  // FILETIME
	next uint32 // 1 + the index of the chain's next entry
	used bool
}

func newMemory(window time.Duration) *memory {
	return &memory{
		window: uint64(window / 100), seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		buckets: make([]uint32, maxRemembered), entries: make([]entry, maxRemembered),
	}
}

// forget forgets all events.
func (m *memory) forget() {
	clear(m.buckets)
	clear(m.entries)
}

// repeats reports whether the memory has an event that is equal to e and less than the window older or newer than e. It may be newer because
// the events of several processors arrive slightly out of order. If there is none, repeats stores e.
func (m *memory) repeats(e *dns.Event) bool {
	id := m.identity(e)
	return m.repeated([2]uint64{maphash.Bytes(m.seeds[0], id), maphash.Bytes(m.seeds[1], id)}, e.TimeStamp)
}

func (m *memory) repeated(hash [2]uint64, at int64) bool {
	for i := *m.bucket(hash); i != 0; i = m.entries[i-1].next {
		e := &m.entries[i-1]
		if e.hash != hash {
			continue
		}
		if distance(at, e.at) < m.window {
			return true
		}
		m.remove(i)
		break
	}
	m.add(hash, at)
	return false
}

// distance is the distance of two times, without overflow.
func distance(a, b int64) uint64 {
	if a < b {
		a, b = b, a
	}
	return uint64(a) - uint64(b)
}

func (m *memory) bucket(hash [2]uint64) *uint32 { return &m.buckets[hash[0]&(maxRemembered-1)] }

// add overwrites the oldest entry.
func (m *memory) add(hash [2]uint64, at int64) {
	index := uint32(m.next + 1)
	m.next = (m.next + 1) % maxRemembered
	m.remove(index)
	first := m.bucket(hash)
	m.entries[index-1] = entry{hash: hash, at: at, next: *first, used: true}
	*first = index
}

// remove removes a used entry from its chain.
func (m *memory) remove(index uint32) {
	e := &m.entries[index-1]
	if !e.used {
		return
	}
	link := m.bucket(e.hash)
	for *link != index {
		link = &m.entries[*link-1].next
	}
	*link, e.used = e.next, false
}

// identity returns the key of equal events: id, process, query name and type, the addresses of both ends, and the result. For an event with
// an unknown layout, or that is no query, it is id, process, user and all data: an update or a notification names a zone, and its packet
// has the rest.
func (m *memory) identity(e *dns.Event) []byte {
	key := binary.LittleEndian.AppendUint16(m.key[:0], e.ID)
	key = binary.LittleEndian.AppendUint64(key, e.WriterProcess())
	m.name, _ = e.Text(m.name[:0], dns.QueryName)
	qtype, typed := e.StatedQType()
	if len(m.name) == 0 || !typed && e.Peer != dns.NoField || e.LayoutUnknown() {
		m.key = append(append(key, e.Actor()...), e.UserData...)
		return m.key
	}
	status, hasStatus := e.Num(dns.Status)
	code, hasCode := e.RCode()
	for _, n := range [...]uint64{optional(qtype, typed), optional(status, hasStatus), optional(code, hasCode)} {
		key = binary.LittleEndian.AppendUint64(key, n)
	}
	for _, f := range [...]dns.Field{e.Local, e.Peer} {
		addr, _ := e.Addr(f)
		b := addr.As16()
		key = append(key, b[:]...)
	}
	for _, f := range [...]dns.Field{dns.LocalAddress, dns.ServerAddress} {
		key = append(append(key, e.Bytes(f)...), 0, 0)
	}
	m.key = append(key, dns.Fold(m.name)...)
	return m.key
}

// optional returns a 32-bit number, or a greater one if there is none.
func optional(n uint64, ok bool) uint64 {
	if !ok {
		return math.MaxUint64
	}
	return n
}
