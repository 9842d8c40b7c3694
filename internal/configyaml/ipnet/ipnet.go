// SPDX-License-Identifier: Apache-2.0

// Package ipnet reads the addresses and networks of a configuration.
package ipnet

import (
	"fmt"
	"net/netip"
	"strings"
)

// mapped is how many bits stand before an IPv4 address in its IPv6 form (RFC 4291 section 2.5.5.2).
const mapped = 96

// Parse reads an IP address, which is a network of one, or a network in CIDR form. It has no zone and no bits beyond its own; an
// IPv4 one in IPv6 form is given as IPv4: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
func Parse(text string) (netip.Prefix, error) {
	var network netip.Prefix
	var err error
	if strings.Contains(text, "/") { // which a zone may have, but not that of a network
		network, err = netip.ParsePrefix(text)
	} else {
		var addr netip.Addr
		addr, err = netip.ParseAddr(text)
		network = netip.PrefixFrom(addr.WithZone(""), addr.BitLen())
	}
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an IP address nor a network; want one such as 10.0.0.1 or 10.0.0.0/8", text)
	}
	if bits := network.Bits() - mapped; network.Addr().Is4In6() && bits >= 0 {
		network = netip.PrefixFrom(network.Addr().Unmap(), bits)
	}
	return network.Masked(), nil
}
