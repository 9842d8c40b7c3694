// SPDX-License-Identifier: Apache-2.0

package row

// datetimes appends dates and times. It keeps the last second, since consecutive ones mostly have the same.
type datetimes struct {
	second [len(datetimeForm)]byte // of which it is known that it is one
	known  bool
}

const datetimeForm = "0000-00-00T00:00:00"

// append appends a date and time in the RFC 3339 form of ISO 8601 ("2026-03-04T05:06:07.8940001Z", or with an
// offset), with quotes. It drops the digits of a fraction below 100 ns. ok is false for any other text and for
// impossible dates.
func (d *datetimes) append(dst []byte, s string) ([]byte, bool) {
	const form = datetimeForm
	if len(s) <= len(form) || len(s) > 40 {
		return dst, false
	}
	if !d.known || s[:len(form)] != string(d.second[:]) {
		if !isSecond(s[:len(form)]) {
			return dst, false
		}
		copy(d.second[:], s)
		d.known = true
	}
	end := len(form)
	zone := end
	if s[zone] == '.' {
		for zone++; zone < len(s) && s[zone]-'0' <= 9; zone++ {
		}
		if zone == len(form)+1 {
			return dst, false
		}
		end = min(zone, len(form)+1+7)
	}
	if z := s[zone:]; z != "Z" && (len(z) != 6 || z[0] != '+' && z[0] != '-' || z[1]-'0' > 9 || z[2]-'0' > 9 || z[3] != ':' ||
		z[4]-'0' > 9 || z[5]-'0' > 9 || number(z[1:3]) > 14 || number(z[4:6]) > 59) {
		return dst, false
	}
	dst = append(append(dst, '"'), s[:end]...)
	return append(append(dst, s[zone:]...), '"'), true
}

// isSecond reports whether a text of the form's length has the form of a date and time, and there is such a date and time.
func isSecond(s string) bool {
	for i := range len(datetimeForm) {
		if digit := s[i]-'0' <= 9; datetimeForm[i] == '0' && !digit || datetimeForm[i] != '0' && s[i] != datetimeForm[i] {
			return false
		}
	}
	year, month, day := number(s[0:4]), number(s[5:7]), number(s[8:10])
	return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) &&
		number(s[11:13]) <= 23 && number(s[14:16]) <= 59 && number(s[17:19]) <= 59
}

func number(digits string) (n int) {
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
