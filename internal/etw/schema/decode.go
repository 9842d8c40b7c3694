// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"encoding/binary"

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

// Decoded is one event's fields. Its memory is reused by the next Decode into it.
type Decoded struct {
	// Template is the layout that Values follow, nil for an id without one.
	Template *Template
	// Values are the fields in the order of Template.Fields; fewer when the user data ends early.
	Values []Value
	// Rest is what the layout does not explain: empty when it consumed the user data exactly.
	Rest []byte
	// Exact tells whether the layout consumed the user data exactly.
	Exact bool
}

// Decode reads the record's user data into d, by the candidates of c. Bytes in d alias the record.
func (c *Catalog) Decode(r *etw.Record, d *Decoded) {
	candidates := c.Candidates(r.ID, r.Version)
	*d = Decoded{Values: d.Values[:0], Rest: r.UserData}
	var best *Template
	var bestRest int
	for _, t := range candidates {
		d.decode(t, r)
		if d.Exact {
			return
		}
		if best == nil || len(d.Rest) < bestRest {
			best, bestRest = t, len(d.Rest)
		}
	}
	if best != nil && best != d.Template {
		d.decode(best, r)
	}
}

// decode reads the user data by t, as far as it goes.
func (d *Decoded) decode(t *Template, r *etw.Record) {
	data := r.UserData
	d.Template, d.Values, d.Exact = t, d.Values[:0], false
	for i := range t.Fields {
		f := &t.Fields[i]
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
			switch size := r.PointerSize(); {
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
				length = d.Values[f.LengthField].Num
			}
			if length <= uint64(len(data)) {
				v.Bytes, n = data[:length:length], int(length)
			}
		}
		if n < 0 {
			d.Rest = data
			return
		}
		d.Values = append(d.Values, v)
		data = data[n:]
	}
	d.Rest = data
	d.Exact = len(data) == 0
}

// indexNUL16 finds the first 16-bit unit that is zero, or -1.
func indexNUL16(data []byte) int {
	for i := 0; i+1 < len(data); i += 2 {
		if data[i]|data[i+1] == 0 {
			return i
		}
	}
	return -1
}
