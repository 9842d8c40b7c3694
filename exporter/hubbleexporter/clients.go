// SPDX-License-Identifier: Apache-2.0

// The connections of clients: how many there may be, and which of them are closed.

package hubbleexporter

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/config/configgrpc"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
	"google.golang.org/grpc"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
)

const (
	// patience is how long a client may leave a message unread before its connection is closed.
	patience = time.Minute
	// greeting is how long a client may take to set up its connection, TLS included.
	greeting = 20 * time.Second
	// maxHeaders is how large the headers of a request may be, in bytes as HTTP/2 counts them. gRPC takes 16 MiB for each by default, and keeps them until
	// the stream ends.
	maxHeaders = 64 << 10
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
func (c *clients) options() (all []configgrpc.ToServerOption) {
	for _, option := range []grpc.ServerOption{
		grpc.ConnectionTimeout(greeting), grpc.MaxHeaderListSize(maxHeaders), grpc.ForceServerCodecV2(newCodec()), grpc.ChainStreamInterceptor(c.stream), grpc.ChainUnaryInterceptor(c.call),
	} {
		all = append(all, configgrpc.WithGrpcServerOption(option))
	}
	return all
}

// close closes the connection of a client that does not read: while a message waits for it, so does the end of the stream or the call, and the client would
// keep its place.
func (c *clients) close(conn *limitedConn) {
	if !conn.leave() { // it has ended
		return
	}
	c.telemetry.ExporterHubbleClientsClosed.Add(context.Background(), 1)
	c.closed.Do(func() {
		c.log.Warn("closed the connection of a client that does not read; further ones within a minute are only counted",
			zap.Stringer("client", conn.RemoteAddr()), zap.Duration("patience", c.patience))
	})
	_ = conn.Conn.Close() // nobody is told
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
			return &limitedConn{Conn: conn, clients: c}, nil
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
	clients *clients
	left    atomic.Bool
	timed   atomic.Bool  // whether gRPC or TLS has set a time for writing
	unread  atomic.Int64 // bytes of answers that wait for the client
}

// leave gives the place back, and reports whether the connection still had it.
func (c *limitedConn) leave() bool {
	if c.left.Swap(true) {
		return false
	}
	<-c.clients.taken
	c.clients.telemetry.ExporterHubbleClients.Add(context.Background(), -1)
	return true
}

// Close closes the connection.
func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// SetDeadline sets the time until which to read and write.
func (c *limitedConn) SetDeadline(t time.Time) error {
	c.timed.Store(!t.IsZero())
	return c.Conn.SetDeadline(t)
}

// SetWriteDeadline sets the time until which to write.
func (c *limitedConn) SetWriteDeadline(t time.Time) error {
	c.timed.Store(!t.IsZero())
	return c.Conn.SetWriteDeadline(t)
}

// Write writes to the client. A client that takes nothing for as long as the server is patient loses its connection.
func (c *limitedConn) Write(b []byte) (int, error) {
	if !c.timed.Load() {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(c.clients.patience)); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.clients.close(c)
	}
	return n, err
}

// takes notes an answer of a size that waits for the client, and reports whether there is room for it. One answer always has room.
func (c *limitedConn) takes(size int64) bool {
	for {
		n := c.unread.Load()
		if n > 0 && n+size > maxUnread {
			return false
		}
		if c.unread.CompareAndSwap(n, n+size) {
			return true
		}
	}
}

// RemoteAddr returns the client's address, a clientAddr. gRPC hands it to each request.
func (c *limitedConn) RemoteAddr() net.Addr { return clientAddr{c.Conn.RemoteAddr(), c} }

// clientAddr is the address of a client and its connection.
type clientAddr struct {
	net.Addr
	conn *limitedConn
}
