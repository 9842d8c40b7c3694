// SPDX-License-Identifier: Apache-2.0

package eventstest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

// Dir mounts a BPF file system for the test and returns where.
func Dir(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "bpf")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("bpf", dir, "bpf", 0, ""); err != nil {
		lack(t, "mounting a BPF file system needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmounting %s: %v", dir, err)
		}
	})
	return dir
}

// newMap makes a map and, with a path, pins it there.
func newMap(t testing.TB, path string, spec *ebpf.MapSpec) *ebpf.Map {
	t.Helper()
	if err := rlimit.RemoveMemlock(); err != nil {
		lack(t, "raising the limit of locked memory: %v", err)
	}
	m, err := ebpf.NewMap(spec)
	if err != nil {
		lack(t, "making a map of type %s: %v", spec.Type, err)
	}
	t.Cleanup(func() { m.Close() })
	if path != "" {
		if err := m.Pin(path); err != nil {
			t.Fatalf("pinning a map at %s: %v", path, err)
		}
	}
	return m
}

// NewArray makes an array map with keys of 4 bytes and pins it at path.
func NewArray(t testing.TB, path string, valueSize, maxEntries uint32) *ebpf.Map {
	t.Helper()
	return newMap(t, path, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: valueSize, MaxEntries: maxEntries})
}

// NewHash makes a hash map and pins it at path.
func NewHash(t testing.TB, path string, keySize, valueSize, maxEntries uint32) *ebpf.Map {
	t.Helper()
	return newMap(t, path, &ebpf.MapSpec{Type: ebpf.Hash, KeySize: keySize, ValueSize: valueSize, MaxEntries: maxEntries})
}

// NewPerfArray makes a perf event array and pins it at path.
func NewPerfArray(t testing.TB, path string) *ebpf.Map {
	t.Helper()
	return newMap(t, path, &ebpf.MapSpec{Type: ebpf.PerfEventArray})
}

// Ring is a ring buffer map and the program that writes into it.
type Ring struct {
	Path string // where it is pinned
	Map  *ebpf.Map

	program *ebpf.Program
	input   []byte // reused by Write
}

// prefix stands before a record in the program's input: the kernel runs an XDP program on 14 bytes at least.
const prefix = 16

// What the program returns.
const (
	badInput = 0 // XDP_ABORTED
	ringFull = 1 // XDP_DROP
	written  = 2 // XDP_PASS
)

// NewRing makes a ring buffer of size bytes, a power of two and whole pages, and pins it at path.
func NewRing(t testing.TB, path string, size uint32) *Ring {
	t.Helper()
	m := newMap(t, path, &ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: size})
	scratch := newMap(t, "", &ebpf.MapSpec{Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: MaxRecord, MaxEntries: 1})
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, License: "GPL", Instructions: copyIntoRing(m, scratch)})
	if err != nil {
		lack(t, "loading an XDP program: %v", err)
	}
	t.Cleanup(func() { program.Close() })
	return &Ring{Path: path, Map: m, program: program}
}

// copyIntoRing is a program that writes its input, without the prefix, into the ring buffer as one record.
func copyIntoRing(ring, scratch *ebpf.Map) asm.Instructions {
	return asm.Instructions{
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

		// bpf_ringbuf_output(ring, r8, r7, 0)
		asm.LoadMapPtr(asm.R1, ring.FD()),
		asm.Mov.Reg(asm.R2, asm.R8),
		asm.Mov.Reg(asm.R3, asm.R7),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
		asm.JNE.Imm(asm.R0, 0, "full"),
		asm.Mov.Imm(asm.R0, written),
		asm.Return(),

		asm.Mov.Imm(asm.R0, ringFull).WithSymbol("full"),
		asm.Return(),
		asm.Mov.Imm(asm.R0, badInput).WithSymbol("bad"),
		asm.Return(),
	}
}

// Write has the kernel write data, 1 to MaxRecord bytes, as one record. It returns false when the ring buffer is full.
// It is not safe for use from several goroutines.
func (r *Ring) Write(t testing.TB, data []byte) bool {
	t.Helper()
	return r.WriteTimes(t, data, 1)
}

// WriteTimes is Write of the same data n times over. It returns whether the last record found room.
func (r *Ring) WriteTimes(t testing.TB, data []byte, n uint32) bool {
	t.Helper()
	r.input = append(append(r.input[:0], make([]byte, prefix)...), data...)
	code, err := r.program.Run(&ebpf.RunOptions{Data: r.input, Repeat: n})
	if err != nil {
		t.Fatalf("running the XDP program: %v", err)
	}
	if code == badInput {
		t.Fatalf("the XDP program does not take a record of %d bytes; want 1 to %d", len(data), MaxRecord)
	}
	return code == written
}
