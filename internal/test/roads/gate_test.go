// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// gate is a listener that can go away and come back at its address. While it is away, it refuses connections and closes
// the open ones.
type gate struct {
	addr net.Addr

	mu     sync.Mutex
	turn   *sync.Cond
	inner  net.Listener // nil while away
	conns  map[*gated]bool
	closed bool
}

func newGate(t *testing.T) *gate {
	g := &gate{addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: loopback.Port(t)}, conns: map[*gated]bool{}}
	g.turn = sync.NewCond(&g.mu)
	g.back(t)
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// away closes the gate.
func (g *gate) away(*testing.T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inner != nil {
		_ = g.inner.Close()
		g.inner = nil
	}
	for c := range g.conns {
		_ = c.Conn.Close()
	}
	clear(g.conns)
}

// back opens the gate again, at the same address.
func (g *gate) back(t *testing.T) {
	l, err := net.Listen("tcp", g.addr.String())
	require.NoError(t, err)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inner = l
	g.turn.Broadcast()
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		g.mu.Lock()
		for g.inner == nil && !g.closed {
			g.turn.Wait()
		}
		l, closed := g.inner, g.closed
		g.mu.Unlock()
		if closed {
			return nil, net.ErrClosed
		}
		conn, err := l.Accept()
		if err != nil {
			continue // away, or closed
		}
		g.mu.Lock()
		if g.inner != l {
			g.mu.Unlock()
			_ = conn.Close()
			continue
		}
		kept := &gated{Conn: conn, gate: g}
		g.conns[kept] = true
		g.mu.Unlock()
		return kept, nil
	}
}

// Close implements net.Listener.
func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.turn.Broadcast()
	if g.inner == nil {
		return nil
	}
	return g.inner.Close()
}

// Addr implements net.Listener.
func (g *gate) Addr() net.Addr { return g.addr }

// gated is a connection that the gate tracks.
type gated struct {
	net.Conn
	gate *gate
}

func (c *gated) Close() error {
	err := c.Conn.Close()
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	delete(c.gate.conns, c)
	return err
}
