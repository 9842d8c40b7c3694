// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page/pagetest"
)

func write(t *testing.T, r *page.Report) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, page.Write(&b, r))
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
	plain := shape(t, write(t, pagetest.Sample("www.contoso.com")))
	require.NotContains(t, plain, "<script")
	for _, name := range pagetest.Hostile() {
		text := write(t, pagetest.Sample(name))
		require.Equal(t, plain, shape(t, text), "%.60q", name)
		require.NotRegexp(t, "[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd]", text, "%.60q", name)
		require.Less(t, len(text), 100_000, "%.60q", name)
	}
}

func TestAQuestionOfWhatIsNewSaysSinceWhen(t *testing.T) {
	require.Equal(t, 1, strings.Count(write(t, pagetest.Sample("a.example")), "New is what came from 2026-03-04 05:06:07 on"))
}

func TestANameIsShownAsItIs(t *testing.T) {
	text := write(t, pagetest.Sample(`<script>alert("own")</script>`))
	root, err := html.Parse(strings.NewReader(text))
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
	text := write(t, pagetest.Sample("www.contoso.com"))
	require.NotRegexp(t, `(?i)<(script|link|img|iframe|object|embed|base|form|audio|video|source|use|image)\b`, text)
	require.NotRegexp(t, `(?i)(\ssrc|srcset|xlink:href|@import|url\(|\sstyle=|\son[a-z]+=)`, text)
	require.Contains(t, text, `content="default-src &#39;none&#39;; style-src`)
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		require.Regexp(t, `^(#|https://attack\.mitre\.org/techniques/|\./hunt-csv/)`, m[1])
	}
}

func TestEveryIDIsThereOnceAndEveryAnchorLeadsToOne(t *testing.T) {
	text := write(t, pagetest.Sample("www.contoso.com"))
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		ids[m[1]]++
		require.Equal(t, 1, ids[m[1]], m[1])
	}
	for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]*)"`).FindAllStringSubmatch(text, -1) {
		require.Equal(t, 1, ids[m[1]], m[1])
	}
}

func TestAnIncompletePageSaysSoAtItsTop(t *testing.T) {
	text := write(t, pagetest.Sample("stopped by Ctrl-C"))
	require.Contains(t, text, "This page is incomplete.")
	require.Less(t, strings.Index(text, "stopped by Ctrl-C"), strings.Index(text, "The questions"))
	whole := pagetest.Sample("x")
	whole.Missing = nil
	require.NotContains(t, write(t, whole), "incomplete")
}

func TestAReportOfNothingIsAPage(t *testing.T) {
	text := write(t, &page.Report{Program: "winnet-hunt", Missing: []string{"no file could be read"}})
	require.Contains(t, text, "No event was read.")
	require.Contains(t, text, "0 files, no event")
}
