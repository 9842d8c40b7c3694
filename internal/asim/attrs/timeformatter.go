// SPDX-License-Identifier: Apache-2.0

package attrs

import "time"

// TimeFormatter writes times as ISO 8601 in UTC with a resolution of 100 ns, which is ETW's: "2026-03-04T05:06:07.8940001Z". It keeps the
// text of the last second, since consecutive events mostly have the same one.
type TimeFormatter struct {
	second int64 // since 1970
	text   []byte
}

// Append appends the text of a time in nanoseconds since 1970.
func (s *TimeFormatter) Append(dst []byte, nanoseconds int64) []byte {
	second, fraction := nanoseconds/1e9, nanoseconds%1e9
	if fraction < 0 {
		second, fraction = second-1, fraction+1e9
	}
	if second != s.second || s.text == nil {
		s.second = second
		s.text = time.Unix(second, 0).UTC().AppendFormat(s.text[:0], "2006-01-02T15:04:05.")
	}
	dst = append(append(dst, s.text...), "0000000Z"...)
	digits := uint32(fraction / 100)
	for i := len(dst) - 2; digits > 0; i-- {
		dst[i] += byte(digits % 10)
		digits /= 10
	}
	return dst
}
