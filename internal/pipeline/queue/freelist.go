// SPDX-License-Identifier: Apache-2.0

package queue

import "sync"

// freeList holds the chunks that are free. The chunk that was used last is used next: while the worker keeps up, the events pass
// through the few chunks that are in the processor's caches, and no other memory is touched.
type freeList struct {
	mu     sync.Mutex
	chunks []*Chunk
}

func (l *freeList) push(c *Chunk) {
	l.mu.Lock()
	l.chunks = append(l.chunks, c)
	l.mu.Unlock()
}

// pop takes the chunk that was pushed last. There must be one for each pop that is under way.
func (l *freeList) pop() *Chunk {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.chunks) - 1
	c := l.chunks[last]
	l.chunks = l.chunks[:last]
	return c
}
