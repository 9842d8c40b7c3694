// SPDX-License-Identifier: Apache-2.0

package answers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// page is the document with the query that counts answers.
const page = "../../../docs/volume.md"

// recipe is the query that counts answers, as the document has it.
type recipe struct {
	roles   []string // the values of DnsRole that it selects; "" is a record without it
	columns []column
	lookup  string // the EventOriginalType of the DNS Client's look-ups
	client  string // the column for the client in records of the DNS Client
}

// column is what a recipe counts by.
type column struct {
	name  string
	lower bool
}

var (
	recipeQuery = regexp.MustCompile("(?s)```kusto\n// answers that clients got\n(.*?)```")
	recipeForm  = regexp.MustCompile(`^WinnetDns\(ago\(1d\), now\(\)\)
\| where tostring\(AdditionalFields\.DnsRole\) in \((.*)\)
\| summarize Answers = sum\(EventCount\) by (.*)
$`)
	recipeColumn = regexp.MustCompile(`^(?:(\w+) = tolower\((\w+)\)|(\w+))$`)
	recipeClient = regexp.MustCompile("`EventOriginalType == \"(\\d+)\"` beside the role, by `(\\w+)`")
)

// documented reads the recipe. It fails for one of another form, which it could not apply.
func documented(t *testing.T) (r recipe) {
	t.Helper()
	text := kit.Section(t, page, "### What differs")
	queries := recipeQuery.FindAllStringSubmatch(text, -1)
	require.Len(t, queries, 1)
	parts := recipeForm.FindStringSubmatch(queries[0][1])
	require.NotNil(t, parts, queries[0][1])
	for role := range strings.SplitSeq(parts[1], ", ") {
		require.Regexp(t, `^"[a-z-]*"$`, role)
		r.roles = append(r.roles, strings.Trim(role, `"`))
	}
	for by := range strings.SplitSeq(parts[2], ", ") {
		m := recipeColumn.FindStringSubmatch(by)
		require.NotNil(t, m, by)
		require.Equal(t, m[1], m[2])
		r.columns = append(r.columns, column{m[2] + m[3], m[2] != ""})
	}
	client := recipeClient.FindStringSubmatch(text)
	require.NotNil(t, client)
	r.lookup, r.client = client[1], client[2]
	return r
}

// ofClient returns the recipe for the DNS Client.
func (r recipe) ofClient() recipe {
	r.columns = slices.Clone(r.columns)
	r.columns[0] = column{name: r.client}
	return r
}

// selects reports whether the recipe selects a record.
func (r recipe) selects(lr plog.LogRecord) bool {
	return slices.Contains(r.roles, additional(lr, "DnsRole").Str())
}

// counts returns the sums of EventCount of the records that the recipe selects, by its columns.
func (r recipe) counts(t *testing.T, records []plog.LogRecord) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	for _, lr := range records {
		if !r.selects(lr) {
			continue
		}
		var by []string
		for _, c := range r.columns {
			text := kit.Text(lr, c.name)
			if c.lower {
				text = strings.ToLower(text)
			}
			by = append(by, text)
		}
		n, ok := lr.Attributes().Get("EventCount")
		require.True(t, ok)
		all[fmt.Sprintf("%q", by)] += n.Int()
	}
	return all
}

func TestTheDocumentedQueryCountsTheSameInEachVolumeWhateverEventsAreEnabled(t *testing.T) {
	by := documented(t)
	require.Equal(t, []column{{"SrcIpAddr", false}, {"DnsQuery", true}, {"DnsQueryTypeName", false}, {"EventResultDetails", false}}, by.columns)
	const server, client = "Microsoft-Windows-DNSServer", "Microsoft-Windows-DNS-Client"
	for _, c := range []struct {
		file, provider string
		flags          []any
	}{
		{"dnsserver.etl", server, []any{"0x3F", "security", 0, "0x3", "0x2", "0x7", "0x3E", []any{"security", "timeouts"}}},
		{"dnsserver_2016.etl", server, []any{"0x3F", "security", 0}},
		{"dnsclient.etl", client, []any{"0x8000000000000FFF", 0, "0x1"}},
	} {
		for _, flags := range c.flags {
			for _, profile := range []string{"windows", "asim"} {
				var want map[string]int64
				for _, mode := range modes {
					sink := kit.Replay(t, asimdnsreceiver.NewFactory(), map[string]any{
						"replay": map[string]any{"path": "../../../testdata/" + c.file}, "provider_guid": c.provider, "volume": mode, "profile": profile,
						"enable_level": 5, "enable_flags": flags,
					})
					var records []plog.LogRecord
					kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
						if kit.Text(lr, "EventSchema") != "AuditEvent" { // those have a table of their own
							records = append(records, lr)
						}
					})
					records = unpacked(t, records)
					of := by
					if c.provider == client {
						of = by.ofClient()
						records = slices.DeleteFunc(records, func(lr plog.LogRecord) bool { return kit.Text(lr, "EventOriginalType") != by.lookup })
					}
					got := of.counts(t, records)
					if mode == "full" {
						require.NotEmpty(t, got)
						want = got
					}
					require.Equal(t, want, got, "%s, enable_flags %v, profile %s, volume %s", c.file, flags, profile, mode)
				}
			}
		}
	}
}
