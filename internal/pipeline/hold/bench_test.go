// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkFloor measures the wait for a random entry in as much memory as a store's entries take: each load needs the one before. An
// event whose entry is not in the processor's caches costs at least this, minus what the processor does meanwhile.
func BenchmarkFloor(b *testing.B) {
	for _, live := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", live), func(b *testing.B) {
			entries := make([]Entry, groupsFor(live)*groupSize)
			before := 0
			for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(entries)) {
				entries[before].slot = uint32(i)
				before = i
			}
			at := uint32(0)
			for b.Loop() {
				at = entries[at].slot
			}
			require.Less(b, int(at), len(entries))
		})
	}
}
