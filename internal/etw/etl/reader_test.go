// SPDX-License-Identifier: Apache-2.0

// The events that Next returns, and the records that it skips and counts, for each kind of record and of damage.

package etl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestNextGivesEventsInWireForm(t *testing.T) {
	first := event(startFiletime+10, 256, "query.") // 86 bytes: the next record begins at 88
	second := with(event(startFiletime+20, 257, ""), 2, 0x12)
	extended := with(event(startFiletime+30, 258, "\x00\x00\x05\x00\x00\x00\x04\x00PIDS....data"), 4, 0x41)
	inFirst := event(startFiletime+5, 1, "x")
	file := trace{
		first:   pad(bytes.Clone(inFirst)),
		buffers: [][]byte{buffer(1024, join(pad(bytes.Clone(first)), pad(bytes.Clone(second)))), buffer(1024, extended)},
	}.build()
	events, stats := mustRead(t, file)
	if want := [][]byte{inFirst, first, second, extended}; !reflect.DeepEqual(events, want) {
		t.Errorf("got\n%q\nwant\n%q", events, want)
	}
	if want := (Stats{Buffers: 3, Events: 4}); stats != want {
		t.Errorf("stats %+v, want %+v", stats, want)
	}
	var rec etw.Record
	if err := rec.Parse(events[3]); err != nil || string(rec.UserData) != "data" || rec.TimeStamp != startFiletime+30 {
		t.Errorf("the extended event: %+v, %v", rec, err)
	}
}

func TestNextStepsOverOtherRecords(t *testing.T) {
	one := pad(event(startFiletime, 1, "first"))
	two := pad(event(startFiletime, 2, "second"))
	for _, c := range []struct {
		name   string
		record []byte
		others Others
	}{
		{"system 32", other(41, 4, 0x01, 0xC0), Others{System: 1}},
		{"system 64", other(41, 4, 0x02, 0xC0), Others{System: 1}},
		{"compact 32", other(24, 4, 0x03, 0xC0), Others{System: 1}},
		{"compact 64", other(39, 4, 0x04, 0x80), Others{System: 1}},
		{"classic 32", other(48, 0, 0x0A, 0xC0), Others{Classic: 1}},
		{"instance 32", other(57, 0, 0x0B, 0xC0), Others{Classic: 1}},
		{"perfinfo 32", other(16, 4, 0x10, 0xC0), Others{PerfInfo: 1}},
		{"perfinfo 64", other(21, 4, 0x11, 0xC0), Others{PerfInfo: 1}},
		{"classic 64", other(48, 0, 0x14, 0xC0), Others{Classic: 1}},
		{"instance 64", other(58, 0, 0x15, 0x80), Others{Classic: 1}},
		{"message", other(45, 0, 0x00, 0x90), Others{Message: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := trace{buffers: [][]byte{buffer(1024, join(one, c.record, two))}}.build()
			events, stats := mustRead(t, file)
			if got := ids(events); !slices.Equal(got, []uint16{1, 2}) {
				t.Errorf("events %v, want 1 and 2", got)
			}
			if want := (Stats{Buffers: 2, Events: 2, Others: c.others}); stats != want || stats.Others.Total() != 1 {
				t.Errorf("stats %+v, want %+v", stats, want)
			}
		})
	}
}

