// SPDX-License-Identifier: Apache-2.0

// Package pipeline carries raw events from a source to the next component of the collector. In come raw events; out come batches of log
// records, and an account of every event.
//
// A live source calls Offer, which never blocks and drops the event when the queue is full. A file calls Put, which waits. A worker,
// or one of several, calls a Handler, which decodes, filters and maps each event. The worker hands the records on in batches, and retries a batch
// when the next component reports that it may succeed later. The queue bounds the memory. When events are recorded, each goes to the recorder's
// own queue first, even if the pipeline then drops or filters it.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
)

// DrainTimeout is the time, from the start of Shutdown, to hand over what is queued. The receivers of a collector share it.
const DrainTimeout = 3 * time.Second

// Further bounds of Shutdown. A receiver ends within four seconds even when its source and the next component hang. A collector that
// must end within five seconds has the rest for its other components, also on a busy host.
const (
	stopTimeout  = 1500 * time.Millisecond // for the source to stop, and not more than two thirds of what ctx allows
	graceTimeout = 400 * time.Millisecond  // for the next component to heed its context
	countTimeout = 600 * time.Millisecond  // for the worker to count the rest when it has, on a host that gives it little time
)

// Kind says what became of an event.
type Kind uint8

// The kinds. Every event has exactly one.
const (
	Emitted     Kind = iota // a record was appended
	Filtered                // the configuration excludes it
	Aggregated              // another event's record counts it, or only a sum does
	Undecodable             // no record could be made of it; Outcome.Reason says why
	Held                    // a BufferingHandler keeps it back; its record comes later
)

// Event is one raw event on its way.
type Event = queue.Event

// Outcome is a Handler's verdict on one event.
type Outcome struct {
	Kind Kind
	// Reason is set for Undecodable: one of few fixed words, for a metric's label.
	Reason string
	// Joined is the number of events that were kept back and that the record of this event also stands for.
	Joined int64
	// Archived says that the event has passed the filters, so that its full record was appended to the archive. See Settings.Archive.
	Archived bool
}

// Handler decodes, filters and maps events. It is called from one goroutine at a time.
type Handler interface {
	// Begin prepares an empty batch: resource and scope. It returns the slice that Handle appends to. A Handler with several
	// resources or scopes returns the slice of one and keeps the others itself; a scope or resource without records is left out.
	Begin(logs plog.Logs) plog.LogRecordSlice
	// Handle handles one event. For Emitted it has appended exactly one record, to records or to another slice of the batch;
	// otherwise none. For Archived it has also appended exactly one record to a place of the archive. It does so before anything that may panic
	// once the event is kept back.
	Handle(ev Event, records plog.LogRecordSlice) Outcome
}

// BufferingHandler is a Handler that keeps events back, so that one record can stand for several. After each flush interval and before
// each event, the worker releases events, oldest first, as long as the oldest is due.
type BufferingHandler interface {
	Handler
	// Due reports whether the oldest event kept back must go: its time is over, or its room is needed. Time is that of the events
	// handled so far.
	Due() bool
	// Silence notes that a live source delivered nothing for a time, and that none of its events is queued. So the time d has passed
	// without an event that shows it.
	Silence(d time.Duration)
	// Held is the number of events kept back.
	Held() int
	// Release handles the oldest event kept back. For Emitted it has removed the event and appended exactly one record, for the event and
	// those aggregated with it; for Aggregated it has added the event to another one that is kept back; for Held it keeps the event back
	// for another reason. Each event is released a few times at most. due is what Due has just returned; when it is false the event goes
	// early, because no more events come.
	Release(records plog.LogRecordSlice, due bool) Outcome
}

// PreparingHandler is a Handler that looks at events before it handles them, so that the memory that they need is loaded at the same time.
type PreparingHandler interface {
	Handler
	// Prepare is called with some events that Handle will get next, one after the other. Handle may also get an event that was not prepared.
	Prepare(events []Event)
}

// groupSize is the number of events that are prepared at a time. What is loaded for them must stay in the processor's caches.
const groupSize = 16

