// SPDX-License-Identifier: Apache-2.0

package events

import (
	"syscall"
	"testing"
	"unsafe"
)

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

// BenchmarkCallback measures the call from Go to C and the callback from C to Go that a record of a perf event array costs.
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
