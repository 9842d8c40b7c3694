// SPDX-License-Identifier: Apache-2.0

// Package etl reads and writes event trace logs, the .etl files of Windows, on any operating system. In comes a file of any content;
// out come its events in the wire form of package etw, in order of time, and an account of everything that could not be read.
//
// A file is a sequence of trace buffers, each written by one processor. Events are in order of time within a buffer, but not across
// the file. The reader returns EVENT_HEADER events and steps over all other records. It holds one buffer of each processor in memory,
// within bounds (MaxMerged, maxPlaces), and no input makes it panic.
//
// The layouts follow evntrace.h and evntcons.h of the Windows SDK and Geoff Chappell's notes on WMI_BUFFER_HEADER.
package etl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// Reader reads one event trace log. Only Close may be called from another goroutine.
type Reader struct {
	name  string // the path, for errors
	src   io.ReaderAt
	close func() error // nil when the caller owns src
	size  int64        // of the file when it was opened; bytes appended later are not read

	header Header
	first  firstBuffer
	stats  Stats
	err    error // the error that Next ended with

	span    *span.Span // what is read of the file; nil is all
	next    int64      // offset of the first buffer that is in no part yet
	rest    int64      // bytes of the buffer within which the file ends; 0 if there is none or the scan has not come to it
	scanned error      // the error that ended the scan before the end of the file
	bad     struct {   // buffers that cannot be read, after the last one that can
		n   int64
		end int64 // offset behind them
	}
	places []place // the current part of the file; reused

	bounds   bounds
	merging  bool      // the part has more than one stream
	second   uint64    // in ticks of the file's clock
	stepped  uint64    // streams that have stepped back wait for the others until this stamp; 0 for none
	streams  streams   // the streams of the part that have events left, a heap by key
	waits    []*stream // the streams that wait for the others to step back
	given    *stream   // the stream whose head Next has returned; else nil
	alone    *stream   // the stream whose buffer is returned whole, in memory of its own; else nil
	unit     int       // bytes of memory into which every buffer of the part fits
	room     int       // how many more buffers may be held for merging
	free     [][]byte  // memory of unit bytes that no stream holds
	spare    []byte    // memory for a buffer that is returned whole
	packed   []byte    // memory for a compressed buffer, and for the bytes behind those in use
	failedAt int64     // offset of the first buffer that could not be read from the source
	failed   error     // why
}

// Open opens the file at path, and reads and checks its header. The errors are os.ErrNotExist and others of the operating
// system, and those of NewReader; each names the path. The caller closes the reader.
func Open(path string) (*Reader, error) {
	info, err := os.Stat(path) // before opening, since opening a named pipe waits for its writer
	if err != nil {
		return nil, err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, fmt.Errorf("%s: %w: it is a directory; name a file in it", path, ErrNotETL)
	case !mode.IsRegular():
		return nil, fmt.Errorf("%s: %w: it is not a regular file (%s)", path, ErrNotETL, mode.Type())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		var r *Reader
		if r, err = NewReader(f, info.Size()); err == nil {
			r.name, r.close = path, sync.OnceValue(f.Close)
			return r, nil
		}
		err = fmt.Errorf("%s: %w", path, err)
	}
	return nil, errors.Join(err, f.Close())
}

// NewReader reads and checks the header of the event trace log in the first size bytes of src. It fails with ErrEmpty,
// ErrNotETL, ErrTruncated, ErrBufferSize, ErrHeader, ErrClock, or the error of src. The caller keeps ownership of src.
func NewReader(src io.ReaderAt, size int64) (*Reader, error) {
	const most = bufferHeaderSize + 1<<16 // the largest size of the header's record
	head := make([]byte, min(max(size, 0), most))
	n, err := src.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if n < len(head) {
		size = int64(n)
	}
	h, first, err := parseFirst(head[:n], size)
	if err != nil {
		return nil, err
	}
	return &Reader{name: "event trace log", src: src, size: size, header: *h, first: first, second: first.time.second(), bounds: bounds{MaxMerged, maxPlaces}, failedAt: size}, nil
}

// Header returns what the file says about itself.
func (r *Reader) Header() Header { return r.header }

// Stats returns the counts so far.
func (r *Reader) Stats() Stats { return r.stats }

// Close closes the file that Open opened. It may be called while Next runs in another goroutine, to end it: Next then fails with
// os.ErrClosed, at the latest at the next buffer.
func (r *Reader) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close()
}

// Next returns the next event in wire form, with its time stamp converted to FILETIME. The bytes belong to the reader and are valid
// until the next call. The events of one processor come in the order in which it wrote them, those of several processors in order of
// time; rank.go handles stamps that step back. At the end Next returns io.EOF, or ErrCompressed if everything in the file is
// compressed in an unknown way. If reading the file fails, it returns that error after the events before the unreadable place. Every
// later call returns the same error.
func (r *Reader) Next() ([]byte, error) {
	if s := r.given; s != nil {
		s.pos += align(s.size)
		switch {
		case !r.find(s):
			r.given = nil
			r.err = r.refill(s)
		case !r.merging:
			return r.handOn(s), nil
		case s != r.alone:
			r.settle()
		}
	}
	for r.err == nil {
		if len(r.streams) == 0 {
			if len(r.waits) > 0 {
				r.release()
			} else {
				r.err = r.nextPart()
			}
			continue
		}
		s := r.streams[0]
		switch {
		case r.stepped != 0 && s.key > r.stepped && r.alone == nil:
			r.release()
		case s.data == nil:
			r.err = r.handOnWhole(s)
		default:
			return r.handOn(s), nil
		}
	}
	return nil, r.err
}

// handOn returns a stream's head.
func (r *Reader) handOn(s *stream) []byte {
	r.given = s
	r.stats.Events++
	return s.data[s.pos : s.pos+s.size : s.pos+s.size]
}

// end returns the error that reading ends with after the last buffer.
func (r *Reader) end() error {
	if written := uint64(r.header.BuffersWritten); r.span == nil && r.counted() && written > r.stats.Buffers {
		r.stats.MissingBuffers = written - r.stats.Buffers
	}
	s := &r.stats
	if s.CompressedBuffers > 0 && s.Events == 0 {
		return fmt.Errorf("%s: %w: %d of its %d buffers cannot be decompressed (want plain LZ77, as RtlCompressBuffer writes it for "+
			"COMPRESSION_FORMAT_XPRESS) and no event stands in the others; record without compression (logging mode 0x%08x off)",
			r.name, ErrCompressed, s.CompressedBuffers, s.Buffers, ModeCompressed)
	}
	return io.EOF
}

// damaged counts a buffer as damaged. It is given the buffer's offset in the file and the damage's offset in the buffer.
func (r *Reader) damaged(buffer int64, offset int, format string, args ...any) {
	r.stats.DamagedBuffers++
	if r.stats.FirstDamage == "" {
		r.stats.FirstDamage = fmt.Sprintf("at offset %d: ", buffer+int64(offset)) + fmt.Sprintf(format, args...)
	}
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
