// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// Expected is a flow that Add will probably get soon. A caller that knows some flows ahead calls Announce for each and then Fetch for each, so that
// the memory of all their connections is loaded at the same time. The calls do not change the results of Add.
type Expected struct {
	hold.Expected
	known bool
}

// Announce announces a flow.
func (c *ConnectionAggregator) Announce(x *Expected, f *flow.Flow) {
	if x.known = c.identify(f); x.known {
		x.Hash = hold.Hash(c.key[:])
		c.store.Announce(&x.Expected)
	}
}

// Fetch starts to load the memory of the flow's connection.
func (c *ConnectionAggregator) Fetch(x *Expected) {
	if x.known {
		c.store.Fetch(&x.Expected)
	}
}

// Announce announces a flow.
func (c *Connections) Announce(x *Expected, f *flow.Flow) {
	if _, x.known = c.identify(f); x.known {
		x.Hash = hold.Hash(c.key[:])
		c.store.Announce(&x.Expected)
	}
}

// Fetch starts to load the memory of the flow's connection.
func (c *Connections) Fetch(x *Expected) {
	if x.known {
		c.store.Fetch(&x.Expected)
	}
}
