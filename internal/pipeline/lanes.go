// SPDX-License-Identifier: Apache-2.0

// Several workers. One goroutine looks at each event of a chunk and decides whose it is. The chunk then goes to all workers, with a list that
// says so. Each worker has a handler with a batch of its own, and handles its events in their order. Workers exchange nothing else: a chunk and
// its list do not change any more.
//
// Where a worker passes over the events of others, its handler still gets their times, so that time passes for all handlers alike. Each worker
// tracks all events, so that its barriers count what the first worker's do.

package pipeline

import (
	"iter"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
)

// SharedHandler is a Handler whose events several handlers share.
type SharedHandler interface {
	Handler
	// Sharing returns these handlers, at most MaxShards. With fewer than two, the SharedHandler handles all events.
	Sharing() []SharingHandler
	// Split decides which of them gets an event. It is called once for each event, in their order, on one goroutine. The handlers may handle
	// earlier events at the same time, but none of their methods that the flush interval or Drain calls runs.
	Split(ev Event) Split
	// Look is called with some events that Split will get next, one after the other, so that the memory that they need is loaded at the same
	// time. Split may also get an event that Look did not.
	Look(events []Event)
}

// SharingHandler is one of the handlers that share the events. Its events keep their order.
type SharingHandler interface {
	BufferingHandler
	// Pass notes events that other handlers get, in their order. It is called between the events before and after them, and returns how many it
	// has noted. Before each it looks whether anything is due. If so, it stops there: the worker releases what is due, and calls Pass again with
	// the rest.
	Pass(passed []Passed) int
}

// Split says who gets an event.
type Split struct {
	At    int64 // the time of the event
	Shard uint8 // the index of the handler
	Note  uint8 // Event.Note, below 255
}

// Passed is an event of a chunk that another handler gets.
type Passed struct {
	At     int64  // the time of the event
	offset uint32 // in its chunk
	next   uint16 // the index of the next event of the same handler, or noEvent
	Note   uint8  // Event.Note
}

// noEvent is more than the index of any event of a chunk.
const noEvent = math.MaxUint16

// notePanicked is the note of an event for which Split panicked.
const notePanicked = 255

// chunksAhead is the number of chunks that wait for a worker. With fewer, the goroutines wait for each other more often, and to wake one takes
// longer than to load again what has left the processor's caches. More would only take chunks from the producers.
const chunksAhead = 8

// SplitMemory is the most memory that the lists of events take, in bytes: those of the shortest events.
const SplitMemory = (chunksAhead + 2) * queue.ChunkSize / queue.EventHeader * 16

// newLanes returns the lanes: one for each handler.
func newLanes(p *Pipeline) []*lane {
	var sharing []SharingHandler
	if shared, ok := p.Handler.(SharedHandler); ok {
		sharing = shared.Sharing()
	}
	if len(sharing) < 2 {
		return []*lane{newLane(p, p.Handler, p.Done)}
	}
	least := leastOf(len(sharing), p.Done)
	var lanes []*lane
	for i, h := range sharing {
		l := newLane(p, h, least(i))
		l.shard, l.sharing = uint8(i), h
		lanes = append(lanes, l)
	}
	return lanes
}

func newLane(p *Pipeline, h Handler, done func(int64)) *lane {
	l := &lane{Pipeline: p, Handler: h, track: newTracker(h, done)}
	l.buffering, _ = h.(BufferingHandler)
	l.preparing, _ = h.(PreparingHandler)
	return l
}

// leastOf returns functions for n trackers. Together they call done with the least of the numbers that they were called with last: the number
// of events that have left all lanes. They are nil if done is. They may be called from any goroutine. done is never called on two at once, as
// Settings.Done promises: the mutex is held meanwhile.
func leastOf(n int, done func(int64)) func(i int) func(int64) {
	if done == nil {
		return func(int) func(int64) { return nil }
	}
	var mu sync.Mutex
	left := make([]int64, n)
	return func(i int) func(int64) {
		return func(events int64) {
			mu.Lock()
			defer mu.Unlock()
			left[i] = events
			least := events
			for _, other := range left {
				least = min(least, other)
			}
			done(least)
		}
	}
}

// noteLeft notes that events until a time have left the lane.
func (p *lane) noteLeft(until int64) {
	p.left.Store(until)
	least := int64(math.MaxInt64)
	for _, l := range p.lanes {
		least = min(least, l.left.Load())
	}
	p.Stats.left.Store(least)
}

// noteFlushed notes that all lanes have handed over their batches. An event that has left one lane has then left all, including lanes without an event.
func (p *Pipeline) noteFlushed() {
	until := int64(0)
	for _, l := range p.lanes {
		until = max(until, l.left.Load())
	}
	for _, l := range p.lanes {
		l.left.Store(until)
	}
	p.Stats.left.Store(until)
}

// shared is a chunk whose events several lanes handle.
type shared struct {
	*queue.Chunk
	splits []Passed         // all events
	offset uint32           // of the first event that has not been split
	shares []share          // by lane
	looked [groupSize]Event // that Split gets next
	users  atomic.Int32
}

// share is a lane's share of the events of a chunk.
type share struct {
	number      int    // of its events
	first, last uint16 // the indices of the first and the last of them, noEvent if there is none
}

