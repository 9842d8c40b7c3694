// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// everyone gives all users full access.
func everyone(t *testing.T, path string) {
	t.Helper()
	d, err := windows.SecurityDescriptorFromString("D:(A;OICI;FA;;;WD)")
	require.NoError(t, err)
	dacl, _, err := d.DACL()
	require.NoError(t, err)
	require.NoError(t, windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION, nil, nil, dacl, nil))
	readers, err := private.Readers(path)
	require.NoError(t, err)
	require.NotEmpty(t, readers)
}

func TestAllOfTheDataFolderIsClosedToUsersAndARollbackOpensItAgain(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	paths := []string{folder}
	for _, name := range []string{"storage", "logs", "records"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, name), 0o777))
		paths = append(paths, filepath.Join(folder, name))
	}
	for _, name := range []string{"config.yaml", "environment", filepath.Join("records", "winnet.jsonl")} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("x\n"), 0o666))
		paths = append(paths, filepath.Join(folder, name))
	}
	for _, path := range paths {
		everyone(t, path)
	}
	access, err := system{}.secure(folder, "")
	require.NoError(t, err)
	for _, path := range paths {
		readers, err := private.Readers(path)
		require.NoError(t, err)
		require.Empty(t, readers, path)
	}
	require.NoError(t, os.Remove(paths[len(paths)-1]))
	require.NoError(t, system{}.restoreAccess(access))
	for _, path := range paths[:len(paths)-1] {
		readers, err := private.Readers(path)
		require.NoError(t, err)
		require.NotEmpty(t, readers, path)
	}
}

func TestTheFoldersThatAreMadeAreClosedFromTheStart(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "above", "data")
	access, err := system{}.secure(folder, "")
	require.NoError(t, err)
	require.Len(t, access, 1)
	for _, path := range []string{folder, filepath.Join(folder, "storage"), filepath.Join(folder, "logs"), filepath.Join(folder, "records")} {
		readers, err := private.Readers(path)
		require.NoError(t, err)
		require.Empty(t, readers, path)
	}
}

// TestTheServicesAccountKeepsItsAccess: an upgrade must not lock out an account with fewer rights.
func TestTheServicesAccountKeepsItsAccess(t *testing.T) {
	sid, err := sidOf(`nt service\OTELCOL-WINNET`)
	require.NoError(t, err)
	check := func(account string) {
		t.Helper()
		c, err := newClosing(account)
		require.NoError(t, err)
		for folder, inheritance := range map[bool]string{true: "OICI", false: ""} {
			d, err := c.descriptor(folder)
			require.NoError(t, err)
			require.Contains(t, d.String(), "(A;"+inheritance+";0x1301bf;;;"+sid.String()+")")
		}
		require.NoError(t, object{owner: sid, links: 1}.judge(c.trusted), "what the service made is its own")
	}
	check(`NT SERVICE\otelcol-winnet`)
	_, err = system{}.secure(t.TempDir(), `nobody\knows`)
	require.ErrorContains(t, err, "nobody")

	// The account of a service that is there.
	const key = `SYSTEM\CurrentControlSet\Services\otelcol-winnet`
	k, existed, err := registry.CreateKey(registry.LOCAL_MACHINE, key, registry.SET_VALUE)
	require.NoError(t, err)
	require.False(t, existed, "the service is installed here")
	t.Cleanup(func() { require.NoError(t, registry.DeleteKey(registry.LOCAL_MACHINE, key)) })
	defer k.Close()
	account, err := accountOfService()
	require.NoError(t, err)
	require.Empty(t, account)
	require.NoError(t, k.SetStringValue("ObjectName", `NT SERVICE\otelcol-winnet`))
	check("")
}

// TestTheSIDOfAVirtualAccountIsMadeFromItsName: that of TrustedInstaller is known everywhere.
func TestTheSIDOfAVirtualAccountIsMadeFromItsName(t *testing.T) {
	sid, err := sidOf(`NT SERVICE\TrustedInstaller`)
	require.NoError(t, err)
	require.Equal(t, "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", sid.String())
	for _, account := range []string{"", "LocalSystem"} {
		sid, err = sidOf(account)
		require.NoError(t, err)
		require.Nil(t, sid)
	}
}

