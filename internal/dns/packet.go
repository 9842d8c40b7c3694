// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/miekg/dns"
)

// Message is a DNS message that an event carries. Its memory is reused by the next Read.
type Message struct {
	// ID and Flags are words of the header.
	ID, Flags uint16
	// RCode is the response code with the upper bits of EDNS.
	RCode uint16
	// HasQuestion reports whether there is a question. QueryType and QueryClass are those of the first question.
	HasQuestion           bool
	QueryType, QueryClass uint16
	// Answers lists the answer section of a response.
	Answers Answers
	// Updates lists the update section of a dynamic update, or of a response that repeats it.
	Updates Updates
	// ClientSubnet is the network of the client behind the query (RFC 7871), invalid if the message has none. SubnetScope is the prefix
	// length for which a response is valid.
	ClientSubnet netip.Prefix
	SubnetScope  uint8
}

// Sizes and values of the wire format (RFC 1035 sections 4.1 and 2.3.4, RFC 6891, RFC 7871).
const (
	messageHeader   = 12
	questionFixed   = 4  // type, class
	recordFixed     = 10 // type, class, TTL, length of the data
	maxNameWire     = 255
	maxNamePointers = (maxNameWire+1)/2 - 2

	opcodeShift = 11
	opcodeMask  = 0xF

	optionClientSubnet = 8
)

// Read reads a DNS message (RFC 1035, without the TCP length). After an error only Updates is valid: it lists the records before the damage. A
// message with the flag TC may end anywhere after the header: m then holds the complete parts. The time is bounded by the message's
// length, for any content.
func (m *Message) Read(packet []byte) error {
	err := m.read(packet)
	if m.Flags&flagTC != 0 && errors.Is(err, errShort) {
		return nil
	}
	return err
}

func (m *Message) read(packet []byte) error {
	m.reset()
	if len(packet) < messageHeader {
		return fmt.Errorf("DNS message of %d bytes: want a header of %d", len(packet), messageHeader)
	}
	word := func(at int) uint16 { return binary.BigEndian.Uint16(packet[at:]) }
	m.ID, m.Flags = word(0), word(2)
	m.RCode = m.Flags & maskRCode
	firstUpdate, endUpdates := m.updateSection(packet)
	if len(packet) == messageHeader {
		return nil // some servers refuse with a header alone and leave the counts in it
	}
	off := messageHeader
	for i := range int(word(4)) {
		next, err := skipName(packet, off)
		if err != nil || len(packet)-next < questionFixed {
			return fmt.Errorf("DNS message of %d bytes: question %d at %d: %w", len(packet), i, off, orShort(err))
		}
		if i == 0 {
			m.HasQuestion, m.QueryType, m.QueryClass = true, word(next), word(next+2)
		}
		off = next + questionFixed
	}
	if m.Flags&flagQR != 0 && !m.isUpdate() { // in an update this section holds the prerequisites
		m.Answers.Count = int(word(6))
	}
	edns := false
	records := int(word(6)) + int(word(8)) + int(word(10))
	for i := range records {
		next, err := skipName(packet, off)
		if err != nil || len(packet)-next < recordFixed {
			return fmt.Errorf("DNS message of %d bytes: record %d at %d: %w", len(packet), i, off, orShort(err))
		}
		r := record{typ: word(next), class: word(next + 2), ttl: binary.BigEndian.Uint32(packet[next+4:]), owner: off, at: next + recordFixed}
		r.end = r.at + int(word(next+8))
		if r.end > len(packet) {
			return fmt.Errorf("DNS message of %d bytes: record %d at %d: %w", len(packet), i, off, errShort)
		}
		switch {
		case i < m.Answers.Count:
			err = m.Answers.add(packet, r)
		case i >= firstUpdate && i < endUpdates:
			m.Updates.add(packet, off, m.zoneClass(), r)
		case r.typ == dns.TypeOPT && !edns:
			edns = true
			m.RCode |= uint16(r.ttl>>24) << 4
			err = m.options(packet[r.at:r.end])
		}
		if err != nil {
			return fmt.Errorf("DNS message of %d bytes: record %d at %d: %w", len(packet), i, off, err)
		}
		off = r.end
	}
	return nil
}

