// SPDX-License-Identifier: Apache-2.0

package flowmetrics

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"

// Other is the name of every end whose own name has no series, because there are too many.
const Other = "other"

// End are the names of an end of a flow: each empty where it is not known or not wanted.
type End struct{ Namespace, Workload, Pod string }

// Wanted says which names of an end distinguish series.
type Wanted struct{ Namespace, Workload, Pod bool }

// Naming says which names distinguish series. Its zero value is none.
type Naming struct {
	Source, Destination Wanted
	// MaxSeries bounds the number of series with names. Beyond it, events are counted under the name Other.
	MaxSeries int
	// Show returns what Entries gives in place of a name. It runs on the goroutine that calls Entries, and need not be given.
	Show func(name string) string
}

// Any reports whether a name is wanted.
func (n *Naming) Any() bool { return n.Source != Wanted{} || n.Destination != Wanted{} }

// of returns the wanted names of an end.
func (w Wanted) of(e *flow.Endpoint) (end End) {
	if e == nil {
		return end
	}
	if w.Namespace {
		end.Namespace = e.Namespace
	}
	if w.Workload && len(e.Workloads) > 0 {
		end.Workload = e.Workloads[0].Name
	}
	if w.Pod {
		end.Pod = e.PodName
	}
	return end
}

// shown returns an end as Entries gives it.
func (n *named) shown(e End) End {
	if n.Show == nil {
		return e
	}
	for _, name := range []*string{&e.Namespace, &e.Workload, &e.Pod} {
		if *name != "" {
			*name = n.Show(*name)
		}
	}
	return e
}

// others replaces the names that an end has.
func (e End) others() End {
	for _, name := range []*string{&e.Namespace, &e.Workload, &e.Pod} {
		if *name != "" {
			*name = Other
		}
	}
	return e
}

// namedKey is what the events of a series with names have in common.
type namedKey struct {
	key
	source, destination End
}

// named are the series with names.
type named struct {
	Naming
	sums   map[namedKey]*Sums
	others map[namedKey]*Sums // under Other
	events int64              // counted there
}

// of returns the sums of an event, and whether it has names. New series beyond the bound are those of Other.
func (n *named) of(k key, f *flow.Flow) (sums *Sums, ok bool) {
	if !n.Any() {
		return nil, false
	}
	nk := namedKey{k, n.Source.of(f.Source), n.Destination.of(f.Destination)}
	if nk.source == (End{}) && nk.destination == (End{}) {
		return nil, false
	}
	if s := n.sums[nk]; s != nil {
		return s, true
	}
	if len(n.sums) < n.MaxSeries {
		s := &Sums{}
		n.sums[nk] = s
		return s, true
	}
	n.events++
	nk.source, nk.destination = nk.source.others(), nk.destination.others()
	s := n.others[nk]
	if s == nil {
		s = &Sums{}
		n.others[nk] = s
	}
	return s, true
}
