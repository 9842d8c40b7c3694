// SPDX-License-Identifier: Apache-2.0

// Package record writes raw events to files that a replay reads. In come events, as they arrive from a source; out come files, each of
// bounded size, and a count of the events that are missing in them.
//
// A recorder has its own queue and its own goroutine, so a slow disk does not delay the receiver, and a slow receiver does not delay the
// recording. Events that its queue cannot take are not recorded, and counted. The format of a file is the receiver's.
package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
)

// Reasons for which an event is not recorded, in addition to those of the queue.
const (
	LostRefused  = "refused"      // the file's format cannot hold it, or its writer panicked
	LostWrite    = "write_failed" // the file was deleted while it could not be written, or the disk failed until the end
	LostShutdown = queue.Ended    // the collector stopped before it was written
)

// Writer writes events in a file's format. It is called from one goroutine.
type Writer interface {
	// Write adds one event and keeps no reference to it. It returns an error, and leaves the file unchanged, for an event that the
	// format cannot hold.
	Write(ev queue.Event) error
	// Lost notes in the file that n events are missing here, if the format can hold that.
	Lost(n int64) error
	// Flush writes what is buffered to the disk, as far as that does not make the file larger than otherwise. So the file has these
	// events if the collector is killed.
	Flush() error
	// Size returns the size that the file would have if it were closed now, in bytes.
	Size() int64
	// Close completes the file.
	Close() error
}

// Settings configures a recorder.
type Settings struct {
	Config
	// QueueMiB is the memory of the recorder's queue in MiB.
	QueueMiB int
	// Memory bounds the queue together with the other holders of its budget. nil: only QueueMiB applies.
	Memory *budget.Share
	// Replayed are the files that the events come from in a replay. They must not be overwritten.
	Replayed []string
	// Create begins a file in the receiver's format.
	Create func(Destination) (Writer, error)
	Logger *zap.Logger
}

// Stats accounts for every event: Received = Recorded + Lost once the recorder has been closed.
type Stats struct {
	Received atomic.Int64
	Recorded atomic.Int64 // written to the disk
	Lost     counter.Counts
}

// Recorder writes events to one file after the other, in a goroutine of its own.
type Recorder struct {
	Stats Stats

	set   Settings
	claim claim
	log   *zap.Logger
	queue *queue.Queue
	stop  chan struct{} // closed by Close
	done  chan struct{} // closed when run has returned
	hurry atomic.Bool   // no time is left: queued events are counted as lost
	err   error         // why the newest file is not complete; written before done is closed

	// Used only by the goroutine.
	newFile func(path string) (file, error)
	reopen  func(path string) (file, error)
	wait    backoff.ExponentialBackOff // between two attempts
	every   time.Duration              // the longest that events wait in the queue, and in the writer
	disk    *disk                      // nil if no file has been begun
	writer  Writer                     // of disk
	pending int64                      // events given to the writer and not yet on the disk
	noted   int64                      // lost events that a file has noted
	told    int64                      // lost events that have been logged
	refused bool                       // a refused event has been logged
	failing bool                       // the last write failed
	over    bool                       // stopping while the disk fails: nothing more is tried
}

// logInterval is the least time between two log lines about lost events.
const logInterval = 10 * time.Second

// Open begins to record. The first event begins the first file; a file that is there is renamed to be the earlier one. Open returns an
// error if it finds that a file cannot be written, or that another recorder has claimed it.
func Open(s Settings) (*Recorder, error) {
	c, err := s.claim()
	if err != nil {
		return nil, fmt.Errorf("record.path: %w", err)
	}
	r := newRecorder(s)
	r.claim = c
	r.log.Info("recording raw events", zap.Int("max_size_mib", s.MaxSizeMiB))
	go r.run()
	return r, nil
}

