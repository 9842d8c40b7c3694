// SPDX-License-Identifier: Apache-2.0

// More files than stay open, and looks that take long.

package replay

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

const many = maxOpen + 16

func manyNames() (names []string) {
	for i := range many {
		names = append(names, fmt.Sprintf("%d.etl", i))
	}
	return names
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
