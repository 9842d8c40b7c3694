// SPDX-License-Identifier: Apache-2.0

// Files whose buffers differ in size: compressed files, and files whose first buffer has a size of its own.

package etl

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// compressed returns a buffer that is marked as compressed: its own size, the size in use before compression, and bytes that look like
// events and cannot be decompressed.
func compressed(onDisk uint32) []byte {
	b := buffer(onDisk, nil)
	with32(b, 4, 1024)
	with(b, 52, 0x60)
	for i := 72; i < len(b); i++ {
		b[i] = event(startFiletime, 66, "")[(i-72)%80]
	}
	return b
}

// packed returns a buffer in its compressed form on disk.
func packed(b []byte) []byte {
	saved := binary.LittleEndian.Uint32(b[4:])
	out := append(bytes.Clone(b[:72]), lz77(b[72:saved])...)
	return with(with32(out, 0, uint32(len(out))), 52, 0x60)
}

// lz77 compresses as in MS-XCA 2.3. It uses the first match that it finds.
func lz77(plain []byte) []byte {
	le := binary.LittleEndian
	out := []byte{0, 0, 0, 0}
	flags, n, flagsAt, shared := uint32(0), 0, 0, -1
	flag := func(bit uint32) {
		flags, n = flags<<1|bit, n+1
		if n == 32 {
			le.PutUint32(out[flagsAt:], flags)
			flags, n, flagsAt = 0, 0, len(out)
			out = append(out, 0, 0, 0, 0)
		}
	}
	seen := map[string]int{}
	for i := 0; i < len(plain); {
		length, distance := 0, 0
		if i+3 <= len(plain) {
			if at, ok := seen[string(plain[i:i+3])]; ok && i-at <= 8192 {
				distance = i - at
				for i+length < len(plain) && plain[at+length] == plain[i+length] {
					length++
				}
			}
		}
		if length < 3 {
			if i+3 <= len(plain) {
				seen[string(plain[i:i+3])] = i
			}
			out = append(out, plain[i])
			flag(0)
			i++
			continue
		}
		seen[string(plain[i:i+3])] = i
		i += length
		length -= 3
		out = le.AppendUint16(out, uint16((distance-1)<<3|min(length, 7)))
		if length >= 7 {
			half := byte(min(length-7, 15))
			if shared < 0 {
				shared, out = len(out), append(out, half)
			} else {
				out[shared] |= half << 4
				shared = -1
			}
			switch {
			case half < 15:
			case length-22 < 255:
				out = append(out, byte(length-22))
			case length < 1<<16:
				out = le.AppendUint16(append(out, 255), uint16(length))
			default:
				out = le.AppendUint32(append(out, 255, 0, 0), uint32(length))
			}
		}
		flag(1)
	}
	for ones := 32 - n; ones > 0; ones-- {
		flags, n = flags<<1|1, n+1
	}
	le.PutUint32(out[flagsAt:], flags)
	return out
}

func TestCompressedBuffersAreRead(t *testing.T) {
	var records []byte
	for id := range uint16(40) {
		records = append(records, pad(event(startFiletime+uint64(id), id, "some data "+strings.Repeat("x", 60*int(id))))...)
	}
	plain := buffer(65536, records)
	want, _ := mustRead(t, trace{bufferSize: 65536, buffers: [][]byte{plain}}.build())
	for _, first := range []uint32{440, 512, 1024} { // what relogging writes, and less
		file := trace{mode: ModeCompressed, bufferSize: 65536, firstSize: first, buffers: [][]byte{packed(plain), packed(plain)}}.build()
		events, stats := mustRead(t, file)
		if len(file) > len(plain)/4 || !reflect.DeepEqual(events[:40], want) || !reflect.DeepEqual(events[40:], want) {
			t.Errorf("%d events in %d bytes, want those of %d", len(events), len(file), len(plain))
		}
		if want := (Stats{Buffers: 3, Events: 80}); stats != want {
			t.Errorf("stats %+v, want %+v", stats, want)
		}
	}
}

func TestACompressedBufferThatTheFileEndsInIsReadUpToThere(t *testing.T) {
	var records []byte
	for id := range uint16(9) {
		records = append(records, pad(event(startFiletime, id, fmt.Sprintf("%x", sha256.Sum256([]byte{byte(id)}))))...)
	}
	file := trace{mode: ModeCompressed, buffers: [][]byte{packed(buffer(2048, records))}, bufferSize: 2048, firstSize: 512}.build()
	_, whole := mustRead(t, file)
	_, stats := mustRead(t, file[:len(file)-200])
	if whole.Events != 9 || stats.Events == 0 || stats.Events >= 9 || stats.TruncatedBytes != 200 || stats.TruncatedBuffers != 1 || stats.DamagedBuffers != 0 {
		t.Errorf("whole %+v, cut %+v", whole, stats)
	}
}

