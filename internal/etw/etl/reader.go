// SPDX-License-Identifier: Apache-2.0

// Package etl reads and writes event trace logs, the .etl files of Windows, on any operating system.
//
// A file is a sequence of trace buffers, each of one processor; events are in time order within a buffer, not across the
// file. The reader hands on EVENT_HEADER events in the wire form of package etw and steps over all other records. It
// holds one buffer in memory, takes any input without panic, and accounts in Stats for whatever it could not read.
//
// The layouts follow evntrace.h and evntcons.h of the Windows SDK and Geoff Chappell's notes on WMI_BUFFER_HEADER.
package etl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Reader reads one event trace log. Only Close may be called from another goroutine.
type Reader struct {
	name  string // the path, for errors
	src   io.ReaderAt
	close func() error // nil when the caller owns src
	size  int64        // of the file when it was opened; what is appended later is not read

	header Header
	first  firstBuffer
	stats  Stats
	err    error // what Next ended with

	next   int64  // offset of the buffer after the current one
	at     int64  // offset of the current one
	buf    []byte // memory for one buffer, reused
	loaded []byte // the current buffer up to the end of its records
	pos    int    // offset of the next record in loaded
	cut    bool   // the file ends before the current buffer's records do
}

// Open opens the file at path, and reads and checks its header. The errors are os.ErrNotExist and others of the operating
// system, and those of NewReader; each names the path. The caller closes the reader.
func Open(path string) (*Reader, error) {
	info, err := os.Stat(path) // before opening: to open a named pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, fmt.Errorf("%s: %w: it is a directory; name a file in it", path, ErrNotETL)
	case !mode.IsRegular():
		return nil, fmt.Errorf("%s: %w: it is no regular file (%s)", path, ErrNotETL, mode.Type())
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
	const most = bufferHeaderSize + 1<<16 // as large as the header's record can be
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
	return &Reader{
		name: "event trace log", src: src, size: size, header: *h, first: first,
		buf: make([]byte, min(int64(max(h.BufferSize, first.size)), size)),
	}, nil
}

// Header tells what the file says of itself.
func (r *Reader) Header() Header { return r.header }

// Stats tells what Next has met so far.
func (r *Reader) Stats() Stats { return r.stats }

// Close closes the file that Open opened. It may be called while Next runs in another goroutine, to end it: Next then
// fails with os.ErrClosed, at the next buffer at the latest.
func (r *Reader) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close()
}

// Next gives the next event in wire form, with its time stamp converted to FILETIME. The bytes belong to the reader and
// are valid until the next call. At the end it returns io.EOF, or ErrCompressed when all that the file holds is
// compressed; it returns an error of the file's own when reading fails. Every later call returns the same.
func (r *Reader) Next() ([]byte, error) {
	for r.err == nil {
		if raw := r.nextInBuffer(); raw != nil {
			return raw, nil
		}
		r.err = r.nextBuffer()
	}
	return nil, r.err
}

// nextInBuffer gives the next event of the current buffer, or nil when the buffer holds no more.
func (r *Reader) nextInBuffer() []byte {
	for len(r.loaded)-r.pos >= recordHead {
		b := r.loaded[r.pos:]
		kind, size := classify(b)
		if kind == kindUnknown {
			r.damaged(r.pos, "no record begins with %x (size %d)", b[:recordHead], size)
			return nil
		}
		if size > len(b) {
			if r.cut {
				r.loaded = nil
			} else {
				r.damaged(r.pos, "a record of %d bytes where %d are in use", size, len(b))
			}
			return nil
		}
		r.pos += align(size)
		switch kind {
		case kindEvent:
			r.stats.Events++
			stamp := b[16:24]
			binary.LittleEndian.PutUint64(stamp, r.first.time.filetime(binary.LittleEndian.Uint64(stamp)))
			return b[:size:size]
		case kindSystem:
			r.stats.Others.System++
		case kindPerfInfo:
			r.stats.Others.PerfInfo++
		case kindClassic:
			r.stats.Others.Classic++
		case kindMessage:
			r.stats.Others.Message++
		}
	}
	// Less than a record's head is left: padding, unless there is something in it.
	if r.pos < len(r.loaded) && !r.cut && !isZero(r.loaded[r.pos:]) {
		r.damaged(r.pos, "no record begins with %x", r.loaded[r.pos:])
	}
	r.loaded = nil
	return nil
}

// nextBuffer makes the next buffer of the file the current one. A buffer that cannot be read is counted and leaves
// nothing loaded. It returns io.EOF or ErrCompressed at the end of the file.
func (r *Reader) nextBuffer() error {
	r.at, r.loaded, r.pos, r.cut = r.next, nil, bufferHeaderSize, false
	left := r.size - r.at
	if left <= 0 {
		return r.end()
	}
	r.stats.Buffers++
	head := r.buf[:min(left, bufferHeaderSize)]
	if err := r.read(head, r.at); err != nil {
		return err
	}
	if len(head) < bufferHeaderSize {
		r.next = r.size
		r.stats.TruncatedBuffers++
		return nil
	}
	h := parseBufferHeader(head)
	use := r.judge(&h, isZero(head))
	r.next = min(r.next, r.size) // a hostile size must not carry the offset further
	if use == 0 {
		return nil
	}
	if int64(use) > left {
		use, r.cut = int(left), true
		r.stats.TruncatedBytes += uint64(h.saved) - uint64(left)
	}
	if err := r.read(r.buf[bufferHeaderSize:use], r.at+bufferHeaderSize); err != nil {
		return err
	}
	r.loaded = r.buf[:use]
	if r.at == 0 {
		r.pos = r.first.records
	}
	return nil
}

// end is what reading ends with after the last buffer.
func (r *Reader) end() error {
	// Circular files and series of files hold fewer buffers than were written, by design.
	if h := &r.header; h.LogFileMode&(ModeCircular|ModeNewFile) == 0 && uint64(h.BuffersWritten) > r.stats.Buffers {
		r.stats.MissingBuffers = uint64(h.BuffersWritten) - r.stats.Buffers
	}
	s := &r.stats
	if s.CompressedBuffers > 0 && s.Events == 0 {
		return fmt.Errorf("%s: %w: %d of its %d buffers need the Windows decompressor and no event stands in the others; "+
			"record without compression (logging mode 0x%08x off)", r.name, ErrCompressed, s.CompressedBuffers, s.Buffers, ModeCompressed)
	}
	return io.EOF
}

// damaged counts the current buffer as damaged at an offset within it, and leaves it.
func (r *Reader) damaged(offset int, format string, args ...any) {
	r.stats.DamagedBuffers++
	if r.stats.FirstDamage == "" {
		r.stats.FirstDamage = fmt.Sprintf("at offset %d: ", r.at+int64(offset)) + fmt.Sprintf(format, args...)
	}
	r.loaded = nil
}

// read fills b from the file at an offset. A file that has become shorter since it was opened is an error.
func (r *Reader) read(b []byte, offset int64) error {
	if n, err := r.src.ReadAt(b, offset); n < len(b) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("%s: reading %d bytes at offset %d: %w", r.name, len(b), offset, err)
	}
	return nil
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
