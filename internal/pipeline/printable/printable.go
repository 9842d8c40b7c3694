// SPDX-License-Identifier: Apache-2.0

// Package printable makes text safe to show. In comes any text, such as a name that a stranger has chosen; out comes one line in which no
// character moves the cursor, is invisible, or turns the direction of what follows.
//
// It is for the bodies of records and for the log, which people read. Attributes keep their characters, so that a query finds them.
package printable

import (
	"unicode"
	"unicode/utf8"
)

// Append appends a text. Each of these characters becomes an escape in the form of Go and JSON, \u202e or \U000e0001:
//   - control characters (Cc): C0, DEL and C1, among them those of terminals;
//   - format characters (Cf): marks of direction (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069), characters of no width
//     (U+200B to U+200D, U+2060, U+FEFF), tags;
//   - separators of lines and paragraphs (U+2028, U+2029);
//   - variation selectors, and characters that show nothing though they count as letters (U+115F, U+1160, U+3164, U+FFA0).
//
// A byte that is not part of valid UTF-8 becomes \x and its two hexadecimal digits. A backslash stays as it is: names have their own escapes.
func Append(dst []byte, text string) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; ' ' <= c && c < 0x7f {
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, '\\', 'x', digits[text[i]>>4], digits[text[i]&15])
		case Hides(r):
			dst = appendEscape(dst, r)
		default:
			dst = append(dst, text[i:i+size]...)
		}
		i += size
	}
	return dst
}

// String is Append to a new string. A text with nothing to escape is returned as it is.
func String(text string) string {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c >= 0x7f {
			return string(Append(nil, text))
		}
	}
	return text
}

// Hides reports whether Append escapes a character.
func Hides(r rune) bool {
	switch r {
	case '\u2028', '\u2029', '\u115f', '\u1160', '\u3164', '\uffa0':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector)
}

const digits = "0123456789abcdef"

func appendEscape(dst []byte, r rune) []byte {
	const short, long = 4, 8
	letter, size := byte('u'), short
	if r > 0xffff {
		letter, size = 'U', long
	}
	dst = append(dst, '\\', letter)
	for shift := 4 * (size - 1); shift >= 0; shift -= 4 {
		dst = append(dst, digits[r>>shift&15])
	}
	return dst
}
