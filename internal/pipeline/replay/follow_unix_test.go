// SPDX-License-Identifier: Apache-2.0

//go:build unix

package replay

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A folder whose path is a link to itself cannot be looked into, as one on a share that is away or one that another user may not list.
func TestFilesOfAFolderThatCannotBeLookedIntoForAWhileAreReadOnWhereTheyWere(t *testing.T) {
	parent := t.TempDir()
	dir, away := filepath.Join(parent, "traces"), filepath.Join(parent, "away")
	require.NoError(t, os.Mkdir(dir, 0o700))
	for _, pattern := range []string{"*.etl", "dns.etl"} {
		unread, read, problems := followLinesIn(t, dir, pattern, func(write func(string, string), _ func(string, string), looks func(), progress *Progress) {
			write("dns.etl", "A\nha")
			looks()
			require.NoError(t, os.Rename(dir, away))
			require.NoError(t, os.Symlink(dir, dir))
			require.NoError(t, os.WriteFile(filepath.Join(away, "dns.etl"), []byte("A\nhalf\nmore\n"), 0o600))
			looks()
			require.EqualValues(t, 1, progress.Unread(), "the folder")
			require.NoError(t, os.Remove(dir))
			require.NoError(t, os.Rename(away, dir))
			looks()
			require.Zero(t, progress.Unread())
			write("dns.etl", "A\nhalf\nmore\nthe last\n")
			looks()
		})
		require.Equal(t, "A\nhalf\nmore\nthe last\n", read, pattern)
		require.Empty(t, problems)
		require.Nil(t, unread)
	}
}

// A pipe, a device or a link to itself has nothing that was to be read.
func TestWhatIsNoFileIsUnreadUntilAFileHasItsPath(t *testing.T) {
	dir := t.TempDir()
	unread, read, _ := followLinesIn(t, dir, "*.etl", func(write func(string, string), move func(string, string), looks func(), progress *Progress) {
		loop, pipe := filepath.Join(dir, "loop.etl"), filepath.Join(dir, "pipe.etl")
		require.NoError(t, os.Symlink(loop, loop))
		require.NoError(t, syscall.Mkfifo(pipe, 0o600))
		write("dns.etl", "A\n")
		write("spare", "D\n") // for certain it has another number
		looks()
		require.EqualValues(t, 2, progress.Unread())
		require.NoError(t, os.Remove(pipe))
		write("other.etl", "B\n") // it may have the number of the pipe
		looks()
		require.EqualValues(t, 2, progress.Unread())
		move("spare", "pipe.etl")
		looks()
		require.EqualValues(t, 1, progress.Unread())
		require.NoError(t, os.Remove(loop))
		write("loop.etl", "C\n")
		looks()
		require.Zero(t, progress.Unread())
	})
	require.Equal(t, "A\nB\nD\nC\n", read)
	require.Nil(t, unread)
}
