// SPDX-License-Identifier: Apache-2.0

// The order of time of a capture's records. A file may hold the packets of each processor or interface in blocks, one after the
// other.
//
// The reader reads ahead, as many records as the bounds allow, and returns the earliest of them. So a record is returned in its place
// if fewer later records than that precede it in the file. A record that comes too late for its place is counted, with how late it
// was. Records of equal times keep the file's order, and a record without a time stays behind the one before it.
//
// A record with a time far in the past is returned at once and delays no other record. A record with a time far in the future delays
// none either: it is put aside, see aside.go. The sections of a file are separate recordings and are not mixed.

package capture

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"

// Bounds of what is read ahead: records, and bytes of memory for their data.
const (
	maxAhead      = 8 << 10
	maxAheadBytes = 16 << 20
)

// MaxMemory is the most memory of a reader in bytes: what is read ahead and put aside, and the records that point to it.
const MaxMemory = maxAheadBytes + maxAsideBytes + 8<<20

// ahead is a record that has been read and not yet returned.
type ahead struct {
	events.Record
	in     *slab  // the slab that holds its data; nil if the data has memory of its own
	key    int64  // the time it is ordered by
	number uint64 // counts the records in the file's order
	taken  uint64 // total bytes of slabs taken into use, up to and including this record
	size   int    // bytes of slabs taken into use for it
}

func (a *ahead) before(b *ahead) bool { return a.key < b.key || a.key == b.key && a.number < b.number }

// window holds the records that were read ahead. Records in order of time, which is nearly all, are in a queue, where adding and
// taking is cheap. The others are in a heap.
type window struct {
	queue  []ahead // a ring; its length is a power of two, at most maxAhead
	first  int     // the numbers of the queue's first place, and of the one after its last; they only grow
	next   int
	heap   []ahead
	bytes  int    // sizes of the records in queue and heap
	key    int64  // of the last record added
	number uint64 // number of the next record
	memory slabs
	aside  aside
	last   []mark  // marks of the last maxAhead records added, by their numbers
	sorted []int64 // scratch memory of limit
}

func (w *window) len() int { return w.next - w.first + len(w.heap) + len(w.aside.records) }

// at returns the queue's place of a number.
func (w *window) at(n int) *ahead { return &w.queue[n&(len(w.queue)-1)] }

// full reports whether a record must be taken before another can be added.
func (w *window) full() bool {
	return w.next-w.first+len(w.heap) >= maxAhead || w.bytes >= maxAheadBytes || w.lookDue() && w.aside.crowded()
}

// add adds a copy of a record.
func (w *window) add(r *events.Record) {
	if w.lookDue() {
		w.look()
	}
	if r.Time != 0 {
		w.key = r.Time
	}
	var a *ahead
	inOrder := w.next == w.first || w.key >= w.at(w.next-1).key
	if inOrder {
		if w.next-w.first == len(w.queue) {
			w.grow()
		}
		a = w.at(w.next)
		w.next++
	} else {
		w.heap = append(w.heap, ahead{})
		a = &w.heap[len(w.heap)-1]
	}
	before := w.memory.taken
	*a = ahead{Record: *r, key: w.key, number: w.number}
	a.Data, a.in = w.memory.put(r.Data)
	a.taken, a.size = w.memory.taken, int(w.memory.taken-before)
	w.bytes += a.size
	w.remember(mark{a.key, a.taken})
	w.number++
	if inOrder {
		return
	}
	for i := len(w.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !w.heap[i].before(&w.heap[parent]) {
			break
		}
		w.heap[i], w.heap[parent] = w.heap[parent], w.heap[i]
		i = parent
	}
}

// grow doubles the queue.
func (w *window) grow() {
	old := *w
	w.queue = make([]ahead, max(64, 2*len(old.queue)))
	for n := old.first; n < old.next; n++ {
		*w.at(n) = *old.at(n)
	}
}

// take takes the next record: the earliest one, or one that must go early, before its time has come. Its data is valid until it is
// released.
func (w *window) take() (a ahead, early bool) {
	if w.aside.crowded() && (w.aside.since >= apart || w.lookDue()) {
		return w.aside.takeLast(), true
	}
	w.aside.since++
	var least *ahead
	if w.first < w.next {
		least = w.at(w.first)
	}
	inHeap := len(w.heap) > 0 && (least == nil || w.heap[0].before(least))
	if inHeap {
		least = &w.heap[0]
	}
	if p := &w.aside; len(p.records) > 0 && (least == nil || p.records[0].before(least)) {
		return p.takeFirst(), false
	}
	if inHeap {
		a = w.heap[0]
		last := len(w.heap) - 1
		w.heap[0], w.heap[last] = w.heap[last], ahead{}
		w.heap = w.heap[:last]
		w.sink(0)
	} else {
		a = w.takeQueued()
	}
	w.bytes -= a.size
	return a, false
}

// takeQueued takes the first record of the queue.
func (w *window) takeQueued() ahead {
	a := *w.at(w.first)
	w.leaveQueue()
	return a
}

// leaveQueue removes the first place of the queue.
func (w *window) leaveQueue() {
	place := w.at(w.first)
	place.Data, place.in = nil, nil // so that the memory can be freed
	w.first++
}

// sink moves a record of the heap down to its place.
func (w *window) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(w.heap); child++ {
			if w.heap[child].before(&w.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		w.heap[i], w.heap[least] = w.heap[least], w.heap[i]
		i = least
	}
}

// release frees the memory of a record that was taken.
func (w *window) release(a *ahead) {
	if a.in != nil {
		w.memory.release(a.in)
		a.in = nil
	}
}

// slab is memory for the data of records, back to back. It is used again when no record is left in it.
type slab struct {
	bytes []byte
	users int
}

// slabSize is the size of a slab in bytes. A longer record has a slab of its own.
const slabSize = 64 << 10

// slabs are the slabs of a window.
type slabs struct {
	current *slab
	free    []*slab
	taken   uint64 // total bytes of slabs taken into use
}

// put copies data into a slab. The copy is valid until it is released.
func (m *slabs) put(data []byte) ([]byte, *slab) {
	if m.current == nil || cap(m.current.bytes)-len(m.current.bytes) < len(data) {
		m.begin(max(slabSize, len(data)))
	}
	s := m.current
	s.users++
	from := len(s.bytes)
	s.bytes = append(s.bytes, data...)
	m.taken += uint64(len(data))
	return s.bytes[from:len(s.bytes):len(s.bytes)], s
}

// begin makes a slab of the given size the current one.
func (m *slabs) begin(size int) {
	if old := m.current; old != nil {
		m.taken += uint64(cap(old.bytes) - len(old.bytes))
		if old.users == 0 {
			m.retire(old)
		}
	}
	if last := len(m.free) - 1; size == slabSize && last >= 0 {
		m.current, m.free = m.free[last], m.free[:last]
		return
	}
	m.current = &slab{bytes: make([]byte, 0, size)}
}

// release gives back the share of one record in a slab.
func (m *slabs) release(s *slab) {
	if s.users--; s.users > 0 {
		return
	}
	s.bytes = s.bytes[:0]
	if s != m.current {
		m.retire(s)
	}
}

// retire takes a slab without users out of use.
func (m *slabs) retire(s *slab) {
	if cap(s.bytes) == slabSize {
		m.free = append(m.free, s)
	}
}
