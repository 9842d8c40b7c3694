// SPDX-License-Identifier: Apache-2.0

package attrs

import "time"

// TimeFormatter writes times as ISO 8601 in UTC with a resolution of 100 ns, which is ETW's: "2026-03-04T05:06:07.8940001Z". It keeps the
// text of the last second, since consecutive events mostly have the same one. For another second of the same day, as the end of a sum often is, it
// changes only the time in that text.
type TimeFormatter struct {
	second int64  // since 1970
	text   []byte // of the second, with the point
}

const (
	secondsOfDay = 24 * 60 * 60
	dateLength   = len("2006-01-02T") // of a year with four digits, as all years of nanoseconds have
)

// Append appends the text of a time in nanoseconds since 1970.
func (s *TimeFormatter) Append(dst []byte, nanoseconds int64) []byte {
	second, fraction := nanoseconds/1e9, nanoseconds%1e9
	if fraction < 0 {
		second, fraction = second-1, fraction+1e9
	}
	if second != s.second || s.text == nil {
		s.setSecond(second)
	}
	dst = append(append(dst, s.text...), "0000000Z"...)
	digits := uint32(fraction / 100)
	for i := len(dst) - 2; digits > 0; i-- {
		dst[i] += byte(digits % 10)
		digits /= 10
	}
	return dst
}

// setSecond changes the text to that of another second.
func (s *TimeFormatter) setSecond(second int64) {
	last := s.second
	s.second = second
	midnight := second - second%secondsOfDay
	if s.text == nil || second < 0 || last < midnight || last >= midnight+secondsOfDay {
		s.text = time.Unix(second, 0).UTC().AppendFormat(s.text[:0], "2006-01-02T15:04:05.")
		return
	}
	ofDay := uint32(second - midnight)
	clock := s.text[dateLength:]
	setTwoDigits(clock, ofDay/3600)
	setTwoDigits(clock[len("15:"):], ofDay/60%60)
	setTwoDigits(clock[len("15:04:"):], ofDay%60)
}

// setTwoDigits writes a number below 100.
func setTwoDigits(dst []byte, n uint32) {
	dst[0], dst[1] = byte('0'+n/10), byte('0'+n%10)
}
