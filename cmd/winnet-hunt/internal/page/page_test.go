// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/summary"
)

// hostile are names that a stranger may choose.
func hostile() []string {
	return []string{
		`<script>alert("own")</script>`, `</style><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onload='alert(1)`, `javascript:alert(1)`,
		`</svg><foreignObject><body onload=alert(1)>`, `{{.Policy}}`, `<!--`, `]]>`, `&lt;b&gt;`, `</pre></details></article>`, "a\x00b", "\x1b[2J\x1b]0;own\a", "tab\there",
		"line\r\nbreak", "\u202egpj.exe", "\u2066left\u2069", "zero\u200bwidth", "\ufeffbom", "\xff\xfe not UTF-8", "e\u0301\u0301\u0301", strings.Repeat("a", 63) + "." + strings.Repeat("long.", 2000),
		strings.Repeat("W", 100_000), "=cmd|' /C calc'!A0", "﷽﷽﷽", "🏳️‍🌈", "ذاكرة", "`${1}`",
	}
}

// sample is a report in which every text that can come from a recording is name.
func sample(name string) *Report {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	answer := [][]string{{name, "12345", "1.5"}, {name, "-2", ""}}
	plot := Plot{Axis: "Queries", Lines: []Line{{Label: name, Value: 12345}, {Label: name, Value: 1.5}}}
	times := Plot{Axis: "from the first to the last", Times: true, Lines: []Line{{Label: name, From: at, To: at.Add(time.Minute)}, {Label: name, From: at.Add(time.Hour), To: at.Add(time.Hour)}}}
	columns := []Column{{Name: "Name"}, {Name: "Queries", Number: true}, {Name: "Share", Number: true}}
	return &Report{
		Program: "winnet-hunt test", Made: at, Volume: "full", Missing: []string{name}, Rows: 7,
		Files: []File{{Path: name, Kind: "DNS", Size: 1234567, Events: 7, Notes: []string{name}}}, Unread: []Unread{{name, name}}, Skipped: 3,
		Accounts: []Account{{Kind: "DNS", Received: 10, Emitted: 7, Filtered: 1, Aggregated: 1, Undecodable: 1, Reasons: []Count{{name, 1}}}},
		Span:     Span{at, at.Add(time.Hour)},
		Timeline: Timeline{Step: time.Second, Buckets: []summary.Bucket{{At: at, DNS: 5, DNSFailed: 2}, {At: at.Add(time.Hour), Network: 2, NetworkDenied: 1, Audit: 1}}},
		Tops:     []summary.List{{Title: "Clients", Of: "Client", First: []summary.Count{{Name: name, Count: 5, AtLeast: true}}}, {Title: "Names", Of: "Name"}},
		Questions: []Question{
			{ID: "one", Title: "Who is it?", Severity: "High", Techniques: []Technique{{"T1071.004", "DNS"}}, Reading: "Look.", Alarms: "Many.", Rule: "A rule", KQL: "T\n| where a < b", Columns: columns, Rows: answer, Total: 5, Plot: plot, CSV: "hunt-csv/one.csv"},
			{ID: "two", Title: "When was it?", Columns: columns, Rows: answer, Total: 2, Plot: times, Volume: "lean has no times."},
			{ID: "three", Title: "Is it?", Columns: columns},
			{ID: "four", Title: "Why?", Error: name},
		},
	}
}

func write(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Write(&b, r))
	return b.String()
}

// shape is the page's elements with their attributes, but for those whose value may differ: what a stranger's text must not change.
func shape(t *testing.T, text string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	require.NoError(t, err)
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			fmt.Fprint(&b, "<", n.Data)
			for _, a := range n.Attr {
				fmt.Fprint(&b, " ", a.Key)
			}
		}
		if n.Type == html.CommentNode {
			fmt.Fprint(&b, "<!--")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		fmt.Fprint(&b, ">")
	}
	walk(root)
	return b.String()
}

func TestAStrangersNameIsTextAndNothingElse(t *testing.T) {
	plain := shape(t, write(t, sample("www.contoso.com")))
	require.NotContains(t, plain, "<script")
	for _, name := range hostile() {
		page := write(t, sample(name))
		require.Equal(t, plain, shape(t, page), "%.60q", name)
		require.NotRegexp(t, "[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd]", page, "%.60q", name)
		require.Less(t, len(page), 100_000, "%.60q", name)
	}
}

