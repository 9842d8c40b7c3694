// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// written is an Event Log in memory.
type written struct {
	mu  sync.Mutex
	all []string
}

func (w *written) note(level string, id uint32, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, fmt.Sprint(level, " ", id, " ", text))
	return nil
}

func (w *written) Info(id uint32, text string) error    { return w.note("info", id, text) }
func (w *written) Warning(id uint32, text string) error { return w.note("warning", id, text) }
func (w *written) Error(id uint32, text string) error   { return w.note("error", id, text) }

// command is a collector.
type command struct {
	options []zap.Option
	args    []string
	run     func(ctx context.Context, log *zap.Logger) error
}

func (c *command) SetArgs(args []string) { c.args = args }

func (c *command) ExecuteContext(ctx context.Context) error {
	return c.run(ctx, zap.New(zapcore.NewNopCore(), c.options...))
}

// rig is a service manager.
type rig struct {
	host
	requests chan request
	states   []state
	at       []time.Duration // when a state was reported
	log      *written
	begun    time.Time
}

// start runs the collector as a service.
func start(run func(ctx context.Context, log *zap.Logger) error) (r *rig, code chan uint32) {
	r = &rig{requests: make(chan request), log: &written{}, begun: time.Now()}
	r.host = host{
		requests: r.requests, events: &events{log: r.log}, prepare: func() error { return nil },
		report: func(s state) {
			r.states = append(r.states, s)
			r.at = append(r.at, time.Since(r.begun))
		},
	}
	code = make(chan uint32, 1)
	go func() {
		code <- r.serve(func(o ...zap.Option) Command { return &command{options: o, run: run} }, []string{"--config", "x"})
	}()
	return r, code
}

// untilStopped is a collector that is ready after some time, and takes some time to stop.
func untilStopped(toStart, toStop time.Duration, err error) func(context.Context, *zap.Logger) error {
	return func(ctx context.Context, log *zap.Logger) error {
		time.Sleep(toStart)
		log.Info(readyMessage)
		<-ctx.Done()
		time.Sleep(toStop)
		return err
	}
}

func TestTheServiceManagerSeesProgressWhileTheCollectorStartsAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, code := start(untilStopped(3500*time.Millisecond, 4500*time.Millisecond, nil))
		time.Sleep(10 * time.Second)
		r.requests <- interrogate
		r.requests <- stopRequest
		require.Zero(t, <-code)
		var kinds []kind
		before := state{}
		for i, s := range r.states {
			kinds = append(kinds, s.kind)
			if s.kind != running {
				require.Equal(t, waitHint, s.hint)
				if s.kind == before.kind && i > 0 {
					require.Greater(t, s.checkpoint, before.checkpoint)
					require.Less(t, r.at[i]-r.at[i-1], waitHint)
				}
			}
			before = s
		}
		require.Equal(t, []kind{
			startPending, startPending, startPending, startPending, running, running,
			stopPending, stopPending, stopPending, stopPending, stopPending,
		}, kinds)
		require.Equal(t, []string{"info 100 the collector has started", "info 101 the collector has stopped"}, r.log.all)
	})
}

func TestTheWholeStopIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		requests []request // one a second
		bound    time.Duration
	}{
		"a stop":                   {[]request{stopRequest}, 20 * time.Second},
		"before a shutdown":        {[]request{preshutdown}, 9 * time.Second},
		"at a shutdown":            {[]request{shutdown}, 4500 * time.Millisecond},
		"at a shutdown in a stop":  {[]request{stopRequest, shutdown}, 5500 * time.Millisecond},
		"a stop asked for at last": {[]request{shutdown, stopRequest}, 4500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, code := start(untilStopped(0, time.Hour, nil))
				synctest.Wait()
				begun := time.Now()
				for _, q := range c.requests {
					r.requests <- q
					time.Sleep(time.Second)
				}
				require.Zero(t, <-code, "a restart would undo the stop")
				require.Equal(t, c.bound, time.Since(begun))
				require.Contains(t, r.log.all[1], "warning 104 the collector did not stop within ")
				time.Sleep(2 * time.Hour) // the collector's goroutine ends
			})
		})
	}
}

func TestAStopOfAStartThatHangsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, code := start(untilStopped(time.Hour, 0, nil))
		time.Sleep(time.Minute)
		begun := time.Now()
		r.requests <- stopRequest
		require.Zero(t, <-code)
		require.Equal(t, stopBounds[stopRequest], time.Since(begun))
		require.Len(t, r.log.all, 1)
		require.Contains(t, r.log.all[0], "warning 104 the collector did not stop within ")
		time.Sleep(2 * time.Hour) // the collector's goroutine ends
	})
}

func TestACollectorThatEndsByItselfEndsTheServiceWithAnError(t *testing.T) {
	refused := errors.New("receivers: asimdns: enable_level: 9 is not allowed")
	for name, c := range map[string]struct {
		run  func(context.Context, *zap.Logger) error
		stop bool
		code uint32
		want string
	}{
		"at the start":        {func(context.Context, *zap.Logger) error { return refused }, false, 1, "error 103 the collector cannot start: receivers: asimdns: enable_level: 9 is not allowed"},
		"before it was ready": {func(context.Context, *zap.Logger) error { return nil }, false, 1, "error 103 the collector cannot start: it ended before it was ready"},
		"later": {func(_ context.Context, log *zap.Logger) error {
			log.Info(readyMessage)
			time.Sleep(time.Minute)
			return nil // so it does after a component's fatal error
		}, false, 1, "error 102 the collector has ended without a request to stop; its log has the reason"},
		"later, with an error": {func(_ context.Context, log *zap.Logger) error {
			log.Info(readyMessage)
			time.Sleep(time.Minute)
			return refused
		}, false, 1, "error 102 the collector has ended without a request to stop: receivers"},
		"on request, with an error": {untilStopped(0, 0, errors.New("one queue is full")), true, 0, "warning 101 the collector has stopped, with errors: one queue is full"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, code := start(c.run)
				if c.stop {
					synctest.Wait()
					r.requests <- stopRequest
				}
				require.Equal(t, c.code, <-code)
				require.True(t, strings.HasPrefix(r.log.all[len(r.log.all)-1], c.want), "%q", r.log.all)
			})
		})
	}
}

func TestAnEnvironmentThatCannotBeReadEndsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &written{}
		h := host{events: &events{log: log}, report: func(state) {}, prepare: func() error { return errors.New("--env-file: line 2: want KEY=VALUE") }}
		require.EqualValues(t, 1, h.serve(nil, nil))
		require.Equal(t, []string{"error 103 the collector cannot start: --env-file: line 2: want KEY=VALUE"}, log.all)
	})
}
