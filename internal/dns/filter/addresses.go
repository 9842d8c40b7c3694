// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"net/netip"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml/ipnet"
)

// addresses is a set of addresses and networks that one of an event's addresses is compared with.
type addresses struct {
	single   map[netip.Addr]bool
	networks []netip.Prefix

	of func(*facts) netip.Addr // the event's address
	in func(*occurrence) bool  // whether an event may have one
}

func newAddresses(of func(*facts) netip.Addr, in func(*occurrence) bool) *addresses {
	return &addresses{single: map[netip.Addr]bool{}, of: of, in: in}
}

func (s *addresses) add(value string) error {
	network, err := ipnet.Parse(value)
	switch {
	case err != nil:
		return err
	case network.IsSingleIP():
		s.single[network.Addr()] = true
	case !slices.Contains(s.networks, network):
		s.networks = append(s.networks, network)
	}
	return nil
}

func (s *addresses) matches(x *facts) bool       { return s.has(s.of(x)) }
func (s *addresses) possible(o *occurrence) bool { return s.in(o) }

// has reports whether the set has the address; an invalid one is unknown.
func (s *addresses) has(addr netip.Addr) bool {
	if !addr.IsValid() {
		return false
	}
	addr = addr.WithZone("")
	if s.single[addr] {
		return true
	}
	for _, n := range s.networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
