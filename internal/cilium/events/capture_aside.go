// SPDX-License-Identifier: Apache-2.0

// The records of a capture that are put aside: those that still waited when as many as the window holds had been read after them.
//
// Here they take no place of others, and come when their time does. Mostly it never does, since it is far in the future: then they
// come last, in the order of time. Of more than the bounds allow the latest are returned early, before their time has come. That is
// counted, and changes nothing for the others. Each of them stands alone among others as long as there is room for that, since a
// clock that goes by the median of the times, as window.Clock does, believes no single one.

package events

import (
	"bytes"
	"slices"
)

// Bounds of what is put aside: records, and bytes of their data.
const (
	maxAside      = maxAhead
	maxAsideBytes = maxAheadBytes / 2
)

// The window looks for records to put aside when so many more records, or bytes of slabs, were read.
const (
	lookRecords = maxAhead / 8
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

// lookDue reports whether it is time to look for records to put aside.
func (w *window) lookDue() bool {
	return w.number-w.aside.number >= lookRecords || w.memory.taken-w.aside.taken >= lookBytes
}

// overtaken reports whether more was read after a record of the window than the window holds. None is of those that come in order.
func (w *window) overtaken(a *ahead) bool {
	const slack = MaxPacket + slabSize // by which the record that makes the window full may exceed its bound
	return w.number-a.number > maxAhead || w.memory.taken-a.taken > maxAheadBytes+slack
}

// look puts aside what was overtaken. The slabs that are then in use were taken into use with the last maxAheadBytes or so; those
// that stay aside have memory of their own.
func (w *window) look() {
	p := &w.aside
	p.number, p.taken = w.number, w.memory.taken
	before := len(p.records)
	for w.first < w.next && w.overtaken(w.at(w.first)) {
		p.records = append(p.records, w.takeQueued())
	}
	kept := w.heap[:0]
	for i := range w.heap {
		if w.overtaken(&w.heap[i]) {
			p.records = append(p.records, w.heap[i])
		} else {
			kept = append(kept, w.heap[i])
		}
	}
	if len(p.records) == before {
		return
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
	slices.SortFunc(p.records, func(a, b ahead) int {
		if a.before(&b) {
			return -1
		}
		return 1
	})
	size := 0
	for i := range p.records[:min(len(p.records), maxAside)] {
		a := &p.records[i]
		if size += len(a.Data); size > maxAsideBytes {
			return
		}
		if a.in != nil {
			a.Data = bytes.Clone(a.Data)
			w.release(a)
		}
	}
}
