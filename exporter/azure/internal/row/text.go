// SPDX-License-Identifier: Apache-2.0

package row

import (
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"
)

// appendText appends a text as a JSON string. It cuts a text that is too long, and replaces bytes that are not UTF-8.
// It counts both for the column.
func (e *Encoder) appendText(dst []byte, s string, column int) []byte {
	if dst, ok := appendPlain(dst, &noKey, s); ok {
		return dst
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

// key is a column's key. Keys are copied with one size, so that the processor has no branch to predict.
type key struct {
	text [longestKey]byte
	size int
}

// longestKey is the size of the longest key of any table, in bytes.
const longestKey = 32

var noKey key

// append appends the key.
func (k *key) append(dst []byte) []byte {
	from := len(dst)
	dst = slices.Grow(dst, longestKey)
	*(*[longestKey]byte)(dst[from : from+longestKey]) = k.text
	return dst[:from+k.size]
}

// appendPlain appends a key and a text in quotes. ok is false, and nothing is appended, for a text that may need an escape, and for a long one.
func appendPlain(dst []byte, k *key, s string) (_ []byte, ok bool) {
	if len(s) > maxFieldOfLargeRow {
		return dst, false
	}
	from := len(dst)
	dst = slices.Grow(dst, longestKey+len(s)+len(`""`))
	to := dst[from:cap(dst)]
	*(*[longestKey]byte)(to) = k.text
	to[k.size] = '"'
	text := to[k.size+1:]
	if !jsontext.CopyPlain(text, s) {
		return dst, false
	}
	text[len(s)] = '"'
	return dst[:from+k.size+len(s)+2], true
}
