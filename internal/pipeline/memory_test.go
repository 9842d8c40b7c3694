// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
)

func TestACapBelowTheFixedPartsIsRefusedWithTheSum(t *testing.T) {
	needs := MemoryNeeds{Queues: 1, QueueMiB: 48, Stores: 2, Fixed: []MemoryPart{BatchMemory(DefaultBatchConfig()), {"names (new_max_size_mib)", 64 << 20}}}
	require.NoError(t, (&MemoryConfig{}).Check(needs))
	require.NoError(t, (&MemoryConfig{MaxMiB: 84}).Check(needs))
	require.EqualError(t, (&MemoryConfig{MaxMiB: 83}).Check(needs), "max_mib: 83 is not allowed: the parts that this configuration fixes take 83.5 MiB = "+
		"15.0 batches (5 x batch.max_size_mib) + 64.0 names (new_max_size_mib) + 2.0 that one event may need at once in 2 store(s) + 0.5 at least for 1 queue(s) + 2.0 reserved for 2 store(s) of events kept back; "+
		"want at least 84, or smaller parts")
}

func TestACapThatIsTooLargeIsNotTooSmallAsWell(t *testing.T) {
	for _, mib := range []int{maxMemoryMiB + 1, 1 << 43, math.MaxInt} {
		c := MemoryConfig{MaxMiB: mib}
		require.EqualError(t, c.Validate(), fmt.Sprintf("max_mib: %d is not allowed; want 0 (no common bound) to 65536", mib))
		require.NoError(t, c.Check(MemoryNeeds{Queues: 1, Fixed: []MemoryPart{BatchMemory(DefaultBatchConfig())}}))
	}
}

func TestEveryCapThatIsAllowedHasRoomForItsHolders(t *testing.T) {
	for mib := 1; mib < 300; mib++ {
		for queues := 1; queues <= 2; queues++ {
			for stores := range 4 {
				for _, queueMiB := range []int{1, 48, 1000} {
					needs := MemoryNeeds{Queues: queues, QueueMiB: queueMiB, Stores: stores, Fixed: []MemoryPart{{"a", 20 << 20}}}
					c := MemoryConfig{MaxMiB: mib}
					if c.Check(needs) != nil {
						continue
					}
					m := c.NewMemory(needs)
					for range stores {
						require.True(t, m.Store().Take(storeReserved))
					}
					for range queues {
						require.True(t, m.Queue().Take(queue.Reserved))
					}
					_, _, limit := m.Used()
					require.LessOrEqual(t, limit+20<<20+int64(stores)<<20, int64(mib)<<20)
				}
			}
		}
	}
	require.Nil(t, (&MemoryConfig{}).NewMemory(MemoryNeeds{}))
}

// A live source drops what the cap has no room for, although its queue would have. The account is exact.
func TestWhatTheCapHasNoRoomForIsCountedAsSuch(t *testing.T) {
	memory := MemoryConfig{MaxMiB: 2}
	needs := MemoryNeeds{Queues: 1, QueueMiB: 64}
	require.NoError(t, memory.Check(needs))
	budget := memory.NewMemory(needs)
	base := newPipeline(t, consumertest.NewNop(), nil)
	require.NoError(t, base.Shutdown(context.Background(), noSource))
	s := base.Settings
	s.Queue.MaxSizeMiB, s.Memory = 64, budget.Queue()
	p := New(s)
	const events = 1000
	event := make([]byte, 10_000)
	taken := int64(0)
	for range events {
		if p.Offer(1, nil, event) {
			taken++
		}
	}
	require.Equal(t, map[string]int64{DropNoMemory: events - taken}, p.Stats.Dropped.Snapshot())
	require.Equal(t, int64(2<<20/queue.ChunkSize*(queue.ChunkSize/10_012)), taken)
	p.Start()
	require.NoError(t, p.Shutdown(context.Background(), noSource))
	require.Zero(t, p.Stats.Pending())
	require.Equal(t, int64(events), p.Stats.Received.Load())
	now, most, limit := budget.Used()
	require.Equal(t, limit, most)
	require.Less(t, now, limit)
}
