// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// ErrUndescribable is returned for a layout that a Template cannot hold: with structures, arrays, or types without a Type.
var ErrUndescribable = errors.New("the host describes the event in a way that is not supported")

// TRACE_EVENT_INFO (tdh.h), offsets and sizes in bytes: fixed fields, then an EVENT_PROPERTY_INFO for each property. The names are at
// the offsets that these give.
const (
	infoTaskName      = 68 // u32, offset of the text from the beginning; 0 for none
	infoPropertyCount = 100
	infoTopLevelCount = 104
	infoProperties    = 112

	propertySize       = 24
	propertyFlags      = 0  // u32
	propertyNameOffset = 4  // u32
	propertyInType     = 8  // u16
	propertyCount      = 16 // u16
	propertyLength     = 18 // u16, or the index of the property that holds it
)

// PROPERTY_FLAGS (tdh.h).
const (
	flagParamLength      = 0x02
	flagParamFixedLength = 0x10
)

// hostTypes are the TDH_INTYPE_* values that a Template can hold.
var hostTypes = map[uint16]Type{
	1: UTF16, 2: ANSI, 3: U8, 4: U8, 7: U32, 8: U32, 9: U64, 10: U64, 13: Bool32, 14: Binary, 15: GUID, 16: Pointer, 17: FileTime,
	20: U32, 21: U64, // hexadecimal integers
}

// parseEventInfo reads a TRACE_EVENT_INFO, the host's description of r's layout.
func parseEventInfo(info []byte, r *etw.Record) (*Template, error) {
	le := binary.LittleEndian
	if len(info) < infoProperties {
		return nil, fmt.Errorf("%w: a TRACE_EVENT_INFO of %d bytes", ErrUndescribable, len(info))
	}
	count := le.Uint32(info[infoPropertyCount:])
	if top := le.Uint32(info[infoTopLevelCount:]); top != count {
		return nil, fmt.Errorf("%w: %d of its %d properties belong to structures", ErrUndescribable, count-top, count)
	}
	if uint64(count)*propertySize > uint64(len(info)-infoProperties) {
		return nil, fmt.Errorf("%w: %d properties do not fit a TRACE_EVENT_INFO of %d bytes", ErrUndescribable, count, len(info))
	}
	t := &Template{
		Provider: r.Provider, ID: r.ID, Version: r.Version, Name: strings.TrimSpace(textAt(info, le.Uint32(info[infoTaskName:]))),
		Level: r.Level, Keyword: r.Keyword, Channel: r.Channel, Task: r.Task, Source: "this host",
	}
	for i := range int(count) {
		p := info[infoProperties+i*propertySize:]
		f := Field{Name: textAt(info, le.Uint32(p[propertyNameOffset:])), LengthField: -1}
		flags, inType, length := le.Uint32(p[propertyFlags:]), le.Uint16(p[propertyInType:]), le.Uint16(p[propertyLength:])
		f.Type = hostTypes[inType]
		switch {
		case f.Name == "" || f.Type == 0 || flags&^(flagParamLength|flagParamFixedLength) != 0 || le.Uint16(p[propertyCount:]) != 1:
			return nil, fmt.Errorf("%w: property %d, %q, has type %d, flags %#x", ErrUndescribable, i, f.Name, inType, flags)
		case f.Type != Binary && flags != 0: // a string of a fixed length, without its NUL
			return nil, fmt.Errorf("%w: property %d, %q, has a length of its own", ErrUndescribable, i, f.Name)
		case f.Type == Binary && flags&flagParamLength != 0:
			if int(length) >= i || !isNumber(t.Fields[length].Type) {
				return nil, fmt.Errorf("%w: property %d, %q, has its length in property %d", ErrUndescribable, i, f.Name, length)
			}
			f.LengthField = int(length)
		case f.Type == Binary:
			f.Length = int(length)
		}
		t.Fields = append(t.Fields, f)
	}
	return t, nil
}

func isNumber(t Type) bool { return t == U8 || t == U32 || t == U64 }

// maxText bounds a name, in UTF-16 units. The names of many properties may be at one offset, and together take what the description itself
// never could.
const maxText = 1024

// textAt reads the UTF-16 text at an offset, up to its NUL; "" for none, and for one that is too long.
func textAt(info []byte, offset uint32) string {
	if offset == 0 || uint64(offset) >= uint64(len(info)) {
		return ""
	}
	var units []uint16
	for b := info[offset:]; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		if len(units) == maxText {
			return ""
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// Same reports whether both templates have the same fields.
func (t *Template) Same(other *Template) bool {
	if len(t.Fields) != len(other.Fields) {
		return false
	}
	for i := range t.Fields {
		if t.Fields[i] != other.Fields[i] {
			return false
		}
	}
	return true
}

// Prefer makes t the first layout to try for its id and version. t gets the name and the like that the catalog has for the id, if
// any.
func (c *Catalog) Prefer(t *Template) {
	others := c.Candidates(t.ID, t.Version)
	if len(others) > 0 {
		known := others[0]
		t.Name, t.Level, t.Keyword, t.Channel, t.Task = known.Name, known.Level, known.Keyword, known.Channel, known.Task
	}
	t.Index = len(c.Templates)
	c.Templates = append(c.Templates, t)
	c.prefer(t)
}
