// SPDX-License-Identifier: Apache-2.0

// The changes that a dynamic update requests (RFC 2136).

package dns

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// UpdateOperation is the requested change of one or several records.
type UpdateOperation string

// The operations of an update section (RFC 2136 section 2.5).
const (
	UpdateAdd         UpdateOperation = "add"          // the record is added
	UpdateDelete      UpdateOperation = "delete"       // the record is deleted
	UpdateDeleteRRset UpdateOperation = "delete_rrset" // all records of the name and type are deleted
	UpdateDeleteName  UpdateOperation = "delete_name"  // all records of the name are deleted
	UpdateInvalid     UpdateOperation = "invalid"      // no operation of RFC 2136: the server should refuse it
)

// Update is one record of an update section.
type Update struct {
	Operation UpdateOperation
	Type      uint16
	// TTL is in seconds. A deletion has none.
	TTL uint32
	// Name is fully qualified, without the dot at the end; the root is a dot. Data is in master file form, or in the form of RFC 3597 if it
	// is invalid for the type; it is empty if the operation has none. Both are valid until the next Read of the message.
	Name, Data []byte
}

// Updates lists the update section of a message. Its memory is used again by the next Read.
type Updates struct {
	// Count is the number of records in the message's header. The list may be shorter: it has the bounds of Answers, and ends before the
	// damage of a damaged message.
	Count int

	list []updatePlace
	text []byte
	full bool
}

// updatePlace is an Update with the ends of its texts in place of the texts.
type updatePlace struct {
	operation        UpdateOperation
	typ              uint16
	ttl              uint32
	from, name, data int
}

// Len is the number of listed updates.
func (u *Updates) Len() int { return len(u.list) }

// At returns the i-th update.
func (u *Updates) At(i int) Update {
	p := &u.list[i]
	return Update{Operation: p.operation, Type: p.typ, TTL: p.ttl, Name: u.text[p.from:p.name], Data: u.text[p.name:p.data]}
}

func (u *Updates) reset() {
	u.Count, u.full = 0, false
	u.list = u.list[:0]
	u.text = u.text[:0]
}

// add appends a record of a message to the list, for a zone of a class.
func (u *Updates) add(packet []byte, name int, zone uint16, r record) {
	if u.full {
		return
	}
	from := len(u.text)
	p := updatePlace{operation: operationOf(zone, r), typ: r.typ, from: from}
	u.text = appendName(u.text, packet, name)
	if last := len(u.text) - 1; last > from && u.text[last] == '.' {
		u.text = u.text[:last]
	}
	p.name = len(u.text)
	if p.operation == UpdateAdd || p.operation == UpdateInvalid {
		p.ttl = r.ttl
	}
	if r.end > r.at {
		text, err := appendData(u.text, packet, r)
		if err != nil {
			text = appendBytes(u.text, packet[r.at:r.end])
		}
		u.text = text
	}
	if p.data = len(u.text); len(u.list) == maxAnswers || p.data > maxAnswersText {
		u.full, u.text = true, u.text[:from]
		return
	}
	u.list = append(u.list, p)
}

// operationOf returns the operation of a record in an update section (RFC 2136 section 2.5).
func operationOf(zone uint16, r record) UpdateOperation {
	switch empty := r.end == r.at; {
	case r.class == zone:
		return UpdateAdd
	case r.class == dns.ClassANY && empty && r.typ == dns.TypeANY:
		return UpdateDeleteName
	case r.class == dns.ClassANY && empty:
		return UpdateDeleteRRset
	case r.class == dns.ClassNONE && r.typ != dns.TypeANY:
		return UpdateDelete
	}
	return UpdateInvalid
}

// isUpdate reports whether the message is an update or the response to one.
func (m *Message) isUpdate() bool { return m.Flags>>opcodeShift&opcodeMask == dns.OpcodeUpdate }

// updateSection returns the update section of an update: its records from first on, before end. Any other message, and a response that is a
// header alone, has none.
func (m *Message) updateSection(packet []byte) (first, end int) {
	if !m.isUpdate() || len(packet) == messageHeader && m.Flags&flagQR != 0 {
		return 0, 0
	}
	first = int(binary.BigEndian.Uint16(packet[6:]))
	m.Updates.Count = int(binary.BigEndian.Uint16(packet[8:]))
	return first, first + m.Updates.Count
}

// zoneClass is the class of the zone in an update.
func (m *Message) zoneClass() uint16 {
	if m.HasQuestion {
		return m.QueryClass
	}
	return dns.ClassINET
}
