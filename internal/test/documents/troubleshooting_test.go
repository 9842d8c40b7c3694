// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// logLines gives what docs/troubleshooting.md quotes: the first cells of its tables of log lines, and its blocks of text.
func logLines(t *testing.T) (lines []string) {
	t.Helper()
	const file = "docs/troubleshooting.md"
	for _, table := range regexp.MustCompile(`(?m)^\| log line \| do \|\n\|---\|---\|\n((?:\|.*\n)+)`).FindAllStringSubmatch(read(t, file), -1) {
		for row := range strings.SplitSeq(strings.TrimSpace(table[1]), "\n") {
			m := regexp.MustCompile("^\\| `([^`]+)` \\|").FindStringSubmatch(row)
			require.NotNil(t, m, "a row begins with the log line in backquotes: %s", row)
			lines = append(lines, m[1])
		}
	}
	blocks, err := Blocks(root, file)
	require.NoError(t, err)
	for _, b := range blocks {
		if b.Kind == "text" {
			lines = append(lines, strings.Split(strings.TrimSpace(b.Text), "\n")...)
		}
	}
	return lines
}

// product gives the Go source of the product, with texts that are written in several parts put together.
func product(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		relative := strings.TrimPrefix(filepath.ToSlash(path), root+"/")
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(relative, "dist") || strings.HasPrefix(relative, "internal/test") || strings.HasPrefix(relative, ".git")):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			all.WriteString(read(t, relative))
		}
		return nil
	}))
	return regexp.MustCompile(`"\s*\+\s*"`).ReplaceAllString(all.String(), "")
}

// inCode reports whether a text of the source is the line, where … stands for what a verb of fmt writes.
func inCode(source, line string) bool {
	return regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(line), "…", `%[\[\]\d]*[a-z]`)).MatchString(source)
}

func TestEveryLogLineThatTheDocumentQuotesIsInTheCode(t *testing.T) {
	source := product(t)
	lines := logLines(t)
	require.Greater(t, len(lines), 30)
	for _, line := range lines {
		require.True(t, inCode(source, line), "docs/troubleshooting.md quotes %q, which no code says", line)
	}
}

func TestALogLineThatNoCodeSaysIsFound(t *testing.T) {
	const source = `log.Warn(fmt.Sprintf("%d of %d events are late: %s", a, b, c))`
	require.True(t, inCode(source, "… of … events are late"))
	require.False(t, inCode(source, "… of … events were late"))
	require.False(t, inCode(source, "7 of … events are late"))
}
