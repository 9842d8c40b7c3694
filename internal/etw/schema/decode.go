// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Value is one decoded field.
type Value struct {
	// Num is the value of a number, a boolean, a pointer or a file time.
	Num uint64
	// Bytes are those of a GUID, a binary field or a string without its NUL; a UTF16 string's are its 16-bit units. They
	// alias the record's user data.
	Bytes []byte
}

// Decoded is one event's fields. Its memory is reused by the next event.
type Decoded struct {
	// Template is the layout that Values follow, nil for an id without one.
	Template *Template
	// Values are the fields in the order of Template.Fields; fewer when the user data ends early.
	Values []Value
	// Rest is what the layout does not explain: empty when it consumed the user data exactly.
	Rest []byte
	// Exact tells whether the layout consumed the user data exactly.
	Exact bool

	layouts     *layouts // nil when there is nothing more to do
	data        []byte
	pointerSize int
}

// Decode reads the record's user data into d. Bytes in d alias the record.
func (c *Catalog) Decode(r *etw.Record, d *Decoded) {
	c.Begin(r, d)
	d.Finish()
}

// Begin prepares d for the record without reading a field: Head and Finish do. known tells whether the catalog has the id; the
// first layout that will be tried is in Template.
func (c *Catalog) Begin(r *etw.Record, d *Decoded) (known bool) {
	d.layouts = c.layouts(r.ID, r.Version)
	d.data, d.pointerSize = r.UserData, r.PointerSize()
	d.Template, d.Values, d.Rest, d.Exact = nil, d.Values[:0], r.UserData, false
	if d.layouts == nil {
		return false
	}
	d.Template = d.layouts.list[0]
	return true
}

// Head reads the first n fields, if every layout that may serve has them in the same place; else, or when the user data ends
// before, it returns false and Finish must tell.
func (d *Decoded) Head(n int) bool {
	if d.layouts == nil || n > d.layouts.shared[0] {
		return false
	}
	if len(d.Values) < n {
		d.read(d.Template.Fields[:n])
	}
	return len(d.Values) >= n
}

// Finish reads the rest: by the first layout that consumes the user data exactly, else by the one that leaves least of it.
func (d *Decoded) Finish() {
	l := d.layouts
	if l == nil {
		return
	}
	d.layouts = nil
	var best *Template
	var bestRest int
	for i, t := range l.list {
		if i > 0 && len(d.Values) > l.shared[i] {
			d.Values, d.Rest = d.Values[:0], d.data
		}
		if d.by(t); d.Exact {
			return
		}
		if best == nil || len(d.Rest) < bestRest {
			best, bestRest = t, len(d.Rest)
		}
	}
	if best != d.Template {
		d.Values, d.Rest = d.Values[:0], d.data
		d.by(best)
	}
}

// by reads what is left of the user data by t, as far as it goes. The values so far lie as t has them.
func (d *Decoded) by(t *Template) {
	d.Template = t
	d.read(t.Fields)
	d.Exact = len(d.Values) == len(t.Fields) && len(d.Rest) == 0
}

// read reads those of the fields that Values does not have yet, up to the first that the user data has no room for.
func (d *Decoded) read(fields []Field) {
	values, data := d.Values, d.Rest
	for i := len(values); i < len(fields); i++ {
		f := &fields[i]
		var v Value
		n := -1 // bytes consumed
		switch f.Type {
		case U8:
			if len(data) >= 1 {
				v.Num, n = uint64(data[0]), 1
			}
		case U32, Bool32:
			if len(data) >= 4 {
				v.Num, n = uint64(binary.LittleEndian.Uint32(data)), 4
			}
		case U64, FileTime:
			if len(data) >= 8 {
				v.Num, n = binary.LittleEndian.Uint64(data), 8
			}
		case Pointer:
			switch size := d.pointerSize; {
			case len(data) < size:
			case size == 4:
				v.Num, n = uint64(binary.LittleEndian.Uint32(data)), 4
			default:
				v.Num, n = binary.LittleEndian.Uint64(data), 8
			}
		case GUID:
			if len(data) >= 16 {
				v.Bytes, n = data[:16:16], 16
			}
		case ANSI:
			if end := bytes.IndexByte(data, 0); end >= 0 {
				v.Bytes, n = data[:end:end], end+1
			}
		case UTF16:
			if end := indexNUL16(data); end >= 0 {
				v.Bytes, n = data[:end:end], end+2
			}
		case Binary:
			length := uint64(f.Length)
			if f.LengthField >= 0 {
				length = values[f.LengthField].Num
			}
			if length <= uint64(len(data)) {
				v.Bytes, n = data[:length:length], int(length)
			}
		}
		if n < 0 {
			break
		}
		values = append(values, v)
		data = data[n:]
	}
	d.Values, d.Rest = values, data
}

// indexNUL16 finds the first 16-bit unit that is zero, or -1.
func indexNUL16(data []byte) int {
	i := 0
	// Four units at a time: in the first that is zero, and in none before it, the subtraction borrows the top bit.
	for ; i+8 <= len(data); i += 8 {
		units := binary.LittleEndian.Uint64(data[i:])
		if zero := (units - 0x0001_0001_0001_0001) &^ units & 0x8000_8000_8000_8000; zero != 0 {
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
