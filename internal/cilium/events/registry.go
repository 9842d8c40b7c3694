// SPDX-License-Identifier: Apache-2.0

// The maps that this process reads. A ring buffer has one consumer: a second reader would take the first one's wake-ups
// and records, and on Windows nothing stops it.

package events

import (
	"errors"
	"sync"
)

// ErrInUse is returned when another source of this process reads the same map.
var ErrInUse = errors.New("another receiver of this collector reads the same map; a ring has one consumer")

// readers is the process's registry of maps being read: followed paths by their one spelling, maps by the kernel's number, so that
// neither two spellings of one pin nor two pins of one map are read twice.
var readers = registry{keys: map[string]struct{}{}}

type registry struct {
	mu   sync.Mutex
	keys map[string]struct{}
}

// claim takes key, or returns ErrInUse. release gives it back; further calls do nothing.
func (r *registry) claim(key string) (release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.keys[key]; taken {
		return nil, ErrInUse
	}
	r.keys[key] = struct{}{}
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.keys, key)
	}), nil
}
