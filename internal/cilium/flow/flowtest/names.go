// SPDX-License-Identifier: Apache-2.0

// Package flowtest has names of a flow's ends for tests, from a table in memory.
package flowtest

import (
	"net/netip"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// Names is a table of owners. It follows the rules of flow.Names: the owner at the event's time counts, and the event's identity wins.
type Names struct {
	Owners   map[netip.Addr][]Owner
	Services map[netip.AddrPort]*flow.Service
	// Identities are the ends of which only the identity is known.
	Identities map[uint32]*flow.Endpoint
}

// Owner is an end that had an address from a time on.
type Owner struct {
	From time.Time // the zero time is before all events
	*flow.Endpoint
}

var _ flow.Names = (*Names)(nil)

// Endpoint returns the owner of the address at the time. If the event has another identity, it returns what is known of that identity.
func (n *Names) Endpoint(address netip.Addr, identity uint32, at int64) *flow.Endpoint {
	var owner *flow.Endpoint
	for _, o := range n.Owners[address] {
		if o.From.IsZero() || o.From.UnixNano() <= at {
			owner = o.Endpoint
		}
	}
	if identity != 0 && (owner == nil || owner.Identity != identity) {
		return n.Identities[identity]
	}
	return owner
}

// Service returns the service with the address and the port.
func (n *Names) Service(address netip.Addr, port uint16, _ flow.L4Protocol, _ int64) *flow.Service {
	return n.Services[netip.AddrPortFrom(address, port)]
}

// Of returns names of ends that never change, by their addresses.
func Of(owners map[string]*flow.Endpoint) *Names {
	n := &Names{Owners: map[netip.Addr][]Owner{}, Services: map[netip.AddrPort]*flow.Service{}, Identities: map[uint32]*flow.Endpoint{}}
	for address, endpoint := range owners {
		n.Owners[netip.MustParseAddr(address)] = []Owner{{Endpoint: endpoint}}
	}
	return n
}
