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
	t.Log(dacl(t, path))
	who, err := Readers(path)
	require.NoError(t, err)
	require.Empty(t, who)
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "x", string(raw))
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
	t.Log(dacl(t, path))
	who, err := Readers(path)
	require.NoError(t, err)
	require.Len(t, who, 1)
	require.NoError(t, Protect(path))
	who, err = Readers(path)
	require.NoError(t, err)
	require.Empty(t, who)
}

func TestANewFolderIsProtectedAndWhatIsCreatedInIt(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	require.NoError(t, MkdirAll(folder))
	t.Log(dacl(t, folder))
	path := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	t.Log(dacl(t, path))
	for _, one := range []string{folder, path} {
		who, err := Readers(one)
		require.NoError(t, err)
		require.Empty(t, who)
	}
	require.NoError(t, MkdirAll(folder))
}
