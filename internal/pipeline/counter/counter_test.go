// SPDX-License-Identifier: Apache-2.0

package counter

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReasonsAreCountedFromManyGoroutines(t *testing.T) {
	var r Counts
	require.Equal(t, "0", r.String())
	require.Nil(t, r.Snapshot())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				r.Add("one", 1)
				r.Add("two", 2)
			}
		})
	}
	wg.Wait()
	r.Expect("none")
	require.Equal(t, map[string]int64{"one": 8000, "two": 16000}, r.Snapshot())
	require.Equal(t, int64(24000), r.Total())
	require.Equal(t, "24000 (one 8000, two 16000)", r.String())
}

func TestAnExpectedReasonCostsNoAllocation(t *testing.T) {
	var r Counts
	r.Expect("expected")
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Add("expected", 1) }))
	require.Equal(t, int64(101), r.Total())
}
