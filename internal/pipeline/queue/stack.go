// SPDX-License-Identifier: Apache-2.0

package queue

import "sync/atomic"

// stack holds the chunks that are free. The one that was used last is used next: while the worker keeps up, the events go
// through the few chunks that the processor's caches hold, and no other memory is touched. Neither operation takes a lock.
type stack struct {
	chunks []Chunk
	// top is the uppermost chunk's place and one, 0 for none, in the lower half; in the upper half it counts the changes, so that
	// a chunk that was taken and put back meanwhile is not mistaken for one that never left.
	top atomic.Uint64
}

const topPlace = 1<<32 - 1

func (s *stack) push(c *Chunk) {
	for {
		top := s.top.Load()
		atomic.StoreUint32(&c.below, uint32(top&topPlace))
		if s.top.CompareAndSwap(top, (top>>32+1)<<32|uint64(c.place+1)) {
			return
		}
	}
}

// pop takes the uppermost chunk. There must be one for each pop that is under way.
func (s *stack) pop() *Chunk {
	for {
		top := s.top.Load()
		c := &s.chunks[top&topPlace-1]
		if s.top.CompareAndSwap(top, (top>>32+1)<<32|uint64(atomic.LoadUint32(&c.below))) {
			return c
		}
	}
}
