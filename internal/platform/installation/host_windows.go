// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// newHost returns this Windows.
func newHost() host { return system{} }

type system struct{}

// secure implements host. A user can make folders in %ProgramData%, so a folder of this name may be a user's, and have a config.yaml that
// would run as SYSTEM.
func (system) secure(folder string, trusted ...string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if info, err := os.Lstat(folder); err != nil {
		return err
	} else if !info.IsDir() || info.Mode()&os.ModeSymlink != 0 {
		return fmt.Errorf("%s is no folder, or leads to another one; remove it", folder)
	}
	if err := ownedByAdministrators(folder); err != nil {
		return err
	}
	if err := private.Protect(folder); err != nil {
		return err
	}
	for _, path := range trusted {
		if err := ownedByAdministrators(path); err != nil && !errors.Is(err, windows.ERROR_FILE_NOT_FOUND) {
			return err
		}
	}
	return nil
}

// ownedByAdministrators returns an error if a file belongs to anyone but SYSTEM, Administrators, the Windows installer and who runs this.
func ownedByAdministrators(path string) error {
	descriptor, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("GetNamedSecurityInfo of %s: %w", path, err)
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return fmt.Errorf("the owner of %s: %w", path, err)
	}
	for _, known := range []windows.WELL_KNOWN_SID_TYPE{windows.WinLocalSystemSid, windows.WinBuiltinAdministratorsSid} {
		if owner.IsWellKnown(known) {
			return nil
		}
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return err
	}
	if owner.Equals(user.User.Sid) {
		return nil
	}
	name := owner.String()
	if account, domain, _, err := owner.LookupAccount(""); err == nil {
		name = domain + `\` + account
	}
	return fmt.Errorf("%s belongs to %s, who is no administrator, and the service would run with it as SYSTEM; look at it, then remove it or make Administrators its owner", path, name)
}
