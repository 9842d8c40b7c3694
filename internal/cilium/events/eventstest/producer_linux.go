// SPDX-License-Identifier: Apache-2.0

// What writes into the maps: a small XDP program that the kernel runs on the test's bytes.

package eventstest

import (
	"os"
	"runtime"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/perf"
	"golang.org/x/sys/unix"
)

// Ring is a ring buffer map and the program that writes into it.
type Ring struct{ producer }

// Perf is a perf event array and the program that writes into it.
type Perf struct{ producer }

// producer is a map and the program that writes into it.
type producer struct {
	Path string // where the map is pinned
	Map  *ebpf.Map

	program *ebpf.Program
	input   []byte // reused by Write
}

// prefix stands before a record in the program's input: the kernel runs an XDP program on 14 bytes at least.
const prefix = 16

// What the program returns.
const (
	badInput = 0 // XDP_ABORTED
	refused  = 1 // XDP_DROP
	written  = 2 // XDP_PASS
)

// NewRing makes a ring buffer of size bytes, a power of two and whole pages, and pins it at path.
func NewRing(t testing.TB, path string, size uint32) *Ring {
	t.Helper()
	m := newMap(t, path, &ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: size})
	return &Ring{newProducer(t, path, m, asm.Instructions{
		// bpf_ringbuf_output(ring, r8, r7, 0)
		asm.LoadMapPtr(asm.R1, m.FD()),
		asm.Mov.Reg(asm.R2, asm.R8),
		asm.Mov.Reg(asm.R3, asm.R7),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
	})}
}

// NewPerf makes a perf event array with an entry for each processor and pins it at path.
func NewPerf(t testing.TB, path string) *Perf {
	t.Helper()
	m := newMap(t, "", &ebpf.MapSpec{Type: ebpf.PerfEventArray})
	reader, err := perf.NewReader(m, os.Getpagesize())
	if err != nil {
		lack(t, "reading a perf event array: %v", err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	pin(t, m, path)               // only now: whoever follows the pin has its own rings in the array at once
	const currentCPU = 0xffffffff // BPF_F_CURRENT_CPU
	return &Perf{newProducer(t, path, m, asm.Instructions{
		// bpf_perf_event_output(ctx, array, BPF_F_CURRENT_CPU, r8, r7)
		asm.Mov.Reg(asm.R1, asm.R6),
		asm.LoadMapPtr(asm.R2, m.FD()),
		asm.LoadImm(asm.R3, currentCPU, asm.DWord),
		asm.Mov.Reg(asm.R4, asm.R8),
		asm.Mov.Reg(asm.R5, asm.R7),
		asm.FnPerfEventOutput.Call(),
	})}
}

func newProducer(t testing.TB, path string, m *ebpf.Map, output asm.Instructions) producer {
	t.Helper()
	scratch := newMap(t, "", &ebpf.MapSpec{Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: MaxRecord, MaxEntries: 1})
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, License: "GPL", Instructions: copyInto(scratch, output)})
	if err != nil {
		lack(t, "loading an XDP program: %v", err)
	}
	t.Cleanup(func() { program.Close() })
	return producer{Path: path, Map: m, program: program}
}

// copyInto is a program that copies its input, without the prefix, and has output write the copy as one record: r8 is where
// it stands, r7 how long it is, r6 the program's context.
func copyInto(scratch *ebpf.Map, output asm.Instructions) asm.Instructions {
	begin := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMem(asm.R2, asm.R6, 0, asm.Word), // xdp_md.data
		asm.LoadMem(asm.R7, asm.R6, 4, asm.Word), // xdp_md.data_end
		asm.Sub.Reg(asm.R7, asm.R2),
		asm.Sub.Imm(asm.R7, prefix),
		asm.JLT.Imm(asm.R7, 1, "bad"),
		asm.JGT.Imm(asm.R7, MaxRecord, "bad"), // unsigned: an input shorter than the prefix as well

		// r8 = &scratch[0]
		asm.StoreImm(asm.RFP, -4, 0, asm.Word),
		asm.LoadMapPtr(asm.R1, scratch.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "bad"),
		asm.Mov.Reg(asm.R8, asm.R0),

		// bpf_xdp_load_bytes(ctx, prefix, r8, r7)
		asm.Mov.Reg(asm.R1, asm.R6),
		asm.Mov.Imm(asm.R2, prefix),
		asm.Mov.Reg(asm.R3, asm.R8),
		asm.Mov.Reg(asm.R4, asm.R7),
		asm.FnXdpLoadBytes.Call(),
		asm.JNE.Imm(asm.R0, 0, "bad"),
	}
	return append(append(begin, output...), asm.Instructions{
		asm.JNE.Imm(asm.R0, 0, "refused"),
		asm.Mov.Imm(asm.R0, written),
		asm.Return(),

		asm.Mov.Imm(asm.R0, refused).WithSymbol("refused"),
		asm.Return(),
		asm.Mov.Imm(asm.R0, badInput).WithSymbol("bad"),
		asm.Return(),
	}...)
}

// Write has the kernel write data, 1 to MaxRecord bytes, as one record. It returns false when the map does not take it: it
// is full, or a perf event array that nobody reads. It is not safe for use from several goroutines.
func (p *producer) Write(t testing.TB, data []byte) bool {
	t.Helper()
	return p.WriteTimes(t, data, 1)
}

// WriteTimes is Write of the same data n times over. It reports whether the last record was taken.
func (p *producer) WriteTimes(t testing.TB, data []byte, n uint32) bool {
	t.Helper()
	p.input = append(append(p.input[:0], make([]byte, prefix)...), data...)
	code, err := p.program.Run(&ebpf.RunOptions{Data: p.input, Repeat: n})
	if err != nil {
		t.Fatalf("running the XDP program: %v", err)
	}
	if code == badInput {
		t.Fatalf("the XDP program does not take a record of %d bytes; want 1 to %d", len(data), MaxRecord)
	}
	return code == written
}

// ID is the kernel's number of the map.
func (p *producer) ID(t testing.TB) uint32 {
	t.Helper()
	info, err := p.Map.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := info.ID()
	return uint32(id)
}

// CPUs are the numbers of the processors on which this process may run.
func CPUs(t testing.TB) (all []int) {
	t.Helper()
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		t.Fatal(err)
	}
	for cpu := 0; len(all) < may.Count(); cpu++ {
		if may.IsSet(cpu) {
			all = append(all, cpu)
		}
	}
	return all
}

// OnCPU calls do on the processor of that number, one of CPUs.
func OnCPU(t testing.TB, cpu int, do func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, only unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	only.Set(cpu)
	if err := unix.SchedSetaffinity(0, &only); err != nil {
		lack(t, "running on processor %d: %v", cpu, err)
	}
	defer func() {
		if err := unix.SchedSetaffinity(0, &before); err != nil {
			t.Error(err)
		}
	}()
	do()
}
