// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package loopback

import "net"

// reserve finds a port by listening for a moment.
func reserve() (n int, release func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	return l.Addr().(*net.TCPAddr).Port, func() {}, l.Close()
}
