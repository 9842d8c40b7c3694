// SPDX-License-Identifier: Apache-2.0

package events

import "testing"

func TestTheWindowHoldsNothingOfARecordThatWasTaken(t *testing.T) {
	var w window
	for i := range 500 { // half of them out of order
		w.add(&Record{Time: int64(1 + i%2*1000 + i), Data: make([]byte, slabSize+1)})
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
