// SPDX-License-Identifier: Apache-2.0

// Following a pin. The Follower reads the map that is pinned, waits for one that is not pinned yet, and when another map takes its
// place, as on a restart of Cilium, reads both for a while. held.go has the maps that are read.

package events

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// FollowSettings says what to follow and whom to notify.
type FollowSettings struct {
	// Path is where the map is pinned.
	Path string
	// Deliver takes the records. For a while several maps may deliver at the same time.
	Deliver Deliver
	// Required makes Follow fail if eBPF for Windows is not installed.
	Required bool
	// Ready is called before a map is looked for. An error is the reason why that must wait.
	Ready func() error
	// Attached is called with each map before its first record is delivered, and Look whenever the map is still in its place. peak
	// is the most bytes that waited in the map since the last call, or -1 if the map does not tell. An error of Attached fails
	// Follow; later errors of either are reported, and the map is read all the same.
	Attached func(info MapInfo) error
	Look     func(info MapInfo, peak int) error
	// Report is called with what is wrong whenever that changes, and with nil when all is well again. It is not called with the
	// errors that Follow returns.
	Report func(error)
	// Left is called with each map that was left before it had been silent for Quiet, and the number of its unread bytes, -1 if the
	// map does not tell. What programs still write into it is lost.
	Left func(info MapInfo, waiting int)
	// Unsure is called when the present map was left while programs still wrote into it, because nothing shows whether the map that
	// is pinned now is another one. If it is the same map, its next reader continues. If it is another map, what programs still
	// write into the old one is lost.
	Unsure func(info MapInfo)
	// Interval is how often to look at the pin. While nothing can be read the interval grows up to eightfold.
	Interval time.Duration
	// Quiet is how long a map that has lost its place must be silent before it is left. Programs may write into it for as long as
	// Cilium takes to replace them. At most MaxMaps are read at once.
	Quiet time.Duration
}

const (
	// MaxMaps is how many maps are read at once: the present one and those that it has replaced. When there is one more, the old map
	// that has been silent for the longest time is left.
	MaxMaps = 16
	// MaxUnsure is how long the present map is read when nothing shows whether the map that is pinned, and looks the same, is
	// another one. For so long one map may hide another.
	MaxUnsure = time.Minute

	mostIntervals = 8           // between two looks while nothing can be read
	drainTime     = time.Second // how long a map that is left is still read
)

// FollowStats counts what a Follower has done, over all maps, and says how full the present map is.
type FollowStats struct {
	Stats
	Attached uint64 // how often a map was attached
	Left     uint64 // maps that were left before they had been silent long enough
	Unsure   uint64 // maps that were left while programs wrote into them, because nothing showed whether another map had taken their place
}

// Follower reads what is pinned at one path.
type Follower struct {
	s       FollowSettings
	open    func(path string) (foundMap, error)
	owner   *owner
	release func()

	// Used by run, and by shutdown after run has returned.
	backoff  backoff.ExponentialBackOff // between looks while nothing can be read
	wait     time.Duration              // to the next look, while nothing can be read
	reported string                     // what Report was last called with; "" for nil

	mu      sync.Mutex // guards what follows, for Stats
	current *held      // nil when nothing is read
	old     []*held    // have lost their place and are read until they are silent; usually none
	past    FollowStats

	stop     chan struct{} // closed by Close
	done     chan struct{} // closed when run has returned
	once     sync.Once
	closed   chan struct{} // closed when shutdown has ended
	closeErr error         // written before closed is closed
}

// Follow begins to read the map that is pinned at s.Path. If the map, or eBPF for Windows, is not there yet, it reports that and
// waits. Any other reason why the map cannot be read is an error, as in Open. A path that is already followed gives ErrInUse. Close
// ends it.
func Follow(s FollowSettings) (*Follower, error) { return follow(s, openPinned) }

// follow is Follow with a function that opens the pinned map.
func follow(s FollowSettings, open func(path string) (foundMap, error)) (*Follower, error) {
	release, err := readers.claimPath(s.Path)
	if err != nil {
		return nil, fmt.Errorf("the events map pinned at %s: %w", s.Path, err)
	}
	f := newFollower(s, open, release)
	if err := f.start(); err != nil {
		release()
		return nil, err
	}
	go f.run()
	return f, nil
}

// newFollower returns a Follower that does not run yet.
func newFollower(s FollowSettings, open func(path string) (foundMap, error), release func()) *Follower {
	f := &Follower{
		s: s, open: open, owner: &owner{s.Path}, release: release,
		backoff: backoff.ExponentialBackOff{InitialInterval: s.Interval, MaxInterval: mostIntervals * s.Interval, Multiplier: 2},
		stop:    make(chan struct{}), done: make(chan struct{}), closed: make(chan struct{}),
	}
	f.backoff.Reset()
	return f
}

func (f *Follower) start() error {
	if err := f.s.Ready(); err != nil {
		f.fail(err)
		return nil
	}
	found, err := f.find()
	notInstalled := errors.Is(err, pinned.ErrNotInstalled) && !f.s.Required
	if errors.Is(err, os.ErrNotExist) || notInstalled {
		f.fail(err)
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.s.Attached(found.Info()); err != nil {
		return errors.Join(err, found.Close(context.Background()))
	}
	f.begin(found)
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
			f.retire(f.current)
		case <-timer.C:
			f.look()
		}
		timer.Reset(f.delay())
	}
}

// delay returns the time to the next look.
func (f *Follower) delay() time.Duration {
	if f.current != nil {
		return f.s.Interval
	}
	return f.wait
}

// fail reports why nothing is read.
func (f *Follower) fail(err error) {
	f.wait = f.backoff.NextBackOff()
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

// look looks at what is pinned now, and reads it.
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
		f.backoff.Reset()
		f.report(fmt.Errorf("%w; the map that was pinned there is still read", err))
		return
	case found == f.current:
		f.backoff.Reset()
		f.report(f.s.Look(found.Info(), found.peak()))
		return
	}
	err = f.s.Attached(found.Info())
	f.begin(found)
	f.report(err)
}

// Reading reports whether the map that is pinned is read. It may be called from any goroutine.
func (f *Follower) Reading() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.current != nil
}

// Close ends following and reading, as Source.Close does. A map that is no longer pinned is drained first. When ctx ends before that,
// Close returns its error at once, and the rest ends by itself. Calling it again waits again.
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

// shutdown closes the maps when run has returned. It drains until ctx ends. It runs once; Close waits for it.
func (f *Follower) shutdown(ctx context.Context) {
	defer close(f.closed)
	<-f.done
	drained := f.old
	if f.current != nil && f.inPlace() {
		errs := make(chan error)
		go func() { errs <- f.current.Close(context.Background()) }()
		f.closeErr = errors.Join(drainAll(ctx, drained), <-errs)
	} else {
		if f.current != nil {
			drained = append(drained, f.current)
		}
		f.closeErr = drainAll(ctx, drained)
	}
	f.release()
}

// inPlace reports whether the present map is certainly still pinned, and so will have another reader.
func (f *Follower) inPlace() bool {
	m, err := f.open(f.s.Path)
	if err != nil {
		return false
	}
	defer m.Close()
	return compare(f.current, m) == pinned.Same
}
