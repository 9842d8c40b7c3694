// SPDX-License-Identifier: Apache-2.0

package events

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
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

func TestWineReattachingLeavesNoHandleAndNoGoroutine(t *testing.T) {
	handles := func() (n uint32) {
		count := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetProcessHandleCount")
		if ok, _, err := count.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&n))); ok == 0 {
			t.Fatal(err)
		}
		return n
	}
	eachType(t, 4<<10, func(t *testing.T) {
		attachAndEnd := func(i int) {
			r := read(t)
			data := fmt.Sprintf("record %d", i)
			r.write(0, 0, data)
			r.gives(data)
			r.end()
		}
		attachAndEnd(0)
		beforeHandles, beforeGoroutines := handles(), runtime.NumGoroutine()
		for i := range 100 {
			attachAndEnd(i)
		}
		// Threads that Go keeps have handles of their own.
		if after := handles(); after > beforeHandles+25 {
			t.Errorf("%d handles before, %d after 100 attachments", beforeHandles, after)
		}
		if after := runtime.NumGoroutine(); after > beforeGoroutines {
			t.Errorf("%d goroutines before, %d after 100 attachments", beforeGoroutines, after)
		}
	})
}
