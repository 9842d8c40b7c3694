// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"encoding/binary"
)

// Fold brings a name into the form in which names are compared, in its own memory: as Lower has it, without a dot at the end. The
// root, ".", becomes empty.
func Fold(name []byte) []byte {
	Lower(name)
	return bytes.TrimSuffix(name, []byte{'.'})
}

// Lower puts the ASCII letters of a name into lower case, in its own memory. Other octets are what they are (RFC 4343).
func Lower(name []byte) {
	const each = 0x0101_0101_0101_0101
	i := 0
	for ; i+8 <= len(name); i += 8 { // eight octets at a time, without a branch that a GUID's digits would have the processor guess
		octets := binary.LittleEndian.Uint64(name[i:])
		low := octets &^ (0x80 * each)
		fromA, beyondZ := low+(0x80-'A')*each, low+(0x7F-'Z')*each // the top bits tell
		upper := (fromA &^ beyondZ &^ octets) & (0x80 * each)
		binary.LittleEndian.PutUint64(name[i:], octets|upper>>2)
	}
	for ; i < len(name); i++ {
		if c := name[i]; c-'A' <= 'Z'-'A' {
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
