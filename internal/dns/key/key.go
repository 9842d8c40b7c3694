// SPDX-License-Identifier: Apache-2.0

// Package key makes the keys by which events are found again. A decoded event goes in; bytes that are equal for equal values come out.
package key

import (
	"encoding/binary"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// MaxText is the longest name, address or GUID in a key, in bytes. An escaped DNS name has at most 1,004.
const MaxText = 1024

// AppendNumber appends a number field, and whether the event has it.
func AppendNumber(dst []byte, e *dns.Event, f dns.Field) []byte {
	n, ok := e.Num(f)
	if !ok {
		return append(dst, 0)
	}
	return binary.AppendUvarint(append(dst, 1), n)
}

// AppendTexts appends text fields in lower case and without a final dot, since names are compared so. A zero byte follows each. ok is false if
// one is too long.
func AppendTexts(dst []byte, e *dns.Event, fields ...dns.Field) (key []byte, ok bool) {
	for _, f := range fields {
		before := len(dst)
		dst, _ = e.Text(dst, f)
		if len(dst) > before+MaxText {
			return dst[:before], false
		}
		folded := dns.Fold(dst[before:])
		dst = append(dst[:before+len(folded)], 0)
	}
	return dst, true
}

// Process is the process with the query. It is 0 on the server, which writes all of its events itself.
func Process(e *dns.Event) uint64 {
	if e.Peer != dns.NoField {
		return 0
	}
	return e.AskerProcess()
}
