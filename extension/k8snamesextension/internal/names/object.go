// SPDX-License-Identifier: Apache-2.0

// What is used of Kubernetes' objects.

package names

import (
	"math"
	"net/netip"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// Kind is a kind of objects.
type Kind uint8

// The kinds.
const (
	Pods           Kind = iota // of the whole cluster
	OwnPods                    // of the node that the events are of, for their workloads
	Endpoints                  // CiliumEndpoints
	EndpointSlices             // CiliumEndpointSlices
	Identities                 // CiliumIdentities
	Nodes
	Services
	kinds
)

// String returns the name of the kind's resource in Kubernetes' API.
func (k Kind) String() string {
	return [kinds]string{"pods", "pods", "ciliumendpoints", "ciliumendpointslices", "ciliumidentities", "nodes", "services"}[k]
}

// Object is what is used of an object.
type Object struct {
	Key       string // of the object among those of its kind, for example shop/cart-7d9f
	Ends      []End
	Identity  *Identity
	Service   flow.Service
	Frontends []Frontend
	Since     int64 // since when a service has its addresses, in nanoseconds since 1970; 0 if the object does not say it
}

// End is a pod or node with its addresses.
type End struct {
	Addresses      []netip.Addr
	Namespace, Pod string
	ID, Identity   uint32
	Labels         []string      // sorted; nil if only the identity's are known
	Workload       flow.Workload // its name is empty if none is known
	Host           netip.Addr    // of the node that the pod is on; not set if Local says all
	Local, Node    bool
	Since          int64 // since when it has its addresses, in nanoseconds since 1970; 0 if the object does not say it
}

// Identity is a security identity with all its labels, sorted.
type Identity struct {
	Number uint32
	Labels []string
}

// Frontend is an address and port of a service.
type Frontend struct {
	Address  netip.Addr
	Port     uint16
	Protocol flow.L4Protocol
}

// believed is how much older than its arrival an object's own time may be, if the object arrived as soon as it changed: the clocks of a cluster
// differ.
const believed = int64(30 * time.Second)

// Arrival is how an object came, in nanoseconds since 1970.
type Arrival struct {
	at       int64 // when it arrived
	earliest int64 // the earliest time that the object itself may give
	unknown  int64 // since when it is, if it does not say so
	listed   bool
}

// Watched is the arrival of a change as it happens.
func Watched(now int64) Arrival { return Arrival{at: now, earliest: now - believed, unknown: now} }

// Listed is the arrival of a list. Changes since a time were missed; the time is 0 in the first list.
func Listed(now, missed int64) Arrival {
	a := Arrival{at: now, earliest: math.MinInt64, unknown: now, listed: true}
	if missed != 0 {
		a.earliest = missed - believed
	}
	return a
}

// Recorded is the arrival of objects from a file. What has no time was always there.
func Recorded() Arrival {
	return Arrival{at: open - 1, earliest: math.MinInt64, unknown: math.MinInt64, listed: true}
}

// from is since when an object with this time of its own has its addresses.
func (a Arrival) from(since int64) int64 {
	if since == 0 {
		return a.unknown
	}
	return min(max(since, a.earliest), a.at)
}

// exact reports whether a time of from is more exact than an object's own.
func (a Arrival) exact(from int64) bool {
	return from == a.at || from == a.unknown || from == a.earliest
}
