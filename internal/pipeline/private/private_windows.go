// SPDX-License-Identifier: Apache-2.0

package private

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

// accounts returns the accounts that have access: SYSTEM, the Administrators, and the account of this process.
func accounts() (all []*windows.SID, err error) {
	for _, known := range []windows.WELL_KNOWN_SID_TYPE{windows.WinLocalSystemSid, windows.WinBuiltinAdministratorsSid} {
		sid, err := windows.CreateWellKnownSid(known)
		if err != nil {
			return nil, err
		}
		all = append(all, sid)
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, user.User.Sid.Equals) {
		all = append(all, user.User.Sid)
	}
	return all, nil
}

func protect(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	inheritance := ""
	if info.IsDir() {
		inheritance = inherited
	}
	descriptor, err := descriptorOf(inheritance)
	if err == nil {
		err = set(path, descriptor)
	}
	if err != nil {
		return fmt.Errorf("cannot keep other users from %s: %w", path, err)
	}
	return nil
}

// inherited, in SDDL, makes what is created in a folder inherit an entry.
const inherited = "OICI"

// descriptorOf returns the security of a protected file, or with an inheritance in SDDL of a folder.
func descriptorOf(inheritance string) (*windows.SECURITY_DESCRIPTOR, error) {
	sids, err := accounts()
	if err != nil {
		return nil, err
	}
	text := "D:P" // protected: nothing is inherited
	for _, sid := range sids {
		text += fmt.Sprintf("(A;%s;FA;;;%s)", inheritance, sid)
	}
	return windows.SecurityDescriptorFromString(text)
}

// attributes are what CreateFile and CreateDirectory take. The inheritance is that of descriptorOf.
func attributes(inheritance string) (*windows.SecurityAttributes, error) {
	descriptor, err := descriptorOf(inheritance)
	if err != nil {
		return nil, err
	}
	security := &windows.SecurityAttributes{SecurityDescriptor: descriptor}
	security.Length = uint32(unsafe.Sizeof(*security))
	return security, nil
}

// sharing is the sharing of os.OpenFile.
const sharing = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE

func create(path string) (*os.File, error) { return openFile(path, sharing, windows.CREATE_NEW) }

func open(path string) (*os.File, error) { return OpenShared(path, sharing) }

// OpenShared opens a file as Open does, and lets others open it meanwhile as the flags FILE_SHARE_… say.
func OpenShared(path string, sharing uint32) (*os.File, error) {
	return openFile(path, sharing, windows.OPEN_ALWAYS)
}

func openFile(path string, sharing, disposition uint32) (*os.File, error) {
	fail := func(err error) (*os.File, error) { return nil, &os.PathError{Op: "open", Path: path, Err: err} }
	security, err := attributes("")
	if err != nil {
		return fail(err)
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return fail(err)
	}
	file, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, sharing, security, disposition, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return fail(err)
	}
	return os.NewFile(uintptr(file), path), nil
}

func mkdir(path string, _ fs.FileMode) error {
	security, err := attributes(inherited)
	if err == nil {
		var name *uint16
		if name, err = windows.UTF16PtrFromString(path); err == nil {
			err = windows.CreateDirectory(name, security)
		}
	}
	if err != nil {
		return &os.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

// set sets the DACL of a file or a folder.
func set(path string, descriptor *windows.SECURITY_DESCRIPTOR) error {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	file, err := windows.CreateFile(name, windows.READ_CONTROL|windows.WRITE_DAC, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE,
		nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0) // for a folder, too
	if err != nil {
		return err
	}
	defer windows.CloseHandle(file)
	return windows.SetKernelObjectSecurity(file, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, descriptor)
}

// read are the rights of which each lets an account read a file.
const read = windows.FILE_READ_DATA | windows.GENERIC_READ | windows.GENERIC_ALL

// trusted are accounts that stand for the owner or the system: CREATOR OWNER, OWNER RIGHTS, TrustedInstaller.
var trusted = []string{"S-1-3-0", "S-1-3-4", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"}

func readers(path string) (all []string, err error) {
	descriptor, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return nil, fmt.Errorf("cannot read who has access to %s: %w", path, err)
	}
	acl, _, err := descriptor.DACL()
	if err != nil || acl == nil {
		return []string{"all users"}, nil // no DACL gives access to all
	}
	sids, err := accounts()
	if err != nil {
		return nil, err
	}
	if owner, _, err := descriptor.Owner(); err == nil && owner != nil {
		sids = append(sids, owner)
	}
	for i := range uint32(acl.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(acl, i, &ace); err != nil {
			return nil, fmt.Errorf("cannot read who has access to %s: %w", path, err)
		}
		if ace.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE || ace.Mask&read == 0 {
			continue
		}
		sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart))
		if slices.ContainsFunc(sids, sid.Equals) || slices.Contains(trusted, sid.String()) {
			continue
		}
		name := sid.String()
		if account, domain, _, err := sid.LookupAccount(""); err == nil {
			name = domain + `\` + account
		}
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all, nil
}
