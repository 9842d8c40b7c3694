// SPDX-License-Identifier: Apache-2.0

// Records that are put aside because their times are far ahead of the others.
//
// A record of the window is far ahead if as many records as the window holds were read after it, and it is later than more than five
// eighths of those. Only these records are compared, whatever precedes them in the file. So a record
//
//   - is not far ahead if it is in order and at most five eighths of them have an earlier time, since the others are later than it;
//   - is far ahead if its time is far in the future and more than five eighths of them have not, since these are earlier than it.
//
// A record that is put aside takes no place in the window, and is returned when its time comes. So a record that is out of order by
// blocks, which may be put aside too, is returned in its place. Usually the time never comes; such records are returned last, in
// order of time. If there are more than the bounds allow, the latest are returned early, before their time has come. That is counted
// and does not affect other records. Each of them is returned between other records as long as possible, because a clock that takes
// the median of times, as hold.Clock does, ignores a single outlier.

package capture

import (
	"bytes"
	"math"
	"slices"
)

// Bounds of what is put aside: records, and bytes of their data.
const (
	maxAside      = maxAhead
	maxAsideBytes = maxAheadBytes / 2
)

// After so many more records, or bytes of slabs, the window looks for records to put aside. Each one that it puts aside makes room
// for another. The numbers are small, so that few records are then read at once, and few of those are from the past.
const (
	lookRecords = maxAhead / 32
	lookBytes   = maxAheadBytes / 8
)

// apart is the number of other records between two early ones.
const apart = 3

// aside are the records put aside.
type aside struct {
	records []ahead // sorted, the next one to be returned first
	bytes   int     // of their data
	since   int     // records taken since the last early one

	// How much had been read when the window last looked.
	number uint64
	taken  uint64
}

// crowded reports whether more records are aside than the bounds allow.
func (p *aside) crowded() bool { return len(p.records) > maxAside || p.bytes > maxAsideBytes }

func (p *aside) takeFirst() ahead {
	a := p.records[0]
	p.records[0] = ahead{}
	p.records = p.records[1:]
	p.bytes -= len(a.Data)
	return a
}

func (p *aside) takeLast() ahead {
	last := len(p.records) - 1
	a := p.records[last]
	p.records[last] = ahead{}
	p.records = p.records[:last]
	p.bytes -= len(a.Data)
	p.since = 0
	return a
}

// merge sorts the records from index from on into those before it, which are sorted.
func (p *aside) merge(from int) {
	added := slices.Clone(p.records[from:])
	slices.SortFunc(added, func(a, b ahead) int {
		if a.before(&b) {
			return -1
		}
		return 1
	})
	for at := len(p.records) - 1; len(added) > 0; at-- {
		if last := len(added) - 1; from > 0 && added[last].before(&p.records[from-1]) {
			from--
			p.records[at] = p.records[from]
		} else {
			p.records[at] = added[last]
			added = added[:last]
		}
	}
}

// lookDue reports whether it is time to look for records to put aside.
func (w *window) lookDue() bool {
	return w.number-w.aside.number >= lookRecords || w.memory.taken-w.aside.taken >= lookBytes
}

// mark is what is remembered of a record that was read.
type mark struct {
	key   int64
	taken uint64
}

// remember stores the mark of the record that is added.
func (w *window) remember(m mark) {
	if len(w.last) < maxAhead {
		w.last = append(w.last, m)
		return
	}
	w.last[w.number%maxAhead] = m
}

// isOld reports whether more bytes of slabs were taken into use after a record than the window holds. Records that come in order are
// never so old.
func (w *window) isOld(taken uint64) bool {
	const slack = MaxPacket + slabSize // by how much the record that fills the window may exceed the bound
	return w.memory.taken-taken > maxAheadBytes+slack
}

// overtaken reports whether more was read after a record than the window holds.
func (w *window) overtaken(a *ahead) bool { return w.number-a.number > maxAhead || w.isOld(a.taken) }

// look puts aside the records that are far ahead. The slabs in use are then those of about the last maxAheadBytes; older data gets
// memory of its own.
func (w *window) look() {
	p := &w.aside
	p.number, p.taken = w.number, w.memory.taken
	latest := int64(math.MinInt64) // of the overtaken records
	overtaken := w.first           // the end of the overtaken ones in the queue, which is in the file's order
	for ; overtaken < w.next && w.overtaken(w.at(overtaken)); overtaken++ {
		latest = w.at(overtaken).key
	}
	for i := range w.heap {
		if a := &w.heap[i]; a.key > latest && w.overtaken(a) {
			latest = a.key
		}
	}
	if latest == math.MinInt64 {
		return
	}
	if limit := w.limit(latest); latest > limit {
		w.putAside(overtaken, limit)
	}
	for n := w.first; n < w.next && w.isOld(w.at(n).taken); n++ {
		w.own(w.at(n))
	}
	for i := range w.heap {
		if w.isOld(w.heap[i].taken) {
			w.own(&w.heap[i])
		}
	}
}

// limit returns the time above which an overtaken record is far ahead. If not even the latest overtaken one is, it returns a time
// that no record exceeds.
func (w *window) limit(latest int64) int64 {
	w.sorted = w.sorted[:0]
	earlier := 0
	for _, m := range w.last {
		if w.isOld(m.taken) {
			continue
		}
		w.sorted = append(w.sorted, m.key)
		if m.key < latest {
			earlier++
		}
	}
	place := len(w.sorted) * 5 / 8
	if earlier <= place {
		return math.MaxInt64
	}
	slices.Sort(w.sorted)
	return w.sorted[place]
}

// putAside puts aside the overtaken records later than a limit: those of the queue before the number overtaken, and those of the
// heap.
func (w *window) putAside(overtaken int, limit int64) {
	p := &w.aside
	before := len(p.records)
	from := overtaken
	for from > w.first && w.at(from-1).key > limit {
		from--
		p.records = append(p.records, *w.at(from))
	}
	for n := from - 1; n >= w.first; n-- {
		*w.at(n + overtaken - from) = *w.at(n)
	}
	for n := overtaken - from; n > 0; n-- {
		w.leaveQueue()
	}
	kept := w.heap[:0]
	for i := range w.heap {
		if a := &w.heap[i]; a.key > limit && w.overtaken(a) {
			p.records = append(p.records, *a)
		} else {
			kept = append(kept, *a)
		}
	}
	clear(w.heap[len(kept):])
	w.heap = kept
	for i := len(w.heap)/2 - 1; i >= 0; i-- {
		w.sink(i)
	}
	for i := before; i < len(p.records); i++ {
		w.bytes -= p.records[i].size
		p.bytes += len(p.records[i].Data)
	}
	p.merge(before)
	size := 0
	for i := range p.records[:min(len(p.records), maxAside)] {
		a := &p.records[i]
		if size += len(a.Data); size > maxAsideBytes {
			return
		}
		w.own(a)
	}
}

// own gives a record memory of its own.
func (w *window) own(a *ahead) {
	if a.in != nil {
		a.Data = bytes.Clone(a.Data)
		w.release(a)
	}
}
