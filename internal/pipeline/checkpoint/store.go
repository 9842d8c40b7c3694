// SPDX-License-Identifier: Apache-2.0

// Package checkpoint keeps in a storage extension how far a replay has come, so that it goes on there after a restart. In come the parts of
// files that are played and the number of events that have left the pipeline; out comes, for each file, the place of the oldest event that has
// not left.
package checkpoint

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// Problems, as the label of the metric.
const (
	WriteFailed = "write_failed" // the storage did not take a checkpoint
	ReadFailed  = "read_failed"  // the storage did not return one
	Damaged     = "damaged"      // a checkpoint cannot be understood, or does not fit its file
	Changed     = "changed"      // the part of a file that was read has other content now
	Truncated   = "truncated"    // a file is shorter than its checkpoint
	Missing     = "missing"      // a file that was being read is not there any more
)

// Position is how far a file has been replayed.
type Position struct {
	// Span is the part of the file that is being played. An empty Span is the place where the next part begins.
	span.Span
	// Events is the number of the part's first events that have left the pipeline, in the order of reading.
	Events int64
	// Complete says that nothing more is to be read of the file: it was read to its end after its writer had completed it, or its absence was
	// counted.
	Complete bool
}

// Store keeps the positions of files. Its methods may be called from several goroutines, except write, which only Done calls.
type Store struct {
	problems *counter.Counts
	client   storage.Client
	log      *zap.Logger
	most     int      // files
	files    []string // keys of the files whose positions are stored, the oldest first
	failing  atomic.Pointer[error]
}

// errInMemory is the error of a checkpoint that the storage took and will have lost after the process ends.
var errInMemory = errors.New("the storage has it in memory only")

// lasting is a client that may keep what it takes in memory, as that of resilient_file_storage does while no file can be used.
type lasting interface {
	// InMemory returns why what it took is in memory only; nil if it is in a file.
	InMemory() error
}

// inMemory returns why the client has what it took in memory only.
func (s *Store) inMemory() error {
	if c, ok := s.client.(lasting); ok {
		if why := c.InMemory(); why != nil {
			return fmt.Errorf("%w: %w", errInMemory, why)
		}
	}
	return nil
}

// batch applies the operations, all or none.
func (s *Store) batch(ops []*storage.Operation) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := s.client.Batch(ctx, ops...); err != nil {
		return err
	}
	return s.inMemory()
}

// minFiles is the least number of files whose positions are kept.
const minFiles = 4096

const (
	keyFiles  = "files" // the keys of all files, in the order in which they were first stored
	keyPrefix = "file/"
	version   = 1
)

// timeout bounds one use of the storage.
const timeout = 2 * time.Second

// Open opens the storage of a receiver. files is the number of files of the replay. problems counts checkpoints that could not be read, used or
// written.
func Open(ctx context.Context, host component.Host, id, receiver component.ID, files int, problems *counter.Counts, log *zap.Logger) (*Store, error) {
	ext, ok := host.GetExtensions()[id]
	if !ok {
		return nil, fmt.Errorf("storage: %q is not a configured extension; want the name of a storage extension, such as file_storage, that service.extensions lists", id)
	}
	s, ok := ext.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: the extension %q stores nothing; want a storage extension, such as file_storage", id)
	}
	client, err := s.GetClient(ctx, component.KindReceiver, receiver, "replay")
	if err != nil {
		return nil, fmt.Errorf("storage: %q: %w", id, err)
	}
	return newStore(ctx, client, files, problems, log), nil
}

// newStore is Open for a client, which the Store then owns.
func newStore(ctx context.Context, client storage.Client, files int, problems *counter.Counts, log *zap.Logger) *Store {
	s := &Store{client: client, problems: problems, log: log, most: max(minFiles, 2*files)}
	list, err := client.Get(ctx, keyFiles)
	if err == nil && list != nil {
		err = json.Unmarshal(list, &s.files)
	}
	if err != nil { // the list only serves to remove old positions
		s.problems.Add(ReadFailed, 1)
		log.Warn("the list of checkpoints cannot be read; old ones stay in the storage", zap.Error(err))
	}
	return s
}

