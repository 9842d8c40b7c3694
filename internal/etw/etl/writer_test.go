// SPDX-License-Identifier: Apache-2.0

// The round trip through writer and reader, and the writer's bytes compared with the format's description.

package etl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

var startTime = time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)

// write writes events to a file on disk, the i-th on processor i modulo cpus, and returns the file's bytes.
func write(t *testing.T, opts Options, events ...[]byte) []byte {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "x.etl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := Create(f, opts)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		if err := w.WriteOn(i%max(opts.NumberOfProcessors, 1), e); err != nil {
			t.Fatal(err)
		}
	}
	size := w.Size()
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(file)) != size || w.Size() != size {
		t.Errorf("Size says %d, then %d; the file has %d", size, w.Size(), len(file))
	}
	return file
}

func eventsOf(n int, step uint64) [][]byte {
	var out [][]byte
	for i := range n {
		out = append(out, event(startFiletime+uint64(i)*step, uint16(i), strings.Repeat("u", i*37%860)))
	}
	return out
}

func TestWhatIsWrittenIsReadBackIdentically(t *testing.T) {
	const day = 86400 * 10_000_000
	for _, c := range []struct {
		name string
		opts Options
		step uint64
	}{
		{"system time", Options{}, 1000},
		{"small buffers", Options{BufferSize: 1024}, 1000},
		{"QPC over a year", Options{Clock: ClockQPC, StartTime: startTime, BufferSize: 8192}, day},
		{"QPC, fast, starting after the events", Options{Clock: ClockQPC, PerfFreq: 24_000_001, StartTime: startTime.Add(time.Minute)}, 7},
		{"QPC since boot", Options{Clock: ClockQPC, StartTime: startTime, BootTime: startTime.Add(-90 * 24 * time.Hour)}, 1},
		{"CPU cycles", Options{Clock: ClockCPUCycles, CPUSpeed: 2095, StartTime: startTime}, 12345},
		{"eight processors", Options{NumberOfProcessors: 8, BufferSize: 2048}, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := eventsOf(400, c.step)
			got, stats := mustRead(t, write(t, c.opts, want...))
			if !stats.Complete() || stats.Events != 400 || stats.Others.Total() != 0 {
				t.Errorf("stats: %v", stats)
			}
			slices.SortFunc(got, func(a, b []byte) int { return bytes.Compare(a[40:42], b[40:42]) })
			slices.SortFunc(want, func(a, b []byte) int { return bytes.Compare(a[40:42], b[40:42]) })
			if !reflect.DeepEqual(got, want) {
				t.Error("the events differ")
			}
			if c.opts.NumberOfProcessors == 0 && c.opts.BufferSize == 0 && stats.Buffers < 3 {
				t.Errorf("%d buffers: the test wants several", stats.Buffers)
			}
		})
	}
}

func TestOneProcessorKeepsTheOrder(t *testing.T) {
	want := eventsOf(300, 10)
	if got, _ := mustRead(t, write(t, Options{BufferSize: 4096}, want...)); !reflect.DeepEqual(got, want) {
		t.Error("the events differ or stand in another order")
	}
}

