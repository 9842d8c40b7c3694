// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Encode appends user data in t's layout to dst. It is the inverse of Decode, for generators and tests. Fields are given by name:
// integers for numbers, string for text, etw.GUID, []byte for binary. A missing field is zero or empty. The size of a binary field is
// written into its length field.
func (t *Template) Encode(dst []byte, pointerSize int, fields map[string]any) ([]byte, error) {
	for name := range fields {
		if t.Find(name) < 0 {
			return dst, fmt.Errorf("event %d version %d has no field %q", t.ID, t.Version, name)
		}
	}
	sizes := map[int]uint64{}
	for _, f := range t.Fields {
		if b, ok := fields[f.Name].([]byte); ok && f.LengthField >= 0 {
			sizes[f.LengthField] = uint64(len(b))
		}
	}
	for i, f := range t.Fields {
		v := fields[f.Name]
		if size, ok := sizes[i]; ok {
			v = size
		}
		var err error
		if dst, err = f.encode(dst, pointerSize, v); err != nil {
			return dst, fmt.Errorf("event %d version %d, field %s: %w", t.ID, t.Version, f.Name, err)
		}
	}
	return dst, nil
}

func (f *Field) encode(dst []byte, pointerSize int, v any) ([]byte, error) {
	switch f.Type {
	case ANSI, UTF16:
		text, ok := v.(string)
		if !ok && v != nil {
			return dst, fmt.Errorf("want text, have %T", v)
		}
		if f.Type == ANSI {
			return append(append(dst, text...), 0), nil
		}
		for _, u := range utf16.Encode([]rune(text)) {
			dst = binary.LittleEndian.AppendUint16(dst, u)
		}
		return append(dst, 0, 0), nil
	case GUID:
		g, ok := v.(etw.GUID)
		if !ok && v != nil {
			return dst, fmt.Errorf("want a GUID, have %T", v)
		}
		return append(dst, g[:]...), nil
	case Binary:
		b, ok := v.([]byte)
		if !ok && v != nil {
			return dst, fmt.Errorf("want bytes, have %T", v)
		}
		if f.LengthField < 0 && len(b) != f.Length {
			return dst, fmt.Errorf("want %d bytes, have %d", f.Length, len(b))
		}
		return append(dst, b...), nil
	}
	var n uint64
	switch v := v.(type) {
	case nil:
	case int:
		n = uint64(v)
	case uint16:
		n = uint64(v)
	case uint32:
		n = uint64(v)
	case uint64:
		n = v
	default:
		return dst, fmt.Errorf("want a number, have %T", v)
	}
	switch {
	case f.Type == U8:
		return append(dst, byte(n)), nil
	case f.Type == U32 || f.Type == Bool32 || f.Type == Pointer && pointerSize == 4:
		return binary.LittleEndian.AppendUint32(dst, uint32(n)), nil
	default:
		return binary.LittleEndian.AppendUint64(dst, n), nil
	}
}
