// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// Event is one event of a DNS provider. It aliases the bytes it was decoded from and is reused by the next Decode. All fields are read when
// the first one is needed: only the whole event shows which layout fits.
type Event struct {
	etw.Record
	Meaning

	decoded  schema.Decoded
	finished bool // decoded has all fields, and plan belongs to its template
	decoder  *Decoder
	plan     *plan
	packet   packetState
	message  Message
}

// Decoder decodes the events of one provider.
type Decoder struct {
	Provider *Provider
	// SkipPackets turns reading of the events' DNS messages off.
	SkipPackets bool

	catalog  *schema.Catalog
	plans    []plan // by Template.Index
	unknown  plan
	meanings map[uint16]Meaning
	names    map[string]Field
	served   map[uint16]bool  // ids that a service writes for other processes
	audited  map[string]Field // names of fields in audit events
	audits   map[uint16]*Audit
	host     *hostLayouts // nil if only the embedded lists are used
}

// plan is the meaning of a template's fields.
type plan struct {
	meaning Meaning
	slots   [fieldCount]int8 // index into Values, -1 for none
	fields  []Field          // by index into Values
	flags   []int            // indices into Values of numbers that are 0 or 1
	words   []int            // indices into Values of 32-bit numbers with small values
	texts   []int            // indices into Values of texts with a known set of first characters
	host    bool             // the template is from the host of the events
	audit   *AuditPlan       // nil unless it is a known audit event
}

// NewDecoder reads the provider's field lists.
func NewDecoder(p *Provider) *Decoder {
	d := &Decoder{Provider: p, catalog: p.catalog(), meanings: p.meanings()}
	for i := range d.unknown.slots {
		d.unknown.slots[i] = -1
	}
	d.names, d.audited, d.audits, d.served = fieldNames(), auditFields(), auditsByID(), map[uint16]bool{}
	for _, t := range d.catalog.Templates {
		if slices.ContainsFunc(t.Fields, func(f schema.Field) bool { return d.names[f.Name] == ClientPID }) {
			d.served[t.ID] = true
		}
	}
	for _, t := range d.catalog.Templates {
		d.plans = append(d.plans, d.plan(t))
	}
	return d
}

// plan maps the fields of a template to their meanings.
func (d *Decoder) plan(t *schema.Template) plan {
	pl := plan{meaning: d.meanings[t.ID], slots: d.unknown.slots, fields: make([]Field, len(t.Fields))}
	pl.meaning.audit(d.Provider, t.Channel, t.Keyword, t.Task)
	if pl.meaning.Audit {
		d.planAudit(&pl, t)
		return pl
	}
	for i, f := range t.Fields {
		if field, ok := d.names[f.Name]; ok && i <= math.MaxInt8 {
			pl.slots[field], pl.fields[i] = int8(i), field
			switch field {
			case TCP, RD, AA, AD:
				pl.flags = append(pl.flags, i)
			case QueryType, XID, Port, Flags, ResponseCode, Status:
				pl.words = append(pl.words, i)
			case InterfaceIP, ForwardInterfaceIP, Source, Destination, QueryName, SessionGUID:
				pl.texts = append(pl.texts, i)
			}
		}
	}
	return pl
}

// planAudit is plan for an audit event.
func (d *Decoder) planAudit(pl *plan, t *schema.Template) {
	if a := d.audits[t.ID]; a != nil {
		pl.audit = a.plan(t)
	}
	for i, f := range t.Fields {
		if field, ok := auditField(d.audited, f); ok && i <= math.MaxInt8 {
			pl.slots[field], pl.fields[i] = int8(i), field
		}
	}
	if pl.audit != nil && t.Task == taskDynamicUpdate {
		pl.meaning.Peer = Source // the client
	}
}

// Templates are the provider's field lists.
func (d *Decoder) Templates() []*schema.Template { return d.catalog.Templates }

