// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// diskStore keeps a client's values in a bbolt file. Its methods turn a panic or a memory fault inside bbolt into a
// *damageError. After one, only close may be called.
//
// It begins and ends transactions itself, without bbolt's Update: that one reacts to a panic by scanning the whole file
// in a goroutine of its own, where damage ends the process.
type diskStore struct {
	path  string
	opts  bbolt.Options
	db    *bbolt.DB
	file  *os.File // bbolt's own, for when bbolt can no longer close it
	info  os.FileInfo
	stuck bool // bbolt holds a lock that it will not release
}

func boltOptions(cfg *Config) bbolt.Options {
	return bbolt.Options{
		Timeout:        cfg.Timeout,
		MaxSize:        int(cfg.MaxSize),
		NoSync:         !cfg.FSync,
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
	}
}

// openDisk opens a checked file, or creates a new one. If a new file cannot be completed (a full disk), it is removed,
// unless another process has it locked: that process has created it.
func openDisk(path string, opts bbolt.Options) (*diskStore, error) {
	s := &diskStore{path: path, opts: opts}
	info, statErr := os.Stat(path)
	begun := errors.Is(statErr, os.ErrNotExist) || statErr == nil && info.Size() == 0
	err := s.open()
	if err == nil && !s.inPlace() { // it was set aside or removed while this process waited for its lock
		err = errReplaced
	}
	if err == nil {
		err = s.transact(true, func(tx *bbolt.Tx) error {
			if tx.Bucket([]byte(sealedBucket)) != nil {
				return errUnchanged
			}
			_, err := tx.CreateBucket([]byte(sealedBucket))
			return err
		})
	}
	if err == nil {
		return s, nil
	}
	err = errors.Join(err, s.close())
	if begun && s.file != nil && !errors.Is(err, bolterrors.ErrTimeout) {
		err = errors.Join(err, os.Remove(path))
	}
	return nil, err
}

// errReplaced reports that an opened file is no longer at its path. Opening is tried again. If all attempts fail, it
// means the same as bolterrors.ErrTimeout.
var errReplaced = fmt.Errorf("another process has put another file in its place: %w", bolterrors.ErrTimeout)

// inPlace reports whether the opened file is the one at its path.
func (s *diskStore) inPlace() bool {
	info, err := os.Stat(s.path)
	return err == nil && s.info != nil && os.SameFile(s.info, info)
}

// errNotOpen reports that bbolt closed a file that is not damaged: it could not grow its memory map, because the disk
// is full (Windows) or no memory is left. The file can be opened again.
var errNotOpen = errors.New("the file is not open")

// errUnchanged ends a transaction that has nothing to write.
var errUnchanged = errors.New("nothing to write")

func (s *diskStore) open() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			s.stuck = true
			err = damaged("bbolt could not open it: %v", r)
		}
	}()
	opts := s.opts
	opts.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		if flag&os.O_CREATE != 0 { // for reading and writing, a file that only the owner can open
			s.file, err = private.Open(name)
		} else {
			s.file, err = os.OpenFile(name, flag, mode)
		}
		if err == nil {
			s.info, err = s.file.Stat()
		}
		return s.file, err
	}
	s.db, err = bbolt.Open(s.path, 0o600, &opts)
	return err
}

// transact runs f in a transaction.
func (s *diskStore) transact(writable bool, f func(*bbolt.Tx) error) (err error) {
	var tx *bbolt.Tx
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = damaged("bbolt could not go on: %v", r)
			s.stuck = !rolledBack(tx)
		}
	}()
	if s.db == nil {
		return errNotOpen
	}
	if tx, err = s.db.Begin(writable); err == nil {
		if err = f(tx); err == nil && writable {
			err = tx.Commit()
		} else {
			_ = tx.Rollback()
		}
	}
	switch {
	case errors.Is(err, errUnchanged):
		return nil
	case errors.Is(err, bolterrors.ErrMaxSizeReached):
		return storage.ErrStorageFull
	case errors.Is(err, bolterrors.ErrInvalidMapping), errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return errNotOpen
	}
	return err
}

// rolledBack ends a transaction in which bbolt panicked. It reports whether that succeeded.
func rolledBack(tx *bbolt.Tx) (done bool) {
	defer func() { _ = recover() }()
	if tx == nil {
		return false
	}
	_ = tx.Rollback()
	return true
}

func (s *diskStore) batch(ops []*storage.Operation) error {
	writable := false
	for _, op := range ops {
		writable = writable || op.Type != storage.Get
	}
	return s.transact(writable, func(tx *bbolt.Tx) error { return apply(tx, ops) })
}

