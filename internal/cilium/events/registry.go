// SPDX-License-Identifier: Apache-2.0

// The maps that this process reads. A ring buffer has one consumer: a second reader would take the first one's wake-ups
// and records, and on Windows nothing stops it.

package events

import (
	"errors"
	"fmt"
	"sync"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// ErrInUse is returned when another source of this process reads the same map.
var ErrInUse = errors.New("another receiver of this collector reads the same map; a ring has one consumer")

// readers is the process's registry of maps being read: followed paths by their one spelling, maps by what the kernel says of them,
// so that neither two spellings of one pin nor two pins of one map are read twice.
var readers = registry{paths: map[string]struct{}{}, maps: map[*mapClaim]struct{}{}}

type registry struct {
	mu    sync.Mutex
	paths map[string]struct{}
	maps  map[*mapClaim]struct{}
}

// owner is who reads maps: a Follower, or a Source for itself.
type owner struct{ path string }

// mapClaim is a map that is read.
type mapClaim struct {
	is pinned.Identity
	by *owner
}

// claimPath takes a path, or returns ErrInUse. release gives it back; further calls do nothing.
func (r *registry) claimPath(path string) (release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path = pinned.Canonical(path)
	if _, taken := r.paths[path]; taken {
		return nil, ErrInUse
	}
	r.paths[path] = struct{}{}
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.paths, path)
	}), nil
}

// claimMap takes a map, or returns ErrInUse. release gives it back; further calls do nothing.
//
// Two maps of the same looks, of which one has no number, may be one under two pins, or two. They are taken for one: reading one map
// twice would count events double or split them, and nothing would show it. Only a reader's own maps it tells apart itself, see
// Follower.known.
func (r *registry) claimMap(is pinned.Identity, by *owner) (release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.maps {
		switch is.Compare(other.is) {
		case pinned.Same:
			return nil, ErrInUse
		case pinned.Unknown:
			if other.by != by {
				return nil, fmt.Errorf("%w, as far as can be told: the kernel gives the map no number, and it looks like the one pinned at %s; "+
					"want one receiver for both pins, or maps that differ in their type, sizes, flags or name", ErrInUse, other.by.path)
			}
		}
	}
	c := &mapClaim{is: is, by: by}
	r.maps[c] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.maps, c)
	}, nil
}
