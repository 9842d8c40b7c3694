// SPDX-License-Identifier: Apache-2.0

// Package service runs a collector: from a shell, or as a Windows service. In come the collector's command and the requests of the service
// manager; out come states of the service and events of the Windows Event Log.
//
// The collector's own wrapper is not used. It reports no progress while the collector starts and stops, it waits without an end, and it goes
// on as a running service when the collector has ended by itself.
package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/environment"
)

// Command is the collector's command.
type Command interface {
	SetArgs([]string)
	ExecuteContext(context.Context) error // runs the collector until the context ends
}

// NewCommand makes the command. The collector makes its loggers with the options.
type NewCommand func(...zap.Option) Command

// interactive runs the command from a shell. It sets the environment of --env-file first.
func interactive(newCommand NewCommand, args []string) error {
	path, args, err := environment.FromArgs(args)
	if err == nil && path != "" {
		var warnings []string
		warnings, err = environment.Load(path)
		for _, w := range warnings {
			fmt.Fprintln(os.Stderr, "warning:", w)
		}
		if err == nil {
			err = environment.SetDefaults(filepath.Dir(path))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err) // as the command writes its own
		return err
	}
	command := newCommand()
	command.SetArgs(args)
	return command.ExecuteContext(context.Background())
}

// kind is a state of a service.
type kind int

const (
	startPending kind = iota
	running
	stopPending
)

// state is what the service manager is told.
type state struct {
	kind       kind
	checkpoint uint32        // grows while the state is pending
	hint       time.Duration // the longest time until the next checkpoint
}

// request is what the service manager asks for.
type request int

const (
	interrogate request = iota
	stopRequest
	preshutdown
	shutdown
)

// The longest time for the whole stop, of all components, by what asked for it. After a stop request Windows waits as long as checkpoints
// come. Before a shutdown it waits 10 s for services that ask for it, and the network and DNS still work then. At the shutdown it waits 5 s
// for all services. Each bound leaves a part of that.
var stopBounds = map[request]time.Duration{
	stopRequest: 20 * time.Second,
	preshutdown: 9 * time.Second,
	shutdown:    4500 * time.Millisecond,
}

const (
	progressInterval = time.Second
	waitHint         = 5 * time.Second // several intervals, for a host that is busy
)

// host is where a service runs.
type host struct {
	requests <-chan request
	report   func(state)
	events   *events
	prepare  func() error // what comes before the collector; its error ends the start
}

// serve runs a collector as a service, and returns the exit code: 0 when it was stopped on request, also if the stop was cut off.
func (h host) serve(newCommand NewCommand, args []string) (code uint32) {
	now := state{kind: startPending, checkpoint: 1, hint: waitHint}
	h.report(now)
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	progress := func() {
		if now.kind != running {
			now.checkpoint++
		}
		h.report(now)
	}

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		if err := h.prepare(); err != nil {
			ended <- err
			return
		}
		command := newCommand(watch(h.events, sync.OnceFunc(func() { close(ready) })))
		command.SetArgs(args)
		ended <- command.ExecuteContext(ctx)
	}()

	var bound *time.Timer
	var late <-chan time.Time
	var asked request
	stop := func(r request) {
		if now.kind != stopPending {
			now = state{kind: stopPending, hint: waitHint}
			asked, bound = r, time.NewTimer(stopBounds[r])
			late = bound.C
			cancel()
		} else if stopBounds[r] < stopBounds[asked] { // a shutdown while the service is being stopped
			asked = r
			bound.Reset(stopBounds[r])
		}
		progress()
	}
	for {
		select {
		case <-ready:
			ready = nil
			if now.kind == startPending {
				now = state{kind: running}
				h.report(now)
				h.events.write(zapcore.InfoLevel, idStarted, "", "the collector has started")
			}
		case r := <-h.requests:
			if r == interrogate {
				h.report(now)
			} else {
				stop(r)
			}
		case <-tick.C:
			if now.kind != running {
				progress()
			}
		case <-late:
			h.events.write(zapcore.WarnLevel, idStopLate, "", fmt.Sprintf("the collector did not stop within %v and is ended; what it held in memory is lost", stopBounds[asked]))
			return 0
		case err := <-ended:
			return h.ended(now.kind, err)
		}
	}
}

// ended writes why the collector has ended, and returns the exit code.
func (h host) ended(in kind, err error) uint32 {
	switch {
	case in == startPending:
		if err == nil {
			err = errors.New("it ended before it was ready")
		}
		h.events.write(zapcore.ErrorLevel, idNotStarted, "", fmt.Sprintf("the collector cannot start: %v", err))
		return 1
	case in == running:
		text := "the collector has ended without a request to stop; its log has the reason"
		if err != nil {
			text = fmt.Sprintf("the collector has ended without a request to stop: %v", err)
		}
		h.events.write(zapcore.ErrorLevel, idEnded, "", text)
		return 1
	case err != nil:
		h.events.write(zapcore.WarnLevel, idStopped, "", fmt.Sprintf("the collector has stopped, with errors: %v", err))
	default:
		h.events.write(zapcore.InfoLevel, idStopped, "", "the collector has stopped")
	}
	return 0
}
