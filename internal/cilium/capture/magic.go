// SPDX-License-Identifier: Apache-2.0

// Recognizing other kinds of files, so that the error names the kind and says what to do.

package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// magicSection is the beginning of every pcapng.
const magicSection = "\x0A\x0D\x0D\x0A"

// otherFiles are the beginnings of files that a user may mistake for a capture.
var otherFiles = []struct{ magic, found string }{
	{"\xD4\xC3\xB2\xA1", classicPcap},
	{"\xA1\xB2\xC3\xD4", classicPcap},
	{"\x4D\x3C\xB2\xA1", classicPcap}, // nanoseconds
	{"\xA1\xB2\x3C\x4D", classicPcap},
	{"\x1F\x8B", "compressed with gzip; decompress it first"},
	{"\x28\xB5\x2F\xFD", "compressed with zstd; decompress it first"},
	{"PK\x03\x04", "a zip archive; unpack it first"},
	{"\x89PNG", "a PNG image"},
	{"MZ", "a Windows program"},
	{"GMBU", "a Network Monitor capture; convert it with: editcap -F pcapng IN OUT"},
	{"{", "JSON; the raw records of the events map are wanted, not flows"},
}

const classicPcap = "a classic pcap file; convert it with: editcap -F pcapng IN.pcap OUT.pcapng"

// checkMagic looks at the file's first bytes without consuming them.
func (c *Reader) checkMagic() error {
	const size = 72 // of an .etl file's first header, see looksLikeETL
	head, err := c.r.Peek(size)
	n := min(len(head), len(magicSection))
	switch {
	case string(head[:n]) == magicSection:
		return nil
	case err != nil && err != io.EOF:
		return fmt.Errorf("reading the capture: %w", err)
	case n == 0:
		return &Error{Reason: ReasonEmpty, text: "the file is empty; want a .pcapng capture of raw records"}
	case string(head[:n]) == magicSection[:n]:
		return nil // the file ends within the magic; readBlock reports that
	}
	wrong := func(found string) error {
		return &Error{Reason: ReasonFormat, text: "the file is " + found + "; want a .pcapng capture of raw records"}
	}
	for _, other := range otherFiles {
		if bytes.HasPrefix(head, []byte(other.magic)) {
			return wrong(other.found)
		}
	}
	if looksLikeETL(head) {
		return wrong("an event trace log (.etl); the asimdns receiver reads these")
	}
	return wrong(fmt.Sprintf("no capture: it begins with % x", head[:min(len(head), 8)]))
}

// looksLikeETL reports whether head is the first buffer of an event trace log, by its WMI_BUFFER_HEADER: a buffer size of whole KiB that bounds the
// bytes in use, and the buffer type of a log's header.
func looksLikeETL(head []byte) bool {
	const headerBuffer = 4
	if len(head) < 72 {
		return false
	}
	size, used := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:])
	return size%1024 == 0 && used >= 72 && used <= size && binary.LittleEndian.Uint16(head[54:]) == headerBuffer
}
