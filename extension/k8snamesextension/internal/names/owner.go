// SPDX-License-Identifier: Apache-2.0

// The owners of addresses, and what a look-up returns of them.

package names

import (
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// owner is a pod or a node that has addresses. Only again changes. What a look-up reads is first, in one line of the processor's cache.
type owner struct {
	again    atomic.Pointer[made] // made later, of other facts; nil if there were none
	identity *identity            // nil of a node
	node     bool
	local    bool // whether the object says that the end is on the node that the events are of
	made
	host netip.Addr // of the node that the pod is on; not set if local says all
}

// sameEnd reports whether two owners are the same pod or node. A pod may be in an endpoint's object and in a slice.
func sameEnd(a, b *owner) bool {
	return a.node == b.node && a.Namespace == b.Namespace && a.PodName == b.PodName
}

// made is an endpoint, and what it was made of. A look-up returns it, so it is never altered.
type made struct {
	generation uint32 // of the addresses of the node that the events are of
	facts      *facts
	flow.Endpoint
}

// agrees reports whether an event with this identity can be the owner's.
func (o *owner) agrees(number uint32) bool {
	switch {
	case number == 0:
		return true
	case o.node:
		return number == host || number == remoteNode || number == kubeAPIServer
	case o.Identity == 0: // of a pod whose identity is not known
		return number > maxReserved
	}
	return o.Identity == number
}

// named returns the owner as a look-up gives it.
func (s *Store) named(o *owner, number uint32) *flow.Endpoint {
	if o.node {
		switch {
		case number != 0:
			return &s.reserved[number].of(o.local).Endpoint
		case o.local:
			return &s.reserved[host].local.Endpoint
		}
		return &s.reserved[remoteNode].remote.Endpoint
	}
	generation, known := s.generation.Load(), o.identity.known.Load()
	for {
		before, m := o.again.Load(), &o.made
		if before != nil {
			m = before
		}
		if m.facts == known && m.generation == generation {
			return &m.Endpoint
		}
		// A change may give the owner its workload at this moment.
		if m = s.make(o, m.Workloads, known, generation); o.again.CompareAndSwap(before, m) {
			return &m.Endpoint
		}
	}
}

// make makes an owner's endpoint of what is known now.
func (s *Store) make(o *owner, workloads []flow.Workload, known *facts, generation uint32) *made {
	m := &made{Endpoint: o.Endpoint, facts: known, generation: generation}
	m.Workloads, m.ClusterName, m.Labels = workloads, s.cluster, nil
	if known != nil {
		m.Labels = known.labels
		if known.cluster != "" {
			m.ClusterName = known.cluster
		}
	}
	m.Local = o.local || o.host.IsValid() && slices.Contains(*s.ownAddresses.Load(), o.host)
	return m
}
