// SPDX-License-Identifier: Apache-2.0

// Package ring keeps the last events for readers. Events go in in batches; each reader takes them at its own pace, in groups. A writer never
// waits for a reader: one that falls behind by more than the ring holds continues with the oldest event and learns how many it has missed.
//
// Cilium's own ring (pkg/hubble/container) is not used: it hands each event to each follower through a channel, shows an event only when the next
// one has come, which in a replay never does, and links Cilium's metrics with some 220 packages more.
package ring

import (
	"context"
	"fmt"
	"sync"
)

// MaxCapacity is the largest capacity.
const MaxCapacity = 1<<16 - 1

// CheckCapacity returns an error for a capacity that Hubble's ring cannot have.
func CheckCapacity(n int) error {
	if n < 1 || n > MaxCapacity || n&(n+1) != 0 {
		return fmt.Errorf("%d: want one less than a power of two: 1, 3, 7, …, 4095, …, %d", n, MaxCapacity)
	}
	return nil
}

// Ring keeps the last events, of type E. It is safe for concurrent use. Nobody changes an event that is in it.
type Ring[E any] struct {
	mu     sync.RWMutex
	events []*E   // event number i is at i modulo the length
	next   uint64 // number of the next event; those before it have been written
	more   chan struct{}
	bell   bool // someone waits for more
}

// New makes a ring of a capacity that CheckCapacity accepts.
func New[E any](capacity int) *Ring[E] {
	return &Ring[E]{events: make([]*E, capacity), more: make(chan struct{})}
}

// Write appends events. It does not wait for readers.
func (r *Ring[E]) Write(events []*E) {
	if len(events) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		r.events[r.next%uint64(len(r.events))] = e
		r.next++
	}
	if r.bell {
		close(r.more)
		r.more, r.bell = make(chan struct{}), false
	}
}

// Cap is the number of events that the ring keeps at most.
func (r *Ring[E]) Cap() uint64 { return uint64(len(r.events)) }

// Len is the number of events that it has.
func (r *Ring[E]) Len() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.next - r.oldest()
}

// Range returns the number of the oldest event, and that of the next one.
func (r *Ring[E]) Range() (oldest, next uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.oldest(), r.next
}

func (r *Ring[E]) oldest() uint64 {
	if r.next < uint64(len(r.events)) {
		return 0
	}
	return r.next - uint64(len(r.events))
}

// Read copies events from a number on, as many as there are and as fit, and returns how many. missed is how many from that number on are no
// longer there: the first that is copied is that many later.
func (r *Ring[E]) Read(from uint64, to []*E) (n int, missed uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if oldest := r.oldest(); from < oldest {
		missed = oldest - from
		from = oldest
	}
	for from < r.next && n < len(to) {
		to[n] = r.events[from%uint64(len(r.events))]
		from++
		n++
	}
	return n, missed
}

// ReadBack copies the events before a number, latest first, as many as there are and as fit, and returns how many.
func (r *Ring[E]) ReadBack(before uint64, to []*E) (n int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for before = min(before, r.next); before > r.oldest() && n < len(to); n++ {
		before--
		to[n] = r.events[before%uint64(len(r.events))]
	}
	return n
}

// Wait waits until there is an event of that number. It returns the context's error when that ends first.
func (r *Ring[E]) Wait(ctx context.Context, number uint64) error {
	for {
		r.mu.Lock()
		there, more := r.next > number, r.more
		r.bell = r.bell || !there
		r.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
