// SPDX-License-Identifier: Apache-2.0

package pseudonym

import (
	"strings"
	"unicode/utf8"
)

// Pair is a value and its pseudonym.
type Pair struct{ Value, To string }

// shortestValue is the least size of a value that is looked for in other texts, in bytes: a shorter one is found by chance.
const shortestValue = 2

// ReplaceWords returns a text with pseudonyms in place of the values that stand in it as whole words, in any case.
func ReplaceWords(text string, pairs []Pair) string {
	for _, p := range pairs {
		if len(p.Value) < shortestValue {
			continue
		}
		for from := 0; ; {
			at := indexWord(text[from:], p.Value)
			if at < 0 {
				break
			}
			at += from
			text = text[:at] + p.To + text[at+len(p.Value):]
			from = at + len(p.To)
		}
	}
	return text
}

// HasWord reports whether a value stands in a text as whole words, in any case.
func HasWord(text, value string) bool {
	return len(value) >= shortestValue && indexWord(text, value) >= 0
}

// indexWord returns where the value stands in the text as whole words, or -1.
func indexWord(text, value string) int {
	for at := 0; at+len(value) <= len(text); at++ {
		end := at + len(value)
		if strings.EqualFold(text[at:end], value) && !(at > 0 && isWord(text[at-1])) && !(end < len(text) && isWord(text[end])) {
			return at
		}
	}
	return -1
}

// isWord reports whether a byte belongs to a word.
func isWord(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= utf8.RuneSelf }

// hostPairs returns the pairs for texts that name a host: its name, and the first label of a name with several.
func (p *Pseudonymizer) hostPairs(name string) []Pair {
	to := string(p.Host(nil, []byte(name)))
	if to == name {
		return nil
	}
	pairs := []Pair{{name, to}}
	if label := labelSize([]byte(name)); p.Has(Names) && label < len(name) {
		first, _, _ := strings.Cut(to, ".")
		pairs = append(pairs, Pair{name[:label], first})
	}
	return pairs
}
