// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxGlobName is the longest name that is held against globs, in octets: room for the 255 octets of a domain name with each
// written as \DDD (RFC 1035 section 5.1). It bounds what an event with a huge name costs.
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

// addGlob adds a pattern in which "*" is any text and "?" any character. One that is a name or a subtree costs what a name
// costs; the others are held against a name one by one.
func (n *names) addGlob(pattern string) {
	if folded := fold(pattern); strings.ContainsAny(strings.TrimPrefix(folded, "*."), "*?") {
		n.globs = append(n.globs, folded)
		return
	}
	n.domains.add(pattern)
}

// checkGlob tells what is wrong with a pattern.
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

// globMatches reports whether the whole name matches the pattern, in time of at most the product of their lengths: where a
// match fails, only the last "*" is tried again, one character on.
func globMatches(pattern string, name []byte) bool {
	p, n := 0, 0
	star, from := -1, 0 // the last "*" and where in the name the text after it was tried
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
