// SPDX-License-Identifier: Apache-2.0

// Package pipeline carries raw events from a source to the next component of the collector, and accounts for each.
//
// A source gives every event to Offer, where it is live, which never blocks and drops when the queue is full; or to Put, from a
// file, which waits. A worker has a Handler decode, filter and map each event, and hands the records on in batches, retried
// where the next component says that it may succeed later. Memory is bounded by the queue. Where events are recorded, each
// goes to the recorder's own queue first, whatever becomes of it here.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
)

// Bounds of Shutdown, so that a receiver ends within three and a half seconds even when its source and the next component hang:
// a collector that shall end within five has the rest for its other components, also on a busy host.
const (
	stopTimeout  = 1500 * time.Millisecond // for the source to stop
	drainTimeout = 3 * time.Second         // from the beginning, for what is queued to be handed over
	graceTimeout = 400 * time.Millisecond  // for the next component to heed its context
)

// Kind says what became of an event.
type Kind uint8

// The kinds. An event has exactly one.
const (
	Emitted     Kind = iota // a record was appended
	Filtered                // the configuration does not want it
	Aggregated              // it is counted in another event's record, or in a sum only
	Undecodable             // no record could be made of it; Outcome.Reason says why
	Held                    // it is kept back by a BufferingHandler: its record comes later
)

// Event is one raw event on its way.
type Event = queue.Event

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
	// Begin prepares an empty batch: resource and scope. It returns where Handle appends. A Handler of several resources or scopes
	// returns one's place and keeps those of the others itself; a scope or a resource that gets no record is left out.
	Begin(logs plog.Logs) plog.LogRecordSlice
	// Handle deals with one event. For Emitted it has appended exactly one record to records, or to another place of the batch, else
	// none.
	Handle(ev Event, records plog.LogRecordSlice) Outcome
}

// BufferingHandler is a Handler that keeps events back, to let one record stand for several. The worker lets go of one event after
// the other while the oldest is due: after each flush interval and before each event.
type BufferingHandler interface {
	Handler
	// Due reports whether an event that is kept back must go: its time is over, or its room is needed. Time is that of the events
	// handled so far.
	Due() bool
	// Silence says that a live source had nothing for a time, and that none of its events waits: so much time has passed though no
	// event says so.
	Silence(d time.Duration)
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
	Retry   RetryConfig
	Handler Handler
	Next    consumer.Logs // nil for a handler that emits nothing
	// Report counts for the collector's own receiver metrics (accepted, refused).
	Report *receiverhelper.ObsReport
	// Format is the word under which Report counts: what is received.
	Format string
	Logger *zap.Logger
	// Record gets every event as it arrives; Shutdown closes it. Nil: nothing is recorded.
	Record *record.Recorder
	// Live makes Stats.Lag count from the event's own time, where that is up to a minute before its receipt, and has a BufferingHandler told of
	// silence; else, in a replay, the lag counts from when the event was read, and time passes with the events only.
	Live bool
}

// Pipeline is one source's way to the next component. Start it before the first event.
type Pipeline struct {
	Settings
	Stats Stats

	queue *queue.Queue

	stopping chan struct{}
	done     chan struct{}
	deliver  context.Context // ends when there is no more time to hand anything over
	cancel   context.CancelFunc

	settle chan func() // what waits or is kept back shall go, then this be called

	// The worker's own.
	holder   BufferingHandler // Handler, where it is one
	logs     plog.Logs
	records  plog.LogRecordSlice   // what Begin returned
	places   []plog.LogRecordSlice // all that Begin made
	lengths  []int                 // of the places, before an event
	size     int                   // of the batch in OTLP's protobuf form, in bytes
	panicked bool

	contradiction bool // that a handler does not do what it says has been logged
}

// New prepares a pipeline; its memory is reserved here and touched as it is used.
func New(s Settings) *Pipeline {
	p := &Pipeline{
		Settings: s,
		queue:    queue.New(s.Queue.MaxSizeMiB),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
		settle:   make(chan func()),
	}
	p.Stats.Dropped.Expect(DropQueueFull, DropTooLarge, DropShutdown)
	p.holder, _ = s.Handler.(BufferingHandler)
	p.deliver, p.cancel = context.WithCancel(context.Background())
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
	if p.Record != nil {
		p.Record.Offer(received, head, body)
	}
	if reason := p.queue.Offer(received, head, body); reason != "" {
		p.Stats.Dropped.Add(reason, 1)
		return false
	}
	return true
}

// Put copies one event and waits for room, the recorder's included. The only error is the context's; the event is then not
// counted as received. An event too large for the queue is counted as dropped.
func (p *Pipeline) Put(ctx context.Context, received int64, head, body []byte) error {
	if p.Record != nil {
		if err := p.Record.Put(ctx, received, head, body); err != nil {
			return err
		}
	}
	switch err := p.queue.Put(ctx, received, head, body); {
	case errors.Is(err, queue.ErrTooLarge):
		p.Drop(DropTooLarge, 1)
		return nil
	case err != nil:
		return err
	}
	p.Stats.Received.Add(1)
	return nil
}

