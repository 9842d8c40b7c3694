// SPDX-License-Identifier: Apache-2.0

package private

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
)

// dacl returns the DACL of a file or a folder in SDDL.
func dacl(t *testing.T, path string) string {
	t.Helper()
	d, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	require.NoError(t, err)
	return d.String()
}

func TestAProtectedFileLetsOnlyTheSystemAndTheAccountOfTheProcessIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence")
	require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	require.NoError(t, Protect(path))
	require.NotContains(t, dacl(t, path), "WD")
	who, err := Readers(path)
	require.NoError(t, err)
	require.Empty(t, who)
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "x", string(raw))
}

func TestACreatedFileIsProtectedFromTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence")
	for range 2 { // created, and opened
		file, err := Open(path)
		require.NoError(t, err)
		require.Contains(t, dacl(t, path), "(A;;FA;;;SY)")
		none(t, path)
		require.NoError(t, file.Close())
	}
}

func TestAFileThatIsOpenedAloneIsProtectedAndOpenedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence")
	file, err := OpenShared(path, windows.FILE_SHARE_READ)
	require.NoError(t, err)
	none(t, path)
	_, err = Open(path)
	require.ErrorIs(t, err, windows.ERROR_SHARING_VIOLATION)
	require.NoError(t, file.Close())
}

func TestAFileThatAllUsersCanReadIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "open")
	require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	everyone, err := windows.CreateWellKnownSid(windows.WinWorldSid)
	require.NoError(t, err)
	acl, err := windows.ACLFromEntries([]windows.EXPLICIT_ACCESS{{
		AccessPermissions: windows.GENERIC_ALL, AccessMode: windows.GRANT_ACCESS,
		Trustee: windows.TRUSTEE{TrusteeForm: windows.TRUSTEE_IS_SID, TrusteeValue: windows.TrusteeValueFromSID(everyone)},
	}}, nil)
	require.NoError(t, err)
	require.NoError(t, windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION, nil, nil, acl, nil))
	who, err := Readers(path)
	require.NoError(t, err)
	require.Len(t, who, 1)
	require.NoError(t, Protect(path))
	who, err = Readers(path)
	require.NoError(t, err)
	require.Empty(t, who)
}

func TestANewFolderIsProtectedWithEntriesToInherit(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	require.NoError(t, MkdirAll(folder, 0o700))
	for _, made := range []string{filepath.Dir(folder), folder} { // Wine has no inheritance, so what is created in the folder shows nothing there
		none(t, made)
		require.Regexp(t, `^D:P?\(A;OICI;FA;;;SY\)`, dacl(t, made))
	}
}
