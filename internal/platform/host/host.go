// SPDX-License-Identifier: Apache-2.0

// Package host describes this host. Nothing goes in; out come its name, its address and the version of its operating system,
// and the changes of such a value: see Follow.
package host

import (
	"net"
	"net/netip"
)

// Addr is the host's address on the way to other networks: the one from which Windows and Linux would send by the default route of the
// lowest metric, IPv4 before IPv6. A host of virtual machines or containers has more addresses, such as that of a NAT, which nobody
// else knows. Without a default route Addr is the first global address on an interface that is up; it is invalid if there is none.
func Addr() netip.Addr {
	for _, remote := range beyond {
		if addr := sourceOf(remote); addr.IsGlobalUnicast() {
			return addr
		}
	}
	return firstAddr()
}

// beyond are addresses that no network has (RFC 5737, RFC 3849), so only a default route leads there.
var beyond = [...]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:9"), netip.MustParseAddrPort("[2001:db8::1]:9")}

// firstAddr is the first global address on an interface that is up, IPv4 before IPv6.
func firstAddr() netip.Addr {
	interfaces, err := net.Interfaces()
	if err != nil {
		return netip.Addr{}
	}
	var first netip.Addr
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			addr := prefix.Addr().Unmap()
			switch {
			case err != nil || !addr.IsGlobalUnicast():
			case addr.Is4():
				return addr
			case !first.IsValid():
				first = addr
			}
		}
	}
	return first
}
