// SPDX-License-Identifier: Apache-2.0

// The file's header: the SYSTEM_TRACE_HEADER record that begins the first buffer, and TRACE_LOGFILE_HEADER in it.

package etl

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf16"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// Header is what TRACE_LOGFILE_HEADER says of the file and its session. A time that the file leaves open is the zero
// time: EndTime, for one, while the file is being written.
type Header struct {
	LoggerName         string // the session's name
	LoggerID           uint16 // the session's number while it ran
	LogFileName        string // the file's path when it was written
	BufferSize         uint32 // bytes
	BuffersWritten     uint32 // the header's buffer included
	EventsLost         uint32
	BuffersLost        uint32
	StartTime          time.Time // UTC, as all times here
	EndTime            time.Time
	BootTime           time.Time
	Clock              Clock
	PerfFreq           uint64 // Hz, of ClockQPC
	CPUSpeed           uint32 // MHz, of ClockCPUCycles
	NumberOfProcessors uint32
	PointerSize        uint32 // bytes: 4 or 8
	LogFileMode        uint32 // EVENT_TRACE_FILE_MODE_* and others
	OS                 OSVersion
	Recording          recording.File // of a file that this package's Writer has written as a part of one
}

// OSVersion is the version of the Windows that wrote the file; zero where the file leaves it open.
type OSVersion struct {
	Major, Minor uint8
	Build        uint32
}

// String gives the version as Windows writes it: 10.0.20348. It is empty where the version is left open.
func (v OSVersion) String() string {
	if v == (OSVersion{}) {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Build)
}

// Bits of LogFileMode (EVENT_TRACE_FILE_MODE_*, EVENT_TRACE_COMPRESSED_MODE).
const (
	ModeSequential = 0x00000001
	ModeCircular   = 0x00000002 // the newest buffers overwrite the oldest ones
	ModeNewFile    = 0x00000008 // one of several files: the session goes on in the next one when this one is full
	ModeCompressed = 0x04000000 // buffers are compressed
)

// systemHeaderSize is the size of SYSTEM_TRACE_HEADER in bytes.
const systemHeaderSize = 32

// Offsets into TRACE_LOGFILE_HEADER that both widths share, in bytes.
const (
	atBufferSize     = 0
	atVersion        = 4
	atBuild          = 8
	atProcessors     = 12
	atEndTime        = 16
	atResolution     = 24
	atLogFileMode    = 32
	atBuffersWritten = 36
	atStartBuffers   = 40
	atPointerSize    = 44
	atEventsLost     = 48
	atCPUSpeed       = 52
)

// logfileLayout is what the width of a pointer decides: the offsets after the two names' pointers, in bytes.
type logfileLayout struct {
	bootTime, perfFreq, startTime, clock, buffersLost, size int
}

var (
	layout32 = logfileLayout{240, 248, 256, 264, 268, 272}
	layout64 = logfileLayout{248, 256, 264, 272, 276, 280}
)

// firstBuffer is what the reader takes from the beginning of a file beside the Header.
type firstBuffer struct {
	size    uint32 // of the first buffer on disk; relogged files have a smaller one than the others
	records int    // offset of the first record after the header's
	time    timeline
}

// parseFirst reads the beginning of a file of size bytes. head holds its first bytes: all, or enough for any header.
func parseFirst(head []byte, size int64) (*Header, firstBuffer, error) {
	le := binary.LittleEndian
	var first firstBuffer
	if len(head) == 0 {
		return nil, first, ErrEmpty
	}
	// The signature is checked as far as there are bytes of it, so that a short .etl is told from a short other file.
	// Header type 1 or 2, marker 0xC0, hook type and group 0 (EventTraceGroup_Header).
	const minimum = bufferHeaderSize + systemHeaderSize
	record := head[min(len(head), bufferHeaderSize):]
	if len(record) < recordHead {
		if len(head) >= 4 && !bufferSizeOK(le.Uint32(head)) || sniff(head) != "" {
			return nil, first, errNotETL(head)
		}
		return nil, first, errTruncated(size, minimum+layout32.size)
	}
	if record[2] != 1 && record[2] != 2 || record[3] != markerHeader|markerTrace || record[6] != 0 || record[7] != 0 {
		return nil, first, errNotETL(head)
	}
	first.size = le.Uint32(head)
	if small := first.size < minFileBuffer && !compressedMode(record); small || first.size > MaxBufferSize {
		return nil, first, errBufferSize("the first buffer's header", first.size)
	}
	recordSize := int(le.Uint16(record[4:]))
	if least := systemHeaderSize + layout32.size; recordSize < least {
		return nil, first, fmt.Errorf("%w: its record has %d bytes, want at least %d", ErrHeader, recordSize, least)
	}
	if end := bufferHeaderSize + recordSize; end > int(first.size) {
		return nil, first, fmt.Errorf("%w: its record ends at %d, the first buffer at %d", ErrHeader, end, first.size)
	} else if end > len(head) {
		return nil, first, errTruncated(size, end)
	}
	first.records = bufferHeaderSize + align(recordSize)
	h, start, err := parseLogfile(record[systemHeaderSize:recordSize])
	if err != nil {
		return nil, first, err
	}
	h.LoggerID = parseBufferHeader(head).logger
	first.time, err = newTimeline(h, start, le.Uint64(record[16:]))
	return h, first, err
}

