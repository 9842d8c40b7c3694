// SPDX-License-Identifier: Apache-2.0

// The live source: one goroutine that reads one pinned map. Its attachment handles what is specific to the map's type.

package events

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// Deliver takes one record: when it was received, in nanoseconds since 1970-01-01 UTC, and its wire form in two parts, which are
// valid until Deliver returns. It must not block. Its result is ignored. pipeline.Offer is a Deliver.
type Deliver func(received int64, head, body []byte) bool

// attachment reads a map of one type.
type attachment interface {
	// run passes every record to emit until interrupt is called; it then returns nil. Data is valid until emit returns.
	run(emit func(Record)) error
	// interrupt makes run return soon. It may be called from any goroutine. Unread records stay in the map for its next reader. If
	// they would be lost, as in a perf event array, run reads them before it returns.
	interrupt() error
	// fill returns how many bytes wait in the map, and how many it has room for; of a perf event array, those of the fullest
	// processor's ring. waiting is -1 if the map does not tell.
	fill() (waiting, size int)
	// close frees the attachment once run has returned; the map itself stays open.
	close() error
}

// drainer is an attachment that leaves unread records in the map, and can read them before it returns.
type drainer interface {
	// drain makes run return once nothing waits. It may be called from any goroutine.
	drain() error
}

// peaker is an attachment that notes how much waits when it reads.
type peaker interface {
	// peak returns the most bytes that waited since the last call.
	peak() int
}

// MapInfo describes the map that a source reads.
type MapInfo struct {
	Path string
	Type string // by cilium/ebpf: RingBuf, WindowsRingBuf, PerfEventArray, WindowsPerfEventArray
	ID   uint32 // the kernel's number of the map, which identifies it; 0 is unknown
	Size uint32 // in bytes; for a perf event array, of one processor's ring
}

// Stats counts what a source has done, and says how full its map is.
type Stats struct {
	Records uint64 // delivered, without loss records
	Bytes   uint64 // of their data
	Lost    uint64 // records that the kernel reports as dropped; a ring buffer reports none
	Waiting int    // unread bytes in the map, including record headers; -1 is unknown
	Size    int    // bytes that the map has room for; for a perf event array both are the fullest processor's
}

// Source reads the events map pinned at one path. Its methods may be called from any goroutine.
type Source struct {
	info    MapInfo
	is      pinned.Identity
	m       *ebpf.Map
	release func() // releases the claim on the map

	records, bytes, lost atomic.Uint64

	mu      sync.Mutex // guards what follows; Stats must not look into memory that Close unmaps
	reader  attachment // nil once closed
	started bool
	last    Stats // of the map when it was closed

	done chan struct{}
	err  error // why run returned; set before done is closed
}

// Open opens the events map pinned at path and checks its type and size. In addition to the errors of pinned.Open it returns
// ErrInUse, ErrMapType and ErrMapSize. Start begins to read, Close ends it.
func Open(path string) (*Source, error) {
	m, err := openPinned(path)
	if err != nil {
		return nil, err
	}
	return m.source(&owner{path})
}

// pinnedMap is a map that was found at a path, and its identity.
type pinnedMap struct {
	*ebpf.Map
	path string
	is   pinned.Identity
}

func openPinned(path string) (foundMap, error) {
	m, err := pinned.Open(path)
	if err != nil {
		return nil, err
	}
	is, err := pinned.Identify(m)
	if err != nil {
		return nil, errors.Join(pinned.Explain(path, err), m.Close())
	}
	return &pinnedMap{m, path, is}, nil
}

func (p *pinnedMap) identity() pinned.Identity { return p.is }

func (p *pinnedMap) source(by *owner) (_ *Source, err error) {
	m, path := p.Map, p.path
	s := &Source{info: MapInfo{Path: path, Type: typeName(m.Type()), ID: p.is.ID}, is: p.is, m: m, release: func() {}, done: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Close())
			s.release()
		}
	}()
	if err := checkMap(path, m.Type(), m.MaxEntries()); err != nil {
		return nil, err
	}
	release, err := readers.claimMap(p.is, by)
	if err != nil {
		return nil, fmt.Errorf("the events map pinned at %s: %w", path, err)
	}
	s.release = release
	if s.reader, err = attach(m); err != nil {
		return nil, pinned.Explain(path, err)
	}
	_, size := s.reader.fill()
	s.info.Size = uint32(size)
	return s, nil
}

