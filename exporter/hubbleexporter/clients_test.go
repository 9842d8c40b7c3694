// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"
	"google.golang.org/grpc/mem"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
)

// connected is a connection of a client, and the far end.
func connected(t *testing.T) (*limitedConn, net.Conn) {
	telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	t.Cleanup(telemetry.Shutdown)
	c := newClients(1, zap.NewNop(), telemetry)
	c.taken <- struct{}{}
	conn, far := net.Pipe()
	t.Cleanup(func() { require.NoError(t, far.Close()) })
	return &limitedConn{Conn: conn, clients: c}, far
}

func TestOnlyAMessageThatWaitsTooLongClosesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := connected(t)
		u := newUnread(conn)
		send := func() mem.BufferSlice {
			data, err := newCodec().Marshal(&message{&observerpb.ServerStatusRequest{}, u})
			require.NoError(t, err)
			return data
		}
		first, second := send(), send()
		time.Sleep(patience - time.Second)
		first.Free() // the client reads on
		time.Sleep(patience - time.Second)
		second.Free()
		time.Sleep(time.Hour) // there is no message
		third := send()
		time.Sleep(patience - time.Second)
		require.False(t, conn.left.Load())
		time.Sleep(2 * time.Second)
		require.True(t, conn.left.Load())
		require.Empty(t, conn.clients.taken)
		third.Free()
	})
}

func TestAClientThatTakesNothingLosesItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := connected(t)
		begun := time.Now()
		_, err := conn.Write([]byte("x"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, patience, time.Since(begun))
		require.True(t, conn.left.Load())
	})
}

// TLS gives the end of a connection a few seconds.
func TestTheTimeThatTLSSetsStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := connected(t)
		begun := time.Now()
		require.NoError(t, conn.SetWriteDeadline(begun.Add(5*time.Second)))
		_, err := conn.Write([]byte("x"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 5*time.Second, time.Since(begun))
	})
}

func TestAnAnswerHasRoomUnlessTooMuchIsUnread(t *testing.T) {
	conn, _ := connected(t)
	require.True(t, conn.takes(maxUnread+1), "one always has")
	require.False(t, conn.takes(1))
	conn.unread.Store(1)
	require.True(t, conn.takes(maxUnread-1))
	require.False(t, conn.takes(1))
}
