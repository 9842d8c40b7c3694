// SPDX-License-Identifier: Apache-2.0

// Files whose buffers differ in size: compressed ones, and those with a first buffer of its own.

package etl

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// compressed gives a compressed buffer as it lies on disk: its own size, the size in use before compression, and bytes
// that look like events.
func compressed(onDisk uint32) []byte {
	b := buffer(onDisk, nil)
	with32(b, 4, 1024)
	with(b, 52, 0x60)
	for i := 72; i < len(b); i++ {
		b[i] = event(startFiletime, 66, "")[(i-72)%80]
	}
	return b
}

func TestNextNeverMisreadsCompressedBuffers(t *testing.T) {
	readable := buffer(1024, pad(event(startFiletime, 1, "")))
	file := trace{mode: ModeCompressed, buffers: [][]byte{compressed(393), readable, compressed(75), compressed(72), readable}}.build()
	events, stats := mustRead(t, file)
	if want := (Stats{Buffers: 6, Events: 2, CompressedBuffers: 3}); stats != want || !slices.Equal(ids(events), []uint16{1, 1}) {
		t.Errorf("events %v, stats %+v, want %+v", ids(events), stats, want)
	}
	// Without the mode bit in the header, the buffers' own flag serves.
	if _, stats = mustRead(t, trace{buffers: [][]byte{compressed(393), readable}}.build()); stats.Events != 1 {
		t.Errorf("stats %+v", stats)
	}
	// After a header without a credible size there is no telling where the next buffer begins.
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
	// The logfile header's size may be the odd one out.
	small := buffer(1024, pad(event(startFiletime, 1, "")))
	_, stats := mustRead(t, trace{logfileSize: 65536, buffers: [][]byte{small, small}}.build())
	if stats.Events != 2 || !stats.Complete() {
		t.Errorf("stats %+v", stats)
	}
}
