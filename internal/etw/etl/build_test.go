// SPDX-License-Identifier: Apache-2.0

// A builder of event trace logs for the tests. It follows the format's description and shares no code with the package.

package etl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"unicode/utf16"
)

// The start of all test files, as a header stamp and as its FILETIME: 2024-05-01 00:00:00 UTC.
const (
	startFiletime = 133589952000000000
	startStamp    = 5_000_000_000
)

// trace describes a file; build returns its bytes. A field that is zero gets the default in its comment.
type trace struct {
	bufferSize  uint32 // of every buffer; default 1024
	firstSize   uint32 // of the first buffer; default bufferSize
	logfileSize uint32 // in TRACE_LOGFILE_HEADER; default bufferSize
	pointer     uint32 // default 8
	clock       uint32 // default 2
	noFreq      bool
	mode        uint32
	written     uint32 // BuffersWritten; default the number of buffers
	open        bool   // its writer has not completed it: EndTime is 0
	first       []byte // records in the first buffer after the header's
	buffers     [][]byte
}

func (f trace) build() []byte {
	le := binary.LittleEndian
	set := func(v *uint32, d uint32) {
		if *v == 0 {
			*v = d
		}
	}
	set(&f.bufferSize, 1024)
	set(&f.firstSize, f.bufferSize)
	set(&f.logfileSize, f.bufferSize)
	set(&f.pointer, 8)
	set(&f.clock, 2)
	set(&f.written, uint32(1+len(f.buffers)))

	var h []byte // TRACE_LOGFILE_HEADER
	u32 := func(vs ...uint32) {
		for _, v := range vs {
			h = le.AppendUint32(h, v)
		}
	}
	u64 := func(v uint64) { h = le.AppendUint64(h, v) }
	u32(f.logfileSize, 0x0501000A, 17763, 4)
	if f.open {
		u64(0)
	} else {
		u64(startFiletime + 600_000_000)
	}
	u32(156250, 0, f.mode, f.written, 1, f.pointer, 3, 2400)
	h = append(h, make([]byte, 2*f.pointer+172)...) // names, time zone
	for len(h)%8 != 0 {
		h = append(h, 0)
	}
	u64(startFiletime - 36_000_000_000)
	if f.noFreq {
		u64(0)
		le.PutUint32(h[52:], 0)
	} else {
		u64(10_000_000)
	}
	u64(startFiletime)
	u32(f.clock, 7)
	for _, name := range []string{"Session", `C:\trace.etl`} {
		for _, u := range utf16.Encode([]rune(name + "\x00")) {
			h = le.AppendUint16(h, u)
		}
	}
	records := append(system(32+len(h), h), f.first...)
	out := buffer(f.firstSize, records)
	le.PutUint16(out[54:], 4)
	for _, b := range f.buffers {
		out = append(out, b...)
	}
	return out
}

// buffer returns a whole buffer: header, records, padding.
func buffer(size uint32, records []byte) []byte {
	le := binary.LittleEndian
	b := make([]byte, 72, size)
	le.PutUint32(b, size)
	le.PutUint32(b[4:], uint32(72+len(records)))
	le.PutUint16(b[52:], 0x20)
	b = append(b, records...)
	for len(b) < int(size) {
		b = append(b, 0xFF)
	}
	return b
}

// from makes b a buffer of a processor, with a sequence number and a time stamp that follows from it.
func from(processor uint16, sequence uint64, b []byte) []byte {
	binary.LittleEndian.PutUint16(b[40:], processor)
	binary.LittleEndian.PutUint64(b[24:], sequence)
	binary.LittleEndian.PutUint64(b[16:], startFiletime+sequence)
	return b
}

// with overwrites bytes of b at an offset.
func with(b []byte, at int, v ...byte) []byte {
	copy(b[at:], v)
	return b
}

func with32(b []byte, at int, v uint32) []byte {
	binary.LittleEndian.PutUint32(b[at:], v)
	return b
}

// pad aligns a record.
func pad(b []byte) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0xEE)
	}
	return b
}

// event returns an unpadded EVENT_HEADER record with recognisable bytes.
func event(stamp uint64, id uint16, data string) []byte {
	le := binary.LittleEndian
	b := make([]byte, 80)
	le.PutUint16(b, uint16(80+len(data)))
	b[2], b[3] = 0x13, 0xC0
	le.PutUint16(b[4:], 0x40)
	le.PutUint32(b[8:], 11)
	le.PutUint32(b[12:], 22)
	le.PutUint64(b[16:], stamp)
	copy(b[24:], "PROVIDER--GUID--")
	le.PutUint16(b[40:], id)
	copy(b[64:], "ACTIVITY--GUID--")
	return append(b, data...)
}

// system returns an aligned SYSTEM_TRACE_HEADER record. The size includes the payload.
func system(size int, payload []byte) []byte {
	b := make([]byte, 32)
	binary.LittleEndian.PutUint16(b, 2)
	b[2], b[3] = 2, 0xC0
	binary.LittleEndian.PutUint16(b[4:], uint16(size))
	binary.LittleEndian.PutUint64(b[16:], startStamp)
	return pad(append(b, payload...))
}

// other returns an aligned record of any kind, with its size at sizeAt and this header type and marker.
func other(size, sizeAt int, headerType, marker byte) []byte {
	b := bytes.Repeat([]byte{0x5A}, size)
	b[2], b[3] = headerType, marker
	binary.LittleEndian.PutUint16(b[sizeAt:], uint16(size))
	return pad(b)
}

func join(bs ...[]byte) []byte { return bytes.Join(bs, nil) }

// read reads a whole file. It returns copies of the events, the counts, and the error that ended the reading.
func read(t testing.TB, file []byte) (events [][]byte, stats Stats, end error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatalf("NewReader: %v", err)
	}
	for {
		raw, err := r.Next()
		if err != nil {
			if _, again := r.Next(); again != err {
				t.Errorf("Next ended with %v, then %v", err, again)
			}
			return events, r.Stats(), err
		}
		events = append(events, bytes.Clone(raw))
	}
}

// mustRead is like read, but fails the test unless the file ends with io.EOF.
func mustRead(t testing.TB, file []byte) ([][]byte, Stats) {
	t.Helper()
	events, stats, err := read(t, file)
	if !errors.Is(err, io.EOF) {
		t.Fatalf("ended with %v, want EOF", err)
	}
	return events, stats
}

func ids(events [][]byte) []uint16 {
	out := []uint16{}
	for _, e := range events {
		out = append(out, binary.LittleEndian.Uint16(e[40:]))
	}
	return out
}
