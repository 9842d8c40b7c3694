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

// A link to itself is a folder that nobody can list, not even root.
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

func TestAFileFollowsThroughLinksAndIsReadOnce(t *testing.T) {
	dir, links := folder(t, "dns.1.etl", "dns.etl"), t.TempDir()
	link := func(name, to string) string {
		path := filepath.Join(links, name)
		require.NoError(t, os.Symlink(to, path))
		return path
	}
	first, second, other := filepath.Join(dir, "dns.1.etl"), filepath.Join(dir, "dns.etl"), link("folder", dir)
	require.True(t, Follows(first, filepath.Join(other, "dns.etl")))
	require.True(t, Follows(filepath.Join(other, "dns.1.etl"), second))
	require.True(t, Follows(link("a.etl", first), link("b.etl", second)), "as the files are called")
	require.False(t, Follows(link("c.etl", second), link("d.etl", first)))
	c := Config{Path: Paths{first, filepath.Join(links, "*.etl"), second}}
	files, err := c.Check(good)
	require.NoError(t, err)
	require.Equal(t, []string{first, filepath.Join(links, "b.etl")}, files, "each file once")
	require.True(t, Follows(link("x_1.etl", second), link("x_2.etl", first)), "as the links are called")
}

func TestARecordingThatTheReplayWouldReadByALinkIsRefused(t *testing.T) {
	dir := t.TempDir()
	folder, link := filepath.Join(dir, "folder"), filepath.Join(dir, "link")
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.NoError(t, os.Symlink(folder, link))
	requireRecorded(t, filepath.Join(folder, "*.etl"), filepath.Join(link, "out.etl"), true)
	requireRecorded(t, filepath.Join(link, "*.etl"), filepath.Join(folder, "out.etl"), true)
	requireRecorded(t, filepath.Join(link, "out.etl"), filepath.Join(folder, "out.etl"), true)
	requireRecorded(t, filepath.Join(link, "*.etl"), filepath.Join(dir, "out.etl"), false)
}
