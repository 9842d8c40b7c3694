// SPDX-License-Identifier: Apache-2.0

package names

import (
	"container/heap"
	"slices"
)

// ended is something that has an end: an address's or frontend's owners, or an identity.
type ended struct {
	frontend frontend
	number   uint32
	service  bool
}

// expiring is something of which an owner ended at a time.
type expiring struct {
	at int64
	ended
}

// expiry has what ended, each once, by its first end. So its size depends on what is kept, and not on how often that changes.
type expiry struct {
	queue queue
	there map[ended]bool
}

// push adds something, unless it is there.
func (e *expiry) push(x expiring) {
	if e.there[x.ended] {
		return
	}
	if e.there == nil {
		e.there = map[ended]bool{}
	}
	e.there[x.ended] = true
	heap.Push(&e.queue, x)
}

// next takes what ended first, if that was before a time.
func (e *expiry) next(before int64) (expiring, bool) {
	if len(e.queue) == 0 || e.queue[0].at >= before {
		return expiring{}, false
	}
	x := heap.Pop(&e.queue).(expiring)
	delete(e.there, x.ended)
	if n := len(e.queue); n < cap(e.queue)/4 { // give back the memory of many that are gone
		e.queue = slices.Clone(e.queue)
		e.there = make(map[ended]bool, n)
		for i := range e.queue {
			e.there[e.queue[i].ended] = true
		}
	}
	return x, true
}

// queue is a heap, the first end on top.
type queue []expiring

// Len implements heap.Interface, as do the methods below.
func (q queue) Len() int { return len(q) }

// Less reports whether one ended before another.
func (q queue) Less(i, j int) bool { return q[i].at < q[j].at }

// Swap swaps two.
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push appends one.
func (q *queue) Push(x any) { *q = append(*q, x.(expiring)) }

// Pop takes the last one.
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}
