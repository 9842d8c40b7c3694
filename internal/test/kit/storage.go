// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
)

// StorageID is the name under which a Storage is an extension of its host.
var StorageID = component.MustNewID("kept")

// Storage is a storage extension in memory. The zero value is empty. Its methods may be called from any goroutine.
type Storage struct {
	component.StartFunc
	component.ShutdownFunc

	mu     sync.Mutex
	values map[string][]byte
	frozen bool  // what is written is ignored, as after the end of the process
	fails  error // what every use returns
	memory error // why what is stored ends with the process
	writes int
}

var _ storage.Extension = (*Storage)(nil)

// Host returns a host that has the storage.
func (s *Storage) Host() component.Host { return s.HostAs(StorageID) }

// HostAs returns a host that has the storage under a name.
func (s *Storage) HostAs(id component.ID) component.Host {
	return storageHost{componenttest.NewNopHost(), map[component.ID]component.Component{id: s}}
}

type storageHost struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h storageHost) GetExtensions() map[component.ID]component.Component { return h.extensions }

// GetClient returns a client of the storage, which all share.
func (s *Storage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return client{s}, nil
}

// Freeze makes the storage ignore what is written from now on.
func (s *Storage) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = true
}

// KilledAfter returns a consumer that hands batches to the sink. After that many, as after kill -9, the storage ignores what is written, the sink gets
// nothing more, and killed is closed. With a negative number that never happens.
func (s *Storage) KilledAfter(t testing.TB, batches int) (sink *consumertest.LogsSink, next consumer.Logs, killed <-chan struct{}) {
	t.Helper()
	sink, dead := &consumertest.LogsSink{}, make(chan struct{})
	var taking sync.Mutex // a batch may come while another one is taken
	next, err := consumer.NewLogs(func(ctx context.Context, l plog.Logs) error {
		taking.Lock()
		defer taking.Unlock()
		if batches == 0 {
			return nil
		}
		err := sink.ConsumeLogs(ctx, l)
		if batches--; batches == 0 {
			s.Freeze()
			close(dead)
		}
		return err
	})
	require.NoError(t, err)
	return sink, next, dead
}

// End waits until a replay is killed or done, and shuts the receiver down.
func End(t testing.TB, r component.Component, killed, done <-chan struct{}) {
	t.Helper()
	select {
	case <-killed:
	case <-done:
	}
	require.NoError(t, r.Shutdown(context.Background()))
}

// Fail makes every use fail with an error, nil for none.
func (s *Storage) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = err
}

// InMemory returns why what is stored ends with the process.
func (s *Storage) InMemory() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory
}

// Forget makes what is written from now on end with the process, for a reason; nil makes it last.
func (s *Storage) Forget(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory = why
}

// Clone returns a storage with the same values, which is neither frozen nor fails.
func (s *Storage) Clone() *Storage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Storage{values: maps.Clone(s.values)}
}

// Writes returns how often something was written.
func (s *Storage) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// Each calls do for every value; what it returns replaces the value, nil removes it.
func (s *Storage) Each(do func(key string, value []byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, value := range s.values {
		if value = do(key, value); value == nil {
			delete(s.values, key)
		} else {
			s.values[key] = value
		}
	}
}

type client struct{ *Storage }

func (c client) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}

func (c client) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c client) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (c client) Batch(_ context.Context, ops ...*storage.Operation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fails != nil {
		return c.fails
	}
	for _, op := range ops {
		switch {
		case op.Type == storage.Get:
			op.Value = c.values[op.Key]
		case c.frozen:
		case op.Type == storage.Set:
			if c.values == nil {
				c.values = map[string][]byte{}
			}
			c.values[op.Key] = op.Value
			c.writes++
		case op.Type == storage.Delete:
			delete(c.values, op.Key)
		}
	}
	return nil
}

func (client) Close(context.Context) error { return nil }

// ErrStorage is an error for Fail.
var ErrStorage = errors.New("the disk is full")
