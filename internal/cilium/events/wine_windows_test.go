// SPDX-License-Identifier: Apache-2.0

package events

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

const pin = "/ebpf/global/cilium_events"

// newMap gives this process's host eBPF for Windows, with a new pinned map of size bytes: a ring buffer (ring) or a perf event array
// (perf).
func newMap(t *testing.T, typ string, size int) {
	t.Helper()
	id := 1 + rand.IntN(1<<31-1) // unique, because the stand-in keeps maps for the life of the process
	wine.InstallEBPF(t).Pin(t, "cilium_events", typ, id, 0, size)
}

// eachType runs a test with a ring buffer and with a perf event array.
func eachType(t *testing.T, size int, test func(t *testing.T)) {
	for _, typ := range []string{"ring", "perf"} {
		t.Run(typ, func(t *testing.T) {
			newMap(t, typ, size)
			test(t)
		})
	}
}

// play makes the stand-in for the datapath write the capture of testdata, and returns its records.
func play(t *testing.T) (want []Record) {
	path := filepath.Join(wine.Root(t), wine.CapturePath)
	t.Setenv("WINDOWSTEST_CAPTURE", path)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packets, err := pcapgo.NewNgReader(file, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, _, options, err := packets.ReadPacketDataWithOptions()
		if err == io.EOF {
			return want
		}
		if err != nil {
			t.Fatal(err)
		}
		r := Record{CPU: UnknownCPU, Data: data}
		if options.Queue != nil {
			r.CPU = int32(*options.Queue)
		}
		want = append(want, r)
	}
}

// reader is an attachment and what comes of it.
type reader struct {
	t       *testing.T
	m       *ebpf.Map
	a       attachment
	records chan Record
	ended   chan error
}

// attached attaches to what is pinned.
func attached(t *testing.T) *reader {
	t.Helper()
	m, err := pinned.Open(pin)
	if err != nil {
		t.Fatal(err)
	}
	a, err := attach(m)
	if err != nil {
		t.Fatal(err)
	}
	return &reader{t: t, m: m, a: a, records: make(chan Record, 1<<16), ended: make(chan error, 1)}
}

// run begins to read.
func (r *reader) run(emit func(Record)) *reader {
	go func() { r.ended <- r.a.run(emit) }()
	return r
}

// read begins to read what is pinned, for next.
func read(t *testing.T) *reader {
	t.Helper()
	r := attached(t)
	return r.run(func(rec Record) {
		rec.Data = bytes.Clone(rec.Data)
		r.records <- rec
	})
}

// next is the next record.
func (r *reader) next() Record {
	r.t.Helper()
	select {
	case rec := <-r.records:
		return rec
	case err := <-r.ended:
		r.t.Fatalf("reading has ended: %v", err)
	case <-time.After(time.Minute):
		r.t.Fatal("no record within a minute")
	}
	return Record{}
}

// gives checks that the next record has these data.
func (r *reader) gives(data string) {
	r.t.Helper()
	if rec := r.next(); string(rec.Data) != data || rec.Lost != 0 {
		r.t.Fatalf("%d bytes, %.20q, %d lost; want %d bytes, %.20q", len(rec.Data), rec.Data, rec.Lost, len(data), data)
	}
}

// write is the datapath in the test's own hands: a record whose header says its length and these bits.
func (r *reader) write(cpu int, bits uint32, data string) {
	r.writeHeader(cpu, uint32(len(data))|bits, data)
}

// writeHeader is write of any header.
func (r *reader) writeHeader(cpu int, header uint32, data string) {
	r.t.Helper()
	var f uintptr
	if err := pinned.Functions("", map[string]*uintptr{"windowstest_write": &f}); err != nil {
		r.t.Fatal(err)
	}
	if ok, _, _ := syscall.SyscallN(f, uintptr(r.m.FD()), uintptr(cpu), uintptr(header), uintptr(unsafe.Pointer(unsafe.StringData(data))), uintptr(len(data))); ok == 0 {
		r.t.Fatalf("no room for a record of %d bytes", len(data))
	}
}

// end interrupts the reader, which must end within the time that a shutdown has for it.
func (r *reader) end() {
	r.t.Helper()
	if err := r.a.interrupt(); err != nil {
		r.t.Fatal(err)
	}
	if err := r.wait(1500 * time.Millisecond); err != nil {
		r.t.Error(err)
	}
}

// wait waits for the reader to end, and gives why it did.
func (r *reader) wait(limit time.Duration) error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		if err := errors.Join(r.a.close(), r.m.Close()); err != nil {
			r.t.Fatal(err)
		}
		return err
	case <-time.After(limit):
		r.t.Fatalf("the reader did not end within %v", limit)
	}
	return nil
}

