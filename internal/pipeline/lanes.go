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
}

// SharingHandler is one of the handlers that share the events. Its events keep their order.
type SharingHandler interface {
	BufferingHandler
	// Pass notes an event that another handler gets. It is called between the events before and after it.
	Pass(s Split)
}

// MaxShards is the largest number of handlers that share the events.
const MaxShards = 64

// Split says who gets an event.
type Split struct {
	At     int64  // the time of the event
	offset uint32 // in its chunk
	Shard  uint8  // the index of the handler
	Note   uint8  // Event.Note, below 255
}

// notePanicked is the note of an event for which Split panicked.
const notePanicked = 255

// chunksAhead is the number of chunks that wait for a worker. More would only take chunks from the producers, and have left the processor's
// caches when they are handled.
const chunksAhead = 2

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

// noteFlushed notes that all lanes have handed over their batches. What has left one has then left all, also those that got no event.
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
	splits []Split
	offset uint32 // of the first event that has not been split
	number []int  // of the events of each lane
	users  atomic.Int32
}

// handling returns what handles a chunk and, if that goes on on other goroutines, what waits until they have handled all. end ends them.
func (p *Pipeline) handling() (handle func(*queue.Chunk), wait, end func()) {
	if len(p.lanes) == 1 {
		return p.lanes[0].process, nil, func() {}
	}
	var workers, unhandled sync.WaitGroup
	free := make(chan *shared, chunksAhead+2) // a worker has one, chunksAhead wait, and one is being split
	for range cap(free) {
		free <- &shared{number: make([]int, len(p.lanes))}
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
		s.splits = make([]Split, 0, n) // SplitMemory counts no more than that
	}
	s.splits, s.offset = s.splits[:0], 0
	clear(s.number)
	for len(s.splits) < s.Len() {
		p.splitOn(s)
	}
}

// splitOn goes on with the events of a chunk, up to the end or to the first for which Split panics. When no time is left to hand anything over,
// the first lane drops the events.
func (p *Pipeline) splitOn(s *shared) {
	add := func(split Split, of Event) {
		split.offset = s.offset
		s.offset += queue.EventHeader + uint32(len(of.Data))
		s.splits = append(s.splits, split)
		s.number[split.Shard]++
	}
	var ev Event
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		add(Split{At: ev.Received, Note: notePanicked}, ev)
		if !p.splitPanicked {
			p.splitPanicked = true
			p.Logger.Error("looking at an event panicked; it is counted as undecodable and further ones are only counted",
				zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
		}
	}()
	split := p.Handler.(SharedHandler).Split
	if p.deliver.Err() != nil {
		split = func(Event) Split { return Split{} }
	}
	for len(s.splits) < s.Len() {
		ev = s.At(s.offset)
		add(split(ev), ev)
	}
}

// processShare handles the lane's events of a chunk.
func (p *lane) processShare(s *shared) { p.handleAll(p.share(s), s.number[p.shard]) }

// share yields the lane's events of a chunk, as events does, and passes over the others. An event for which Split panicked is a group of its own,
// which is not prepared: Handle does not get it.
func (p *lane) share(s *shared) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		passed, fetched := 0, 0
		for begin := 0; begin < len(s.splits); {
			p.group = p.group[:0]
			end := begin
			for ; end < len(s.splits) && len(p.group) < groupSize; end++ {
				if split := &s.splits[end]; split.Shard == p.shard {
					if split.Note == notePanicked && len(p.group) > 0 {
						break
					}
					ev := s.At(split.offset)
					ev.Note = split.Note
					p.group = append(p.group, ev)
					if ev.Note == notePanicked {
						end++
						break
					}
				}
			}
			fetched = max(fetched, end)
			for n := 0; fetched < len(s.splits) && n < groupSize; fetched++ { // the next group
				if split := &s.splits[fetched]; split.Shard == p.shard {
					s.Fetch(split.offset)
					n++
				}
			}
			if p.preparing != nil && len(p.group) > 0 && p.group[0].Note != notePanicked {
				p.guard(func() { p.preparing.Prepare(p.group) })
			}
			for _, ev := range p.group {
				for s.splits[passed].Shard != p.shard {
					p.pass(s.splits[passed])
					passed++
				}
				passed++
				if !yield(ev) {
					return
				}
			}
			for ; passed < end; passed++ {
				p.pass(s.splits[passed])
			}
			begin = end
		}
	}
}

// pass passes over an event of another lane. When no time is left to hand anything over, the lane comes no further.
func (p *lane) pass(s Split) {
	if p.deliver.Err() != nil {
		return
	}
	p.releaseDue()
	p.sharing.Pass(s)
	p.tracked()
}