// handling returns what handles a chunk and, if that goes on on other goroutines, what waits until they have handled all. end ends them.
func (p *Pipeline) handling() (handle func(*queue.Chunk), wait, end func()) {
	if len(p.lanes) == 1 {
		return p.lanes[0].process, nil, func() {}
	}
	var workers, unhandled sync.WaitGroup
	free := make(chan *shared, chunksAhead+2) // a worker has one, chunksAhead wait, and one is being split
	for range cap(free) {
		free <- &shared{shares: make([]share, len(p.lanes))}
	}
	chunks := make([]chan *shared, len(p.lanes))
	for i, l := range p.lanes {
		chunks[i] = make(chan *shared, chunksAhead)
		workers.Go(func() {
			for s := range chunks[i] {
				l.processShare(s)
				if s.users.Add(-1) == 0 {
					p.queue.Done(s.Chunk)
					free <- s
				}
				unhandled.Done()
			}
		})
	}
	handle = func(c *queue.Chunk) {
		p.garbage.Collect()
		s := <-free
		s.Chunk = c
		p.split(s)
		s.users.Store(int32(len(p.lanes)))
		unhandled.Add(len(p.lanes))
		for _, to := range chunks {
			to <- s
		}
	}
	return handle, unhandled.Wait, func() {
		for _, to := range chunks {
			close(to)
		}
		workers.Wait()
	}
}

// split decides whose the events of a chunk are. An event for which that panics costs no other event: the first lane counts it.
func (p *Pipeline) split(s *shared) {
	if n := s.Len(); cap(s.splits) < n {
		s.splits = make([]Passed, 0, n) // SplitMemory counts no more than that
	}
	s.splits, s.offset = s.splits[:0], 0
	for i := range s.shares {
		s.shares[i] = share{first: noEvent, last: noEvent}
	}
	for len(s.splits) < s.Len() {
		p.splitOn(s)
	}
}

// add adds what was decided about the next event, whose data has a size.
func (s *shared) add(split Split, size int) {
	i, share := uint16(len(s.splits)), &s.shares[split.Shard]
	s.splits = append(s.splits, Passed{At: split.At, offset: s.offset, next: noEvent, Note: split.Note})
	s.offset += queue.EventHeader + uint32(size)
	if share.number++; share.number == 1 {
		share.first = i
	} else {
		s.splits[share.last].next = i
	}
	share.last = i
}

// splitOn goes on with the events of a chunk, up to the end or to the first for which Split panics. When no time is left to hand anything over,
// the first lane drops the events.
func (p *Pipeline) splitOn(s *shared) {
	next := 0 // the index of the event that Split gets
	defer func() {
		if r := recover(); r != nil {
			ev := &s.looked[next]
			s.add(Split{At: ev.Received, Note: notePanicked}, len(ev.Data))
			p.noteSplitPanic(r)
		}
	}()
	h, late := p.Handler.(SharedHandler), p.deliver.Err() != nil
	for len(s.splits) < s.Len() {
		looked := s.looked[:min(groupSize, s.Len()-len(s.splits))]
		s.Ahead(looked, s.offset)
		if !late {
			p.look(h, looked)
		}
		for next = range looked {
			var split Split
			if !late {
				split = h.Split(looked[next])
			}
			s.add(split, len(looked[next].Data))
		}
	}
}

// look calls Look. If that panics, Split gets the event that made it panic, and the event is counted.
func (p *Pipeline) look(h SharedHandler, looked []Event) {
	defer func() {
		if r := recover(); r != nil {
			p.noteSplitPanic(r)
		}
	}()
	h.Look(looked)
}

// noteSplitPanic logs the first panic.
func (p *Pipeline) noteSplitPanic(r any) {
	if !p.splitPanicked {
		p.splitPanicked = true
		p.Logger.Error("looking at an event panicked; it is counted as undecodable and further ones are only counted",
			zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
	}
}

// processShare handles the lane's events of a chunk.
func (p *lane) processShare(s *shared) {
	p.handleAll(p.share(s), s.shares[p.shard].number)
}

// share yields the lane's events of a chunk, as events does, and passes over the others. An event for which Split panicked is a group of its own,
// which is not prepared: Handle does not get it.
func (p *lane) share(s *shared) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		passed := 0 // the number of events that were handled or passed over
		next := s.shares[p.shard].first
		for next != noEvent {
			p.group, p.indices = p.group[:0], p.indices[:0]
			for next != noEvent && len(p.group) < groupSize {
				split := &s.splits[next]
				if split.Note == notePanicked && len(p.group) > 0 {
					break
				}
				ev := s.At(split.offset)
				ev.Note = split.Note
				p.group, p.indices = append(p.group, ev), append(p.indices, int(next))
				next = split.next
				if ev.Note == notePanicked {
					break
				}
			}
			for n, ahead := 0, next; n < groupSize && ahead != noEvent; n++ { // the next group
				s.Fetch(s.splits[ahead].offset)
				ahead = s.splits[ahead].next
			}
			if p.preparing != nil && p.group[0].Note != notePanicked {
				p.guard(func() { p.preparing.Prepare(p.group) })
			}
			for i, ev := range p.group {
				p.pass(s.splits[passed:p.indices[i]])
				passed = p.indices[i] + 1
				if !yield(ev) {
					return
				}
			}
		}
		p.pass(s.splits[passed:])
	}
}

// pass passes over events of other lanes. When no time is left to hand anything over, the lane comes no further.
func (p *lane) pass(passed []Passed) {
	for len(passed) > 0 && p.deliver.Err() == nil {
		n := p.sharing.Pass(passed)
		passed = passed[n:]
		p.tracked(n)
		if len(passed) > 0 {
			p.releaseDue()
		}
	}
}
