// SPDX-License-Identifier: Apache-2.0

// The records of a capture that are put aside, since their times are far ahead of those that are read.
//
// A record of the window is far ahead when as many records as the window holds were read after it, and it is later than more than
// five eighths of them: those read last. It is judged by them alone, whatever stands in the file before, so that for each record
//   - in order, where at most five eighths of them are of an earlier time: it is not far ahead, since the others are later than it;
//   - far in the future, where more than five eighths of them are not: it is far ahead, since these are earlier than it.
//
// Here they take no place of others, and come when their time does. So a record out of order by blocks, which may be put aside as
// well, comes in its place. Mostly the time never comes: then they come last, in the order of time. Of more than the bounds allow
// the latest are returned early, before their time has come. That is counted, and changes nothing for the others. Each of them
// stands alone among others as long as there is room for that, since a clock that goes by the median of the times, as hold.Clock
// does, believes no single one.

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

// The window looks for records to put aside when so many more records, or bytes of slabs, were read. Each that it puts aside makes
// room for another one. They are few at a time, so that those of the past among what is then read at once are few as well.
const (
	lookRecords = maxAhead / 32
	lookBytes   = maxAheadBytes / 8
)

// apart is how many other records come between two that are early.
const apart = 3

// aside are the records put aside.
type aside struct {
	records []ahead // the first one to come is the first
	bytes   int     // of their data
	since   int     // records taken since the last one that was early

	// What had been read when the window last looked for more.
	number uint64
	taken  uint64
}

// crowded reports whether there are more than the bounds allow.
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

// merge puts the records from a place on in order with those before it, which are in order.
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

// mark is what is kept of a record that was read last.
type mark struct {
	key   int64
	taken uint64
}

// remember keeps the mark of the record that is added.
func (w *window) remember(m mark) {
	if len(w.last) < maxAhead {
		w.last = append(w.last, m)
		return
	}
	w.last[w.number%maxAhead] = m
}

// isOld reports whether more bytes of slabs were taken into use after a record than the window holds. None is so old of those that
// come in order.
func (w *window) isOld(taken uint64) bool {
	const slack = MaxPacket + slabSize // by which the record that makes the window full may exceed its bound
	return w.memory.taken-taken > maxAheadBytes+slack
}

// overtaken reports whether more was read after a record of the window than the window holds.
func (w *window) overtaken(a *ahead) bool { return w.number-a.number > maxAhead || w.isOld(a.taken) }

// look puts aside what is far ahead. The slabs that are then in use were taken into use with the last maxAheadBytes or so; what is
// older has memory of its own.
func (w *window) look() {
	p := &w.aside
	p.number, p.taken = w.number, w.memory.taken
	latest := int64(math.MinInt64) // of those overtaken
	overtaken := w.first           // the queue's end of them, which are in the order of the file
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

// limit gives the time that a record that was overtaken is later than when it is far ahead. Where the latest one of them is not, the
// answer is only that none is.
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

// putAside puts aside what was overtaken, in the queue what stands before a count, and is later than a limit.
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
