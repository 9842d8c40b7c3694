// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// globbed reports whether the patterns of excluded_domains have the name, as an event has it.
func globbed(name string, patterns ...string) bool {
	var n names
	for _, p := range patterns {
		n.addGlob(p)
	}
	return n.has(dns.Fold([]byte(name)))
}

// asRegexp is the same by another way.
func asRegexp(pattern string) *regexp.Regexp {
	expr := regexp.QuoteMeta(fold(pattern))
	expr = strings.ReplaceAll(expr, `\*`, "(?s:.*)")
	return regexp.MustCompile("^" + strings.ReplaceAll(expr, `\?`, "(?s:.)") + "$")
}

func TestGlobsMatchTheWholeName(t *testing.T) {
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.opinsights.azure.com", "x.ods.opinsights.azure.com", true},
		{"*.opinsights.azure.com", "opinsights.azure.com", false},
		{"wpad*", "WPAD.corp.local.", true},
		{"wpad*", "wpad", true},
		{"wpad*", "my.wpad.local", false},
		{"example.com", "example.com", true},
		{"example.com", "www.example.com", false},
		{"*example.com", "notexample.com", true},
		{"host?.corp", "host1.corp", true},
		{"host?.corp", "host.corp", false},
		{"host?.corp", "hosté.corp", true},
		{"host?.corp", "host12.corp", false},
		{"*", "anything.at.all", true},
		{"*", ".", true},
		{"*.a*b?.test", "x.aXXbc.TEST", true},
		{"*.a*b?.test", "x.aXXb.test", false},
		{"a*a*a*a", "aaa", false},
		{"a*a*a*a", "aaaa", true},
		{"*.in-addr.arpa", "33.4.1.10.in-addr.arpa", true},
	} {
		require.Equal(t, tc.want, globbed(tc.name, tc.pattern), "%q by %q", tc.name, tc.pattern)
	}
}

func TestOnlyTrueGlobsAreMatchedOneByOne(t *testing.T) {
	var n names
	for _, p := range []string{"example.com", "*.example.com", "*", "wpad*", "*.a?.test", "*.*.test", "*x.test"} {
		n.addGlob(p)
	}
	require.Equal(t, []string{"*", "wpad*", "*.a?.test", "*.*.test", "*x.test"}, n.globs)
	require.Equal(t, itself|below, n.nodes["example.com"])
}

func TestGlobsAgreeWithRegularExpressions(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	text := func(alphabet []rune, most int) string {
		runes := make([]rune, r.IntN(most))
		for i := range runes {
			runes[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(runes)
	}
	for range 20_000 {
		pattern, name := text([]rune("ab.é*?*"), 8), text([]rune("ab.é"), 12)
		if checkGlob(pattern) != nil {
			continue
		}
		want := asRegexp(pattern).Match(dns.Fold([]byte(name)))
		require.Equal(t, want, globMatches(fold(pattern), dns.Fold([]byte(name))), "%q by %q", name, pattern)
	}
}

// TestHostileNamesEnd would not, for hours, if a "*" tried again cost more than the product of the lengths.
func TestHostileNamesEnd(t *testing.T) {
	pattern := strings.Repeat("*a", 100) + "b"
	for range 100 {
		require.False(t, globbed(strings.Repeat("a", maxGlobName), pattern))
		require.False(t, globbed(strings.Repeat("a", 1<<16), pattern), "no domain name is that long")
	}
}

func FuzzGlob(f *testing.F) {
	for _, name := range hostile {
		f.Add("*.ex?mple.*", name)
	}
	f.Add("a*a*b", "aaab")
	f.Add("*.", "0") // the final dot is ignored, so that this is "*"
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if checkGlob(pattern) != nil || len(name) > maxGlobName || !utf8.ValidString(pattern) || !utf8.ValidString(name) {
			return
		}
		if got, want := globbed(name, pattern), asRegexp(pattern).Match(dns.Fold([]byte(name))); got != want {
			t.Fatalf("%q by %q: %t, want %t", name, pattern, got, want)
		}
	})
}
