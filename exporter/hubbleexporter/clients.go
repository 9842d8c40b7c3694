// SPDX-License-Identifier: Apache-2.0

// The connections of clients: how many there may be, and which of them are closed.

package hubbleexporter

import (
	"context"
	"net"
	"sync"
	"time"

	"go.opentelemetry.io/collector/config/configgrpc"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
)

const (
	// patience is how long a client may leave a message of a stream unread before its connection is closed.
	patience = time.Minute
	// greeting is how long a client may take to set up its connection, TLS included.
	greeting = 20 * time.Second
)

// clients bounds the connections, and closes those whose client does not read.
type clients struct {
	log       *zap.Logger
	telemetry *metadata.TelemetryBuilder
	patience  time.Duration
	taken     chan struct{} // has an element for each connection

	refused, closed rate.Sometimes // a line of the log each
}

func newClients(n int, log *zap.Logger, telemetry *metadata.TelemetryBuilder) *clients {
	return &clients{
		log: log, telemetry: telemetry, patience: patience, taken: make(chan struct{}, n),
		refused: rate.Sometimes{Interval: time.Minute}, closed: rate.Sometimes{Interval: time.Minute},
	}
}

// options are those of the server.
func (c *clients) options() []configgrpc.ToServerOption {
	return []configgrpc.ToServerOption{
		configgrpc.WithGrpcServerOption(grpc.ConnectionTimeout(greeting)), configgrpc.WithGrpcServerOption(grpc.ChainStreamInterceptor(c.watch)),
	}
}

// watch serves a stream. It closes the client's connection when a message of the stream waits too long for the client: while the message
// waits, so does the end of the stream, and the client would keep its place.
func (c *clients) watch(service any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	timer := time.AfterFunc(c.patience, func() { c.close(stream.Context()) })
	timer.Stop() // until a message is sent
	return handle(service, &watched{ServerStream: stream, timer: timer, patience: c.patience})
}

// close closes the connection of a request.
func (c *clients) close(ctx context.Context) {
	p, _ := peer.FromContext(ctx)
	at, ok := p.Addr.(clientAddr)
	if !ok {
		return
	}
	c.telemetry.ExporterHubbleClientsClosed.Add(context.Background(), 1)
	c.closed.Do(func() {
		c.log.Warn("closed the connection of a client that does not read; further ones within a minute are only counted",
			zap.Stringer("client", at), zap.Duration("patience", c.patience))
	})
	_ = at.conn.Close() // nobody is told
}

// watched is a stream whose client must read.
type watched struct {
	grpc.ServerStream
	timer    *time.Timer
	patience time.Duration
}

// SendMsg sends a message.
func (s *watched) SendMsg(m any) error {
	s.timer.Reset(s.patience)
	defer s.timer.Stop()
	return s.ServerStream.SendMsg(m)
}

// limited is a listener that closes connections at once when there are enough.
type limited struct {
	net.Listener
	clients *clients
}

// Accept returns the next connection for which there is room.
func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := l.clients
		select {
		case c.taken <- struct{}{}:
			c.telemetry.ExporterHubbleClients.Add(context.Background(), 1)
			return &limitedConn{Conn: conn, done: sync.OnceFunc(func() {
				<-c.taken
				c.telemetry.ExporterHubbleClients.Add(context.Background(), -1)
			})}, nil
		default:
			c.telemetry.ExporterHubbleClientsRefused.Add(context.Background(), 1)
			c.refused.Do(func() {
				c.log.Warn("refused a client, since max_clients are connected; further ones within a minute are only counted",
					zap.Stringer("client", conn.RemoteAddr()), zap.Int("max_clients", cap(c.taken)))
			})
			_ = conn.Close() // nothing was sent
		}
	}
}

// limitedConn is a connection that gives its place back.
type limitedConn struct {
	net.Conn
	done func()
}

// Close closes the connection.
func (c *limitedConn) Close() error {
	defer c.done()
	return c.Conn.Close()
}

// RemoteAddr returns the client's address, a clientAddr. gRPC hands it to each request.
func (c *limitedConn) RemoteAddr() net.Addr { return clientAddr{c.Conn.RemoteAddr(), c} }

// clientAddr is the address of a client and its connection.
type clientAddr struct {
	net.Addr
	conn *limitedConn
}
