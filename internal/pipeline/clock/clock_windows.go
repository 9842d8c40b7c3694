// SPDX-License-Identifier: Apache-2.0

package clock

import "golang.org/x/sys/windows"

// Now returns the system's time in nanoseconds since 1970, UTC, with a resolution of 100 ns.
//
//	void GetSystemTimePreciseAsFileTime(LPFILETIME lpSystemTimeAsFileTime)
func Now() int64 {
	var now windows.Filetime
	windows.GetSystemTimePreciseAsFileTime(&now)
	return now.Nanoseconds()
}
