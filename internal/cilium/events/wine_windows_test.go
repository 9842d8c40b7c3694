// SPDX-License-Identifier: Apache-2.0

package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
	"github.com/otelcol-winnet/otelcol-winnet/internal/windowstest"
)

const pin = "/ebpf/global/cilium_events"

// play makes the datapath of this process's host write the capture of testdata, and gives its records.
func play(t *testing.T) (want []Record) {
	path := filepath.Join(windowstest.Root(t), windowstest.CapturePath)
	t.Setenv("WINDOWSTEST_CAPTURE", path)
	c, err := OpenCapture(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for {
		r, err := c.Next()
		if err == io.EOF {
			return want
		}
		if err != nil {
			t.Fatal(err)
		}
		r.Data = bytes.Clone(r.Data)
		want = append(want, r)
	}
}

// reader is an attachment that runs.
type reader struct {
	t       *testing.T
	m       *ebpf.Map
	a       attachment
	records chan Record
	ended   chan error
}

// read begins to read what is pinned.
func read(t *testing.T) *reader {
	t.Helper()
	m, err := pinned.Open(pin)
	if err != nil {
		t.Fatal(err)
	}
	a, err := attach(m)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, m: m, a: a, records: make(chan Record, 1<<16), ended: make(chan error, 1)}
	go func() {
		r.ended <- a.run(func(rec Record) {
			rec.Data = bytes.Clone(rec.Data)
			r.records <- rec
		})
	}()
	return r
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

// write is the datapath in the test's own hands: a record whose header says length.
func (r *reader) write(cpu int, length uint32, data []byte) {
	r.t.Helper()
	var f uintptr
	if err := pinned.Functions("", map[string]*uintptr{"windowstest_write": &f}); err != nil {
		r.t.Fatal(err)
	}
	if ok, _, _ := syscall.SyscallN(f, uintptr(r.m.FD()), uintptr(cpu), uintptr(length), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data))); ok == 0 {
		r.t.Fatalf("no room for a record of %d bytes", len(data))
	}
}

func (r *reader) lose(cpu int, n uint64) {
	r.t.Helper()
	var f uintptr
	if err := pinned.Functions("", map[string]*uintptr{"windowstest_lose": &f}); err != nil {
		r.t.Fatal(err)
	}
	syscall.SyscallN(f, uintptr(r.m.FD()), uintptr(cpu), uintptr(n))
}

// end interrupts the reader, which must end within the time that a shutdown has for it, and gives why run returned.
func (r *reader) end() error {
	r.t.Helper()
	if err := r.a.interrupt(); err != nil {
		r.t.Fatal(err)
	}
	select {
	case err := <-r.ended:
		if err := errors.Join(r.a.close(), r.m.Close()); err != nil {
			r.t.Fatal(err)
		}
		return err
	case <-time.After(1500 * time.Millisecond):
		r.t.Fatal("the reader did not end in time")
	}
	return nil
}

