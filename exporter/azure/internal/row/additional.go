// SPDX-License-Identifier: Apache-2.0

// AdditionalFields: one JSON object of what has no column. It is valid JSON whatever it is made of, and short enough that the
// service does not cut it.

package row

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"math"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// span is a field of AdditionalFields: where it begins, where its name ends, where it ends.
type span struct {
	from, name, to int
	shed           bool
}

const (
	maxName      = 256 // bytes of a field's name; one that stands again gets _2 to _9
	maxShedNames = 8   // that "Shed" lists
	shedField    = `"Shed":`
	manyNames    = 32 // from which on names are looked up in a map
	// shedRoom is kept for the field Shed: eight names that are no longer than shedName, and their number.
	shedName = 64
	shedRoom = maxShedNames*(shedName+3) + 64
)

// appendAdditional appends the column AdditionalFields, unless there is nothing to say: the fields of the record's own
// AdditionalFields, then what has no column, then what is wanted of the resource. When they are too long the largest ones are left
// out, and the field Shed names them.
func (e *Encoder) appendAdditional(dst []byte, given pcommon.Value, isGiven bool) []byte {
	before := len(dst)
	dst = append(append(dst, e.table.Columns[e.table.Additional].Key...), '{')
	open := len(dst)
	e.fields = e.fields[:0]
	if len(e.known) > 0 {
		clear(e.known)
	}
	unwritten := 0
	put := func(name string, v pcommon.Value) {
		if v.Type() == pcommon.ValueTypeEmpty {
			return
		}
		if len(dst)-open > 2*e.limit {
			unwritten++
			return
		}
		dst = e.appendField(dst, name, v)
	}
	if isGiven && given.Type() == pcommon.ValueTypeMap {
		for name, v := range given.Map().All() {
			put(name, v)
		}
	} else if isGiven {
		put("AdditionalFields", given)
	}
	for _, x := range e.extra {
		put(x.name, x.value)
	}
	for _, x := range e.more {
		put(x.name, x.value)
	}
	if len(e.fields) == 0 && unwritten == 0 {
		return dst[:before]
	}
	if len(dst)-open > e.limit-2 || e.someShed() {
		dst = e.shed(dst, open, unwritten)
	}
	return append(dst, '}')
}

// appendField appends a field, with a comma before it unless it is the first. One that is longer than AdditionalFields may be has its
// name only, and is to be shed.
func (e *Encoder) appendField(dst []byte, name string, v pcommon.Value) []byte {
	before := len(dst)
	if len(e.fields) > 0 {
		dst = append(dst, ',')
	}
	from := len(dst)
	if name == "" {
		name = "_"
	}
	if len(name) > maxName {
		e.count(RuleCut, e.table.Additional)
		name = name[:boundary(name, maxName)]
	}
	dst, valid := appendString(append(dst, '"'), name)
	if !valid {
		e.count(RuleUTF8, e.table.Additional)
	}
	dst = append(dst, '"')
	end := len(dst) - 1
	for n := byte('2'); e.hasName(dst, from); n++ {
		if n > '9' {
			e.count(RuleShed, e.table.Additional)
			return dst[:before]
		}
		dst = append(dst[:end], '_', n, '"')
	}
	f := span{from: from, name: len(dst)}
	dst = append(dst, ':')
	dst, ok := e.appendAny(dst, v, 0, len(dst)+e.limit)
	if !ok {
		f.shed = true
		dst = append(dst[:f.name], ":0"...)
	}
	f.to = len(dst)
	e.fields = append(e.fields, f)
	if len(e.fields) == manyNames {
		if e.known == nil {
			e.known = map[string]struct{}{}
		}
		for _, f := range e.fields {
			e.known[string(dst[f.from:f.name])] = struct{}{}
		}
	} else if len(e.fields) > manyNames {
		e.known[string(dst[f.from:f.name])] = struct{}{}
	}
	return dst
}

// hasName reports whether a field has the name that begins at from already.
func (e *Encoder) hasName(dst []byte, from int) bool {
	if len(e.fields) >= manyNames {
		_, has := e.known[string(dst[from:])]
		return has
	}
	for _, f := range e.fields {
		if f.name-f.from == len(dst)-from && bytes.Equal(dst[f.from:f.name], dst[from:]) {
			return true
		}
	}
	return false
}

