// SPDX-License-Identifier: Apache-2.0

package queue

import "sync"

// freeList holds the free chunks, the last used one on top. While the worker keeps up, all events pass through a few chunks, which stay in
// the processor's caches.
type freeList struct {
	mu     sync.Mutex
	chunks []*Chunk
}

func (l *freeList) push(c *Chunk) {
	l.mu.Lock()
	l.chunks = append(l.chunks, c)
	l.mu.Unlock()
}

// pop takes the chunk that was pushed last. The caller makes sure that the list has one.
func (l *freeList) pop() *Chunk {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.chunks) - 1
	c := l.chunks[last]
	l.chunks = l.chunks[:last]
	return c
}
