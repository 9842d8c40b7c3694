// SPDX-License-Identifier: Apache-2.0

// Which events are still kept back, for checkpoints. Nothing is stored for an event: the order of the entries is enough.

package hold

// Barrier divides the events that were kept back before it from those that come after it. A stage has a number for each of its stores, of which there are
// at most three.
type Barrier [3]uint32

// Stage keeps events back. It is used from one goroutine.
type Stage interface {
	// Barrier returns a barrier behind all events that the stage has.
	Barrier() Barrier
	// Passed reports whether the stage keeps no event from before the barrier. It may return true late, but never early.
	Passed(Barrier) bool
}

// Next is the number of the entry that the next Put makes. Numbers wrap around.
func (s *Store) Next() uint32 { return s.order.next }

// Gone reports whether the store has no entry with a number before n. A renewed entry counts as a new one.
func (s *Store) Gone(n uint32) bool { return int32(s.order.first-n) >= 0 }

// Epochs counts the events that are kept back, by the epoch in which they came. It is for events whose order no store has. The zero value is
// empty.
type Epochs struct {
	first  uint32  // the epoch of the first count
	counts []int32 // one for each epoch up to the present one
}

// Enter notes that an event is kept back, and returns the present epoch.
func (e *Epochs) Enter() uint32 {
	if len(e.counts) == 0 {
		e.counts = append(e.counts, 0)
	}
	last := len(e.counts) - 1
	e.counts[last]++
	return e.first + uint32(last)
}

// Leave notes that an event has left. epoch is what Enter returned for it.
func (e *Epochs) Leave(epoch uint32) { e.counts[epoch-e.first]-- }

// Begin begins an epoch, and returns it.
func (e *Epochs) Begin() uint32 {
	e.trim()
	e.counts = append(e.counts, 0)
	return e.first + uint32(len(e.counts)-1)
}

// Over reports whether no event is kept back that entered before an epoch.
func (e *Epochs) Over(epoch uint32) bool {
	e.trim()
	return int32(e.first-epoch) >= 0
}

// trim drops the first epochs that have no events. It keeps the present one.
func (e *Epochs) trim() {
	n := 0
	for n < len(e.counts)-1 && e.counts[n] == 0 {
		n++
	}
	e.first += uint32(n)
	e.counts = append(e.counts[:0], e.counts[n:]...)
}