// Info describes the map that is read.
func (s *Source) Info() MapInfo { return s.info }

// Start begins to deliver records in the map's order. It is called once.
func (s *Source) Start(deliver Deliver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started || s.reader == nil {
		return
	}
	s.started = true
	go s.run(s.reader, deliver)
}

func (s *Source) run(reader attachment, deliver Deliver) {
	defer close(s.done)
	head := make([]byte, 0, HeadSize)
	s.err = reader.run(func(r Record) {
		if r.Lost > 0 {
			s.lost.Add(r.Lost)
		} else {
			s.records.Add(1)
			s.bytes.Add(uint64(len(r.Data)))
		}
		deliver(r.Time, r.AppendHead(head), r.Data)
	})
	if s.err != nil {
		s.err = fmt.Errorf("reading the events map pinned at %s: %w", s.info.Path, s.err)
	}
}

// Done is closed when the source delivers no more: after Close, or when reading failed. It is not closed before Start.
func (s *Source) Done() <-chan struct{} { return s.done }

// Err returns why reading failed; nil before Done and after Close.
func (s *Source) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Stats returns the counts, and how full the map is now; after Close, how full it was then.
func (s *Source) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.last
	if s.reader != nil {
		stats.Waiting, stats.Size = s.reader.fill()
	}
	stats.Records, stats.Bytes, stats.Lost = s.records.Load(), s.bytes.Load(), s.lost.Load()
	return stats
}

// Drain reads what waits in the map, until ctx ends and for at most limit, and then closes the source without a time limit: the
// reader returns once its delivery has.
func (s *Source) Drain(ctx context.Context, limit time.Duration) error {
	draining, err := s.drain()
	switch {
	case err != nil:
		err = fmt.Errorf("draining the events map pinned at %s: %w", s.info.Path, err)
	case draining:
		select {
		case <-s.done:
		case <-ctx.Done():
		case <-time.After(limit):
		}
	}
	return errors.Join(err, s.Close(context.Background()))
}

// drain makes the reader return once nothing waits, if its attachment needs and supports that.
func (s *Source) drain() (draining bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, can := s.reader.(drainer)
	if !can || !s.started {
		return false, nil
	}
	return true, d.drain()
}

// peak returns the most bytes that are known to have waited in the map since the last call; -1 if the map does not tell.
func (s *Source) peak() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader == nil {
		return -1
	}
	if p, sees := s.reader.(peaker); sees {
		return p.peak()
	}
	waiting, _ := s.reader.fill()
	return waiting
}

// Close interrupts reading, waits for the reader and closes the map. Nothing is delivered after it. Unread records stay in the map
// for its next reader, if the map's type keeps them. When the reader does not return before ctx ends, the map stays open, and the
// error says so. Further calls do nothing.
func (s *Source) Close(ctx context.Context) error {
	reader, started, err := s.interrupt()
	switch {
	case err != nil:
		return fmt.Errorf("interrupting the reader of the events map pinned at %s: %w", s.info.Path, err)
	case reader == nil:
		return nil
	case started:
		select {
		case <-s.done:
		case <-ctx.Done():
			return fmt.Errorf("the reader of the events map pinned at %s did not stop: %w", s.info.Path, ctx.Err())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader == nil {
		return nil
	}
	s.last.Waiting, s.last.Size = reader.fill()
	s.reader = nil
	err = errors.Join(reader.close(), s.m.Close())
	s.release()
	return err
}

// interrupt makes the reader return, if it was started. reader is nil when the source is closed.
func (s *Source) interrupt() (reader attachment, started bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader == nil || !s.started {
		return s.reader, false, nil
	}
	return s.reader, true, s.reader.interrupt()
}
