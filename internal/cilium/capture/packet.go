// SPDX-License-Identifier: Apache-2.0

// The content of the blocks of a capture file: sections, interfaces, packets. Every length in them is checked against the bytes that
// are there.

package capture

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// captureInterface is the part of an interface's description that its packets depend on.
type captureInterface struct {
	snapLen    uint32 // the most bytes of a packet that the capture holds; 0 is no limit
	resolution uint8  // if_tsresol: a time stamp counts 10^-n seconds, or with the top bit set 2^-n
	offset     int64  // if_tsoffset, in seconds
	unknown    bool   // its description could not be read, or it is uncertain which description it is
}

// maxInterfaces is how many interfaces a section may have.
const maxInterfaces = 1 << 12

// maxLost bounds the total of lost records. No capture has lost so many; a larger number is damage, and sums of such numbers could
// overflow.
const maxLost = 1 << 53

// Options that are read.
const (
	optionEnd         = 0
	optionComment     = 1  // opt_comment, UTF-8
	optionDropCount   = 4  // epb_dropcount, u64
	optionQueue       = 6  // epb_queue, u32
	optionTimeUnit    = 9  // if_tsresol, u8
	optionTimeOffset  = 14 // if_tsoffset, i64
	defaultResolution = 6  // microseconds
)

// Sizes in bytes of the fields before the options.
const (
	sectionSize   = 16
	interfaceSize = 8
)

// beginSection begins a section: magic, major and minor version, length, options.
func (c *Reader) beginSection(body []byte) error {
	if len(body) < sectionSize {
		return c.damaged("a section header of %d bytes; want at least %d", len(body), sectionSize)
	}
	if major, minor := c.order.Uint16(body[4:]), c.order.Uint16(body[6:]); major != 1 {
		return &Error{Reason: ReasonVersion, Offset: c.start, text: fmt.Sprintf("found pcapng version %d.%d; want 1.0", major, minor)}
	}
	c.newSection()
	c.eachOption(body[sectionSize:], func(code uint16, value []byte) {
		if code == optionComment && c.recording.Part == 0 {
			c.recording, _ = recording.Parse(string(value))
		}
	})
	return nil
}

// newSection begins a section without any interfaces.
func (c *Reader) newSection() {
	c.interfaces = c.interfaces[:0]
	c.section, c.gap, c.doubt, c.recording = true, false, false, recording.File{}
}

// describe adds an interface: link type, reserved, snap length, options.
func (c *Reader) describe(body []byte) error {
	if len(body) < interfaceSize {
		return c.damaged("an interface description of %d bytes; want at least %d", len(body), interfaceSize)
	}
	if len(c.interfaces) == maxInterfaces {
		return c.damaged("a section with more than %d interfaces", maxInterfaces)
	}
	if link := c.order.Uint16(body); link != LinkTypeUser0 {
		return &Error{Reason: ReasonLinkType, Offset: c.start, text: fmt.Sprintf(
			"the capture's link type is %d (%s); want %d (USER0), where one packet is one raw record of the events map", link, linkTypeName(link), LinkTypeUser0)}
	}
	i := captureInterface{snapLen: c.order.Uint32(body[4:]), resolution: defaultResolution}
	sound := c.eachOption(body[interfaceSize:], func(code uint16, value []byte) {
		switch {
		case code == optionTimeUnit && len(value) >= 1:
			i.resolution = value[0]
		case code == optionTimeOffset && len(value) >= 8:
			i.offset = int64(c.order.Uint64(value))
		}
	})
	if !sound {
		return c.damaged("an option of an interface is longer than the description")
	}
	// After a gap it is uncertain which number this interface has, and whether it belongs to the same section. After a block whose
	// type may be damaged, its number is uncertain. That does not matter if all interfaces are alike.
	alike := len(c.interfaces) > 0 && !slices.ContainsFunc(c.interfaces, func(other captureInterface) bool { return other != i })
	i.unknown = c.doubt && !alike
	c.interfaces = append(c.interfaces, i)
	if c.gap && !alike {
		for n := range c.interfaces {
			c.interfaces[n].unknown = true
		}
	}
	return nil
}

