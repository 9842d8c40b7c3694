// SPDX-License-Identifier: Apache-2.0

package wine

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// CapturePath is the capture, relative to the repository's root, that the datapath of a test writes into an events map.
const CapturePath = "testdata/cilium_events.pcapng"

// Pins is a directory whose files represent pinned maps for the stand-in of ebpfapi.dll; ebpfmaps.h describes them.
type Pins string

// Pin pins a map, replacing one that is pinned there. typ is ring, perf, array or hash. A map with another id is
// another map.
func (p Pins) Pin(t testing.TB, name, typ string, id, valueSize, maxEntries int) {
	t.Helper()
	path := filepath.Join(string(p), name)
	if err := os.WriteFile(path+".new", fmt.Appendf(nil, "%s %d %d %d", typ, id, valueSize, maxEntries), 0o600); err != nil {
		t.Fatal(err)
	}
	err := os.Rename(path+".new", path)
	for began := time.Now(); err != nil && time.Since(began) < time.Minute; runtime.Gosched() { // retries while the stand-in reads the file
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Unpin removes a pin.
func (p Pins) Unpin(t testing.TB, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(string(p), name)); err != nil {
		t.Fatal(err)
	}
}

// Values returns the values that were written to the array pinned under name, little endian and one after the other.
func (p Pins) Values(t testing.TB, name string) []byte {
	t.Helper()
	values, err := os.ReadFile(filepath.Join(string(p), name+".values"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return values
}

// InstallEBPF makes this process see a host with eBPF for Windows 1.1, and nothing pinned.
func InstallEBPF(t testing.TB) Pins {
	t.Helper()
	Require(t, "maps that the test pins and fills")
	pins := t.TempDir()
	t.Setenv("ProgramFiles", filepath.Join(Root(t), "dist/rig/ebpf-1.1"))
	t.Setenv("WINDOWSTEST_PINS", pins)
	return Pins(pins)
}
