// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package host

import (
	"net"
	"net/netip"
	"os"
)

// Name returns the host's name.
func Name() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// OSVersion returns "": events come from Windows, whose version is unknown on other systems.
func OSVersion() string { return "" }

// sourceOf returns the address from which this host would send to another; it is invalid if no route leads there. It sends nothing:
// connecting a UDP socket only chooses the route.
func sourceOf(remote netip.AddrPort) netip.Addr {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(remote))
	if err != nil {
		return netip.Addr{}
	}
	defer func() { _ = conn.Close() }()
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.Addr{}
	}
	return local.AddrPort().Addr().Unmap().WithZone("")
}
