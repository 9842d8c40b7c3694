// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// holds reports whether a set of the patterns has the name, as an event has it.
func holds(name string, patterns ...string) bool {
	var d domains
	for _, p := range patterns {
		d.add(p)
	}
	return d.has(dns.Fold([]byte(name)))
}

// naive is what holds should say, in the plainest words.
func naive(name string, patterns ...string) bool {
	lower := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				return r + 'a' - 'A'
			}
			return r
		}, strings.TrimSuffix(s, "."))
	}
	for _, p := range patterns {
		if parent, ok := strings.CutPrefix(p, "*."); ok {
			if strings.HasSuffix(lower(name), "."+lower(parent)) {
				return true
			}
		} else if lower(name) == lower(p) {
			return true
		}
	}
	return false
}

func TestAPatternOfASubtreeHasTheNamesBelowItAndNotItself(t *testing.T) {
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.example.com", "www.example.com", true},
		{"*.example.com", "a.b.c.example.com.", true},
		{"*.example.com", "WWW.Example.COM.", true},
		{"*.Example.COM.", "www.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "badexample.com", false},
		{"*.example.com", "com", false},
		{"*.example.com", "www.example.com.evil.test", false},
		{"*.com", "example.com", true},
		{"*.com", "com", false},
		{"wpad.corp.local", "wpad.corp.local.", true},
		{"wpad.corp.local", "WPAD.corp.LOCAL", true},
		{"wpad.corp.local", "a.wpad.corp.local", false},
		{"wpad.corp.local", "corp.local", false},
		{"localhost", "localhost", true},
		{"localhost", "a.localhost", false},
		{".", ".", true},
		{".", "com.", false},
		{"*.xn--bcher-kva.example", "www.XN--Bcher-KVA.example", true},
		{"*.xn--bcher-kva.example", "www.bücher.example", false},
		{"*.bücher.example", "www.bücher.example", true},
		{"*.bücher.example", "www.BÜCHER.example", false}, // only ASCII letters have a case in DNS
		{"_ldap._tcp.dc._msdcs.contoso.com", "_LDAP._tcp.dc._msdcs.contoso.com", true},
	} {
		require.Equal(t, tc.want, holds(tc.name, tc.pattern), "%q in %q", tc.name, tc.pattern)
		require.Equal(t, tc.want, naive(tc.name, tc.pattern), "naive: %q in %q", tc.name, tc.pattern)
	}
}

func TestASetHasWhatAnyOfItsPatternsHas(t *testing.T) {
	set := []string{"*.example.com", "example.com", "*.a.test", "b.a.test", "x.y.z.test"}
	for name, want := range map[string]bool{
		"example.com": true, "www.example.com": true, "a.test": false, "b.a.test": true, "c.a.test": true, "c.b.a.test": true,
		"z.test": false, "y.z.test": false, "x.y.z.test": true, "w.x.y.z.test": false, "test": false, "": false,
	} {
		require.Equal(t, want, holds(name, set...), name)
	}
}

// hostile are names that no well-behaved client asks for.
var hostile = []string{
	"", ".", "..", "...", ".example.com", "..example.com", "example.com..", "a..example.com", "\x00.example.com", "www\x00.example.com",
	"www.example.com\x00", "\xff\xfe.example.com", "www.ex\xc3.com", "*.example.com", "*", strings.Repeat("a", 63) + ".example.com",
	strings.Repeat("a.", 122) + "example.com", strings.Repeat("a", 255), strings.Repeat(".", 255), strings.Repeat("a.", 1<<15),
	"www.example.com/../secret", "www example com", "example。com", strings.Repeat("x", 1<<16),
}

func TestHostileNamesAreLookedUpAsAnyOther(t *testing.T) {
	set := []string{"*.example.com", "example.com", "www.example.com", "*.com.test", "."}
	for _, name := range hostile {
		require.Equal(t, naive(name, set...), holds(name, set...), "%.40q", name)
	}
}

func TestTheTrieAgreesWithComparingOneByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	labels := []string{"a", "b", "A", "aa", "ab", "", "com", "\x00", "xn--a"}
	name := func(most int) string {
		parts := make([]string, 1+r.IntN(most))
		for i := range parts {
			parts[i] = labels[r.IntN(len(labels))]
		}
		return strings.Join(parts, ".")
	}
	hits := 0
	for range 20_000 {
		var set []string
		for range 1 + r.IntN(8) {
			p := name(3)
			if r.IntN(2) == 0 {
				p = "*." + p
			}
			if strings.ContainsRune(p, 0) || checkDomain(p) == nil {
				set = append(set, p)
			}
		}
		n := name(6)
		want := naive(n, set...)
		require.Equal(t, want, holds(n, set...), "%q in %q", n, set)
		if want {
			hits++
		}
	}
	require.Greater(t, hits, 1000, "the names must be such that some match")
}

func TestADomainThatIsNoneIsRefusedWithWhatIsWanted(t *testing.T) {
	for _, ok := range []string{"a", "*.a", "example.com.", "*.example.com.", ".", "_x.y-z.test", strings.Repeat("a", 63) + ".b", strings.Repeat("abc.", 63) + "a"} {
		require.NoError(t, checkDomain(ok), ok)
	}
	for pattern, want := range map[string]string{
		"":                                "no domain name",
		"*.":                              "no domain name",
		"*":                               "not the leftmost label",
		"www.*.com":                       "not the leftmost label",
		"*.*.com":                         "not the leftmost label",
		"*example.com":                    "not the leftmost label",
		"example.*":                       "not the leftmost label",
		"a..b":                            "empty label",
		".a":                              "empty label",
		"a..":                             "empty label",
		"a b":                             "a blank",
		"a\x00b":                          "a blank",
		strings.Repeat("a", 64):           "label of 64 octets",
		strings.Repeat("abc.", 63) + "ab": "has 254 octets",
	} {
		err := checkDomain(pattern)
		require.ErrorContains(t, err, want, pattern)
		require.ErrorContains(t, err, fmt.Sprintf("%q", pattern))
		require.ErrorContains(t, err, `want a domain name such as "wpad.corp.local"`)
	}
}

func FuzzDomains(f *testing.F) {
	for _, name := range hostile {
		f.Add("*.example.com", "example.com", name)
	}
	f.Add("*.A.test", ".", "b.a.TEST.")
	f.Fuzz(func(t *testing.T, one, two, name string) {
		for _, p := range []string{one, two} {
			if checkDomain(p) != nil || !utf8.ValidString(p) {
				return
			}
		}
		if !utf8.ValidString(name) { // an event's text always is
			return
		}
		if holds(name, one, two) != naive(name, one, two) {
			t.Fatalf("%q in %q and %q: %t", name, one, two, holds(name, one, two))
		}
	})
}

// someDomains makes a set of n subtrees, names below some of them, and names beside them.
func someDomains(n int) (d domains, listed, unlisted [][]byte) {
	for i := range n {
		d.add(fmt.Sprintf("*.ads%d.example%d.com", i, i%977))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 4096 {
		i := r.IntN(n)
		listed = append(listed, fmt.Appendf(nil, "www.ads%d.example%d.com", i, i%977))
		unlisted = append(unlisted, fmt.Appendf(nil, "www.host%d.contoso%d.com", i, i%977))
	}
	return d, listed, unlisted
}

func TestALookUpAllocatesNothing(t *testing.T) {
	d, listed, unlisted := someDomains(1000)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for i := range listed {
			if !d.has(listed[i]) || d.has(unlisted[i]) {
				t.Fatal(i)
			}
		}
	}))
}

// BenchmarkDomains shows that thousands of domains cost no more than one: a look-up walks the labels that a name shares with
// the set. What grows a little for names in the set is how much of it the processor's caches hold.
func BenchmarkDomains(b *testing.B) {
	for _, n := range []int{1, 100, 10_000, 100_000} {
		d, listed, unlisted := someDomains(n)
		for _, c := range []struct {
			name  string
			names [][]byte
			want  bool
		}{{"listed", listed, true}, {"unlisted", unlisted, false}} {
			b.Run(fmt.Sprintf("domains=%d/%s", n, c.name), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if d.has(c.names[i%len(c.names)]) != c.want {
						b.Fatal(string(c.names[i%len(c.names)]))
					}
				}
			})
		}
	}
}
