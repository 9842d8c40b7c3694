// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

func TestEveryFileAndFolderOfTheStorageIsClosedToOtherUsers(t *testing.T) {
	top := filepath.Join(t.TempDir(), "made")
	dir, compaction := filepath.Join(top, "storage"), filepath.Join(top, "compaction")
	f := start(t, dir, func(c *Config) {
		c.CreateDirectory, c.DirectoryPermissions = true, "0700"
		c.Compaction.OnRebound, c.Compaction.Directory = true, compaction
	})
	c := f.open(t)
	churn(t, randomness(7), 10, batchOf(c))
	c.compact(func(*diskStore) (bool, error) { return true, nil })
	require.NoError(t, c.Close(context.Background()))
	raw, err := os.ReadFile(f.file())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(f.file(), raw[:len(raw)/2], 0o600))
	requireGoesOn(t, f.open(t))

	var names []string
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, path := range []string{top, dir, compaction} {
		who, err := private.Readers(path)
		require.NoError(t, err)
		require.Empty(t, who, path)
	}
	for _, e := range entries {
		who, err := private.Readers(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		require.Empty(t, who, e.Name())
		name, _, _ := strings.Cut(e.Name(), asideInfix)
		names = append(names, name)
	}
	require.ElementsMatch(t, []string{filepath.Base(f.file()), filepath.Base(f.file()), filepath.Base(f.run.file.Name())}, names,
		"the queue's file, the damaged one that was compacted, and the file of the run")
}

// Whoever owns the files may let others read them.
func TestAFileOfTheStorageThatIsThereKeepsItsAccess(t *testing.T) {
	f := start(t, t.TempDir())
	require.NoError(t, os.WriteFile(f.file(), nil, 0o600))
	openToAll(t, f.file())
	requireGoesOn(t, f.open(t))
	who, err := private.Readers(f.file())
	require.NoError(t, err)
	require.NotEmpty(t, who)
}