// Decode begins to decode e. Its Record must have been parsed. An id that is not in the manifest has no fields.
func (d *Decoder) Decode(e *Event) {
	if d.host != nil {
		d.askHost(&e.Record)
	}
	e.decoder, e.plan, e.finished = d, &d.unknown, true
	if d.catalog.Begin(&e.Record, &e.decoded) {
		e.plan, e.finished = &d.plans[e.decoded.Template.Index], false
	}
	e.Meaning = e.plan.meaning
	if !e.Audit {
		e.audit(d.Provider, e.Channel, e.Keyword, e.Task)
	}
	e.packet = packetUnread
	if d.SkipPackets {
		e.packet = packetNone
	}
}

// Decoded returns the fields of the event that are certain: all fields if the layout is known, see LayoutUnknown. For an id that is not in
// the manifest Template is nil, and Rest has the whole user data.
func (e *Event) Decoded() *schema.Decoded {
	if !e.finished {
		e.finish()
	}
	return &e.decoded
}

// finish reads all fields. It is not part of Decoded, so that the compiler inlines that into each of the many calls for a field.
func (e *Event) finish() {
	e.decoded.Finish()
	e.settle()
	e.plan, e.finished = e.planOf(e.decoded.Template), true
}

// value returns a field's value, or nil if the event does not have the field.
func (e *Event) value(f Field) *schema.Value {
	values := e.Decoded().Values
	i := int(e.plan.slots[f])
	if i < 0 || i >= len(values) {
		return nil
	}
	return &values[i]
}

// FieldAt returns the meaning of the i-th decoded value, or NoField.
func (e *Event) FieldAt(i int) Field { return e.plan.fields[i] }

// Num returns a number field. ok is false if the event does not have it.
func (e *Event) Num(f Field) (n uint64, ok bool) {
	if v := e.value(f); v != nil {
		return v.Num, true
	}
	return 0, false
}

// AppendNumbers appends number fields, each as a one and the number, or a zero if the event does not have it.
func (e *Event) AppendNumbers(dst []byte, fields ...Field) []byte {
	values := e.Decoded().Values
	slots := &e.plan.slots // which Decoded may set
	for _, f := range fields {
		i := uint(slots[f])
		if i >= uint(len(values)) {
			dst = append(dst, 0)
			continue
		}
		if n := values[i].Num; n < 0x80 {
			dst = append(dst, 1, byte(n))
		} else {
			dst = binary.AppendUvarint(append(dst, 1), n)
		}
	}
	return dst
}

// Word returns a number field that is a 16-bit word of a DNS message. ok is false if the event does not have it, or if the number is greater.
func (e *Event) Word(f Field) (n uint64, ok bool) {
	if v := e.value(f); v != nil {
		return v.Num, v.Num <= math.MaxUint16
	}
	return 0, false
}

// Text appends a text field as UTF-8 to dst. ok is false if the event does not have it.
func (e *Event) Text(dst []byte, f Field) (text []byte, ok bool) {
	v := e.value(f)
	if v == nil {
		return dst, false
	}
	switch e.typeOf(f) {
	case schema.UTF16:
		return schema.AppendUTF16(dst, v.Bytes), true
	case schema.ANSI:
		return schema.AppendANSI(dst, v.Bytes), true
	}
	return dst, false
}

// AppendLower appends a text field as UTF-8, its ASCII letters in lower case. It appends nothing if the event does not have the field.
func (e *Event) AppendLower(dst []byte, f Field) []byte {
	v := e.value(f)
	if v == nil {
		return dst
	}
	from := len(dst)
	if e.typeOf(f) == schema.ANSI {
		if dst, ok := appendLowerASCII(dst, v.Bytes); ok {
			return dst
		}
	}
	dst, _ = e.Text(dst, f)
	Lower(dst[from:])
	return dst
}

// AppendGUID appends the 16 bytes of a GUID, which the event has as text such as {BF629903-4288-435F-9182-470BEDF5C0A4}, in the order of its digits.
// ok is false, and nothing is appended, if the event does not have the field, or has any other text.
func (e *Event) AppendGUID(dst []byte, f Field) (_ []byte, ok bool) {
	v := e.value(f)
	if v == nil {
		return dst, false
	}
	switch e.typeOf(f) {
	case schema.UTF16:
		return appendGUID(dst, v.Bytes, 2)
	case schema.ANSI:
		return appendGUID(dst, v.Bytes, 1)
	}
	return dst, false
}

