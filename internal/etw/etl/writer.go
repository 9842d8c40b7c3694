// SPDX-License-Identifier: Apache-2.0

// The writer of .etl files, for test data and for recording what a live session delivers.

package etl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// loggerID is the session's number in written buffers; Windows numbers its own sessions from 1 to 64.
const loggerID = 1

// Writer writes one event trace log. Equal calls give equal files, because it uses only the times of options and events. It is not
// safe for concurrent use.
type Writer struct {
	dst    io.Writer
	seeker io.Seeker // dst, when it can seek; else nil
	origin int64     // offset in dst of the file's beginning
	opts   Options
	time   timeline
	base   uint64 // stamp of the header record

	first, last uint64 // FILETIME of the earliest and the latest event; first is greater than last while there is none
	written     uint32 // number of buffers, including the header's
	cpus        []cpuBuffer
	spare       []byte // one buffer, for the header
	err         error  // the first error of dst, which is final
	closed      bool
}

// cpuBuffer is the buffer of one processor. It gets its memory with the first event.
type cpuBuffer struct {
	buf  []byte
	used int    // bytes, header included
	last uint64 // the latest event's stamp

	synced int // how much of used Sync has written
}

// Create begins an event trace log in dst and writes its first buffer. If dst can seek, Close completes that buffer with the end
// time, the losses and the number of buffers; otherwise they stay as the options have them. A file must not be open for append, since
// completing the buffer would then write at its end. The caller owns dst and closes it after the writer.
func Create(dst io.Writer, opts Options) (*Writer, error) {
	if err := opts.defaults(); err != nil {
		return nil, err
	}
	w := &Writer{dst: dst, opts: opts, cpus: make([]cpuBuffer, opts.NumberOfProcessors), first: math.MaxUint64}
	if s, ok := dst.(io.Seeker); ok {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil { // fails for a pipe that looks like a file
			w.seeker, w.origin = s, at
		}
	}
	start := filetimeOf(opts.StartTime)
	w.base = opts.firstStamp(start)
	var err error
	if w.time, err = newTimeline(&Header{Clock: opts.Clock, PerfFreq: opts.PerfFreq, CPUSpeed: opts.CPUSpeed}, start, w.base); err != nil {
		return nil, err
	}
	w.spare = make([]byte, opts.BufferSize)
	w.opts.putHeader(w.spare, start, filetimeOf(opts.EndTime), w.base, 1)
	if w.emit(w.spare); w.err != nil {
		return nil, w.err
	}
	return w, nil
}

// Write adds an event in wire form, with its time stamp as a FILETIME, to the first processor's buffer. It neither keeps nor changes
// raw.
func (w *Writer) Write(raw []byte) error { return w.WriteOn(0, raw) }

// WriteOn is Write for the buffer of any processor, counted from 0. A malformed event is an error and leaves the file unchanged. An
// error of the destination is final and ends the writer.
func (w *Writer) WriteOn(cpu int, raw []byte) error {
	if w.err != nil {
		return w.err
	}
	if w.closed {
		return errors.New("etl: write after Close")
	}
	if cpu < 0 || cpu >= len(w.cpus) {
		return fmt.Errorf("etl: processor %d; the options allow 0 to %d", cpu, len(w.cpus)-1)
	}
	if len(raw) < recordHead {
		return fmt.Errorf("etl: an event of %d bytes; want at least the %d of EVENT_HEADER", len(raw), etw.HeaderSize)
	}
	if kind, size := classify(raw); kind != kindEvent || size != len(raw) {
		return fmt.Errorf("etl: not an event in wire form: %d bytes with header type 0x%02x, marker 0x%02x and size %d", len(raw), raw[2], raw[3], size)
	}
	if most := int(w.opts.BufferSize) - bufferHeaderSize; align(len(raw)) > most {
		return fmt.Errorf("etl: an event of %d bytes; a buffer of %d bytes takes %d", len(raw), w.opts.BufferSize, most)
	}
	filetime := binary.LittleEndian.Uint64(raw[16:])
	stamp, ok := w.time.stamp(filetime)
	if !ok {
		return fmt.Errorf("etl: an event at FILETIME %d; the %s counts from %s", filetime, w.opts.Clock, w.opts.StartTime)
	}
	c := &w.cpus[cpu]
	if c.used+align(len(raw)) > len(c.buf) {
		if c.buf == nil {
			c.buf, c.used = make([]byte, w.opts.BufferSize), bufferHeaderSize
		} else if w.flush(cpu, 0); w.err != nil {
			return w.err
		}
	}
	n := copy(c.buf[c.used:], raw)
	binary.LittleEndian.PutUint64(c.buf[c.used+16:], stamp)
	clear(c.buf[c.used+n : c.used+align(n)])
	c.used += align(n)
	c.last = max(c.last, stamp)
	w.first, w.last = min(w.first, filetime), max(w.last, filetime)
	return nil
}

