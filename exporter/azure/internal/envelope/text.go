// SPDX-License-Identifier: Apache-2.0

package envelope

import (
	"unicode/utf8"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"
)

// appendText appends a text as a JSON string. A text of more than limit characters is cut and marked.
func (e *Encoder) appendText(dst []byte, s string, limit int, f Field) []byte {
	if len(s) <= limit && jsontext.IsPlain(s) { // most texts
		return append(append(append(dst, '"'), s...), '"')
	}
	cut := len(s) > limit && prefix(s, limit) < len(s)
	if cut {
		e.count(RuleCut, f)
		s = s[:prefix(s, limit-len(jsontext.CutMark))]
	}
	dst, valid := jsontext.AppendString(append(dst, '"'), s)
	if !valid {
		e.count(RuleUTF8, f)
	}
	if cut {
		dst = append(dst, jsontext.CutMark...)
	}
	return append(dst, '"')
}

// prefix returns the length in bytes of the longest beginning of a text that has at most limit characters and ends with
// a whole one. A character is a UTF-16 unit: code points above 0xFFFF count as two. A byte that is not UTF-8 counts as
// one.
func prefix(s string, limit int) int {
	n := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if n++; r > 0xFFFF {
			n++
		}
		if n > limit {
			return i
		}
		i += size
	}
	return len(s)
}
