// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
)

// memoryOf is the memory that a store has, in bytes.
func memoryOf(s *Store) int64 {
	n := s.tableBytes(len(s.table.groups)) + orderBytes(len(s.order.slots))
	for _, segment := range s.arena.segments {
		n += int64(cap(segment.bytes))
	}
	return n
}

func TestStoresNeverHaveMoreThanTheirBudgetAndShedTheOldest(t *testing.T) {
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 2))
		limit := int64(2*Reserved) + random.Int64N(8<<20)
		b := budget.New(limit)
		stores := [2]*Store{}
		for i := range stores {
			stores[i] = New(1<<20, 1<<30)
			stores[i].Within(b.Share(Reserved))
		}
		const largest = 70_000
		shed, key, data := 0, make([]byte, 8), make([]byte, largest+2000)
		for n := range 60_000 {
			for _, s := range stores {
				remembered := s.Full(largest)
				s.room = -1
				require.Equal(t, s.Full(largest), remembered)
			}
			s := stores[random.IntN(2)]
			for s.Full(largest) {
				s.Drop(s.Oldest())
				shed++
			}
			size := random.IntN(300)
			if random.IntN(500) == 0 {
				size = random.IntN(largest)
			}
			binary.LittleEndian.PutUint64(key, uint64(n))
			e := s.Put(key, data[:size], 0, 0)
			if random.IntN(4) == 0 {
				s.SetData(e, data[:size+random.IntN(2000)])
			}
			if random.IntN(8) == 0 {
				s.Drop(e)
			}
			if n%101 != 0 {
				continue
			}
			debts := stores[0].memory.Debt() + stores[1].memory.Debt()
			require.LessOrEqual(t, debts, int64(2*budget.Slack))
			now, most := b.Used()
			require.LessOrEqual(t, most, limit)
			require.LessOrEqual(t, memoryOf(stores[0])+memoryOf(stores[1]), now+debts, "all memory is accounted for")
		}
		require.Positive(t, shed)
		require.Greater(t, stores[0].Len()+stores[1].Len(), 1000)
		for _, s := range stores {
			s.Close()
		}
		now, _ := b.Used()
		require.Zero(t, now, "all was given back")
	}
}

func TestAStoreWithoutABudgetIsNeverStarved(t *testing.T) {
	s := New(1<<20, 1<<30)
	for n := range 100_000 {
		require.False(t, s.Full(70_000))
		s.Put(binary.LittleEndian.AppendUint64(nil, uint64(n)), make([]byte, 100), 0, 0)
	}
}
