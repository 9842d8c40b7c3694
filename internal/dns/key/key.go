// SPDX-License-Identifier: Apache-2.0

// Package key makes the keys by which events are found again. A decoded event goes in; bytes that are equal for equal values come out.
package key

import (
	"bytes"
	"encoding/binary"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// MaxText is the longest name, address or GUID in a key, in bytes. An escaped DNS name has at most 1,004.
const MaxText = 1024

// AppendTexts appends text fields in lower case and without a final dot, since names are compared so. A zero byte follows each. ok is false if
// one is too long.
func AppendTexts(dst []byte, e *dns.Event, fields ...dns.Field) (key []byte, ok bool) {
	for _, f := range fields {
		before := len(dst)
		dst = e.AppendLower(dst, f)
		if len(dst) > before+MaxText {
			return dst[:before], false
		}
		if last := len(dst) - 1; last >= before && dst[last] == '.' {
			dst[last] = 0
			continue
		}
		dst = append(dst, 0)
	}
	return dst, true
}

// AppendGUID appends the GUID of the query that the event belongs to: a one and 16 bytes, or zero and any other text in lower case. nilGUID is
// set, and nothing is appended, if the event has none, or one of zeros. ok is false if the text is too long.
func AppendGUID(dst []byte, e *dns.Event) (_ []byte, nilGUID, ok bool) {
	const size = 16
	from := len(dst)
	dst = append(dst, 1)
	dst, isGUID := e.AppendGUID(dst, dns.SessionGUID)
	if isGUID {
		if guid := dst[from+1:]; binary.LittleEndian.Uint64(guid)|binary.LittleEndian.Uint64(guid[size/2:]) == 0 {
			return dst[:from], true, true
		}
		return dst, false, true
	}
	dst, ok = AppendTexts(append(dst[:from], 0), e, dns.SessionGUID)
	if !ok || len(bytes.Trim(dst[from+1:], "{0-}\x00")) == 0 {
		return dst[:from], ok, ok
	}
	return dst, false, true
}

// Process is the process with the query. It is 0 on the server, which writes all of its events itself.
func Process(e *dns.Event) uint64 {
	if e.Peer != dns.NoField {
		return 0
	}
	return e.AskerProcess()
}
