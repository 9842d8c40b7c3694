// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"net/netip"
	"regexp"
	"sort"
	"strings"
)

// Secrets are texts of the host that a report without data must not have, by what stands for each: its name, its user and the like.
type Secrets map[string]string

var (
	addressLike = regexp.MustCompile(`[0-9A-Fa-f:.]*[.:][0-9A-Fa-f:.]+`)
	domainSID   = regexp.MustCompile(`S-1-5-21(-\d+)+`)
	hardware    = regexp.MustCompile(`\b[0-9A-Fa-f]{2}([-:][0-9A-Fa-f]{2}){5}\b`)
	profile     = regexp.MustCompile(`(?i)\\Users\\[^\\"']+`)
)

// text replaces what identifies the host, its users and its network.
func (s Secrets) text(text string) string {
	words := make([]string, 0, len(s))
	for word := range s {
		if len(word) >= 2 {
			words = append(words, word)
		}
	}
	sort.Slice(words, func(i, j int) bool {
		return len(words[i]) > len(words[j]) || len(words[i]) == len(words[j]) && words[i] < words[j]
	}) // a full name before its part
	for _, word := range words {
		text = regexp.MustCompile(`(?i)(^|[^0-9A-Za-z_-])`+regexp.QuoteMeta(word)+`($|[^0-9A-Za-z_-])`).ReplaceAllString(text, "${1}<"+s[word]+">${2}")
	}
	text = domainSID.ReplaceAllString(text, "S-1-5-21-<account>")
	text = hardware.ReplaceAllString(text, "<hardware address>")
	text = profile.ReplaceAllString(text, `\Users\<user>`)
	return addressLike.ReplaceAllStringFunc(text, func(token string) string {
		bare := strings.TrimRight(token, ".:")
		if _, err := netip.ParseAddr(bare); err == nil {
			return "<address>" + token[len(bare):]
		}
		if _, err := netip.ParseAddrPort(bare); err == nil {
			return "<address>" + token[len(bare):]
		}
		return token
	})
}

// scrub removes what identifies the host from all that the probe found.
func (r *Result) scrub(s Secrets) {
	r.Found = s.text(r.Found)
	for key, value := range r.Evidence {
		r.Evidence[key] = s.value(value)
	}
}

func (s Secrets) value(v any) any {
	switch v := v.(type) {
	case string:
		return s.text(v)
	case []string:
		for i := range v {
			v[i] = s.text(v[i])
		}
	case map[string]string:
		for key := range v {
			v[key] = s.text(v[key])
		}
	}
	return v
}
