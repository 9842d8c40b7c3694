// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/extension/resilientfilestorageextension/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/series"
)

// fileStorage gives each component that asks for storage a client with a file of its own.
type fileStorage struct {
	id        component.ID
	cfg       *Config
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder

	run *run // since Start

	mu      sync.Mutex
	clients map[*client]struct{} // the open clients
}

var _ storage.Extension = (*fileStorage)(nil)

func newFileStorage(set extension.Settings, cfg *Config) (*fileStorage, error) {
	telemetry, err := metadata.NewTelemetryBuilder(series.Of(set.TelemetrySettings, series.Extension, set.ID))
	if err != nil {
		return nil, err
	}
	e := &fileStorage{id: set.ID, cfg: cfg, logger: set.Logger, telemetry: telemetry, clients: map[*client]struct{}{}}
	return e, telemetry.RegisterExtensionResilientFileStorageMemorySizeCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(e.memorySize())
		return nil
	})
}

// Start reports whether the last run ended, and removes what an interrupted compaction left behind, if configured.
func (e *fileStorage) Start(context.Context, component.Host) error {
	if err := e.createDirectories(); err != nil {
		e.logger.Debug("the folder cannot be made", zap.Error(err)) // a client reports it, or works in memory
	} else {
		e.run = beginRun(runPath(e.cfg.Directory, e.id), e.logger)
	}
	if !e.cfg.Compaction.CleanupOnStart {
		return nil
	}
	left, err := filepath.Glob(filepath.Join(e.cfg.Compaction.Directory, filestorage.TempDbPrefix+"*"))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		e.logger.Warn("the leftovers of a compaction could not be removed", zap.Error(err))
	}
	return nil
}

// Shutdown notes that the run has ended, and ends the telemetry. The components close their clients themselves.
func (e *fileStorage) Shutdown(context.Context) error {
	e.telemetry.Shutdown()
	e.run.end()
	return nil
}

func (e *fileStorage) memorySize() (size int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.clients {
		size += c.memorySize()
	}
	return size
}

// GetClient opens the component's file. It first sets a damaged file aside. If no file can be used, the client works in
// memory. It returns an error if another process has the file or, with max_memory_mib 0, if no file can be used.
func (e *fileStorage) GetClient(_ context.Context, kind component.Kind, id component.ID, storageName string) (storage.Client, error) {
	path := clientPath(e.cfg.Directory, kind, id, storageName)
	c := &client{e: e, kind: kind, path: path, logger: e.logger.With(zap.String("file", path)), stop: make(chan struct{})}
	disk, err := e.openFile(path, foundAtStart, c.logger)
	switch {
	case err == nil:
		c.store = disk
	case isOpen(err):
		return nil, fmt.Errorf("%s: another process has the file: %w: %w", path, bolterrors.ErrTimeout, err)
	case errors.Is(err, bolterrors.ErrTimeout) || e.cfg.MaxMemoryMiB == 0:
		return nil, fmt.Errorf("%s: %w", path, err)
	default:
		c.useMemory(err)
	}
	e.mu.Lock()
	e.clients[c] = struct{}{}
	e.mu.Unlock()
	c.startCompaction()
	return c, nil
}

func (e *fileStorage) forget(c *client) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.clients, c)
}

// openFile opens a client's file, or creates a new one. It first sets a damaged file aside.
func (e *fileStorage) openFile(path, found string, logger *zap.Logger) (*diskStore, error) {
	if err := e.createDirectories(); err != nil {
		return nil, err
	}
	for tries := 1; ; tries++ {
		info, _ := os.Stat(path) // of the file to check, or of one that is gone
		disk, err := e.openChecked(path, logger)
		var damage *damageError
		if errors.As(err, &damage) {
			if err = e.setAside(path, found, info, damage, logger); err == nil {
				disk, err = openDisk(path, boltOptions(e.cfg))
			}
		}
		if !errors.Is(err, errReplaced) || tries == maxReplaced {
			return disk, err
		}
	}
}

// maxReplaced is how often a client tries to open its file while other processes replace it.
const maxReplaced = 5

func (e *fileStorage) openChecked(path string, logger *zap.Logger) (*diskStore, error) {
	if err := e.check(path, logger); err != nil {
		return nil, err
	}
	return openDisk(path, boltOptions(e.cfg))
}

