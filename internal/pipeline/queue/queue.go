// SPDX-License-Identifier: Apache-2.0

// Package queue carries raw events from their producers to one worker. In come events, by Offer from a live source, which never
// blocks, and by Put from a file, which waits; out come chunks of them, to the worker's Handle. Memory is bounded: all chunks are
// allocated once and used again. With a share of a budget, chunks are allocated as they are needed, and those above a few are freed again.
//
// A producer takes the current chunk by an atomic exchange, copies the event into it and puts it back. So an event costs no
// allocation and no lock. A full chunk goes to the worker, and on each interval the one that is being filled. Locks are taken once
// per chunk, which holds about 800 events of usual size. A lock-free stack of free chunks was measured against the list with a mutex
// that is used now, and gained nothing: an event costs 134 ns with the mutex and 156 ns with the stack, and with as many producers as
// processors 176 ns with either (BenchmarkOffer, BenchmarkOfferAtOnce; medians of twenty runs that took turns on a busy machine).
package queue

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sys/cpu"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
)

// Reasons for which Offer does not take an event; for a metric's label.
const (
	Full     = "queue_full" // no chunk is free: the worker is slower than the producers
	TooLarge = "too_large"  // the event is larger than MaxEventSize
	Ended    = "shutdown"   // the worker has ended
	NoMemory = "memory"     // the budget that the queue shares with other holders has no room
)

// ErrTooLarge is what Put gives for an event larger than MaxEventSize.
var ErrTooLarge = errors.New("the event is too large for the queue")

// Queue is a bounded queue of events. Any number of producers may use it at once. The events of a single producer keep their order. With
// several producers at once, the events of one chunk may come before older ones of another chunk.
type Queue struct {
	free    chan struct{} // one for each chunk in idle
	idle    freeList
	full    chan *Chunk // has room for all chunks, so that sending never blocks
	late    func(n int) // Worker.Late, set before ended
	memory  *budget.Share
	freed   chan struct{} // has a value if a chunk was freed since the last wait for memory
	ended   atomic.Bool   // the worker takes no more events
	_       cpu.CacheLinePad
	current atomic.Pointer[Chunk]
	seq     atomic.Uint64
	_       cpu.CacheLinePad
}

// Reserved is the number of bytes of a budget to reserve for a queue. With these two chunks it works.
const Reserved = 2 * ChunkSize

// New returns a queue of mib MiB. It reserves the memory, which is touched only as it is used. With a share of a budget it takes the memory
// chunk by chunk; Reserved bytes of the share must be reserved.
func New(mib int, memory *budget.Share) *Queue {
	count := max(2, mib<<20/ChunkSize)
	q := &Queue{free: make(chan struct{}, count), full: make(chan *Chunk, count), memory: memory, freed: make(chan struct{}, 1)}
	chunks := make([]Chunk, count)
	if memory != nil {
		q.idle.chunks, q.idle.empty = make([]*Chunk, 0, spareChunks), make([]*Chunk, 0, count)
		for i := range chunks {
			q.idle.empty = append(q.idle.empty, &chunks[i])
			q.free <- struct{}{}
		}
		return q
	}
	arena := make([]byte, count*ChunkSize)
	q.idle.chunks = make([]*Chunk, 0, count)
	for i := range chunks {
		c := &chunks[i]
		c.buf = arena[i*ChunkSize : i*ChunkSize : (i+1)*ChunkSize]
		q.release(c)
	}
	return q
}

// Offer copies one event, which may come in two parts, and returns at once. It allocates nothing, and takes a lock only when it begins a
// chunk or passes a full one on. It returns "" when the event was taken, else the reason.
func (q *Queue) Offer(received int64, head, body []byte) (reason string) {
	n := len(head) + len(body)
	if n > MaxEventSize {
		return TooLarge
	}
	if q.ended.Load() {
		return Ended
	}
	c := q.withRoom(n)
	if c == nil {
		select {
		case <-q.free:
			if c = q.begin(); c == nil {
				return NoMemory
			}
		default:
			return Full
		}
	}
	q.store(c, received, head, body)
	return ""
}