// claim resolves the path, claims the files for this recorder and checks that they can be written.
func (s *Settings) claim() (claim, error) {
	path, err := resolve(s.Path)
	if err != nil {
		return nil, err
	}
	s.Path = path
	c, err := take(s.Path, s.earlier())
	if err != nil {
		return nil, err
	}
	if err := s.check(s.Replayed); err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

func newRecorder(s Settings) *Recorder {
	r := &Recorder{
		set: s, log: s.Logger.With(zap.String("file", s.Path)), queue: queue.New(s.QueueMiB, s.Memory),
		stop: make(chan struct{}), done: make(chan struct{}),
		newFile: func(path string) (file, error) { return create(path) },
		reopen:  func(path string) (file, error) { return open(path) },
		every:   time.Second,
		wait: backoff.ExponentialBackOff{
			InitialInterval: 100 * time.Millisecond, MaxInterval: 10 * time.Second,
			Multiplier: backoff.DefaultMultiplier, RandomizationFactor: backoff.DefaultRandomizationFactor,
		},
	}
	r.Stats.Lost.Expect(queue.Full, queue.TooLarge)
	if s.Memory != nil {
		r.Stats.Lost.Expect(queue.NoMemory)
	}
	return r
}

// Offer records one event, which may come in two parts, and returns at once. It allocates nothing. An event for which there is no room is
// counted.
func (r *Recorder) Offer(received int64, head, body []byte) {
	r.Stats.Received.Add(1)
	if reason := r.queue.Offer(received, head, body); reason != "" {
		r.Stats.Lost.Add(reason, 1)
	}
}

// Put records one event and waits for room. Its only error is the context's; the event is then not recorded.
func (r *Recorder) Put(ctx context.Context, received int64, head, body []byte) error {
	err := r.queue.Put(ctx, received, head, body)
	if err != nil && !errors.Is(err, queue.ErrTooLarge) {
		return err
	}
	if err != nil {
		r.Stats.Lost.Add(queue.TooLarge, 1)
	}
	r.Stats.Received.Add(1)
	return nil
}

// Close records what is queued and completes the file. When ctx ends before that, the rest is counted as lost; a write that is under way
// gets grace more. It must be called once.
func (r *Recorder) Close(ctx context.Context, grace time.Duration) error {
	close(r.stop)
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
	}
	r.hurry.Store(true)
	select {
	case <-r.done:
		return r.err
	case <-time.After(grace):
		return fmt.Errorf("record.path: %s: the disk did not take what was written to it; %d events are not accounted for", r.set.Path,
			r.Stats.Received.Load()-r.Stats.Recorded.Load()-r.Stats.Lost.Total())
	}
}

// run is the recorder's goroutine.
func (r *Recorder) run() {
	defer close(r.done)
	defer r.claim.release()
	told := time.Now()
	r.queue.Run(r.stop, queue.Worker{
		Handle:   r.write,
		Interval: r.every,
		Tick: func(time.Duration) {
			r.flush()
			if time.Since(told) >= logInterval {
				told = time.Now()
				r.tell()
			}
		},
		Late: func(n int) { r.Stats.Lost.Add(LostShutdown, int64(n)) },
	})
	r.end()
	log := r.log.Info
	if r.Stats.Lost.Total() > 0 {
		log = r.log.Warn
	}
	log("the recording has ended", zap.Int64("recorded", r.Stats.Recorded.Load()), zap.Stringer("not_recorded", &r.Stats.Lost))
}

// tell logs, in one line, how many events have been lost since it last did.
func (r *Recorder) tell() {
	lost := r.Stats.Lost.Total()
	if lost == r.told {
		return
	}
	r.told = lost
	r.log.Warn("events are not recorded: the disk is too slow; a larger queue.max_size_mib absorbs longer bursts",
		zap.Stringer("not_recorded", &r.Stats.Lost))
}

// write records a chunk's events.
func (r *Recorder) write(c *queue.Chunk) {
	for ev := range c.Events() {
		switch {
		case r.hurry.Load():
			r.Stats.Lost.Add(LostShutdown, 1)
		case r.writer == nil && !r.begin():
			r.Stats.Lost.Add(LostWrite, 1)
		default:
			r.record(ev)
		}
	}
}

// begin renames the present file and begins a new one. It retries until that works or the recorder must stop, and reports whether it worked.
func (r *Recorder) begin() bool {
	for !r.over {
		err := r.beginOnce()
		if err == nil {
			r.err = nil
			return true
		}
		if !r.tryAgain(err) {
			r.fail(err)
		}
	}
	return false
}

