// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

var netLocalGroupGetMembers = windows.NewLazySystemDLL("netapi32.dll").NewProc("NetLocalGroupGetMembers")

// tracer reports whether an account is itself a member of Performance Log Users or Administrators of this host. Membership through another group
// does not count.
func tracer(account string) (bool, error) {
	sid, err := lookUp(account)
	if err != nil {
		return false, err
	}
	for _, group := range []windows.WELL_KNOWN_SID_TYPE{windows.WinBuiltinPerfLoggingUsersSid, windows.WinBuiltinAdministratorsSid} {
		of, err := windows.CreateWellKnownSid(group)
		if err != nil {
			return false, fmt.Errorf("CreateWellKnownSid: %w", err)
		}
		if is, err := isMember(of, sid); err != nil || is {
			return is, err
		}
	}
	return false, nil
}

func lookUp(account string) (*windows.SID, error) {
	sid, _, _, err := windows.LookupSID("", strings.TrimPrefix(account, `.\`))
	if err != nil {
		return nil, fmt.Errorf("LookupAccountName: %w", err)
	}
	return sid, nil
}

func sidOf(account string) (string, error) {
	sid, err := lookUp(account)
	if err != nil {
		return "", err
	}
	return sid.String(), nil
}

// isMember looks for an account in a local group. The names of groups differ by the language of Windows, so the group comes as its SID.
func isMember(group, sid *windows.SID) (bool, error) {
	name, _, _, err := group.LookupAccount("")
	if err != nil {
		return false, fmt.Errorf("LookupAccountSid: %w", err)
	}
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return false, err
	}
	if err := netLocalGroupGetMembers.Find(); err != nil {
		return false, err
	}
	const maxPreferredLength = 0xFFFFFFFF
	var first **windows.SID // LOCALGROUP_MEMBERS_INFO_0: an array of pointers
	var read, total uint32
	code, _, _ := netLocalGroupGetMembers.Call(0, uintptr(unsafe.Pointer(wide)), 0, uintptr(unsafe.Pointer(&first)), maxPreferredLength,
		uintptr(unsafe.Pointer(&read)), uintptr(unsafe.Pointer(&total)), 0)
	if first != nil {
		defer func() { _ = windows.NetApiBufferFree((*byte)(unsafe.Pointer(first))) }()
	}
	switch {
	case code != 0:
		return false, fmt.Errorf("NetLocalGroupGetMembers: %w", windows.Errno(code))
	case first == nil && read > 0, read < total:
		return false, errors.New("NetLocalGroupGetMembers: the list is incomplete")
	case first == nil:
		return false, nil
	}
	for _, member := range unsafe.Slice(first, read) {
		if member != nil && member.Equals(sid) {
			return true, nil
		}
	}
	return false, nil
}