// compressedMode reports whether the header's record says that buffers are compressed: each is then as small as it could be.
func compressedMode(record []byte) bool {
	const at = systemHeaderSize + atLogFileMode
	return len(record) >= at+4 && binary.LittleEndian.Uint32(record[at:])&ModeCompressed != 0
}

// parseLogfile reads TRACE_LOGFILE_HEADER and the two names that follow it, and gives StartTime as FILETIME too. b has
// the size of the 32-bit form or more.
func parseLogfile(b []byte) (h *Header, start uint64, err error) {
	le := binary.LittleEndian
	layout := layout64
	switch p := le.Uint32(b[atPointerSize:]); {
	case p == 4:
		layout = layout32
	case p != 8:
		return nil, 0, fmt.Errorf("%w: its pointers have %d bytes, want 4 or 8", ErrHeader, p)
	}
	if len(b) < layout.size {
		return nil, 0, fmt.Errorf("%w: TRACE_LOGFILE_HEADER has %d bytes, want %d", ErrHeader, len(b), layout.size)
	}
	start = le.Uint64(b[layout.startTime:])
	h = &Header{
		BufferSize:         le.Uint32(b[atBufferSize:]),
		BuffersWritten:     le.Uint32(b[atBuffersWritten:]),
		EventsLost:         le.Uint32(b[atEventsLost:]),
		BuffersLost:        le.Uint32(b[layout.buffersLost:]),
		StartTime:          timeOf(start),
		EndTime:            timeOf(le.Uint64(b[atEndTime:])),
		BootTime:           timeOf(le.Uint64(b[layout.bootTime:])),
		Clock:              Clock(le.Uint32(b[layout.clock:])),
		PerfFreq:           le.Uint64(b[layout.perfFreq:]),
		CPUSpeed:           le.Uint32(b[atCPUSpeed:]),
		NumberOfProcessors: le.Uint32(b[atProcessors:]),
		PointerSize:        le.Uint32(b[atPointerSize:]),
		LogFileMode:        le.Uint32(b[atLogFileMode:]),
		OS:                 OSVersion{Major: b[atVersion], Minor: b[atVersion+1], Build: le.Uint32(b[atBuild:])},
	}
	if !bufferSizeOK(h.BufferSize) {
		return nil, 0, errBufferSize("TRACE_LOGFILE_HEADER", h.BufferSize)
	}
	names := b[layout.size:]
	h.LoggerName, names = cutName(names)
	h.LogFileName, names = cutName(names)
	text, _ := cutName(names)
	h.Recording, _ = recording.Parse(text)
	return h, start, nil
}

// cutName takes a UTF-16 string up to its zero, or up to the end of b, off the front of b.
func cutName(b []byte) (name string, rest []byte) {
	var units []uint16
	for len(b) >= 2 {
		u := binary.LittleEndian.Uint16(b)
		b = b[2:]
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units)), b
}

func bufferSizeOK(n uint32) bool { return n >= minFileBuffer && n <= MaxBufferSize }

func errBufferSize(where string, n uint32) error {
	return fmt.Errorf("%w: %s says %d bytes; want %d to %d (16 MiB)", ErrBufferSize, where, n, minFileBuffer, MaxBufferSize)
}

// timeOf converts a FILETIME of the header; 0, where the header leaves a time open, gives the zero time.
func timeOf(filetime uint64) time.Time {
	if filetime == 0 {
		return time.Time{}
	}
	return time.Unix(0, etw.UnixNano(int64(filetime))).UTC()
}

// filetimeOf is the inverse of timeOf.
func filetimeOf(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(etw.Filetime(t.UnixNano()))
}
