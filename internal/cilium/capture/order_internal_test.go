// SPDX-License-Identifier: Apache-2.0

package capture

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

func TestTheWindowHoldsNothingOfARecordThatWasTaken(t *testing.T) {
	var w window
	for i := range 500 { // half of them out of order
		w.add(&events.Record{Time: int64(1 + i%2*1000 + i), Data: make([]byte, slabSize+1)})
		if i%3 > 0 {
			a, _ := w.take()
			w.release(&a)
		}
	}
	for w.len() > 0 {
		a, _ := w.take()
		w.release(&a)
	}
	if w.bytes != 0 {
		t.Errorf("%d bytes are in use", w.bytes)
	}
	for _, places := range [][]ahead{w.queue, w.heap[:cap(w.heap)]} {
		if len(places) == 0 {
			t.Fatal("both the queue and the heap were to be used")
		}
		for i := range places {
			if places[i].in != nil || places[i].Data != nil {
				t.Fatalf("place %d of %d still has its data", i, len(places))
			}
		}
	}
}

// model is the obvious form of the window: lists that are searched from end to end. Its records are small.
type model struct {
	read         []int64 // times of all records, in the file's order
	waits, aside []int   // their numbers
	looked       int     // how many had been read when it last looked for records to put aside
	since        int
}

// first returns the index of the earliest record of a list, or of the latest if last is set.
func (m *model) first(list []int, last bool) (place int) {
	for i, n := range list {
		other := list[place]
		if before := m.read[n] < m.read[other] || m.read[n] == m.read[other] && n < other; i > 0 && before != last {
			place = i
		}
	}
	return place
}

func (m *model) lookDue() bool { return len(m.read)-m.looked >= lookRecords }

func (m *model) add(time int64) {
	if m.lookDue() {
		m.looked = len(m.read)
		m.waits = slices.DeleteFunc(m.waits, func(n int) bool {
			if len(m.read)-n <= maxAhead {
				return false
			}
			earlier := 0
			for _, after := range m.read[len(m.read)-maxAhead:] {
				if after < m.read[n] {
					earlier++
				}
			}
			if 8*earlier <= 5*maxAhead {
				return false
			}
			m.aside = append(m.aside, n)
			return true
		})
	}
	m.waits = append(m.waits, len(m.read))
	m.read = append(m.read, time)
}

func (m *model) full() bool {
	return len(m.waits) >= maxAhead || m.lookDue() && len(m.aside) > maxAside
}

func (m *model) take() (number int, early bool) {
	out := func(list *[]int, place int) int {
		n := (*list)[place]
		*list = slices.Delete(*list, place, place+1)
		return n
	}
	if len(m.aside) > maxAside && (m.since >= apart || m.lookDue()) {
		m.since = 0
		return out(&m.aside, m.first(m.aside, true)), true
	}
	m.since++
	wait, aside := m.first(m.waits, false), m.first(m.aside, false)
	if len(m.aside) > 0 && (len(m.waits) == 0 || m.first([]int{m.waits[wait], m.aside[aside]}, false) == 1) {
		return out(&m.aside, aside), false
	}
	return out(&m.waits, wait), false
}

func TestTheWindowDoesAsItsModel(t *testing.T) {
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(23, seed))
		past, future := random.Float64()*0.7, random.Float64()*0.4
		n := 20_000
		if seed == 0 {
			past, future, n = 0, 0.6, 40_000 // more than can be put aside
		}
		disorder := 1 + random.IntN(3000)
		var w window
		var m model
		taken, asides := 0, 0
		take := func() {
			a, early := w.take()
			number, wantEarly := m.take()
			if a.number != uint64(number) || a.key != m.read[number] || early != wantEarly {
				t.Fatalf("seed %d: record %d of the time %d, early %v, is the %dth; want %d, %d, %v", seed, a.number, a.key, early, taken, number, m.read[number], wantEarly)
			}
			w.release(&a)
			taken++
		}
		for i := range n {
			at := int64(1e9 + i + random.IntN(disorder))
			switch draw := random.Float64(); {
			case draw < past:
				at -= 1e8 + random.Int64N(1e8)
			case draw < past+future:
				at += 1e9 + random.Int64N(1e9)
			}
			for w.full() {
				if !m.full() {
					t.Fatalf("seed %d: full after %d records", seed, i)
				}
				take()
			}
			if m.full() {
				t.Fatalf("seed %d: not full after %d records", seed, i)
			}
			w.add(&events.Record{Time: at, Data: []byte("x")})
			m.add(at)
			asides = max(asides, len(m.aside))
		}
		for w.len() > 0 {
			take()
		}
		if taken != n || seed == 0 && asides <= maxAside {
			t.Errorf("seed %d: %d records of %d, %d put aside at most", seed, taken, n, asides)
		}
	}
}
