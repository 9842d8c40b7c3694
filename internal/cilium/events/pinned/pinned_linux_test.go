// SPDX-License-Identifier: Apache-2.0

package pinned_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

func TestAPinnedMapIsOpened(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "map")
	eventstest.NewArray(t, path, 4, 2)
	m, err := pinned.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Type() != ebpf.Array || m.ValueSize() != 4 || m.MaxEntries() != 2 {
		t.Errorf("opened %v; want the array that was pinned", m)
	}
	if err := m.Put(uint32(1), uint32(7)); err != nil {
		t.Errorf("the map was not opened for writing: %v", err)
	}
}

func fails(t *testing.T, path string, is error, parts ...string) {
	t.Helper()
	_, err := pinned.Open(path)
	if err == nil {
		t.Fatalf("%s was opened", path)
	}
	if is != nil && !errors.Is(err, is) {
		t.Errorf("%v; want %v", err, is)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

func TestAMissingPinAsksForCilium(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	fails(t, path, os.ErrNotExist, "no map is pinned at "+path, "is Cilium running on this node?")
}

func TestAWindowsPathOnLinuxSaysWherePinsAre(t *testing.T) {
	eventstest.Dir(t) // without root the kernel does not look
	fails(t, "/ebpf/global/cilium_events", os.ErrNotExist, "no map is pinned at /ebpf/global/cilium_events", "On Linux pins are found below /sys/fs/bpf")
}

func TestAnEmptyPathIsRefused(t *testing.T) { fails(t, "", nil, "empty") }

func TestAFileOutsideABPFFileSystemIsNotALackOfRights(t *testing.T) {
	eventstest.Dir(t) // needs root, as whom alone the kernel's answer misleads
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, path, nil, path+" is not on a BPF file system")
}

func TestADirectoryIsNotALackOfRights(t *testing.T) {
	dir := eventstest.Dir(t)
	fails(t, dir, nil, dir+" is a directory")
}

func TestAPinnedProgramIsNoMap(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "program")
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 2), asm.Return()}})
	if err != nil {
		t.Skipf("not run: loading a program: %v", err)
	}
	defer program.Close()
	if err := program.Pin(path); err != nil {
		t.Fatal(err)
	}
	fails(t, path, nil, path, "not a Map")
}

func TestWithoutRightsTheErrorSaysWhichAreNeeded(t *testing.T) {
	dir := eventstest.Dir(t)
	path := filepath.Join(dir, "cilium_events")
	eventstest.NewArray(t, path, 4, 1)
	result := make(chan error)
	go func() {
		// The thread becomes nobody's and ends with the goroutine, which never unlocks it.
		runtime.LockOSThread()
		const nobody = 65534
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, nobody, nobody, nobody); errno != 0 {
			result <- errno
			return
		}
		m, err := pinned.Open(path)
		if err == nil {
			m.Close()
		}
		result <- err
	}()
	err := <-result
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "is denied; reading it needs root, or CAP_BPF") {
		t.Errorf("%v; want that access is denied and what is needed", err)
	}
}