func TestNextLeavesADamagedBufferForTheNext(t *testing.T) {
	one := pad(event(startFiletime, 1, "first"))
	after := buffer(1024, pad(event(startFiletime, 2, "second")))
	whole := func(bad ...byte) []byte { return buffer(1024, join(one, bad)) }
	for _, c := range []struct {
		name   string
		buffer []byte
		ids    []uint16
		says   string
	}{
		{"zeros", whole(make([]byte, 16)...), []uint16{1, 2}, "at offset 1184: no record begins with header type 0x00 and marker 0x00 (size 0)"},
		{"event of size 0", whole(0, 0, 0x13, 0xC0, 0, 0, 0, 0), []uint16{1, 2}, "(size 0)"},
		{"event smaller than its header", whole(with(event(0, 9, ""), 0, 79)...), []uint16{1, 2}, "(size 79)"},
		{"event past the bytes in use", whole(with(event(0, 9, ""), 0, 88)...), []uint16{1, 2}, "a record of 88 bytes where 80 are in use"},
		{"event with a classic marker", whole(with(event(0, 9, ""), 3, 0x80)...), []uint16{1, 2}, "no record"},
		{"perfinfo of size 0", whole(0, 0, 0x11, 0xC0, 0, 0, 0, 0), []uint16{1, 2}, "no record"},
		{"message of size 4", whole(4, 0, 0x00, 0x90, 0, 0, 0, 0), []uint16{1, 2}, "(size 4)"},
		{"unknown header type", whole(16, 0, 0x0D, 0xC0, 16, 0, 0, 0), []uint16{1, 2}, "no record"},
		{"header type beyond the table", whole(16, 0, 0xFF, 0xC0, 16, 0, 0, 0), []uint16{1, 2}, "no record"},
		{"text of an event", whole([]byte("secret.example.\x00")...), []uint16{1, 2}, "no record begins with header type 0x63 and marker 0x72 (size 25971)"},
		{"no marker", whole(16, 0, 0x13, 0x00, 16, 0, 0, 0), []uint16{1, 2}, "no record"},
		{"bytes left over", whole(1, 2, 3), []uint16{1, 2}, "no record has the 3 bytes that are left"},
		{"less in use than the header", with32(whole(), 4, 71), []uint16{2}, "at offset 1024: 71 bytes"},
		{"another buffer size", with32(whole(), 0, 1032), []uint16{2}, "a buffer of 1032 bytes where the file's have 1024"},
	} {
		t.Run(c.name, func(t *testing.T) {
			events, stats := mustRead(t, trace{buffers: [][]byte{c.buffer, after}}.build())
			if got := ids(events); !slices.Equal(got, c.ids) {
				t.Errorf("events %v, want %v", got, c.ids)
			}
			if stats.DamagedBuffers != 1 || !strings.Contains(stats.FirstDamage, c.says) || stats.Complete() {
				t.Errorf("stats %+v; want one damaged buffer and %q", stats, c.says)
			}
		})
	}
}

func TestNextPassesPaddingBelowARecord(t *testing.T) {
	events, stats := mustRead(t, trace{buffers: [][]byte{buffer(1024, join(pad(event(0, 1, "")), make([]byte, 5)))}}.build())
	if len(events) != 1 || !stats.Complete() {
		t.Errorf("%d events, %v", len(events), stats)
	}
}

func TestNextKeepsTheFirstDamage(t *testing.T) {
	bad := func(b byte) []byte { return buffer(1024, bytes.Repeat([]byte{b}, 8)) }
	_, stats := mustRead(t, trace{buffers: [][]byte{bad(0x11), bad(0x22)}}.build())
	if stats.DamagedBuffers != 2 || !strings.Contains(stats.FirstDamage, "0x11") {
		t.Errorf("stats %+v", stats)
	}
	if s := stats.String(); !strings.Contains(s, "2 damaged buffers (first damage: at offset 1096: ") {
		t.Errorf("String: %s", s)
	}
}

func TestNextStepsOverUnfinishedBuffers(t *testing.T) {
	one := pad(event(startFiletime, 1, ""))
	unfinished := func() [][]byte {
		return [][]byte{with32(buffer(1024, one), 4, 0), with32(buffer(1024, one), 4, 1025), make([]byte, 1024), buffer(1024, pad(event(startFiletime, 2, "")))}
	}
	for name, f := range map[string]trace{
		"being written":                {open: true},
		"a session appended to a file": {written: 1},
	} {
		f.buffers = unfinished()
		events, stats := mustRead(t, f.build())
		if want := (Stats{Buffers: 5, Events: 1, UnfinishedBuffers: 3}); stats != want || ids(events)[0] != 2 {
			t.Errorf("%s: stats %+v, want %+v", name, stats, want)
		}
	}
}

