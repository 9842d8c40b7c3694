// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// The evidence for a layout in the packet that the event carries.

// packetAgrees reports whether the event carries a packet with the same id and the same values of all other fields that both have.
func (e *Event) packetAgrees() bool {
	d, pl := &e.decoded, e.planOf(e.decoded.Template)
	i := pl.slots[PacketData]
	if i < 0 || int(i) >= len(d.Values) || len(d.Values[i].Bytes) == 0 {
		return false
	}
	n, against := pl.compare(d.Values, d.Values[i].Bytes, false)
	return n > 0 && !against
}

// headerAgrees reports whether the packet's header agrees with the fields, as packetAgrees does for the whole packet. It runs for every event
// of some ids.
func (e *Event) headerAgrees() bool {
	d, pl := &e.decoded, e.planOf(e.decoded.Template)
	packet, id, flags := int(pl.slots[PacketData]), int(pl.slots[XID]), int(pl.slots[Flags])
	if min(packet, id, flags) < 0 || len(d.Values[packet].Bytes) < messageHeader {
		return false
	}
	raw := d.Values[packet].Bytes
	return d.Values[id].Num == uint64(binary.BigEndian.Uint16(raw)) && d.Values[flags].Num == uint64(binary.BigEndian.Uint16(raw[2:]))
}

// compare compares the fields in order with a packet, which may be cut off. n is the number of leading fields up to the last one that the
// packet has as well; it is 0 if fewer than two agree. against reports whether a field disagrees; n then ends before it. With strict, n
// also ends at a field that the packet does not have, after the first one that agrees.
func (pl *plan) compare(values []schema.Value, packet []byte, strict bool) (n int, against bool) {
	if len(packet) < messageHeader {
		return 0, false
	}
	q := readQuestion(packet)
	same := 0
	for i := 0; i < len(values); i++ {
		var ok bool
		switch v := &values[i]; pl.fields[i] {
		case XID:
			ok = v.Num == uint64(binary.BigEndian.Uint16(packet))
		case Flags:
			ok = v.Num == uint64(binary.BigEndian.Uint16(packet[2:]))
		case QueryName:
			if q.name == nil {
				continue
			}
			ok = q.isOf(v.Bytes)
		case QueryType:
			if q.name == nil {
				continue
			}
			ok = v.Num == uint64(q.qtype)
		default:
			if strict && same > 0 {
				i = len(values)
			}
			continue
		}
		if against = !ok; against {
			break
		}
		n, same = i+1, same+1
	}
	if same < 2 {
		n = 0
	}
	return n, against
}

// question is the first question of a packet.
type question struct {
	name, plain []byte // in master file form, and without escapes; nil if there is none
	qtype       uint16
}

// readQuestion reads the first question of a packet. The packet has a header; the rest may be cut off.
func readQuestion(packet []byte) (q question) {
	if binary.BigEndian.Uint16(packet[4:]) == 0 {
		return q
	}
	next, err := skipName(packet, messageHeader)
	if err != nil || len(packet)-next < questionFixed {
		return q
	}
	q.name = Fold(appendName(make([]byte, 0, maxNameWire), packet, messageHeader))
	q.plain = Fold(appendPlainName(make([]byte, 0, maxNameWire), packet, messageHeader))
	q.qtype = binary.BigEndian.Uint16(packet[next:])
	return q
}

// isOf reports whether a name in an event is the question's name, in any case.
func (q *question) isOf(name []byte) bool {
	name = Fold(append(make([]byte, 0, maxNameWire), name...))
	return bytes.Equal(name, q.name) || bytes.Equal(name, q.plain)
}

// appendPlainName appends the labels of the name at off with a dot after each. skipName has checked the name.
func appendPlainName(dst, packet []byte, off int) []byte {
	for {
		switch c := int(packet[off]); {
		case c == 0:
			return dst
		case c&0xC0 != 0:
			off = c&0x3F<<8 | int(packet[off+1])
		default:
			dst = append(append(dst, packet[off+1:off+1+c]...), '.')
			off += 1 + c
		}
	}
}

// searchPacket returns the packet of an event with an unknown layout, or nil. It is the packet in the first read fields. Otherwise it is the
// first number of bytes that is followed by a DNS message of that size about the event's name. The root, one zero byte, does not count as
// such a name. inPlace reports whether the packet is where the layout has it.
func (e *Event) searchPacket(pl *plan, read int) (packet []byte, inPlace bool) {
	d := &e.decoded
	i, name := int(pl.slots[PacketData]), int(pl.slots[QueryName])
	if i >= 0 && i < read && len(d.Values[i].Bytes) > 0 {
		return d.Values[i].Bytes, true
	}
	if name < 0 || name >= read || len(d.Values[name].Bytes) < 2 {
		return nil, false
	}
	if i >= 0 && i == read && i == len(d.Values) && d.Template.Fields[i].LengthField >= 0 {
		return d.Rest, true // the end of the packet is missing
	}
	const size = 4
	text := d.Values[name].Bytes
	label := bytes.IndexByte(text, '.')
	for data := e.UserData; label > 0 && len(data) > size+messageHeader+1+label; data = data[1:] {
		n := binary.LittleEndian.Uint32(data)
		if n < messageHeader || n > math.MaxUint16 || uint64(n) > uint64(len(data)-size) {
			continue
		}
		first := data[size+messageHeader:]
		if binary.BigEndian.Uint16(data[size+4:]) != 1 || int(first[0]) != label || !bytes.EqualFold(first[1:1+label], text[:label]) {
			continue
		}
		packet := data[size : size+n]
		if q := readQuestion(packet); q.name != nil && q.isOf(text) {
			return packet, false
		}
	}
	return nil, false
}

// planOf returns the plan of a layout.
func (e *Event) planOf(t *schema.Template) *plan { return &e.decoder.plans[t.Index] }
