// SPDX-License-Identifier: Apache-2.0

// Following a pin: the map that is there is read, one that is not there yet is waited for, and one that takes another's
// place is read in its stead, as when Cilium restarts.

package events

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// FollowSettings says what to follow, and who is told.
type FollowSettings struct {
	// Path is where the map is pinned.
	Path string
	// Deliver takes the records on. For a while two maps may deliver at the same time.
	Deliver Deliver
	// Ready is asked before a map is looked for; its error is why that must wait.
	Ready func() error
	// Attached is called with each map before its first record is delivered, Look whenever the map is found in its place. peak
	// is how many bytes waited in it at most since the call before, -1 where the map does not tell. An error of Attached fails
	// Follow; any other is reported, and the map is read all the same.
	Attached func(info MapInfo) error
	Look     func(info MapInfo, peak int) error
	// Report is told what is wrong when that changes, nil when all is well again. Not the errors of Follow.
	Report func(error)
	// Interval is how often to look at the pin. Where nothing can be read, looks grow apart up to eight times that.
	Interval time.Duration
	// Quiet is how long a map that has lost its place must be silent to be left: programs that write into it may run for as
	// long as Cilium takes to replace them.
	Quiet time.Duration
}

const (
	maxBackoff = 3           // doublings of the interval
	drainTime  = time.Second // how long a map that must be left earlier is still read
)

// FollowStats is what a Follower has done, over all maps, and how full the present one is.
type FollowStats struct {
	Stats
	Attached uint64 // how often a map was attached
}

// Follower reads what is pinned at one path.
type Follower struct {
	s       FollowSettings
	release func()

	// Of run, and of shutdown once run has returned.
	failures int       // looks in a row with nothing to read
	reported string    // what Report was last told; "" is nil
	quiet    time.Time // since when the old map has been silent
	silence  uint64    // records of the old map then

	mu      sync.Mutex // guards what follows, for Stats
	current *Source    // nil when nothing is read
	old     *Source    // has lost its place to current and is read until it is silent; nil mostly
	past    Stats      // of the maps before
	attach  uint64

	stop     chan struct{} // closed by Close
	done     chan struct{} // closed when run has returned
	once     sync.Once
	closed   chan struct{} // closed when shutdown has ended
	closeErr error         // written before closed is closed
}

// Follow begins to read what is pinned at s.Path. Where the map, or eBPF for Windows, is not there yet, it reports that and
// waits; any other reason why the map cannot be read is an error, as in Open, and so is a path that is followed already:
// ErrInUse. Close ends it.
func Follow(s FollowSettings) (*Follower, error) {
	release, err := readers.claim("path " + pinned.Canonical(s.Path))
	if err != nil {
		return nil, fmt.Errorf("the events map pinned at %s: %w", s.Path, err)
	}
	f := &Follower{s: s, release: release, stop: make(chan struct{}), done: make(chan struct{}), closed: make(chan struct{})}
	if err := f.start(); err != nil {
		release()
		return nil, err
	}
	go f.run()
	return f, nil
}