// readPacket reads an enhanced packet block: interface, time (high, low), captured and original length, data, options. It also reads
// the obsolete packet block, whose first word is the interface and a count of drops, 16 bits each.
func (c *Reader) readPacket(typ uint32, body []byte) error {
	const fixed = 20
	if len(body) < fixed {
		return c.damaged("a packet block of %d bytes; want at least %d", len(body), fixed)
	}
	id, lost := c.order.Uint32(body), uint64(0)
	if typ == blockPacket {
		const unknown = math.MaxUint16
		id = uint32(c.order.Uint16(body))
		if drops := c.order.Uint16(body[2:]); drops != unknown {
			lost = uint64(drops)
		}
	}
	if int64(id) >= int64(len(c.interfaces)) {
		return c.damaged("a packet of interface %d in a section that has %d", id, len(c.interfaces))
	}
	if c.interfaces[id].unknown {
		return c.damaged("a packet of interface %d, whose description is lost", id)
	}
	ticks := uint64(c.order.Uint32(body[4:]))<<32 | uint64(c.order.Uint32(body[8:]))
	captured, original := c.order.Uint32(body[12:]), c.order.Uint32(body[16:])
	rest := body[fixed:]
	if int64(captured) > int64(len(rest)) {
		return c.damaged("a packet of %d bytes in a block that has room for %d", captured, len(rest))
	}
	if captured > MaxPacket {
		c.stats.Oversized++
		return nil
	}
	c.packet = events.Record{Time: c.interfaces[id].unixNano(ticks), CPU: events.UnknownCPU, Lost: lost, Data: rest[:captured:captured]}
	// After a damaged option the following options are not read; the packet is.
	c.eachOption(rest[min(padded(int(captured)), len(rest)):], func(code uint16, value []byte) {
		switch {
		case typ != blockEnhanced:
		case code == optionDropCount && len(value) >= 8:
			if drops := c.order.Uint64(value); drops <= maxLost-c.lost {
				c.packet.Lost = drops
			}
		case code == optionQueue && len(value) >= 4:
			if queue := c.order.Uint32(value); queue <= math.MaxInt32 {
				c.packet.CPU = int32(queue)
			}
		}
	})
	c.lost += c.packet.Lost
	c.found = true
	if captured < original {
		c.stats.Cut++
	}
	return nil
}

// readSimplePacket reads a simple packet block: original length and data. It belongs to the section's first interface and has no
// time.
func (c *Reader) readSimplePacket(body []byte) error {
	const fixed = 4
	if len(body) < fixed {
		return c.damaged("a simple packet block of %d bytes; want at least %d", len(body), fixed)
	}
	if len(c.interfaces) == 0 {
		return c.damaged("a packet in a section that has no interface")
	}
	if c.interfaces[0].unknown {
		return c.damaged("a packet of interface 0, whose description is lost")
	}
	original, rest := c.order.Uint32(body), body[fixed:]
	captured := original
	if limit := c.interfaces[0].snapLen; limit > 0 {
		captured = min(captured, limit)
	}
	if int64(captured) > int64(len(rest)) {
		return c.damaged("a packet of %d bytes in a block that has room for %d", captured, len(rest))
	}
	if captured > MaxPacket {
		c.stats.Oversized++
		return nil
	}
	if padded(int(captured)) != len(rest) { // it has no options; any block with a damaged type could look like one otherwise
		return c.damaged("a simple packet of %d bytes in a block of %d", captured, len(rest))
	}
	c.packet, c.found = events.Record{CPU: events.UnknownCPU, Data: rest[:captured:captured]}, true
	if captured < original {
		c.stats.Cut++
	}
	return nil
}

// eachOption calls f for every option: code and length, 16 bits each, and the value, padded to 4 bytes. It reports whether the list
// is sound.
func (c *Reader) eachOption(list []byte, f func(code uint16, value []byte)) bool {
	const header = 4
	for len(list) >= header {
		code, n := c.order.Uint16(list), int(c.order.Uint16(list[2:]))
		if code == optionEnd {
			return true
		}
		list = list[header:]
		if padded(n) > len(list) {
			return false
		}
		f(code, list[:n])
		list = list[padded(n):]
	}
	return true
}

func padded(n int) int { return (n + 3) &^ 3 }

// unixNano converts a time stamp to nanoseconds since 1970-01-01 UTC; 0 for one outside the years 1970 to 2262.
func (i *captureInterface) unixNano(ticks uint64) int64 {
	const second = 1_000_000_000
	n := uint(i.resolution &^ 0x80)
	var high, low uint64 // nanoseconds
	switch {
	case i.resolution&0x80 != 0:
		high, low = bits.Mul64(ticks, second)
		if n >= 64 {
			high, low, n = 0, high, n-64
		}
		low = low>>n | high<<(64-n)
		high >>= n
	case n <= 9:
		high, low = bits.Mul64(ticks, powerOf10(9-n))
	case n-9 <= 19:
		low = ticks / powerOf10(n-9)
	}
	if high != 0 || low > math.MaxInt64 {
		return 0
	}
	if i.offset > math.MaxInt64/second || i.offset < math.MinInt64/second {
		return 0
	}
	return max(0, int64(low)+i.offset*second) // an overflow makes the sum negative
}

// powerOf10 returns 10^n, for n up to 19.
func powerOf10(n uint) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// linkTypeName names the link types that a user is likely to have (tcpdump.org/linktypes.html).
func linkTypeName(link uint16) string {
	switch link {
	case 0:
		return "NULL"
	case 1:
		return "ETHERNET"
	case 12, 14, 101:
		return "RAW"
	case 105:
		return "IEEE802_11"
	case 113:
		return "LINUX_SLL"
	case 127:
		return "IEEE802_11_RADIOTAP"
	case 228:
		return "IPV4"
	case 229:
		return "IPV6"
	case 253:
		return "NETLINK"
	case 276:
		return "LINUX_SLL2"
	}
	if link > LinkTypeUser0 && link <= LinkTypeUser0+15 {
		return "USER" + strconv.Itoa(int(link-LinkTypeUser0))
	}
	return "not one of this reader's"
}
