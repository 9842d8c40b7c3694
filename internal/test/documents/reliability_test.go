// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// faultTests begin the names of the tests that read their figure in docs/reliability.md themselves.
const faultTests = "TestFault"

// testFiles returns the source files of each test in a folder, by the test's name.
func testFiles(t *testing.T, folder string) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			text := read(t, strings.TrimPrefix(path, root))
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(text, -1) {
				files[m[1]] = append(files[m[1]], text)
			}
		}
		return err
	}))
	return files
}

// figures returns the numbers in a text, without separators.
func figures(text string) (numbers []string) {
	for _, number := range regexp.MustCompile(`\d[\d,]*`).FindAllString(text, -1) {
		numbers = append(numbers, strings.ReplaceAll(strings.TrimRight(number, ","), ",", ""))
	}
	return numbers
}

// Each row names a test that exists, and its figure is the test's. Tests of faults read the number lost in their row and fail when more is
// lost. For the others, and for what a figure is out of, the number must stand in the test's file.
func TestEveryRowOfReliabilityNamesATestWithItsFigure(t *testing.T) {
	tests := map[string][]string{}
	for _, folder := range []string{"internal", "receiver", "extension", "exporter"} {
		for name, texts := range testFiles(t, folder) {
			tests[name] = append(tests[name], texts...)
		}
	}
	named := map[string]bool{}
	rows := 0
	for line := range strings.Lines(read(t, "docs/reliability.md")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")
		if !strings.HasPrefix(line, "|") || cells[0] == "fault" || strings.HasPrefix(line, "|---") {
			continue
		}
		rows++
		require.Len(t, cells, 5, line)
		name := strings.Trim(cells[3], "`")
		require.Contains(t, tests, name, line)
		named[name] = true
		numbers := figures(cells[4])
		require.NotEmpty(t, numbers, "a figure: %s", line)
		require.True(t, cells[4][0] >= '0' && cells[4][0] <= '9', "the figure begins with the number that is lost: %s", line)
		code := strings.Join(tests[name], "\n")
		if strings.Contains(code, "kit.RequireConsumeContract(") {
			code += read(t, "internal/test/kit/contract.go")
		}
		code = strings.ReplaceAll(code, "_", "")
		if strings.HasPrefix(name, faultTests) {
			require.Contains(t, code, "atMost(t, ", line)
			numbers = numbers[1:]
		}
		for _, number := range numbers {
			if number != "0" {
				require.True(t, regexp.MustCompile(`\b`+number+`\b`).MatchString(code), "the figure %s is not in the file of %s", number, name)
			}
		}
	}
	require.Greater(t, rows, 30)
	for name := range tests {
		if strings.HasPrefix(name, faultTests) {
			require.True(t, named[name], "docs/reliability.md has no row with %s", name)
		}
	}
}
