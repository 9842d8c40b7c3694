// SPDX-License-Identifier: Apache-2.0

package eventstest

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
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
		pin(t, m, path)
	}
	return m
}

func pin(t testing.TB, m *ebpf.Map, path string) {
	t.Helper()
	if err := m.Pin(path); err != nil {
		t.Fatalf("pinning a map at %s: %v", path, err)
	}
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

// NewOddPerf makes a perf event array of any number of entries, which cilium/ebpf would set right, and pins it at path.
func NewOddPerf(t testing.TB, path string, entries uint32) {
	t.Helper()
	// What BPF_MAP_CREATE reads of union bpf_attr, and no more.
	attr := struct{ mapType, keySize, valueSize, maxEntries uint32 }{unix.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, entries}
	fd, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_MAP_CREATE, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if errno != 0 {
		lack(t, "making a perf event array of %d entries: %v", entries, errno)
	}
	m, err := ebpf.NewMapFromFD(int(fd))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	pin(t, m, path)
}
