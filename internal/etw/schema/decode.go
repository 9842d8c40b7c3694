// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Value is one decoded field.
type Value struct {
	// Num is the value of a number, a boolean, a pointer or a FILETIME.
	Num uint64
	// Bytes is the value of a GUID, a binary field, or a string without its NUL; a UTF16 string's are its 16-bit units. It aliases
	// the record's user data.
	Bytes []byte
}

// Decoded holds the fields of one event. The next event reuses its memory.
type Decoded struct {
	// Template is the layout that Values follow; nil for an id without one.
	Template *Template
	// Values are the fields in the order of Template.Fields. There are fewer if no layout consumed the user data exactly.
	Values []Value
	// Rest is the user data that Values do not cover: empty if the layout consumed the user data exactly.
	Rest []byte
	// Exact reports whether the layout consumed the user data exactly.
	Exact bool

	layouts     *layouts
	rivals      []*Template
	pending     bool // Finish must still read the fields
	data        []byte
	pointerSize int
}

// Decode reads the record's user data into d. Bytes in d alias the record.
func (c *Catalog) Decode(r *etw.Record, d *Decoded) {
	c.Begin(r, d)
	d.Finish()
}

// Begin prepares d for the record without reading a field; Finish reads them. known reports whether the catalog has the id. Template
// is then the first layout that will be tried.
func (c *Catalog) Begin(r *etw.Record, d *Decoded) (known bool) {
	l := c.layouts(r.ID, r.Version)
	var t *Template
	if l != nil {
		t = l.list[0]
	}
	d.layouts, d.Template, d.pending, d.Exact = l, t, l != nil, false
	d.data, d.Rest, d.pointerSize = r.UserData, r.UserData, r.PointerSize()
	d.Values = d.Values[:0]
	return d.pending
}

// Finish reads the fields, by the first layout that consumes the user data exactly. If none does, Template is the first one, and
// Values are the fields on which all layouts agree, as far as the user data goes.
func (d *Decoded) Finish() {
	if !d.pending {
		return
	}
	d.pending = false
	l := d.layouts
	if d.rivals != nil {
		d.rivals = nil
	}
	for i, t := range l.list {
		if i > 0 && len(d.Values) > l.shared[i] {
			d.Values, d.Rest = d.Values[:0], d.data
		}
		if d.by(t); d.Exact {
			d.rivals = l.rivals[i]
			return
		}
	}
	d.Keep(l.list[0], l.agreed)
}

// Candidates returns the layouts that the event may have, in the order in which they are tried.
func (d *Decoded) Candidates() []*Template {
	if d.layouts == nil {
		return nil
	}
	return d.layouts.list
}

// Rivals returns those of the layouts after the one that Finish found exact that could consume the same user data exactly. There are
// few: if one layout is a prefix of another, only one of them can be exact.
func (d *Decoded) Rivals() []*Template { return d.rivals }

// Try reads the user data by t from its beginning, as far as it goes.
func (d *Decoded) Try(t *Template) {
	d.Values, d.Rest = d.Values[:0], d.data
	d.by(t)
}

// Keep reads only the first n fields of t, or as many as the user data has. It is unknown whether the rest follows t.
func (d *Decoded) Keep(t *Template, n int) {
	d.Template, d.Values, d.Rest, d.Exact = t, d.Values[:0], d.data, false
	d.read(t.Fields[:n])
}

// by reads the rest of the user data by t, as far as it goes. The values read so far have the same layout in t.
func (d *Decoded) by(t *Template) {
	d.Template = t
	if len(d.Values) < len(t.Fields) {
		d.read(t.Fields)
	}
	d.Exact = len(d.Values) == len(t.Fields) && len(d.Rest) == 0
}

