// SPDX-License-Identifier: Apache-2.0

// DNS messages, as the events hold them.

package traffic

import "encoding/binary"

// Types of resource records.
const (
	typeA     = 1
	typeCNAME = 5
	typeSOA   = 6
	typePTR   = 12
	typeMX    = 15
	typeTXT   = 16
	typeAAAA  = 28
	typeSRV   = 33
	typeHTTPS = 65
	typeAXFR  = 252
)

// Response codes and bits of the header.
const (
	noError   = 0
	servFail  = 2
	nxDomain  = 3
	flagQR    = 0x8000
	flagAA    = 0x0400
	flagRD    = 0x0100
	flagRA    = 0x0080
	opUpdate  = 5 << 11
	classIN   = 1
	headerLen = 12
)

// record is a resource record of an answer: its name is the question's, or the target of the alias before it.
type record struct {
	typ  uint16
	ttl  uint32
	data []byte
}

// message appends a message with one question. The answers' names point to the question, or to the target of the alias before them.
func message(dst []byte, id, flags uint16, name string, qtype uint16, answers []record, authority bool) []byte {
	be := binary.BigEndian
	dst = be.AppendUint16(be.AppendUint16(dst, id), flags)
	dst = be.AppendUint16(be.AppendUint16(dst, 1), uint16(len(answers)))
	ns := uint16(0)
	if authority {
		ns = 1
	}
	dst = be.AppendUint16(be.AppendUint16(dst, ns), 0)
	from := len(dst) - headerLen
	dst = appendName(dst, name)
	dst = be.AppendUint16(be.AppendUint16(dst, qtype), classIN)
	owner := uint16(headerLen)
	for _, r := range answers {
		dst = be.AppendUint16(dst, 0xC000|owner)
		dst = appendRecord(dst, r)
		if r.typ == typeCNAME {
			owner = uint16(len(dst) - from - len(r.data))
		}
	}
	if authority { // the zone's SOA, RFC 2308
		dst = be.AppendUint16(dst, 0xC000|headerLen)
		dst = appendRecord(dst, record{typeSOA, 900, soaData})
	}
	return dst
}

// soaData is a server's name, a mailbox, a serial number and four times.
var soaData = append(append(appendName(nil, "ns1.example"), appendName(nil, "hostmaster.example")...),
	0x78, 0xC5, 0x4B, 0x51, 0, 0, 3, 0x84, 0, 0, 2, 0x58, 0, 1, 0x51, 0x80, 0, 0, 3, 0x84)

func appendRecord(dst []byte, r record) []byte {
	be := binary.BigEndian
	dst = be.AppendUint16(be.AppendUint16(dst, r.typ), classIN)
	dst = be.AppendUint16(be.AppendUint32(dst, r.ttl), uint16(len(r.data)))
	return append(dst, r.data...)
}

// appendName appends a name without its trailing dot in wire form.
func appendName(dst []byte, name string) []byte {
	at := len(dst)
	dst = append(dst, 0)
	for i := range len(name) {
		if name[i] == '.' {
			at = len(dst)
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, name[i])
		dst[at]++
	}
	return append(dst, 0)
}
