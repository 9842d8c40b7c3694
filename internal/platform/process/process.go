// SPDX-License-Identifier: Apache-2.0

// Package process names the processes of events. In come a process id and the time of an event; out comes the path of the program
// that had the id then. Each process is looked up once.
//
// Windows reuses the id of a process that has ended, and an event arrives some time after it happened. So Names keeps a process open
// as long as it knows its name, which keeps Windows from reusing the id. It gives no name to an event that is older than the process.
package process

import (
	"strings"
	"sync"
	"time"
)

// Opener opens processes of this host.
type Opener interface {
	// Open opens the process that has the id now. It fails if the process has ended or access is denied.
	Open(pid uint32) (Process, error)
}

// Process is an open process. Its id stays its own until it is closed, even if it ends before.
type Process interface {
	// Path is the path of its program.
	Path() string
	Started() time.Time
	Exited() bool
	Close()
}

// Limits of what is kept, and for how long.
const (
	maxProcesses = 1024
	// sweepEvery is how often processes that have ended are closed. Until then their last events get a name.
	sweepEvery = 10 * time.Second
	// retryAfter is how long an id that could not be opened is not tried again.
	retryAfter = 10 * time.Second
)

// Names looks up the names of processes. It is safe for use from several goroutines.
type Names struct {
	opener Opener
	now    func() time.Time

	mu      sync.Mutex
	known   map[uint32]*entry
	sweepAt time.Time
	closed  bool
}

// entry is what is known about an id.
type entry struct {
	process Process // nil if it could not be opened
	path    string
	started time.Time
	opened  time.Time // by the wall clock
	used    time.Time // without a process: when it was tried
}

// had reports whether the process had its id at a time. A process that starts in the future shows that the clock was set back since.
// The event then happened after the process was opened, or its owner is not known.
func (e *entry) had(at, now time.Time) bool {
	if now.Before(e.started) && !at.After(now) {
		return e.opened.After(now) || !at.Before(e.opened)
	}
	return !at.Before(e.started)
}

// NewNames returns an empty cache that opens processes with o.
func NewNames(o Opener) *Names { return &Names{opener: o, now: time.Now, known: map[uint32]*entry{}} }

// Name returns the path of the program, as UTF-8, of the process that had the id at a recent time; "" if it is unknown.
func (n *Names) Name(pid uint32, at time.Time) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return ""
	}
	now := n.now()
	if !now.Before(n.sweepAt) {
		n.sweep(now)
	}
	e := n.known[pid]
	if e == nil {
		e = n.open(pid, now)
	}
	if e.process == nil || !e.had(at, now.Round(0)) {
		return ""
	}
	e.used = now
	return e.path
}

// open looks a process up. If there are too many it forgets the least recently used one.
func (n *Names) open(pid uint32, now time.Time) *entry {
	if len(n.known) >= maxProcesses {
		oldest := pid
		for id, e := range n.known {
			if o := n.known[oldest]; o == nil || e.used.Before(o.used) {
				oldest = id
			}
		}
		n.forget(oldest)
	}
	e := &entry{opened: now.Round(0), used: now}
	if p, err := n.opener.Open(pid); err == nil {
		// A file's name may have unpaired surrogates, which Go keeps in a form that is not valid UTF-8. A record's text must be
		// valid.
		e.process, e.path, e.started = p, strings.ToValidUTF8(p.Path(), "\uFFFD"), p.Started()
	}
	n.known[pid] = e
	return e
}

// sweep forgets processes that have ended, and old failures.
func (n *Names) sweep(now time.Time) {
	n.sweepAt = now.Add(sweepEvery)
	for pid, e := range n.known {
		if e.process == nil && now.Sub(e.used) >= retryAfter || e.process != nil && e.process.Exited() {
			n.forget(pid)
		}
	}
}

func (n *Names) forget(pid uint32) {
	if e := n.known[pid]; e != nil && e.process != nil {
		e.process.Close()
	}
	delete(n.known, pid)
}

// Close closes all processes. After it no names are returned.
func (n *Names) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for pid := range n.known {
		n.forget(pid)
	}
}
