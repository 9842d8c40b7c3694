// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"errors"
	"strings"
	"unsafe"

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
	handle, err := windows.CreateMutex(lockSecurity(), false, wide)
	switch {
	case err == nil:
		return func() { _ = windows.CloseHandle(handle) }, nil
	case errors.Is(err, windows.ERROR_ALREADY_EXISTS):
		return nil, lockHeld(name, handle)
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		if handle, err = windows.OpenMutex(windows.READ_CONTROL, false, wide); err != nil {
			return nil, &untrustedLock{name: name}
		}
		return nil, lockHeld(name, handle)
	}
	return nil, &untrustedLock{name: name, err: err}
}

// lockHeld returns the error for a name whose mutex exists, and closes the mutex.
func lockHeld(name string, mutex windows.Handle) error {
	defer func() { _ = windows.CloseHandle(mutex) }()
	if owner := mutexOwner(mutex); !trusted(owner) {
		return &untrustedLock{name: name, owner: owner.String()}
	}
	return heldError(name)
}

// lockSecurity makes this process' account the owner of the mutex, and lets every account read that: a collector asks for it before it
// believes that another one holds the lock. It returns nil, which stands for the account's default, if the account is not known.
func lockSecurity() *windows.SecurityAttributes {
	own, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil
	}
	account := own.User.Sid.String()
	descriptor, err := windows.SecurityDescriptorFromString("O:" + account + "D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;" + account + ")(A;;RC;;;WD)")
	if err != nil {
		return nil
	}
	return &windows.SecurityAttributes{Length: uint32(unsafe.Sizeof(windows.SecurityAttributes{})), SecurityDescriptor: descriptor}
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
