// SPDX-License-Identifier: Apache-2.0

// Package host describes this host. Nothing goes in; out come its name, its address and the version of its operating system,
// and the changes of such a value: see Follow.
package host

import (
	"net"
	"net/netip"
)

// Addr is the host's first global address on an interface that is up, IPv4 before IPv6; it is invalid if there is none.
func Addr() netip.Addr {
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