// The writer of a completed file leaves no buffer unfinished of those that it counts.
func TestABufferOfACompletedFileThatSeemsUnfinishedIsDamaged(t *testing.T) {
	next := buffer(1024, pad(event(startFiletime, 2, "")))
	for _, c := range []struct {
		name    string
		mode    uint32
		written uint32
		buffer  []byte
		damaged uint64
		first   string
	}{
		{"saved 0", 0, 3, with32(bytes.Clone(next), 4, 0), 1, "at offset 1024: 0 bytes of the buffer in use, want 72 to 1024 in a file that its writer has completed"},
		{"saved too much", 0, 3, with32(bytes.Clone(next), 4, 1<<32-1), 1, "at offset 1024: 4294967295 bytes of the buffer in use, want 72 to 1024 in a file that its writer has completed"},
		{"saved too much by one", ModeCircular, 500, with32(bytes.Clone(next), 4, 1025), 1, "at offset 1024: 1025 bytes of the buffer in use, want 72 to 1024 in a file that its writer has completed"},
		{"saved 0, of a series", ModeNewFile, 1, with32(bytes.Clone(next), 4, 0), 1, "at offset 1024: 0 bytes of the buffer in use, want 72 to 1024 in a file that its writer has completed"},
		{"zeros", 0, 3, make([]byte, 1024), 1, "at offset 1024: a header of zeros, of a buffer that the file's header counts as written"},
		{"zeros, reserved in a circular file", ModeCircular, 3, make([]byte, 1024), 0, ""},
		{"zeros, reserved in a series", ModeNewFile, 300, make([]byte, 1024), 0, ""},
	} {
		events, stats := mustRead(t, trace{mode: c.mode, written: c.written, buffers: [][]byte{c.buffer, next}}.build())
		want := Stats{Buffers: 3, Events: 1, DamagedBuffers: c.damaged, UnfinishedBuffers: 1 - c.damaged, FirstDamage: c.first}
		if stats != want || len(events) != 1 {
			t.Errorf("%s: stats %+v, want %+v", c.name, stats, want)
		}
	}
}

func TestTheFirstBufferOfWindows7IsNotUnfinished(t *testing.T) {
	next := buffer(1024, pad(event(startFiletime, 2, "")))
	events, stats := mustRead(t, with32(trace{buffers: [][]byte{next}}.build(), 4, 0)) // SavedOffset
	if want := (Stats{Buffers: 2, Events: 1}); stats != want || len(events) != 1 {
		t.Errorf("stats %+v, want %+v", stats, want)
	}
	_, stats = mustRead(t, with32(trace{buffers: [][]byte{next}}.build(), 4, 100))
	if stats.DamagedBuffers != 1 || stats.Events != 1 {
		t.Errorf("stats %+v", stats)
	}
	_, stats = mustRead(t, with32(trace{open: true, buffers: [][]byte{next}}.build(), 4, 4096))
	if stats.UnfinishedBuffers != 1 || stats.Events != 1 {
		t.Errorf("stats %+v", stats)
	}
	first := pad(event(startFiletime, 1, ""))
	_, stats = mustRead(t, with32(trace{first: first, buffers: [][]byte{next}}.build(), 4, 0))
	if stats.DamagedBuffers != 1 || stats.Events != 1 {
		t.Errorf("an event stands in the first buffer, of which nothing is in use: stats %+v", stats)
	}
}

func TestNextCountsLossFlags(t *testing.T) {
	b := func(flags byte) []byte { return with(buffer(1024, nil), 52, flags) }
	_, stats := mustRead(t, trace{buffers: [][]byte{b(0x22), b(0x24), b(0x26), b(0x20)}}.build())
	if want := (Stats{Buffers: 5, EventsLostBuffers: 2, BufferLostBuffers: 2}); stats != want {
		t.Errorf("stats %+v, want %+v", stats, want)
	}
}

