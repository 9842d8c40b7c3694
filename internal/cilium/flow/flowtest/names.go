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
	Services map[Frontend]*flow.Service
	// Identities are the ends of which only the identity is known.
	Identities map[uint32]*flow.Endpoint
}

// Frontend is where a service is dialled.
type Frontend struct {
	netip.AddrPort
	Protocol flow.L4Protocol
}

// At returns the frontend of an address and port, such as 10.96.0.10:53.
func At(protocol flow.L4Protocol, address string) Frontend {
	return Frontend{netip.MustParseAddrPort(address), protocol}
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

// Service returns the service with the address, the port and the protocol. Without a protocol it is the only one with the address and the port.
func (n *Names) Service(address netip.Addr, port uint16, protocol flow.L4Protocol, _ int64) (found *flow.Service) {
	at := netip.AddrPortFrom(address, port)
	if protocol != flow.L4None {
		return n.Services[Frontend{at, protocol}]
	}
	for _, protocol := range [...]flow.L4Protocol{flow.L4TCP, flow.L4UDP, flow.L4SCTP} {
		if s := n.Services[Frontend{at, protocol}]; s != nil {
			if found != nil && *found != *s {
				return nil
			}
			found = s
		}
	}
	return found
}

// Of returns names of ends that never change, by their addresses.
func Of(owners map[string]*flow.Endpoint) *Names {
	n := &Names{Owners: map[netip.Addr][]Owner{}, Services: map[Frontend]*flow.Service{}, Identities: map[uint32]*flow.Endpoint{}}
	for address, endpoint := range owners {
		n.Owners[netip.MustParseAddr(address)] = []Owner{{Endpoint: endpoint}}
	}
	return n
}
