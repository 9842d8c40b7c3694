// SPDX-License-Identifier: Apache-2.0

// Files that are cut, corrupted or built to harm the reader.

package etl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// samples are small files of every form: all record kinds, all clocks, both widths, compressed and unfinished buffers.
func samples() [][]byte {
	records := func(stamp uint64) []byte {
		return join(pad(event(stamp, 256, "some user data")), other(41, 4, 0x02, 0xC0), other(24, 4, 0x04, 0xC0),
			other(48, 0, 0x0A, 0xC0), other(57, 0, 0x15, 0xC0), other(21, 4, 0x11, 0xC0), other(45, 0, 0x00, 0x90),
			pad(with(event(stamp+9, 257, "\x00\x00\x05\x00\x00\x00\x04\x00PIDS....data"), 4, 0x41)))
	}
	plain := func(stamp uint64) []byte { return buffer(1024, records(stamp)) }
	return [][]byte{
		trace{buffers: [][]byte{plain(startFiletime), with32(plain(startFiletime), 4, 0), plain(startFiletime)}}.build(),
		trace{pointer: 4, clock: 1, first: pad(event(startStamp, 1, "")), buffers: [][]byte{plain(startStamp)}}.build(),
		trace{clock: 3, bufferSize: 2048, buffers: [][]byte{buffer(2048, records(startStamp))}}.build(),
		trace{mode: ModeCompressed, bufferSize: 4096, firstSize: 1024,
			buffers: [][]byte{compressed(300), buffer(4096, records(startFiletime)), compressed(99), packed(buffer(4096, records(startFiletime)))}}.build(),
		trace{first: pad(event(startFiletime, 1, "")), buffers: [][]byte{
			from(1, 5, plain(startFiletime+40)), from(0, 4, plain(startFiletime+30)), from(0, 1, plain(startFiletime+10)), from(1, 2, plain(startFiletime+20)),
			from(65535, 3, buffer(1024, join(records(startFiletime+1<<40), pad(event(startFiletime+1, 258, "after a stray"))))),
		}}.build(),
	}
}

// meter counts the reads of a file and their bytes.
type meter struct {
	io.ReaderAt
	calls, bytes int64
}

func (m *meter) ReadAt(b []byte, off int64) (int, error) {
	m.calls++
	m.bytes += int64(len(b))
	return m.ReaderAt.ReadAt(b, off)
}

// survive reads a file to its end and checks the reader's promises for any input. The reader ends. It returns whole events only, and each
// event of the file exactly once. It reads no byte twice, except at the beginning of the file and of each buffer. Its memory is bounded.
func survive(t *testing.T, file []byte) Stats {
	t.Helper()
	src := &meter{ReaderAt: bytes.NewReader(file)}
	r, err := NewReader(src, int64(len(file)))
	if err != nil {
		if r != nil || err.Error() == "" {
			t.Fatalf("reader %v with error %v", r, err)
		}
		return Stats{}
	}
	var rec etw.Record
	var events uint64
	got := map[string]int{}
	for {
		raw, err := r.Next()
		if err != nil {
			if err != io.EOF && !errors.Is(err, ErrCompressed) {
				t.Fatalf("ended with %v", err)
			}
			break
		}
		if len(raw) < etw.HeaderSize || int(binary.LittleEndian.Uint16(raw)) != len(raw) {
			t.Fatalf("an event of %d bytes that begins with %x", len(raw), raw[:2])
		}
		_ = rec.Parse(raw) // must not panic either
		events++
		got[string(raw)]++
	}
	s := r.Stats()
	if s.Events != events {
		t.Fatalf("%d events in a file of %d, stats %+v", events, len(file), s)
	}
	if want := inFileOrder(t, file); !maps.Equal(want, got) {
		t.Fatalf("%d events, of which %d differ, are not the file's %d", events, len(got), len(want))
	}
	if again := within(t, file, bounds{merged: 1 << 10, places: 3}); !maps.Equal(again, got) {
		t.Fatalf("%d events differ within smaller bounds, of %d", len(again), len(got))
	}
	if bound := max(MaxMerged, r.unit); r.unit*len(r.free) > bound || len(r.spare) > r.unit || len(r.packed) > len(file) || r.unit > MaxBufferSize {
		t.Fatalf("%d buffers of %d bytes of memory", len(r.free), r.unit)
	}
	most := int64(min(len(file), bufferHeaderSize+1<<16)+len(file)) + 28*int64(s.Buffers)
	if src.bytes > most || src.calls > 1+3*int64(s.Buffers)+src.bytes>>12 {
		t.Fatalf("read %d bytes in %d calls of a file of %d in %d buffers", src.bytes, src.calls, len(file), s.Buffers)
	}
	if (s.DamagedBuffers > 0) != (s.FirstDamage != "") || s.String() == "" {
		t.Fatalf("stats %+v", s)
	}
	return s
}

