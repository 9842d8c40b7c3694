// SPDX-License-Identifier: Apache-2.0

// More files than stay open, and looks that take long.

package replay

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

const many = 3 * maxOpen / 2

func manyNames() (names []string) {
	for i := range many {
		names = append(names, fmt.Sprintf("%d.etl", i))
	}
	return names
}

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

// The files that grow stay open, so that what is written just before the end of one is read.
func TestOfManyFilesThoseThatGrowAreReadToTheirEndsWhenTheyAreDeletedAtOnce(t *testing.T) {
	unread, read, problems := followLines(t, "*.etl", func(write func(string, string), move func(string, string), looks func(), _ *Progress) {
		for _, name := range manyNames() {
			write(name, name+"\n")
		}
		looks()
		for _, name := range manyNames()[:maxOpen] {
			write(name, name+"\nmore\n")
		}
		looks()
		for _, name := range manyNames()[:maxOpen] {
			write(name, name+"\nmore\nthe last\n")
			move(name, "")
		}
		looks()
	})
	require.Equal(t, maxOpen, strings.Count(read, "more\n"))
	require.Equal(t, maxOpen, strings.Count(read, "the last\n"))
	require.Empty(t, problems)
	require.Nil(t, unread)
}

func TestAPauseIsLongerThanALookButNotMuchLongerThanASlowOne(t *testing.T) {
	for took, pause := range map[time.Duration]time.Duration{
		0: pollInterval, 10 * time.Millisecond: pollInterval, 100 * time.Millisecond: 2 * time.Second, 2 * time.Second: maxPause, time.Minute: time.Minute,
	} {
		require.Equal(t, pause, pauseAfter(took), took)
	}
}

func TestWhatIsAddedToAFileOnASlowShareIsReadSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "dns.etl")
		f, _ := followerOfLines(path)
		f.Survey = func(src io.ReaderAt, size int64, q span.Query) (span.Extent, error) {
			time.Sleep(5 * time.Second)
			return surveyLines(src, size, q)
		}
		var read time.Time
		f.emit = func(context.Context, []byte, []byte) error { read = time.Now(); return nil }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan *UnreadError)
		require.NoError(t, os.WriteFile(path, []byte("A\n"), 0o600))
		go func() {
			defer f.close()
			done <- f.follow(ctx)
		}()
		time.Sleep(time.Hour)
		require.False(t, read.IsZero())
		written := time.Now()
		require.NoError(t, os.WriteFile(path, []byte("A\nmore\n"), 0o600))
		time.Sleep(time.Hour)
		cancel()
		require.Nil(t, <-done)
		require.True(t, read.After(written))
		require.Less(t, read.Sub(written), 2*maxPause+time.Minute/2)
	})
}