// check holds the lock of an existing file while it reads the file, so that no one writes to it.
func (e *fileStorage) check(path string, logger *zap.Logger) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is not a regular file; remove or rename it")
	case info.Size() == 0:
		logger.Info("the file is empty; it is created again")
		return nil
	}
	release, err := lock(path, e.cfg)
	if err != nil {
		return err
	}
	defer release()
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return errReplaced
	} else if err != nil {
		return err
	}
	defer file.Close()
	found, err := checkFile(file, info.Size(), e.cfg.CheckValues)
	switch {
	case err != nil:
		return err
	case found.unused:
		logger.Info("the file was never written to; it is created again")
		return os.Truncate(path, 0)
	case found.warning != "":
		logger.Warn("the file is used, but the data stored last may be missing: "+found.warning, zap.Int("keys", found.keys))
	}
	return nil
}

// lock takes bbolt's lock on a file and returns the function that releases it. For reading only, bbolt opens a file
// after a look at its headers alone, and shares the lock with no writer. If bbolt fails because of the headers, it had
// the lock, and the check gives a better error.
func lock(path string, cfg *Config) (release func(), err error) {
	s := &diskStore{path: path, opts: bbolt.Options{Timeout: cfg.Timeout, ReadOnly: true}}
	var onPath *os.PathError
	if err := s.open(); errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("another process has the file: %w", err)
	} else if errors.As(err, &onPath) {
		if onPath.Op == "write" || errors.Is(err, os.ErrNotExist) { // bbolt writes to an empty file, which has just been created
			return nil, errReplaced
		}
		return nil, err
	}
	return func() { _ = s.close() }, nil
}

func (e *fileStorage) createDirectories() error {
	if !e.cfg.CreateDirectory {
		return nil
	}
	mode, err := strconv.ParseUint(e.cfg.DirectoryPermissions, 8, 32)
	if err != nil {
		return err
	}
	err = makeFolder(e.cfg.Directory, os.FileMode(mode))
	if err == nil && (e.cfg.Compaction.OnStart || e.cfg.Compaction.OnRebound) {
		err = makeFolder(e.cfg.Compaction.Directory, os.FileMode(mode))
	}
	return err
}

// makeFolder makes a folder and its parents. For a link that leads nowhere the system's error would say only that there is a file.
func makeFolder(path string, mode os.FileMode) error {
	err := private.MkdirAll(path, mode)
	if err == nil {
		return nil
	}
	for at := path; ; at = filepath.Dir(at) {
		if to, linkErr := os.Readlink(at); linkErr == nil {
			if _, there := os.Stat(at); errors.Is(there, os.ErrNotExist) {
				return fmt.Errorf("%s is a link to %s, which does not exist; make it, or remove the link: %w", at, to, err)
			}
		}
		if at == filepath.Dir(at) {
			return err
		}
	}
}

// lockInterval is the time between two attempts to take a lock, or to rename an open file.
const lockInterval = 10 * time.Millisecond

// The values of the metric's attribute: when damage was found.
const (
	foundAtStart = "start"
	foundRunning = "running"
)

// setAside renames a damaged file, logs that and counts it. info is the file in which the damage was found.
func (e *fileStorage) setAside(path, found string, info os.FileInfo, damage error, logger *zap.Logger) error {
	release, err := hold(path, info, e.cfg.Timeout)
	if err != nil {
		return fmt.Errorf("the file is damaged (%w) and was not set aside: %w", damage, err)
	}
	defer release()
	aside, removed, err := renameAside(path, e.cfg.MaxDamagedFiles)
	for begun := time.Now(); isOpen(err) && time.Since(begun) < e.cfg.Timeout; {
		time.Sleep(lockInterval)
		aside, removed, err = renameAside(path, e.cfg.MaxDamagedFiles)
	}
	switch {
	case aside != "":
	case isOpen(err):
		return fmt.Errorf("another process has the file: %w", bolterrors.ErrTimeout)
	case errors.Is(err, os.ErrNotExist):
		return errReplaced
	default:
		return fmt.Errorf("the file is damaged (%w) and cannot be renamed: %w", damage, err)
	}
	e.telemetry.ExtensionResilientFileStorageFilesSetAside.Add(context.Background(), 1, metric.WithAttributes(attribute.String("found", found)))
	logger.Error("the file is damaged and was set aside; the data queued in it will not be delivered; a new file is created. "+
		"The README of resilient_file_storage explains how to inspect it",
		zap.String("damage", damage.Error()), zap.String("set_aside", aside))
	if len(removed) > 0 {
		logger.Error("damaged files that were set aside earlier were removed: there are more than max_damaged_files", zap.Strings("removed", removed))
	}
	if err != nil {
		logger.Warn("damaged files that were set aside earlier could not be removed", zap.Error(err))
	}
	return nil
}
