// SPDX-License-Identifier: Apache-2.0

package aggregate

import "github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"

var (
	_ hold.Stage = (*ConnectionAggregator)(nil)
	_ hold.Stage = (*Connections)(nil)
)

// Barrier returns a barrier behind all events kept back, and all connections that are remembered.
func (c *ConnectionAggregator) Barrier() hold.Barrier {
	return hold.Barrier{c.store.Next(), c.losses.number + 1}
}

// Passed reports whether no event from before the barrier is kept back any more.
func (c *ConnectionAggregator) Passed(b hold.Barrier) bool {
	if c.losses.reports > 0 && int32(c.losses.number-b[1]) < 0 {
		return false
	}
	return c.held == 0 || c.store.Gone(b[0])
}

// Barrier returns a barrier behind the records of all connections.
func (c *Connections) Barrier() hold.Barrier { return hold.Barrier{c.epochs.Begin()} }

// Passed reports whether every record that began before the barrier has been written.
func (c *Connections) Passed(b hold.Barrier) bool { return c.epochs.Over(b[0]) }
