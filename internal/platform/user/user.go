// SPDX-License-Identifier: Apache-2.0

// Package user names the accounts whose SIDs events carry.
//
// Windows may ask a domain controller for a name, which takes seconds or more. Names therefore never waits: it gives what it knows,
// and has one goroutine ask for the rest. The first events of an account have no name.
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
	// Account gives the account's domain, empty where it has none, and its name. It may take long.
	Account(sid etw.SID) (domain, name string, err error)
}

// What kinds of names there are, as ASIM's UsernameType has it.
const (
	Windows = "Windows" // DOMAIN\name
	Simple  = "Simple"  // name
)

// What is kept, and for how long.
const (
	maxAccounts = 1024
	maxWaiting  = 64
	// askAgainAfter is how long a name is good for: accounts are renamed. It is given until there is an answer.
	askAgainAfter = time.Hour
	// retryAfter is how long an account whose name could not be found is left alone.
	retryAfter = time.Minute
)

// Names gives the names of accounts. It may be used by several goroutines.
type Names struct {
	resolver Resolver
	now      func() time.Time
	wanted   chan key
	ended    chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	known  map[key]*entry
	closed bool
}

// key is a SID in a form that can be compared.
type key struct {
	sid  [etw.MaxSIDSize]byte
	size int
}

// entry is what is known of an account.
type entry struct {
	name, kind string
	used       time.Time
	askAt      time.Time // not before
	asking     bool
}

// NewNames makes an empty cache over r. Close ends it.
func NewNames(r Resolver) *Names {
	n := &Names{resolver: r, now: time.Now, wanted: make(chan key, maxWaiting), ended: make(chan struct{}), known: map[key]*entry{}}
	go n.ask()
	return n
}

// Account gives the name of the account with the SID and its kind, UTF-8; both are empty while it is not known. It does not wait, and
// allocates nothing for an account that was met before.
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
		default: // too many wait; the account's next event asks again
		}
	}
	return e.name, e.kind
}

// forgetOldest forgets the account that was used least recently.
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

// ask asks for names, one after the other, until there is nothing more to ask for.
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

// answered keeps an answer, where the account has not been forgotten. An error leaves the name that was known.
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

// Close gives no more names and waits for the goroutine, or until ctx is done: a question to a domain controller cannot be taken back.
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
