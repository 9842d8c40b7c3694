// SPDX-License-Identifier: Apache-2.0

package etw

import (
	"sync"

	"golang.org/x/sys/windows"
)

// LoadTDH loads tdh.dll from the system's directory. golang-etw loads it by its name alone, which Windows would look for beside the
// program first: it is no known DLL. A module that the process has loaded already is used without a search.
// A collector of this project makes Windows search there alone, by internal/platform/dllsearch; one of a user that has the receiver may not. LoadTDH must
// return before the first call of golang-etw's Tdh functions. An error is a windows.Errno, wrapped.
var LoadTDH = sync.OnceValue(func() error { return windows.NewLazySystemDLL("tdh.dll").Load() })
