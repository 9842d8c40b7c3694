// SPDX-License-Identifier: Apache-2.0

// Package ipnet parses the addresses and networks of a configuration: text goes in, a netip.Prefix comes out.
package ipnet

import (
	"fmt"
	"net/netip"
	"strings"
)

// mapped is the number of bits before the IPv4 address in its IPv6 form (RFC 4291 section 2.5.5.2).
const mapped = 96

// Parse parses an IP address, which is a network of one address, or a network in CIDR form. The result has no zone, and its host bits are
// zero. An IPv4 network in IPv6 form becomes IPv4: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
func Parse(text string) (netip.Prefix, error) {
	var network netip.Prefix
	var err error
	if strings.Contains(text, "/") { // a zone may have a slash, but a network has no zone
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
