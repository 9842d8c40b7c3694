// SPDX-License-Identifier: Apache-2.0

// Package pagetest has reports for tests of the page.
package pagetest

import (
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/summary"
)

// Hostile are names that a stranger may choose.
func Hostile() []string {
	return []string{
		`<script>alert("own")</script>`, `</style><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onload='alert(1)`, `javascript:alert(1)`,
		`</svg><foreignObject><body onload=alert(1)>`, `{{.Policy}}`, `<!--`, `]]>`, `&lt;b&gt;`, `</pre></details></article>`, "a\x00b", "\x1b[2J\x1b]0;own\a", "tab\there",
		"line\r\nbreak", "\u202egpj.exe", "\u2066left\u2069", "zero\u200bwidth", "\ufeffbom", "\xff\xfe not UTF-8", "e\u0301\u0301\u0301", strings.Repeat("a", 63) + "." + strings.Repeat("long.", 2000),
		strings.Repeat("W", 100_000), "=cmd|' /C calc'!A0", "﷽﷽﷽", "🏳️‍🌈", "ذاكرة", "`${1}`",
	}
}

// Sample is a report in which every text that can come from a recording is name.
func Sample(name string) *page.Report {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	answer := [][]string{{name, "12345", "1.5"}, {name, "-2", ""}}
	plot := page.Plot{Axis: "Queries", Lines: []page.Line{{Label: name, Value: 12345}, {Label: name, Value: 1.5}}}
	times := page.Plot{Axis: "from the first to the last", Times: true, Lines: []page.Line{{Label: name, From: at, To: at.Add(time.Minute)}, {Label: name, From: at.Add(time.Hour), To: at.Add(time.Hour)}}}
	columns := []page.Column{{Name: "Name"}, {Name: "Queries", Number: true}, {Name: "Share", Number: true}}
	return &page.Report{
		Program: "winnet-hunt test", Made: at, Volume: "full", Missing: []string{name}, Rows: 7,
		Files: []page.File{{Path: name, Kind: "DNS", Size: 1234567, Events: 7, Notes: []string{name}}}, Unread: []page.Unread{{Path: name, Reason: name}}, Skipped: 3,
		Accounts: []page.Account{{Kind: "DNS", Received: 10, Emitted: 7, Filtered: 1, Aggregated: 1, Undecodable: 1, Reasons: []page.Count{{Name: name, Count: 1}}}},
		Span:     page.Span{From: at, To: at.Add(time.Hour)},
		Timeline: page.Timeline{Step: time.Second, Buckets: []summary.Bucket{{At: at, DNS: 5, DNSFailed: 2}, {At: at.Add(time.Hour), Network: 2, NetworkDenied: 1, Audit: 1}}, CSV: "hunt-csv/timeline.csv"},
		FilesCSV: "hunt-csv/files.csv", AccountsCSV: "hunt-csv/accounts.csv",
		Tops: []page.Top{
			{List: summary.List{ID: "top-clients", Title: "Clients", Of: "Client", First: []summary.Count{{Name: name, Count: 5, AtLeast: true}}}, CSV: "hunt-csv/top-clients.csv"},
			{List: summary.List{ID: "top-names", Title: "Names", Of: "Name"}},
		},
		Questions: []page.Question{
			{ID: "one", Title: "Who is it?", Severity: "High", Techniques: []page.Technique{{ID: "T1071.004", Name: "DNS"}}, Reading: "Look.", Alarms: "Many.", Rules: []string{"ARule", "Another"}, Part: "a tenth", KQL: "T\n| where a < b", Columns: columns, Rows: answer, Total: 5, Plot: plot, CSV: "hunt-csv/one.csv", Since: at},
			{ID: "two", Title: "When was it?", Columns: columns, Rows: answer, Total: 2, Plot: times, Volume: "lean has no times."},
			{ID: "three", Title: "Is it?", Columns: columns},
			{ID: "four", Title: "Why?", Error: name},
		},
	}
}