func TestNextReadsWhatIsWholeInATruncatedFile(t *testing.T) {
	records := join(pad(event(startFiletime, 1, "")), pad(event(startFiletime, 2, "0123456789abcdef")))
	file := trace{buffers: [][]byte{buffer(1024, records)}}.build()
	for _, c := range []struct {
		keep  int // bytes of the second buffer
		ids   []uint16
		stats Stats
	}{
		{0, []uint16{}, Stats{Buffers: 1, MissingBuffers: 1}},
		{71, []uint16{}, Stats{Buffers: 2, TruncatedBuffers: 1}},
		{72, []uint16{}, Stats{Buffers: 2, TruncatedBuffers: 1, TruncatedBytes: 176}},
		{72 + 79, []uint16{}, Stats{Buffers: 2, TruncatedBuffers: 1, TruncatedBytes: 97}},
		{72 + 80, []uint16{1}, Stats{Buffers: 2, Events: 1, TruncatedBuffers: 1, TruncatedBytes: 96}},
		{72 + 83, []uint16{1}, Stats{Buffers: 2, Events: 1, TruncatedBuffers: 1, TruncatedBytes: 93}},
		{72 + 176, []uint16{1, 2}, Stats{Buffers: 2, Events: 2, TruncatedBuffers: 1}},
		{1024, []uint16{1, 2}, Stats{Buffers: 2, Events: 2}},
	} {
		events, stats := mustRead(t, file[:1024+c.keep])
		if !slices.Equal(ids(events), c.ids) || stats != c.stats {
			t.Errorf("cut at %d: events %v, stats %+v; want %v, %+v", c.keep, ids(events), stats, c.ids, c.stats)
		}
	}
}

func TestCircularFilesMissNothing(t *testing.T) {
	_, stats := mustRead(t, trace{mode: ModeCircular, written: 500}.build())
	if stats.MissingBuffers != 0 {
		t.Errorf("stats %+v", stats)
	}
}

// failingAt fails every read beyond an offset.
type failingAt struct {
	io.ReaderAt
	from int64
}

var errDisk = errors.New("disk failure")

func (f failingAt) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > f.from {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(b, off)
}

func TestErrorsOfTheSourceReachTheCaller(t *testing.T) {
	b := buffer(65536, pad(event(startFiletime, 1, "")))
	file := trace{bufferSize: 65536, buffers: [][]byte{b, b, b}}.build()
	for from, want := range map[int64]int{0: -1, 65608: 0, 131072: 1, 131080: 1, 196688: 2} {
		r, err := NewReader(failingAt{bytes.NewReader(file), from}, int64(len(file)))
		n := -1
		for ; err == nil; n++ {
			_, err = r.Next()
		}
		if n != want && !(want < 0 && n < 0) || !errors.Is(err, errDisk) {
			t.Errorf("failing from %d: %d events, %v; want %d", from, n, err, want)
		}
	}
	// The file was truncated after its size was read.
	r, err := NewReader(bytes.NewReader(file[:131072]), int64(len(file)))
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a shrunk file: %v", err)
	}
}

func TestNextConvertsTimeStampsOfEveryClock(t *testing.T) {
	for _, c := range []struct {
		clock uint32
		stamp uint64
		want  uint64
	}{
		{1, startStamp + 15, startFiletime + 15},
		{1, startStamp - 15, startFiletime - 15},
		{1, startStamp + 10*86400*10_000_000, startFiletime + 10*86400*10_000_000}, // ten days: beyond 64 bits
		{2, startFiletime + 77, startFiletime + 77},
		{3, startStamp + 2400, startFiletime + 10}, // 2400 MHz: a microsecond
		{3, startStamp + 239, startFiletime},
		{3, startStamp - 1, startFiletime - 1},
	} {
		events, _ := mustRead(t, trace{clock: c.clock, buffers: [][]byte{buffer(1024, event(c.stamp, 1, ""))}}.build())
		if got := binary.LittleEndian.Uint64(events[0][16:]); got != c.want {
			t.Errorf("clock %d, stamp %d: FILETIME %d, want %d", c.clock, c.stamp, got, c.want)
		}
	}
}
