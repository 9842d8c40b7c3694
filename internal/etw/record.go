// SPDX-License-Identifier: Apache-2.0

// Package etw reads and writes single events of Event Tracing for Windows, on any operating system. In come the bytes of an event in
// wire form; out come its header's fields, its user and its user data, and the other way round.
//
// The wire form is an EVENT_HEADER of 80 bytes, extended data items if the header says so, and the user data up to the header's Size.
// It is the form that .etl files hold. The live session writes the same form, so one decoder serves both. There are two deviations.
// The source converts the time stamp to FILETIME from any clock of a session. It keeps only the SID of the user from the
// extended data.
package etw

import (
	"encoding/binary"
	"fmt"
	"time"
)

// HeaderSize is the size of EVENT_HEADER in bytes (evntcons.h).
const HeaderSize = 80

// MaxRecordSize bounds one event, header included, in bytes: EVENT_HEADER.Size is a USHORT.
const MaxRecordSize = 1<<16 - 1

// Flags of EVENT_HEADER (evntcons.h, EVENT_HEADER_FLAG_*).
const (
	FlagExtendedInfo = 0x0001 // extended data items follow the header
	Flag32BitHeader  = 0x0020 // the event was written by a 32-bit process: pointers have 4 bytes
	Flag64BitHeader  = 0x0040 // the event was written by a 64-bit process: pointers have 8 bytes
)

// HeaderType64 and HeaderType32 are the values of EVENT_HEADER.HeaderType in a trace buffer.
const (
	HeaderType64 = 0x13
	HeaderType32 = 0x12
)

// MarkerFlags is EVENT_HEADER's fourth byte in a trace buffer.
const MarkerFlags = 0xC0

// Record is one event: the fields of EVENT_HEADER and the user data.
type Record struct {
	Flags      uint16
	Property   uint16
	ThreadID   uint32
	ProcessID  uint32
	TimeStamp  int64 // FILETIME: 100 ns since 1601-01-01 UTC
	Provider   GUID
	ID         uint16
	Version    uint8
	Channel    uint8
	Level      uint8
	Opcode     uint8
	Task       uint16
	Keyword    uint64
	ActivityID GUID

	// User is the user that wrote the event, nil if the session did not ask for it. Like UserData it points into the bytes that
	// Parse was given.
	User SID
	// UserData is what the provider wrote. It points into the bytes that Parse was given and is valid as long as they are.
	UserData []byte
}

// ParseError says why bytes are not an event record. Reason is a fixed word for a metric's label.
type ParseError struct {
	Reason string // "header", "size" or "extended_data"
	text   string
}

func (e *ParseError) Error() string { return e.text }

func parseError(reason, format string, args ...any) *ParseError {
	return &ParseError{Reason: reason, text: "event record: " + fmt.Sprintf(format, args...)}
}

// Parse reads one event in wire form into r. r.UserData aliases raw. Every error is a *ParseError; r then holds what was read before
// it.
func (r *Record) Parse(raw []byte) error {
	if len(raw) < HeaderSize {
		return parseError("header", "want at least the %d bytes of EVENT_HEADER, have %d", HeaderSize, len(raw))
	}
	le := binary.LittleEndian
	size := int(le.Uint16(raw))
	r.Flags = le.Uint16(raw[4:])
	if raw[2] == HeaderType32 { // the flags of files have neither bit for the width; Windows adds one when it hands the event over
		r.Flags |= Flag32BitHeader
	}
	r.Property = le.Uint16(raw[6:])
	r.ThreadID = le.Uint32(raw[8:])
	r.ProcessID = le.Uint32(raw[12:])
	r.TimeStamp = int64(le.Uint64(raw[16:]))
	r.Provider = GUID(raw[24:40])
	r.ID = le.Uint16(raw[40:])
	r.Version = raw[42]
	r.Channel = raw[43]
	r.Level = raw[44]
	r.Opcode = raw[45]
	r.Task = le.Uint16(raw[46:])
	r.Keyword = le.Uint64(raw[48:])
	r.ActivityID = GUID(raw[64:80])
	r.User, r.UserData = nil, nil
	if size < HeaderSize || size > len(raw) {
		return parseError("size", "EVENT_HEADER.Size is %d; want %d to %d, the bytes at hand", size, HeaderSize, len(raw))
	}
	data := raw[HeaderSize:size]
	if r.Flags&FlagExtendedInfo != 0 {
		var err error
		if data, err = r.extendedData(data); err != nil {
			return err
		}
	}
	r.UserData = data
	return nil
}

