// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// lockName wraps
//
//	HANDLE CreateMutexW(LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner, LPCWSTR lpName);
//
// The existence of the mutex is the lock. Nobody owns it, because an owner is a thread. Windows removes it with its last handle, also
// when the process dies. A mutex of another account exists but cannot be opened.
func (windowsAPI) lockName(name string) (unlock func(), err error) {
	wide, err := windows.UTF16PtrFromString(lockPrefix + name)
	if err != nil {
		return nil, err
	}
	handle, err := windows.CreateMutex(nil, false, wide)
	switch {
	case err == nil:
		return func() { _ = windows.CloseHandle(handle) }, nil
	case errors.Is(err, windows.ERROR_ALREADY_EXISTS):
		_ = windows.CloseHandle(handle)
		return nil, heldError(name)
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return nil, heldError(name)
	}
	return nil, fmt.Errorf("ETW session %q: cannot create the mutex %s%s: %w", name, lockPrefix, name, err)
}
