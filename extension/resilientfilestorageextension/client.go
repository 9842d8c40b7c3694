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

	"go.opentelemetry.io/collector/component"
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
	// errSetAside is the error for reading a value that may have been in a file that was set aside meanwhile. Returning
	// "no value" would be wrong: a queue would deliver an empty batch.
	errSetAside = errors.New("the file was damaged and set aside while it was in use; a new one has no such value")
)

// sayInterval is the shortest time between two log lines about failed writes.
const sayInterval = 10 * time.Second

// fileRetry is the time between the attempts of a client in memory to use its file.
const fileRetry = 10 * time.Second

// client is a component's storage. Its store is a file. If the file is damaged while it is used, the store becomes
// another file. If no file can be used, the store is in memory.
type client struct {
	e      *fileStorage
	kind   component.Kind
	path   string
	logger *zap.Logger

	mu      sync.RWMutex // held for reading while the store is used, for writing while it changes
	store   store
	why     error     // why the store is in memory; nil for a file
	lost    bool      // a file was set aside since the client was created
	nextTry time.Time // when a client in memory tries its file again

	nextWord time.Time // earliest next log line about a failed write; guarded by mu as well

	stop     chan struct{}
	stopOnce sync.Once
	wg       sync.WaitGroup
}

// Get returns a copy of the value of a key, or nil if there is none.
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

// Batch applies the operations in order, all or none. It stores the results of Get in the operations.
//
// There is one exception: if nothing can be written, as on a full disk, the batch's reads are done all the same, and
// the write error is logged instead of returned. The sending queue uses one batch to read its next item and to note
// that it took it, and it deletes an item that it could not read. An item whose note was not written is sent once more
// after a crash.
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

// readsOf returns the operations that read.
func readsOf(ops []*storage.Operation) []*storage.Operation {
	return slices.DeleteFunc(slices.Clone(ops), func(op *storage.Operation) bool { return op.Type != storage.Get })
}

// sayUnwritten logs, at most once in sayInterval, that a batch's reads succeeded and its writes failed.
func (c *client) sayUnwritten(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.After(c.nextWord) {
		c.nextWord = now.Add(sayInterval)
		c.logger.Warn("data was read, but the writes of the same batch failed; after a crash the data may be delivered again", zap.Error(err))
	}
}

// Walk runs fn on each key and its value, and applies the operations that fn returns.
func (c *client) Walk(ctx context.Context, fn storage.WalkFunc) error {
	var walked store
	_, err := c.do(func(s store) error {
		if walked != nil && walked != s { // fn has seen data that is gone now
			return errSetAside
		}
		walked = s
		return s.walk(ctx, fn)
	})
	return err
}

// do runs f on the store. If f finds damage, the file is set aside; if bbolt has closed the file, it is opened again.
// Then f runs once more.
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

// reopen opens a file again that bbolt has closed. The error is a *damageError if the file was damaged meanwhile.
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
	c.logger.Warn("the database had closed the file because the disk or the memory was full: it was opened again")
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

// replace replaces a store in which damage was found, unless another call has done so.
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

// useMemory makes the client work in memory, and logs why. If the configuration allows 0 bytes of memory, the client
// refuses to store anything.
func (c *client) useMemory(why error) {
	limit := int64(c.e.cfg.MaxMemoryMiB) << 20
	if why == nil {
		why = errors.New("it cannot be used")
	}
	c.store, c.why = newMemoryStore(limit), why
	c.nextTry = time.Now().Add(fileRetry)
	c.logger.Error("the file cannot be used: "+c.kept()+" is kept in memory and is lost when the collector ends. "+
		"A new file is created as soon as that is possible and none exists",
		zap.Error(why), zap.Int64("max_bytes", limit))
}

// kept names what a component keeps in its storage.
func (c *client) kept() string {
	if c.kind == component.KindExporter {
		return "queued data"
	}
	return "the state of the component"
}

// InMemory returns why what was stored is in memory only, and is lost when the process ends. It returns nil if it is in a file, also after Close.
func (c *client) InMemory() error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.why == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", c.path, c.why)
}

// leaveMemory moves the data in memory to a new file, if it is time for the next attempt. It does not touch an existing
// file, because its data cannot be merged with the data in memory; that file is used after the next start.
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
			c.logger.Info("the file can be used again; the data in memory was moved to it")
		}
	}
}

// move moves the data in memory to a new file.
func (c *client) move(memory *memoryStore) error {
	if _, err := os.Lstat(c.path); err == nil {
		return fmt.Errorf("it is left alone, because what is in it cannot be merged with what is in memory: %w", os.ErrExist)
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
	c.store, c.why = disk, nil
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

// Close closes the file, and logs an error if it is no longer at its path. Data in memory is moved to a file if
// possible; otherwise an error is logged.
func (c *client) Close(context.Context) error {
	c.stopOnce.Do(func() { close(c.stop) })
	c.wg.Wait()
	defer c.e.forget(c) // without holding c.mu: reading the size of the memory holds e.mu and waits for c.mu
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.store == nil {
		return nil
	}
	if memory, ok := c.store.(*memoryStore); ok {
		if ops, size := memory.content(); len(ops) > 0 {
			if err := c.move(memory); err != nil {
				c.logger.Error(c.kept()+" that is in memory is lost, because the file cannot be used",
					zap.Int("keys", len(ops)), zap.Int64("bytes", size), zap.Error(err), zap.NamedError("since", c.why))
			}
		}
	}
	if disk, ok := c.store.(*diskStore); ok && !disk.inPlace() {
		c.logger.Error("the file was removed or replaced while it was in use: the data queued in it is lost")
	}
	err := c.store.close()
	c.store = nil
	return err
}

// startCompaction compacts the file now and later, as configured.
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

// compact compacts the file if that is due. If it finds damage, the file is set aside.
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
