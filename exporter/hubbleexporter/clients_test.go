// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
)

// slow is a stream whose client takes some time for a message.
type slow struct {
	grpc.ServerStream
	ctx  context.Context
	time time.Duration
}

func (s *slow) Context() context.Context { return s.ctx }

func (s *slow) SendMsg(any) error {
	time.Sleep(s.time)
	return nil
}

func TestOnlyAMessageThatWaitsTooLongClosesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
		require.NoError(t, err)
		defer telemetry.Shutdown()
		c := newClients(1, zap.NewNop(), telemetry)
		conn, far := net.Pipe()
		defer func() { require.NoError(t, far.Close()) }()
		var closed atomic.Bool
		limited := &limitedConn{Conn: conn, done: func() { closed.Store(true) }}
		stream := &slow{ctx: peer.NewContext(t.Context(), &peer.Peer{Addr: limited.RemoteAddr()})}
		require.NoError(t, c.watch(nil, stream, nil, func(_ any, watched grpc.ServerStream) error {
			for _, stream.time = range []time.Duration{0, patience - time.Second, patience - time.Second} {
				require.NoError(t, watched.SendMsg(nil))
				time.Sleep(time.Hour) // there is no event
			}
			require.False(t, closed.Load())
			stream.time = patience + time.Second
			require.NoError(t, watched.SendMsg(nil))
			require.True(t, closed.Load())
			return nil
		}))
	})
}
