// SPDX-License-Identifier: Apache-2.0

// Package status writes records about a receiver itself. In come its account, its losses, and what someone else has done to its source; out
// come log records of the scope winnet.status: heartbeats, losses, security records.
//
// Status records are not events, so the account of events leaves them out. They do not pass the queue of events: a goroutine of its own hands
// them over one by one, so that they never hold up events, and events never hold them up.
package status

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// Reasons for which a status record is dropped.
const (
	dropSuperseded = "superseded" // a newer heartbeat, or the sum of two losses, has taken its place
	dropQueueFull  = "queue_full" // maxWaiting records wait already
	dropRefused    = pipeline.DropRefused
	dropPanic      = pipeline.DropPanic
	dropShutdown   = pipeline.DropShutdown
)

const (
	// maxWaiting is the largest number of records that wait: one heartbeat, one loss of each source, and security records.
	maxWaiting = 1024
	// lookInterval is the time between two looks at the losses.
	lookInterval = 10 * time.Second
	// leastTime is the least time for handing over the last records, and graceTime the time for the next component to return after that.
	leastTime = 300 * time.Millisecond
	graceTime = 300 * time.Millisecond
)

// Settings configures a Reporter.
type Settings struct {
	Config
	Next   consumer.Logs
	Retry  pipeline.RetryConfig
	Report *receiverhelper.ObsReport
	Format string // under which Report counts
	Logger *zap.Logger

	Device  func() Device
	State   func() string // one of Live, Waiting, Replay, Replayed
	Account func() Account
	// Timed reports whether the time of a loss of this source is known: it happened between two looks.
	Timed func(source string) bool
}

// Stats accounts for every status record. Received = Emitted + Dropped once the Reporter has shut down. All methods may be called from any
// goroutine.
type Stats struct {
	Received atomic.Int64
	Emitted  atomic.Int64
	Dropped  counter.Counts
}

// Reporter writes the status records of one receiver. A nil Reporter writes none. All methods may be called from any goroutine.
type Reporter struct {
	Settings
	Stats Stats

	begun   time.Time
	losses  losses
	deliver context.Context // ends when no time is left to hand anything over
	cancel  context.CancelFunc
	stop    chan struct{} // closed to end the clock
	stopped chan struct{} // closed when the clock has ended
	done    chan struct{} // closed when the sender has ended
	started bool

	mu      sync.Mutex // guards what follows
	waiting []*record  // in order; the first one is being sent if sending is set
	sending bool
	ended   bool              // no further record is accepted
	raised  map[topic]*record // what has been raised and not cleared
	more    chan struct{}     // has a value when the sender should look

	before *record // the heartbeat that was accepted last; used by the sender only
}

// topic is what a record of the kinds Security and Canary is about.
type topic struct{ typ, object string }

// New returns a Reporter, or nil if nothing is to be written. It takes records at once and hands them over after Start.
func New(s Settings) *Reporter {
	if !s.Enabled() || s.Next == nil {
		return nil
	}
	r := &Reporter{
		Settings: s, begun: time.Now(), raised: map[topic]*record{},
		stop: make(chan struct{}), stopped: make(chan struct{}), done: make(chan struct{}), more: make(chan struct{}, 1),
	}
	r.Stats.Dropped.Expect(dropSuperseded, dropQueueFull, dropRefused, dropPanic, dropShutdown)
	r.deliver, r.cancel = context.WithCancel(context.Background())
	return r
}

// Start begins to hand over, and writes the first heartbeat.
func (r *Reporter) Start() {
	if r == nil {
		return
	}
	r.started = true
	r.losses.at = r.begun
	r.beat("")
	go r.send()
	go r.clock()
}

// clock writes heartbeats and losses until stop is closed.
func (r *Reporter) clock() {
	defer close(r.stopped)
	var beats, looks <-chan time.Time
	if r.Heartbeat > 0 {
		ticker := time.NewTicker(r.Heartbeat)
		defer ticker.Stop()
		beats = ticker.C
	}
	if r.Records {
		ticker := time.NewTicker(lookInterval)
		defer ticker.Stop()
		looks = ticker.C
	}
	for {
		select {
		case <-beats:
			r.beat("")
		case <-looks:
			r.look()
		case <-r.stop:
			return
		}
	}
}

// beat adds a heartbeat. state is "" for the receiver's own.
func (r *Reporter) beat(state string) {
	if r.Heartbeat <= 0 {
		return
	}
	if state == "" {
		state = r.State()
	}
	a, now := r.Account(), time.Now()
	r.add(&record{
		kind: Heartbeat, typ: typeHeartbeat, state: state, account: &a, at: now, start: r.begun, end: now, uptime: now.Sub(r.begun),
		message: fmt.Sprintf("%s: received %d = emitted %d + filtered %d + aggregated %d + undecodable %d + dropped %d + pending %d; lost before %d",
			state, a.Received, a.Emitted, a.Filtered, a.Aggregated, sum(a.Undecodable), sum(a.Dropped), a.Pending, sum(a.Lost)),
	})
}

// look adds a record of each source that has lost events since the last look.
func (r *Reporter) look() {
	for _, rec := range r.losses.look(r.Account(), time.Now(), r.Timed) {
		r.add(rec)
	}
}

// Raise adds a record that something has begun, unless it is raised already. message says what was found. Only records of the
// kind Canary are written without the key status_records.
func (r *Reporter) Raise(kind Kind, typ, object, message string) {
	r.set(&record{kind: kind, typ: typ, object: object, state: Raised, message: message}, false)
}

