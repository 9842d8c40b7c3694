// SPDX-License-Identifier: Apache-2.0

package row

import "github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"

// appendText appends a text as a JSON string. It cuts a text that is too long, and replaces bytes that are not UTF-8.
// It counts both for the column.
func (e *Encoder) appendText(dst []byte, s string, column int) []byte {
	if len(s) <= maxFieldOfLargeRow && jsontext.IsPlain(s) { // most texts
		return append(append(append(dst, '"'), s...), '"')
	}
	cut := len(s) > e.limit
	if cut {
		if e.limit == maxField || len(s) <= maxField {
			e.count(RuleCut, column)
		}
		s = s[:jsontext.Boundary(s, e.limit-len(jsontext.CutMark))]
	}
	dst, valid := jsontext.AppendString(append(dst, '"'), s)
	if !valid {
		e.count(RuleUTF8, column)
	}
	if cut {
		dst = append(dst, jsontext.CutMark...)
	}
	return append(dst, '"')
}
