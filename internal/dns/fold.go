// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"encoding/binary"
)

// Fold changes a name to the form in which names are compared, in place: lower case, without a dot at the end. The root, ".", becomes
// empty.
func Fold(name []byte) []byte {
	Lower(name)
	return bytes.TrimSuffix(name, []byte{'.'})
}

// Lower changes the ASCII letters of a name to lower case, in place. Other octets stay (RFC 4343).
func Lower(name []byte) {
	const each = 0x0101_0101_0101_0101
	i := 0
	for ; i+8 <= len(name); i += 8 { // eight octets at a time, without branches: the processor predicts them badly for a GUID's digits
		octets := binary.LittleEndian.Uint64(name[i:])
		low := octets &^ (0x80 * each)
		fromA, beyondZ := low+(0x80-'A')*each, low+(0x7F-'Z')*each // in the top bit of each octet
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
