// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
)

// rule is a data collection rule as the calls have met it.
type rule struct {
	id     string
	urls   [kindCount]string
	gate   delivery.Gate // of all streams
	target [kindCount]*target
}

// target is one stream of a rule.
type target struct {
	gate     delivery.Gate
	accepted atomic.Uint64 // calls

	// search is held by whoever searches for the rows that are refused: what one finds out spares the others the calls.
	search chan struct{}
	mu     sync.Mutex
	// suspects are the first rows of calls of which no row was accepted, by hash, with the number of calls that had been
	// accepted by then.
	suspects map[uint64]uint64
}

// maxSuspects bounds what is remembered of calls that were refused whole. What is not remembered is kept and tried again.
const maxSuspects = 4096

const apiVersion = "2023-01-01"

func newRule(endpoint, id string, streams [kindCount]string) *rule {
	r := &rule{id: id}
	for k, stream := range streams {
		r.urls[k] = endpoint + "/dataCollectionRules/" + id + "/streams/" + stream + "?api-version=" + apiVersion
		r.target[k] = &target{search: make(chan struct{}, 1), suspects: map[uint64]uint64{}}
	}
	return r
}

// wait is how long nothing may be sent to a stream, and why, or 0.
func (r *rule) wait(k kind) (time.Duration, error) {
	all, why := r.gate.Wait()
	if one, whyOne := r.target[k].gate.Wait(); one > all {
		return one, whyOne
	}
	return all, why
}

var seed = maphash.MakeSeed()

// suspect remembers a call that was refused whole, by its first row.
func (t *target) suspect(row []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := maphash.Bytes(seed, row)
	if _, has := t.suspects[key]; !has && len(t.suspects) < maxSuspects {
		t.suspects[key] = t.accepted.Load()
	}
}

// acceptsOthers reports whether other calls were accepted since a call with this first row was refused whole. Then it is the rows that are
// wrong, and not the rule.
func (t *target) acceptsOthers(row []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, has := t.suspects[maphash.Bytes(seed, row)]
	return has && t.accepted.Load() > before
}

// clear forgets a call that was dealt with.
func (t *target) clear(row []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.suspects, maphash.Bytes(seed, row))
}
