// SPDX-License-Identifier: Apache-2.0

package loopback

import (
	"net"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAReservedPortIsGivenToNobodyElseAndServesItsTestInTurn(t *testing.T) {
	address := Address(t)
	_, text, err := net.SplitHostPort(address)
	require.NoError(t, err)
	_, err = net.Dial("tcp", address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)

	for _, listened := range []string{address, ":" + text, "127.0.0.1:" + text} {
		l, err := net.Listen("tcp", listened)
		require.NoError(t, err, listened)
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err, listened)
		require.NoError(t, conn.Close())
		require.NoError(t, l.Close())
	}
	_, err = net.Dial("tcp", address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)

	// The system chooses among some 28,000 ports; a connection and a listener of it take none that is reserved.
	reserved := map[string]bool{text: true}
	for range 500 {
		reserved[strconv.Itoa(Port(t))] = true
	}
	require.Len(t, reserved, 501, "no port is reserved twice")
	for range 500 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		conn, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		for _, a := range []net.Addr{l.Addr(), conn.LocalAddr()} {
			require.False(t, reserved[strconv.Itoa(a.(*net.TCPAddr).Port)], a)
		}
		require.NoError(t, conn.Close())
		require.NoError(t, l.Close())
	}
}