// Clear adds a record that what was raised is over. It adds nothing if nothing is raised.
func (r *Reporter) Clear(kind Kind, typ, object, message string) {
	r.set(&record{kind: kind, typ: typ, object: object, state: Cleared, message: message}, false)
}

// Set raises a security record with the message found, or clears it if found is empty. A message that differs from the one raised before is
// another change, and is raised too.
func (r *Reporter) Set(typ, object, found string) {
	rec := &record{kind: Security, typ: typ, object: object, state: Raised, message: found}
	if found == "" {
		rec.state, rec.message = Cleared, "it is as it was before the change"
	}
	r.set(rec, true)
}

// Note adds a security record of a change that has no end, such as another map in the place of the one that was read.
func (r *Reporter) Note(typ, object, message string) {
	if r == nil || !r.Records {
		return
	}
	now := time.Now()
	r.add(&record{kind: Security, typ: typ, object: object, state: Raised, message: message, count: 1, at: now, start: now, end: now})
}

// set adds a record that raises or clears its topic, unless the topic is in that state already. If again is set, a record that raises it with
// another message is added, too.
func (r *Reporter) set(rec *record, again bool) {
	if r == nil || rec.kind != Canary && !r.Records {
		return
	}
	rec.count, rec.at = 1, time.Now()
	rec.start, rec.end = rec.at, rec.at
	about := topic{rec.typ, rec.object}
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.raised[about]
	switch {
	case rec.state == Raised && before != nil && (!again || before.message == rec.message), rec.state == Cleared && before == nil:
		return
	case rec.state == Raised:
		r.raised[about] = rec
	default:
		rec.start = before.start
		delete(r.raised, about)
	}
	r.addLocked(rec)
}

// add adds a record to those that wait.
func (r *Reporter) add(rec *record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addLocked(rec)
}

// addLocked is add, with mu held. A heartbeat replaces one that waits. A loss is added to a waiting loss of the same source.
func (r *Reporter) addLocked(rec *record) {
	r.Stats.Received.Add(1)
	if r.ended {
		r.Stats.Dropped.Add(dropShutdown, 1)
		return
	}
	for i, w := range r.waiting {
		if i == 0 && r.sending || w.kind != rec.kind {
			continue
		}
		switch {
		case rec.kind == Heartbeat:
			r.waiting = slices.Delete(r.waiting, i, i+1)
			r.waiting = append(r.waiting, rec)
			r.Stats.Dropped.Add(dropSuperseded, 1)
			return
		case rec.typ == typeLoss && w.object == rec.object && w.typ == typeLoss:
			r.waiting[i] = w.plus(rec)
			r.Stats.Dropped.Add(dropSuperseded, 1)
			return
		}
	}
	if len(r.waiting) >= maxWaiting {
		r.Stats.Dropped.Add(dropQueueFull, 1)
		r.Logger.Error("a status record is lost: too many wait for the next component", zap.String("kind", string(rec.kind)),
			zap.String("type", rec.typ), zap.String("object", rec.object), zap.String("message", rec.message))
		return
	}
	r.waiting = append(r.waiting, rec)
	r.wake()
}

func (r *Reporter) wake() {
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// Shutdown writes the last losses and the last heartbeat. It hands over what waits, until deadline, and for at least leastTime. It counts the
// rest as dropped. It returns an error if the next component did not return.
func (r *Reporter) Shutdown(ctx context.Context, deadline time.Time) error {
	if r == nil {
		return nil
	}
	defer r.cancel()
	if !r.started {
		r.discard()
		return nil
	}
	close(r.stop)
	<-r.stopped
	if r.Records {
		r.look()
	}
	r.beat(Stopped)
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.wake()
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
	case <-time.After(max(leastTime, time.Until(deadline))):
	}
	r.cancel()
	r.wake()
	select {
	case <-r.done:
		return nil
	case <-time.After(graceTime):
		return fmt.Errorf("the next component in the pipeline did not return within the time for the shutdown; %d status records are not accounted for", r.Pending())
	}
}

// discard counts as dropped what was raised by a receiver that could not start. Nothing is handed over then: what the next component needs may not
// have started either.
func (r *Reporter) discard() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	for _, rec := range r.waiting {
		r.Stats.Dropped.Add(dropShutdown, 1)
		r.Logger.Error("a status record is lost: the receiver did not start", zap.String("kind", string(rec.kind)),
			zap.String("type", rec.typ), zap.String("object", rec.object), zap.String("message", rec.message))
	}
	r.waiting = nil
}

// Pending returns the number of records that wait.
func (r *Reporter) Pending() int64 {
	return r.Stats.Received.Load() - r.Stats.Emitted.Load() - r.Stats.Dropped.Total()
}

// LogAccount logs what became of every status record, after Shutdown has returned.
func (r *Reporter) LogAccount() {
	if r == nil || r.Stats.Received.Load() == 0 {
		return
	}
	lost := r.Stats.Dropped.Snapshot()
	delete(lost, dropSuperseded)
	logger := printable.Always(r.Logger)
	log := logger.Info
	if sum(lost) > 0 || r.Pending() > 0 {
		log = logger.Warn
	}
	log("the account of the status records", zap.String("status", fmt.Sprintf("received %d = emitted %d + dropped %s + pending %d",
		r.Stats.Received.Load(), r.Stats.Emitted.Load(), &r.Stats.Dropped, r.Pending())))
}
