// SPDX-License-Identifier: Apache-2.0

package etw

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// GUID is a Windows GUID in the byte order of the wire: the first three groups little endian, the rest as written.
type GUID [16]byte

// errGUID is the error for every malformed GUID. ParseGUID wraps it with the text.
var errGUID = errors.New("not a GUID; want 8-4-4-4-12 hexadecimal digits, with or without braces, such as {EB79061A-A566-4698-9119-3ED2807060E7}")

// ParseGUID reads the text form of a GUID, any case, with or without braces.
func ParseGUID(s string) (GUID, error) {
	var g GUID
	t := strings.TrimSpace(s)
	if strings.HasPrefix(t, "{") && strings.HasSuffix(t, "}") {
		t = t[1 : len(t)-1]
	}
	if len(t) != 36 || t[8] != '-' || t[13] != '-' || t[18] != '-' || t[23] != '-' {
		return g, fmt.Errorf("%q is %w", s, errGUID)
	}
	var b [16]byte
	if _, err := hex.Decode(b[:], []byte(t[:8]+t[9:13]+t[14:18]+t[19:23]+t[24:])); err != nil {
		return g, fmt.Errorf("%q is %w", s, errGUID)
	}
	binary.LittleEndian.PutUint32(g[0:], binary.BigEndian.Uint32(b[0:]))
	binary.LittleEndian.PutUint16(g[4:], binary.BigEndian.Uint16(b[4:]))
	binary.LittleEndian.PutUint16(g[6:], binary.BigEndian.Uint16(b[6:]))
	copy(g[8:], b[8:])
	return g, nil
}

// MustGUID is ParseGUID for constants; it panics on text that is not a GUID.
func MustGUID(s string) GUID {
	g, err := ParseGUID(s)
	if err != nil {
		panic(err)
	}
	return g
}

// IsZero reports whether all bytes are zero, as in an unset field.
func (g GUID) IsZero() bool { return g == GUID{} }

// String returns the braced upper-case form that Windows prints.
func (g GUID) String() string { return string(g.Append(make([]byte, 0, 38))) }

// Append appends the braced upper-case form (38 bytes) to dst.
func (g GUID) Append(dst []byte) []byte {
	const digits = "0123456789ABCDEF"
	dst = append(dst, '{')
	for i, at := range [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[g[at]>>4], digits[g[at]&0xF])
	}
	return append(dst, '}')
}
