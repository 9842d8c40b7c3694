// SPDX-License-Identifier: Apache-2.0

package aggregate

import "github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"

var _ hold.Stage = (*Aggregator)(nil)

// Barrier returns a barrier behind all events that the rows stand for.
func (a *Aggregator) Barrier() (b hold.Barrier) {
	for i, w := range a.windows {
		b[i] = w.store.Next()
	}
	return b
}

// Passed reports whether no row is kept any more that began before the barrier.
func (a *Aggregator) Passed(b hold.Barrier) bool {
	for i, w := range a.windows {
		if !w.store.Gone(b[i]) {
			return false
		}
	}
	return true
}
