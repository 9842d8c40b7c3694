// SPDX-License-Identifier: Apache-2.0

//go:build unix

package replay

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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

// NTFS gives no number twice.
func TestAFileWithTheNumberOfOneThatIsClosedIsAnotherOne(t *testing.T) {
	closed, open := manyNames()[:many-maxOpen], manyNames()[many-maxOpen:]
	for name, its := range map[string]struct{ text, rest string }{
		"shorter": {"B\n", "rest\n"}, "longer": {"B is much longer\nand goes on\n", "rest\n"}, "empty": {"", "B\nrest\n"}, "begun": {"B", "\nrest\n"},
	} {
		t.Run(name, func(t *testing.T) {
			want := map[string]int{}
			unread, read, problems := followLines(t, "*.etl", func(write func(string, string), move func(string, string), looks func(), _ *Progress) {
				for _, names := range [][]string{closed, open} {
					for _, name := range names {
						write(name, name+"\n")
						want[name+"\n"]++
					}
					looks()
				}
				for i, name := range closed {
					write(name, its.text) // for certain it has the number of the file that the path had
					if i%2 == 0 {
						move(name, "new_"+name)
					}
				}
				looks()
				for i, name := range closed {
					if i%2 == 0 {
						name = "new_" + name
					}
					write(name, its.text+its.rest)
					for line := range strings.Lines(its.text + its.rest) {
						want[line]++
					}
				}
				looks()
			})
			got := map[string]int{}
			for line := range strings.Lines(read) {
				got[line]++
			}
			require.Equal(t, want, got)
			require.Empty(t, problems)
			require.Nil(t, unread)
		})
	}
}

// Files come, grow, are renamed and deleted at random, and new ones may have the numbers of deleted ones.
func TestEachLineOfManyFilesThatComeAndGoIsReadOnce(t *testing.T) {
	random, lines, next := rand.New(rand.NewPCG(17, 64)), 0, many
	line := func() string {
		lines++
		return fmt.Sprintf("line %d\n", lines)
	}
	unread, read, problems := followLines(t, "*.etl", func(write func(string, string), move func(string, string), looks func(), _ *Progress) {
		text := map[string]string{}
		begin := func(name string) {
			text[name] = line()
			for range random.IntN(4) {
				text[name] += line()
			}
			write(name, text[name])
		}
		names := manyNames()
		for _, name := range names {
			begin(name)
		}
		looks()
		for range 40 {
			for _, i := range random.Perm(many)[:many/8] {
				name := names[i]
				switch random.IntN(4) {
				case 0:
					text[name] += line()
					write(name, text[name])
				case 1: // another one with another name
					move(name, "")
					next++
					names[i] = fmt.Sprintf("%d.etl", next)
					begin(names[i])
				case 2: // another one with its name
					move(name, "")
					begin(name)
				case 3:
					text[name] += line()
					write(name, text[name])
					next++
					move(name, fmt.Sprintf("%d.old.etl", next))
					begin(name)
				}
			}
			looks()
		}
	})
	got := map[string]bool{}
	for line := range strings.Lines(read) {
		require.False(t, got[line], "%q came twice", line)
		got[line] = true
	}
	require.Len(t, got, lines)
	require.Empty(t, problems)
	require.Nil(t, unread)
}
