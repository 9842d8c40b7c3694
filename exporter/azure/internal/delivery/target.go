// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Target is the state of one far end, as learned from calls. It is safe for concurrent use.
type Target struct {
	Gate     Gate
	Accepted atomic.Uint64 // number of accepted calls

	// search is locked by whoever searches for refused rows. The result of one search spares the others their calls.
	search chan struct{}
	mu     sync.Mutex
	// suspects maps the hash of the first row of each call that was refused whole to the number of calls that had been
	// accepted by then.
	suspects map[uint64]uint64
}

// NewTarget returns a target without calls.
func NewTarget() *Target {
	return &Target{search: make(chan struct{}, 1), suspects: map[uint64]uint64{}}
}

// maxSuspects bounds the calls that are remembered. Rows of other calls are kept and sent again.
const maxSuspects = 4096

var seed = maphash.MakeSeed()

// Suspect remembers, by its first row, a call that was refused whole.
func (t *Target) Suspect(row []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := maphash.Bytes(seed, row)
	if _, has := t.suspects[key]; !has && len(t.suspects) < maxSuspects {
		t.suspects[key] = t.Accepted.Load()
	}
}

// AcceptsOthers reports whether other calls were accepted since a call with this first row was refused whole. If so,
// the rows are at fault and not the far end.
func (t *Target) AcceptsOthers(row []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, has := t.suspects[maphash.Bytes(seed, row)]
	return has && t.Accepted.Load() > before
}

// Clear forgets a call that is settled.
func (t *Target) Clear(row []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.suspects, maphash.Bytes(seed, row))
}

// Lock waits until no one else searches, and returns the function that ends the search. The error comes from the ending
// or from the context.
func (t *Target) Lock(ctx context.Context, ending *Ending) (unlock func(), err error) {
	select {
	case t.search <- struct{}{}:
		return func() { <-t.search }, nil
	case <-ctx.Done():
	case <-ending.stopping:
	}
	return nil, ending.Err(ctx)
}
