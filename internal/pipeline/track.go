// SPDX-License-Identifier: Apache-2.0

// How far a pipeline has come, for a checkpoint. Events carry no position. They leave the queue in the order of Put, so a number says which
// have been handled. Behind the handler a barrier follows them: through the stages that keep events back, and into the batch that is being
// filled. When that batch has been delivered, every event before the barrier has left.

package pipeline

import "github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"

// Keeper is a BufferingHandler whose kept events can be waited for.
type Keeper interface {
	BufferingHandler
	// Stages are the places where events are kept back, in the order in which an event passes through them.
	Stages() []hold.Stage
}

// barrier stands behind the first events, in the order of Put.
type barrier struct {
	events int64 // their number
	stage  int   // the one in which some of them may be kept back; len(stages) for none
	hold.Barrier
	batch uint64 // the batch with which the last of them leaves, once all stages are passed; else 0
}

// maxBarriers bounds the barriers under way. Beyond that every second is given up, which makes a checkpoint less exact.
const maxBarriers = 1 << 10

// tracker finds out how many events have left. It is used by the worker only. A nil tracker does nothing.
type tracker struct {
	done   func(events int64)
	stages []hold.Stage

	handled   int64 // events
	left      int64 // events that have left, as done was told
	batch     uint64
	delivered bool // a batch was delivered since the last look
	lost      bool // what is left is dropped at shutdown, and stays to be read again
	barriers  []barrier
}

func newTracker(s *Settings) *tracker {
	if s.Done == nil {
		return nil
	}
	t := &tracker{done: s.Done, batch: 2}
	if k, ok := s.Handler.(Keeper); ok {
		t.stages = k.Stages()
	}
	return t
}

// handle notes that an event has been handled. It reports whether a batch was delivered meanwhile, so that look must follow.
func (t *tracker) handle() bool {
	t.handled++
	return t.delivered
}

// deliver notes that the batch has been delivered, or dropped for another reason than the shutdown. whole says that all events handled so far
// are in it or have left before.
func (t *tracker) deliver(whole, lost bool) {
	if t == nil {
		return
	}
	if lost || t.lost {
		t.lost = true
		return
	}
	t.batch++
	t.delivered = true
	if whole {
		t.left = t.handled
	}
}

// look moves the barriers on, and reports how many events have left. No event is being handled. records is the size of the batch that is being
// filled.
func (t *tracker) look(records int) {
	if t == nil || t.lost {
		return
	}
	t.delivered = false
	if n := len(t.barriers); t.handled > t.left && (n == 0 || t.barriers[n-1].events < t.handled) {
		t.add()
	}
	blocked := len(t.stages)
	for i := range t.barriers {
		b := &t.barriers[i]
		if b.batch != 0 || b.stage >= blocked && blocked < len(t.stages) {
			continue // it has passed all stages, or waits behind an earlier one
		}
		t.pass(b, records)
		blocked = min(blocked, b.stage)
	}
	n := 0
	for n < len(t.barriers) && t.barriers[n].batch != 0 && t.barriers[n].batch < t.batch {
		t.left = max(t.left, t.barriers[n].events)
		n++
	}
	t.barriers = append(t.barriers[:0], t.barriers[n:]...)
	t.done(t.left)
}

// add puts a barrier behind all events handled so far.
func (t *tracker) add() {
	if len(t.barriers) == maxBarriers {
		kept := t.barriers[:0]
		for i := 1; i < maxBarriers; i += 2 {
			kept = append(kept, t.barriers[i])
		}
		t.barriers = kept
	}
	b := barrier{events: t.handled}
	if len(t.stages) > 0 {
		b.Barrier = t.stages[0].Barrier()
	}
	t.barriers = append(t.barriers, b)
}

// pass moves a barrier on.
func (t *tracker) pass(b *barrier, records int) {
	for b.stage < len(t.stages) && t.stages[b.stage].Passed(b.Barrier) {
		if b.stage++; b.stage < len(t.stages) {
			b.Barrier = t.stages[b.stage].Barrier()
		}
	}
	if b.stage == len(t.stages) {
		b.batch = t.batch
		if records == 0 {
			b.batch--
		}
	}
}

// finish notes that nothing is kept back and that all batches have been handed over.
func (t *tracker) finish() {
	if t == nil || t.lost {
		return
	}
	t.barriers, t.left, t.delivered = t.barriers[:0], t.handled, false
	t.done(t.left)
}
