// SPDX-License-Identifier: Apache-2.0

package queue

import "sync"

// freeList holds the free chunks, the last used one on top. While the worker keeps up, all events pass through a few chunks, which stay in
// the processor's caches.
type freeList struct {
	mu     sync.Mutex
	chunks []*Chunk
	empty  []*Chunk // chunks without memory
}

// spareChunks is the number of free chunks that keep their memory under a budget: 1 MiB.
const spareChunks = 4

func (l *freeList) push(c *Chunk) {
	l.mu.Lock()
	l.chunks = append(l.chunks, c)
	l.mu.Unlock()
}

// pushSpare pushes the chunk unless there are spareChunks, and reports whether it has.
func (l *freeList) pushSpare(c *Chunk) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.chunks) >= spareChunks {
		return false
	}
	l.chunks = append(l.chunks, c)
	return true
}

// pushEmpty pushes a chunk without memory.
func (l *freeList) pushEmpty(c *Chunk) {
	l.mu.Lock()
	l.empty = append(l.empty, c)
	l.mu.Unlock()
}

// pop takes the chunk that was pushed last; one without memory only if there is no other. The caller makes sure that the list has one.
func (l *freeList) pop() *Chunk {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := &l.chunks
	if len(*from) == 0 {
		from = &l.empty
	}
	last := len(*from) - 1
	c := (*from)[last]
	*from = (*from)[:last]
	return c
}
