// SPDX-License-Identifier: Apache-2.0

// The maps that a Follower reads at once: the present one, and old ones that have lost their place. Programs write into old maps
// until Cilium has replaced the programs, so each is read until it has been silent.

package events

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// foundMap is an open map that was found at the path.
type foundMap interface {
	placed
	identity() pinned.Identity
	// source returns a source of the map for a reader. It owns the map, even if it fails.
	source(by *owner) (*Source, error)
	Close() error
}

// held is a map that is read.
type held struct {
	*Source
	begun   time.Time // when it became the present one
	silent  time.Time // since when it is known to have delivered nothing
	records uint64    // its count of records then
}

// see checks whether the map has delivered anything, and returns for how long it has not.
func (h *held) see() time.Duration {
	if records := h.Stats().Records; records != h.records || h.silent.IsZero() {
		h.silent, h.records = time.Now(), records
	}
	return time.Since(h.silent)
}

// find returns the map that is pinned now: one that is already read, or a new one.
func (f *Follower) find() (*held, error) {
	m, err := f.open(f.s.Path)
	if err != nil {
		return nil, err
	}
	if known := f.known(m); known != nil {
		return known, m.Close()
	}
	source, err := m.source(f.owner)
	if err != nil {
		return nil, err
	}
	return &held{Source: source}, nil
}

// known returns the map that is already read and is the found one; nil if there is none.
//
// Sometimes the found map looks like a map that is already read, and nothing shows whether the two are the same (see compare). Treating them
// as the same could leave the found map without a reader. Treating them as different could give one map two readers, which would count its
// events twice. So known ends the reader of the similar map before the found map is read. If both are the same map, the next reader continues
// where this one ended. An old map's reader ends at once. The present map's reader ends after a silence of Quiet, which occurs when the
// map's programs are replaced, or after MaxUnsure.
func (f *Follower) known(found foundMap) *held {
	all := f.held()
	var unsure []*held
	for _, h := range all {
		switch compare(h, found) {
		case pinned.Same:
			return h
		case pinned.Unknown:
			unsure = append(unsure, h)
		}
	}
	if present := f.current; slices.Contains(unsure, present) && present.see() < f.s.Quiet {
		if time.Since(present.begun) < MaxUnsure {
			return present
		}
		f.leaveUnsure(present)
		unsure = slices.DeleteFunc(unsure, func(h *held) bool { return h == present })
	}
	for _, h := range unsure {
		f.leaveEarly(h)
	}
	return nil
}

// held lists the maps that are read, the present one last.
func (f *Follower) held() []*held {
	all := slices.Clone(f.old)
	if f.current != nil {
		all = append(all, f.current)
	}
	return all
}

// begin makes a map the present one. The map whose place it takes becomes an old one.
func (f *Follower) begin(h *held) {
	h.Start(f.s.Deliver)
	h.begun = time.Now()
	f.mu.Lock()
	f.old = slices.DeleteFunc(f.old, func(o *held) bool { return o == h }) // an old map is pinned again
	if f.current != nil {
		f.current.silent = time.Time{} // its silence counts from now
		f.old = append(f.old, f.current)
	}
	f.current = h
	f.past.Attached++
	f.mu.Unlock()
	var longest *held
	for _, o := range f.old {
		if o.see(); longest == nil || o.silent.Before(longest.silent) {
			longest = o
		}
	}
	if len(f.held()) > MaxMaps {
		f.leaveEarly(longest)
	}
}

// leave stops reading the old maps that are silent, or cannot be read any more.
func (f *Follower) leave() {
	var gone []*held
	for _, h := range f.old {
		quiet := h.see() >= f.s.Quiet
		if err := h.Err(); err != nil {
			f.report(err)
		} else if !quiet {
			continue
		}
		gone = append(gone, h)
	}
	f.retire(gone...)
}

// leaveEarly drains a map and stops reading it. It calls Left if the map had not been silent long enough.
func (f *Follower) leaveEarly(h *held) {
	early := h.see() < f.s.Quiet
	f.retire(h)
	if !early {
		return
	}
	f.mu.Lock()
	f.past.Left++
	f.mu.Unlock()
	f.s.Left(h.Info(), h.Stats().Waiting)
}

// leaveUnsure drains the present map, into which programs still write, and stops reading it, because nothing shows whether another
// map has its place.
func (f *Follower) leaveUnsure(h *held) {
	f.retire(h)
	f.mu.Lock()
	f.past.Unsure++
	f.mu.Unlock()
	f.s.Unsure(h.Info())
}

// retire drains maps and keeps their counts.
func (f *Follower) retire(gone ...*held) {
	if len(gone) == 0 {
		return
	}
	if err := drainAll(context.Background(), gone); err != nil {
		f.report(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range gone {
		f.past.add(h.Stats())
		if f.current == h {
			f.current = nil
		}
	}
	f.old = slices.DeleteFunc(f.old, func(o *held) bool { return slices.Contains(gone, o) })
}

// drainAll drains maps concurrently, so that many take no longer than one.
func drainAll(ctx context.Context, gone []*held) error {
	errs := make(chan error)
	for _, h := range gone {
		go func() { errs <- h.Drain(ctx, drainTime) }()
	}
	var all []error
	for range gone {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// add adds the counts of one source.
func (s *Stats) add(other Stats) {
	s.Records += other.Records
	s.Bytes += other.Bytes
	s.Lost += other.Lost
}

// Stats returns the counts, and how full the present map is now. It may be called from any goroutine.
func (f *Follower) Stats() FollowStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.past
	for _, h := range f.held() {
		stats := h.Stats()
		all.add(stats)
		all.Waiting, all.Size = stats.Waiting, stats.Size
	}
	return all
}
