// SPDX-License-Identifier: Apache-2.0

//go:build unix

package replay

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A link to itself is a folder that nobody may list, root included.
func TestAFolderThatAPatternCannotLookIntoIsNamed(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name, "x.etl"), nil, 0o600))
	}
	closed := filepath.Join(dir, "closed")
	require.NoError(t, os.Symlink(closed, closed))
	require.NoError(t, os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "dangling")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "no-folder"), nil, 0o600))

	for _, pattern := range []string{"*/*.etl", "*/x.etl"} {
		c := Config{Path: Paths{filepath.Join(dir, pattern)}, Repeat: 1}
		files, err := c.Check(good)
		require.NoError(t, err)
		require.Equal(t, []string{filepath.Join(dir, "a/x.etl"), filepath.Join(dir, "b/x.etl"), closed}, files, pattern)
		got, emit := collect()
		unread := runOf(context.Background(), c, files, play, emit)
		require.Len(t, *got, 4, "the files that can be read")
		require.Len(t, unread.Files, 1)
		require.Equal(t, closed, unread.Files[0].Path)
		require.ErrorIs(t, unread.Files[0].Err, syscall.ELOOP)
	}
	for _, pattern := range []string{"closed/*.etl", "clo*/*.etl"} {
		_, err := (&Config{Path: Paths{filepath.Join(dir, pattern)}}).Check(good)
		require.ErrorIs(t, err, syscall.ELOOP, "no file is not what is wrong")
		require.NotErrorIs(t, err, ErrNoFile)
	}
	_, err := (&Config{Path: Paths{filepath.Join(dir, "gone/*.etl")}}).Check(good)
	require.ErrorIs(t, err, ErrNoFile)
}
