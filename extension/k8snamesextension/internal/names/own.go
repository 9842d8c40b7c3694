// SPDX-License-Identifier: Apache-2.0

// The node that the events are of.

package names

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

type podName struct{ namespace, name string }

// applyOwnNode takes a node's addresses if it is the node that the events are of.
func (s *Store) applyOwnNode(o *Object) {
	var addresses []netip.Addr
	for i := range o.Ends {
		if o.Ends[i].Local {
			addresses = append(addresses, o.Ends[i].Addresses...)
		}
	}
	if addresses != nil && !slices.Equal(addresses, *s.ownAddresses.Load()) {
		s.ownAddresses.Store(&addresses)
		s.generation.Add(1)
	}
}

// applyOwnPod takes the workload of a pod of this node, also for an endpoint that is there.
func (s *Store) applyOwnPod(o *Object) {
	for i := range o.Ends {
		e := &o.Ends[i]
		pod := podName{e.Namespace, e.Pod}
		if s.ownPods[pod] == e.Workload {
			continue
		}
		s.ownPods[podName{strings.Clone(e.Namespace), strings.Clone(e.Pod)}] = e.Workload
		workloads := []flow.Workload{e.Workload}
		if r := s.records[Endpoints][e.Namespace+"/"+e.Pod]; r != nil {
			s.work(r, pod, workloads)
		}
		for _, r := range s.records[EndpointSlices] {
			s.work(r, pod, workloads)
		}
	}
}

// work gives a pod's endpoints their workload.
func (s *Store) work(r *record, pod podName, workloads []flow.Workload) {
	for _, h := range r.ends {
		if h.owner.Namespace == pod.namespace && h.owner.PodName == pod.name {
			h.owner.again.Store(s.make(h.owner, workloads, h.owner.identity.known.Load(), s.generation.Load()))
		}
	}
}

// nameOf is a pod's name from its key.
func nameOf(key string) podName {
	namespace, name, _ := strings.Cut(key, "/")
	return podName{namespace, name}
}