func (e *Encoder) someShed() bool {
	return slices.ContainsFunc(e.fields, func(f span) bool { return f.shed })
}

// shed removes the largest fields until the rest fits, and names them. The object begins at open, with its first field.
func (e *Encoder) shed(dst []byte, open, unwritten int) []byte {
	room := e.limit - 2 - shedRoom
	size := len(dst) - open
	e.bySize = e.bySize[:0]
	for i, f := range e.fields {
		if f.shed {
			size -= f.to - f.from + 1
		} else {
			e.bySize = append(e.bySize, span{from: i, to: f.to - f.from})
		}
	}
	slices.SortStableFunc(e.bySize, func(a, b span) int { return cmp.Compare(b.to, a.to) })
	for _, f := range e.bySize {
		if size <= room {
			break
		}
		e.fields[f.from].shed = true
		size -= f.to + 1
	}

	var names [maxShedNames][shedName]byte
	var lengths [maxShedNames]int
	count := unwritten
	to := open
	taken := false
	for _, f := range e.fields {
		if !f.shed {
			if to > open {
				dst[to] = ','
				to++
			}
			taken = taken || string(dst[f.from:f.name])+":" == shedField
			to += copy(dst[to:], dst[f.from:f.to])
			continue
		}
		if i := count - unwritten; i < maxShedNames && f.name-f.from <= shedName {
			lengths[i] = copy(names[i][:], dst[f.from:f.name])
		}
		count++
	}
	for range count {
		e.count(RuleShed, e.table.Additional)
	}
	dst = dst[:to]
	if taken {
		return dst
	}
	if to > open {
		dst = append(dst, ',')
	}
	dst = append(append(dst, shedField...), '[')
	some := false
	for i, n := range lengths {
		if n == 0 {
			continue
		}
		if some {
			dst = append(dst, ',')
		}
		some = true
		dst = append(dst, names[i][:n]...)
	}
	dst = append(dst, `],"ShedCount":`...)
	return strconv.AppendInt(dst, int64(count), 10)
}

// appendAny appends any value as JSON. It is not ok when it would pass end.
func (e *Encoder) appendAny(dst []byte, v pcommon.Value, depth, end int) (_ []byte, ok bool) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		s := v.Str()
		if len(dst)+len(s)+2 > end {
			return dst, false
		}
		dst = e.appendText(dst, s, e.table.Additional)
	case pcommon.ValueTypeInt:
		dst = strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeBool:
		dst = strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeDouble:
		dst = appendDouble(dst, v.Double())
	case pcommon.ValueTypeBytes:
		if len(dst)+v.Bytes().Len() > end {
			return dst, false
		}
		dst = append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes().AsRaw()), '"')
	case pcommon.ValueTypeMap:
		if depth == maxDepth {
			return e.appendTooDeep(dst), true
		}
		dst = append(dst, '{')
		first := true
		for name, inner := range v.Map().All() {
			if len(dst)+len(name) > end {
				return dst, false
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			if name == "" {
				name = "_"
			}
			dst = append(e.appendText(dst, name, e.table.Additional), ':')
			if dst, ok = e.appendAny(dst, inner, depth+1, end); !ok {
				return dst, false
			}
		}
		dst = append(dst, '}')
	case pcommon.ValueTypeSlice:
		if depth == maxDepth {
			return e.appendTooDeep(dst), true
		}
		dst = append(dst, '[')
		for i := range v.Slice().Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, ok = e.appendAny(dst, v.Slice().At(i), depth+1, end); !ok {
				return dst, false
			}
		}
		dst = append(dst, ']')
	default:
		dst = append(dst, "null"...)
	}
	return dst, len(dst) <= end
}

func (e *Encoder) appendTooDeep(dst []byte) []byte {
	e.count(RuleNested, e.table.Additional)
	return append(dst, `"[nested too deep]"`...)
}

// appendDouble appends a double; JSON has no number for those that are not finite, so they are texts.
func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}
