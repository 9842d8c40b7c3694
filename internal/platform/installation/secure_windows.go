// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// serviceName is the service's name, and that of its virtual account behind `NT SERVICE\`.
const serviceName = "otelcol-winnet"

// secure implements host. A user can make folders in %ProgramData%, so a folder of this name, or what is in it, may be a user's: a config.yaml
// that would run as SYSTEM, or a link to another folder. The folder is closed first, then judged: nobody can put anything into it in between.
func (system) secure(folder, account string) (map[string]string, error) {
	c, err := newClosing(account)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return nil, err
	}
	if err := c.make(folder); err != nil {
		return nil, err
	}
	if err := c.close(folder); err != nil {
		return nil, err
	}
	for _, name := range subfolders {
		if err := c.make(filepath.Join(folder, name)); err != nil {
			return nil, err
		}
	}
	return c.before, nil
}

// restoreAccess implements host. What is no longer there is left out.
func (system) restoreAccess(before map[string]string) error {
	var all error
	for path, text := range before {
		descriptor, err := windows.SecurityDescriptorFromString(text)
		if err != nil {
			return fmt.Errorf("the access of %s, %q: %w", path, text, err)
		}
		control, _, err := descriptor.Control()
		if err != nil {
			return err
		}
		flags := windows.SECURITY_INFORMATION(windows.DACL_SECURITY_INFORMATION | windows.UNPROTECTED_DACL_SECURITY_INFORMATION)
		if control&windows.SE_DACL_PROTECTED != 0 {
			flags = windows.DACL_SECURITY_INFORMATION | windows.PROTECTED_DACL_SECURITY_INFORMATION
		}
		o, err := openObject(path, windows.WRITE_DAC)
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			all = errors.Join(all, err)
			continue
		}
		if err := windows.SetKernelObjectSecurity(o.handle, flags, descriptor); err != nil {
			all = errors.Join(all, fmt.Errorf("the access of %s: %w", path, err))
		}
		windows.CloseHandle(o.handle)
	}
	return all
}

