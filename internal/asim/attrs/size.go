// SPDX-License-Identifier: Apache-2.0

// The size of a record as it is billed. The Builder knows what a set of keys and its constants add, so it looks at the other values only, and in
// its own memory.

package attrs

import (
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
)

// keySizes are the parts of a size that a set of keys decides.
type keySizes struct {
	fixed  int // the size if each value were its constant, or empty
	places []placeSize
}

// placeSize is what is known of the value at a place.
type placeSize struct {
	constant int32 // the size of the constant, which another value replaces; 0 without one
	quotes   int8  // what a text adds to its length
	unbilled bool
}

const (
	sizesBytes = int(unsafe.Sizeof(keySizes{}))
	placeBytes = int(unsafe.Sizeof(placeSize{}))
)

// Size returns the size of the record that Finish has written last: what bill.Record returns for its attributes, in bytes. The Bill must always be
// the same.
func (b *Builder) Size(bill *asim.Bill) int { return b.size(&b.main, bill) }

// size returns the size of a record's own attributes. Without a Bill it returns that of AdditionalFields, without the brackets.
func (b *Builder) size(f *fields, bill *asim.Bill) int {
	s := f.at.sizes
	if s == nil {
		s = newKeySizes(b.prepared(f), bill)
		f.at.sizes = s
		b.bytes += sizesBytes + len(s.places)*placeBytes
	}
	size, values := s.fixed, f.values[:len(s.places)]
	for i := range values {
		v, p := &values[i], &s.places[i]
		switch {
		case v.kind == kindConstant || p.unbilled:
		case v.kind == kindText:
			size += int(v.To-v.From) + int(p.quotes) - int(p.constant)
		default:
			size += b.valueSize(v) - int(p.constant)
		}
	}
	return size
}

// newKeySizes makes the sizes for the keys and constants of a prepared map.
func newKeySizes(prepared pcommon.Map, bill *asim.Bill) *keySizes {
	s, entries := &keySizes{places: make([]placeSize, 0, prepared.Len())}, 0
	for name, v := range prepared.All() {
		attribute := func(size int, text bool) int { return asim.EntrySize(name, size, text) }
		if bill != nil {
			attribute = func(size int, text bool) int { return bill.Attribute(name, size, text) }
			if name == AdditionalFields || !bill.HasColumn(name) {
				entries++
			}
		}
		empty, constant := attribute(0, false), 0
		switch v.Type() {
		case pcommon.ValueTypeStr:
			constant = attribute(len(v.Str()), true) - empty
		case pcommon.ValueTypeInt:
			constant = attribute(asim.DecimalLength(v.Int()), false) - empty
		case pcommon.ValueTypeBool:
			constant = attribute(asim.BoolLength(v.Bool()), false) - empty
		}
		s.fixed += empty + constant
		s.places = append(s.places, placeSize{int32(constant), int8(attribute(0, true) - empty), attribute(1, false) == empty})
	}
	if entries > 0 { // of the column AdditionalFields
		s.fixed += asim.JSONSize(1) - 1
	}
	return s
}

// valueSize returns the length of a value's text, if it is none itself.
func (b *Builder) valueSize(v *value) int {
	size := 0
	switch v.kind {
	case kindInt:
		return asim.DecimalLength(v.num)
	case kindBool:
		return asim.BoolLength(v.num != 0)
	case kindMap:
		return b.size(&b.additional, nil)
	case kindSlice:
		for _, p := range b.slices[v.From:v.To] {
			size += asim.ElementSize(int(p.To-p.From), true)
		}
	case kindGroups:
		for _, p := range b.groups[v.From:v.To] {
			entries := 0
			for i := range b.entries[p.From:p.To] {
				if e := &b.entries[int(p.From)+i]; e.kind == kindText {
					entries += asim.EntrySize(e.key, int(e.To-e.From), true)
				} else {
					entries += asim.EntrySize(e.key, b.valueSize(&e.value), false)
				}
			}
			size += asim.ElementSize(asim.JSONSize(entries), false)
		}
	}
	return asim.JSONSize(size)
}