func (r *Recorder) beginOnce() error {
	if err := writable(r.set.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(r.set.Path, r.set.earlier()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := r.newFile(r.set.Path)
	if err != nil {
		return err
	}
	d := &disk{path: r.set.Path, reopen: r.reopen, tryAgain: r.tryAgain, file: f}
	w, err := r.set.Create(d)
	if err != nil { // the file holds nothing
		return errors.Join(err, d.close(), os.Remove(r.set.Path))
	}
	r.disk, r.writer = d, w
	return nil
}

// record passes one event to the writer. If the writer then writes to the disk, all earlier events are on the disk.
func (r *Recorder) record(ev queue.Event) {
	writes := r.disk.writes
	err := r.give(ev)
	if r.disk.writes > writes {
		r.settle()
	}
	switch {
	case r.disk.err != nil: // the file is gone, or no time is left
		r.pending++
		r.end()
	case err != nil:
		r.Stats.Lost.Add(LostRefused, 1)
		if !r.refused {
			r.refused = true
			r.log.Warn("an event cannot be recorded; it is counted, and further ones are only counted", zap.Error(err))
		}
	default:
		r.pending++
		if r.writer.Size() >= int64(r.set.MaxSizeMiB)<<20 {
			r.end()
		}
	}
}

// give calls the writer for one event. A panic costs only that event, as in the receiver's handler.
func (r *Recorder) give(ev queue.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if err := r.noteLost(); err != nil {
		return err
	}
	return r.writer.Write(ev)
}

// flush makes the writer write to the disk what it has.
func (r *Recorder) flush() {
	if r.writer == nil || r.pending == 0 {
		return
	}
	writes := r.disk.writes
	err := r.writer.Flush()
	switch {
	case r.disk.err != nil:
		r.end()
	case err == nil && r.disk.writes > writes:
		r.settle()
	}
}

// noteLost notes in the file that events are missing here.
func (r *Recorder) noteLost() error {
	lost := r.Stats.Lost.Total()
	n := lost - r.noted
	if n == 0 {
		return nil
	}
	r.noted = lost
	return r.writer.Lost(n)
}

// settle notes that all events of the writer are on the disk, and that the disk works.
func (r *Recorder) settle() {
	r.Stats.Recorded.Add(r.pending)
	r.pending = 0
	if !r.failing {
		return
	}
	r.failing = false
	r.wait.Reset()
	r.log.Info("recording again", zap.Stringer("not_recorded", &r.Stats.Lost))
}

// tryAgain waits before the next attempt after the disk's error err. It reports whether the recorder may go on.
func (r *Recorder) tryAgain(err error) bool {
	if !r.failing {
		r.failing = true
		r.wait.Reset()
		r.log.Warn("cannot write the recorded file; retrying; until that works, events that do not fit in the queue are not recorded", zap.Error(err))
	}
	select {
	case <-time.After(r.wait.NextBackOff()):
		return true
	case <-r.stop:
		r.over = true
		return false
	}
}

// end completes the file, if there is one. Events that are not on the disk then are lost.
func (r *Recorder) end() {
	if r.writer == nil {
		return
	}
	writes := r.disk.writes
	err := errors.Join(r.noteLost(), r.writer.Close(), r.disk.close())
	if r.disk.err == nil {
		r.settle()
	} else {
		err = r.disk.err            // which the writer returned as well
		if r.disk.writes > writes { // the events are in the file, but it is not complete
			r.Stats.Recorded.Add(r.pending)
			r.pending = 0
		}
	}
	if err != nil {
		r.fail(err)
	}
	r.Stats.Lost.Add(LostWrite, r.pending)
	r.disk, r.writer, r.pending = nil, nil, 0
}

// fail notes and logs that the newest file is not complete.
func (r *Recorder) fail(err error) {
	r.err = fmt.Errorf("record.path: %s: the recording is not complete: %w", r.set.Path, err)
	r.log.Error("the recording is not complete", zap.Error(err))
}
