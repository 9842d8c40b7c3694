// SPDX-License-Identifier: Apache-2.0

package private

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// none requires that nobody else has access to a file or a folder.
func none(t *testing.T, path string) {
	t.Helper()
	who, err := Readers(path)
	require.NoError(t, err)
	require.Empty(t, who)
}

func TestWhatIsCreatedIsClosedToOthers(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	require.NoError(t, MkdirAll(folder, 0o700))
	none(t, filepath.Dir(folder))
	none(t, folder)
	for _, make := range []func() (*os.File, error){
		func() (*os.File, error) { return Create(filepath.Join(folder, "created")) },
		func() (*os.File, error) { return Open(filepath.Join(folder, "opened")) },
		func() (*os.File, error) { return CreateTemp(folder, "temporary-") },
		func() (*os.File, error) { return CreateTemp(folder, "temporary-") },
	} {
		file, err := make()
		require.NoError(t, err)
		none(t, file.Name())
		_, err = file.WriteString("x")
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	temporary, err := filepath.Glob(filepath.Join(folder, "temporary-*"))
	require.NoError(t, err)
	require.Len(t, temporary, 2)
}

func TestWhatIsThereIsOpenedAndNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence")
	require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	_, err := Create(path)
	require.ErrorIs(t, err, os.ErrExist)
	file, err := Open(path)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "x", string(raw))
	require.NoError(t, MkdirAll(filepath.Dir(path), 0o700))
	require.Error(t, MkdirAll(path, 0o700))
	require.Error(t, MkdirAll(filepath.Join(path, "below"), 0o700))
	_, err = Open(filepath.Join(path, "below"))
	require.Error(t, err)
	_, err = CreateTemp(path, "temporary-")
	require.Error(t, err)
}
