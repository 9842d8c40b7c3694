// SPDX-License-Identifier: Apache-2.0

// Package capture reads and writes capture files of Cilium's raw event records: .pcapng files of link type 147 (USER0), in which one
// packet is one record. In comes a file of any content; out come its records in the order of time, and counts of what could not be
// read. Records are those of internal/cilium/events, which reads them from the live map.
//
// The option epb_queue of a packet holds the number of the processor, epb_dropcount the number of records lost before the packet. A
// packet without data and with a drop count is a loss record alone.
//
// The reader is the project's own because it must bear any file: its memory is bounded for any lengths in the file, and every
// kind of damage has a name.
package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// LinkTypeUser0 is LINKTYPE_USER0, the link type of captures of raw records.
const LinkTypeUser0 = 147

// MaxPacket is the length of the longest packet that is read, in bytes. No record of a map comes near. Longer packets are stepped
// over and counted.
const MaxPacket = 512 << 10

// Reason is why a capture was refused: a short stable word that serves as a metric's label.
type Reason string

// The reasons of an Error.
const (
	// ReasonEmpty is a file without a byte.
	ReasonEmpty Reason = "empty"
	// ReasonFormat is a file that is not a pcapng.
	ReasonFormat Reason = "format"
	// ReasonVersion is a pcapng of a major version other than 1.
	ReasonVersion Reason = "version"
	// ReasonLinkType is a capture of something other than raw records.
	ReasonLinkType Reason = "link_type"
	// ReasonTruncated is a file that ends within a block.
	ReasonTruncated Reason = "truncated"
	// ReasonDamaged is a file that contradicts itself: wrong lengths or magics, or references to interfaces that it does not have.
	ReasonDamaged Reason = "damaged"
)

// Error says why a capture, or the rest of one, cannot be read.
type Error struct {
	Reason Reason
	Offset int64 // of the block, in bytes from the file's beginning
	text   string
}

func (e *Error) Error() string {
	switch e.Reason {
	case ReasonTruncated, ReasonDamaged, ReasonVersion:
		return fmt.Sprintf("capture %s at byte %d: %s", e.Reason, e.Offset, e.text)
	}
	return e.text
}

// Stats counts what was read of a capture.
type Stats struct {
	Records   uint64 // returned, without loss records
	Lost      uint64 // records that were lost while the capture was made
	Cut       uint64 // returned records of which the capture holds only the beginning
	Oversized uint64 // packets longer than MaxPacket, which are not returned
	Untimed   uint64 // records returned without a time: the block has none, or one outside the years 1970 to 2262

	// Damages is the number of damaged places, and SteppedOver the number of bytes that were not read because of them.
	Damages, SteppedOver uint64
	// UnknownBlocks is the number of damages that are blocks of an unregistered type, or of a type that their content contradicts.
	UnknownBlocks uint64

	// Late is the number of records returned after a later one, because more records precede them in the file than are read ahead.
	Late     uint64
	Lateness time.Duration // the most that one of them was late

	// Early is the number of records returned before earlier ones: they are later than most of the records that follow them, and
	// there is no more room to hold them back.
	Early uint64
}

// Reader reads one capture file. It is not safe for use from several goroutines.
type Reader struct {
	r      *bufio.Reader
	at     io.ReaderAt // the same file; nil if it has no ReadAt
	closer io.Closer
	start  int64 // of the current block, in bytes from the file's beginning
	offset int64 // of the next one
	from   int64 // packets before this offset are not returned

	order      binary.ByteOrder
	interfaces []captureInterface // of the current section
	recording  recording.File     // of the current section

	ended       bool   // all of the file has been read into r's buffer
	damage      *Error // the first one
	gap         bool   // bytes of the current section that may have held any blocks were stepped over
	lostSection bool   // a section's header is among them
	doubt       bool   // a block of the current section that may have been an interface description was stepped over

	packet events.Record // of the block read last; its data is valid until the next block is read
	found  bool          // whether the block was a packet
	lost   uint64        // total of all packets read

	window  window
	section bool  // a section has begun: the records read ahead are returned before its records are read
	given   ahead // the record that Next has taken from the window and not released; after a loss, the record that follows it
	follows bool  // given is still to be returned
	newest  int64 // the latest time returned of the current section, without early records
	stats   Stats
	err     error // sticky
}

