// SPDX-License-Identifier: Apache-2.0

// Package pipeline carries raw events from a source to the next component of the collector, and accounts for each.
//
// A source copies every event into the current chunk: Offer for a live source, which never blocks and drops when no chunk
// is free, Put for a file, which waits. Full chunks, and on each flush interval the one being filled, go to a worker that
// has a Handler decode, filter and map each event, and hands the records on in batches, retried where the next component
// says that it may succeed later. Memory is bounded by the number of chunks.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
)

// Bounds of Shutdown, so that a receiver ends within five seconds even when its source and the next component hang.
const (
	stopTimeout  = 1500 * time.Millisecond // for the source to stop
	drainTimeout = 3 * time.Second         // for what is queued to be handed over
	graceTimeout = 400 * time.Millisecond  // for the next component to heed its context
)

// Kind says what became of an event.
type Kind uint8

// The kinds. An event has exactly one.
const (
	Emitted     Kind = iota // a record was appended
	Filtered                // the configuration does not want it
	Aggregated              // it is counted in another event's record
	Undecodable             // no record could be made of it; Outcome.Reason says why
	Held                    // it is kept back by a Holder: its record comes later
)

// Outcome is a Handler's verdict on one event.
type Outcome struct {
	Kind Kind
	// Reason is set for Undecodable: one of few fixed words, for a metric's label.
	Reason string
	// Joined is the number of events kept back until now that the record of this event stands for as well.
	Joined int64
}

// Handler decodes, filters and maps events. It is called from one goroutine.
type Handler interface {
	// Begin prepares an empty batch: resource and scope. It returns where Handle appends.
	Begin(logs plog.Logs) plog.LogRecordSlice
	// Handle deals with one event. For Emitted it has appended exactly one record to records, else none.
	Handle(ev Event, records plog.LogRecordSlice) Outcome
}

// Holder is a Handler that keeps events back, to let one record stand for several. The worker lets go of one event after
// the other while the oldest is due: after each flush interval and before each event.
type Holder interface {
	Handler
	// Due tells whether an event that is kept back must go: its time is over, or its room is needed. now is the time in
	// nanoseconds since 1970.
	Due(now int64) bool
	// Held is the number of events kept back.
	Held() int
	// Release lets go of the oldest event kept back and appends exactly one record, for it and those aggregated with it.
	// due is what Due has just said; without it the event goes early, since no more events come.
	Release(records plog.LogRecordSlice, due bool)
}

// Settings is what a pipeline is made of.
type Settings struct {
	Batch   BatchConfig
	Queue   QueueConfig
	Retry   configretry.BackOffConfig
	Handler Handler
	Next    consumer.Logs
	// Report counts for the collector's own receiver metrics (accepted, refused).
	Report *receiverhelper.ObsReport
	// Format is the word under which Report counts: what is received.
	Format string
	Logger *zap.Logger
	// Live makes Stats.Lag count from the event's own time; else, in a replay, it counts from when the event was read.
	Live bool
}

// Pipeline is one source's way to the next component. Start it before the first event.
type Pipeline struct {
	Settings
	Stats Stats

	free    chan *chunk
	full    chan *chunk // room for all chunks, so that sending never blocks
	current atomic.Pointer[chunk]
	seq     atomic.Uint64
	closed  atomic.Bool

	stopping chan struct{}
	done     chan struct{}
	deliver  context.Context // ends when there is no more time to hand anything over
	cancel   context.CancelFunc

	settle chan struct{} // what waits or is kept back shall go

	// The worker's own.
	holder   Holder // Handler, where it is one
	logs     plog.Logs
	records  plog.LogRecordSlice
	panicked bool
}

// New prepares a pipeline; its memory is reserved here and touched as it is used.
func New(s Settings) *Pipeline {
	count := max(2, s.Queue.MaxSizeMiB<<20/chunkSize)
	p := &Pipeline{
		Settings: s,
		free:     make(chan *chunk, count),
		full:     make(chan *chunk, count),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
		settle:   make(chan struct{}),
	}
	p.holder, _ = s.Handler.(Holder)
	p.deliver, p.cancel = context.WithCancel(context.Background())
	arena := make([]byte, count*chunkSize)
	chunks := make([]chunk, count)
	for i := range chunks {
		chunks[i].buf = arena[i*chunkSize : i*chunkSize : (i+1)*chunkSize]
		p.free <- &chunks[i]
	}
	return p
}