// read reads the fields that Values does not have yet, up to the first for which the user data has no room.
func (d *Decoded) read(fields []Field) {
	i, data := len(d.Values), d.Rest
	if cap(d.Values) < len(fields) {
		d.Values = slices.Grow(d.Values, len(fields)-i)
	}
	values := d.Values[:len(fields)]
reading:
	for ; i < len(fields); i++ {
		f, v := &fields[i], &values[i]
		switch f.Type {
		case U8:
			if len(data) < 1 {
				break reading
			}
			v.set(uint64(data[0]))
			data = data[1:]
		case U32, Bool32:
			for {
				if len(data) < 4 {
					break reading
				}
				v.set(uint64(binary.LittleEndian.Uint32(data)))
				data = data[4:]
				if i+1 == len(fields) || fields[i+1].Type != U32 {
					break
				}
				i++
				v = &values[i]
			}
		case U64, FileTime:
			if len(data) < 8 {
				break reading
			}
			*v = Value{Num: binary.LittleEndian.Uint64(data)}
			data = data[8:]
		case Pointer:
			switch size := d.pointerSize; {
			case len(data) < size:
				break reading
			case size == 4:
				*v = Value{Num: uint64(binary.LittleEndian.Uint32(data))}
			default:
				*v = Value{Num: binary.LittleEndian.Uint64(data)}
			}
			data = data[d.pointerSize:]
		case GUID:
			if len(data) < 16 {
				break reading
			}
			*v = Value{Bytes: data[:16:16]}
			data = data[16:]
		case ANSI:
			end := indexNUL(data)
			if end < 0 {
				break reading
			}
			*v = Value{Bytes: data[:end:end]}
			data = data[end+1:]
		case UTF16:
			end := indexNUL16(data)
			if end < 0 {
				break reading
			}
			*v = Value{Bytes: data[:end:end]}
			data = data[end+2:]
		case Binary:
			length := uint64(f.Length)
			if f.LengthField >= 0 {
				length = values[f.LengthField].Num
			}
			if length > uint64(len(data)) {
				break reading
			}
			*v = Value{Bytes: data[:length:length]}
			data = data[length:]
		}
	}
	d.Values = d.Values[:i]
	d.Rest = data
}

// set makes v a number. Usually it already is one, from the same field of the last event.
func (v *Value) set(n uint64) {
	v.Num = n
	if v.Bytes != nil {
		v.Bytes = nil
	}
}

// indexNUL finds the first byte that is zero, or -1. It reads the first 16 here: most texts are that short, and a call of bytes.IndexByte takes
// twice as long for them.
func indexNUL(data []byte) int {
	const each, top = 0x0101_0101_0101_0101, 0x8080_8080_8080_8080
	if len(data) < 16 {
		return bytes.IndexByte(data, 0)
	}
	// Eight bytes at a time, as in indexNUL16.
	octets := binary.LittleEndian.Uint64(data)
	if zero := (octets - each) &^ octets & top; zero != 0 {
		return bits.TrailingZeros64(zero) / 8
	}
	octets = binary.LittleEndian.Uint64(data[8:])
	if zero := (octets - each) &^ octets & top; zero != 0 {
		return 8 + bits.TrailingZeros64(zero)/8
	}
	if end := bytes.IndexByte(data[16:], 0); end >= 0 {
		return 16 + end
	}
	return -1
}

// indexNUL16 finds the first 16-bit unit that is zero, or -1.
func indexNUL16(data []byte) int {
	const each, top = 0x0001_0001_0001_0001, 0x8000_8000_8000_8000
	i := 0
	// Four units at a time: the subtraction borrows the top bit of the first unit that is zero, and of none before it. A GUID has 38 units, so one
	// branch for eight.
	for ; i+16 <= len(data); i += 16 {
		units, more := binary.LittleEndian.Uint64(data[i:]), binary.LittleEndian.Uint64(data[i+8:])
		zero, zeroMore := (units-each)&^units&top, (more-each)&^more&top
		switch {
		case zero|zeroMore == 0:
		case zero != 0:
			return i + bits.TrailingZeros64(zero)/16*2
		default:
			return i + 8 + bits.TrailingZeros64(zeroMore)/16*2
		}
	}
	for ; i+8 <= len(data); i += 8 {
		units := binary.LittleEndian.Uint64(data[i:])
		if zero := (units - each) &^ units & top; zero != 0 {
			return i + bits.TrailingZeros64(zero)/16*2
		}
	}
	for ; i+1 < len(data); i += 2 {
		if data[i]|data[i+1] == 0 {
			return i
		}
	}
	return -1
}