// typeOf returns the type of a field that the event has.
func (e *Event) typeOf(f Field) schema.Type { return e.decoded.Template.Fields[e.plan.slots[f]].Type }

// Bytes returns a binary field, which aliases the event, or nil if the event does not have it.
func (e *Event) Bytes(f Field) []byte {
	if v := e.value(f); v != nil {
		return v.Bytes
	}
	return nil
}

// Addr reads an address field. ok reports whether the field holds an address; the unspecified addresses 0.0.0.0 and :: count. An IPv4 address
// in IPv6 form becomes IPv4, and a zone is kept.
func (e *Event) Addr(f Field) (addr netip.Addr, ok bool) {
	v := e.value(f)
	if v == nil {
		return addr, false
	}
	if e.typeOf(f) == schema.ANSI {
		return ParseAddr(v.Bytes)
	}
	var buf [64]byte
	text, _ := e.Text(buf[:0], f)
	return ParseAddr(text)
}

// FirstAddr reads the first address of a list such as "192.0.2.1;192.0.2.2;". rest is the number of further entries.
func (e *Event) FirstAddr(f Field) (addr netip.Addr, rest int, ok bool) {
	var buf [256]byte
	text, ok := e.Text(buf[:0], f)
	if !ok {
		return addr, 0, false
	}
	entries := 0
	for len(text) > 0 {
		end := 0
		for end < len(text) && text[end] != ';' && text[end] != ',' && text[end] != ' ' {
			end++
		}
		if end > 0 {
			if a, isAddr := ParseAddr(text[:end]); isAddr && !addr.IsValid() {
				addr = a
			}
			entries++
		}
		text = text[min(end+1, len(text)):]
	}
	return addr, entries - 1, addr.IsValid()
}

// ParseAddr reads an address. An IPv4 address in IPv6 form becomes IPv4.
func ParseAddr(text []byte) (netip.Addr, bool) {
	if a, ok := parseIPv4(text); ok {
		return a, true
	}
	const longest = 64 // an IPv6 address and a zone
	if len(text) < 2 || len(text) > longest {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(string(text))
	return a.Unmap(), err == nil
}

// parseIPv4 is netip.ParseAddr for dotted decimals, but takes bytes.
func parseIPv4(text []byte) (netip.Addr, bool) {
	var addr uint32
	part, digits, value := 0, 0, 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			value = value*10 + int(c-'0')
			digits++
			if value > 255 || digits > 3 || digits > 1 && value < 10 {
				return netip.Addr{}, false
			}
		case c == '.' && digits > 0 && part < 3:
			addr = addr<<8 | uint32(value)
			part, digits, value = part+1, 0, 0
		default:
			return netip.Addr{}, false
		}
	}
	if part != 3 || digits == 0 {
		return netip.Addr{}, false
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], addr<<8|uint32(value))
	return netip.AddrFrom4(b), true
}

// Address families of SOCKADDR on Windows (ws2def.h).
const (
	afINET  = 2
	afINET6 = 23
)

// ParseSockaddr reads a SOCKADDR_IN or SOCKADDR_IN6: family (little endian), port and address (network order), and for IPv6
// the scope id (little endian) at 24, which becomes the zone. Events carry the structure in a buffer of up to 128 bytes
// (SOCKADDR_STORAGE).
func ParseSockaddr(b []byte) (netip.AddrPort, bool) {
	if len(b) < 8 {
		return netip.AddrPort{}, false
	}
	port := binary.BigEndian.Uint16(b[2:])
	switch family := binary.LittleEndian.Uint16(b); {
	case family == afINET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), port), true
	case family == afINET6 && len(b) >= 24:
		addr := netip.AddrFrom16([16]byte(b[8:24])).Unmap()
		if len(b) >= 28 && addr.Is6() {
			if scope := binary.LittleEndian.Uint32(b[24:]); scope != 0 {
				addr = addr.WithZone(strconv.FormatUint(uint64(scope), 10))
			}
		}
		return netip.AddrPortFrom(addr, port), true
	}
	return netip.AddrPort{}, false
}
