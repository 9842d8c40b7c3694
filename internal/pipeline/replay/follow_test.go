// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFollowerMayStartBeforeItsFilesAndItsFolderAreThere(t *testing.T) {
	dir := folder(t, "empty.etl", "bad.etl")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.etl"), []byte("text"), 0o600))
	check := func(path string) error {
		if raw, err := os.ReadFile(path); err != nil || len(raw) < 10 {
			return errors.Join(errors.New("it has no header"), err)
		}
		return nil
	}
	for _, name := range []string{"dns.etl", "none/dns.etl", "dns*.etl", "none/*.etl", "empty.etl"} {
		c := Config{Path: Paths{filepath.Join(dir, filepath.FromSlash(name))}, Repeat: 1, Follow: true}
		require.NoError(t, c.Validate(), name)
		files, err := c.Check(check)
		require.NoError(t, err, name)
		require.Equal(t, []string(c.Path), files)
		c.Follow = false
		_, err = c.Check(check)
		require.Error(t, err, "%s: a plain replay does not wait", name)
	}
	c := Config{Path: Paths{filepath.Join(dir, "bad.etl")}, Follow: true}
	_, err := c.Check(check)
	require.ErrorContains(t, err, "it has no header", "waiting does not help")
	c = Config{Path: Paths{"a["}, Repeat: 1, Follow: true}
	require.ErrorContains(t, c.Validate(), "path: ")
}
