// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/eventid"
)

// Supervisor keeps a session running, and its name until Close, also while no session runs. It starts one again that was stopped from outside: after about 1 s at first, after up to about
// 30 s when that happens again and again.
type Supervisor struct {
	api     api
	cfg     Config
	deliver Deliver
	log     *zap.Logger
	watch   Watch
	timing  timing

	losses  lossLog // used by run, and after it by Close
	release func()  // releases the session's name

	stop    chan struct{} // closed by Close
	ended   chan struct{} // closed when run has returned
	closing sync.Once
	last    sync.Once // guards the last look at the losses

	mu       sync.Mutex
	session  *Session // nil between two sessions
	past     Totals   // of the sessions that have ended
	restarts uint64
}

// Watch has functions that a goroutine of the Supervisor calls when something happens to the session. Each may be nil.
type Watch struct {
	Stopped   func(error) // the session ended, or could not be started again; the next attempt follows
	Restarted func()      // the session runs again
	// Found is called after each look at the running session, with what someone else has changed. Without it nobody looks.
	Found func(Findings)
}

// timing has the intervals of a Supervisor.
type timing struct {
	wait backoff.ExponentialBackOff // before a session is started again
	poll time.Duration              // between two looks at the losses
}

// The waits are randomized, so that the collectors of many hosts do not start at the same time.
var defaultTiming = timing{
	wait: backoff.ExponentialBackOff{InitialInterval: time.Second, MaxInterval: 30 * time.Second, Multiplier: 2, RandomizationFactor: 0.25},
	poll: 10 * time.Second,
}

// Totals are the counts of all sessions that a Supervisor has run, and the buffers of the running one.
type Totals struct {
	Counters
	EventsLost          uint64 // see KernelStats
	RealTimeBuffersLost uint64
	Restarts            uint64
	NumberOfBuffers     uint32
	FreeBuffers         uint32
}

// Supervise opens a session and starts it again when it ends. It returns an error of the first start; later starts are retried.
func Supervise(cfg Config, deliver Deliver, log *zap.Logger, watch Watch) (*Supervisor, error) {
	a, err := newAPI()
	if err != nil {
		return nil, err
	}
	return keep(a, cfg, deliver, log, watch, defaultTiming)
}

func keep(a api, cfg Config, deliver Deliver, log *zap.Logger, watch Watch, timing timing) (*Supervisor, error) {
	if log == nil {
		log = zap.NewNop()
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	release, err := claimName(a, cfg.Name, log.With(zap.String("session", cfg.Name)))
	if err != nil {
		return nil, err
	}
	s, err := openClaimed(a, cfg, deliver, log)
	if err != nil {
		release()
		return nil, err
	}
	sup := &Supervisor{
		api: a, cfg: cfg, deliver: deliver, log: log.With(zap.String("session", cfg.Name)), watch: watch, timing: timing,
		release: release,
		losses:  lossLog{log: log.With(zap.String("session", cfg.Name))},
		stop:    make(chan struct{}), ended: make(chan struct{}), session: s,
	}
	sup.inspect(s)
	go sup.run(s)
	return sup, nil
}

// inspect finds what someone else has changed in the session. Its first call notes how the session is set up.
func (sup *Supervisor) inspect(s *Session) {
	if sup.watch.Found == nil {
		return
	}
	if f, ok := s.inspect(); ok {
		sup.watch.Found(f)
	}
}

// Running reports whether a session runs.
func (sup *Supervisor) Running() bool {
	sup.mu.Lock()
	defer sup.mu.Unlock()
	return sup.session != nil
}

// run runs one session after the other until Close.
func (sup *Supervisor) run(s *Session) {
	defer close(sup.ended)
	poll := time.NewTicker(sup.timing.poll)
	defer poll.Stop()
	wait, began := sup.timing.wait, time.Now()
	wait.Reset()
	for {
		select {
		case <-sup.stop:
			s.release = sup.release
			s.beginClose() // Close may have stopped waiting
			return
		case <-poll.C:
			sup.losses.look(sup.Totals())
			sup.inspect(s)
			continue
		case <-s.Done():
		}
		if time.Since(began) > wait.MaxInterval {
			wait.Reset() // it ran for a while, so this is another problem
		}
		sup.bury(s)
		if s = sup.restart(&wait); s == nil {
			sup.release()
			return
		}
		began = time.Now()
	}
}

// bury reports that a session has ended, cleans up after it and keeps its counts.
func (sup *Supervisor) bury(s *Session) {
	err := s.Err()
	sup.log.Error("the ETW session has ended; restarting it", zap.Error(err), eventid.SourceGone.Field())
	if sup.watch.Stopped != nil {
		sup.watch.Stopped(err)
	}
	if err := s.Close(context.Background()); err != nil { // does not wait, since ProcessTrace has returned
		sup.log.Warn("cannot clean up after the ETW session", zap.Error(err))
	}
	last, _ := s.Stats()
	sup.mu.Lock()
	defer sup.mu.Unlock()
	sup.session = nil
	sup.past.add(last)
}

// restart retries until the session has started. It returns nil after Close.
func (sup *Supervisor) restart(wait *backoff.ExponentialBackOff) *Session {
	for {
		select {
		case <-sup.stop:
			return nil
		case <-time.After(wait.NextBackOff()):
		}
		s, err := openClaimed(sup.api, sup.cfg, sup.deliver, sup.log)
		if err != nil {
			sup.log.Warn("cannot restart the ETW session; retrying", zap.Error(err), eventid.SourceGone.Field())
			if sup.watch.Stopped != nil {
				sup.watch.Stopped(err)
			}
			continue
		}
		sup.mu.Lock()
		sup.session = s
		sup.restarts++
		sup.mu.Unlock()
		if sup.watch.Restarted != nil {
			sup.watch.Restarted()
		}
		sup.inspect(s)
		return s
	}
}

// Close ends the session as Session.Close does, and the Supervisor.
func (sup *Supervisor) Close(ctx context.Context) error {
	sup.closing.Do(func() { close(sup.stop) })
	select {
	case <-sup.ended:
	case <-ctx.Done(): // run stops the session that it has or is about to start
		return context.Cause(ctx)
	}
	sup.mu.Lock()
	s := sup.session
	sup.mu.Unlock()
	if s == nil {
		return nil
	}
	err := s.Close(ctx)
	sup.last.Do(func() { sup.losses.look(sup.Totals()) }) // what was lost since run last looked
	return err
}

// Totals asks Windows for the figures of the running session and adds those of earlier ones. What was lost between the last look at a
// session and its end is unknown.
func (sup *Supervisor) Totals() Totals {
	sup.mu.Lock()
	s, totals := sup.session, sup.past
	totals.Restarts = sup.restarts
	sup.mu.Unlock()
	if s == nil {
		return totals
	}
	now, _ := s.Stats() // on an error these are the newest known figures
	totals.add(now)
	totals.NumberOfBuffers, totals.FreeBuffers = now.NumberOfBuffers, now.FreeBuffers
	return totals
}

func (t *Totals) add(s Stats) {
	t.EventsLost += uint64(s.EventsLost)
	t.RealTimeBuffersLost += uint64(s.RealTimeBuffersLost)
	t.Oversized += s.Oversized
	t.Panics += s.Panics
	t.Discarded += s.Discarded
	t.HeaderInfo += s.HeaderInfo
	t.LostEventNotices += s.LostEventNotices
	t.LostBufferNotices += s.LostBufferNotices
	t.LostFileNotices += s.LostFileNotices
}