// extendedData reads the extended data items and returns the bytes after them. In a trace buffer an EVENT_HEADER_EXTENDED_DATA_ITEM
// is: reserved, type, linkage, size, 16 bits each, then the data; every item is aligned to 8 bytes.
func (r *Record) extendedData(data []byte) ([]byte, error) {
	for {
		if len(data) < extendedHeader {
			return nil, parseError("extended_data", "want an item header of %d bytes, have %d", extendedHeader, len(data))
		}
		linkage, own := binary.LittleEndian.Uint16(data[4:]), extendedHeader+int(binary.LittleEndian.Uint16(data[6:]))
		size := (own + extendedAlign - 1) &^ (extendedAlign - 1)
		if size > len(data) {
			return nil, parseError("extended_data", "an item of %d bytes where %d are left", size, len(data))
		}
		if r.User == nil && binary.LittleEndian.Uint16(data[2:]) == extendedTypeSID {
			r.User = AsSID(data[extendedHeader:own])
		}
		data = data[size:]
		if linkage&1 == 0 {
			return data, nil
		}
	}
}

// AppendHeader appends the 80 bytes of EVENT_HEADER to dst, for a record whose wire form has size bytes in total. It sets the flag
// for extended data if the record has a user.
func (r *Record) AppendHeader(dst []byte, size int) []byte {
	le := binary.LittleEndian
	headerType := byte(HeaderType64)
	if r.Flags&Flag32BitHeader != 0 {
		headerType = HeaderType32
	}
	dst = le.AppendUint16(dst, uint16(size))
	dst = append(dst, headerType, MarkerFlags)
	flags := r.Flags &^ FlagExtendedInfo
	if len(r.User) > 0 {
		flags |= FlagExtendedInfo
	}
	dst = le.AppendUint16(dst, flags)
	dst = le.AppendUint16(dst, r.Property)
	dst = le.AppendUint32(dst, r.ThreadID)
	dst = le.AppendUint32(dst, r.ProcessID)
	dst = le.AppendUint64(dst, uint64(r.TimeStamp))
	dst = append(dst, r.Provider[:]...)
	dst = le.AppendUint16(dst, r.ID)
	dst = append(dst, r.Version, r.Channel, r.Level, r.Opcode)
	dst = le.AppendUint16(dst, r.Task)
	dst = le.AppendUint64(dst, r.Keyword)
	dst = le.AppendUint64(dst, 0) // KernelTime, UserTime: not kept
	return append(dst, r.ActivityID[:]...)
}

// Append appends the whole record in wire form to dst. It fails when the record does not fit EVENT_HEADER.Size.
func (r *Record) Append(dst []byte) ([]byte, error) {
	head := HeaderSize + r.User.ItemSize()
	size := head + len(r.UserData)
	if size > MaxRecordSize {
		return dst, parseError("size", "user data of %d bytes; at most %d fit a record", len(r.UserData), MaxRecordSize-head)
	}
	return append(r.User.AppendItem(r.AppendHeader(dst, size)), r.UserData...), nil
}

// PointerSize returns the size in bytes of a pointer in the user data.
func (r *Record) PointerSize() int {
	if r.Flags&Flag32BitHeader != 0 {
		return 4
	}
	return 8
}

// Time returns the event's time, UTC.
func (r *Record) Time() time.Time { return time.Unix(0, UnixNano(r.TimeStamp)).UTC() }

// filetimeUnixEpoch is 1970-01-01 as FILETIME.
const filetimeUnixEpoch = 116444736000000000

// UnixNano converts a FILETIME to nanoseconds since 1970-01-01 UTC. Times that do not fit (before 1677, after 2262) are clamped, so
// that hostile stamps stay in range.
func UnixNano(filetime int64) int64 {
	const limit = int64(1<<63-1) / 100
	d := filetime - filetimeUnixEpoch
	switch {
	case filetime < 0: // a FILETIME is unsigned; the top bit means far beyond 2262
		return limit * 100
	case d > limit:
		return limit * 100
	case d < -limit:
		return -limit * 100
	}
	return d * 100
}

// Filetime converts nanoseconds since 1970-01-01 UTC to FILETIME, rounding down to 100 ns.
func Filetime(unixNano int64) int64 { return unixNano/100 + filetimeUnixEpoch }