// Drain has the worker deal with every event that was received, those kept back included, and waits for it: no flush interval
// passes in between. The worker then calls then, where it is not nil, before it begins a batch for the events to come. The
// only error is the context's; then may still be called after it.
func (p *Pipeline) Drain(ctx context.Context, then func()) error {
	settled := make(chan struct{})
	settle := func() {
		defer close(settled)
		p.finish()
		if then != nil {
			then()
			p.begin()
		}
	}
	select {
	case p.settle <- settle:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-settled:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Drop counts n events that the source had and could not pass on.
func (p *Pipeline) Drop(reason string, n int64) {
	p.Stats.Received.Add(n)
	p.Stats.Dropped.Add(reason, n)
}

// Shutdown has the source stop, hands over what is queued and ends the worker, and completes the recording meanwhile. What
// cannot be handed over before ctx ends, or within the bounds above, is counted as dropped. An error means that the source,
// the recording or the next component did not end.
func (p *Pipeline) Shutdown(ctx context.Context, stopSource func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	stopping, stopped := context.WithTimeout(ctx, stopTimeout)
	err := stopSource(stopping)
	stopped()

	close(p.stopping)
	recorded := make(chan error, 1)
	go func() { recorded <- p.closeRecord(ctx) }()
	return errors.Join(err, p.drained(ctx), <-recorded)
}

// LogAccount says what became of every event, when Shutdown has returned, and how many have not left and why: as a warning, or as an
// error where the next component has not returned.
func (p *Pipeline) LogAccount(more ...zap.Field) {
	log, said := p.Logger.Info, "every event has left the receiver"
	dropped, undecodable, pending := p.Stats.Dropped.Total(), p.Stats.Undecodable.Total(), p.Stats.Pending()
	var stayed []string
	add := func(n int64, what string) {
		if n != 0 {
			stayed = append(stayed, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(dropped, "dropped")
	add(undecodable, "undecodable")
	add(pending, "at the next component in the pipeline, which did not return")
	if len(stayed) > 0 {
		log, said = p.Logger.Warn, fmt.Sprintf("%d of %d events have not left the receiver: %s",
			dropped+undecodable+pending, p.Stats.Received.Load(), strings.Join(stayed, ", "))
	}
	if pending != 0 {
		log = p.Logger.Error
	}
	log(said, append(more, zap.Stringer("events", &p.Stats))...)
}

// closeRecord completes the recording, where there is one.
func (p *Pipeline) closeRecord(ctx context.Context) error {
	if p.Record == nil {
		return nil
	}
	return p.Record.Close(ctx, graceTimeout)
}

// drained waits for the worker to hand over what is queued; when ctx ends it may only count it.
func (p *Pipeline) drained(ctx context.Context) error {
	defer p.cancel()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	p.cancel()
	select {
	case <-p.done:
		return nil
	case <-time.After(graceTimeout):
		return fmt.Errorf("the next component in the pipeline did not return within %v of shutdown; %d events are not accounted for",
			drainTimeout+graceTimeout, p.Stats.Pending())
	}
}

// work is the worker.
func (p *Pipeline) work() {
	defer close(p.done)
	p.queue.Run(p.stopping, queue.Worker{
		Handle:   p.process,
		Interval: p.Batch.FlushInterval,
		Tick: func(silence time.Duration) {
			if silence > 0 && p.Live && p.holder != nil {
				p.holder.Silence(silence)
			}
			p.releaseDue()
			p.flush()
		},
		Settle: p.settle,
		Late:   p.dropAtShutdown,
	})
	p.finish()
}

// finish lets go of all that is kept back and hands it over.
func (p *Pipeline) finish() {
	p.releaseAll()
	p.flush()
}

// releaseDue lets go of the events kept back that are due.
func (p *Pipeline) releaseDue() {
	for p.holder != nil && p.holder.Due() {
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
	if !p.guard(func() { p.holder.Release(p.records, due) }) {
		p.Stats.Undecodable.Add(UndecodablePanic, 1)
	} else if !p.settled(true) {
		p.Stats.Dropped.Add(DropNoRecord, 1)
	}
}

// process handles a chunk's events.
func (p *Pipeline) process(c *queue.Chunk) {
	var filtered, aggregated int64
	left := c.Len()
	for ev := range c.Events() {
		if p.deliver.Err() != nil {
			p.dropAtShutdown(left)
			break
		}
		left--
		p.releaseDue()
		outcome := p.handle(ev)
		aggregated += outcome.Joined
		if !p.settled(outcome.Kind == Emitted) {
			p.Stats.Dropped.Add(DropNoRecord, 1)
		}
		switch outcome.Kind {
		case Emitted, Held:
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
}

// dropAtShutdown counts n events for which there was no time.
func (p *Pipeline) dropAtShutdown(n int) { p.Stats.Dropped.Add(DropShutdown, int64(n)) }

// handle lets the handler deal with one event. After a panic what the handler keeps back tells what became of the event: kept
// back before the panic, it still comes; and one kept back before it, that was to be joined, is lost with it.
func (p *Pipeline) handle(ev Event) (outcome Outcome) {
	held := p.held()
	if p.guard(func() { outcome = p.Handler.Handle(ev, p.records) }) {
		return outcome
	}
	switch now := p.held(); {
	case now > held:
		return Outcome{Kind: Held}
	case now < held:
		p.Stats.Undecodable.Add(UndecodablePanic, int64(held-now))
	}
	return Outcome{Kind: Undecodable, Reason: UndecodablePanic}
}

// held is the number of events that the handler keeps back.
func (p *Pipeline) held() int {
	if p.holder == nil {
		return 0
	}
	return p.holder.Held()
}

// guard lets a panic in do cost its event and no more: the record begun is taken back. It reports whether do returned.
func (p *Pipeline) guard(do func()) (returned bool) {
	p.lengths = p.lengths[:0]
	for _, place := range p.places {
		p.lengths = append(p.lengths, place.Len())
	}
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		for i, n := range p.lengths {
			p.cut(i, n)
		}
		if !p.panicked {
			p.panicked = true
			p.Logger.Error("handling an event panicked; it is counted as undecodable and further ones are only counted",
				zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
		}
	}()
	do()
	return true
}
