// SPDX-License-Identifier: Apache-2.0

// Package user names the accounts of events. In comes a SID; out come the name of the account and the kind of the name.
//
// Windows may ask a domain controller for a name, which takes seconds or more. So Names never waits: it returns what it knows, and
// one goroutine asks for the rest. The first events of an account have no name.
package user

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Resolver asks this host for the name of an account.
type Resolver interface {
	// Account returns the account's domain, empty if it has none, and its name. It may take long.
	Account(sid etw.SID) (domain, name string, err error)
}

// The kinds of names, as values of ASIM's UsernameType.
const (
	Windows = "Windows" // DOMAIN\name
	Simple  = "Simple"  // name
)

// Limits of what is kept, and for how long.
const (
	maxAccounts = 1024
	maxWaiting  = 64
	// askAgainAfter is how long a name is used before it is looked up again, since accounts are renamed. The old name is used until
	// there is an answer.
	askAgainAfter = time.Hour
	// retryAfter is how long an account whose name was not found is not looked up again.
	retryAfter = time.Minute
)

// Names looks up the names of accounts. It is safe for use from several goroutines.
type Names struct {
	resolver Resolver
	now      func() time.Time
	wanted   chan key
	ended    chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	known  map[key]*entry
	closed bool
}

// key is a SID in comparable form.
type key struct {
	sid  [etw.MaxSIDSize]byte
	size int
}

// entry is what is known about an account.
type entry struct {
	name, kind string
	used       time.Time
	askAt      time.Time // earliest time of the next lookup
	asking     bool
}

// NewNames returns an empty cache that asks r. Close ends it.
func NewNames(r Resolver) *Names {
	n := &Names{resolver: r, now: time.Now, wanted: make(chan key, maxWaiting), ended: make(chan struct{}), known: map[key]*entry{}}
	go n.ask()
	return n
}

// Account returns the name of the account with the SID, as UTF-8, and its kind; both are empty while the name is unknown. It does not
// wait, and allocates nothing for a known account.
func (n *Names) Account(sid etw.SID) (name, kind string) {
	if len(sid) > etw.MaxSIDSize {
		return "", ""
	}
	k := key{size: len(sid)}
	copy(k.sid[:], sid)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return "", ""
	}
	now := n.now()
	e := n.known[k]
	if e == nil {
		if len(n.known) >= maxAccounts {
			n.forgetOldest()
		}
		e = &entry{}
		n.known[k] = e
	}
	e.used = now
	if !e.asking && !now.Before(e.askAt) {
		select {
		case n.wanted <- k:
			e.asking = true
		default: // too many are waiting; the account's next event asks again
		}
	}
	return e.name, e.kind
}

// forgetOldest forgets the least recently used account.
func (n *Names) forgetOldest() {
	var oldest key
	var at time.Time
	for k, e := range n.known {
		if at.IsZero() || e.used.Before(at) {
			oldest, at = k, e.used
		}
	}
	delete(n.known, oldest)
}

// ask looks up names, one after the other, until none is left.
func (n *Names) ask() {
	defer close(n.ended)
	for k := range n.wanted {
		if n.isClosed() {
			continue
		}
		domain, name, err := n.resolver.Account(etw.SID(k.sid[:k.size]))
		n.answered(k, domain, name, err)
	}
}

func (n *Names) isClosed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closed
}

// answered stores an answer, unless the account has been forgotten. An error leaves the known name.
func (n *Names) answered(k key, domain, name string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.known[k]
	if e == nil {
		return
	}
	e.asking = false
	if err != nil || name == "" {
		e.askAt = n.now().Add(retryAfter)
		return
	}
	e.askAt, e.name, e.kind = n.now().Add(askAgainAfter), name, Simple
	if domain != "" {
		e.name, e.kind = domain+`\`+name, Windows
	}
	e.name = strings.ToValidUTF8(e.name, "\uFFFD")
}

// Close ends the lookups, and waits for the goroutine or until ctx is done: a query to a domain controller cannot be cancelled. After
// it no names are returned.
func (n *Names) Close(ctx context.Context) {
	n.mu.Lock()
	if !n.closed {
		n.closed = true
		close(n.wanted)
	}
	n.mu.Unlock()
	select {
	case <-n.ended:
	case <-ctx.Done():
	}
}
