// SPDX-License-Identifier: Apache-2.0

package house

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Git for Windows sets core.autocrlf.
func TestACheckoutOnWindowsHasTheSameBytes(t *testing.T) {
	there := t.TempDir()
	cmd := exec.Command("git", "-c", "core.autocrlf=true", "checkout-index", "--all", "--prefix="+there+string(filepath.Separator))
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	files := 0
	require.NoError(t, filepath.WalkDir(there, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files++
		name, err := filepath.Rel(there, path)
		require.NoError(t, err)
		written, err := os.ReadFile(path)
		require.NoError(t, err)
		if !bytes.Contains(written, []byte{'\r'}) {
			return nil
		}
		stored := exec.Command("git", "cat-file", "blob", ":"+filepath.ToSlash(name))
		stored.Dir = root
		want, err := stored.Output()
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, written), "%s changes at the checkout: it lacks its attribute in .gitattributes", name)
		return nil
	}))
	require.Greater(t, files, 1000)
}
