// SPDX-License-Identifier: Apache-2.0

package dns

import "slices"

// guidText is the form of a GUID as text. A zero stands for a digit.
const guidText = "{00000000-0000-0000-0000-000000000000}"

// guidDigits has the places in guidText of the first digit of each byte, and guidMarks those of the other characters.
var guidDigits, guidMarks = func() (digits [16]int, marks []int) {
	n := 0
	for i, c := range guidText {
		switch {
		case c != '0':
			marks = append(marks, i)
		case n%2 == 0:
			digits[n/2] = i
			n++
		default:
			n++
		}
	}
	return digits, marks
}()

// hexValues has the value of each hexadecimal digit, and notHex for any other byte.
var hexValues = func() (values [256]uint8) {
	for i := range values {
		values[i] = notHex
	}
	for i := range byte(10) {
		values['0'+i] = i
	}
	for i := range byte(6) {
		values['a'+i], values['A'+i] = 10+i, 10+i
	}
	return values
}()

const notHex = 0x80

// appendGUID appends the bytes of a GUID's text, of which each character has a number of bytes, 1 or 2 in little-endian order. ok is false, and
// nothing is appended, for any other text.
func appendGUID(dst, text []byte, width int) (_ []byte, ok bool) {
	if len(text) != len(guidText)*width {
		return dst, false
	}
	for _, i := range guidMarks {
		if text[i*width] != guidText[i] {
			return dst, false
		}
	}
	var wide, bad uint8
	if width == 2 {
		for i := 1; i < len(text); i += 2 {
			wide |= text[i]
		}
	}
	from := len(dst)
	dst = slices.Grow(dst, len(guidDigits))[:from+len(guidDigits)]
	for i, at := range guidDigits {
		high, low := hexValues[text[at*width]], hexValues[text[(at+1)*width]]
		bad |= high | low
		dst[from+i] = high<<4 | low
	}
	if wide != 0 || bad&notHex != 0 {
		return dst[:from], false
	}
	return dst, true
}
