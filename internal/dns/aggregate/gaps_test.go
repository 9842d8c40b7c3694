// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGapsAreExactInAnyOrder compares gaps with the obvious implementation, for times that come late by a number of places.
func TestGapsAreExactInAnyOrder(t *testing.T) {
	known, lost := 0, 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 5))
		late := []int{1, 3, recentTimes, 100}[r.IntN(4)]
		times := make([]int64, 1+r.IntN(60))
		for i := range times {
			times[i] = r.Int64N(1000) - 500
		}
		slices.Sort(times)
		come := slices.Clone(times)
		for i := 0; i < len(come); i += late {
			block := come[i:min(i+late, len(come))]
			r.Shuffle(len(block), func(i, j int) { block[i], block[j] = block[j], block[i] })
		}
		var g gaps
		for _, at := range come {
			g.add(at)
		}
		var sum, squares int64
		for i := range len(times) - 1 {
			gap := times[i+1] - times[i]
			sum += gap
			squares += gap * gap
		}
		require.Equal(t, sum, g.sum(), "seed %d", seed)
		if g.lost {
			require.Greater(t, late, recentTimes, "seed %d", seed)
			lost++
			continue
		}
		require.Equal(t, squares, g.squares, "seed %d", seed)
		known++
	}
	require.Greater(t, min(known, lost), 300)
}

func TestGapsOfADayDoNotOverflow(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	var g gaps
	for i := range int64(3) {
		g.add(day / 2 * i)
	}
	require.Equal(t, int64(day), g.sum())
	require.Equal(t, int64(day)*day/2, g.squares)
}

func TestMillisecondsAreRoundedDown(t *testing.T) {
	for at, want := range map[int64]int64{
		0: 0, 999_999: 0, 1_000_000: 1, -1: -1, -1_000_000: -1, -1_000_001: -2, math.MaxInt64: 9_223_372_036_854, math.MinInt64: -9_223_372_036_855,
	} {
		require.Equal(t, want, millis(at))
	}
}
