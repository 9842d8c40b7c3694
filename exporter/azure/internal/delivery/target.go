// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Target is one far end, as calls have met it. It is safe for concurrent use.
type Target struct {
	Gate     Gate
	Accepted atomic.Uint64 // calls

	// search is held by whoever searches for the rows that are refused: what one finds out spares the others the calls.
	search chan struct{}
	mu     sync.Mutex
	// suspects are the first rows of calls of which no row was accepted, by hash, with the number of calls that had been
	// accepted by then.
	suspects map[uint64]uint64
}

// NewTarget makes a target that has met no call.
func NewTarget() *Target {
	return &Target{search: make(chan struct{}, 1), suspects: map[uint64]uint64{}}
}

// maxSuspects bounds what is remembered of calls that were refused whole. What is not remembered is kept and tried again.
const maxSuspects = 4096

var seed = maphash.MakeSeed()

// Suspect remembers a call that was refused whole, by its first row.
func (t *Target) Suspect(row []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := maphash.Bytes(seed, row)
	if _, has := t.suspects[key]; !has && len(t.suspects) < maxSuspects {
		t.suspects[key] = t.Accepted.Load()
	}
}

// AcceptsOthers reports whether other calls were accepted since a call with this first row was refused whole. Then it is the rows that are
// wrong, and not the far end.
func (t *Target) AcceptsOthers(row []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, has := t.suspects[maphash.Bytes(seed, row)]
	return has && t.Accepted.Load() > before
}

// Clear forgets a call that was dealt with.
func (t *Target) Clear(row []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.suspects, maphash.Bytes(seed, row))
}

// Lock waits until nobody else searches, and gives what ends the search. The error is that of the ending or of the context.
func (t *Target) Lock(ctx context.Context, ending *Ending) (unlock func(), err error) {
	select {
	case t.search <- struct{}{}:
		return func() { <-t.search }, nil
	case <-ctx.Done():
	case <-ending.stopping:
	}
	return nil, ending.Err(ctx)
}
