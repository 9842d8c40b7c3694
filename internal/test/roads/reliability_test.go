// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// atMost requires that no more records were lost than docs/reliability.md says of the test.
func atMost(t *testing.T, lost int) {
	t.Helper()
	require.LessOrEqual(t, lost, lostAtMost(t), "lost, against docs/reliability.md")
}

// lostAtMost returns the number at the beginning of the last column of the test's row.
func lostAtMost(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "docs/reliability.md"))
	require.NoError(t, err)
	name, _, _ := strings.Cut(t.Name(), "/")
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) < 5 || !strings.Contains(cells[3], "`"+name+"`") {
			continue
		}
		number := regexp.MustCompile(`^[\d,]+`).FindString(cells[4])
		n, err := strconv.Atoi(strings.ReplaceAll(number, ",", ""))
		require.NoError(t, err, "the figure of %s: %s", name, cells[4])
		return n
	}
	t.Fatalf("docs/reliability.md has no row with %s", name)
	return 0
}
