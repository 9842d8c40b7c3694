// SPDX-License-Identifier: Apache-2.0

package exclusive

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANameHasOneOwnerUntilItIsGivenBack(t *testing.T) {
	var n Names
	release, ok := n.Claim("a")
	require.True(t, ok)
	_, ok = n.Claim("a")
	require.False(t, ok)
	_, ok = n.Claim("A")
	require.True(t, ok, "names are compared byte for byte")
	require.Equal(t, 2, n.Len())

	release()
	again, ok := n.Claim("a")
	require.True(t, ok)
	release()
	_, ok = n.Claim("a")
	require.False(t, ok, "a second release gives nothing back")
	again()
	require.Equal(t, 1, n.Len())
}

func TestOfManyWhoClaimANameAtOnceOneGetsIt(t *testing.T) {
	var n Names
	var got atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, ok := n.Claim("a"); ok {
				got.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, got.Load())
}
