// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/documents"
)

const root = "../../.."

// The README leaves the numbers out, which are each machine's own. Its lines are those that the report makes of what tests say.
func TestTheReadmeShowsWhatMakeTestPrints(t *testing.T) {
	blocks, err := documents.Blocks(root, "README.md")
	require.NoError(t, err)
	var shown []string
	for _, b := range blocks {
		if b.Kind == "text" && strings.HasPrefix(b.Text, "Not run here:\n") {
			shown = strings.Split(strings.TrimSpace(b.Text), "\n")[1:]
		}
	}
	require.Len(t, shown, 2)
	said := skips(t)
	for _, line := range shown {
		m := regexp.MustCompile(`^  … tests need make (test-[a-z0-9]+): (.+)$`).FindStringSubmatch(line)
		require.NotNil(t, m, line)
		require.Contains(t, said, m[2]+"; make "+m[1], "no test says so")
		skip := "=== RUN   TestA\n    a_test.go:1: not run: " + m[2] + "; make " + m[1] + " sets it up\n--- SKIP: TestA (0.00s)\n"
		log := skip + skip + "ok  \ta\t0.1s\n"
		var out strings.Builder
		require.NoError(t, reportTests(strings.NewReader(log), &out))
		require.Equal(t, "\nNot run here:\n"+strings.Replace(line, "…", "2", 1)+"\n", out.String())
	}
}

// skips gives the source of the tests.
func skips(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(root+"/internal/test", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".go" {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			all.Write(text)
		}
		return err
	}))
	return all.String()
}
