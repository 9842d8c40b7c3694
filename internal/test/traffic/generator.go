// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"container/heap"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// Midnight is a day for traffic whose date does not matter.
func Midnight() time.Time { return time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC) }

// Generator makes the events. It is not safe for concurrent use.
type Generator struct {
	model   Model
	start   int64 // midnight, in ns since 1970
	now     int64
	actors  actors
	waiting events
	layouts map[uint16]layout
	texts   map[name]string
	fresh   uint64
	serial  uint64
	free    [][]byte
	last    []byte
	queries int
}

// actor is who sends queries.
type actor interface {
	next() int64 // the time of what it does next
	act()
}

// New returns a generator whose traffic begins so long after midnight. The clients' hours of work are those after midnight.
func New(m Model, seed uint64, midnight time.Time, from time.Duration) *Generator {
	g := &Generator{model: m, start: midnight.UnixNano(), now: midnight.Add(from).UnixNano(), layouts: layouts(), texts: map[name]string{}}
	g.newClients(seed)
	return g
}

// Next returns the next event in wire form and its time. It is valid until the next call.
func (g *Generator) Next() (raw []byte, at time.Time) {
	if g.last != nil {
		g.free = append(g.free, g.last)
	}
	for len(g.waiting) == 0 || g.actors[0].next() < g.waiting[0].at {
		g.actors[0].act()
		heap.Fix(&g.actors, 0)
	}
	e := heap.Pop(&g.waiting).(event)
	g.last = e.raw
	return e.raw, time.Unix(0, e.at).UTC()
}

// Queries returns the number of queries so far, without those that are sent again.
func (g *Generator) Queries() int { return g.queries }

func (g *Generator) add(a actor) { heap.Push(&g.actors, a) }

// newName returns a name that nobody has asked for.
func (g *Generator) newName() name {
	g.fresh++
	return name{oneTime, g.fresh}
}

func (g *Generator) hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

// text returns a name's text.
func (g *Generator) text(n name) string {
	if n.kind == oneTime {
		return n.text()
	}
	s, ok := g.texts[n]
	if !ok {
		s = n.text()
		g.texts[n] = s
	}
	return s
}

// emit adds an event.
func (g *Generator) emit(id uint16, at int64, v *values) {
	var buf []byte
	if n := len(g.free); n > 0 {
		buf, g.free = g.free[n-1][:0], g.free[:n-1]
	}
	l := g.layouts[id]
	g.serial++
	heap.Push(&g.waiting, event{at, g.serial, l.append(buf, at, v)})
}

// exchange adds the events of a query, of what the server asks others, and of the response. It returns the response code.
func (g *Generator) exchange(r *rand.Rand, client string, q question, at int64) uint16 {
	m := &g.model
	g.queries++
	result := m.result(q.name)
	var answers []record
	if result == noError {
		answers = m.answers(q.name, q.qtype)
	}
	local := q.kind == own || q.kind == service || q.kind == reverse
	pairs := 0
	if !local && (q.kind == oneTime || r.Float64() >= m.CacheHit) {
		pairs = 1
		if r.Float64() < m.Pairs-1 {
			pairs = 2
		}
	}
	x := exchange{
		g: g, client: client, name: g.text(q.name), qtype: q.qtype, result: result, answers: answers, local: local,
		port: uint32(49152 + r.IntN(16384)), id: uint16(r.Uint32()), guid: guid(r),
	}
	x.received(at)
	if r.Float64() < m.Resent {
		again := x
		again.guid = guid(r)
		again.received(at + int64(time.Second))
		again.answered(at+int64(time.Second)+int64(200*time.Microsecond), 0)
	}
	end := at + 50_000 + r.Int64N(600_000)
	for depth := range pairs {
		relayed := uint16(r.Uint32())
		x.relayed(end, relayed)
		end += int64(5*time.Millisecond) + int64(r.ExpFloat64()*float64(60*time.Millisecond))
		x.returned(end, relayed, uint32(depth+1))
		end += 40_000 + r.Int64N(100_000)
	}
	x.answered(end, uint32((end-at)/int64(time.Millisecond)))
	return result
}

// guid returns a random GUID as text.
func guid(r *rand.Rand) string {
	const digits = "0123456789ABCDEF"
	b := []byte("{00000000-0000-4000-8000-000000000000}")
	for i := range b {
		if b[i] == '0' {
			b[i] = digits[r.IntN(16)]
		}
	}
	return string(b)
}

// event is an event that is not yet delivered. serial orders events of the same time.
type event struct {
	at     int64
	serial uint64
	raw    []byte
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].serial < e[j].serial
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

type actors []actor

func (a actors) Len() int           { return len(a) }
func (a actors) Less(i, j int) bool { return a[i].next() < a[j].next() }
func (a actors) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *actors) Push(x any)        { *a = append(*a, x.(actor)) }
func (a *actors) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
