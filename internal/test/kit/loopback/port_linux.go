// SPDX-License-Identifier: Apache-2.0

package loopback

import "syscall"

// reserve binds a socket with SO_REUSEADDR and does not listen on it. Linux gives such a port to no socket that lets the system
// choose (inet_csk_find_open_port and __inet_hash_connect), and lets others with SO_REUSEADDR bind it (socket(7)).
func reserve() (n int, release func(), err error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, err
	}
	release = func() { _ = syscall.Close(fd) }
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		var bound syscall.Sockaddr
		if bound, err = syscall.Getsockname(fd); err == nil {
			return bound.(*syscall.SockaddrInet4).Port, release, nil
		}
	}
	release()
	return 0, nil, err
}
