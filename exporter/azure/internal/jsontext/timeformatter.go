// SPDX-License-Identifier: Apache-2.0

package jsontext

import "time"

// TimeFormatter formats times as ISO 8601 in UTC with a resolution of 100 ns, that of a datetime:
// 2026-03-04T05:06:07.8940001Z. It keeps the text of the last second, which most records of a batch share.
type TimeFormatter struct {
	second uint64
	text   []byte
}

// Append appends the text of a time in nanoseconds since 1970.
func (f *TimeFormatter) Append(dst []byte, at uint64) []byte {
	second := at / 1e9
	if second != f.second || f.text == nil {
		f.second = second
		f.text = time.Unix(int64(second), 0).UTC().AppendFormat(f.text[:0], "2006-01-02T15:04:05.")
	}
	dst = append(append(dst, f.text...), "0000000Z"...)
	digits := uint32(at % 1e9 / 100)
	for i := len(dst) - 2; digits > 0; i-- {
		dst[i] += byte(digits % 10)
		digits /= 10
	}
	return dst
}
