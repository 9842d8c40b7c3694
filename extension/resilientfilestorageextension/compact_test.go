// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// synced learns from bbolt's log that it has synced a file to the disk.
type synced struct {
	bbolt.Logger
	hear func(path string)
}

func (s synced) Debugf(format string, args ...any) {
	if format == "Syncing bbolt db (%s) successfully" {
		s.hear(fmt.Sprint(args...))
	}
}

// The file that a compaction replaces holds the whole queue. With fsync: false, data stored later may be lost, but not
// the queue.
func TestACompactedFileIsOnTheDiskBeforeItTakesThePlaceOfTheOldOne(t *testing.T) {
	f := start(t, t.TempDir())
	c := f.open(t)
	_, want := churn(t, randomness(9), 60, batchOf(c))
	disk := c.store.(*diskStore)
	require.True(t, disk.opts.NoSync)
	before, err := os.Stat(f.file())
	require.NoError(t, err)
	var paths []string
	disk.opts.Logger = synced{&bbolt.DefaultLogger{Logger: log.New(io.Discard, "", 0)}, func(path string) {
		paths = append(paths, path)
		now, err := os.Stat(f.file())
		require.NoError(t, err)
		require.True(t, os.SameFile(before, now), "the old file is still in its place")
		written, err := os.Stat(path)
		require.NoError(t, err)
		require.False(t, os.SameFile(before, written))
	}}
	c.compact(func(*diskStore) (bool, error) { return true, nil })
	require.Len(t, paths, 1)
	after, err := os.Stat(f.file())
	require.NoError(t, err)
	require.False(t, os.SameFile(before, after))
	require.Equal(t, want, content(t, c))
	require.NoError(t, c.Close(context.Background()))
}
