// SPDX-License-Identifier: Apache-2.0

// This file is not built with the race detector, which would distort both times.

//go:build !race

package bench

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARecordTakesLittleMoreTimeThanPdataAlone(t *testing.T) {
	for _, g := range guarded() {
		require.Less(t, ratio(g.ours, g.floor, g.ratio), g.ratio, g.name)
	}
}

// ratio returns the time of a divided by the time of b. Each is the best of many turns, which alternate. A turn is much
// shorter than a scheduler's time slice, so that on a busy machine few are interrupted. While the ratio is not below
// the limit, ratio adds more turns.
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
