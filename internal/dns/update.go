// SPDX-License-Identifier: Apache-2.0

// What a dynamic update asks for (RFC 2136).

package dns

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// UpdateOperation is what an update asks to do with a record or with several.
type UpdateOperation string

// The operations of an update section (RFC 2136 section 2.5).
const (
	UpdateAdd         UpdateOperation = "add"          // the record is added
	UpdateDelete      UpdateOperation = "delete"       // the record is deleted
	UpdateDeleteRRset UpdateOperation = "delete_rrset" // all records of the name and type are deleted
	UpdateDeleteName  UpdateOperation = "delete_name"  // all records of the name are deleted
	UpdateInvalid     UpdateOperation = "invalid"      // none of these: the server should refuse it
)

// Update is one record of an update section.
type Update struct {
	Operation UpdateOperation
	Type      uint16
	// TTL is in seconds; the record of a deletion has none.
	TTL uint32
	// Name is in full, without the dot at the end; the root is a dot. Data is in master file form, or that of RFC 3597 where it is no
	// data of the type; it is empty where the operation has none. Both are valid until the next Read of the message.
	Name, Data []byte
}

// Updates lists the update section of a message. Its memory is used again by the next Read.
type Updates struct {
	// Count is how many records there are by the message's header: the list is bounded as that of Answers is, and of a damaged message it
	// ends before the damage.
	Count int

	list []updatePlace
	text []byte
	full bool
}

// updatePlace is an Update whose texts are known by where they end.
type updatePlace struct {
	operation        UpdateOperation
	typ              uint16
	ttl              uint32
	from, name, data int
}

// Len is how many are listed.
func (u *Updates) Len() int { return len(u.list) }

// At gives the i-th.
func (u *Updates) At(i int) Update {
	p := &u.list[i]
	return Update{Operation: p.operation, Type: p.typ, TTL: p.ttl, Name: u.text[p.from:p.name], Data: u.text[p.name:p.data]}
}

func (u *Updates) reset() { *u = Updates{list: u.list[:0], text: u.text[:0]} }

// add lists one more record of a message, whose name is at an offset, for a zone of a class.
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

// operationOf gives the operation of a record of an update section (RFC 2136 section 2.5).
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

// updateSection gives which records of an update are its update section: from the first on, before end. Of any other message, and of
// a response that is a header alone, that is none.
func (m *Message) updateSection(packet []byte) (first, end int) {
	if !m.isUpdate() || len(packet) == messageHeader && m.Flags&flagQR != 0 {
		return 0, 0
	}
	first = int(binary.BigEndian.Uint16(packet[6:]))
	m.Updates.Count = int(binary.BigEndian.Uint16(packet[8:]))
	return first, first + m.Updates.Count
}

// zoneClass is the class of the zone that an update is for.
func (m *Message) zoneClass() uint16 {
	if m.HasQuestion {
		return m.QueryClass
	}
	return dns.ClassINET
}
