// SPDX-License-Identifier: Apache-2.0

// Package verify checks on a real Windows what the project could only assume. A host goes in; a report of named probes comes out, each with
// what was expected, what was found, a verdict and the evidence. A probe undoes what it changes.
package verify

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
)

// Options configure a run. Run sets zero values to the defaults.
type Options struct {
	System   System
	Program  string // the version for the report
	WithData bool   // the report may have names, addresses and events of the host
	Dir      string // where files with data go
	// Throughput is how long the throughput is measured. Default 60 s.
	Throughput time.Duration
	// Patience is how long the events of a query, and a session that comes back, may take. Default 30 s.
	Patience time.Duration
	// Settle is how long to wait for more events of a query once the expected ones have come. Default 3 s.
	Settle time.Duration
	// Burst is the number of events written at once to see losses. Default 20,000.
	Burst int
	// Only has the names of the probes to run; empty runs all.
	Only map[string]bool
	// Done is called after each probe; it may be nil.
	Done func(Result)
}

// undoLimit is how long the cleanup of a probe may take.
const undoLimit = 15 * time.Second

// endLimit is how long it may take when the run is cut off: Windows ends a program 5 s after its console, its session or the host has ended.
const endLimit = 4 * time.Second

// Probe is one check.
type Probe struct {
	Name     string
	Row      string // the first cell of its row in docs/verification.md
	Expected string
	Changes  string // what it changes on the host, and that it is undone; "" is nothing
	limit    func(*Options) time.Duration
	run      func(context.Context, *env) outcome
}

// outcome is what a probe returns.
type outcome struct {
	verdict  Verdict
	found    string
	evidence map[string]any
	cut      bool     // the run was cut off before the probe's end
	denied   bool     // this account may not start ETW sessions, as documented
	events   [][]byte // events of our own test names, in wire form
}

func verdict(ok bool) Verdict {
	if ok {
		return Pass
	}
	return Fail
}

func failed(format string, args ...any) outcome {
	return outcome{verdict: Fail, found: fmt.Sprintf(format, args...)}
}

func notApplicable(format string, args ...any) outcome {
	return outcome{verdict: NotApplicable, found: fmt.Sprintf(format, args...)}
}

// env is what a probe works with. Each probe has its own, so that one that does not end disturbs no other.
type env struct {
	Options
	denied bool     // earlier probe: this account may not start ETW sessions
	events [][]byte // earlier probes: events of our own test names

	mu     sync.Mutex
	undone bool
	undo   []func(context.Context) error
}

// later registers what undoes a change. It is undone at once if the probe's time is over.
func (e *env) later(undo func(context.Context) error) {
	e.mu.Lock()
	if !e.undone {
		e.undo = append(e.undo, undo)
		e.mu.Unlock()
		return
	}
	e.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), undoLimit)
	defer cancel()
	_ = undo(ctx) // the probe has been reported as one that did not end
}

// clean undoes the probe's changes within the time, the last one first.
func (e *env) clean(limit time.Duration) (errs []error) {
	e.mu.Lock()
	undo := e.undo
	e.undo, e.undone = nil, true
	e.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for i := len(undo) - 1; i >= 0; i-- {
		if err := undo[i](ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// open opens a session that is closed when the probe ends.
func (e *env) open(cfg session.Config, deliver session.Deliver) (*session.Session, error) {
	s, err := session.Open(cfg, deliver, nil)
	if err != nil {
		return nil, err
	}
	e.later(s.Close)
	return s, nil
}

// Run runs the probes, one after the other. When ctx ends, the current probe is cut off and undone, and the others are not run.
func Run(ctx context.Context, o Options) *Report {
	return runAll(ctx, o, Probes())
}

func runAll(ctx context.Context, o Options, probes []Probe) *Report {
	o.defaults()
	begun := time.Now()
	r := &Report{Schema: SchemaVersion, Program: o.Program, Started: begun.UTC().Truncate(time.Second), WithData: o.WithData, Summary: map[Verdict]int{}}
	if host, err := o.System.Windows(); err == nil {
		r.Host = host
	}
	r.Host.Program, r.Host.Processors = runtime.GOARCH, runtime.NumCPU()
	denied, events := false, [][]byte(nil)
	for i := range probes {
		p := &probes[i]
		if len(o.Only) > 0 && !o.Only[p.Name] {
			continue
		}
		e := &env{Options: o, denied: denied, events: events}
		at := time.Now()
		out := p.bounded(ctx, e)
		result := Result{Name: p.Name, Expected: p.Expected, Found: out.found, Verdict: out.verdict, Evidence: out.evidence, Seconds: seconds(time.Since(at))}
		denied, events = denied || out.denied, append(events, out.events...)
		if !o.WithData {
			result.scrub(o.System.Secrets())
		}
		r.cut = r.cut || out.cut
		r.Probes = append(r.Probes, result)
		r.Summary[result.Verdict]++
		if o.Done != nil {
			o.Done(result)
		}
	}
	r.Seconds = seconds(time.Since(begun))
	return r
}

func (o *Options) defaults() {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&o.Throughput, time.Minute}, {&o.Patience, 30 * time.Second}, {&o.Settle, 3 * time.Second}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if o.Burst == 0 {
		o.Burst = 20000
	}
}

// seconds rounds to milliseconds.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// bounded runs the probe within its time and undoes its changes. A panic is a failure of this probe alone.
func (p *Probe) bounded(ctx context.Context, e *env) (out outcome) {
	if ctx.Err() != nil {
		return outcome{cut: true, verdict: Unknown, found: "not run: " + context.Cause(ctx).Error()}
	}
	undoing := undoLimit
	limit := p.limit(&e.Options)
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ended := make(chan outcome, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				ended <- failed("the probe panicked: %v", r)
			}
		}()
		ended <- p.run(inner, e)
	}()
	select {
	case out = <-ended:
	case <-inner.Done():
		notice := time.Second
		if ctx.Err() != nil {
			notice = 500 * time.Millisecond
		}
		select {
		case out = <-ended: // it noticed the end itself
		case <-time.After(notice):
			out = failed("the probe did not end within %v", limit)
		}
	}
	if ctx.Err() != nil {
		undoing, out = endLimit, outcome{cut: true, verdict: Unknown, found: "cut off: " + context.Cause(ctx).Error()}
	}
	for _, err := range e.clean(undoing) {
		out.verdict = Fail
		out.found += fmt.Sprintf("; a change was not undone: %v", err)
	}
	return out
}
