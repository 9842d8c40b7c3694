// SPDX-License-Identifier: Apache-2.0

package etw

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sid makes a SID of an authority and its sub-authorities.
func sid(authority uint64, subs ...uint32) SID {
	b := binary.BigEndian.AppendUint64(nil, authority)
	b[0], b[1] = 1, byte(len(subs))
	for _, sub := range subs {
		b = binary.LittleEndian.AppendUint32(b, sub)
	}
	return SID(b)
}

func TestASIDHasItsText(t *testing.T) {
	var most []uint32
	for range 15 {
		most = append(most, 4294967295)
	}
	for want, s := range map[string]SID{
		"S-1-5-18": sid(5, 18),
		"S-1-5-21-3841920571-2209614458-1736201947-1188": sid(5, 21, 3841920571, 2209614458, 1736201947, 1188),
		"S-1-5":               sid(5),
		"S-1-0x10000000000-7": sid(1<<40, 7),
		"S-1-4294967295-0":    sid(1<<32-1, 0),
		"S-1-15-" + strings.TrimSuffix(strings.Repeat("4294967295-", 15), "-"): sid(15, most...),
		"": nil,
	} {
		require.Equal(t, want, s.String())
		require.Equal(t, s, AsSID(s), "whole")
		require.Equal(t, s, AsSID(append(append([]byte{}, s...), 1, 2, 3))[:len(s):len(s)], "what follows is not the SID's")
	}
}

func TestBytesThatAreNoSIDAreNone(t *testing.T) {
	whole := sid(5, 21, 1, 2, 3, 1001)
	for n := range len(whole) {
		require.Nil(t, AsSID(whole[:n]), "%d bytes", n)
	}
	require.Nil(t, AsSID(append([]byte{2}, whole[1:]...)), "another revision")
	long := append([]byte{1, 16, 0, 0, 0, 0, 0, 5}, make([]byte, 64)...)
	require.Nil(t, AsSID(long), "16 sub-authorities; 15 are the most")
	long[1] = 255
	require.Nil(t, AsSID(append(long, make([]byte, 1000)...)))
	require.Empty(t, SID(whole[:9]).String(), "not whole")
}

func TestServiceAccountsAreKnown(t *testing.T) {
	for _, s := range []SID{sid(5, 18), sid(5, 19), sid(5, 20)} {
		require.True(t, s.IsService(), s.String())
	}
	for _, s := range []SID{nil, sid(5), sid(5, 17), sid(5, 21), sid(5, 18, 1), sid(1, 18), sid(5, 21, 1, 2, 3, 500)} {
		require.False(t, s.IsService(), s.String())
	}
}

func TestARecordCarriesItsUser(t *testing.T) {
	for _, user := range []SID{sid(5, 18), sid(5, 21, 1, 2, 3, 1001), sid(5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), nil} {
		r := Record{ID: 515, Flags: Flag64BitHeader, User: user, UserData: []byte{1, 2, 3}}
		raw, err := r.Append(nil)
		require.NoError(t, err)
		require.LessOrEqual(t, len(raw), HeaderAndSIDSize+3)
		var again Record
		require.NoError(t, again.Parse(raw))
		require.Equal(t, user, again.User)
		require.Equal(t, []byte{1, 2, 3}, again.UserData)
		require.Equal(t, user != nil, again.Flags&FlagExtendedInfo != 0)
	}
	r := Record{User: sid(5, 18), UserData: make([]byte, MaxRecordSize-HeaderSize-24)}
	_, err := r.Append(nil)
	require.NoError(t, err)
	r.UserData = append(r.UserData, 0)
	_, err = r.Append(nil)
	require.ErrorContains(t, err, "at most 65431 fit")
}

// itemsAndData is an event with extended data items before its user data.
func itemsAndData(items ...[]byte) []byte {
	raw, _ := (&Record{}).Append(nil)
	raw[4] |= FlagExtendedInfo
	for i, item := range items {
		if i+1 < len(items) {
			item[4] |= 1
		}
		raw = append(raw, item...)
	}
	raw = append(raw, "data"...)
	binary.LittleEndian.PutUint16(raw, uint16(len(raw)))
	return raw
}

// item is an extended data item of a type, padded.
func item(typ uint16, data []byte) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{0, 0}, typ)
	b = append(binary.LittleEndian.AppendUint16(append(b, 0, 0), uint16(len(data))), data...)
	for len(b)%8 != 0 {
		b = append(b, 0xEE)
	}
	return b
}

func TestTheUserIsFoundAmongTheExtendedData(t *testing.T) {
	user := sid(5, 21, 1, 2, 3, 1001)
	short := append(SID{}, user...)
	short[1] = 6 // one sub-authority more than there is
	for name, tc := range map[string]struct {
		raw  []byte
		want SID
	}{
		"alone":                  {itemsAndData(item(2, user)), user},
		"behind others":          {itemsAndData(item(1, make([]byte, 16)), item(3, make([]byte, 4)), item(2, user)), user},
		"before others":          {itemsAndData(item(2, user), item(5, make([]byte, 100))), user},
		"the first of two":       {itemsAndData(item(2, user), item(2, sid(5, 18))), user},
		"after one that is none": {itemsAndData(item(2, short), item(2, user)), user},
		"no SID":                 {itemsAndData(item(2, []byte("not a SID"))), nil},
		"longer than its item":   {itemsAndData(item(2, short)), nil}, // the padding is not its own
		"of another type":        {itemsAndData(item(4, user)), nil},
		"empty":                  {itemsAndData(item(2, nil)), nil},
	} {
		r := Record{User: sid(5, 20)} // of the event before
		require.NoError(t, r.Parse(tc.raw), name)
		require.Equal(t, tc.want, r.User, name)
		require.Equal(t, "data", string(r.UserData), name)
	}
}

func FuzzRecordUser(f *testing.F) {
	f.Add(itemsAndData(item(2, sid(5, 21, 1, 2, 3, 1001))))
	f.Add(itemsAndData(item(1, make([]byte, 16)), item(2, sid(5, 18))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r Record
		if r.Parse(raw) != nil {
			return
		}
		require.Equal(t, r.User, AsSID(r.User))
		if r.User != nil {
			require.True(t, strings.HasPrefix(r.User.String(), "S-1-"))
		}
		again, err := r.Append(nil)
		require.NoError(t, err)
		var same Record
		require.NoError(t, same.Parse(again))
		require.Equal(t, r.User, same.User)
		require.Equal(t, len(r.UserData), len(same.UserData))
	})
}
