// SPDX-License-Identifier: Apache-2.0

package correlate

import "github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"

var _ hold.Stage = (*Correlator)(nil)

// Barrier returns a barrier behind all kept events.
func (c *Correlator) Barrier() hold.Barrier { return hold.Barrier{c.store.Next()} }

// Passed reports whether no event from before the barrier is kept any more.
func (c *Correlator) Passed(b hold.Barrier) bool { return c.store.Gone(b[0]) }
