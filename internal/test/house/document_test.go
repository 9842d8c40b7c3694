// SPDX-License-Identifier: Apache-2.0

package house

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// The drawing names rooms, and what is in them: a folder, a file, or one of two things that several files do.
func TestTheDrawingOfTheWayNamesRoomsAndWhatIsInThem(t *testing.T) {
	_, drawing, ok := strings.Cut(architecture(t), "\n## The way of an event\n\n```text\n")
	require.True(t, ok)
	drawing, _, _ = strings.Cut(drawing, "```")
	alone := regexp.MustCompile(`─ (etw|cilium|asim) ─`).FindAllString(drawing, -1)
	require.Len(t, alone, 3)
	with := regexp.MustCompile(`(\w+): ([a-z]+(?:, [a-z]+)+)`).FindAllStringSubmatch(drawing, -1)
	require.Len(t, with, 4)
	for _, m := range with {
		for part := range strings.SplitSeq(m[2], ", ") {
			if part == "worker" || part == "decode" {
				continue
			}
			found, err := filepath.Glob(filepath.Join(root, "internal", m[1], part+"*"))
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(found, func(path string) bool {
				name := filepath.Base(path)
				return name == part || name == part+".go"
			}), "internal/%s has no %s", m[1], part)
		}
	}
}