func TestHeaderIsWrittenAndCompleted(t *testing.T) {
	opts := Options{
		LoggerName: "ASIMDNSServerTrace", LogFileName: `C:\Müll\𝔵.etl`, BufferSize: 4096, NumberOfProcessors: 3,
		Clock: ClockQPC, PerfFreq: 24_000_000, CPUSpeed: 2100, StartTime: startTime, BootTime: startTime.Add(-time.Hour),
		OS: OSVersion{10, 0, 26100}, EventsLost: 5, BuffersLost: 6,
	}
	file := write(t, opts, eventsOf(60, 10_000_000)...)
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	want := Header{
		LoggerName: opts.LoggerName, LoggerID: loggerID, LogFileName: opts.LogFileName, BufferSize: 4096, BuffersWritten: uint32(len(file) / 4096),
		EventsLost: 5, BuffersLost: 6, StartTime: startTime, EndTime: startTime.Add(59 * time.Second), BootTime: opts.BootTime,
		Clock: ClockQPC, PerfFreq: 24_000_000, CPUSpeed: 2100, NumberOfProcessors: 3, PointerSize: 8, LogFileMode: 1, OS: opts.OS,
	}
	if got := r.Header(); got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// Other readers need the header's record up to the end of the second name.
func TestTheRecordingStandsBehindTheNamesOfTheHeader(t *testing.T) {
	opts := Options{LoggerName: "S", LogFileName: `C:\dns.etl`, StartTime: startTime, BufferSize: 1024}
	events := eventsOf(20, 1)
	plain := write(t, opts, events...)
	opts.Recording = recording.File{ID: [16]byte{0xAB, 15: 0xCD}, Part: 7}
	file := write(t, opts, events...)
	if len(file) != len(plain) || !bytes.Equal(file[1024:], plain[1024:]) {
		t.Error("the events' buffers differ")
	}
	const record, text = 72, "otelcol-winnet recording ab0000000000000000000000000000cd part 7"
	names := record + 32 + 280
	end := names + 2*len("S_"+opts.LogFileName+"_")
	if !bytes.Equal(file[names:end], plain[names:end]) {
		t.Error("the names differ")
	}
	utf16 := []byte(strings.Join(strings.Split(text, ""), "\x00") + "\x00")
	if !bytes.Equal(file[end:end+len(utf16)+2], append(utf16, 0, 0)) {
		t.Errorf("%q behind the names", file[end:end+len(utf16)+2])
	}
	size := binary.LittleEndian.Uint16(file[record+4:])
	if saved := binary.LittleEndian.Uint32(file[4:]); int(size) != end+len(utf16)+2-record || int(saved) != record+align(int(size)) {
		t.Errorf("a record of %d bytes, %d of the buffer in use", size, saved)
	}
	for _, c := range []struct {
		file []byte
		want recording.File
	}{{file, opts.Recording}, {plain, recording.File{}}} {
		r, err := NewReader(bytes.NewReader(c.file), int64(len(c.file)))
		if err != nil {
			t.Fatal(err)
		}
		if h := r.Header(); h.Recording != c.want || h.LoggerName != "S" || h.LogFileName != opts.LogFileName {
			t.Errorf("%+v", h)
		}
		if got, stats := mustRead(t, c.file); !reflect.DeepEqual(got, events) || !stats.Complete() || stats.Others.Total() != 0 {
			t.Errorf("%v", stats)
		}
	}

	file[end] = '?' // another text
	if r, err := NewReader(bytes.NewReader(file), int64(len(file))); err != nil || r.Header().Recording != (recording.File{}) {
		t.Errorf("%v", err)
	}
}

func TestAFileThatIsNotCompletedSaysWhichRecordingItIsOf(t *testing.T) {
	var dst bytes.Buffer // which cannot seek
	of := recording.File{ID: [16]byte{1}, Part: 2}
	if _, err := Create(&dst, Options{Recording: of}); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(dst.Bytes()), int64(dst.Len()))
	if err != nil || r.Header().Recording != of {
		t.Errorf("%v", err)
	}
}

// TestTheBytesAreWindowsLayout compares the writer's bytes with the format's description, without the reader.
func TestTheBytesAreWindowsLayout(t *testing.T) {
	const size = 1024
	file := write(t, Options{BufferSize: size, NumberOfProcessors: 2, LoggerName: "S", StartTime: startTime, EndTime: startTime.Add(time.Hour)},
		event(startFiletime+1, 1, "abc"), event(startFiletime+2, 2, ""))
	le := binary.LittleEndian
	if len(file) != 3*size {
		t.Fatalf("%d bytes", len(file))
	}
	const record, logfile = 72, 72 + 32
	for _, c := range []struct {
		what  string
		at, n int
		want  uint64
	}{
		{"first BufferSize", 0, 4, size},
		{"first SavedOffset", 4, 4, 72 + 320},
		{"first State", 44, 4, 3},
		{"first BufferType", 54, 2, 4},
		{"header record's type and marker", record + 2, 2, 0xC002},
		{"header record's size", record + 4, 2, 32 + 280 + 6},
		{"header record's hook", record + 6, 2, 0},
		{"header record's stamp", record + 16, 8, startFiletime},
		{"BufferSize", logfile, 4, size},
		{"NumberOfProcessors", logfile + 12, 4, 2},
		{"EndTime", logfile + 16, 8, startFiletime + 36_000_000_000},
		{"BuffersWritten", logfile + 36, 4, 3},
		{"PointerSize", logfile + 44, 4, 8},
		{"PerfFreq", logfile + 256, 8, 10_000_000},
		{"StartTime", logfile + 264, 8, startFiletime},
		{"ReservedFlags", logfile + 272, 4, 2},
		{"LoggerName", logfile + 280, 4, 'S'},
		{"first padding", 72 + 320, 8, 1<<64 - 1},
		{"second SavedOffset", size + 4, 4, 72 + 88},
		{"second TimeStamp", size + 16, 8, startFiletime + 1},
		{"second SequenceNumber", size + 24, 8, 1},
		{"second clock", size + 32, 8, 2},
		{"second ProcessorIndex", size + 40, 2, 0},
		{"second BufferType", size + 54, 2, 0},
		{"first event", size + 72, 4, 0xC0130053},
		{"its padding", size + 72 + 83, 4, 0},
		{"second padding", size + 72 + 88, 8, 1<<64 - 1},
		{"third ProcessorIndex", 2*size + 40, 2, 1},
		{"third event", 2*size + 72, 4, 0xC0130050},
	} {
		var b [8]byte
		copy(b[:c.n], file[c.at:])
		if got := le.Uint64(b[:]); got != c.want {
			t.Errorf("%s at %d: %#x, want %#x", c.what, c.at, got, c.want)
		}
	}
}

