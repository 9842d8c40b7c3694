// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// namesOfOthers are names in documents that no file of the project has: keys and metrics of other programs, and the name of an event in an example.
var namesOfOthers = regexp.MustCompile(`^(client_secret|task_03008|otelcol_exporter_\w+|(networkobservability|hubble)_\w+|(source|destination)_(namespace|podname|workload_name))$`)

// A name with an underscore is a key, a type or a metric. A document that names one that is not there sends its reader into an error.
func TestEveryKeyAndMetricThatADocumentNamesIsThere(t *testing.T) {
	known := wordsOfTheProject(t)
	files, err := Files(root)
	require.NoError(t, err)
	held := 0
	for _, file := range files {
		if file == "CHANGELOG.md" || file == "docs/upstream.md" { // of what has gone, and of others
			continue
		}
		for _, m := range regexp.MustCompile("`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`").FindAllStringSubmatch(read(t, file), -1) {
			held++
			assert.True(t, known[m[1]] || namesOfOthers.MatchString(m[1]), "%s: `%s`", file, m[1])
		}
	}
	require.Greater(t, held, 500)
}

// wordsOfTheProject gives the words of its code and of its configurations, without tests; of a metric's name also each end, such as rows_dropped.
func wordsOfTheProject(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	word := regexp.MustCompile(`[a-z][a-z0-9_]*_[a-z0-9_]*[a-z0-9]`)
	kinds := []string{".go", ".yaml", ".yml", ".tpl", ".mk", ".json", ".sql", ".ps1", ".bicep"}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains([]string{"dist", "out", ".git", "testdata", "node_modules"}, name) || path == filepath.Join(root, "internal", "test")):
			return filepath.SkipDir
		case entry.IsDir() || strings.HasSuffix(name, "_test.go") || !slices.Contains(kinds, filepath.Ext(name)) && name != "Makefile":
			return nil
		}
		text, err := os.ReadFile(path)
		for _, w := range word.FindAllString(string(text), -1) {
			known[w] = true
			if filepath.Base(path) == "metadata.yaml" {
				for _, rest, ok := strings.Cut(w, "_"); ok; _, rest, ok = strings.Cut(rest, "_") {
					known[rest], known["otelcol_"+w] = true, true
				}
			}
		}
		return err
	}))
	return known
}
