// SPDX-License-Identifier: Apache-2.0

// Package process names the processes that events speak of, by one look-up a process.
//
// A process id is used again when its process is gone, and an event arrives a while after it happened. Names therefore keeps the
// process open as long as it keeps its name, which keeps Windows from using the id for another, and gives no name to an event
// that is older than the process.
package process

import (
	"strings"
	"sync"
	"time"
)

// Opener opens processes of this host.
type Opener interface {
	// Open opens the process that has the id now. It fails for a process that is gone or must not be looked at.
	Open(pid uint32) (Process, error)
}

// Process is an open process. Its id belongs to it until it is closed, though it may end before.
type Process interface {
	// Path is the file of its program.
	Path() string
	Started() time.Time
	Exited() bool
	Close()
}

// What is kept, and for how long.
const (
	maxProcesses = 1024
	// sweepEvery is how often processes that have ended are closed. Until then their last events are named.
	sweepEvery = 10 * time.Second
	// retryAfter is how long an id that could not be opened is left alone.
	retryAfter = 10 * time.Second
)

// Names gives the names of processes. It may be used by several goroutines.
type Names struct {
	opener Opener
	now    func() time.Time

	mu      sync.Mutex
	known   map[uint32]*entry
	sweepAt time.Time
	closed  bool
}

// entry is what is known of an id.
type entry struct {
	process Process // nil when it could not be opened
	path    string
	started time.Time
	used    time.Time // or, without a process, when it was tried
}

// NewNames makes an empty cache over o.
func NewNames(o Opener) *Names { return &Names{opener: o, now: time.Now, known: map[uint32]*entry{}} }

// Name gives the path of the program of the process that had the id at a time that is not long ago, UTF-8; "" when it is not known.
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
	if e.process == nil || at.Before(e.started) {
		return ""
	}
	e.used = now
	return e.path
}

// open looks a process up, and forgets the one that was used least recently when there are too many.
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
	e := &entry{used: now}
	if p, err := n.opener.Open(pid); err == nil {
		// A file's name may have unpaired surrogates, which Go keeps in a form that is no UTF-8, as a record's text must be.
		e.process, e.path, e.started = p, strings.ToValidUTF8(p.Path(), "\uFFFD"), p.Started()
	}
	n.known[pid] = e
	return e
}

// sweep forgets the processes that have ended, and the failures that are old.
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

// Close closes all processes. No name is given after it.
func (n *Names) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for pid := range n.known {
		n.forget(pid)
	}
}
