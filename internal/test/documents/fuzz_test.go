// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

func TestTheDocumentListsEveryFuzzTarget(t *testing.T) {
	const root = "../../.."
	raw, err := os.ReadFile(root + "/docs/hostile-input.md")
	require.NoError(t, err)
	var want, got []string
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch name := filepath.Base(path); {
		case err != nil:
			return err
		case d.IsDir() && (name == "dist" || name == "out" || name == "node_modules" || name == ".git"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range fuzzTarget.FindAllSubmatch(text, -1) {
			want = append(want, filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), root+"/"))+" "+string(m[1]))
		}
		return err
	}))
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `(Fuzz\\w+)` \\|").FindAllStringSubmatch(string(raw), -1) {
		got = append(got, m[1]+" "+m[2])
	}
	require.ElementsMatch(t, want, got)
	require.Greater(t, len(want), 25)
}
