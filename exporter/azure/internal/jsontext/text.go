// SPDX-License-Identifier: Apache-2.0

// Package jsontext appends texts, values and times as JSON to a buffer, without reflection. The exporters to Azure use
// it.
package jsontext

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// CutMark is the end of a text that was cut.
const CutMark = " [cut]"

// Boundary returns the last position at or before n where a rune begins. In a text that is not UTF-8 it may be n
// itself.
func Boundary(s string, n int) int {
	for i := n; i > n-utf8.UTFMax && i > 0; i-- {
		if utf8.RuneStart(s[i]) {
			return i
		}
	}
	return n
}

// plain marks the bytes that need no escape in a JSON string.
var plain = func() (p [256]bool) {
	for b := 0x20; b < utf8.RuneSelf; b++ {
		p[b] = b != '"' && b != '\\'
	}
	return p
}()

const hexDigits = "0123456789abcdef"

// AppendString appends the content of a JSON string, without the quotes. It reports whether s is valid UTF-8.
func AppendString(dst []byte, s string) (_ []byte, valid bool) {
	end := len(dst)
	if dst = slices.Grow(dst, len(s)); CopyPlain(dst[end:end+len(s)], s) { // most texts
		return dst[:end+len(s)], true
	}
	valid = true
	from := 0
	for i := 0; i < len(s); {
		for len(s)-i >= 8 && allPlain(s[i:]) {
			i += 8
		}
		if i == len(s) {
			break
		}
		b := s[i]
		if plain[b] {
			i++
			continue
		}
		if b >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				valid = false
				dst = append(append(dst, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, s[from:i]...)
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
		}
		i++
		from = i
	}
	return append(dst, s[from:]...), valid
}

// IsPlain reports whether a text needs no escape in a JSON string. It may return false for such a text.
func IsPlain(s string) bool {
	switch n := len(s); {
	case n >= 8:
		found := escapes(load(s[n-8:]))
		for i := 0; i < n-8; i += 8 {
			found |= escapes(load(s[i:]))
		}
		return found == 0
	case n >= 4:
		return escapes(uint64(loadHalf(s))|uint64(loadHalf(s[n-4:]))<<32) == 0
	case n > 0:
		const blanks = 0x2020_2020_2000_0000 // instead of five bytes
		return escapes(uint64(s[0])|uint64(s[n/2])<<8|uint64(s[n-1])<<16|blanks) == 0
	}
	return true
}

// CopyPlain copies a text to the beginning of dst, which is not shorter, and reports IsPlain. It reads the text once.
func CopyPlain(dst []byte, s string) bool {
	le := binary.LittleEndian
	switch n := len(s); {
	case n >= 8:
		last := load(s[n-8:])
		found := escapes(last)
		for i := 0; i < n-8; i += 8 {
			x := load(s[i:])
			found |= escapes(x)
			le.PutUint64(dst[i:], x)
		}
		le.PutUint64(dst[n-8:], last)
		return found == 0
	case n >= 4:
		first, last := loadHalf(s), loadHalf(s[n-4:])
		le.PutUint32(dst, first)
		le.PutUint32(dst[n-4:], last)
		return escapes(uint64(first)|uint64(last)<<32) == 0
	case n > 0:
		dst[0], dst[n/2], dst[n-1] = s[0], s[n/2], s[n-1]
		return IsPlain(s)
	}
	return true
}

// ones has the byte 1 eight times.
const ones = 0x0101_0101_0101_0101

// escapes checks eight bytes at once: the high bit of a byte is set if the byte is not ASCII, below 0x20, a quote or a backslash. A borrow from the
// byte before can set it for a plain byte too.
func escapes(x uint64) uint64 {
	quote, backslash := x^ones*'"', x^ones*'\\'
	return (x | (x - ones*0x20) | (quote - ones) | (backslash - ones)) & (ones * 0x80)
}

// load reads the first eight bytes of a text, and loadHalf the first four.
func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func loadHalf(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// allPlain reports whether the first eight bytes are plain.
func allPlain(s string) bool { return escapes(load(s)) == 0 }

// AppendQuoted appends JSON as a JSON string. JSON text needs escapes for quotes and backslashes only.
func AppendQuoted(dst, json []byte) []byte {
	dst = append(dst, '"')
	from := 0
	for i, b := range json {
		if b == '"' || b == '\\' {
			dst = append(append(dst, json[from:i]...), '\\')
			from = i
		}
	}
	return append(append(dst, json[from:]...), '"')
}