// Settings configures a pipeline.
type Settings struct {
	Batch BatchConfig
	Queue QueueConfig
	Retry RetryConfig
	// Memory bounds the queue together with the other holders of its budget. nil: only Queue applies.
	Memory  *budget.Share
	Handler Handler
	Next    consumer.Logs // nil for a handler that emits nothing
	// Report counts records for the collector's own receiver metrics (accepted, refused).
	Report *receiverhelper.ObsReport
	// Format is the name of what is received, under which Report counts.
	Format string
	Logger *zap.Logger
	// Record gets every event as it arrives; Shutdown closes it. When it is nil nothing is recorded.
	Record *record.Recorder
	// Archive says that the handler also appends a full record of each event that passes the filters, to places whose resource is marked
	// by MarkArchive. The batch's bounds include these records.
	Archive bool
	// Live says that the source is live, not a replay. Stats.Lag then counts from the event's own time if that is at most a minute
	// before its receipt, and silence is reported to a BufferingHandler. In a replay the lag counts from when the event was read, and time
	// passes only with the events.
	Live bool
	// Follow says that a replay follows files that are being written, so that silence is reported as for a live source.
	Follow bool
	// Done is called on any worker's goroutine, never on two at once. It is called after each batch and each flush interval, with the number of the
	// first events, in the order of Put, that have all left: their records were delivered, or they are otherwise accounted for. What is dropped at
	// shutdown has not left. It is only for a single producer. When it is nil nothing is tracked.
	Done func(events int64)
}

// Pipeline carries the events of one source to the next component. Start it before the first event.
type Pipeline struct {
	Settings
	Stats Stats

	queue *queue.Queue
	put   atomic.Int64 // events that Put has passed to the queue. Several producers may add to it; Taken is for one

	stopping chan struct{}
	done     chan struct{}
	deliver  context.Context // ends when no time is left to hand anything over
	cancel   context.CancelFunc

	settle chan func() // each is called when everything that waits or is kept back has been handled

	lanes         []*lane         // one for each worker
	garbage       *budget.Garbage // nil without a budget
	splitPanicked bool            // that Split or Look panicked has been logged
}

// lane is what one worker uses: a handler with its batch. Nothing else uses it while the worker handles events.
type lane struct {
	*Pipeline
	Handler   Handler
	shard     uint8            // of the events that it handles
	buffering BufferingHandler // Handler, if it is one; else nil
	preparing PreparingHandler // Handler, if it is one; else nil
	sharing   SharingHandler   // Handler, if there are several lanes; else nil
	group     []Event          // that are prepared
	indices   []int            // of these in a chunk, if there are several lanes
	logs      plog.Logs
	records   plog.LogRecordSlice   // what Begin returned
	places    []plog.LogRecordSlice // all slices that Begin made
	archives  []bool                // whether a place is of the archive
	lengths   []int                 // of the places, before an event
	size      int                   // of the batch in OTLP's protobuf form, in bytes
	panicked  bool
	track     *tracker     // nil if nothing is tracked
	unheld    bool         // no event was kept back when the present one came
	left      atomic.Int64 // Stats.Left of this lane

	nextPanicked  bool        // the next component's panic has been logged with its stack
	inNext        atomic.Bool // the worker is in a call of the next component
	contradiction bool        // it has been logged that the handler contradicts itself
}

// New prepares a pipeline. It reserves the queue's memory, which is touched only as it is used.
func New(s Settings) *Pipeline {
	p := &Pipeline{
		Settings: s,
		queue:    queue.New(s.Queue.MaxSizeMiB, s.Memory),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
		settle:   make(chan func()),
	}
	p.Stats.Dropped.Expect(DropQueueFull, DropTooLarge, DropShutdown)
	if s.Memory != nil {
		p.Stats.Dropped.Expect(DropNoMemory)
		p.garbage = budget.NewGarbage()
	}
	p.Stats.Archive.Dropped.Expect(DropRefused, DropShutdown)
	p.deliver, p.cancel = context.WithCancel(context.Background())
	p.lanes = newLanes(p)
	return p
}

// Start begins to hand over.
func (p *Pipeline) Start() {
	for _, l := range p.lanes {
		l.begin()
	}
	go p.work()
}

// Offer copies one event, which may come in two parts, and returns at once. It allocates nothing. It reports whether the event was taken;
// otherwise the event is counted as dropped.
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
	p.put.Add(1)
	return nil
}

// Taken returns how many events Put has passed to the worker. Only the producer may call it.
func (p *Pipeline) Taken() int64 { return p.put.Load() }