func TestDecompressReversesCompression(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 3, 31, 32, 33, 64, 1000, 70_000, 200_000} {
		for _, letters := range []int{1, 2, 4, 256} {
			plain := make([]byte, n)
			for i := range plain {
				plain[i] = byte(rng.IntN(letters))
			}
			got := make([]byte, n)
			src := lz77(plain)
			if m, err := decompress(got, src); m != n || err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%d bytes of %d letters: %d, %v", n, letters, m, err)
			}
			for cut := range min(len(src), 300) { // a prefix decompresses to a prefix
				if m, err := decompress(got, src[:cut]); err != nil || !bytes.Equal(got[:m], plain[:m]) {
					t.Fatalf("%d bytes of %d letters cut at %d: %d, %v", n, letters, cut, m, err)
				}
			}
			if n > 0 {
				if _, err := decompress(got[:n-1], src); err == nil {
					t.Fatalf("%d bytes of %d letters fit in %d", n, letters, n-1)
				}
			}
		}
	}
}

// The two examples of MS-XCA, section 3.1.
func TestDecompressTakesTheExamplesOfTheSpecification(t *testing.T) {
	for want, src := range map[string]string{
		"abcdefghijklmnopqrstuvwxyz": "\x3f\x00\x00\x00abcdefghijklmnopqrstuvwxyz",
		strings.Repeat("abc", 100):   "\xff\xff\xff\x1fabc\x17\x00\x0f\xff\x26\x01",
	} {
		got := make([]byte, len(want))
		if n, err := decompress(got, []byte(src)); n != len(want) || err != nil || string(got) != want {
			t.Errorf("%q, %v; want %q", got[:n], err, want)
		}
	}
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte("\xff\xff\xff\x1fabc\x17\x00\x0f\xff\x26\x01"), uint16(300))
	f.Add(lz77(bytes.Repeat([]byte("winnet"), 50)), uint16(300))
	f.Add([]byte("\xff\xff\xff\xffabc\x17\x00\x0f\xff\x00\x00\xff\xff\xff\xff"), uint16(7))
	f.Fuzz(func(t *testing.T, src []byte, room uint16) {
		dst := make([]byte, int(room)+1)
		dst[room] = 0xAA
		if n, _ := decompress(dst[:room:room], src); n > int(room) || dst[room] != 0xAA {
			t.Fatalf("%d bytes in a room of %d", n, room)
		}
	})
}

func TestNextNeverMisreadsCompressedBuffers(t *testing.T) {
	readable := buffer(1024, pad(event(startFiletime, 1, "")))
	file := trace{mode: ModeCompressed, buffers: [][]byte{compressed(393), readable, compressed(75), compressed(72), readable}}.build()
	events, stats := mustRead(t, file)
	if want := (Stats{Buffers: 6, Events: 2, CompressedBuffers: 3}); stats != want || !slices.Equal(ids(events), []uint16{1, 1}) {
		t.Errorf("events %v, stats %+v, want %+v", ids(events), stats, want)
	}
	// Without the mode bit in the header, the buffers' own flag decides.
	if _, stats = mustRead(t, trace{buffers: [][]byte{compressed(393), readable}}.build()); stats.Events != 1 {
		t.Errorf("stats %+v", stats)
	}
	// After a header without a credible size, the start of the next buffer is unknown.
	file = trace{mode: ModeCompressed, buffers: [][]byte{readable, with32(compressed(393), 0, 9999), readable}}.build()
	if _, stats = mustRead(t, file); stats.Events != 1 || stats.DamagedBuffers != 1 || stats.MissingBuffers != 1 {
		t.Errorf("stats %+v", stats)
	}
	file = trace{mode: ModeCompressed, buffers: [][]byte{readable, compressed(393)}}.build()
	if _, stats = mustRead(t, file[:len(file)-100]); stats.TruncatedBuffers != 1 || stats.TruncatedBytes != 100 {
		t.Errorf("stats %+v", stats)
	}
}

func TestAWhollyCompressedFileIsAnError(t *testing.T) {
	file := trace{mode: ModeCompressed, first: other(80, 4, 2, 0xC0), buffers: [][]byte{compressed(393), compressed(80)}}.build()
	_, stats, err := read(t, file)
	if !errors.Is(err, ErrCompressed) || !strings.Contains(err.Error(), "2 of its 3 buffers") {
		t.Errorf("ended with %v", err)
	}
	if want := (Stats{Buffers: 3, Others: Others{System: 1}, CompressedBuffers: 2}); stats != want {
		t.Errorf("stats %+v, want %+v", stats, want)
	}
}

func TestFirstBufferMayHaveItsOwnSize(t *testing.T) {
	b := buffer(4096, pad(event(startFiletime, 1, "")))
	for _, first := range []uint32{1024, 8192} {
		_, stats := mustRead(t, trace{bufferSize: 4096, firstSize: first, buffers: [][]byte{b, b}}.build())
		if want := (Stats{Buffers: 3, Events: 2}); stats != want {
			t.Errorf("first buffer of %d: stats %+v, want %+v", first, stats, want)
		}
	}
	// The size in the logfile header may differ from the buffers'.
	small := buffer(1024, pad(event(startFiletime, 1, "")))
	_, stats := mustRead(t, trace{logfileSize: 65536, buffers: [][]byte{small, small}}.build())
	if stats.Events != 2 || !stats.Complete() {
		t.Errorf("stats %+v", stats)
	}
}