func TestWineARingGivesWhatTheDatapathWrites(t *testing.T) {
	newMap(t, "ring", 16<<10) // far smaller than the capture
	want := play(t)
	r := read(t)
	for i, w := range want {
		if rec := r.next(); !bytes.Equal(rec.Data, w.Data) || rec.CPU != UnknownCPU || rec.Lost != 0 || time.Since(time.Unix(0, rec.Time)) > time.Minute {
			t.Fatalf("record %d: %+v; want %x", i, rec, w.Data)
		}
	}
	if waiting, size := r.a.fill(); waiting != 0 || size != 16<<10 {
		t.Errorf("%d of %d bytes wait; want none of 16384", waiting, size)
	}
	r.end()
}

func TestWineAPerfEventArrayGivesWhatTheDatapathWritesAndLoses(t *testing.T) {
	newMap(t, "perf", 16<<10)
	t.Setenv("WINDOWSTEST_LOST", "5,7")
	want := play(t)
	r := read(t)
	got, lost := map[int32][]string{}, map[int32]uint64{}
	for n := 0; n < len(want) || lost[0]+lost[1] < 12; {
		rec := r.next()
		if lost[rec.CPU] += rec.Lost; rec.Lost == 0 {
			got[rec.CPU] = append(got[rec.CPU], string(rec.Data))
			n++
		}
	}
	if lost[0] != 5 || lost[1] != 7 {
		t.Errorf("lost %v; want 5 and 7", lost)
	}
	for i, w := range want {
		if len(got[w.CPU]) == 0 || got[w.CPU][0] != string(w.Data) {
			t.Fatalf("record %d is not the next one of processor %d; want %x", i, w.CPU, w.Data)
		}
		got[w.CPU] = got[w.CPU][1:]
	}
	if waiting, size := r.a.fill(); waiting != -1 || size != 16<<10 {
		t.Errorf("%d of %d bytes wait; want that nobody knows, of 16384", waiting, size)
	}
	r.end()
}

func TestWineADrainedRingHasNothingLeft(t *testing.T) {
	newMap(t, "ring", 64<<10)
	r := attached(t)
	for range 100 {
		r.write(0, 0, "data")
	}
	n := 0
	r.run(func(Record) { n++ })
	if err := r.a.(drainer).drain(); err != nil {
		t.Fatal(err)
	}
	if err := r.wait(time.Minute); err != nil || n != 100 {
		t.Errorf("%v after %d records; want 100", err, n)
	}
}

func TestWineARingWithoutANumberIsToldFromAnother(t *testing.T) {
	pins := wine.InstallEBPF(t)
	id := 1 + rand.IntN(1<<30)
	find := func() *pinnedMap {
		found, err := openPinned(pin)
		if err != nil {
			t.Fatal(err)
		}
		m := found.(*pinnedMap)
		m.is.ID = 0
		return m
	}
	pins.Pin(t, "cilium_events", "ring", id, 0, 64<<10)
	s, err := find().source(&owner{pin})
	if err != nil {
		t.Fatal(err)
	}
	read := &held{Source: s}
	s.Start(func(int64, []byte, []byte) bool { return true })
	again := find()
	defer again.Close()
	if is := compare(read, again); is != pinned.Unknown {
		t.Errorf("a ring of which nothing was read: %v; want that nothing tells", is)
	}
	(&reader{t: t, m: s.m}).write(0, 0, "data")
	for at := (position{}); at.consumer == 0; at, _ = s.position() {
		time.Sleep(time.Millisecond)
	}
	if is := compare(read, again); is != pinned.Same {
		t.Errorf("the ring that is read: %v; want that it is the same", is)
	}
	pins.Pin(t, "cilium_events", "ring", id+1, 0, 64<<10)
	other := find()
	defer other.Close()
	if is := compare(read, other); is != pinned.Different {
		t.Errorf("another ring: %v; want that it is another", is)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestWineASourceReadsAPerfEventArray(t *testing.T) {
	newMap(t, "perf", 64<<10)
	want := play(t)
	s, err := Open(pin)
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{}, len(want))
	s.Start(func(int64, []byte, []byte) bool { read <- struct{}{}; return true })
	for range want {
		<-read
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if stats := s.Stats(); stats.Records != uint64(len(want)) || stats.Lost != 0 || stats.Waiting != -1 || stats.Size != 64<<10 {
		t.Errorf("%+v; want %d records", stats, len(want))
	}
}

// cilium/ebpf's own reader knows nothing of this project: what it sees is what any program sees of the stand-in.
func TestWineCiliumsRingReaderReadsTheStandInAndIsInterruptedByClose(t *testing.T) {
	newMap(t, "ring", 64<<10)
	want := play(t)
	m, err := pinned.Open(pin)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	r, err := ringbuf.NewReader(m)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		if rec, err := r.Read(); err != nil || !bytes.Equal(rec.RawSample, w.Data) {
			t.Fatalf("record %d: %x, %v; want %x", i, rec.RawSample, err, w.Data)
		}
	}
	ended := make(chan error)
	go func() {
		_, err := r.Read()
		ended <- err
	}()
	time.Sleep(100 * time.Millisecond) // nothing tells when it waits
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v; want that the reader is closed", err)
	}
}
