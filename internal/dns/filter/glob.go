// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxGlobName is the longest name that is compared with globs, in octets: the 255 octets of a domain name, each written as \DDD (RFC 1035
// section 5.1). It bounds the cost of an event with a huge name.
const maxGlobName = 1024

// names is a set of domain names, subtrees and globs.
type names struct {
	domains
	globs []string // folded
}

// has reports whether the set has the folded name.
func (n *names) has(name []byte) bool {
	if n.domains.has(name) {
		return true
	}
	if len(name) > maxGlobName {
		return false
	}
	for _, glob := range n.globs {
		if globMatches(glob, name) {
			return true
		}
	}
	return false
}

// addGlob adds a pattern in which "*" is any text and "?" any character. A pattern that is a name or a subtree goes into the trie. A name is
// compared with each of the other patterns.
func (n *names) addGlob(pattern string) {
	if folded := fold(pattern); strings.ContainsAny(strings.TrimPrefix(folded, "*."), "*?") {
		n.globs = append(n.globs, folded)
		return
	}
	n.domains.add(pattern)
}

// checkGlob returns an error for an invalid pattern.
func checkGlob(pattern string) error {
	const want = `want a domain name, in which "*" stands for any text and "?" for any character`
	switch {
	case pattern == "":
		return errors.New(`"" matches nothing; ` + want)
	case len(pattern) > maxDomain:
		return fmt.Errorf("%q has %d octets, and at most %d are allowed; %s", pattern, len(pattern), maxDomain, want)
	case strings.ContainsFunc(pattern, isBlank):
		return fmt.Errorf("%q has a blank or a control character in it; %s", pattern, want)
	}
	return nil
}

// globMatches reports whether the whole name matches the pattern. It takes at most the product of their lengths: when a match fails, only the
// last "*" is tried again, one character later.
func globMatches(pattern string, name []byte) bool {
	p, n := 0, 0
	star, from := -1, 0 // the last "*", and the index in the name at which the text after it was tried
	for n < len(name) {
		_, size := utf8.DecodeRune(name[n:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && pattern[p] == '?':
			p, n = p+1, n+size
		case p < len(pattern) && pattern[p] == name[n]:
			p, n = p+1, n+1
		case star >= 0:
			_, size = utf8.DecodeRune(name[from:])
			from += size
			p, n = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
