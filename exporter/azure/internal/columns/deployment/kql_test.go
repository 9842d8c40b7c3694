// SPDX-License-Identifier: Apache-2.0

package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, folder, name, text string) string {
	file := filepath.Join(folder, name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// One run checks all queries: the language service takes seconds to start.
func TestAFaultInAQueryIsFoundWithItsPlace(t *testing.T) {
	cases := []struct{ file, text, want string }{
		{"column.kql", "ASimDnsActivityLogs\n| where DnsQuerry == 'a'", `2:9: .*DnsQuerry`},
		{"column-of-another-table.kql", "ASimNetworkSessionLogs | where DnsQuery == 'a'", `1:32: .*DnsQuery`},
		{"table.kql", "WinnetStatus | count", `1:1: .*WinnetStatus`},
		{"fuzzy-union.kql", "union isfuzzy=true ASimDnsActivityLogs, ASimDnsActivityLog", `1:41: .*ASimDnsActivityLog`},
		{"operator.kql", "ASimDnsActivityLogs | sumarize count()", `1:23: `},
		{"function.kql", "ASimDnsActivityLogs | where isempy(DnsQuery)", `1:29: .*isempy`},
		{"archive.kql", "WinnetDnsArchive_CL | where AdditionalFields.Zone == 'a'", `1:46: .*Zone`},
		{"type.kql", "ASimDnsActivityLogs | summarize sum(DnsQuery)", `1:37: `},
		{"second.kql", "ASimDnsActivityLogs | count\n\nASimDnsActivityLogs | where DnsQuerry == ''", `3:29: .*DnsQuerry`},
		{"fence.md", "text\n\n```kusto\nWinnetStatus_CL\n| where Emited > 1\n```\n", `5:9: .*Emited`},
		{"indented.md", "1. text\n   ```kql\n   WinnetStatus_CL | where Emited > 1\n   ```\n", `3:28: .*Emited`},
		{"parser.yaml", "ParserName: f\nParserParams:\n  - Name: starttime\n    Type: datetime\n    Default: datetime(null)\nParserQuery: |\n  WinnetStatus_CL\n  | where TimeGenerated > starttime and Emited > 1\n", `8:\d+: .*Emited`},
		{"rule.yaml", "id: a\nquery: |\n  WinnetStatus_CL\n    | where Emited > 1\nseverity: Low\n", `4:\d+: .*Emited`},
		{"empty.yaml", "id: a\nquery: WinnetStatus_CL\n", `1:1: no query was found`},
		{"workbook.json", `{"items": [{"type": 12, "content": {"items": [{"type": 3, "content": {"query": "WinnetStatus_CL | where Emited > 1"}, "name": "a"}]}, "name": "b"}]}`, `1:\d+: .*Emited`},
		{"parameter.kql", "vimDnsWinnet(srcipadr='a')", `1:14: .*declared parameter`},
		{"column-of-a-parser.kql", "vimDnsWinnet() | where Sums == 1", `1:24: .*Sums`},
		{"unmarked.md", "```\nWinnetStatus_CL\n| where Emitted > 1\n```\n", `3:1: KQL in a fence`},
	}
	const sound = "```kusto\n// counts\nWinnetStatus_CL\n| where Emitted > 1 and _BilledSize > 0\n```\n" +
		"```kusto\nWinnetNetworkArchive_CL | extend More = parse_json(AdditionalFields) | where DstBytes > 0\n```\n"
	folder := t.TempDir()
	files := []string{write(t, folder, "sound.md", sound)}
	for _, c := range cases {
		files = append(files, write(t, folder, c.file, c.text))
	}
	_, failure := node(t, "kql.cjs", files...)
	for _, c := range cases {
		require.Regexp(t, `(?m)`+regexp.QuoteMeta(string(filepath.Separator)+c.file)+":"+c.want, failure)
	}
	require.NotContains(t, failure, "sound.md")
}

func TestFilesWithoutQueriesAreAnError(t *testing.T) {
	_, failure := node(t, "kql.cjs", write(t, t.TempDir(), "a.md", "```sh\nls | wc\n```\n"))
	require.Equal(t, "no query was found\n", failure)
}
