// SPDX-License-Identifier: Apache-2.0

// Blocks with a damaged type. Any type is legal in a pcapng, and a reader steps over those that it does not know. So a damaged type
// could hide a block. If that block were an interface description, the numbers of the following descriptions would shift, and their
// packets would get wrong times.
//
// Two things reveal such damage. First, a type that is not registered: a type that is registered later is then called damaged too,
// but the packets are read all the same. Second, the content: a block with the content of a section header or of an interface
// description is taken for one, even if its type differs. A packet whose type was changed to a registered one is missing, and nothing
// reveals that.

package capture

// Registered block types that are not read (draft-ietf-opsawg-pcapng, section 10.1; Sysdig's as in Wireshark).
const (
	firstUnread, lastUnread = 0x4, 0xA // names to secrets
	firstHone, lastHone     = 0x101, 0x102
	firstSysdig, lastSysdig = 0x201, 0x222
	customCopied            = 0x00000BAD // programs that rewrite a file may copy it
	customNotCopied         = 0x40000BAD
	firstLocal              = 0x80000000 // this and all above are for local use
)

// registered reports whether a block type is registered, or is for local use.
func registered(typ uint32) bool {
	return known(typ) || custom(typ) || typ >= firstUnread && typ <= lastUnread || typ >= firstHone && typ <= lastHone ||
		typ >= firstSysdig && typ <= lastSysdig || typ >= firstLocal
}

func custom(typ uint32) bool { return typ == customCopied || typ == customNotCopied }

// checkType checks whether a block's type is damaged, and returns the type that the block seems to have had. body is nil for a block
// that is too long to be inspected.
func (c *Reader) checkType(typ uint32, body []byte) (uint32, error) {
	was, maybe := c.seems(typ, body)
	switch {
	case was != typ:
		// If the type is registered, the content may match by coincidence; then there is one interface less.
		c.doubt = c.doubt || registered(typ)
		c.stats.UnknownBlocks++
		return was, c.damaged("a block of type %#x with the content of one of type %#x; the type may be damaged", typ, was)
	case !registered(typ):
		c.doubt = c.doubt || maybe
		c.stats.UnknownBlocks++
		return typ, c.damaged("a block of type %#x, which is not registered; the type may be damaged", typ)
	}
	return typ, nil
}

// seems returns the type that a block with the content body seems to have: section header, interface description, or its own. maybe
// reports whether it may be a description with other damage. The content of a custom block is its maker's and is not judged.
func (c *Reader) seems(typ uint32, body []byte) (was uint32, maybe bool) {
	const major = 1
	if len(body) < interfaceSize || typ == blockInterface || typ == blockSection || custom(typ) {
		return typ, false
	}
	if len(body) >= sectionSize && c.order.Uint32(body) == magicOrder && c.order.Uint16(body[4:]) == major {
		return blockSection, false
	}
	switch {
	case c.isInterface(body):
		if c.areInterfaceOptions(body[interfaceSize:]) {
			return blockInterface, false
		}
		return typ, true
	case c.order.Uint16(body) == LinkTypeUser0 || c.order.Uint16(body[2:]) == 0:
		return typ, c.areInterfaceOptions(body[interfaceSize:])
	}
	return typ, false
}

// isInterface reports whether the content of a block begins like an interface description.
func (c *Reader) isInterface(body []byte) bool {
	return len(body) >= interfaceSize && c.order.Uint16(body) == LinkTypeUser0 && c.order.Uint16(body[2:]) == 0
}

// areInterfaceOptions reports whether a list consists, to its last byte, of options that an interface description may have.
func (c *Reader) areInterfaceOptions(list []byte) bool {
	const last = 18 // if_iana_tzname
	for len(list) >= 4 {
		code, n := c.order.Uint16(list), int(c.order.Uint16(list[2:]))
		list = list[4:]
		switch {
		case code == optionEnd:
			return n == 0 && len(list) == 0
		case padded(n) > len(list) || code > last && !customOption(code):
			return false
		case code == optionTimeUnit && n != 1 || code == optionTimeOffset && n != 8:
			return false
		}
		list = list[padded(n):]
	}
	return len(list) == 0
}

// customOption reports whether an option is a custom one, which may be in any block (section 3.5.1).
func customOption(code uint16) bool {
	return code == 2988 || code == 2989 || code == 19372 || code == 19373
}
