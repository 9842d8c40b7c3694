// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
)

// store keeps the values of a client.
type store interface {
	batch(ops []*storage.Operation) error
	walk(ctx context.Context, fn storage.WalkFunc) error
	close() error
}

var (
	_ store          = (*diskStore)(nil)
	_ store          = (*memoryStore)(nil)
	_ storage.Client = (*client)(nil)
	_ storage.Walker = (*client)(nil)
)

var (
	errClosed = errors.New("the storage is closed")
	// errSetAside is what asking for a value gives that may have been in a file that was set aside meanwhile. "There is none"
	// would be taken for an answer: a queue would deliver an empty batch.
	errSetAside = errors.New("the file was damaged and set aside while it was in use; a new one has no such value")
)

// sayInterval is the least time between two log lines on what could not be written.
const sayInterval = 10 * time.Second

// fileRetry is how long a client that works in memory waits between attempts at its file.
const fileRetry = 10 * time.Second

// client is what a component stores through. Its store is a file; when damage is found while it runs, another file; when no
// file can be used, memory.
type client struct {
	e      *fileStorage
	path   string
	logger *zap.Logger

	mu      sync.RWMutex // held for reading while the store is used, for writing while it changes
	store   store
	lost    bool      // a file was set aside since the client was made
	nextTry time.Time // of a client that works in memory

	nextWord time.Time // on what could not be written, at the earliest; guarded by mu as well

	stop     chan struct{}
	stopOnce sync.Once
	wg       sync.WaitGroup
}

// Get gives the value of a key, nil if it has none, in memory of its own.
func (c *client) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}

// Set stores a value.
func (c *client) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

// Delete removes a key and its value, if there is one.
func (c *client) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

// Batch applies the operations in their order, all or none. The results of Get stand in them.
//
// There is one exception: where nothing can be written, as on a full disk, what is to be read with it is read all the same, and the error
// of the writing is logged, not returned. The sending queue notes in one batch with its next item that it has taken it, and deletes an item that it
// could not get. What is not noted is sent once more after a crash.
func (c *client) Batch(_ context.Context, ops ...*storage.Operation) error {
	lost, err := c.do(func(s store) error { return s.batch(ops) })
	if reads := readsOf(ops); err != nil && len(reads) > 0 && len(reads) < len(ops) {
		unwritten := err
		if lost, err = c.do(func(s store) error { return s.batch(reads) }); err == nil {
			c.sayUnwritten(unwritten)
		}
	}
	if err == nil && lost && slices.ContainsFunc(ops, func(op *storage.Operation) bool { return op.Type == storage.Get && op.Value == nil }) {
		return errSetAside
	}
	return err
}

// readsOf gives the operations that read.
func readsOf(ops []*storage.Operation) []*storage.Operation {
	return slices.DeleteFunc(slices.Clone(ops), func(op *storage.Operation) bool { return op.Type != storage.Get })
}

// sayUnwritten logs that something could be read and what was to be written with it could not, once in sayInterval.
func (c *client) sayUnwritten(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.After(c.nextWord) {
		c.nextWord = now.Add(sayInterval)
		c.logger.Warn("what was to be written could not be; what was to be read with it was. After a crash it may be delivered once more", zap.Error(err))
	}
}

// Walk runs fn on each key and its value, and applies the operations that it gives.
func (c *client) Walk(ctx context.Context, fn storage.WalkFunc) error {
	var walked store
	_, err := c.do(func(s store) error {
		if walked != nil && walked != s { // fn has seen some of what is gone
			return errSetAside
		}
		walked = s
		return s.walk(ctx, fn)
	})
	return err
}

// do runs f on the store. When it finds damage the file is set aside, and when bbolt has given the file up it is opened again;
// f then runs once more.
func (c *client) do(f func(store) error) (lost bool, err error) {
	c.leaveMemory(time.Now())
	s, lost, err := c.once(f)
	if !errors.Is(err, errNotOpen) && !isDamage(err) {
		return lost, err
	}
	if errors.Is(err, errNotOpen) {
		err = c.reopen(s)
	}
	if isDamage(err) {
		err = c.replace(s, err)
	}
	if err != nil {
		return lost, err
	}
	_, lost, err = c.once(f)
	return lost, err
}

func isDamage(err error) bool {
	var damage *damageError
	return errors.As(err, &damage)
}

// reopen opens a file again that bbolt has given up. The error is a *damageError if the file was damaged meanwhile.
func (c *client) reopen(s store) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	disk, ok := s.(*diskStore)
	if !ok || c.store != s {
		return nil
	}
	if err := disk.close(); err != nil {
		return err
	}
	if err := c.e.check(c.path, c.logger); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	if err := disk.open(); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	c.logger.Warn("the database had given the file up, for want of room on the disk or in memory: it was opened again")
	return nil
}

func (c *client) once(f func(store) error) (s store, lost bool, err error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.store == nil {
		return nil, c.lost, errClosed
	}
	return c.store, c.lost, f(c.store)
}

