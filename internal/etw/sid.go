// SPDX-License-Identifier: Apache-2.0

package etw

import (
	"encoding/binary"
	"strconv"
)

// SID is a security identifier in binary form (winnt.h, SID): revision 1, the number of sub-authorities, the identifier authority in
// 6 bytes, big endian, and the sub-authorities of 4 bytes each, little endian. A SID that AsSID has returned is complete.
type SID []byte

// Bounds of a SID (winnt.h: SID_REVISION, SID_MAX_SUB_AUTHORITIES), in bytes.
const (
	sidRevision      = 1
	sidHeader        = 8
	sidSubAuthority  = 4
	maxSubAuthority  = 15
	MaxSIDSize       = sidHeader + maxSubAuthority*sidSubAuthority
	extendedTypeSID  = 2 // EVENT_HEADER_EXT_TYPE_SID (evntcons.h)
	extendedHeader   = 8 // an extended data item in a trace buffer, without its data
	extendedAlign    = 8
	maxSIDItem       = (extendedHeader + MaxSIDSize + extendedAlign - 1) &^ (extendedAlign - 1)
	HeaderAndSIDSize = HeaderSize + maxSIDItem
)

// AsSID returns the SID at the beginning of b, aliasing it; nil if b does not begin with a complete one.
func AsSID(b []byte) SID {
	if len(b) < sidHeader || b[0] != sidRevision || b[1] > maxSubAuthority {
		return nil
	}
	size := sidHeader + int(b[1])*sidSubAuthority
	if len(b) < size {
		return nil
	}
	return SID(b[:size])
}

// Append appends the SID's text, such as S-1-5-18, to dst (MS-DTYP section 2.4.2.1). It appends nothing for nil.
func (s SID) Append(dst []byte) []byte {
	if AsSID(s) == nil {
		return dst
	}
	dst = append(dst, "S-1-"...)
	authority := uint64(binary.BigEndian.Uint16(s[2:]))<<32 | uint64(binary.BigEndian.Uint32(s[4:]))
	if authority >= 1<<32 {
		dst = strconv.AppendUint(append(dst, "0x"...), authority, 16)
	} else {
		dst = strconv.AppendUint(dst, authority, 10)
	}
	for sub := s[sidHeader:]; len(sub) >= sidSubAuthority; sub = sub[sidSubAuthority:] {
		dst = strconv.AppendUint(append(dst, '-'), uint64(binary.LittleEndian.Uint32(sub)), 10)
	}
	return dst
}

// String returns the SID's text.
func (s SID) String() string { return string(s.Append(nil)) }

// IsService reports whether the SID is one of the accounts of services: LocalSystem, LocalService or NetworkService (S-1-5-18, 19 and
// 20).
func (s SID) IsService() bool {
	return len(s) == sidHeader+sidSubAuthority && string(s[:sidHeader]) == "\x01\x01\x00\x00\x00\x00\x00\x05" &&
		binary.LittleEndian.Uint32(s[sidHeader:]) >= 18 && binary.LittleEndian.Uint32(s[sidHeader:]) <= 20
}

// ItemSize returns the size in bytes of the extended data item that holds the SID; 0 for nil.
func (s SID) ItemSize() int {
	if len(s) == 0 {
		return 0
	}
	return (extendedHeader + len(s) + extendedAlign - 1) &^ (extendedAlign - 1)
}

// AppendItem appends the extended data item that holds the SID, in the form of a trace buffer and as the last item. It appends
// nothing for nil.
func (s SID) AppendItem(dst []byte) []byte {
	if len(s) == 0 {
		return dst
	}
	end := len(dst) + s.ItemSize()
	dst = append(dst, 0, 0, extendedTypeSID, 0, 0, 0)
	dst = append(binary.LittleEndian.AppendUint16(dst, uint16(len(s))), s...)
	for len(dst) < end {
		dst = append(dst, 0)
	}
	return dst
}