func apply(tx *bbolt.Tx, ops []*storage.Operation) error {
	sealed, bare, err := buckets(tx)
	if err != nil {
		return err
	}
	for _, op := range ops {
		key := []byte(op.Key)
		switch op.Type {
		case storage.Get:
			op.Value, err = get(sealed, bare, op.Key)
		case storage.Set:
			if err = sealed.Put(key, seal(op.Key, op.Value)); err == nil && bare != nil {
				err = bare.Delete(key)
			}
		case storage.Delete:
			if err = sealed.Delete(key); err == nil && bare != nil {
				err = bare.Delete(key)
			}
		default:
			err = fmt.Errorf("operation type %d; want get (0), set (1) or delete (2)", op.Type)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// get returns a copy of a value, or nil.
func get(sealed, bare *bbolt.Bucket, key string) ([]byte, error) {
	if v := sealed.Get([]byte(key)); v != nil {
		value, err := unseal(key, v)
		return append([]byte{}, value...), err
	}
	if bare != nil {
		if v := bare.Get([]byte(key)); v != nil {
			return append([]byte{}, v...), nil
		}
	}
	return nil, nil
}

// walk runs fn on every value in one transaction and applies the operations that fn returns at the end.
func (s *diskStore) walk(ctx context.Context, fn storage.WalkFunc) error {
	var theirs any // fn's own panic, not bbolt's
	err := s.transact(true, func(tx *bbolt.Tx) error {
		var ops []*storage.Operation
		visit := func(key string, value []byte) (err error) {
			defer func() {
				if theirs = recover(); theirs != nil {
					err = errors.New("the function of Walk panicked")
				}
			}()
			if err := ctx.Err(); err != nil {
				return err
			}
			more, err := fn(key, value)
			if err == nil || errors.Is(err, storage.SkipAll) {
				ops = append(ops, more...)
			}
			return err
		}
		err := each(tx, visit)
		if err != nil && !errors.Is(err, storage.SkipAll) {
			return err
		}
		if len(ops) == 0 {
			return errUnchanged
		}
		return apply(tx, ops)
	})
	if theirs != nil {
		panic(theirs)
	}
	return err
}

// each runs visit on every key and its value. Both are in bbolt's memory.
func each(tx *bbolt.Tx, visit func(key string, value []byte) error) error {
	sealed, bare, err := buckets(tx)
	if err != nil {
		return err
	}
	cursor := sealed.Cursor()
	for k, v := cursor.First(); k != nil; k, v = cursor.Next() {
		value, err := unseal(string(k), v)
		if err == nil {
			err = visit(string(k), value)
		}
		if err != nil {
			return err
		}
	}
	if bare == nil {
		return nil
	}
	return bare.ForEach(func(k, v []byte) error { return visit(string(k), v) })
}

// buckets returns the bucket of sealed values and that of file_storage, which is nil if there is none.
func buckets(tx *bbolt.Tx) (sealed, bare *bbolt.Bucket, err error) {
	if sealed = tx.Bucket([]byte(sealedBucket)); sealed == nil {
		return nil, nil, damaged("it has lost its bucket %q", sealedBucket)
	}
	return sealed, tx.Bucket([]byte(bareBucket)), nil
}

// close closes the file. If bbolt is stuck, it closes the file without bbolt, and bbolt's memory map stays until the
// process ends.
func (s *diskStore) close() error {
	switch {
	case s.stuck && s.file != nil:
		unlock(s.file)
		return s.file.Close()
	case s.db != nil && !s.stuck:
		return s.db.Close()
	}
	return nil
}

// rebound reports whether the file has more than needed bytes, less than trigger of which are in use.
func (s *diskStore) rebound(needed, trigger int64) (due bool, err error) {
	err = s.transact(false, func(tx *bbolt.Tx) error {
		total := tx.Size()
		due = total >= needed && total-int64(s.db.Stats().FreeAlloc) <= trigger
		return nil
	})
	return due, err
}

// compact writes a copy of the file without its free pages into directory and replaces the file by it. The copy is
// synced to the disk before, whatever NoSync says: a power cut may lose the last batches, but not the whole queue.
// Afterwards the file is open again, unless the error says otherwise.
func (s *diskStore) compact(directory string, maxTransactionSize int64) error {
	temporary, err := private.CreateTemp(directory, filestorage.TempDbPrefix)
	if err != nil {
		return err
	}
	name := temporary.Name()
	defer os.Remove(name)
	if err := temporary.Close(); err != nil {
		return err
	}
	target := &diskStore{path: name, opts: s.opts}
	if err := target.open(); err != nil {
		return errors.Join(err, target.close())
	}
	if err = s.copyTo(target, maxTransactionSize); err == nil {
		err = target.db.Sync()
	}
	if closeErr := target.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := s.close(); err != nil {
		return err
	}
	return errors.Join(replaceFile(name, s.path), s.open())
}

func (s *diskStore) copyTo(target *diskStore, maxTransactionSize int64) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = damaged("bbolt could not copy it: %v", r)
			s.stuck, target.stuck = true, true
		}
	}()
	return bbolt.Compact(target.db, s.db, maxTransactionSize)
}

// replaceFile moves a file to the place of another one, also from another volume.
func replaceFile(from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	near, err := private.CreateTemp(filepath.Dir(to), filestorage.TempDbPrefix)
	if err != nil {
		return err
	}
	defer os.Remove(near.Name())
	if _, err = io.Copy(near, source); err == nil {
		err = near.Sync()
	}
	if err = errors.Join(err, near.Close()); err != nil {
		return err
	}
	return os.Rename(near.Name(), to)
}