// Drain makes the worker handle every event that was received, including those kept back, and waits for it; no flush interval passes
// in between. The worker then calls then, if it is not nil, before it begins a batch for the events to come. The only error is the
// context's; then may still be called after it.
func (p *Pipeline) Drain(ctx context.Context, then func()) error {
	settled := make(chan struct{})
	settle := func() {
		defer close(settled)
		p.finish()
		if then != nil {
			then()
			for _, l := range p.lanes {
				l.begin()
			}
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

// Drop counts n events as received and dropped: the source had them and could not pass them on.
func (p *Pipeline) Drop(reason string, n int64) {
	p.Stats.Received.Add(n)
	p.Stats.Dropped.Add(reason, n)
}

// Shutdown stops the source, hands over what is queued, ends the worker, and meanwhile completes the recording. What cannot be handed
// over before ctx ends, or within the bounds above, is counted as dropped. An error means that the source, the recording or the next
// component did not end.
func (p *Pipeline) Shutdown(ctx context.Context, stopSource func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, DrainTimeout)
	defer cancel()
	end, _ := ctx.Deadline()
	stopping, stopped := context.WithTimeout(ctx, min(stopTimeout, time.Until(end)*2/3))
	err := stopSource(stopping)
	stopped()

	close(p.stopping)
	recorded := make(chan error, 1)
	go func() { recorded <- p.closeRecord(ctx) }()
	return errors.Join(err, p.drained(ctx), <-recorded)
}

// LogAccount logs what became of every event, after Shutdown has returned. When events have not left the receiver it says how many and
// why, as a warning, or as an error if the next component has not returned.
func (p *Pipeline) LogAccount(more ...zap.Field) {
	logger := printable.Always(p.Logger)
	log, said := logger.Info, "every event has left the receiver"
	dropped, undecodable, pending := p.Stats.Dropped.Total(), p.Stats.Undecodable.Total(), p.Stats.Pending()
	var stayed []string
	add := func(n int64, what string) {
		if n != 0 {
			stayed = append(stayed, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(dropped, "dropped")
	add(undecodable, "undecodable")
	add(pending, p.whereRest())
	if len(stayed) > 0 {
		log, said = logger.Warn, fmt.Sprintf("%d of %d events have not left the receiver: %s",
			dropped+undecodable+pending, p.Stats.Received.Load(), strings.Join(stayed, ", "))
	}
	if pending != 0 {
		log = logger.Error
	}
	log(said, append(more, zap.Stringer("events", &p.Stats))...)
	if p.Archive {
		p.Stats.Archive.log(logger, p.whereRest())
	}
}

// closeRecord completes the recording, if there is one.
func (p *Pipeline) closeRecord(ctx context.Context) error {
	if p.Record == nil {
		return nil
	}
	return p.Record.Close(ctx, graceTimeout)
}

// drained waits until the worker has handed over what is queued. When ctx ends the worker only counts the rest.
func (p *Pipeline) drained(ctx context.Context) error {
	defer p.cancel()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	p.cancel()
	if p.endsWithin(graceTimeout) {
		return nil
	}
	waited, inNext := DrainTimeout+graceTimeout, p.inNext()
	if !inNext {
		if p.endsWithin(countTimeout) {
			return nil
		}
		waited, inNext = waited+countTimeout, p.inNext() // one worker after the other hands over what is left
	}
	if inNext {
		return fmt.Errorf("the next component in the pipeline did not return within %v of shutdown; %d events are not accounted for", waited, p.Stats.Pending())
	}
	return fmt.Errorf("the receiver had not ended its work within %v of shutdown, although the next component in the pipeline has returned: "+
		"the host gives the collector too little time of its processors; %d events are not accounted for", waited, p.Stats.Pending())
}

// inNext reports whether a worker is in a call of the next component.
func (p *Pipeline) inNext() bool {
	return slices.ContainsFunc(p.lanes, func(l *lane) bool { return l.inNext.Load() })
}

// endsWithin reports whether the worker ends within d.
func (p *Pipeline) endsWithin(d time.Duration) bool {
	select {
	case <-p.done:
		return true
	case <-time.After(d):
		return false
	}
}

// whereRest says where events are that no one has accounted for.
func (p *Pipeline) whereRest() string {
	if p.inNext() {
		return "at the next component in the pipeline, which did not return"
	}
	return "in the receiver, which had not ended its work when its time was over"
}

// work is the worker's goroutine. With several lanes it divides the events among their goroutines, and uses the lanes itself while these wait.
func (p *Pipeline) work() {
	defer close(p.done)
	handle, wait, end := p.handling()
	defer end()
	p.queue.Run(p.stopping, queue.Worker{
		Handle:   handle,
		Wait:     wait,
		Interval: p.Batch.FlushInterval,
		Tick: func(silence time.Duration) {
			for _, l := range p.lanes {
				l.tick(silence)
			}
			p.noteFlushed()
		},
		Settle: p.settle,
		Late:   p.dropAtShutdown,
	})
	p.finish()
}

// finish releases all events kept back and hands over the batches.
func (p *Pipeline) finish() {
	for _, l := range p.lanes {
		l.releaseAll()
		l.flush()
		l.track.finish()
	}
}

// tick ends a flush interval after a time of silence.
func (p *lane) tick(silence time.Duration) {
	if silence > 0 && (p.Live || p.Follow) && p.buffering != nil {
		p.buffering.Silence(silence)
	}
	p.releaseDue()
	p.flush()
	p.track.look(p.count())
}

// releaseDue releases the events kept back that are due.
func (p *lane) releaseDue() {
	for p.buffering != nil && p.buffering.Due() {
		p.release(true)
	}
}

// releaseAll releases all events kept back.
func (p *lane) releaseAll() {
	for p.held() > 0 {
		p.release(false)
	}
}

// release releases one event. When no time is left to hand anything over, its record is dropped with the batch. After a panic the number of
// events kept back shows whether the event is lost.
func (p *lane) release(due bool) {
	var outcome Outcome
	held := p.held()
	p.unheld = false
	if !p.guard(func() { outcome = p.buffering.Release(p.records, due) }) {
		p.Stats.Undecodable.Add(UndecodablePanic, int64(held-p.held()))
		return
	}
	if !p.settled(outcome.Kind == Emitted, false) {
		p.Stats.Dropped.Add(DropNoRecord, 1)
	}
	if outcome.Kind == Aggregated {
		p.Stats.Aggregated.Add(1)
	}
}

// process handles a chunk's events.
func (p *lane) process(c *queue.Chunk) {
	p.garbage.Collect()
	p.handleAll(p.events(c), c.Len())
}

// handleAll handles n events.
func (p *lane) handleAll(events iter.Seq[Event], n int) {
	var filtered, aggregated, last int64
	left := n
	for ev := range events {
		if p.deliver.Err() != nil {
			p.dropAtShutdown(left)
			break
		}
		left--
		last = ev.Received
		p.releaseDue()
		outcome := p.handle(ev)
		aggregated += outcome.Joined
		if !p.settled(outcome.Kind == Emitted, outcome.Archived) {
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
		p.tracked(1)
	}
	p.Stats.Filtered.Add(filtered)
	p.Stats.Aggregated.Add(aggregated)
	p.Stats.noteLast(last)
}

// tracked tracks n events that have been handled.
func (p *lane) tracked(n int) {
	if p.track == nil || n == 0 {
		return
	}
	p.unheld = false
	if p.track.handle(n) {
		p.track.look(p.count())
	}
}

// events yields a chunk's events. Each was prepared, unless Prepare panics: Handle gets the event that made it panic, and counts it.
func (p *lane) events(c *queue.Chunk) iter.Seq[Event] {
	if p.preparing == nil {
		return c.Events()
	}
	return func(yield func(Event) bool) {
		p.group = p.group[:0]
		left := c.Len()
		for ev := range c.Events() {
			p.group = append(p.group, ev)
			if left--; left > 0 && len(p.group) < groupSize {
				continue
			}
			p.guard(func() { p.preparing.Prepare(p.group) })
			for _, ev := range p.group {
				if !yield(ev) {
					return
				}
			}
			p.group = p.group[:0]
		}
	}
}

// dropAtShutdown counts n events that there was no time to handle.
func (p *Pipeline) dropAtShutdown(n int) { p.Stats.Dropped.Add(DropShutdown, int64(n)) }

// handle calls the handler for one event. After a panic the number of events kept back shows what became of the event. If there is one
// more, the event itself was kept back before the panic, and still comes. If there are fewer, the event was to be joined with some that
// were kept back, and these are lost with it.
func (p *lane) handle(ev Event) (outcome Outcome) {
	held := p.held()
	p.unheld = held == 0
	if p.guard(func() { outcome = p.ask(ev) }) {
		return outcome
	}
	switch now := p.held(); {
	case now > held:
		return Outcome{Kind: Held, Archived: p.Archive} // its record in the archive was removed with what the handler had appended
	case now < held:
		p.Stats.Undecodable.Add(UndecodablePanic, int64(held-now))
	}
	return Outcome{Kind: Undecodable, Reason: UndecodablePanic}
}

// ask returns what becomes of an event.
func (p *lane) ask(ev Event) Outcome {
	if ev.Note == notePanicked {
		return Outcome{Kind: Undecodable, Reason: UndecodablePanic}
	}
	return p.Handler.Handle(ev, p.records)
}

// held is the number of events that the handler keeps back.
func (p *lane) held() int {
	if p.buffering == nil {
		return 0
	}
	return p.buffering.Held()
}

// guard calls do and recovers from a panic, so that it costs only the event: records that do has appended are removed. It reports whether
// do returned.
func (p *lane) guard(do func()) (returned bool) {
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