// owned implements host. The installer's account, LocalSystem, is another one on a share, so a file there is refused.
func (system) owned(path, user string) error {
	volume := filepath.VolumeName(path)
	if root, err := windows.UTF16PtrFromString(volume + `\`); err != nil || strings.HasPrefix(volume, `\\`) || windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		return errors.New("it is on another host; want a file of this one")
	}
	o, err := openObject(path, 0)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(o.handle)
	var others []*windows.SID
	if user != "" {
		sid, err := windows.StringToSid(user)
		if err != nil {
			return fmt.Errorf("--user %q: %w", user, err)
		}
		others = append(others, sid)
	}
	return o.judge(others)
}

// closing closes a folder and all that is in it to users.
type closing struct {
	service *windows.SID      // the service's account; nil for LocalSystem
	trusted []*windows.SID    // who may own something in the folder, besides administrators
	before  map[string]string // the DACLs that were there, in SDDL, by path
}

// newClosing resolves the account of a service; "" is that of the service that is there now.
func newClosing(account string) (*closing, error) {
	if account == "" {
		var err error
		if account, err = accountOfService(); err != nil {
			return nil, err
		}
	}
	service, err := sidOf(account)
	if err != nil {
		return nil, err
	}
	virtual, err := sidOf(`NT SERVICE\` + serviceName) // only the service manager makes tokens of it
	if err != nil {
		return nil, err
	}
	c := &closing{service: service, trusted: []*windows.SID{virtual}, before: map[string]string{}}
	if service != nil {
		c.trusted = append(c.trusted, service)
	}
	return c, nil
}

// descriptor returns the security of a folder or a file: SYSTEM and Administrators have full access, and the service's account may change it.
func (c *closing) descriptor(folder bool) (*windows.SECURITY_DESCRIPTOR, error) {
	inheritance := ""
	if folder {
		inheritance = "OICI"
	}
	text := fmt.Sprintf("D:P(A;%[1]s;FA;;;SY)(A;%[1]s;FA;;;BA)", inheritance)
	if c.service != nil {
		text += fmt.Sprintf("(A;%s;0x1301bf;;;%s)", inheritance, c.service)
	}
	return windows.SecurityDescriptorFromString(text)
}

// make makes a folder that is closed from the start. One that is there stays.
func (c *closing) make(folder string) error {
	descriptor, err := c.descriptor(true)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return err
	}
	security := &windows.SecurityAttributes{SecurityDescriptor: descriptor}
	security.Length = uint32(unsafe.Sizeof(*security))
	if err := windows.CreateDirectory(name, security); err != nil && !errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return &os.PathError{Op: "mkdir", Path: folder, Err: err}
	}
	return nil
}

// close closes a folder or a file, and what is in the folder.
func (c *closing) close(path string) error {
	o, err := openObject(path, windows.WRITE_DAC)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(o.handle)
	if err := o.judge(c.trusted); err != nil {
		return err
	}
	descriptor, err := c.descriptor(o.folder())
	if err != nil {
		return err
	}
	if err := windows.SetKernelObjectSecurity(o.handle, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, descriptor); err != nil {
		return fmt.Errorf("cannot keep other users from %s: %w", path, err)
	}
	c.before[path] = o.access
	if !o.folder() {
		return nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := c.close(filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// object is an open file or folder.
type object struct {
	handle     windows.Handle
	path       string
	attributes uint32
	links      uint32
	owner      *windows.SID
	access     string // its DACL, in SDDL
}

// openObject opens a file or a folder itself, and not what a link leads to, with further rights: WRITE_DAC to change its access.
func openObject(path string, further uint32) (o object, err error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return o, err
	}
	const rights, share = windows.READ_CONTROL | windows.FILE_READ_ATTRIBUTES, windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	o.path = path
	o.handle, err = windows.CreateFile(name, rights|further, share, nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return o, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() {
		if err != nil {
			windows.CloseHandle(o.handle)
		}
	}()
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(o.handle, &info); err != nil {
		return o, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	o.attributes, o.links = info.FileAttributes, info.NumberOfLinks
	descriptor, err := windows.GetSecurityInfo(o.handle, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return o, fmt.Errorf("the security of %s: %w", path, err)
	}
	if o.owner, _, err = descriptor.Owner(); err != nil {
		return o, fmt.Errorf("the owner of %s: %w", path, err)
	}
	text := descriptor.String()
	if i := strings.Index(text, "D:"); i >= 0 {
		text = text[i:]
	}
	o.access = text
	return o, nil
}

func (o object) folder() bool { return o.attributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0 }

// judge returns an error if a file or a folder is a link, or belongs to anyone but SYSTEM, Administrators, who runs this, and the others.
func (o object) judge(others []*windows.SID) error {
	if o.attributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 {
		return fmt.Errorf("%s leads to another file or folder; remove it", o.path)
	}
	if !o.folder() && o.links > 1 {
		return fmt.Errorf("%s is a file with another name elsewhere, a hard link; remove it", o.path)
	}
	for _, known := range []windows.WELL_KNOWN_SID_TYPE{windows.WinLocalSystemSid, windows.WinBuiltinAdministratorsSid} {
		if o.owner.IsWellKnown(known) {
			return nil
		}
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return err
	}
	for _, sid := range append(others, user.User.Sid) {
		if o.owner.Equals(sid) {
			return nil
		}
	}
	name := o.owner.String()
	if account, domain, _, err := o.owner.LookupAccount(""); err == nil {
		name = domain + `\` + account
	}
	return fmt.Errorf("%s belongs to %s, and not to SYSTEM, Administrators or who installs, and the service trusts what is in it; look at it, then remove it or make Administrators its owner", o.path, name)
}

// accountOfService returns the account of the service that is there now; "" if there is none.
func accountOfService() (string, error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\`+serviceName, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("the service's registry key: %w", err)
	}
	defer k.Close()
	account, _, err := k.GetStringValue("ObjectName")
	if errors.Is(err, registry.ErrNotExist) {
		return "", nil
	}
	return account, err
}

// sidOf returns the SID of a service's account; nil for LocalSystem, which needs no mention. That of a virtual account is made from its name, as
// Windows makes it: during an upgrade there is no service, so Windows does not know the account.
func sidOf(account string) (*windows.SID, error) {
	if account == "" || strings.EqualFold(account, "LocalSystem") {
		return nil, nil
	}
	const virtual = `NT SERVICE\`
	if len(account) > len(virtual) && strings.EqualFold(account[:len(virtual)], virtual) {
		var name []byte
		for _, unit := range utf16.Encode([]rune(strings.ToUpper(account[len(virtual):]))) {
			name = binary.LittleEndian.AppendUint16(name, unit)
		}
		text, hash := "S-1-5-80", sha1.Sum(name)
		for i := 0; i < len(hash); i += 4 {
			text += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(hash[i:]))
		}
		return windows.StringToSid(text)
	}
	if name, ok := strings.CutPrefix(account, `.\`); ok {
		computer, err := windows.ComputerName()
		if err != nil {
			return nil, err
		}
		account = computer + `\` + name
	}
	sid, _, _, err := windows.LookupSID("", account)
	if err != nil {
		return nil, fmt.Errorf("the service's account %q: %w", account, err)
	}
	return sid, nil
}
