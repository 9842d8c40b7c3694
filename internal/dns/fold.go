// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"slices"
)

// Fold changes a name to the form in which names are compared, in place: lower case, without a dot at the end. The root, ".", becomes
// empty.
func Fold(name []byte) []byte {
	Lower(name)
	return WithoutFinalDot(name)
}

// WithoutFinalDot returns a name without a dot at its end. The root, ".", becomes empty.
func WithoutFinalDot(name []byte) []byte {
	if last := len(name) - 1; last >= 0 && name[last] == '.' {
		return name[:last]
	}
	return name
}

// Lower changes the ASCII letters of a name to lower case, in place. Other octets stay (RFC 4343).
func Lower(name []byte) {
	if len(name) < word {
		lowerEach(name)
		return
	}
	// The last eight octets stand in for those that are left. They are read first: the processor waits for octets that it has just written.
	end := name[len(name)-word:]
	last := binary.LittleEndian.Uint64(end)
	for i := 0; i+word <= len(name); i += word {
		octets := name[i:]
		binary.LittleEndian.PutUint64(octets, lowerOctets(binary.LittleEndian.Uint64(octets)))
	}
	binary.LittleEndian.PutUint64(end, lowerOctets(last))
}

// appendLowerASCII appends a text of ASCII in lower case. ok is false, and nothing is appended, if the text has any other octet.
func appendLowerASCII(dst, text []byte) (_ []byte, ok bool) {
	const notASCII = 0x80 * each
	from, n := len(dst), len(text)
	if n < word {
		var all byte
		for _, c := range text {
			all |= c
		}
		if all >= 0x80 {
			return dst, false
		}
		dst = append(dst, text...)
		lowerEach(dst[from:])
		return dst, true
	}
	dst = slices.Grow(dst, n)[:from+n]
	to, all := dst[from:], uint64(0)
	for i := 0; i < n; i += word { // as in Lower
		at := min(i, n-word)
		octets := binary.LittleEndian.Uint64(text[at:])
		all |= octets
		binary.LittleEndian.PutUint64(to[at:], lowerOctets(octets))
	}
	if all&notASCII != 0 {
		return dst[:from], false
	}
	return dst, true
}

// word is the number of octets that are changed at the same time, and each the octet 1 in each of them.
const (
	word = 8
	each = 0x0101_0101_0101_0101
)

// lowerOctets changes eight octets at a time, without branches: the processor predicts them badly for the digits of names.
func lowerOctets(octets uint64) uint64 {
	low := octets &^ (0x80 * each)
	fromA, beyondZ := low+(0x80-'A')*each, low+(0x7F-'Z')*each // in the top bit of each octet
	upper := (fromA &^ beyondZ &^ octets) & (0x80 * each)
	return octets | upper>>2
}

// lowerEach changes one octet at a time.
func lowerEach(name []byte) {
	for i, c := range name {
		if c-'A' <= 'Z'-'A' {
			name[i] = c + ('a' - 'A')
		}
	}
}

// HasUpper reports whether Lower changes a name.
func HasUpper(name []byte) bool {
	for _, c := range name {
		if c-'A' <= 'Z'-'A' {
			return true
		}
	}
	return false
}