func TestWineARingGivesWhatTheDatapathWrites(t *testing.T) {
	pins := windowstest.InstallEBPF(t)
	pins.Pin(t, "cilium_events", "ring", 1, 0, 16<<10) // far smaller than the capture
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
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

func TestWineAPerfEventArrayGivesWhatTheDatapathWritesAndLoses(t *testing.T) {
	pins := windowstest.InstallEBPF(t)
	pins.Pin(t, "cilium_events", "perf", 2, 0, 16<<10)
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
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

func TestWineRecordsOfAnySizeComeThrough(t *testing.T) {
	pins := windowstest.InstallEBPF(t)
	for id, typ := range map[int]string{3: "ring", 4: "perf"} {
		t.Run(typ, func(t *testing.T) {
			pins.Pin(t, "cilium_events", typ, id, 0, 1<<20)
			r := read(t)
			for _, size := range []int{0, 1, 8, 64 << 10, 64<<10 + 1, 1<<20 - 16, 0} {
				data := bytes.Repeat([]byte{byte(size) | 1}, size)
				r.write(0, uint32(size), data)
				if rec := r.next(); !bytes.Equal(rec.Data, data) || rec.Lost != 0 {
					t.Fatalf("%d bytes written, %d read", size, len(rec.Data))
				}
			}
			r.write(0, 4|ringDiscard, []byte("gone"))
			r.write(0, 4, []byte("next"))
			if rec := r.next(); string(rec.Data) != "next" {
				t.Fatalf("%q; want the record behind the discarded one", rec.Data)
			}
			if err := r.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWineADamagedRingIsReportedAndReadOnBehindTheDamage(t *testing.T) {
	pins := windowstest.InstallEBPF(t)
	pins.Pin(t, "cilium_events", "ring", 5, 0, 4<<10)
	r := read(t)
	r.write(0, 1<<20, []byte("too long"))
	select {
	case err := <-r.ended:
		if err == nil || !strings.Contains(err.Error(), "the ring buffer is damaged: a record of 1048576 bytes") {
			t.Fatalf("%v; want that the ring is damaged", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the damage was not noticed")
	}
	if err := errors.Join(r.a.close(), r.m.Close()); err != nil {
		t.Fatal(err)
	}
	r = read(t)
	r.write(0, 4, []byte("next"))
	if rec := r.next(); string(rec.Data) != "next" {
		t.Errorf("%q; want the record behind the damage", rec.Data)
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

func TestWineAProducerThatDiesInTheMiddleOfARecordCostsNeitherACoreNorTheShutdown(t *testing.T) {
	pins := windowstest.InstallEBPF(t)
	for id, typ := range map[int]string{6: "ring", 7: "perf"} {
		t.Run(typ, func(t *testing.T) {
			pins.Pin(t, "cilium_events", typ, id, 0, 4<<10)
			r := read(t)
			r.write(0, 4, []byte("one"))
			r.write(0, 4|ringBusy, []byte("two"))
			r.write(0, 4, []byte("three"))
			r.next()
			before := processTime(t)
			time.Sleep(time.Second) // what is measured is that nothing happens meanwhile
			if used := processTime(t) - before; used > 300*time.Millisecond {
				t.Errorf("the reader used %v of a second; want that it waits", used)
			}
			if err := r.end(); err != nil || len(r.records) > 0 {
				t.Errorf("%v, and %d records were read behind the one that is not written", err, len(r.records))
			}
		})
	}
}

// processTime is the processor's time that this process has used.
func processTime(t *testing.T) time.Duration {
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user); err != nil {
		t.Fatal(err)
	}
	ticks := func(f windows.Filetime) time.Duration {
		return time.Duration(f.HighDateTime)<<32 | time.Duration(f.LowDateTime)
	}
	return (ticks(kernel) + ticks(user)) * 100
}

func TestWineAPanicWhileAPerfRecordIsDeliveredEndsTheReaderAndCountsTheRest(t *testing.T) {
	pins := windowstest.InstallEBPF(t)
	pins.Pin(t, "cilium_events", "perf", 8, 0, 4<<10)
	m, err := pinned.Open(pin)
	if err != nil {
		t.Fatal(err)
	}
	a, err := attachPerf(m)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, m: m, a: a}
	for range 3 {
		r.write(1, 4, []byte("data"))
	}
	var losses []Record
	err = a.run(func(rec Record) {
		if rec.Lost == 0 {
			panic("the pipeline broke")
		}
		losses = append(losses, rec)
	})
	if err == nil || !strings.Contains(err.Error(), "the pipeline broke") {
		t.Errorf("%v; want the panic", err)
	}
	if len(losses) != 1 || losses[0].Lost != 3 || losses[0].CPU != 1 {
		t.Errorf("%+v; want that three records of processor 1 are lost", losses)
	}
	if err := errors.Join(a.close(), m.Close()); err != nil {
		t.Error(err)
	}
}

func TestWineAProducerFasterThanTheReaderDoesNotHoldUpTheEnd(t *testing.T) {
	pins := windowstest.InstallEBPF(t)
	for id, typ := range map[int]string{9: "ring", 10: "perf"} {
		t.Run(typ, func(t *testing.T) {
			pins.Pin(t, "cilium_events", typ, id, 0, 64<<10)
			play(t)
			t.Setenv("WINDOWSTEST_REPEAT", "0") // without end
			t.Setenv("WINDOWSTEST_DROP", "1")
			m, err := pinned.Open(pin)
			if err != nil {
				t.Fatal(err)
			}
			a, err := attach(m)
			if err != nil {
				t.Fatal(err)
			}
			r := &reader{t: t, m: m, a: a, ended: make(chan error, 1)}
			flowing := make(chan struct{})
			var delivered, lost uint64
			go func() {
				r.ended <- a.run(func(rec Record) {
					if lost += rec.Lost; rec.Lost > 0 {
						return
					}
					if delivered++; delivered == 200 {
						close(flowing)
					}
					for began := time.Now(); time.Since(began) < 100*time.Microsecond; { // slower than the producer
						runtime.Gosched()
					}
				})
			}()
			<-flowing
			if err := r.end(); err != nil {
				t.Error(err)
			}
			t.Logf("%d delivered, %d lost", delivered, lost)
		})
	}
}

func TestWineReattachingLeavesNoHandleAndNoGoroutine(t *testing.T) {
	pins := windowstest.InstallEBPF(t)
	handles := func() (n uint32) {
		count := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetProcessHandleCount")
		if ok, _, err := count.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&n))); ok == 0 {
			t.Fatal(err)
		}
		return n
	}
	attachAndEnd := func(i int) {
		for id, typ := range map[int]string{11: "ring", 12: "perf"} {
			pins.Pin(t, "cilium_events", typ, id, 0, 4<<10)
			r := read(t)
			data := fmt.Appendf(nil, "record %d", i)
			r.write(0, uint32(len(data)), data)
			if rec := r.next(); !bytes.Equal(rec.Data, data) {
				t.Fatalf("%q; want %q", rec.Data, data)
			}
			if err := r.end(); err != nil {
				t.Fatal(err)
			}
		}
	}
	attachAndEnd(0)
	beforeHandles, beforeGoroutines := handles(), runtime.NumGoroutine()
	for i := range 100 {
		attachAndEnd(i)
	}
	// Threads that Go keeps have handles of their own.
	if after := handles(); after > beforeHandles+50 {
		t.Errorf("%d handles before, %d after 200 attachments", beforeHandles, after)
	}
	if after := runtime.NumGoroutine(); after > beforeGoroutines {
		t.Errorf("%d goroutines before, %d after 200 attachments", beforeGoroutines, after)
	}
}

func TestWineASourceReadsAPerfEventArray(t *testing.T) {
	pins := windowstest.InstallEBPF(t)
	pins.Pin(t, "cilium_events", "perf", 13, 0, 64<<10)
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
	pins := windowstest.InstallEBPF(t)
	pins.Pin(t, "cilium_events", "ring", 14, 0, 64<<10)
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

func TestACallbackOfAReaderThatIsGoneDoesNothing(t *testing.T) {
	p := &windowsPerf{left: map[int32]uint64{}, emit: func(Record) { t.Error("a record was delivered") }}
	handle, err := perfReaders.add(p)
	if err != nil {
		t.Fatal(err)
	}
	perfReaders.remove(handle)
	for _, handle := range []uintptr{handle, maxPerfReaders, ^uintptr(0)} {
		syscall.SyscallN(perfCallbacks().sample, handle, 0, 0, 0)
		syscall.SyscallN(perfCallbacks().lost, handle, 0, 1)
	}
}

func TestTheCallbackAllocatesNothingAndTakesWhatCGives(t *testing.T) {
	var got Record
	p := &windowsPerf{left: map[int32]uint64{}, emit: func(r Record) { got = r }}
	handle, err := perfReaders.add(p)
	if err != nil {
		t.Fatal(err)
	}
	defer perfReaders.remove(handle)
	data := []byte("data")
	if n := testing.AllocsPerRun(1000, func() { p.sample(3, unsafe.Pointer(&data[0]), 4) }); n > 0 || string(got.Data) != "data" || got.CPU != 3 {
		t.Errorf("%v allocations, %+v; want none, and the record", n, got)
	}
	// The upper halves of registers that carry 32 bits may hold anything.
	const junk = 0xDEAD << 32
	syscall.SyscallN(perfCallbacks().sample, handle, junk|2, uintptr(unsafe.Pointer(&data[0])), junk|3)
	if string(got.Data) != "dat" || got.CPU != 2 {
		t.Errorf("%+v; want three bytes of processor 2", got)
	}
	syscall.SyscallN(perfCallbacks().sample, handle, uintptr(0xFFFFFFF0), uintptr(unsafe.Pointer(&data[0])), 0)
	if len(got.Data) != 0 || got.CPU != UnknownCPU {
		t.Errorf("%+v; want nothing of an unknown processor", got)
	}
	syscall.SyscallN(perfCallbacks().lost, handle, 1, 1<<40)
	if got.Lost != 1<<40 || got.CPU != 1 {
		t.Errorf("%+v; want the loss", got)
	}
	p.emit = func(Record) { panic("the pipeline broke") }
	syscall.SyscallN(perfCallbacks().sample, handle, 2, uintptr(unsafe.Pointer(&data[0])), 4)
	syscall.SyscallN(perfCallbacks().sample, handle, 2, uintptr(unsafe.Pointer(&data[0])), 4)
	if p.panicked == nil || p.left[2] != 2 {
		t.Errorf("%v, %v left; want the panic, and two records of processor 2", p.panicked, p.left)
	}
}

func TestTooManyReadersOfPerfEventArraysAreRefused(t *testing.T) {
	var r perfRegistry
	for range maxPerfReaders {
		if _, err := r.add(&windowsPerf{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.add(&windowsPerf{}); err == nil {
		t.Error("one more was taken")
	}
	r.remove(7)
	if handle, err := r.add(&windowsPerf{}); handle != 7 || err != nil {
		t.Errorf("%d, %v; want the place that is free", handle, err)
	}
}

// BenchmarkCallback is what a record of a perf event array costs on its way from C to Go, and the way there.
func BenchmarkCallback(b *testing.B) {
	p := &windowsPerf{left: map[int32]uint64{}, emit: func(Record) {}}
	handle, err := perfReaders.add(p)
	if err != nil {
		b.Fatal(err)
	}
	defer perfReaders.remove(handle)
	data := make([]byte, 128)
	b.ReportAllocs()
	for b.Loop() {
		syscall.SyscallN(perfCallbacks().sample, handle, 0, uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)))
	}
}
