// SPDX-License-Identifier: Apache-2.0

// The header of an opened file, and the errors for a wrong one.

package etl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestHeaderIsReadInBothPointerSizes(t *testing.T) {
	for _, pointer := range []uint32{4, 8} {
		file := trace{pointer: pointer, clock: 1, mode: 9, bufferSize: 2048}.build()
		r, err := NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatalf("pointers of %d bytes: %v", pointer, err)
		}
		start := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
		want := Header{
			LoggerName: "Session", LogFileName: `C:\trace.etl`, BufferSize: 2048, BuffersWritten: 1, EventsLost: 3,
			BuffersLost: 7, StartTime: start, EndTime: start.Add(time.Minute), BootTime: start.Add(-time.Hour),
			Clock: ClockQPC, PerfFreq: 10_000_000, CPUSpeed: 2400, NumberOfProcessors: 4, PointerSize: pointer,
			LogFileMode: 9, OS: OSVersion{10, 0, 17763},
		}
		if got := r.Header(); got != want {
			t.Errorf("pointers of %d bytes:\n got %+v\nwant %+v", pointer, got, want)
		}
	}
}

func TestHeaderLeavesUnsetTimesZero(t *testing.T) {
	file := trace{}.build()
	clear(file[72+32+16 : 72+32+24]) // EndTime
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if end := r.Header().EndTime; !end.IsZero() {
		t.Errorf("EndTime is %v, want the zero time", end)
	}
}

func TestOpenTellsWhatIsWrongWithAFile(t *testing.T) {
	good := func(f trace) []byte { return f.build() }
	const logfile = 72 + 32
	evtx := append([]byte("ElfFile\x00"), make([]byte, 4096)...)
	for _, c := range []struct {
		name string
		file []byte
		is   error
		says string
	}{
		{"empty", nil, ErrEmpty, ""},
		{"PNG", append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), make([]byte, 500)...), ErrNotETL, "PNG"},
		{"short PNG", []byte("\x89PNG\r\n\x1a\n\x00\x00"), ErrNotETL, "PNG"},
		{"pcapng", append([]byte("\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a"), make([]byte, 500)...), ErrNotETL, "pcapng"},
		{"evtx", evtx, ErrNotETL, ".evtx"},
		{"text", []byte(strings.Repeat("time,event,größe\r\n", 40)), ErrNotETL, "text"},
		{"short text", []byte("hi"), ErrNotETL, "text"},
		{"zeros", make([]byte, 4096), ErrNotETL, "zeros"},
		{"noise", bytes.Repeat([]byte{0xA5, 0x03, 0x91, 0x00}, 200), ErrNotETL, "offset 72"},
		{"short noise", []byte{0xA5, 0x03, 0x91, 0x77, 0x99}, ErrNotETL, "offset 72"},
		{"cut in the buffer header", good(trace{})[:60], ErrTruncated, "60 bytes"},
		{"cut in the header record", good(trace{})[:200], ErrTruncated, "200 bytes"},
		{"buffer size 0", with32(good(trace{}), 0, 0), ErrBufferSize, "says 0 bytes; want 512"},
		{"buffer size small", with32(good(trace{}), 0, 504), ErrBufferSize, "says 504 bytes"},
		{"buffer size enormous", with32(good(trace{}), 0, 16<<20+8), ErrBufferSize, "16777216 (16 MiB)"},
		{"logfile buffer size 0", with32(good(trace{}), logfile, 0), ErrBufferSize, "TRACE_LOGFILE_HEADER says 0"},
		{"logfile buffer size enormous", with32(good(trace{}), logfile, 0xFFFFFFFF), ErrBufferSize, "4294967295"},
		{"header record too small", with(good(trace{}), 72+4, 100, 0), ErrHeader, "100 bytes"},
		{"header record of 32-bit size with 64-bit pointers", with(good(trace{}), 72+4, 32+16, 1), ErrHeader, "272 bytes, want 280"},
		{"header record past its buffer", with(good(trace{}), 72+4, 0, 4), ErrHeader, "the first buffer at 1024"},
		{"pointer size 5", good(trace{pointer: 5}), ErrHeader, "5 bytes, want 4 or 8"},
		{"clock 4", good(trace{clock: 4}), ErrClock, "clock type is 4; want 1"},
		{"QPC without frequency", good(trace{clock: 1, noFreq: true}), ErrClock, "0 Hz"},
		{"cycles without speed", good(trace{clock: 3, noFreq: true}), ErrClock, "0 MHz"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.etl")
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Open(path)
			if err == nil {
				_ = r.Close()
				t.Fatal("opened")
			}
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), path) {
				t.Errorf("got %q; want %q with %q and the path", err, c.is, c.says)
			}
		})
	}
}

func TestAFirstBufferOf512BytesIsTaken(t *testing.T) {
	b := buffer(65536, pad(event(startFiletime, 1, "")))
	_, stats := mustRead(t, trace{bufferSize: 65536, firstSize: 512, buffers: [][]byte{b, b}}.build())
	if want := (Stats{Buffers: 3, Events: 2}); stats != want {
		t.Errorf("stats %+v, want %+v", stats, want)
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none.etl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrNotETL) || !strings.Contains(err.Error(), "directory") {
		t.Errorf("directory: %v", err)
	}
	if runtime.GOOS != "windows" {
		if _, err := Open(os.DevNull); !errors.Is(err, ErrNotETL) {
			t.Errorf("device: %v", err)
		}
	}
}

func TestOpenReadsAFileAndClosesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.etl")
	file := trace{buffers: [][]byte{buffer(1024, pad(event(startFiletime, 256, "abc")))}}.build()
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := r.Next(); err != io.EOF { // the file was read to its end, so no further read can fail
		t.Errorf("Next after the last buffer: %v", err)
	}
}

func TestCloseEndsNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.etl")
	b := buffer(1024, pad(event(startFiletime, 256, "abc")))
	if err := os.WriteFile(path, trace{buffers: [][]byte{b, b, b}}.build(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want os.ErrClosed and the path", err)
	}
}

func TestHeaderNamesMayFillTheRecordWithoutAZero(t *testing.T) {
	file := trace{}.build()
	size := 32 + 280 + 4 // room for two characters of the name
	binary.LittleEndian.PutUint16(file[72+4:], uint16(size))
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if h := r.Header(); h.LoggerName != "Se" || h.LogFileName != "" {
		t.Errorf("names are %q and %q", h.LoggerName, h.LogFileName)
	}
}
