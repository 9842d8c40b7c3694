// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOnAFullDiskTheClientWorksInMemoryAndMovesToAFileWhenThereIsRoom(t *testing.T) {
	for name, room := range map[string]int{"nothing": 0, "a part of a new file": 8 << 10, "a new file that cannot hold what is in memory": 40 << 10} {
		t.Run(name, func(t *testing.T) {
			disk := t.TempDir()
			if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k"); err != nil {
				t.Skip("not run: it needs root, to mount a small disk: ", err)
			}
			defer func() { require.NoError(t, syscall.Unmount(disk, syscall.MNT_DETACH)) }()
			filler := filepath.Join(disk, "filler")
			require.NoError(t, os.WriteFile(filler, make([]byte, 256<<10-room), 0o600))
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				f := start(t, disk)
				c := f.open(t)
				if _, inMemory := c.store.(*memoryStore); !inMemory {
					require.Equal(t, 40<<10, room)
					require.Error(t, c.Set(ctx, "large", make([]byte, 100<<10)), "a full disk is reported")
					require.NoError(t, c.Close(ctx))
					return
				}
				want := model{"large": make([]byte, 100<<10)}
				require.NoError(t, c.Set(ctx, "large", want["large"]))
				require.Equal(t, 1, f.logs.FilterMessageSnippet("kept in memory").Len())
				require.NoFileExists(t, f.file(), "no incomplete file is left behind")
				time.Sleep(fileRetry)
				require.Equal(t, want, content(t, c), "the disk is still full")
				require.Positive(t, f.memorySize())

				require.NoError(t, os.Remove(filler))
				time.Sleep(fileRetry)
				require.Equal(t, want, content(t, c))
				require.Zero(t, f.memorySize())
				require.NoError(t, c.Close(ctx))
				require.Equal(t, want, content(t, f.open(t)))
				require.Empty(t, f.aside(t))
			})
		})
	}
}

func TestALinkThatLeadsNowhereIsNamed(t *testing.T) {
	dir := t.TempDir()
	link, nowhere := filepath.Join(dir, "link"), filepath.Join(dir, "nowhere")
	require.NoError(t, os.Symlink(nowhere, link))
	f := start(t, filepath.Join(link, "storage"), func(cfg *Config) { cfg.CreateDirectory = true })
	f.open(t)
	require.Contains(t, fmt.Sprint(f.logs.FilterMessageSnippet("kept in memory").All()), link+" is a link to "+nowhere+", which does not exist")
}
