// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unreleased gives the sections of CHANGELOG.md that no version has yet, by their headings.
func unreleased(t *testing.T) map[string]string {
	t.Helper()
	_, text, ok := strings.Cut(read(t, "CHANGELOG.md"), "\n## [Unreleased]\n")
	require.True(t, ok)
	text, _, _ = strings.Cut(text, "\n## [")
	sections := map[string]string{}
	for _, part := range strings.Split(text, "\n### ")[1:] {
		heading, body, _ := strings.Cut(part, "\n")
		require.NotContains(t, sections, heading, "a heading stands twice")
		sections[heading] = body
	}
	return sections
}

// Keep a Changelog, https://keepachangelog.com/en/1.1.0/.
func TestTheChangelogHasTheUsualForm(t *testing.T) {
	text := read(t, "CHANGELOG.md")
	require.Regexp(t, `(?s)^# Changelog\n.*\n## \[Unreleased\]\n.*\n## \[0\.1\.0\]`, text)
	for _, m := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(text, -1) {
		require.Contains(t, []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}, m[1])
	}
	require.Contains(t, unreleased(t), "Changed")
}

// testdata/0.1.0.txt has the keys and metrics of version 0.1.0. When one goes or gets another name, CHANGELOG.md says so under Changed or
// Removed; a key is then refused with its new name in the message, which its receiver's tests hold.
func TestWhatVersion010HadIsThereOrInTheChangelog(t *testing.T) {
	sections := unreleased(t)
	said := sections["Changed"] + sections["Removed"]
	keys, metrics := 0, 0
	for line := range strings.SplitSeq(strings.TrimSpace(read(t, "internal/test/documents/testdata/0.1.0.txt")), "\n") {
		receiver, key, isKey := strings.Cut(line, " ")
		if isKey {
			keys++
			table := read(t, "receiver/"+receiver+"receiver/README.md")
			require.True(t, strings.Contains(table, "\n| `"+key+"` |") || strings.Contains(said, "`"+key+"`"), "%s: the key %s is gone without a word", receiver, key)
			continue
		}
		metrics++
		folder := regexp.MustCompile(`^otelcol_receiver_([a-z]+?)_`).FindStringSubmatch(line)[1] + "receiver"
		generated := read(t, "receiver/"+folder+"/documentation.md")
		require.True(t, strings.Contains(generated, "\n### "+line+"\n") || strings.Contains(said, "`"+line+"`"), "the metric %s is gone without a word", line)
	}
	require.Greater(t, keys, 50)
	require.Greater(t, metrics, 30)
}