// within counts each event of a file, read with other bounds than the reader's own.
func within(t *testing.T, file []byte, b bounds) map[string]int {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	r.bounds = b
	all := map[string]int{}
	for {
		raw, err := r.Next()
		if err != nil {
			return all
		}
		all[string(raw)]++
	}
}

// inFileOrder counts each event of a file, read buffer by buffer in the file's own order.
func inFileOrder(t *testing.T, file []byte) map[string]int {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for r.scan(); len(r.places) > 0; r.scan() {
		for i := range r.places {
			s := &stream{places: r.places[i : i+1], memory: make([]byte, r.places[i].memory())}
			for more, err := r.load(s); more; more = r.find(s) {
				if err != nil {
					t.Fatal(err)
				}
				all[string(s.data[s.pos:s.pos+s.size])]++
				s.pos += align(s.size)
			}
		}
	}
	return all
}

func TestEveryTruncationIsSurvived(t *testing.T) {
	for i, file := range samples() {
		whole := survive(t, file)
		if whole.Events < 2 {
			t.Fatalf("sample %d: %v", i, whole)
		}
		for n := range file {
			if s := survive(t, file[:n]); s.Events > whole.Events {
				t.Fatalf("sample %d cut at %d: %v of %v", i, n, s, whole)
			} else if s.Buffers > 0 && s.Complete() {
				t.Fatalf("sample %d cut at %d passes as complete: %v", i, n, s)
			}
			if _, err := NewReader(bytes.NewReader(file[:n]), int64(n)); err != nil && n > 0 && !errors.Is(err, ErrTruncated) {
				t.Fatalf("sample %d cut at %d: %v", i, n, err)
			}
		}
	}
}

func TestCorruptionIsSurvived(t *testing.T) {
	rng := rand.New(rand.NewPCG(20240501, 1))
	all := samples()
	interesting := []byte{0, 1, 2, 0x12, 0x13, 0x40, 0x7F, 0x80, 0x90, 0xC0, 0xFF}
	opened := 0
	for range 10_000 {
		file := bytes.Clone(all[rng.IntN(len(all))])
		for range 1 + rng.IntN(12) {
			at := rng.IntN(len(file))
			if rng.IntN(2) == 0 { // headers, where a changed byte has the most effect
				at = rng.IntN(len(file)/1024+1)*1024 + rng.IntN(120)
			}
			if at >= len(file) {
				continue
			}
			switch rng.IntN(4) {
			case 0:
				file[at] ^= 1 << rng.IntN(8)
			case 1:
				file[at] = interesting[rng.IntN(len(interesting))]
			case 2:
				file[at] = byte(rng.Uint32())
			case 3:
				from := rng.IntN(len(file))
				copy(file[at:], file[from:min(len(file), from+rng.IntN(100))])
			}
		}
		if rng.IntN(8) == 0 {
			file = file[:rng.IntN(len(file))]
		}
		if survive(t, file).Buffers > 0 {
			opened++
		}
	}
	if opened < 2_000 {
		t.Errorf("only %d of the files could be opened: the test reaches too little", opened)
	}
}

func TestAnEnormousBufferSizeTakesNoMemory(t *testing.T) {
	file := with32(trace{firstSize: 1024, bufferSize: 1024, logfileSize: MaxBufferSize}.build(), 0, MaxBufferSize)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := survive(t, file)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 || s.TruncatedBuffers != 1 {
		t.Errorf("%d bytes allocated for a file of %d; %v", got, len(file), s)
	}
}

func TestManyTinyBuffersAreReadOnce(t *testing.T) {
	// Each compressed buffer claims 72 bytes in a file whose buffers may have 16 MiB: reading a whole buffer at each
	// would take terabytes.
	tiny := bytes.Repeat(compressed(72), 20_000)
	file := trace{mode: ModeCompressed, firstSize: 1024, bufferSize: MaxBufferSize, buffers: [][]byte{tiny}}.build()
	if s := survive(t, file); s.CompressedBuffers != 20_000 {
		t.Errorf("%v", s)
	}
}

func TestDamageReportsStaySmall(t *testing.T) {
	bad := bytes.Repeat(buffer(1024, bytes.Repeat([]byte{0x33}, 800)), 5_000)
	s := survive(t, trace{buffers: [][]byte{bad}}.build())
	if s.DamagedBuffers != 5_000 || len(s.String()) > 300 || strings.Count(s.String(), "no record") != 1 {
		t.Errorf("%v", s)
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range samples() {
		f.Add(s)
		f.Add(s[:len(s)-300])
		f.Add(s[:150])
	}
	f.Add([]byte{})
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, file []byte) { survive(t, file) })
}