// Put copies one event and waits for room. Its error is that of the context, or ErrTooLarge.
func (q *Queue) Put(ctx context.Context, received int64, head, body []byte) error {
	n := len(head) + len(body)
	if n > MaxEventSize {
		return ErrTooLarge
	}
	c, waited := q.withRoom(n), false
	for c == nil {
		select {
		case <-q.free:
			c = q.begin()
		case <-ctx.Done():
			return ctx.Err()
		}
		if c != nil {
			break
		}
		select { // the worker has chunks of this queue: without any, what is reserved would have been enough
		case <-q.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
		waited = true
	}
	if waited {
		q.signalFreed() // another producer may wait too
	}
	q.store(c, received, head, body)
	return nil
}

// begin takes a free chunk. The caller has taken a value from free, so there is one. It returns nil, and gives the value back, if the chunk
// has no memory and the budget has no room.
func (q *Queue) begin() *Chunk {
	c := q.idle.pop()
	if cap(c.buf) == 0 {
		if !q.memory.Take(ChunkSize) {
			q.idle.pushEmpty(c)
			q.free <- struct{}{}
			return nil
		}
		c.buf = make([]byte, 0, ChunkSize)
	}
	c.seq = q.seq.Add(1)
	return c
}

// release returns an empty chunk to the free list. Under a budget it frees the chunk's memory if the list has enough chunks with memory.
func (q *Queue) release(c *Chunk) {
	if q.memory != nil && !q.idle.pushSpare(c) {
		c.buf = nil
		q.memory.Give(ChunkSize)
		q.idle.pushEmpty(c)
	} else if q.memory == nil {
		q.idle.push(c)
	}
	q.free <- struct{}{}
	if q.memory != nil {
		q.signalFreed()
	}
}

// signalFreed lets a producer look for memory again.
func (q *Queue) signalFreed() {
	select {
	case q.freed <- struct{}{}:
	default:
	}
}

// withRoom takes the current chunk if n bytes fit in, and passes it to the worker otherwise. While a producer holds the chunk, current is
// nil, so neither the worker nor another producer can touch it.
func (q *Queue) withRoom(n int) *Chunk {
	c := q.current.Swap(nil)
	if c != nil && !c.fits(n) {
		q.full <- c
		q.sweepEnded()
		c = nil
	}
	return c
}

// store appends the event to c and makes c the current chunk, or passes it on if another producer has set one meanwhile.
func (q *Queue) store(c *Chunk, received int64, head, body []byte) {
	c.append(received, head, body)
	if !q.current.CompareAndSwap(nil, c) {
		q.full <- c
	}
	q.sweepEnded()
}

// sweepEnded counts what is queued as late if the worker has ended. A producer that was storing an event while the worker looked for the
// last time sees that here.
func (q *Queue) sweepEnded() {
	if q.ended.Load() {
		q.sweep()
	}
}

func (q *Queue) sweep() {
	q.drain(func(c *Chunk) {
		q.late(c.count)
		q.Done(c)
	})
}

// Worker is the consumer of the events. All its functions but Late are called on the goroutine that calls Run.
type Worker struct {
	// Handle gets each chunk and may keep no reference to it. On each interval it gets the chunk that is being filled, so that no event
	// waits longer.
	Handle func(*Chunk)
	// Wait may be nil. If it is not, Handle keeps each chunk until another goroutine calls Done for it, and Wait waits until that has been
	// done for all. It is called before Tick, before the functions of Settle, and before Run returns.
	Wait func()
	// Tick is called after each Interval, whether events wait or not. silence is how long nothing has been queued and nothing handled
	// until now; it is 0 when an event came since the last call, or is queued. It is at most two intervals, because a longer time means
	// that the worker was delayed, by the next component or by a suspended host.
	Interval time.Duration
	Tick     func(silence time.Duration)
	// Settle may be nil. For each function received from it, the worker handles all that is queued and then calls the function.
	Settle <-chan func()
	// Late is called for n events that were taken while or after Run ended and are not handled. Any producer may call it.
	Late func(n int)
}

// Run is the worker's loop. When stop is closed it handles what is queued and returns.
func (q *Queue) Run(stop <-chan struct{}, w Worker) {
	ticker := time.NewTicker(w.Interval)
	defer ticker.Stop()
	handle, wait := w.Handle, w.Wait
	if wait == nil {
		wait = func() {}
		handle = func(c *Chunk) {
			w.Handle(c)
			q.Done(c)
		}
	}
	quiet, since := true, time.Now() // whether nothing has been handled since that time
	for {
		select {
		case c := <-q.full:
			quiet = false
			handle(c)
		case <-ticker.C:
			now := time.Now()
			if len(q.full) == 0 && q.passCurrent(handle) {
				quiet = false
			}
			wait()
			silence := time.Duration(0)
			if quiet && q.Bytes() == 0 {
				silence = min(now.Sub(since), 2*w.Interval)
			}
			w.Tick(silence)
			quiet, since = true, time.Now()
		case settled := <-w.Settle:
			quiet = false
			q.drain(handle)
			wait()
			settled()
		case <-stop:
			q.drain(handle)
			wait()
			q.late = w.Late
			q.ended.Store(true)
			q.sweep()
			return
		}
	}
}

// drain handles all that is queued.
func (q *Queue) drain(handle func(*Chunk)) {
	q.passCurrent(handle)
	for {
		select {
		case c := <-q.full:
			handle(c)
		default:
			return
		}
	}
}

// passCurrent handles the chunk that is being filled, after older ones that were queued meanwhile. It reports whether there was one.
func (q *Queue) passCurrent(handle func(*Chunk)) bool {
	c := q.current.Swap(nil)
	if c == nil {
		return false
	}
	for {
		select {
		case other := <-q.full:
			if other.seq > c.seq {
				c, other = other, c
			}
			handle(other)
			continue
		default:
		}
		handle(c)
		return true
	}
}

// Done frees a chunk that has been handled. Only a Worker with Wait needs it, for each chunk once. Any goroutine may call it.
func (q *Queue) Done(c *Chunk) {
	c.buf, c.count = c.buf[:0], 0
	q.release(c)
}

// Bytes returns how much of the queue's memory is in use, in bytes, as a multiple of ChunkSize.
func (q *Queue) Bytes() int64 { return int64(cap(q.free)-len(q.free)) * ChunkSize }

// Capacity returns the size of the queue's memory in bytes.
func (q *Queue) Capacity() int64 { return int64(cap(q.free)) * ChunkSize }