func TestWhatIsAUsersOrALinkIsRefused(t *testing.T) {
	sid := func(text string) *windows.SID {
		sid, err := windows.StringToSid(text)
		require.NoError(t, err)
		return sid
	}
	user := sid("S-1-5-21-1-2-3-1001")
	own, err := windows.GetCurrentProcessToken().GetTokenUser()
	require.NoError(t, err)
	for _, owner := range []*windows.SID{sid("S-1-5-18"), sid("S-1-5-32-544"), own.User.Sid} {
		require.NoError(t, object{owner: owner, links: 1}.judge(nil))
	}
	require.ErrorContains(t, object{path: `C:\x\storage`, owner: user, links: 1}.judge(nil), `C:\x\storage belongs to S-1-5-21-1-2-3-1001, and not to SYSTEM, Administrators or who installs`)
	require.NoError(t, object{owner: user, links: 1}.judge([]*windows.SID{user}))
	require.ErrorContains(t, object{owner: sid("S-1-5-18"), links: 1, attributes: windows.FILE_ATTRIBUTE_REPARSE_POINT}.judge(nil), "leads to another")
	require.ErrorContains(t, object{owner: sid("S-1-5-18"), links: 2}.judge(nil), "hard link")

	folder := t.TempDir()
	file := filepath.Join(folder, "storage")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Link(file, filepath.Join(folder, "another")))
	_, err = system{}.secure(folder, "")
	require.ErrorContains(t, err, "hard link")
	require.ErrorContains(t, system{}.owned(file, "S-1-5-21-1-2-3-1001"), "hard link")
	require.Error(t, system{}.owned(filepath.Join(folder, "none"), ""))
	require.EqualError(t, system{}.owned(`\\server\share\secret.txt`, ""), "it is on another host; want a file of this one")
}

func TestAutoLoggerKeysAreWrittenAndRemoved(t *testing.T) {
	h := system{}
	t.Cleanup(func() { require.NoError(t, h.writeAutoLoggers(nil)) })
	require.NoError(t, h.writeAutoLoggers(sources[:]))
	for _, p := range AutoLoggers() {
		session, err := registry.OpenKey(registry.LOCAL_MACHINE, autoLoggerKey+p.Session, registry.QUERY_VALUE)
		require.NoError(t, err)
		defer session.Close()
		for _, v := range sessionValues {
			got, kind, err := session.GetIntegerValue(v.name)
			require.NoError(t, err)
			require.Equal(t, uint32(registry.DWORD), kind, v.name)
			require.EqualValues(t, v.value, got, v.name)
		}
		provider, err := registry.OpenKey(registry.LOCAL_MACHINE, autoLoggerKey+p.Session+`\`+p.Provider, registry.QUERY_VALUE)
		require.NoError(t, err)
		defer provider.Close()
		got, kind, err := provider.GetIntegerValue("MatchAnyKeyword")
		require.NoError(t, err)
		require.Equal(t, []any{uint32(registry.QWORD), p.Keywords}, []any{kind, got})
		for name, want := range map[string]uint64{"Enabled": 1, "EnableLevel": uint64(p.Level), "EnableProperty": 1} {
			got, kind, err := provider.GetIntegerValue(name)
			require.NoError(t, err, name)
			require.Equal(t, []any{uint32(registry.DWORD), want}, []any{kind, got}, name)
		}
	}
	on, err := h.savedAutoLoggers()
	require.NoError(t, err)
	require.Len(t, on, 2)
	require.NoError(t, h.writeAutoLoggers([]source{sources[1]}))
	on, err = h.savedAutoLoggers()
	require.NoError(t, err)
	require.Len(t, on, 1)
	require.Equal(t, "dns-client", on[0].name)
}
