// SPDX-License-Identifier: Apache-2.0

package dns

import "encoding/binary"

// guidText is the form of a GUID as text. A zero stands for a digit.
const guidText = "{00000000-0000-0000-0000-000000000000}"

// appendGUID appends the bytes of a GUID's text, of which each character has a number of bytes, 1 or 2 in little-endian order. ok is false, and
// nothing is appended, for any other text.
func appendGUID(dst, text []byte, width int) (_ []byte, ok bool) {
	if len(text) != len(guidText)*width {
		return dst, false
	}
	if width == 1 {
		var units [2 * len(guidText)]byte
		for i, c := range text {
			units[2*i] = c
		}
		return appendGUID(dst, units[:], 2)
	}
	high, low, ok := readGUID((*[2 * len(guidText)]byte)(text))
	if !ok {
		return dst, false
	}
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, high), low), true
}

// readGUID reads a GUID's text of 16-bit units. high and low have its first and its last eight bytes, the first in the lowest octet of each.
func readGUID(text *[2 * len(guidText)]byte) (high, low uint64, ok bool) {
	unit := func(i int) uint64 { return uint64(binary.LittleEndian.Uint16(text[2*i:])) }
	// Four digits each.
	a, b := binary.LittleEndian.Uint64(text[2*1:]), binary.LittleEndian.Uint64(text[2*5:])
	c, d := binary.LittleEndian.Uint64(text[2*10:]), binary.LittleEndian.Uint64(text[2*15:])
	e, f := binary.LittleEndian.Uint64(text[2*20:]), binary.LittleEndian.Uint64(text[2*25:])
	g, h := binary.LittleEndian.Uint64(text[2*29:]), binary.LittleEndian.Uint64(text[2*33:])
	wrong := (a | b | c | d | e | f | g | h) & 0xFF80_FF80_FF80_FF80
	wrong |= (unit(0) ^ '{') | (unit(9) ^ '-') | (unit(14) ^ '-') | (unit(19) ^ '-') | (unit(24) ^ '-') | (unit(37) ^ '}')
	n1, w1 := hexBytes(everyOther(a) | everyOther(b)<<32)
	n2, w2 := hexBytes(everyOther(c) | everyOther(d)<<32)
	n3, w3 := hexBytes(everyOther(e) | everyOther(f)<<32)
	n4, w4 := hexBytes(everyOther(g) | everyOther(h)<<32)
	return n1 | n2<<32, n3 | n4<<32, wrong|w1|w2|w3|w4 == 0
}

// everyOther returns the octets 0, 2, 4 and 6, side by side.
func everyOther(octets uint64) uint64 {
	octets &= 0x00FF_00FF_00FF_00FF
	octets = (octets | octets>>8) & 0x0000_FFFF_0000_FFFF
	return (octets | octets>>16) & 0xFFFF_FFFF
}

// hexBytes returns the four bytes that eight hexadecimal digits of ASCII stand for. The first digit and the first byte are the lowest octets.
// wrong is not 0 if an octet is no digit. It handles all octets at once, because the processor predicts a branch for each digit badly.
func hexBytes(digits uint64) (value, wrong uint64) {
	const top = 0x80
	lower := digits | 0x20*each
	letter := (lower + (top-'a')*each) &^ (lower + (top-1-'f')*each) // in the top bit of each octet, as below
	decimal := (digits + (top-'0')*each) &^ (digits + (top-1-'9')*each)
	nibbles := digits&(0x0F*each) + letter>>7&each*9
	return everyOther(nibbles<<4 | nibbles>>8), ^(letter | decimal) & (top * each)
}
