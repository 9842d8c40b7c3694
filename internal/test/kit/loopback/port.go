// SPDX-License-Identifier: Apache-2.0

// Package loopback gives tests addresses of this machine for servers that start later, or in another process.
package loopback

import (
	"net"
	"strconv"
	"testing"
)

// Port returns a port of 127.0.0.1 that is the test's until it ends. Nobody listens on it, so connections are refused. On
// Linux the system gives it to no connection and to no other test in any process, and a server that sets SO_REUSEADDR,
// as every server in Go does, can listen on it, also on all addresses, and more than once in turn. Elsewhere the port is
// free now, and another process can take it.
func Port(t testing.TB) int {
	t.Helper()
	n, release, err := reserve()
	if err != nil {
		t.Fatalf("no port could be reserved: %v", err)
	}
	t.Cleanup(release)
	return n
}

// Address is 127.0.0.1 with a port of [Port].
func Address(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(Port(t)))
}
