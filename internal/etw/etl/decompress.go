// SPDX-License-Identifier: Apache-2.0

// The compression of trace buffers: plain LZ77, which Windows calls XPRESS (COMPRESSION_FORMAT_XPRESS of RtlCompressBuffer). It is
// described in MS-XCA, sections 2.3 and 2.4. The bytes after the buffer's header are compressed.

package etl

import (
	"encoding/binary"
	"errors"
)

var errLZ77 = errors.New("not plain LZ77, or damaged")

// decompress decompresses src, to its end, into dst and returns how many bytes it has written. It fails if src refers to bytes before
// dst, or gives more bytes than dst has room for. After a failure, dst has the bytes from before the fault, and n is their number.
//
// Flags come in words of 32 bits, the highest bit first: 0 is a byte to copy from src; 1 is a match of 16 bits, whose upper 13 bits
// are the distance minus 1 and whose lower 3 bits are the length minus 3. A length of 7 or more continues in a half byte, which two
// matches share; one of 15 there continues in a byte; one of 255 there continues in 16 bits; and 0 there continues in 32 bits.
func decompress(dst, src []byte) (n int, err error) {
	le := binary.LittleEndian
	var flags uint32
	left := 0    // flags not used yet
	shared := -1 // offset of the byte in src whose upper half is not used yet
	for at := 0; at < len(src); {
		if left == 0 {
			if len(src)-at < 4 {
				return n, nil
			}
			flags, left = le.Uint32(src[at:]), 32
			at += 4
			continue
		}
		left--
		if flags>>left&1 == 0 {
			if n == len(dst) {
				return n, errLZ77
			}
			dst[n] = src[at]
			n++
			at++
			continue
		}
		if len(src)-at < 2 {
			return n, nil
		}
		match := le.Uint16(src[at:])
		at += 2
		distance, length := int(match>>3)+1, int64(match&7)
		if length == 7 {
			var half byte
			switch {
			case shared >= 0:
				half, shared = src[shared]>>4, -1
			case at == len(src):
				return n, nil
			default:
				half, shared = src[at]&15, at
				at++
			}
			length += int64(half)
			if half == 15 {
				var ok bool
				if length, at, ok = longLength(src, at); !ok {
					return n, nil
				}
				if length < 7+15 {
					return n, errLZ77
				}
			}
		}
		length += 3
		if distance > n || length > int64(len(dst)-n) {
			return n, errLZ77
		}
		from, end := n-distance, n+int(length)
		for n < end { // a match may overlap itself
			n += copy(dst[n:end], dst[from:n])
		}
	}
	return n, nil
}

// longLength reads a match's length minus 3, if it is 22 or more. ok is false if src ends before that.
func longLength(src []byte, at int) (length int64, next int, ok bool) {
	le := binary.LittleEndian
	if at >= len(src) {
		return 0, at, false
	}
	if b := src[at]; b != 255 {
		return 7 + 15 + int64(b), at + 1, true
	}
	at++
	if len(src)-at < 2 {
		return 0, at, false
	}
	if length = int64(le.Uint16(src[at:])); length != 0 {
		return length, at + 2, true
	}
	at += 2
	if len(src)-at < 4 {
		return 0, at, false
	}
	return int64(le.Uint32(src[at:])), at + 4, true
}
