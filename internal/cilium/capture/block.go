// SPDX-License-Identifier: Apache-2.0

// The blocks of a capture file: where each begins and ends, and its byte order.

package capture

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Block types (draft-ietf-opsawg-pcapng, section 4 and appendix A).
const (
	blockSection   = 0x0A0D0D0A // the same in either byte order
	blockInterface = 1
	blockPacket    = 2 // obsolete, still found in old files
	blockSimple    = 3
	blockEnhanced  = 6
)

// magicOrder is the first field of a section header, in the section's byte order.
const magicOrder = 0x1A2B3C4D

const (
	blockHeader  = 8  // type and total length
	blockTrailer = 4  // total length again
	minBlock     = 12 // header and trailer
	// maxBlock is the length of the longest block that is read and not stepped over: a packet, its fixed fields and 64 KiB of
	// options.
	maxBlock = MaxPacket + 64<<10
)

// advance reads one block, and continues after a damaged one. If the block is a packet it sets packet and found. At the end of the
// file it sets err, to the first damage if there was any.
func (c *Reader) advance() {
	c.found = false
	typ, body, err := c.readBlock()
	sound := err == nil // whether the block's lengths are
	if sound {
		if typ, err = c.checkType(typ, body); err == nil {
			err = c.read(typ, body)
		}
	}
	if damage, is := isDamage(err); is {
		if err = nil; sound {
			c.stepOverContent(typ, damage)
		} else {
			err = c.resync(damage)
		}
	}
	if err == io.EOF && c.damage != nil {
		err = c.damage
	}
	c.err = err
}

// read interprets a block's content; nil stands for a block that is too long.
func (c *Reader) read(typ uint32, body []byte) error {
	switch {
	case !known(typ):
	case body == nil:
		c.stats.Oversized++
	case typ == blockSection:
		return c.beginSection(body)
	case typ == blockInterface:
		return c.describe(body)
	case typ == blockSimple:
		return c.readSimplePacket(body)
	default:
		return c.readPacket(typ, body)
	}
	return nil
}

// known reports whether blocks of a type are read. The others, such as statistics, names and secrets, are stepped over.
func known(typ uint32) bool {
	_, matters := fixedSize(typ)
	return matters
}

// readBlock reads the next block and returns its type and its content, without header and trailer. The content is valid until the
// next call, and nil for a block that is too long and was stepped over. At the end of the file, between two blocks, the error is
// io.EOF. After any other error the block has not been consumed, or only in part.
func (c *Reader) readBlock() (uint32, []byte, error) {
	c.start = c.offset
	header, err := c.peek(blockHeader)
	switch {
	case err == io.EOF && len(header) == 0:
		return 0, nil, io.EOF
	case err != nil:
		return 0, nil, c.cut(err)
	}
	if binary.LittleEndian.Uint32(header) == blockSection {
		if err := c.readByteOrder(); err != nil {
			return 0, nil, err
		}
		header, _ = c.peek(blockHeader) // it may have moved
	}
	typ, length := c.order.Uint32(header), c.order.Uint32(header[4:])
	if length < minBlock || length%4 != 0 {
		return 0, nil, c.damaged("a block of %d bytes; want at least %d and a multiple of 4", length, minBlock)
	}
	if length > maxBlock {
		return typ, nil, c.stepOver(typ, length)
	}
	block, err := c.peek(int(length))
	if err != nil {
		return 0, nil, c.cut(err)
	}
	if err := c.checkTrailer(length, block[length-blockTrailer:]); err != nil {
		return 0, nil, err
	}
	c.discard(int(length))
	return typ, block[blockHeader : length-blockTrailer], nil
}

// readByteOrder finds the byte order of a section in its header, before the header's length can be read.
func (c *Reader) readByteOrder() error {
	head, err := c.peek(blockHeader + 4)
	if err != nil {
		return c.cut(err)
	}
	order := byteOrder(head[blockHeader:])
	if order == nil {
		return c.damaged("a section's byte-order magic is % x; want 4d 3c 2b 1a or its reverse", head[blockHeader:])
	}
	c.order = order
	return nil
}

// stepOver discards a block that is too long. A section header or an interface description must not be too long: without it the rest
// of the file has no meaning.
func (c *Reader) stepOver(typ, length uint32) error {
	if typ == blockSection || typ == blockInterface {
		return c.damaged("a header block of %d bytes; want at most %d", length, maxBlock)
	}
	if c.at != nil { // if the length is damaged, stepping over would skip readable blocks
		trailer := make([]byte, blockTrailer)
		if n, err := c.at.ReadAt(trailer, c.start+int64(length)-blockTrailer); n < blockTrailer {
			return c.cut(err)
		}
		if err := c.checkTrailer(length, trailer); err != nil {
			return err
		}
	}
	const step = 1 << 30 // fits an int on every platform
	for left := int64(length) - blockTrailer; left > 0; left -= step {
		n, err := c.r.Discard(int(min(left, step)))
		c.offset += int64(n)
		if err != nil {
			c.ended = err == io.EOF
			return c.cut(err)
		}
	}
	trailer, err := c.peek(blockTrailer)
	if err != nil {
		return c.cut(err)
	}
	if err := c.checkTrailer(length, trailer); err != nil {
		return err
	}
	c.discard(blockTrailer)
	return nil
}

func (c *Reader) checkTrailer(length uint32, trailer []byte) error {
	if again := c.order.Uint32(trailer); again != length {
		return c.damaged("a block has %d bytes by its beginning and %d by its end", length, again)
	}
	return nil
}

// cut returns the error of the current block if it could not be read to its end.
func (c *Reader) cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return &Error{Reason: ReasonTruncated, Offset: c.start, text: "the file ends within a block"}
	}
	return fmt.Errorf("reading the capture at byte %d: %w", c.start, err)
}

// damaged returns the error of the current block if it contradicts itself or the file.
func (c *Reader) damaged(format string, args ...any) error {
	return &Error{Reason: ReasonDamaged, Offset: c.start, text: fmt.Sprintf(format, args...)}
}