// Flush writes the buffers that hold events, each padded to its full size, in the order of the processors.
func (w *Writer) Flush() error {
	for cpu := range w.cpus {
		if w.cpus[cpu].used > bufferHeaderSize && w.err == nil {
			w.flush(cpu, bufferFlushed)
		}
	}
	return w.err
}

// Sync writes the buffer that is being filled, so that a reader finds its events even if the file is never closed. Further events are
// added to the same buffer, which is later written again in the same place. A file with several processors, or a destination that
// cannot seek, has no such place; Sync then does nothing.
func (w *Writer) Sync() error {
	c := &w.cpus[0]
	if w.err != nil || w.closed || w.seeker == nil || len(w.cpus) > 1 || c.used <= bufferHeaderSize || c.used == c.synced {
		return w.err
	}
	w.seal(0, bufferFlushed)
	place := w.origin + int64(w.written)*int64(w.opts.BufferSize)
	if _, err := w.dst.Write(c.buf); err != nil {
		w.fail(err)
	} else if _, err := w.seeker.Seek(place, io.SeekStart); err != nil {
		w.fail(err)
	}
	c.synced = c.used
	return w.err
}

// Size returns how many bytes the file would have if it were closed now.
func (w *Writer) Size() int64 {
	n := int64(w.written)
	for i := range w.cpus {
		if w.cpus[i].used > bufferHeaderSize {
			n++
		}
	}
	return n * int64(w.opts.BufferSize)
}

// SetLost sets the numbers of lost events and buffers in the header, in place of the options'.
func (w *Writer) SetLost(events, buffers uint32) {
	w.opts.EventsLost, w.opts.BuffersLost = events, buffers
}

// Close writes what is still buffered, and completes the header if the destination can seek. It leaves the destination at the file's
// end and does not close it. A second call does nothing.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.Flush() != nil || w.seeker == nil {
		return w.err
	}
	start, end := filetimeOf(w.opts.StartTime), filetimeOf(w.opts.EndTime)
	if w.first <= w.last { // there are events
		if start == 0 {
			start, w.base = w.first, w.first // only for the system clock, whose stamps do not count from the start
		}
		if end == 0 {
			end = w.last
		}
	}
	w.opts.putHeader(w.spare, start, end, w.base, w.written)
	size := w.origin + int64(w.written)*int64(w.opts.BufferSize)
	if _, err := w.seeker.Seek(w.origin, io.SeekStart); err != nil {
		w.fail(err)
		return w.err
	}
	if _, err := w.dst.Write(w.spare); err != nil {
		w.fail(err)
		return w.err
	}
	if _, err := w.seeker.Seek(size, io.SeekStart); err != nil {
		w.fail(err)
	}
	return w.err
}

// flush writes one processor's buffer and empties it.
func (w *Writer) flush(cpu int, flags uint16) {
	c := &w.cpus[cpu]
	w.seal(cpu, flags)
	w.emit(c.buf)
	c.used, c.last, c.synced = bufferHeaderSize, 0, 0
}

// seal completes one processor's buffer.
func (w *Writer) seal(cpu int, flags uint16) {
	c := &w.cpus[cpu]
	h := bufferHeader{
		size: w.opts.BufferSize, saved: uint32(c.used), timeStamp: c.last, sequence: uint64(w.written), clock: w.opts.Clock,
		processor: uint16(cpu), logger: loggerID, flags: bufferProcIndex | flags, kind: bufferTypeGeneric,
	}
	h.put(c.buf)
	fillTail(c.buf, c.used)
}

// emit appends one buffer to the file.
func (w *Writer) emit(b []byte) {
	if w.written == math.MaxUint32 {
		w.fail(fmt.Errorf("the file has %d buffers, as many as its header can count", w.written))
		return
	}
	if _, err := w.dst.Write(b); err != nil {
		w.fail(err)
		return
	}
	w.written++
}

func (w *Writer) fail(err error) { w.err = fmt.Errorf("etl: writing: %w", err) }
