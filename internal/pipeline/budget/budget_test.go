// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoHolderPassesTheBudgetOrWhatIsReservedForOthers(t *testing.T) {
	const limit, holders, reserved, steps = 1000, 4, 100, 20_000
	b := New(limit)
	var work sync.WaitGroup
	shares := make([]*Share, holders)
	for i := range shares {
		shares[i] = b.Share(reserved)
	}
	for i, s := range shares {
		work.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for range steps {
				n := 1 + random.Int64N(80)
				switch used := s.Used(); {
				case random.IntN(2) == 0 && used >= n:
					s.Give(n)
				case !s.Take(n) && used+n <= reserved:
					t.Errorf("%d bytes are refused to a holder of %d, for which %d are reserved", n, used, reserved)
				}
				if now, _ := b.Used(); now > limit {
					t.Errorf("%d bytes are used of %d", now, limit)
				}
			}
		})
	}
	work.Wait()

	var sum int64
	for _, s := range shares {
		sum += s.Used()
	}
	now, most := b.Used()
	require.Equal(t, sum, now)
	require.LessOrEqual(t, most, int64(limit))
	require.Greater(t, most, int64(limit-80), "the budget was used up, or this test shows nothing")
	for _, s := range shares {
		s.Give(s.Used())
	}
	now, _ = b.Used()
	require.Zero(t, now)
	require.True(t, shares[0].Take(limit-(holders-1)*reserved))
	require.False(t, shares[0].Take(1), "the rest is reserved for others")
}

func TestMoreCannotBeReservedThanThereIs(t *testing.T) {
	b := New(10)
	b.Share(6)
	require.Panics(t, func() { b.Share(5) })
}

func TestADebtIsPaidBeforeAnythingIsTaken(t *testing.T) {
	b := New(100)
	other := b.Share(0)
	require.True(t, other.Take(90))
	var a Account
	a.Open(b.Share(0))
	require.True(t, a.Reserve(10))
	a.Use(25)
	require.Equal(t, int64(15), a.Debt())
	now, _ := b.Used()
	require.Equal(t, int64(100), now, "a debt is not taken from the others")
	require.False(t, a.Reserve(0), "the holder must shed")
	a.Give(5)
	require.Equal(t, int64(10), a.Debt())
	other.Give(11)
	require.True(t, a.Reserve(1))
	require.Zero(t, a.Debt())
	a.Give(20)
	a.Close()
	now, _ = b.Used()
	require.Equal(t, other.Used(), now)
}

var kept [][]byte

func TestGarbageIsCollectedBeforeItIsTwiceWhatLives(t *testing.T) {
	g := NewGarbage()
	for range 8 { // 256 MiB live, so that the runtime lets 256 MiB of garbage come
		kept = append(kept, make([]byte, 32<<20))
	}
	defer func() { kept = nil }()
	for g.Collect() {
	}
	collected := 0
	for range 24 { // 192 MiB of garbage
		kept[0] = make([]byte, 8<<20)
		if g.Collect() {
			collected++
		}
	}
	require.GreaterOrEqual(t, collected, 2)
}
