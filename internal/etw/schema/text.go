// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendUTF16 appends text of little-endian 16-bit units as UTF-8. An unpaired surrogate becomes U+FFFD.
func AppendUTF16(dst, units []byte) []byte {
	i := 0
	for ; i+8 <= len(units); i += 8 { // four ASCII characters at a time
		u := binary.LittleEndian.Uint64(units[i:])
		if u&0xFF80_FF80_FF80_FF80 != 0 {
			break
		}
		dst = append(dst, byte(u), byte(u>>16), byte(u>>32), byte(u>>48))
	}
	for ; i+1 < len(units); i += 2 {
		u := rune(units[i]) | rune(units[i+1])<<8
		switch {
		case u < utf8.RuneSelf:
			dst = append(dst, byte(u))
		case utf16.IsSurrogate(u):
			r := rune(utf8.RuneError)
			if i+3 < len(units) {
				r = utf16.DecodeRune(u, rune(units[i+2])|rune(units[i+3])<<8)
			}
			if r != utf8.RuneError {
				i += 2
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = utf8.AppendRune(dst, u)
		}
	}
	return dst
}

// AppendANSI appends the text of an ANSI string as UTF-8. Valid UTF-8, such as ASCII, is kept. Otherwise each byte is read as
// Latin-1, so that no byte is lost; an event does not record the code page of its host.
func AppendANSI(dst, text []byte) []byte {
	if utf8.Valid(text) {
		return append(dst, text...)
	}
	for _, b := range text {
		dst = utf8.AppendRune(dst, rune(b))
	}
	return dst
}
