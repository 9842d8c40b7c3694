// SPDX-License-Identifier: Apache-2.0

package events

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

func TestWineRecordsOfAnySizeComeThrough(t *testing.T) {
	eachType(t, 1<<20, func(t *testing.T) {
		r := read(t)
		for _, size := range []int{0, 1, 8, 64 << 10, 64<<10 + 1, 1 << 19, 0} {
			data := strings.Repeat("x", size)
			r.write(0, 0, data)
			r.gives(data)
		}
		r.write(0, ringDiscard, "gone")
		r.write(0, 0, "next")
		r.gives("next")
		r.end()
	})
}

func TestWineADamagedRingIsReportedAndReadOnBehindTheDamage(t *testing.T) {
	newMap(t, "ring", 4<<10)
	r := read(t)
	r.writeHeader(0, 1<<20, "too long")
	if err := r.wait(time.Minute); err == nil || !strings.Contains(err.Error(), "the ring buffer is damaged: a record of 1048576 bytes") {
		t.Fatalf("%v; want that the ring is damaged", err)
	}
	r = read(t)
	r.write(0, 0, "next")
	r.gives("next")
	r.end()
}

func TestWineAProducerThatDiesInTheMiddleOfARecordCostsNeitherACoreNorTheShutdown(t *testing.T) {
	eachType(t, 4<<10, func(t *testing.T) {
		r := read(t)
		r.write(0, 0, "one")
		r.write(0, ringBusy, "two")
		r.write(0, 0, "three")
		r.gives("one")
		before := processTime(t)
		time.Sleep(time.Second) // what is measured is that nothing happens meanwhile
		if used := processTime(t) - before; used > 300*time.Millisecond {
			t.Errorf("the reader used %v of a second; want that it waits", used)
		}
		r.end()
		if n := len(r.records); n > 0 {
			t.Errorf("%d records were read behind the one that is not complete", n)
		}
	})
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
	newMap(t, "perf", 4<<10)
	r := attached(t)
	for range 3 {
		r.write(1, 0, "data")
	}
	var losses []Record
	r.run(func(rec Record) {
		if rec.Lost == 0 {
			panic("the pipeline broke")
		}
		losses = append(losses, rec)
	})
	if err := r.wait(time.Minute); err == nil || !strings.Contains(err.Error(), "the pipeline broke") {
		t.Errorf("%v; want the panic", err)
	}
	if len(losses) != 1 || losses[0].Lost != 3 || losses[0].CPU != 1 {
		t.Errorf("%+v; want that three records of processor 1 are lost", losses)
	}
}

func TestWineAProducerFasterThanTheReaderDoesNotHoldUpTheEnd(t *testing.T) {
	eachType(t, 64<<10, func(t *testing.T) {
		play(t)
		t.Setenv("WINDOWSTEST_REPEAT", "0") // without end
		t.Setenv("WINDOWSTEST_DROP", "1")
		flowing := make(chan struct{})
		delivered := 0
		r := attached(t).run(func(rec Record) {
			if rec.Lost > 0 {
				return
			}
			if delivered++; delivered == 200 {
				close(flowing)
			}
			for began := time.Now(); time.Since(began) < 100*time.Microsecond; { // slower than the producer
				runtime.Gosched()
			}
		})
		<-flowing
		r.end()
	})
}

// handles is how many handles this process has.
func handles(t *testing.T) (n uint32) {
	count := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetProcessHandleCount")
	if ok, _, err := count.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&n))); ok == 0 {
		t.Fatal(err)
	}
	return n
}

// leavesNothing checks that doing something again and again leaves no handle and no goroutine.
func leavesNothing(t *testing.T, times int, do func(i int)) {
	t.Helper()
	first := times / 4 // until the threads are there that Go keeps, which have handles of their own
	for i := range first {
		do(i)
	}
	beforeHandles, beforeGoroutines := handles(t), runtime.NumGoroutine()
	for i := range times {
		do(first + i)
	}
	if after := handles(t); after > beforeHandles+uint32(times)/4 {
		t.Errorf("%d handles before, %d after %d times", beforeHandles, after, times)
	}
	// A map that has lost its place is read for a little longer, so some goroutines may be there at both times.
	if after := runtime.NumGoroutine(); after > beforeGoroutines+times/4 {
		t.Errorf("%d goroutines before, %d after %d times", beforeGoroutines, after, times)
	}
}

func TestWineReattachingLeavesNoHandleAndNoGoroutine(t *testing.T) {
	eachType(t, 4<<10, func(t *testing.T) {
		leavesNothing(t, 100, func(i int) {
			r := read(t)
			data := fmt.Sprintf("record %d", i)
			r.write(0, 0, data)
			r.gives(data)
			r.end()
		})
	})
}

func TestWineFollowingMapsThatAreReplacedLeavesNoHandleAndNoGoroutine(t *testing.T) {
	pins := wine.InstallEBPF(t)
	want := play(t)
	var delivered atomic.Int64
	kinds := []string{"ring", "perf"}
	first := 1 + rand.IntN(1<<30)
	replace := func(i int) { pins.Pin(t, "cilium_events", kinds[i%2], first+i, 0, 64<<10) }
	replace(0)
	attached := make(chan uint32, 1)
	f, err := Follow(FollowSettings{
		Path: pin, Interval: time.Millisecond, Quiet: 10 * time.Millisecond,
		Deliver:  func(_ int64, _, data []byte) bool { delivered.Add(int64(min(len(data), 1))); return true },
		Ready:    func() error { return nil },
		Attached: func(info MapInfo) error { attached <- info.ID; return nil },
		Look:     func(MapInfo, int) error { return nil },
		Left:     func(MapInfo, int) {},
		Report: func(err error) {
			if err != nil {
				t.Error(err)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	leavesNothing(t, 40, func(i int) {
		if id := <-attached; id != uint32(first+i) {
			t.Fatalf("map %d is read; want %d", id, first+i)
		}
		for delivered.Load() < int64((i+1)*len(want)) {
			runtime.Gosched()
		}
		replace(i + 1)
	})
	<-attached
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m, err := pinned.Open(pin); err != nil || m.FD() > 20 {
		t.Errorf("%v, %v; want a low descriptor, since none was left open", m, err)
	}
}
