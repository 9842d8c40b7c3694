// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// memoryStore keeps a client's values in memory while its file cannot be used.
type memoryStore struct {
	limit int64 // bytes of keys and values

	mu     sync.Mutex
	values map[string][]byte
	size   int64
}

func newMemoryStore(limit int64) *memoryStore {
	return &memoryStore{limit: limit, values: map[string][]byte{}}
}

// batch applies all operations or none. If the memory is full it refuses new keys, but it still overwrites and deletes:
// a queue that cannot note what it has delivered would never become empty.
func (s *memoryStore) batch(ops []*storage.Operation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.apply(ops)
}

func (s *memoryStore) apply(ops []*storage.Operation) error {
	if s.size >= s.limit || s.size+added(ops) > s.limit {
		for _, op := range ops {
			if _, old := s.values[op.Key]; op.Type == storage.Set && !old {
				return storage.ErrStorageFull
			}
		}
	}
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			if v, ok := s.values[op.Key]; ok {
				op.Value = append([]byte{}, v...)
			} else {
				op.Value = nil
			}
		case storage.Set:
			s.remove(op.Key)
			s.values[op.Key] = append([]byte{}, op.Value...)
			s.size += int64(len(op.Key) + len(op.Value))
		case storage.Delete:
			s.remove(op.Key)
		}
	}
	return nil
}

func added(ops []*storage.Operation) (n int64) {
	for _, op := range ops {
		if op.Type == storage.Set {
			n += int64(len(op.Key) + len(op.Value))
		}
	}
	return n
}

func (s *memoryStore) remove(key string) {
	if v, ok := s.values[key]; ok {
		s.size -= int64(len(key) + len(v))
		delete(s.values, key)
	}
}

func (s *memoryStore) walk(ctx context.Context, fn storage.WalkFunc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ops []*storage.Operation
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		more, err := fn(key, bytes.Clone(s.values[key]))
		if err != nil && !errors.Is(err, storage.SkipAll) {
			return err
		}
		ops = append(ops, more...)
		if err != nil {
			break
		}
	}
	return s.apply(ops)
}

// content returns operations that set the store's content, and its size.
func (s *memoryStore) content() (ops []*storage.Operation, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, value := range s.values {
		ops = append(ops, storage.SetOperation(key, value))
	}
	return ops, s.size
}

func (s *memoryStore) close() error { return nil }
