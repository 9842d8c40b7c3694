// SPDX-License-Identifier: Apache-2.0

// The maps that this process reads. A ring buffer has one consumer: a second reader would take the first one's wake-ups
// and records, and on Windows nothing prevents that.

package events

import (
	"errors"
	"fmt"
	"sync"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/exclusive"
)

// ErrInUse is returned when another source of this process reads the same map.
var ErrInUse = errors.New("another receiver of this collector reads the same map; a ring has one consumer")

// readers are the claims of the whole process.
var readers claims

// claims are what Followers and Sources of a process read: paths by their canonical spelling, maps by their identity in the kernel.
// So neither two spellings of one pin nor two pins of one map are read twice. Unlike a path, a map has no name that identifies it,
// which is why exclusive.Names is not enough.
type claims struct {
	paths exclusive.Names

	mu   sync.Mutex
	maps map[*mapClaim]struct{}
}

// owner reads maps: a Follower, or a Source on its own.
type owner struct{ path string }

// mapClaim is a map that is read.
type mapClaim struct {
	is pinned.Identity
	by *owner
}

// claimPath takes a path, or returns ErrInUse. release gives it back; further calls do nothing.
func (c *claims) claimPath(path string) (release func(), err error) {
	release, ok := c.paths.Claim(pinned.Canonical(path))
	if !ok {
		return nil, ErrInUse
	}
	return release, nil
}

// claimMap takes a map, or returns ErrInUse. release gives it back; further calls do nothing.
//
// When two maps look alike and one has no number, they may be one map under two pins, or two maps. They are taken for one: if one map
// were read twice, its events would be counted twice or split, and nothing would show it. An owner distinguishes its own maps itself,
// see Follower.known.
func (c *claims) claimMap(is pinned.Identity, by *owner) (release func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for other := range c.maps {
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
	m := &mapClaim{is: is, by: by}
	if c.maps == nil {
		c.maps = map[*mapClaim]struct{}{}
	}
	c.maps[m] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.maps, m)
	}, nil
}
