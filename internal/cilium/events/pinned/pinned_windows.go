// SPDX-License-Identifier: Apache-2.0

// Pinned maps on Windows: ebpfapi.dll, which is loaded only from where its installer puts it.

package pinned

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

const rights = "SYSTEM or a member of Administrators, with elevated rights"

// library is the user-mode part of eBPF for Windows. cilium/ebpf loads it by its name alone, which would also search the working
// directory and PATH. A module that the process has already loaded is used without a search.
const library = "ebpfapi.dll"

// minimum is the first release that has the functions for a ring buffer.
const minimum = "1.0"

// prepare loads the library. It stays loaded for the life of the process.
func prepare() error {
	_, err := load()
	return err
}

// load loads the library by its full path, from the first directory that has it.
//
//	HMODULE LoadLibraryExW(LPCWSTR lpLibFileName, HANDLE hFile, DWORD dwFlags)
//	BOOL GetModuleHandleExW(DWORD dwFlags, LPCWSTR lpModuleName, HMODULE *phModule)
func load() (windows.DLL, error) {
	var tried []string
	for _, dir := range directories() {
		path := filepath.Join(dir, library)
		tried = append(tried, path)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		dll := windows.DLL{Name: path}
		wide, err := windows.UTF16PtrFromString(path)
		if err != nil {
			return windows.DLL{}, err
		}
		// If it is loaded already, its reference count stays the same: a pin is looked at again and again.
		if windows.GetModuleHandleEx(windows.GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, wide, &dll.Handle) == nil {
			return dll, nil
		}
		const flags = windows.LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | windows.LOAD_LIBRARY_SEARCH_SYSTEM32
		if dll.Handle, err = windows.LoadLibraryEx(path, 0, flags); errors.Is(err, windows.ERROR_BAD_EXE_FORMAT) {
			return windows.DLL{}, fmt.Errorf("loading %s: %w: it is damaged, or built for another processor than this program (%s); repair the installation of eBPF for Windows, or run the collector for this host's processor",
				path, err, runtime.GOARCH)
		} else if err != nil {
			return windows.DLL{}, fmt.Errorf("loading %s: %w; repair the installation of eBPF for Windows", path, err)
		}
		return dll, nil
	}
	return windows.DLL{}, fmt.Errorf("%w: no %s; install version %s or later", ErrNotInstalled, strings.Join(tried, ", no "), minimum)
}

// Functions looks up functions of the library by name; the release since and later ones export them. The error is ErrNotInstalled, or
// ErrOutdated with the first missing function.
func Functions(since string, addresses map[string]*uintptr) error {
	dll, err := load()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		proc, err := dll.FindProc(name)
		if err != nil {
			return fmt.Errorf("%w: %s has no function %s; install version %s or later", ErrOutdated, dll.Name, name, since)
		}
		*addresses[name] = proc.Addr()
	}
	return nil
}

// directories lists the folders that may hold the library, in the order of the search. The installer lets a user choose the folder;
// the service has its path.
func directories() []string {
	var dirs []string
	if dir := serviceDirectory(); dir != "" {
		dirs = append(dirs, dir)
	}
	if programs := os.Getenv("ProgramFiles"); filepath.IsAbs(programs) {
		dirs = append(dirs, filepath.Join(programs, "ebpf-for-windows"))
	}
	if system, err := windows.GetSystemDirectory(); err == nil {
		dirs = append(dirs, system)
	}
	return dirs
}

// serviceDirectory returns the folder of the program of eBPF for Windows' service, "" if the service is not installed. Only
// administrators may write the key.
func serviceDirectory() string {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\ebpfsvc`, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer func() { _ = key.Close() }()
	image, kind, err := key.GetStringValue("ImagePath")
	if err != nil {
		return ""
	}
	if kind == registry.EXPAND_SZ {
		if image, err = registry.ExpandString(image); err != nil {
			return ""
		}
	}
	return imageDirectory(image)
}

// imageDirectory returns the folder of the program in a service's ImagePath, which is a command line: the program may stand in quotes,
// and arguments may follow. It returns "" if the path is not absolute.
func imageDirectory(image string) string {
	image = strings.TrimSpace(image)
	if quoted, ok := strings.CutPrefix(image, `"`); ok {
		image, _, _ = strings.Cut(quoted, `"`)
	} else if end := strings.Index(strings.ToLower(image), ".exe"); end >= 0 {
		image = image[:end+len(".exe")]
	}
	if !filepath.IsAbs(image) {
		return ""
	}
	return filepath.Dir(image)
}

// explainPlatform explains the error of a function that the library does not export.
func explainPlatform(_ string, err error) error {
	if errors.Is(err, ErrNotInstalled) || errors.Is(err, ErrOutdated) {
		return err
	}
	if !errors.Is(err, windows.ERROR_PROC_NOT_FOUND) {
		return nil
	}
	return fmt.Errorf("%w; install version %s or later (%w)", ErrOutdated, minimum, err)
}

// hint names the other possible cause: without its driver, eBPF for Windows finds no pin either.
func hint(string) string {
	return " Does the driver of eBPF for Windows run (sc query ebpfcore)?"
}
