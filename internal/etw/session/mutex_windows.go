// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/windows"
)

// lockName wraps
//
//	HANDLE CreateMutexW(LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner, LPCWSTR lpName);
//
// The existence of the mutex is the lock. Nobody owns it, because an owner is a thread. Windows removes it with its last handle, also
// when the process dies. A mutex of another account exists, and may not be open to this one.
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
		defer func() { _ = windows.CloseHandle(handle) }()
		if owner := mutexOwner(handle); !trusted(owner) {
			return nil, &untrustedLock{name: name, owner: owner.String()}
		}
		return nil, heldError(name)
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return nil, &untrustedLock{name: name}
	}
	return nil, fmt.Errorf("ETW session %q: cannot create the mutex %s%s: %w", name, lockPrefix, name, err)
}

// mutexOwner returns the account that owns a mutex, nil if Windows does not show it.
func mutexOwner(handle windows.Handle) *windows.SID {
	descriptor, err := windows.GetSecurityInfo(handle, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return nil
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return nil
	}
	return owner
}

// trusted reports whether an account may run a collector: this process' own, the system's, the administrators', and those of services.
func trusted(account *windows.SID) bool {
	if account == nil {
		return false
	}
	for _, known := range []windows.WELL_KNOWN_SID_TYPE{
		windows.WinLocalSystemSid, windows.WinBuiltinAdministratorsSid, windows.WinLocalServiceSid, windows.WinNetworkServiceSid,
	} {
		if account.IsWellKnown(known) {
			return true
		}
	}
	const services = "S-1-5-80-" // SECURITY_SERVICE_ID_BASE_RID
	if strings.HasPrefix(account.String(), services) {
		return true
	}
	own, err := windows.GetCurrentProcessToken().GetTokenUser()
	return err == nil && own.User.Sid.Equals(account)
}
