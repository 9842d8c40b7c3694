// SPDX-License-Identifier: Apache-2.0

// Reading on after damage: the reader looks for the next block that has its length at both ends and can be what its type says. It
// counts the bytes that it steps over. The time is linear in the file's length, and the memory is that of two blocks.
//
// A packet names its interface by a number that counts the descriptions of its section. If a description or a section header may have
// been stepped over, these numbers are meaningless. Packets are then stepped over, rather than returned with a wrong time.

package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// resyncBuffer is the size of the buffer in which blocks are looked for, in bytes: twice the longest block, and the trailer of the
// one before.
const resyncBuffer = 2 * (maxBlock + 64)

// stepped notes damage and how many bytes were stepped over for it. The first damage is the error that reading the file ends with.
func (c *Reader) stepped(damage *Error, bytes int64) {
	if c.damage == nil {
		c.damage = damage
	}
	c.stats.Damages++
	c.stats.SteppedOver += uint64(bytes)
}

// stepOverContent continues after a block whose lengths are sound and whose content is not.
func (c *Reader) stepOverContent(typ uint32, damage *Error) {
	c.stepped(damage, c.offset-c.start)
	c.missing(typ)
}

// missing notes that exactly one block, of the given type, was stepped over.
func (c *Reader) missing(typ uint32) {
	switch typ {
	case blockSection:
		c.newSection()
	case blockInterface:
		if len(c.interfaces) < maxInterfaces {
			c.interfaces = append(c.interfaces, captureInterface{unknown: true})
		}
	}
}

// resync continues with the next sound block, after a block whose lengths are not sound. The error is io.EOF if there is none, or the
// operating system's.
func (c *Reader) resync(damage *Error) error {
	from := c.offset
	var typ uint32
	var length int64
	if header, err := c.peek(blockHeader); err == nil && c.order != nil {
		typ, length = c.order.Uint32(header), int64(c.order.Uint32(header[4:]))
	}
	first, _ := c.peek(minBlock)
	c.lostSection = typ == blockSection || c.hasMagic(first)
	at, err := c.seek()
	if err != nil && err != io.EOF {
		return err
	}
	gap := c.offset + int64(at) - from
	exact := gap == length // exactly one block was stepped over
	passed, _ := c.peek(at)
	if !exact && c.order != nil && len(passed) >= blockTrailer {
		exact = gap == int64(c.order.Uint32(passed[len(passed)-blockTrailer:]))
	}
	if exact && gap == int64(at) && at >= minBlock { // the damage may have hit the type as well
		body := passed[blockHeader : at-blockTrailer]
		typ, _ = c.seems(typ, body)
		exact = typ != blockInterface || c.isInterface(body)
	}
	exact = exact && registered(typ) && (typ == blockSection || !c.lostSection)
	c.discard(at)
	c.stepped(damage, gap)
	switch {
	case exact:
		c.missing(typ)
	case c.lostSection:
		c.newSection()
		c.gap = true
	default:
		c.gap = true
	}
	return err
}

// seek returns the distance in bytes from the current block to the next one. If there is none it returns the number of bytes that
// remain, and io.EOF. It discards what it has passed except for the last bytes.
func (c *Reader) seek() (at int, err error) {
	for at = 1; ; {
		window, _ := c.r.Peek(c.r.Buffered())
		need := minBlock
		for ; at+minBlock <= len(window); at++ {
			found, length := c.plausible(window[at:])
			if found {
				return at, nil
			}
			c.lostSection = c.lostSection || c.hasMagic(window[at:])
			if length > 0 {
				need = length
				break
			}
		}
		if c.ended {
			return len(window), io.EOF
		}
		if passed := min(at, len(window)) - blockTrailer; passed > 0 {
			c.discard(passed)
			at -= passed
		}
		if _, err := c.peek(at + need); err != nil && err != io.EOF {
			return 0, c.cut(err)
		}
	}
}

// peek returns the next bytes without consuming them; fewer, and io.EOF, if the file ends before. The buffer is twice as large as
// what is asked for, so moving its content never costs more than reading it, however often peek is called.
func (c *Reader) peek(n int) ([]byte, error) {
	if n <= c.r.Buffered() {
		return c.r.Peek(n)
	}
	if c.ended {
		rest, _ := c.r.Peek(c.r.Buffered())
		return rest, io.EOF
	}
	if n > c.r.Size()/2 {
		c.r = bufio.NewReaderSize(c.r, resyncBuffer)
	}
	b, err := c.r.Peek(n)
	c.ended = err == io.EOF
	return b, err
}

// discard consumes bytes that have been read ahead.
func (c *Reader) discard(n int) {
	n, _ = c.r.Discard(n)
	c.offset += int64(n)
}

// hasMagic reports whether b may begin with a section header whose type and length are damaged.
func (c *Reader) hasMagic(b []byte) bool {
	return c.order != nil && len(b) >= minBlock && c.order.Uint32(b[blockHeader:]) == magicOrder
}

// plausible reports whether b begins with a block that can be read. If b is too short to decide, needs is the length of the block. A
// damaged section header is noted.
func (c *Reader) plausible(b []byte) (found bool, needs int) {
	order, typ := c.order, binary.LittleEndian.Uint32(b)
	if typ == blockSection {
		if order = byteOrder(b[blockHeader:]); order == nil {
			return false, 0
		}
	} else if order == nil {
		return false, 0
	}
	typ = order.Uint32(b)
	fixed, known := fixedSize(typ)
	if !known {
		return false, 0
	}
	length := int64(order.Uint32(b[4:]))
	sound := length >= int64(minBlock+fixed) && length%4 == 0 && length <= maxBlock
	if sound && int64(len(b)) < length && !c.ended {
		return false, int(length)
	}
	if sound = sound && int64(len(b)) >= length && int64(order.Uint32(b[length-blockTrailer:])) == length; !sound {
		if typ == blockSection {
			c.lostSection, c.order = true, order
		}
		return false, 0
	}
	body := b[blockHeader:]
	room := length - int64(minBlock+fixed)
	switch typ {
	case blockInterface:
		return order.Uint16(body) == LinkTypeUser0 && order.Uint16(body[2:]) == 0, 0
	case blockEnhanced:
		return int64(order.Uint32(body)) < int64(len(c.interfaces)) && int64(order.Uint32(body[12:])) <= room, 0
	case blockPacket:
		return int(order.Uint16(body)) < len(c.interfaces) && int64(order.Uint32(body[12:])) <= room, 0
	case blockSimple:
		return len(c.interfaces) > 0, 0
	}
	return true, 0
}

// fixedSize returns the least number of content bytes of a block of a type; false for a type that is not read.
func fixedSize(typ uint32) (size int, known bool) {
	switch typ {
	case blockSection:
		return sectionSize, true
	case blockInterface:
		return interfaceSize, true
	case blockEnhanced, blockPacket:
		return 20, true
	case blockSimple:
		return 4, true
	}
	return 0, false
}

// byteOrder returns the byte order of a section with this magic; nil for no magic.
func byteOrder(magic []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(magic, []byte{0x4D, 0x3C, 0x2B, 0x1A}):
		return binary.LittleEndian
	case bytes.HasPrefix(magic, []byte{0x1A, 0x2B, 0x3C, 0x4D}):
		return binary.BigEndian
	}
	return nil
}

// isDamage reports whether reading can continue after an error.
func isDamage(err error) (*Error, bool) {
	if e, is := err.(*Error); is && (e.Reason == ReasonDamaged || e.Reason == ReasonTruncated) {
		return e, true
	}
	return nil, false
}
