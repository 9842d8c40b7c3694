// SPDX-License-Identifier: Apache-2.0

package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func architecture(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs/architecture.md"))
	require.NoError(t, err)
	return string(text)
}

func TestTheDocumentsTableOfRoomsEqualsTheTests(t *testing.T) {
	_, section, ok := strings.Cut(architecture(t), "\n## The rooms\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	var documented []room
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z]+) \|[^|]*\|[^|]*\| ?([a-z, ]*)\|$`).FindAllStringSubmatch(section, -1) {
		r := room{name: row[1]}
		if imports := strings.TrimSpace(row[2]); imports != "" {
			r.imports = strings.Split(imports, ", ")
		}
		if r.name != "room" {
			documented = append(documented, r)
		}
	}
	require.Equal(t, rooms, documented)
}

func TestEveryFileThatTheDocumentNamesExists(t *testing.T) {
	names := regexp.MustCompile("`((?:internal|receiver|exporter|extension|cmd|deploy|docs|examples|make)/[^` ]*|builder-config[a-z.]*yaml)`").FindAllStringSubmatch(architecture(t), -1)
	require.Greater(t, len(names), 30)
	for _, name := range names {
		_, err := os.Stat(filepath.Join(root, name[1]))
		require.NoError(t, err)
	}
}
