// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/windows"
)

// Name returns the host's fully qualified name if it has one, otherwise its name.
func Name() string {
	size := uint32(512)
	buf := make([]uint16, size)
	if err := windows.GetComputerNameEx(windows.ComputerNameDnsFullyQualified, &buf[0], &size); err == nil && size > 0 {
		return windows.UTF16ToString(buf[:size])
	}
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// OSVersion returns the version of Windows, such as 10.0.26100.
func OSVersion() string {
	v := windows.RtlGetVersion()
	return fmt.Sprintf("%d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
}

// sourceOf returns the address from which this host would send to another; it is invalid if no route leads there. It sends nothing:
// connecting a UDP socket only chooses the route.
// The socket is Winsock's own, because package net also asks for a setting that not every Winsock has. Package net starts Winsock.
func sourceOf(remote netip.AddrPort) netip.Addr {
	family, to := windows.AF_INET6, windows.Sockaddr(&windows.SockaddrInet6{Port: int(remote.Port()), Addr: remote.Addr().As16()})
	if remote.Addr().Is4() {
		family, to = windows.AF_INET, &windows.SockaddrInet4{Port: int(remote.Port()), Addr: remote.Addr().As4()}
	}
	socket, err := windows.Socket(family, windows.SOCK_DGRAM, windows.IPPROTO_UDP)
	if err != nil {
		return netip.Addr{}
	}
	defer func() { _ = windows.Closesocket(socket) }()
	if windows.Connect(socket, to) != nil {
		return netip.Addr{}
	}
	local, err := windows.Getsockname(socket)
	if err != nil {
		return netip.Addr{}
	}
	switch local := local.(type) {
	case *windows.SockaddrInet4:
		return netip.AddrFrom4(local.Addr)
	case *windows.SockaddrInet6:
		return netip.AddrFrom16(local.Addr)
	}
	return netip.Addr{}
}
