// SPDX-License-Identifier: Apache-2.0

// How many events have left the pipeline, for a checkpoint. Events carry no position. They leave the queue in the order of Put, so their
// number identifies them. After the handler, a barrier marks the events handled so far. It passes each stage that keeps events back once the
// stage holds none of them, and then waits for the batch that is being filled. When that batch is delivered, all of these events have left.

package pipeline

import "github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"

// StagedHandler is a BufferingHandler whose stages a barrier can pass.
type StagedHandler interface {
	BufferingHandler
	// Stages are the places where events are kept back, in the order in which an event passes through them.
	Stages() []hold.Stage
}

// barrier marks the end of the first events, in the order of Put.
type barrier struct {
	events int64 // their number
	stage  int   // the one in which some of them may be kept back; len(stages) for none
	hold.Barrier
	batch uint64 // the batch that has the last of their records, once all stages are passed; else 0
}

// maxBarriers is the largest number of barriers. At that number every second one is dropped, so checkpoints become coarser.
const maxBarriers = 1 << 10

// tracker finds out how many events have left. It is used by the worker only. A nil tracker does nothing.
type tracker struct {
	done   func(events int64)
	stages []hold.Stage

	handled   int64 // number of events handled
	left      int64 // number of events that have left
	batch     uint64
	delivered bool // a batch was delivered since the last look
	lost      bool // a batch was dropped at shutdown: its events are read again after a restart, so nothing more counts as left
	barriers  []barrier
}

// newTracker returns a tracker of the events that a handler gets. It is nil if done is.
func newTracker(h Handler, done func(events int64)) *tracker {
	if done == nil {
		return nil
	}
	t := &tracker{done: done, batch: 2}
	if staged, ok := h.(StagedHandler); ok {
		t.stages = staged.Stages()
	}
	return t
}

// handle notes that n events have been handled. It reports whether a batch was delivered since the last look; the caller must then call look.
func (t *tracker) handle(n int) bool {
	t.handled += int64(n)
	return t.delivered
}

// deliver notes that the batch has been delivered or dropped. lost is set if it was dropped at shutdown. whole is set if each event handled so
// far is in the batch or has left before.
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

// look advances the barriers, and calls done with the number of events that have left. The worker calls it between two events. records is the
// number of records in the batch that is being filled.
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

// add adds a barrier after all events handled so far.
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

// pass moves a barrier through the stages that hold none of its events.
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
