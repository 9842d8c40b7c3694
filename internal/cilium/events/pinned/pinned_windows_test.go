// SPDX-License-Identifier: Apache-2.0

package pinned

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

const pin = "/ebpf/global/cilium_observability_config"

// fails checks that nothing is opened, and that the error is this one and says so.
func fails(t *testing.T, is error, says string) {
	t.Helper()
	m, err := Open(pin)
	if err == nil {
		m.Close()
		t.Fatal("the map was opened")
	}
	if !errors.Is(err, is) || !strings.Contains(err.Error(), says) {
		t.Errorf("%v; want %v that says %q", err, is, says)
	}
}

func TestWineAPinnedMapIsOpenedByAnySpellingOfItsPath(t *testing.T) {
	wine.InstallEBPF(t).Pin(t, "cilium_observability_config", "array", 7, 4, 2)
	for _, path := range []string{pin, `BPF:\cilium_observability_config`, "cilium_observability_config", `\ebpf\global\cilium_observability_config`} {
		m, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if is, err := Identify(m); err != nil || m.Type() != ebpf.WindowsArray || m.ValueSize() != 4 || m.MaxEntries() != 2 || is.ID != 7 {
			t.Errorf("%s: %v is %+v, %v; want the array that was pinned", path, m, is, err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWineWithoutEBPFForWindowsTheErrorSaysWhatToInstall(t *testing.T) {
	wine.InstallEBPF(t)
	empty := t.TempDir()
	t.Setenv("ProgramFiles", empty)
	fails(t, ErrNotInstalled, empty+`\ebpf-for-windows\ebpfapi.dll`)
}

func TestWineALibraryThatIsNoneAsksForARepair(t *testing.T) {
	wine.InstallEBPF(t)
	broken := t.TempDir()
	t.Setenv("ProgramFiles", broken)
	if err := os.Mkdir(broken+`\ebpf-for-windows`, 0o700); err != nil {
		t.Fatal(err)
	}
	path := broken + `\ebpf-for-windows\ebpfapi.dll`
	if err := os.WriteFile(path, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(pin)
	if err == nil || !strings.Contains(err.Error(), "loading "+path) || !strings.Contains(err.Error(), "repair the installation of eBPF for Windows") {
		t.Errorf("%v; want that it must be repaired", err)
	}
}

func TestWineAMissingPinAsksForCiliumAndTheDriver(t *testing.T) {
	wine.InstallEBPF(t)
	fails(t, os.ErrNotExist, "no map is pinned at "+pin+"; is Cilium running on this node? Does the driver of eBPF for Windows run (sc query ebpfcore)?")
}

func TestWineAccessDeniedSaysWhoMay(t *testing.T) {
	wine.InstallEBPF(t)
	for _, errno := range []string{"1", "13"} { // EPERM and EACCES
		t.Setenv("WINDOWSTEST_FAIL", "bpf(OBJ_GET)="+errno)
		fails(t, os.ErrPermission, "access to the map pinned at "+pin+" is denied; reading it needs SYSTEM or a member of Administrators, with elevated rights")
	}
}

func TestWineAFunctionThatIsMissingIsNamedWithTheReleaseThatHasIt(t *testing.T) {
	wine.InstallEBPF(t)
	var there, missing uintptr
	err := Functions("9.9", map[string]*uintptr{"bpf": &there, "ebpf_of_tomorrow": &missing})
	if !errors.Is(err, ErrOutdated) || !strings.Contains(err.Error(), "ebpfapi.dll has no function ebpf_of_tomorrow; install version 9.9 or later") {
		t.Errorf("%v; want the function and the release", err)
	}
	if err := Functions("9.9", map[string]*uintptr{"bpf": &there}); err != nil || there == 0 {
		t.Errorf("%v; want the address of bpf", err)
	}
}

func TestWineThePinsOfTheHostAreListed(t *testing.T) {
	pins := wine.InstallEBPF(t)
	if got, err := List(); err != nil || len(got) != 0 {
		t.Errorf("%v, %v; want no pin", got, err)
	}
	pins.Pin(t, "cilium_metrics", "perf", 8, 4, 64)
	pins.Pin(t, "cilium_events", "ring", 7, 0, 65536)
	want := []Pin{{`BPF:\cilium_events`, "map"}, {`BPF:\cilium_metrics`, "map"}}
	if got, err := List(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	t.Setenv("WINDOWSTEST_FAIL", "ebpf_get_next_pinned_object_path=20")
	if _, err := List(); !errors.Is(err, os.ErrPermission) {
		t.Errorf("%v; want that access is denied", err)
	}
	t.Setenv("WINDOWSTEST_FAIL", "ebpf_get_next_pinned_object_path=17")
	if _, err := List(); err == nil || !strings.Contains(err.Error(), "ebpf_result_t 17") {
		t.Errorf("%v; want the result's number", err)
	}
}

func TestTheFolderOfAServiceIsThatOfItsProgram(t *testing.T) {
	for image, want := range map[string]string{
		`C:\Program Files\ebpf-for-windows\ebpfsvc.exe`: `C:\Program Files\ebpf-for-windows`,
		`"D:\eBPF here\ebpfsvc.exe" -k local`:           `D:\eBPF here`,
		`D:\ebpf\EBPFSVC.EXE -k`:                        `D:\ebpf`,
		`ebpfsvc.exe`:                                   "", // it would be searched
		`"`:                                             "",
		``:                                              "",
		`\SystemRoot\System32\drivers\ebpfcore.sys`: "",
	} {
		if got := imageDirectory(image); got != want {
			t.Errorf("%s: %q, want %q", image, got, want)
		}
	}
}

// A user may choose the folder in the installer.
func TestWineTheLibraryIsFoundWhereTheServiceIs(t *testing.T) {
	wine.InstallEBPF(t).Pin(t, "cilium_observability_config", "array", 7, 4, 2)
	installed := os.Getenv("ProgramFiles") + `\ebpf-for-windows`
	t.Setenv("ProgramFiles", t.TempDir())
	fails(t, ErrNotInstalled, "ebpfapi.dll")

	key := ownMachine(t, `SYSTEM\CurrentControlSet\Services\ebpfsvc`)
	if err := key.SetStringValue("ImagePath", `"`+installed+`\ebpfsvc.exe"`); err != nil {
		t.Fatal(err)
	}
	m, err := Open(pin)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// ownMachine gives this process a HKEY_LOCAL_MACHINE of its own, with nothing but an empty key of this path.
//
//	LSTATUS RegOverridePredefKey(HKEY hKey, HKEY hNewHKey)
func ownMachine(t *testing.T, path string) registry.Key {
	t.Helper()
	name := fmt.Sprintf(`Software\winnet-test-%d`, os.Getpid())
	root, _, err := registry.CreateKey(registry.CURRENT_USER, name, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := registry.CreateKey(root, path, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	override := windows.NewLazySystemDLL("advapi32.dll").NewProc("RegOverridePredefKey")
	if errno, _, _ := override.Call(uintptr(registry.LOCAL_MACHINE), uintptr(root)); errno != 0 {
		t.Fatal(windows.Errno(errno))
	}
	t.Cleanup(func() {
		_, _, _ = override.Call(uintptr(registry.LOCAL_MACHINE), 0)
		_ = key.Close()
		for ; path != "."; path = filepath.Dir(path) {
			if err := registry.DeleteKey(root, path); err != nil {
				t.Error(err)
			}
		}
		_ = root.Close()
		if err := registry.DeleteKey(registry.CURRENT_USER, name); err != nil {
			t.Error(err)
		}
	})
	return key
}