// entry is the stored form of a Position.
type entry struct {
	Version int    `json:"v"`
	File    string `json:"file"` // the path when it was read, for people
	From    span.Place
	To      span.Place
	Digest  uint64
	Events  int64
	// Complete is left out when false.
	Complete bool `json:",omitempty"`
}

var errForeign = errors.New("it is not a checkpoint of this version")

// parse reads a stored position.
func parse(text []byte) (path string, p Position, err error) {
	var e entry
	if err = json.Unmarshal(text, &e); err == nil && (e.Version != version || e.Events < 0 || e.To.Before(e.From) || e.From.At < 0 || e.From.In < 0 || e.To.In < 0) {
		err = errForeign
	}
	if err != nil {
		return "", p, err
	}
	return e.File, Position{Span: span.Span{From: e.From, To: e.To, Digest: e.Digest}, Events: e.Events, Complete: e.Complete}, nil
}

// Read returns the position of a file; ok is false if there is none, or none that can be used, which Read logs and counts.
func (s *Store) Read(ctx context.Context, id span.ID, path string) (p Position, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	text, err := s.client.Get(ctx, keyOf(id))
	if err != nil {
		s.Refuse(ReadFailed, path, err)
		return p, false
	}
	if text == nil {
		return p, false
	}
	if _, p, err = parse(text); err != nil {
		s.Refuse(Damaged, path, err)
		return p, false
	}
	return p, true
}

// Refuse logs and counts a checkpoint that is not used. The caller then reads the file from its beginning.
func (s *Store) Refuse(problem, path string, err error) {
	s.problems.Add(problem, 1)
	s.log.Warn("the checkpoint of a file cannot be used; the file is read from its beginning, so events of it may come again",
		zap.String("file", path), zap.String("reason", problem), zap.Error(err))
}

// update is the new position of a file.
type update struct {
	id   span.ID
	path string
	Position
}

// write stores positions, all or none. It reports whether it did. A failure is counted, and logged once until the storage works again.
func (s *Store) write(updates []update) bool {
	var ops []*storage.Operation
	files, known := s.files, len(s.files)
	for _, u := range updates {
		text, err := json.Marshal(entry{Version: version, File: u.path, From: u.From, To: u.To, Digest: u.Digest, Events: u.Events, Complete: u.Complete})
		if err != nil {
			return false
		}
		key := keyOf(u.id)
		ops = append(ops, storage.SetOperation(key, text))
		if !contains(files, key) {
			files = append(files, key)
		}
	}
	if len(files) > known {
		for len(files) > s.most {
			ops = append(ops, storage.DeleteOperation(files[0]))
			files = files[1:]
		}
		list, _ := json.Marshal(files)
		ops = append(ops, storage.SetOperation(keyFiles, list))
	}
	if err := s.batch(ops); err != nil {
		s.problems.Add(WriteFailed, 1)
		if s.failing.Swap(&err) == nil {
			s.log.Error("cannot store how far the replay has come; it goes on, and a restart begins at the last checkpoint that was stored; further failures are only counted", zap.Error(err))
		}
		return false
	}
	s.files = files
	if s.failing.Swap(nil) != nil {
		s.log.Info("the storage takes checkpoints again", zap.Stringer("problems", s.problems))
	}
	return true
}

// contains reports whether a key is in the list. It searches from the end, where the file in use is.
func contains(keys []string, key string) bool {
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i] == key {
			return true
		}
	}
	return false
}

// Close closes the storage. The error also says when the latest positions are not stored.
func (s *Store) Close(ctx context.Context) error {
	if s == nil {
		return nil
	}
	err := s.client.Close(ctx)
	failed := s.failing.Load()
	if failed == nil || errors.Is(*failed, errInMemory) && s.inMemory() == nil { // it has found a file in the end
		return err
	}
	return errors.Join(err, fmt.Errorf("how far the replay has come is not stored, so the next start begins at the last checkpoint that was stored: %w", *failed))
}

func keyOf(id span.ID) string {
	var b strings.Builder
	b.WriteString(keyPrefix)
	b.WriteString(hex.EncodeToString(id[:]))
	return b.String()
}
