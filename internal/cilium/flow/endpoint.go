// SPDX-License-Identifier: Apache-2.0

// What Kubernetes and Cilium's agent know of the two ends of a flow. The datapath's events have none of it.

package flow

import "net/netip"

// Endpoint is one end of a flow, as Hubble names it. It is shared by many flows, so nobody may change it.
type Endpoint struct {
	ID          uint32     // of the endpoint on its node, as in a notification; 0 when not known
	Identity    uint32     // security identity; 0 when not known
	ClusterName string     // "" when not known, as are the next two
	Namespace   string     // of the pod
	PodName     string     // "" for an end that is no pod, such as a node
	Workloads   []Workload // that the pod belongs to
	Labels      []string   // Cilium's, with their source, such as k8s:app=cart, sorted

	// Local reports whether the endpoint is on the node that the events are of.
	Local bool
}

// Workload is what runs a pod, such as the Deployment cart.
type Workload struct{ Kind, Name string }

// Service is a Kubernetes service that a client dialled.
type Service struct{ Namespace, Name string }

// Names finds the names of a flow's ends. It is safe for concurrent use, does not block and does not allocate.
type Names interface {
	// Endpoint returns who had the address at the time, in nanoseconds since 1970; nil when that is not known. The identity is that of the
	// event, 0 when it has none. It wins where it differs from that of the address's owner. An invalid address is not known: the result is
	// then what is known of the identity.
	Endpoint(address netip.Addr, identity uint32, at int64) *Endpoint

	// Service returns the service that had the address and port at the time; nil when none had. The protocol is L4None when it is not known.
	Service(address netip.Addr, port uint16, protocol L4Protocol, at int64) *Service
}