// Open opens the capture file at path and reads up to its first interface, so that a file of another kind is rejected at once. The
// error is the operating system's or an *Error. The caller closes the Reader.
func Open(path string) (*Reader, error) {
	info, err := os.Stat(path) // before opening, since opening a named pipe waits for its writer
	if err != nil {
		return nil, err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, fmt.Errorf("%s: %w", path, &Error{Reason: ReasonFormat, text: "it is a directory; name a file in it, or a pattern such as *.pcapng"})
	case !mode.IsRegular():
		return nil, fmt.Errorf("%s: %w", path, &Error{Reason: ReasonFormat, text: fmt.Sprintf("it is not a regular file (%s); want a .pcapng capture of raw records", mode.Type())})
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	c, err := NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Join(err, f.Close()))
	}
	c.closer = f
	return c, nil
}

// NewReader is Open for a capture that is already open and at its beginning. The caller closes r.
func NewReader(r io.Reader) (*Reader, error) { return newReader(r, 0) }

// newReader is NewReader for the packets after an offset.
func newReader(r io.Reader, from int64) (*Reader, error) {
	c := &Reader{r: bufio.NewReaderSize(r, 64<<10), from: from}
	c.at, _ = r.(io.ReaderAt)
	if err := c.checkMagic(); err != nil {
		return nil, err
	}
	for len(c.interfaces) == 0 && c.err == nil {
		c.advance()
	}
	var wrong *Error
	if errors.As(c.err, &wrong) && (wrong.Reason == ReasonLinkType || wrong.Reason == ReasonVersion) {
		return nil, c.err
	}
	return c, nil
}

// Close closes the file that Open opened.
func (c *Reader) Close() error {
	if c.closer == nil {
		return nil
	}
	return c.closer.Close()
}

// Stats returns the counts so far.
func (c *Reader) Stats() Stats { return c.stats }

// Recording returns the identity of the recording that the section read last carries: at first that of the file's first section, in
// the end that of its last.
func (c *Reader) Recording() recording.File { return c.recording }

// Next returns the next record in order of time; see window for the bounds of the ordering. Its Data is valid until the next call. At
// the end the error is io.EOF, or for a damaged file the first damage, an *Error; all records that can be read, before and after the
// damage, have been returned by then. After any other error, the operating system's or an *Error, nothing more of the file can be
// read. Errors repeat.
func (c *Reader) Next() (events.Record, error) {
	if !c.follows {
		c.window.release(&c.given)
		c.readAhead()
		if c.window.len() == 0 {
			return events.Record{}, c.err
		}
		var early bool
		c.given, early = c.window.take()
		c.notePlace(early)
	}
	next := c.given.Record
	if next.Lost > 0 {
		// The packet that reported the loss, if it has data, follows.
		c.stats.Lost += next.Lost
		c.given.Lost = 0
		c.follows = len(next.Data) > 0
		next.Data = nil
		return next, nil
	}
	c.follows = false
	c.stats.Records++
	if next.Time == 0 {
		c.stats.Untimed++
	}
	return next, nil
}

// notePlace counts a record taken from the window if it is early, or late: a later one was returned before it.
func (c *Reader) notePlace(early bool) {
	switch {
	case early:
		c.stats.Early++
		return
	case c.given.key >= c.newest:
		c.newest = c.given.key
		return
	}
	c.stats.Late++
	c.stats.Lateness = max(c.stats.Lateness, time.Duration(c.newest-c.given.key))
}

// readAhead reads until the window is full, or the file or a section ends.
func (c *Reader) readAhead() {
	if c.window.len() == 0 {
		c.endSection()
	}
	for c.err == nil && !c.section && !c.window.full() {
		switch c.advance(); {
		case c.start < c.from: // it was accounted for when that part was read
			c.stats, c.damage = Stats{}, nil
		case c.found:
			c.window.add(&c.packet)
		}
		if c.window.len() == 0 {
			c.endSection()
		}
	}
}

// endSection continues with the section that has begun, if any, when all records of the one before have been returned.
func (c *Reader) endSection() {
	if c.section {
		c.section, c.newest, c.window.key = false, 0, 0
	}
}
