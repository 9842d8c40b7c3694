// SPDX-License-Identifier: Apache-2.0

// What the race detector adds to either path says nothing of their times.

//go:build !race

package bench

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARecordTakesNotMuchLongerThanPdataAlone(t *testing.T) {
	for _, g := range guarded() {
		require.Less(t, ratio(g.ours, g.floor, g.ratio), g.ratio, g.name)
	}
}

// ratio is how long a takes as b takes one: each at its best of many turns, which they take one after the other. A turn is much
// shorter than what a scheduler gives at once, so that on a busy machine too many are not interrupted; and while the ratio is not
// below the limit, there are more of them.
func ratio(a, b Path, limit float64) (r float64) {
	const least, most, events = 500, 20_000, 50
	best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	for turn := range most {
		for i, p := range [...]Path{a, b} {
			begun := time.Now()
			Run(p, events)
			best[i] = min(best[i], time.Since(begun))
		}
		if r = float64(best[0]) / float64(best[1]); turn >= least && r < limit {
			break
		}
	}
	return r
}
