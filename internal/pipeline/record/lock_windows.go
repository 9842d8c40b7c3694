// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock takes a file for as long as it is open, and reports whether it was free.
//
//	BOOL LockFileEx(HANDLE hFile, DWORD dwFlags, DWORD dwReserved, DWORD nNumberOfBytesToLockLow, DWORD nNumberOfBytesToLockHigh,
//	                LPOVERLAPPED lpOverlapped);
func lock(f *os.File) (free bool, err error) {
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}
