// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAMarkIsOfTheBlocksBesideItInItsSection(t *testing.T) {
	const text = "# One\n\nbefore\n\n```sh\na\n```\n\nbetween\n\n```sh\nb\n```\n\nbehind\n\n## Two\n\nNot run here.\n\n## Three\n\n```sh\nc\n```\n"
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.md"), []byte(text), 0o600))
	blocks, err := Blocks(dir, "a.md")
	require.NoError(t, err)
	require.Len(t, blocks, 3)
	for i, want := range []string{"\nbefore\n\n\nbetween\n\n", "\nbetween\n\n\nbehind\n\n", "\n\n"} {
		require.Equal(t, want, blocks[i].Around)
		require.False(t, blocks[i].Marked())
	}
}