func TestANameIsShownAsItIs(t *testing.T) {
	page := write(t, sample(`<script>alert("own")</script>`))
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	require.Greater(t, strings.Count(b.String(), `<script>alert("own")</script>`), 8)
}

func TestThePageLoadsNothing(t *testing.T) {
	page := write(t, sample("www.contoso.com"))
	require.NotRegexp(t, `(?i)<(script|link|img|iframe|object|embed|base|form|audio|video|source|use|image)\b`, page)
	require.NotRegexp(t, `(?i)(\ssrc|srcset|xlink:href|@import|url\(|\sstyle=|\son[a-z]+=)`, page)
	require.Contains(t, page, `content="default-src &#39;none&#39;; style-src`)
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		require.Regexp(t, `^(#|https://attack\.mitre\.org/techniques/|hunt-csv/)`, m[1])
	}
}

func TestEveryIDIsThereOnceAndEveryAnchorLeadsToOne(t *testing.T) {
	page := write(t, sample("www.contoso.com"))
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		ids[m[1]]++
		require.Equal(t, 1, ids[m[1]], m[1])
	}
	for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]*)"`).FindAllStringSubmatch(page, -1) {
		require.Equal(t, 1, ids[m[1]], m[1])
	}
}

func TestAnIncompletePageSaysSoAtItsTop(t *testing.T) {
	page := write(t, sample("stopped by Ctrl-C"))
	require.Contains(t, page, "This page is incomplete.")
	require.Less(t, strings.Index(page, "stopped by Ctrl-C"), strings.Index(page, "The questions"))
	whole := sample("x")
	whole.Missing = nil
	require.NotContains(t, write(t, whole), "incomplete")
}

func TestAReportOfNothingIsAPage(t *testing.T) {
	page := write(t, &Report{Program: "winnet-hunt", Missing: []string{"no file could be read"}})
	require.Contains(t, page, "No event was read.")
	require.Contains(t, page, "0 files, no event")
}

func TestALongTimeLineFitsThePictureAndLosesNoEvent(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, every := range []time.Duration{time.Second, time.Minute, time.Hour, 100 * 24 * time.Hour} {
		line := Timeline{Step: time.Second}
		for i := range 500 {
			line.Buckets = append(line.Buckets, summary.Bucket{At: at.Add(time.Duration(i) * every), DNS: 1})
		}
		d := drawTimeline(line, Span{at, at.Add(500 * every)})
		require.LessOrEqual(t, len(d.Bars), mostBars+1)
		var sum int64
		buckets, _ := coarsen(line)
		for _, b := range buckets {
			sum += b.DNS
		}
		require.EqualValues(t, 500, sum)
		for _, b := range d.Bars {
			require.True(t, b.X >= 0 && b.X <= width && b.Y >= 0 && b.Y+b.H <= chartHeight+0.1, "%+v", b)
		}
	}
}

func TestMarksStayWithinTheAxisOfTime(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	d := drawPlot(Plot{Times: true, Lines: []Line{{Label: "all", From: at, To: at.Add(time.Hour)}, {Label: "last", From: at.Add(time.Hour), To: at.Add(time.Hour)}}}, "t", Span{at, at.Add(time.Hour)})
	for _, l := range d.Lines {
		require.GreaterOrEqual(t, l.X, float64(labelWidth))
		require.LessOrEqual(t, l.X+l.W, float64(width-valueWidth))
		require.Positive(t, l.W)
	}
}

func TestNumbersAreGroupedByThousands(t *testing.T) {
	require.Equal(t, []string{"0", "999", "1,000", "-1,234,567"}, []string{Number(0), Number(999), Number(1000), Number(-1234567)})
	require.Equal(t, []string{"12,345", "1.5", "n/a"}, []string{amount("12345"), amount("1.5"), amount("n/a")})
	require.Equal(t, []string{"1 day", "2 hours", "1.5s"}, []string{span(24 * time.Hour), span(2 * time.Hour), span(1500 * time.Millisecond)})
}
