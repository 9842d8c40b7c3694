// SPDX-License-Identifier: Apache-2.0

// Writing capture files, which Reader reads and Wireshark opens. The same records give the same bytes.

package capture

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// Writer writes records as a .pcapng of link type 147 (USER0), little endian, times in nanoseconds.
type Writer struct {
	w     *bufio.Writer
	block []byte // reused
	size  int64
}

// NewWriter writes the headers of a capture to w. Flush writes what is buffered. The caller closes w.
func NewWriter(w io.Writer) (*Writer, error) { return newWriter(w, "") }

// NewRecordingWriter is NewWriter for a file of a recording; the file carries the recording's identity.
func NewRecordingWriter(w io.Writer, of recording.File) (*Writer, error) {
	return newWriter(w, of.String())
}

func newWriter(w io.Writer, comment string) (*Writer, error) {
	c := &Writer{w: bufio.NewWriterSize(w, 64<<10)}
	le := binary.LittleEndian

	const unknownLength = 1<<64 - 1
	section := le.AppendUint32(c.begin(), magicOrder)
	section = le.AppendUint16(section, 1) // version 1.0
	section = le.AppendUint16(section, 0)
	section = le.AppendUint64(section, unknownLength)
	if comment != "" {
		section = appendOption(section, optionComment, []byte(comment))
		section = appendOption(section, optionEnd, nil)
	}
	if err := c.end(blockSection, section); err != nil {
		return nil, err
	}

	const nanoseconds = 9
	description := le.AppendUint16(c.begin(), LinkTypeUser0)
	description = le.AppendUint16(description, 0)
	description = le.AppendUint32(description, 0) // no limit to a packet's length
	description = appendOption(description, optionTimeUnit, []byte{nanoseconds})
	description = appendOption(description, optionEnd, nil)
	return c, c.end(blockInterface, description)
}

// Write writes one record. A time before 1970 cannot be written.
func (c *Writer) Write(r events.Record) error {
	switch {
	case len(r.Data) > MaxPacket:
		return fmt.Errorf("a record of %d bytes does not fit a capture; want at most %d", len(r.Data), MaxPacket)
	case r.Time < 0:
		return fmt.Errorf("a record's time of %d ns does not fit a capture; want 1970 or later", r.Time)
	case r.Lost > maxLost:
		return fmt.Errorf("a loss of %d records does not fit a capture; want at most %d", r.Lost, uint64(maxLost))
	case r.Lost > 0 && len(r.Data) > 0:
		return fmt.Errorf("a loss of %d records has %d bytes of data; want none", r.Lost, len(r.Data))
	}
	le := binary.LittleEndian
	packet := le.AppendUint32(c.begin(), 0) // interface
	packet = le.AppendUint32(packet, uint32(r.Time>>32))
	packet = le.AppendUint32(packet, uint32(r.Time))
	packet = le.AppendUint32(packet, uint32(len(r.Data))) // captured
	packet = le.AppendUint32(packet, uint32(len(r.Data))) // original
	packet = append(packet, r.Data...)
	packet = append(packet, make([]byte, padded(len(r.Data))-len(r.Data))...)
	if r.Lost > 0 {
		packet = appendOption(packet, optionDropCount, le.AppendUint64(nil, r.Lost))
	}
	if r.CPU >= 0 {
		packet = appendOption(packet, optionQueue, le.AppendUint32(nil, uint32(r.CPU)))
	}
	if r.Lost > 0 || r.CPU >= 0 {
		packet = appendOption(packet, optionEnd, nil)
	}
	return c.end(blockEnhanced, packet)
}

// Flush writes what is buffered.
func (c *Writer) Flush() error { return c.w.Flush() }

// Size returns the length of the capture in bytes, including what is buffered.
func (c *Writer) Size() int64 { return c.size }

// begin returns a buffer with room for a block's header, to which the block's content is appended.
func (c *Writer) begin() []byte { return append(c.block[:0], make([]byte, blockHeader)...) }

// end writes the block that begin began.
func (c *Writer) end(typ uint32, block []byte) error {
	length := uint32(len(block) + blockTrailer)
	binary.LittleEndian.PutUint32(block, typ)
	binary.LittleEndian.PutUint32(block[4:], length)
	c.block = binary.LittleEndian.AppendUint32(block, length)
	n, err := c.w.Write(c.block)
	c.size += int64(n)
	return err
}

func appendOption(dst []byte, code uint16, value []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, code)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(value)))
	dst = append(dst, value...)
	return append(dst, make([]byte, padded(len(value))-len(value))...)
}
