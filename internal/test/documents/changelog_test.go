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

// testdata/0.1.0.txt has the keys of version 0.1.0 with their defaults, up to a semicolon in the README's cell, and the metrics. When a key or a metric
// goes or gets another name, or a default is another one, CHANGELOG.md says so under Changed or Removed; a key is then refused with its new name
// in the message, which its receiver's tests hold.
func TestWhatVersion010HadIsThereOrInTheChangelog(t *testing.T) {
	sections := unreleased(t)
	said := sections["Changed"] + sections["Removed"]
	keys, defaults, metrics := 0, 0, 0
	for line := range strings.SplitSeq(strings.TrimSpace(read(t, "internal/test/documents/testdata/0.1.0.txt")), "\n") {
		receiver, rest, isKey := strings.Cut(line, " ")
		if isKey {
			keys++
			key, was, _ := strings.Cut(rest, " ")
			if strings.Contains(said, "`"+key+"`") {
				continue
			}
			row := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(key) + "` \\|([^|]*)\\|").FindStringSubmatch(read(t, "receiver/"+receiver+"receiver/README.md"))
			require.NotNil(t, row, "%s: the key %s is gone without a word", receiver, key)
			is, _, _ := strings.Cut(strings.ReplaceAll(row[1], "`", ""), ";")
			require.Equal(t, was, strings.TrimSpace(is), "%s: the default of %s is another one without a word", receiver, key)
			defaults++
			continue
		}
		metrics++
		folder := regexp.MustCompile(`^otelcol_receiver_([a-z]+?)_`).FindStringSubmatch(line)[1] + "receiver"
		generated := read(t, "receiver/"+folder+"/documentation.md")
		require.True(t, strings.Contains(generated, "\n### "+line+"\n") || strings.Contains(said, "`"+line+"`"), "the metric %s is gone without a word", line)
	}
	require.Greater(t, keys, 50)
	require.Greater(t, defaults, 50)
	require.Greater(t, metrics, 30)
}
