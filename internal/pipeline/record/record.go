// SPDX-License-Identifier: Apache-2.0

// Package record writes raw events, as they arrive from a source, to a file that a replay reads, and begins a new file when
// one is full.
//
// A recorder has a queue and a goroutine of its own, so that neither a slow disk holds up the receiver nor a slow receiver the
// recording: what its own queue cannot take is not recorded, and counted. It knows no format; the receivers bring theirs.
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

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
)

// Reasons for which an event is not recorded, beside those of the queue.
const (
	LostRefused  = "refused"      // the file's format cannot hold it, or its writer panicked
	LostWrite    = "write_failed" // the file was deleted while it could not be written, or the disk failed until the end
	LostShutdown = queue.Ended    // the collector stopped before the disk had taken it
)

// Writer writes events in a file's format. It is called from one goroutine.
type Writer interface {
	// Write adds one event and keeps nothing of it. One that the format cannot hold is refused with an error, and the file
	// is then as it was.
	Write(ev queue.Event) error
	// Lost notes in the file, as its format allows, that n events are missing here.
	Lost(n int64) error
	// Flush gives the disk what is buffered, as far as the format can without growing for it, so that a file whose collector
	// is killed has it.
	Flush() error
	// Size is what the file would have if it were closed now, in bytes.
	Size() int64
	// Close completes the file.
	Close() error
}

// Settings is what a recorder is made of.
type Settings struct {
	Config
	// QueueMiB is the memory of the recorder's queue in MiB.
	QueueMiB int
	// Replayed are the files that the events come from, if they do: they are not overwritten.
	Replayed []string
	// Create begins a file's format.
	Create func(Destination) (Writer, error)
	Logger *zap.Logger
}

// Stats accounts for every event: Received = Recorded + Lost when the recorder has been closed.
type Stats struct {
	Received atomic.Int64
	Recorded atomic.Int64 // given to the disk
	Lost     counter.Counts
}

// Recorder writes events to a file and the next, in a goroutine of its own.
type Recorder struct {
	Stats Stats

	set   Settings
	claim claim
	log   *zap.Logger
	queue *queue.Queue
	stop  chan struct{} // closed by Close
	done  chan struct{} // closed when run has returned
	hurry atomic.Bool   // there is no more time: what is queued is counted as lost
	err   error         // why the newest file is not complete; written before done is closed

	// The goroutine's own.
	newFile func(path string) (file, error)
	reopen  func(path string) (file, error)
	wait    backoff.ExponentialBackOff // between two tries
	every   time.Duration              // events wait no longer in the queue, nor in the writer
	disk    *disk                      // nil where no file has been begun
	writer  Writer                     // of disk
	pending int64                      // events that the writer has and the disk has not
	noted   int64                      // lost events that stand in a file
	told    int64                      // lost events that have been logged
	refused bool                       // a refused event has been logged
	failing bool                       // the disk did not take what it was given last
	over    bool                       // stopping, and the disk fails: nothing more is tried
}

// logInterval is the least time between two words on events that were lost.
const logInterval = 10 * time.Second

// Open begins to record. The first event begins the first file; one that is there then becomes the earlier one. That a file
// cannot be written, or is another recorder's, is an error here, as far as one can tell.
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

// claim resolves the path, takes the files for this recorder and checks that they can be written.
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
		set: s, log: s.Logger.With(zap.String("file", s.Path)), queue: queue.New(s.QueueMiB),
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
	return r
}

// Offer records one event, which may come in two parts, and returns at once. It allocates nothing and holds no lock. An event
// that finds no room is counted.
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

// Close records what is queued and completes the file. When ctx ends before that, the rest is counted as lost, and only what is
// being written may take until grace is over. What comes after that is lost. It must be called once.
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

// tell says once for all how many events have been lost since it last did.
func (r *Recorder) tell() {
	lost := r.Stats.Lost.Total()
	if lost == r.told {
		return
	}
	r.told = lost
	r.log.Warn("events are not recorded: the disk is slower than they come; a larger queue.max_size_mib takes longer bursts",
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

// begin puts the file that is there aside and begins a new one. It tries until that works, or the recorder is to stop.
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

// record gives one event to the writer. When that makes the writer write, all earlier ones are on the disk.
func (r *Recorder) record(ev queue.Event) {
	writes := r.disk.writes
	err := r.give(ev)
	if r.disk.writes > writes {
		r.settle()
	}
	switch {
	case r.disk.err != nil: // the file is gone, or there is no time
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

// give has the writer take one event. A panic of it costs the event, as one of the receiver's handler does.
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

// flush gives the disk what the writer has.
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

// noteLost has the file say that events are missing here.
func (r *Recorder) noteLost() error {
	lost := r.Stats.Lost.Total()
	n := lost - r.noted
	if n == 0 {
		return nil
	}
	r.noted = lost
	return r.writer.Lost(n)
}

// settle says that the disk has all that the writer has had, and works.
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

// tryAgain waits before the next try of what the disk refused with err. False: the recorder is to stop.
func (r *Recorder) tryAgain(err error) bool {
	if !r.failing {
		r.failing = true
		r.wait.Reset()
		r.log.Warn("cannot write the recorded file; it is tried again, and events are not recorded when the queue is full until that works", zap.Error(err))
	}
	select {
	case <-time.After(r.wait.NextBackOff()):
		return true
	case <-r.stop:
		r.over = true
		return false
	}
}

// end completes the file, where there is one. What the disk has not taken is lost then.
func (r *Recorder) end() {
	if r.writer == nil {
		return
	}
	writes := r.disk.writes
	err := errors.Join(r.noteLost(), r.writer.Close(), r.disk.close())
	if r.disk.err == nil {
		r.settle()
	} else {
		err = r.disk.err            // which the writer gives as well
		if r.disk.writes > writes { // the events stand in the file; what completes it does not
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

// fail says that the newest file is not what it should be.
func (r *Recorder) fail(err error) {
	r.err = fmt.Errorf("record.path: %s: the recording is not complete: %w", r.set.Path, err)
	r.log.Error("the recording is not complete", zap.Error(err))
}
