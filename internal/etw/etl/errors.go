// SPDX-License-Identifier: Apache-2.0

// The errors of opening and reading a file, and the recognition of other kinds of files.

package etl

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Errors of Open, NewReader and Next, for errors.Is. A missing file is os.ErrNotExist. Damage inside the file is not an error: it is
// stepped over and counted in Stats.
var (
	// ErrNotETL is returned for anything that is not an event trace log: a directory, a PNG, a capture, text.
	ErrNotETL = errors.New("not an event trace log (.etl)")
	// ErrEmpty is returned for a file of zero bytes.
	ErrEmpty = errors.New("the file is empty")
	// ErrTruncated is returned when the file ends before its TRACE_LOGFILE_HEADER does.
	ErrTruncated = errors.New("the file ends within its header")
	// ErrBufferSize is returned when the header's buffer size is outside 512 bytes to MaxBufferSize.
	ErrBufferSize = errors.New("buffer size out of range")
	// ErrHeader is returned when TRACE_LOGFILE_HEADER contradicts itself.
	ErrHeader = errors.New("damaged header")
	// ErrClock is returned when the header names a clock whose time stamps cannot be converted.
	ErrClock = errors.New("unusable clock")
	// ErrCompressed is returned by Next at the end of a file of which nothing could be read, because every buffer with events is
	// compressed in an unknown way.
	ErrCompressed = errors.New("the file is compressed")
)

func errNotETL(head []byte) error {
	if what := sniff(head); what != "" {
		return fmt.Errorf("%w: it looks like %s", ErrNotETL, what)
	}
	return fmt.Errorf("%w: no TRACE_LOGFILE_HEADER record at offset %d", ErrNotETL, bufferHeaderSize)
}

func errTruncated(have int64, want int) error {
	return fmt.Errorf("%w: it has %d bytes, want at least %d", ErrTruncated, have, want)
}

// sniff guesses the kind of a file from its first bytes; "" if it cannot.
func sniff(head []byte) string {
	for _, m := range [...]struct{ magic, name string }{
		{"\x89PNG\r\n\x1a\n", "a PNG image"},
		{"\xff\xd8\xff", "a JPEG image"},
		{"\x0a\x0d\x0d\x0a", "a pcapng capture"},
		{"\xd4\xc3\xb2\xa1", "a pcap capture"},
		{"\xa1\xb2\xc3\xd4", "a pcap capture"},
		{"\x4d\x3c\xb2\xa1", "a pcap capture"},
		{"ElfFile\x00", "a Windows event log (.evtx)"},
		{"\x30\x00\x00\x00LfLe", "an old Windows event log (.evt)"},
		{"PK\x03\x04", "a zip archive; unpack it first"},
		{"\x1f\x8b", "a gzip file; unpack it first"},
		{"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"},
		{"\xfd7zXZ\x00", "an xz file; unpack it first"},
		{"\x28\xb5\x2f\xfd", "a zstd file; unpack it first"},
		{"MSCF", "a cabinet file; unpack it first"},
		{"MZ", "a Windows program"},
		{"\x7fELF", "a Linux program"},
		{"%PDF-", "a PDF document"},
		{"\xff\xfe", "UTF-16 text"},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.name
		}
	}
	start := head[:min(len(head), 256)]
	switch {
	case len(start) >= bufferHeaderSize && len(bytes.Trim(start, "\x00")) == 0:
		return "preallocated space that was never written: it begins with zeros only"
	case isText(start):
		return "text"
	}
	return ""
}

// isText reports whether b is UTF-8 without control characters. A character may be cut at the end.
func isText(b []byte) bool {
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			return len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
		b = b[n:]
	}
	return true
}
