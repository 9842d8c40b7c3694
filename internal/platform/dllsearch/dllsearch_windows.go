// SPDX-License-Identifier: Apache-2.0

package dllsearch

import "syscall"

// Packages whose dependencies are initialized are initialized in the order of their paths. This one needs only syscall, as everything does that
// loads a DLL, so it comes before all but a few. The process has kernel32.dll from its start.
func init() {
	const searchSystem32 = 0x800 // LOAD_LIBRARY_SEARCH_SYSTEM32 (libloaderapi.h)
	// BOOL SetDefaultDllDirectories(DWORD DirectoryFlags)
	ok, _, err := syscall.NewLazyDLL("kernel32.dll").NewProc("SetDefaultDllDirectories").Call(searchSystem32)
	if ok == 0 {
		panic("SetDefaultDllDirectories: " + err.Error() + "; the program does not run where a DLL beside it would be loaded")
	}
}
