// SPDX-License-Identifier: Apache-2.0

package private

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

func TestOnLinuxTheModeLetsTheOwnerIn(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, MkdirAll(folder, 0o700))
	require.Equal(t, fs.FileMode(0o700), mode(t, folder))
	file, err := Open(filepath.Join(folder, "file"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Equal(t, fs.FileMode(0o600), mode(t, file.Name()))

	require.NoError(t, os.Chmod(file.Name(), 0o644))
	who, err := Readers(file.Name())
	require.NoError(t, err)
	require.Equal(t, []string{"the group", "all users"}, who)
	opened, err := Open(file.Name())
	require.NoError(t, err)
	require.NoError(t, opened.Close())
	require.Equal(t, fs.FileMode(0o644), mode(t, file.Name()), "the owner's choice")
	require.NoError(t, Protect(file.Name()))
	require.Equal(t, fs.FileMode(0o600), mode(t, file.Name()))
}

func TestALinkToAFileThatIsNotThereIsFollowed(t *testing.T) {
	folder := t.TempDir()
	link, target := filepath.Join(folder, "link"), filepath.Join(folder, "target")
	require.NoError(t, os.Symlink(target, link))
	file, err := Open(link)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Equal(t, fs.FileMode(0o600), mode(t, target))
}