func (f *Follower) start() error {
	if err := f.s.Ready(); err != nil {
		f.fail(err)
		return nil
	}
	source, err := Open(f.s.Path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, pinned.ErrNotInstalled) {
		f.fail(err)
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.s.Attached(source.Info()); err != nil {
		return errors.Join(err, source.Close(context.Background()))
	}
	f.begin(source)
	return nil
}

func (f *Follower) run() {
	defer close(f.done)
	timer := time.NewTimer(f.delay())
	defer timer.Stop()
	for {
		var ended <-chan struct{}
		if f.current != nil {
			ended = f.current.Done()
		}
		select {
		case <-f.stop:
			return
		case <-ended:
			f.fail(f.current.Err())
			f.retire(&f.current)
		case <-timer.C:
			f.look()
		}
		timer.Reset(f.delay())
	}
}

// delay is the time to the next look.
func (f *Follower) delay() time.Duration {
	if f.current != nil {
		return f.s.Interval
	}
	return f.s.Interval << min(max(f.failures-1, 0), maxBackoff)
}

// fail reports why nothing is read.
func (f *Follower) fail(err error) {
	f.failures++
	f.report(err)
}

func (f *Follower) report(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != f.reported {
		f.reported = text
		f.s.Report(err)
	}
}

// look sees what is pinned now, and reads it.
func (f *Follower) look() {
	f.leave()
	if f.current == nil {
		if err := f.s.Ready(); err != nil {
			f.fail(err)
			return
		}
	}
	found, err := f.find()
	switch {
	case err != nil && f.current == nil:
		f.fail(err)
		return
	case err != nil:
		f.failures = 0
		f.report(fmt.Errorf("%w; the map that was pinned there is still read", err))
		return
	case found == f.current:
		f.failures = 0
		f.report(f.s.Look(found.Info(), found.peak()))
		return
	}
	err = f.s.Attached(found.Info())
	f.begin(found)
	f.report(err)
}

// find gives the source of the map that is pinned now: the present one, the old one, or a new one.
func (f *Follower) find() (*Source, error) {
	m, err := pinned.Open(f.s.Path)
	if err != nil {
		return nil, err
	}
	id := pinned.ID(m)
	for _, known := range []*Source{f.current, f.old} {
		if known != nil && known.Info().ID == id {
			return known, m.Close()
		}
	}
	return newSource(f.s.Path, m)
}

// begin makes source the present one; the one that it takes the place of becomes the old one.
func (f *Follower) begin(source *Source) {
	source.Start(f.s.Deliver)
	if source != f.old { // else it is back
		f.retire(&f.old)
	}
	f.mu.Lock()
	f.old, f.current = f.current, source
	f.attach++
	f.mu.Unlock()
	if f.old != nil {
		f.quiet, f.silence = time.Now(), f.old.Stats().Records
	}
}

// leave lets go of the old map when it is silent.
func (f *Follower) leave() {
	if f.old == nil {
		return
	}
	select {
	case <-f.old.Done():
		f.report(f.old.Err())
	default:
		if records := f.old.Stats().Records; records != f.silence {
			f.quiet, f.silence = time.Now(), records
		}
		if time.Since(f.quiet) < f.s.Quiet {
			return
		}
	}
	f.retire(&f.old)
}

// retire drains a source, if there is one, and keeps its counts.
func (f *Follower) retire(place **Source) {
	source := *place
	if source == nil {
		return
	}
	if err := source.Drain(context.Background(), drainTime); err != nil {
		f.report(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.past.add(source.Stats())
	*place = nil
}

// add adds the counts of one source.
func (s *Stats) add(other Stats) {
	s.Records += other.Records
	s.Bytes += other.Bytes
	s.Lost += other.Lost
}

// Stats counts, and looks at how full the present map is now. It is safe for use from any goroutine.
func (f *Follower) Stats() FollowStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := FollowStats{Stats: f.past, Attached: f.attach}
	for _, source := range []*Source{f.old, f.current} {
		if source == nil {
			continue
		}
		stats := source.Stats()
		all.add(stats)
		all.Waiting, all.Size = stats.Waiting, stats.Size
	}
	return all
}

// Close ends following and reading, as Source.Close does. A map that is not pinned any more is drained first. When ctx ends
// before that, Close returns at once with ctx's error, and the rest ends by itself. Calling it again waits again.
func (f *Follower) Close(ctx context.Context) error {
	f.once.Do(func() {
		close(f.stop)
		go f.shutdown(ctx)
	})
	select {
	case <-f.closed:
		return f.closeErr
	default:
	}
	select {
	case <-f.closed:
		return f.closeErr
	case <-ctx.Done():
		return fmt.Errorf("following the events map pinned at %s did not stop: %w", f.s.Path, ctx.Err())
	}
}

// shutdown closes what is read when run has returned. What is drained, it drains until ctx ends. It runs once; Close waits for
// it.
func (f *Follower) shutdown(ctx context.Context) {
	defer close(f.closed)
	<-f.done
	var errs []error
	if f.old != nil {
		errs = append(errs, f.old.Drain(ctx, drainTime))
	}
	if f.current != nil && f.inPlace() {
		errs = append(errs, f.current.Close(context.Background()))
	} else if f.current != nil {
		errs = append(errs, f.current.Drain(ctx, drainTime))
	}
	f.closeErr = errors.Join(errs...)
	f.release()
}

// inPlace tells whether the present map is pinned still, and so will have another reader.
func (f *Follower) inPlace() bool {
	m, err := pinned.Open(f.s.Path)
	if err != nil {
		return false
	}
	defer m.Close()
	return pinned.ID(m) == f.current.Info().ID
}
