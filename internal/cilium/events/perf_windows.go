// SPDX-License-Identifier: Apache-2.0

// The attachment of a perf event array of eBPF for Windows. cilium/ebpf cannot read one there, so ebpfapi.dll's own reader calls back
// for each record.

package events

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/clock"
)

var _ attachment = (*windowsPerf)(nil)

type windowsPerf struct {
	api    perfAPI
	buffer uintptr // struct perf_buffer*
	handle uintptr // passed to the callbacks, see perfReaders
	size   int     // size of one processor's ring in bytes

	// Used by run and by the callbacks that it calls.
	emit     func(Record)
	panicked error            // the first panic
	left     map[int32]uint64 // number of records read and not delivered, by processor

	stopping atomic.Bool
	until    atomic.Pointer[time.Time] // the time after which run no longer delivers; nil means never
}

const (
	// perfWait is how long poll waits for a record, in milliseconds. An interrupt takes effect after it.
	perfWait = 100
	// perfDrain is how long run delivers after an interrupt. poll does not return while a producer is faster than delivery, so later
	// records are only counted.
	perfDrain = 500 * time.Millisecond
)

// attachPerf begins to read the perf event array, all processors.
func attachPerf(m *ebpf.Map) (attachment, error) {
	api, err := loadPerfAPI()
	if err != nil {
		return nil, err
	}
	p := &windowsPerf{api: api, size: int(m.MaxEntries()), left: map[int32]uint64{}}
	if p.handle, err = perfReaders.add(p); err != nil {
		return nil, err
	}
	calls := perfCallbacks()
	if p.buffer = api.new(m.FD(), calls.sample, calls.lost, p.handle); p.buffer == 0 {
		perfReaders.remove(p.handle)
		return nil, errors.New("eBPF for Windows cannot read this perf event array: perf_buffer__new returned NULL without a reason; another program may be reading it")
	}
	return p, nil
}

func (p *windowsPerf) run(emit func(Record)) error {
	p.emit = emit
	for {
		stopping := p.stopping.Load() // before the last poll, which reads the records that would otherwise be lost
		wait := perfWait
		if stopping {
			wait = 0
		}
		err := p.api.poll(p.buffer, wait)
		if left := p.left; len(left) > 0 {
			p.left = map[int32]uint64{}
			for cpu, n := range left {
				p.lost(cpu, n)
			}
		}
		switch {
		case err != nil:
			return err
		case p.panicked != nil:
			return p.panicked
		case stopping:
			return nil
		}
	}
}

// sample delivers one record. It allocates nothing.
func (p *windowsPerf) sample(cpu int32, data unsafe.Pointer, size uint32) {
	if until := p.until.Load(); p.panicked != nil || until != nil && time.Now().After(*until) {
		p.left[cpu]++
		return
	}
	defer p.recoverPanic(cpu, 1)
	p.emit(Record{Time: clock.Now(), CPU: knownCPU(cpu), Data: unsafe.Slice((*byte)(data), size)})
}

// lost delivers a loss record.
func (p *windowsPerf) lost(cpu int32, n uint64) {
	defer p.recoverPanic(cpu, n)
	p.emit(Record{Time: clock.Now(), CPU: knownCPU(cpu), Lost: n})
}

func knownCPU(cpu int32) int32 { return max(cpu, UnknownCPU) }

// recoverPanic keeps a panic in a callback from ending the process: no other handler would recover it, because C code is in between.
// run returns the panic as an error, and n records count as lost.
func (p *windowsPerf) recoverPanic(cpu int32, n uint64) {
	r := recover()
	if r == nil {
		return
	}
	p.left[cpu] += n
	if p.panicked == nil {
		p.panicked = fmt.Errorf("delivering a record panicked: %v\n%s", r, debug.Stack())
	}
}

// interrupt makes run return once it has read what is there.
func (p *windowsPerf) interrupt() error {
	until := time.Now().Add(perfDrain)
	p.until.Store(&until)
	p.stopping.Store(true)
	return nil
}

// fill returns the size only: eBPF for Windows does not tell how full the rings are.
func (p *windowsPerf) fill() (waiting, size int) { return -1, p.size }

func (p *windowsPerf) close() error {
	p.api.free(p.buffer)
	perfReaders.remove(p.handle)
	return nil
}

// perfReaders are the readers of this process, by number, so that C code gets a number and never a pointer of Go.
var perfReaders perfRegistry

const maxPerfReaders = 64

type perfRegistry struct {
	slots [maxPerfReaders]atomic.Pointer[windowsPerf]
}

// add returns the number under which the callbacks find p.
func (r *perfRegistry) add(p *windowsPerf) (uintptr, error) {
	for i := range r.slots {
		if r.slots[i].CompareAndSwap(nil, p) {
			return uintptr(i), nil
		}
	}
	return 0, fmt.Errorf("this process already reads the maximum of %d perf event arrays", maxPerfReaders)
}

func (r *perfRegistry) remove(handle uintptr) { r.slots[handle].Store(nil) }

// get returns the reader of a number, or nil.
func (r *perfRegistry) get(handle uintptr) *windowsPerf {
	if handle >= maxPerfReaders {
		return nil
	}
	return r.slots[handle].Load()
}

// callbacks are C functions.
type callbacks struct{ sample, lost uintptr }

// perfCallbacks makes the callbacks once for all readers: a process can have only a few, and they are never freed.
var perfCallbacks = sync.OnceValue(func() callbacks {
	return callbacks{
		sample: windows.NewCallbackCDecl(func(handle uintptr, cpu int32, data unsafe.Pointer, size uint32) uintptr {
			if p := perfReaders.get(handle); p != nil {
				p.sample(cpu, data, size)
			}
			return 0
		}),
		lost: windows.NewCallbackCDecl(func(handle uintptr, cpu int32, n uint64) uintptr {
			if p := perfReaders.get(handle); p != nil {
				p.lost(cpu, n)
			}
			return 0
		}),
	}
})
