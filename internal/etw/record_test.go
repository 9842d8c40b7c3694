// SPDX-License-Identifier: Apache-2.0

package etw

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wire is an event by hand, field by field of EVENT_HEADER.
const wire = "5400" + "13" + "c0" + // Size 84, HeaderType, MarkerFlags
	"4002" + "0000" + // Flags 0x0240, EventProperty
	"540e0000" + "54030000" + // ThreadId 3668, ProcessId 852
	"32f5a2d19794da01" + // TimeStamp 2024-04-22T09:31:13.8941234Z
	"1a0679eb66a5984691193ed2807060e7" + // ProviderId
	"0101" + "02" + "10" + "04" + "05" + "0700" + // Id 257, Version, Channel, Level, Opcode, Task
	"0200000000000080" + // Keyword
	"1112131415161718" + // KernelTime, UserTime
	"0102030405060708090a0b0c0d0e0f10" + // ActivityId
	"deadbeef"

func wireBytes(t testing.TB, text string) []byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func TestRecordFieldsStandWhereEventHeaderHasThem(t *testing.T) {
	raw := wireBytes(t, wire)
	raw = append(raw, 0xFF) // padding behind the record is not its data
	var r Record
	require.NoError(t, r.Parse(raw))
	require.Equal(t, Record{
		Flags: 0x0240, ThreadID: 3668, ProcessID: 852, TimeStamp: 133582518738941234,
		Provider: MustGUID("EB79061A-A566-4698-9119-3ED2807060E7"), ID: 257, Version: 2, Channel: 16, Level: 4, Opcode: 5, Task: 7,
		Keyword: 0x8000000000000002, ActivityID: MustGUID("04030201-0605-0807-090A-0B0C0D0E0F10"), UserData: []byte{0xde, 0xad, 0xbe, 0xef},
	}, r)
	require.Equal(t, "2024-04-22T09:31:13.8941234Z", r.Time().Format(time.RFC3339Nano))
	require.Equal(t, 8, r.PointerSize())

	again, err := r.Append(nil)
	require.NoError(t, err)
	want := wireBytes(t, wire)
	copy(want[56:64], make([]byte, 8)) // the processor times are not kept
	require.Equal(t, want, again)
}

// Windows writes the flags for the width only when it hands an event over: in its files an event has the header type alone.
func TestRecordOf32BitsIsKnownByItsHeaderType(t *testing.T) {
	for headerType, want := range map[byte]int{HeaderType32: 4, HeaderType64: 8} {
		raw := wireBytes(t, wire)
		raw[2], raw[4] = headerType, 0
		var r Record
		require.NoError(t, r.Parse(raw))
		require.Equal(t, want, r.PointerSize())
		again, err := r.Append(nil)
		require.NoError(t, err)
		require.Equal(t, headerType, again[2])
	}
}

func TestRecordExtendedDataIsSteppedOver(t *testing.T) {
	// Two items: 5 bytes of data, padded to 8, linked to one without data.
	items := "0000" + "0100" + "0100" + "0500" + "aabbccddee000000" + "0000" + "0200" + "0000" + "0000"
	raw := wireBytes(t, strings.Replace(wire, "deadbeef", items+"deadbeef", 1))
	raw[0] += 24
	raw[4] |= FlagExtendedInfo
	var r Record
	require.NoError(t, r.Parse(raw))
	require.Equal(t, []byte{0xde, 0xad, 0xbe, 0xef}, r.UserData)
}

func TestRecordThatIsNoneIsRefusedWithItsReason(t *testing.T) {
	tooLong := wireBytes(t, wire)
	tooLong[0]++
	tooShort := wireBytes(t, wire)
	tooShort[0] = 79
	noItem := wireBytes(t, wire)
	noItem[4] |= FlagExtendedInfo
	endless := append(wireBytes(t, wire), make([]byte, 16)...)
	endless[0] += 16
	endless[4] |= FlagExtendedInfo
	copy(endless[80:], []byte{0, 0, 0, 0, 1, 0, 0xFF, 0xFF})
	for reason, raw := range map[string][]byte{"header": wireBytes(t, wire)[:79], "size": tooLong, "extended_data": noItem} {
		var r Record
		var parse *ParseError
		require.ErrorAs(t, r.Parse(raw), &parse)
		require.Equal(t, reason, parse.Reason)
	}
	var r Record
	require.ErrorContains(t, r.Parse(tooShort), "EVENT_HEADER.Size is 79; want 80 to 84")
	require.ErrorContains(t, r.Parse(endless), "an item of 65544 bytes where 20 are left")
}

func TestRecordParseTakesAnyBytes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	seed := wireBytes(t, wire)
	for range 20_000 {
		raw := append([]byte(nil), seed[:rnd.IntN(len(seed)+1)]...)
		for range rnd.IntN(4) {
			if len(raw) > 0 {
				raw[rnd.IntN(len(raw))] = byte(rnd.Uint32())
			}
		}
		var r Record
		if err := r.Parse(raw); err != nil {
			require.True(t, errors.As(err, new(*ParseError)))
			continue
		}
		require.LessOrEqual(t, len(r.UserData), len(raw)-HeaderSize)
	}
}

func TestRecordTooLargeForItsSizeFieldIsNotWritten(t *testing.T) {
	r := Record{UserData: make([]byte, MaxRecordSize-HeaderSize)}
	_, err := r.Append(nil)
	require.NoError(t, err)
	r.UserData = append(r.UserData, 0)
	_, err = r.Append(nil)
	require.ErrorContains(t, err, "at most 65455 fit")
}

func TestFiletimesOutOfRangeAreClamped(t *testing.T) {
	require.Equal(t, int64(0), UnixNano(116444736000000000))
	require.Equal(t, int64(1772600760000000000), UnixNano(Filetime(1772600760000000000)))
	for _, filetime := range []int64{0, -1, math.MinInt64, math.MaxInt64} {
		year := (&Record{TimeStamp: filetime}).Time().Year()
		require.True(t, year == 1677 || year == 2262, "%d", year)
	}
}

// FuzzParse reads any bytes as an event: its parts lie within the bytes, and what was read is written and read again the same.
func FuzzParse(f *testing.F) {
	raw := wireBytes(f, wire)
	f.Add(raw)
	f.Add(raw[:HeaderSize])
	long := bytes.Clone(raw)
	binary.LittleEndian.PutUint16(long, 0xFFFF) // a size beyond the bytes
	f.Add(long)
	extended := bytes.Clone(raw)
	extended[4] |= FlagExtendedInfo
	f.Add(extended)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r, again Record
		if err := r.Parse(raw); err != nil {
			var parse *ParseError
			require.ErrorAs(t, err, &parse)
			require.Contains(t, []string{"header", "size", "extended_data"}, parse.Reason)
			return
		}
		require.LessOrEqual(t, len(r.UserData)+HeaderSize, len(raw))
		written, err := r.Append(nil)
		if err != nil {
			return // the user may take room that the size does not have
		}
		require.NoError(t, again.Parse(written))
		require.Equal(t, len(r.UserData), len(again.UserData))
		require.Equal(t, r.ID, again.ID)
	})
}
