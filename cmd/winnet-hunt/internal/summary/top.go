// SPDX-License-Identifier: Apache-2.0

package summary

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
)

// Count is how often something came: exactly, or at least that often.
type Count struct {
	Name    string
	Count   int64
	AtLeast bool
}

// top counts what comes most often, in bounded memory: the algorithm Space-Saving (Metwally, Agrawal, El Abbadi: Efficient computation of frequent and
// top-k elements in data streams, 2005). Until it has seen more names than it keeps, every count is exact. After that a new name takes the place of the
// rarest, and its count may be too high by what that one had: it is given without that part, and marked.
type top struct {
	most  int // names kept
	names map[string]*entry
	heap  entries // the rarest first
}

type entry struct {
	name         string
	count, wrong int64 // wrong is the part of count that may be another name's
	at           int
}

func newTop(most int) *top { return &top{most: most, names: map[string]*entry{}} }

// longest is how much of a name is kept, in bytes. A DNS name has at most 1,004 with all its bytes escaped; a damaged recording may have longer texts.
const longest = 1024

// add counts n of a name. Names that begin with the same longest bytes are one.
func (t *top) add(name string, n int64) {
	if len(name) > longest {
		name = strings.Clone(strings.ToValidUTF8(name[:longest], "")) + "…"
	}
	if e, ok := t.names[name]; ok {
		e.count += n
		heap.Fix(&t.heap, e.at)
		return
	}
	if len(t.heap) < t.most {
		e := &entry{name: name, count: n}
		t.names[name] = e
		heap.Push(&t.heap, e)
		return
	}
	e := t.heap[0]
	delete(t.names, e.name)
	e.name, e.wrong = name, e.count
	e.count += n
	t.names[name] = e
	heap.Fix(&t.heap, 0)
}

// inOrder returns the names that are kept, those that came most often first.
func (t *top) inOrder() (all []Count) {
	for _, e := range t.heap {
		all = append(all, Count{e.name, e.count - e.wrong, e.wrong > 0})
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	return all
}

type entries []*entry

func (e entries) Len() int           { return len(e) }
func (e entries) Less(i, j int) bool { return e[i].count < e[j].count }
func (e entries) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].at, e[j].at = i, j
}

// Push implements heap.Interface.
func (e *entries) Push(x any) {
	x.(*entry).at = len(*e)
	*e = append(*e, x.(*entry))
}

// Pop implements heap.Interface. Nothing is taken from the heap.
func (e *entries) Pop() any { panic("unreachable") }
