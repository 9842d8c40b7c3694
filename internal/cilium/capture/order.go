// SPDX-License-Identifier: Apache-2.0

// The order of a capture's records: that of time, though a file may have the packets of its processors and interfaces in blocks,
// one behind the other.
//
// The reader is ahead of what it returns by as many records as the bounds allow, and returns the earliest of them, so that a record
// comes in its place when fewer than that many stand before it that are later. One that comes too late for its place is counted,
// with how late it was. Records of equal times stay in the file's order, as does a record without a time behind the one before it.
//
// A time far in the past comes at once, and holds up no other record. Nor does one far in the future: its record is put aside, see
// aside.go. The sections of a file are separate recordings, and are not mixed.

package capture

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"

// Bounds of what is read ahead: records, and bytes of memory for their data.
const (
	maxAhead      = 8 << 10
	maxAheadBytes = 16 << 20
)

// ahead is a record that was read and not returned yet.
type ahead struct {
	events.Record
	in     *slab  // what its data are in; nil for memory of their own
	key    int64  // the time it is ordered by
	number uint64 // counts the records as they lie in the file
	taken  uint64 // bytes of slabs that had been taken into use with it, all in all
	size   int    // bytes of slabs that were taken into use for it
}

func (a *ahead) before(b *ahead) bool { return a.key < b.key || a.key == b.key && a.number < b.number }

// window holds the records that were read ahead. Those that come in the order of time, as nearly all do, stand in a queue, where
// adding and taking cost nothing; the others in a heap.
type window struct {
	queue  []ahead // a ring; a power of two of them, maxAhead at most
	first  int     // the queue's first, counted on without end, and the one behind its last
	next   int
	heap   []ahead
	bytes  int    // sizes of both
	key    int64  // of the last record added
	number uint64 // the next one's
	memory slabs
	aside  aside
	last   []mark  // of the last maxAhead records added, by their numbers
	sorted []int64 // used again by limit
}

func (w *window) len() int { return w.next - w.first + len(w.heap) + len(w.aside.records) }

// at gives the place in the queue of a count.
func (w *window) at(n int) *ahead { return &w.queue[n&(len(w.queue)-1)] }

// full reports whether a record must be taken before another one is added.
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

// grow makes the queue twice as long.
func (w *window) grow() {
	old := *w
	w.queue = make([]ahead, max(64, 2*len(old.queue)))
	for n := old.first; n < old.next; n++ {
		*w.at(n) = *old.at(n)
	}
}

// take takes the next record: the earliest, or one whose time has not come and that has to go, which is early. Its data are valid
// until it is released.
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

// takeQueued takes the queue's first record.
func (w *window) takeQueued() ahead {
	a := *w.at(w.first)
	w.leaveQueue()
	return a
}

// leaveQueue takes the queue's first place away.
func (w *window) leaveQueue() {
	place := w.at(w.first)
	place.Data, place.in = nil, nil // they would be held in memory
	w.first++
}

// sink puts a record of the heap below those that are before it.
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

// release gives back the memory of a record that was taken.
func (w *window) release(a *ahead) {
	if a.in != nil {
		w.memory.release(a.in)
		a.in = nil
	}
}

// slab is memory for the data of records, one behind the other. It is used again when none of them is left.
type slab struct {
	bytes []byte
	users int
}

// slabSize is the size of a slab in bytes; a longer record has one of its own.
const slabSize = 64 << 10

// slabs are the slabs of a window.
type slabs struct {
	current *slab
	free    []*slab
	taken   uint64 // bytes of slabs that were taken into use, all in all
}

// put copies data into a slab, which is the copy's until it is released.
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

// begin makes a slab of a size the current one. What the one before has left is taken.
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

// release gives back what one record has of a slab.
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
