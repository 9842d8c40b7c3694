// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// repository is the folder of the committed files.
const repository = "../../../testdata"

// generate writes all files to a temporary folder.
func generate(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, run(dir, io.Discard))
	return dir
}

// requireSameFiles fails if the files of two folders differ; other may have more files.
func requireSameFiles(t *testing.T, made, other, advice string) {
	t.Helper()
	list, err := os.ReadDir(made)
	require.NoError(t, err)
	require.NotEmpty(t, list)
	for _, f := range list {
		want, err := os.ReadFile(filepath.Join(made, f.Name()))
		require.NoError(t, err)
		have, err := os.ReadFile(filepath.Join(other, f.Name()))
		require.NoError(t, err, advice)
		// Not require.Equal: it would print a megabyte.
		require.True(t, string(want) == string(have), "%s differs; %s", f.Name(), advice)
	}
}

func TestEveryRunWritesTheSameBytes(t *testing.T) {
	requireSameFiles(t, generate(t), generate(t), "the generator must not depend on the clock, map order or randomness")
}

func TestCommittedFilesAreTheGenerators(t *testing.T) {
	requireSameFiles(t, generate(t), repository, "run: make testdata")
}

func TestFilesAreSmall(t *testing.T) {
	list, err := os.ReadDir(generate(t))
	require.NoError(t, err)
	for _, f := range list {
		info, err := f.Info()
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(1<<20), f.Name())
	}
}