// Start begins to hand over.
func (p *Pipeline) Start() {
	p.begin()
	go p.work()
}

// Offer copies one event, which may come in two parts, and returns at once. It allocates nothing and holds no lock. It says
// whether the event was taken; one that was not is counted as dropped.
func (p *Pipeline) Offer(received int64, head, body []byte) bool {
	p.Stats.Received.Add(1)
	n := len(head) + len(body)
	if n > MaxEventSize {
		p.Stats.Dropped.Add(DropTooLarge, 1)
		return false
	}
	if p.closed.Load() {
		p.Stats.Dropped.Add(DropShutdown, 1)
		return false
	}
	c := p.withRoom(n)
	if c == nil {
		select {
		case c = <-p.free:
			c.seq = p.seq.Add(1)
		default:
			p.Stats.Dropped.Add(DropQueueFull, 1)
			return false
		}
	}
	p.store(c, received, head, body)
	return true
}

// Put copies one event and waits for room. The only error is the context's; the event is then not counted as received. An
// event too large for the pipeline is counted as dropped.
func (p *Pipeline) Put(ctx context.Context, received int64, head, body []byte) error {
	n := len(head) + len(body)
	if n > MaxEventSize {
		p.Drop(DropTooLarge, 1)
		return nil
	}
	c := p.withRoom(n)
	if c == nil {
		select {
		case c = <-p.free:
			c.seq = p.seq.Add(1)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.Stats.Received.Add(1)
	p.store(c, received, head, body)
	return nil
}

// withRoom takes the current chunk out of its place if n bytes fit in; a fuller one goes to the worker. While a producer
// holds the chunk its place is empty, so neither the worker nor another producer can touch it.
func (p *Pipeline) withRoom(n int) *chunk {
	c := p.current.Swap(nil)
	if c != nil && !c.fits(n) {
		p.full <- c
		c = nil
	}
	return c
}

// store appends the event to c and puts c back in its place, or sends it on where another producer has put one there.
func (p *Pipeline) store(c *chunk, received int64, head, body []byte) {
	c.append(received, head, body)
	if !p.current.CompareAndSwap(nil, c) {
		p.full <- c
	}
}

// QueueBytes is how much of the queue's memory is in use, in bytes, in steps of a chunk.
func (p *Pipeline) QueueBytes() int64 { return int64(cap(p.free)-len(p.free)) * chunkSize }

// QueueCapacity is the queue's memory in bytes.
func (p *Pipeline) QueueCapacity() int64 { return int64(cap(p.free)) * chunkSize }

// Idle has the worker deal with every event that was received, those kept back included, and waits for it: no flush interval
// passes in between. Its only error is the context's.
func (p *Pipeline) Idle(ctx context.Context) error {
	for p.Stats.Pending() > 0 {
		select {
		case p.settle <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Drop counts n events that the source had and could not pass on.
func (p *Pipeline) Drop(reason string, n int64) {
	p.Stats.Received.Add(n)
	p.Stats.Dropped.Add(reason, n)
}

// Shutdown has the source stop, hands over what is queued and ends the worker. What cannot be handed over before ctx ends, or
// within the bounds above, is counted as dropped. An error means that the source or the next component did not end.
func (p *Pipeline) Shutdown(ctx context.Context, stopSource func(context.Context) error) error {
	stopping, cancel := context.WithTimeout(ctx, stopTimeout)
	err := stopSource(stopping)
	cancel()

	p.closed.Store(true)
	close(p.stopping)
	ctx, cancel = context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	defer p.cancel()
	select {
	case <-p.done:
		return err
	case <-ctx.Done():
	}
	p.cancel()
	select {
	case <-p.done:
		return err
	case <-time.After(graceTimeout):
		return errors.Join(err, fmt.Errorf("the next component in the pipeline did not return within %v of shutdown; %d events are not accounted for",
			drainTimeout+graceTimeout, p.Stats.Pending()))
	}
}

// work is the worker. A chunk that is being filled is taken on every flush interval, so that no event waits longer.
func (p *Pipeline) work() {
	defer close(p.done)
	tick := time.NewTicker(p.Batch.FlushInterval)
	defer tick.Stop()
	for {
		select {
		case c := <-p.full:
			p.process(c)
		case <-tick.C:
			if len(p.full) == 0 {
				p.processCurrent()
			}
			p.releaseDue(time.Now().UnixNano())
			p.flush()
		case <-p.settle:
			p.drain()
		case <-p.stopping:
			p.drain()
			return
		}
	}
}

// drain deals with all that is there.
func (p *Pipeline) drain() {
	p.processCurrent()
	for len(p.full) > 0 {
		p.process(<-p.full)
	}
	p.releaseAll()
	p.flush()
}

// releaseDue lets go of the events kept back that are due.
func (p *Pipeline) releaseDue(now int64) {
	for p.holder != nil && p.holder.Due(now) {
		p.release(true)
	}
}

// releaseAll lets go of all events kept back.
func (p *Pipeline) releaseAll() {
	for p.held() > 0 {
		p.release(false)
	}
}

// release lets go of one event. When there is no more time to hand anything over, its record is dropped with the batch.
func (p *Pipeline) release(due bool) {
	p.guard(func() { p.holder.Release(p.records, due) }, func() { p.Stats.Undecodable.Add(UndecodablePanic, 1) })
	if p.records.Len() >= p.Batch.MaxRecords {
		p.flush()
	}
}

// processCurrent takes the chunk that is being filled, after the older ones that came meanwhile.
func (p *Pipeline) processCurrent() {
	c := p.current.Swap(nil)
	if c == nil {
		return
	}
	for {
		select {
		case other := <-p.full:
			if other.seq > c.seq {
				c, other = other, c
			}
			p.process(other)
			continue
		default:
		}
		p.process(c)
		return
	}
}

// process handles a chunk's events and frees the chunk.
func (p *Pipeline) process(c *chunk) {
	var filtered, aggregated int64
	rest := c.buf
	for i := range c.count {
		if p.deliver.Err() != nil {
			p.Stats.Dropped.Add(DropShutdown, int64(c.count-i))
			break
		}
		var ev Event
		ev, rest = cut(rest)
		p.releaseDue(ev.Received)
		outcome := p.handle(ev)
		aggregated += outcome.Joined
		switch outcome.Kind {
		case Emitted:
			if p.records.Len() >= p.Batch.MaxRecords {
				p.flush()
			}
		case Held:
		case Filtered:
			filtered++
		case Aggregated:
			aggregated++
		default:
			p.Stats.Undecodable.Add(outcome.Reason, 1)
		}
	}
	p.Stats.Filtered.Add(filtered)
	p.Stats.Aggregated.Add(aggregated)
	c.buf, c.count = c.buf[:0], 0
	p.free <- c
}

// handle lets the handler deal with one event. After a panic what the handler keeps back tells what became of the event: kept
// back before the panic, it still comes; and one kept back before it, that was to be joined, is lost with it.
func (p *Pipeline) handle(ev Event) (outcome Outcome) {
	held := p.held()
	p.guard(func() { outcome = p.Handler.Handle(ev, p.records) }, func() {
		outcome = Outcome{Kind: Undecodable, Reason: UndecodablePanic}
		switch now := p.held(); {
		case now > held:
			outcome = Outcome{Kind: Held}
		case now < held:
			p.Stats.Undecodable.Add(UndecodablePanic, int64(held-now))
		}
	})
	return outcome
}

// held is the number of events that the handler keeps back.
func (p *Pipeline) held() int {
	if p.holder == nil {
		return 0
	}
	return p.holder.Held()
}

// guard lets a panic in do cost its event and no more: the record begun is taken back, and failed is called.
func (p *Pipeline) guard(do, failed func()) {
	before := p.records.Len()
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		i := 0
		p.records.RemoveIf(func(plog.LogRecord) bool { i++; return i > before })
		if !p.panicked {
			p.panicked = true
			p.Logger.Error("handling an event panicked; it is counted as undecodable and further ones are only counted",
				zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
		}
		failed()
	}()
	do()
}

// begin starts an empty batch.
func (p *Pipeline) begin() {
	p.logs = plog.NewLogs()
	p.records = p.Handler.Begin(p.logs)
}
