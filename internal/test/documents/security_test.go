// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each row of a table of attacks names a test that is there, or says that none holds it.
func TestEveryClaimOfTheSecurityDocumentNamesATestThatIsThereOrSaysThatNoneDoes(t *testing.T) {
	text := read(t, "docs/security.md")
	tests := testFunctions(t, "")
	named := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`)
	for _, name := range named.FindAllString(text, -1) {
		require.Contains(t, tests, name)
	}
	rows := 0
	for line := range strings.SplitSeq(text, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) < 3 || strings.HasPrefix(line, "|---") || strings.HasSuffix(line, "| test |") {
			continue
		}
		rows++
		last := cells[len(cells)-1]
		require.True(t, named.MatchString(last) || strings.Contains(last, "not verified"), "no test and no word that there is none: %s", line)
	}
	require.Greater(t, rows, 15)
}