// replace puts a new store in the place of one in which damage was found, if nobody else did.
func (c *client) replace(s store, damage error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.store != s {
		return nil
	}
	disk, ok := s.(*diskStore)
	if !ok {
		return damage
	}
	c.lost = true
	if err := disk.close(); err != nil {
		c.logger.Warn("the damaged file could not be closed", zap.Error(err))
	}
	err := c.e.setAside(c.path, foundRunning, disk.info, damage, c.logger)
	if err == nil {
		if disk, err = openDisk(c.path, boltOptions(c.e.cfg)); err == nil {
			c.store = disk
			return nil
		}
	}
	c.useMemory(err)
	return nil
}

// useMemory makes the client work in memory, and says why. The memory is 0 bytes when the configuration allows none: the
// client then refuses what is to be stored.
func (c *client) useMemory(why error) {
	limit := int64(c.e.cfg.MaxMemoryMiB) << 20
	c.store = newMemoryStore(limit)
	c.nextTry = time.Now().Add(fileRetry)
	c.logger.Error("the file cannot be used: what is queued is kept in memory and is lost when the collector ends. "+
		"A new file is begun as soon as that can be done and there is none",
		zap.Error(why), zap.Int64("max_bytes", limit))
}

// leaveMemory moves what is in memory to a new file, when the time has come to try that. An existing file is left alone: what
// is in it cannot be put together with what is in memory. It is used after the next start.
func (c *client) leaveMemory(now time.Time) {
	c.mu.RLock()
	_, inMemory := c.store.(*memoryStore)
	due := inMemory && !now.Before(c.nextTry)
	c.mu.RUnlock()
	if !due {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if memory, ok := c.store.(*memoryStore); ok && !now.Before(c.nextTry) {
		c.nextTry = now.Add(fileRetry)
		if err := c.move(memory); err == nil {
			c.logger.Info("the file can be used again: what was in memory is in it")
		}
	}
}

// move moves what is in memory to a new file.
func (c *client) move(memory *memoryStore) error {
	if _, err := os.Lstat(c.path); err == nil {
		return fmt.Errorf("%s: %w", c.path, os.ErrExist)
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	disk, err := c.e.openFile(c.path, foundRunning, c.logger)
	if err != nil {
		return err
	}
	ops, _ := memory.content()
	if err := disk.batch(ops); err != nil {
		return errors.Join(err, disk.close(), os.Remove(c.path))
	}
	c.store = disk
	return nil
}

func (c *client) memorySize() int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if memory, ok := c.store.(*memoryStore); ok {
		_, size := memory.content()
		return size
	}
	return 0
}

// Close closes the file, and says so when it is not at its path any more. What is in memory then and can still be moved to a file is moved; else an error says what is lost.
func (c *client) Close(context.Context) error {
	c.stopOnce.Do(func() { close(c.stop) })
	c.wg.Wait()
	defer c.e.forget(c) // without c.mu: who asks for the size of the memory holds e.mu and waits for c.mu
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.store == nil {
		return nil
	}
	if memory, ok := c.store.(*memoryStore); ok {
		if ops, size := memory.content(); len(ops) > 0 {
			if err := c.move(memory); err != nil {
				c.logger.Error("what was queued in memory is lost", zap.Int("keys", len(ops)), zap.Int64("bytes", size), zap.Error(err))
			}
		}
	}
	if disk, ok := c.store.(*diskStore); ok && !disk.inPlace() {
		c.logger.Error("the file was removed or replaced while it was in use: what is queued in it is lost")
	}
	err := c.store.close()
	c.store = nil
	return err
}

// startCompaction compacts the file now and later, as the configuration says.
func (c *client) startCompaction() {
	cfg := c.e.cfg.Compaction
	if cfg.OnStart {
		c.compact(func(*diskStore) (bool, error) { return true, nil })
	}
	if !cfg.OnRebound {
		return
	}
	c.wg.Go(func() {
		ticker := time.NewTicker(cfg.CheckInterval)
		defer ticker.Stop()
		for {
			select {
			case <-c.stop:
				return
			case <-ticker.C:
				c.compact(func(s *diskStore) (bool, error) {
					return s.rebound(cfg.ReboundNeededThresholdMiB<<20, cfg.ReboundTriggerThresholdMiB<<20)
				})
			}
		}
	})
}

// compact compacts the file when that is due. When damage is found the file is set aside.
func (c *client) compact(due func(*diskStore) (bool, error)) {
	cfg := c.e.cfg.Compaction
	c.mu.Lock()
	disk, ok := c.store.(*diskStore)
	if !ok {
		c.mu.Unlock()
		return
	}
	now, err := due(disk)
	if err == nil && now {
		err = disk.compact(cfg.Directory, cfg.MaxTransactionSize)
	}
	c.mu.Unlock()
	if isDamage(err) {
		err = c.replace(disk, err)
	}
	if err != nil {
		c.logger.Error("the file could not be compacted", zap.Error(err))
	}
}