// reset empties the message and keeps its memory. It sets each field, since a copy of the whole costs more: the collector's write barrier
// sees each pointer in it.
func (m *Message) reset() {
	m.ID, m.Flags, m.RCode, m.HasQuestion, m.QueryType, m.QueryClass, m.SubnetScope = 0, 0, 0, false, 0, 0, 0
	m.Answers.Reset()
	m.Updates.reset()
	if m.ClientSubnet.IsValid() {
		m.ClientSubnet = netip.Prefix{}
	}
}

// AppendQueryName appends the name of the first question, or nothing if there is none. Read has read the message.
func (m *Message) AppendQueryName(dst, packet []byte) []byte {
	if !m.HasQuestion {
		return dst
	}
	return appendName(dst, packet, messageHeader)
}

// options reads the EDNS options.
func (m *Message) options(data []byte) error {
	for len(data) > 0 {
		if len(data) < 4 {
			return errOption
		}
		code, size := binary.BigEndian.Uint16(data), int(binary.BigEndian.Uint16(data[2:]))
		if len(data)-4 < size {
			return errOption
		}
		if code == optionClientSubnet && !m.ClientSubnet.IsValid() {
			if err := m.clientSubnet(data[4 : 4+size]); err != nil {
				return err
			}
		}
		data = data[4+size:]
	}
	return nil
}

// clientSubnet reads the option of RFC 7871: family, prefix length, scope, and as many bytes of the address as the length needs.
func (m *Message) clientSubnet(data []byte) error {
	const ipv4, ipv6 = 1, 2 // address families of IANA
	if len(data) < 4 {
		return errOption
	}
	var room [16]byte
	family, bits, rest := binary.BigEndian.Uint16(data), int(data[2]), data[4:]
	size := map[uint16]int{ipv4: 4, ipv6: 16}[family]
	if bits > 8*size || len(rest) > size || 8*len(rest) < bits {
		return fmt.Errorf("client subnet of family %d with %d bits in %d bytes", family, bits, len(rest))
	}
	copy(room[:], rest)
	if size == 0 {
		return nil // family 0: the network is withheld
	}
	addr, _ := netip.AddrFromSlice(room[:size])
	m.ClientSubnet, m.SubnetScope = netip.PrefixFrom(addr, bits).Masked(), data[3]
	return nil
}

// skipName returns the offset after the name at off. It follows the compression pointers, so a name without an end is an error.
func skipName(packet []byte, off int) (next int, err error) {
	next, length := -1, 0
	for pointers := 0; ; {
		if off >= len(packet) {
			return 0, errShort
		}
		c := int(packet[off])
		switch {
		case c == 0:
			if next < 0 {
				next = off + 1
			}
			return next, nil
		case c&0xC0 == 0:
			if length += c + 1; length >= maxNameWire {
				return 0, errLongName
			}
			off += 1 + c
		case c&0xC0 == 0xC0:
			if off+1 >= len(packet) {
				return 0, errShort
			}
			if next < 0 {
				next = off + 2
			}
			if pointers++; pointers > maxNamePointers {
				return 0, errCircle
			}
			off = c&0x3F<<8 | int(packet[off+1])
		default:
			return 0, errLabel
		}
	}
}

// appendName appends the name at off in master file form (RFC 1035 section 5.1): a special byte gets a backslash, and a byte that is not
// printable becomes \DDD. skipName has checked the name.
func appendName(dst, packet []byte, off int) []byte {
	from := len(dst)
	for {
		c := int(packet[off])
		switch {
		case c == 0 && len(dst) == from:
			return append(dst, '.')
		case c == 0:
			return dst
		case c&0xC0 != 0:
			off = c&0x3F<<8 | int(packet[off+1])
			continue
		}
		for _, b := range packet[off+1 : off+1+c] {
			switch b {
			case '.', ' ', '\'', '@', ';', '(', ')', '"', '\\':
				dst = append(dst, '\\', b)
			default:
				if b < ' ' || b > '~' {
					dst = append(dst, '\\', '0'+b/100, '0'+b/10%10, '0'+b%10)
				} else {
					dst = append(dst, b)
				}
			}
		}
		dst = append(dst, '.')
		off += 1 + c
	}
}

// Errors in a message's structure.
var (
	errShort    = errors.New("the message ends before it does")
	errOption   = errors.New("its EDNS options end before they do")
	errLongName = errors.New("its name is longer than 255 bytes")
	errCircle   = errors.New("its name goes round in circles")
	errLabel    = errors.New("its name has a label of a reserved kind")
)

func orShort(err error) error {
	if err == nil {
		return errShort
	}
	return err
}