func TestEqualCallsGiveEqualFiles(t *testing.T) {
	one := write(t, Options{NumberOfProcessors: 4, BufferSize: 4096}, eventsOf(100, 3)...)
	if two := write(t, Options{NumberOfProcessors: 4, BufferSize: 4096}, eventsOf(100, 3)...); !bytes.Equal(one, two) {
		t.Error("two equal runs gave different files")
	}
}

func TestTimesComeFromTheEventsWhereOptionsHaveNone(t *testing.T) {
	file := write(t, Options{}, event(startFiletime+10, 1, ""), event(startFiletime, 2, ""), event(startFiletime+5, 3, ""))
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if h := r.Header(); !h.StartTime.Equal(startTime) || !h.EndTime.Equal(startTime.Add(time.Microsecond)) {
		t.Errorf("from %v to %v", h.StartTime, h.EndTime)
	}
	file = write(t, Options{})
	if r, err = NewReader(bytes.NewReader(file), int64(len(file))); err != nil {
		t.Fatal(err)
	}
	if h := r.Header(); !h.StartTime.IsZero() || !h.EndTime.IsZero() || h.OS.String() != "" || h.NumberOfProcessors != 1 {
		t.Errorf("a file without events: %+v", h)
	}
}

func TestADestinationThatCannotSeekGetsAReadableFile(t *testing.T) {
	var dst bytes.Buffer
	w, err := Create(&dst, Options{LoggerName: "S", EventsLost: 1, StartTime: startTime})
	if err != nil {
		t.Fatal(err)
	}
	if dst.Len() != DefaultBufferSize {
		t.Errorf("%d bytes after Create, want the first buffer", dst.Len())
	}
	want := eventsOf(20, 1)
	for _, e := range want {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, stats := mustRead(t, dst.Bytes())
	if !reflect.DeepEqual(got, want) || !stats.Complete() {
		t.Errorf("stats %v", stats)
	}
}

func TestFlushMakesWrittenEventsReadable(t *testing.T) {
	var dst bytes.Buffer
	w, err := Create(&dst, Options{NumberOfProcessors: 3, BufferSize: 1024})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Flush(), w.WriteOn(2, event(startFiletime, 1, "")), w.Flush(), w.Flush()); err != nil {
		t.Fatal(err)
	}
	if events, stats := mustRead(t, dst.Bytes()); len(events) != 1 || stats.Buffers != 2 {
		t.Errorf("%v", stats)
	}
}

func TestAFileMayBeginWithinItsDestination(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, _ = f.WriteString("preface")
	w, err := Create(f, Options{BufferSize: 1024})
	if err != nil {
		t.Fatal(err)
	}
	w.SetLost(8, 9)
	if err := errors.Join(w.Write(event(startFiletime, 1, "")), w.Close()); err != nil {
		t.Fatal(err)
	}
	if at, err := f.Seek(0, io.SeekCurrent); err != nil || at != 7+2048 {
		t.Errorf("the destination stands at %d, %v", at, err)
	}
	file, _ := os.ReadFile(f.Name())
	r, err := NewReader(bytes.NewReader(file[7:]), 2048)
	if err != nil {
		t.Fatal(err)
	}
	if h := r.Header(); h.EventsLost != 8 || h.BuffersLost != 9 || h.BuffersWritten != 2 || string(file[:7]) != "preface" {
		t.Errorf("%+v", h)
	}
}

func TestSyncMakesTheFileReadableBeforeItIsClosedAndLeavesItAsItWouldBe(t *testing.T) {
	fill := func(sync bool) []byte {
		f, err := os.Create(filepath.Join(t.TempDir(), "x.etl"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w, err := Create(f, Options{BufferSize: 1024})
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(40) {
			if err := w.Write(event(startFiletime+i, uint16(i), strings.Repeat("x", int(i)*5))); err != nil {
				t.Fatal(err)
			}
			if sync && i%3 == 0 {
				if err := errors.Join(w.Sync(), w.Sync()); err != nil {
					t.Fatal(err)
				}
				n := 0
				raw, err := os.ReadFile(f.Name())
				if err != nil {
					t.Fatal(err)
				}
				r, err := NewReader(bytes.NewReader(raw), int64(len(raw)))
				for ; err == nil; n++ {
					_, err = r.Next()
				}
				if uint64(n-1) != i+1 || !errors.Is(err, io.EOF) {
					t.Fatalf("after %d events the file gives %d: %v", i+1, n-1, err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return whole
	}
	if !bytes.Equal(fill(true), fill(false)) {
		t.Error("the file differs from one that was not synced")
	}
}
