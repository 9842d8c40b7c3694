// SPDX-License-Identifier: Apache-2.0

package jsontext

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

const (
	maxName      = 256 // bytes of a field's name; a duplicate gets _2 to _9
	maxShedNames = 8   // names that "Shed" lists
	// shedRoom is reserved for the field Shed: eight names of at most shedName bytes, and their number.
	shedName = 64
	shedRoom = maxShedNames*(shedName+3) + 64
)

// Fields writes the fields of an object.
type Fields interface {
	Texts
	// CutName counts a name that is too long. InvalidName counts a name that is not UTF-8.
	CutName()
	InvalidName()
	// Shed counts a field that is left out, or a list that loses its last elements.
	Shed()
}

// Object is one JSON object of a bounded size with unique names. If it is too long, it leaves out first the fields in
// First, then the last elements of the list named List, then the largest fields, until the rest fits. The field Shed
// names up to eight of them, and ShedCount has their number; if the object has a field of its own with one of these
// names, both get the same suffix, _2 to _9. An Object is not safe for concurrent use. It can be
// reused, and holds no reference to what it wrote.
type Object struct {
	First []string
	List  string

	to        Fields
	limit     int // bytes
	open      int // where the first field begins
	listed    int // bytes of the list
	unwritten int
	fields    []span
	bySize    []span
	names     Names
}

// span is a field: where it begins, where its name ends, where it ends, and where its list is cut, or 0.
type span struct {
	from, name, to, cut int
	shed                bool
}

// Begin appends the beginning of an object of at most limit bytes.
func (o *Object) Begin(dst []byte, to Fields, limit int) []byte {
	dst = append(dst, '{')
	o.to, o.limit, o.open, o.listed, o.unwritten = to, limit, len(dst), 0, 0
	o.fields = o.fields[:0]
	o.names.Reset()
	return dst
}

// Put appends a field. An empty value is left out.
func (o *Object) Put(dst []byte, name string, v pcommon.Value) []byte {
	if v.Type() == pcommon.ValueTypeEmpty {
		return dst
	}
	if len(dst)-o.open-o.listed > 2*o.limit {
		o.unwritten++
		return dst
	}
	return o.appendField(dst, name, v)
}

// End appends the end of the object. ok is false if the object has no field and none was left out.
func (o *Object) End(dst []byte) (_ []byte, ok bool) {
	if len(o.fields) == 0 && o.unwritten == 0 {
		return append(dst, '}'), false
	}
	if o.unwritten > 0 || len(dst)-o.open > o.limit-2 || slices.ContainsFunc(o.fields, func(f span) bool { return f.shed }) {
		dst = o.shed(dst)
	}
	return append(dst, '}'), true
}

// Reset releases memory that only a large object needed.
func (o *Object) Reset() {
	if cap(o.fields) > maxKept {
		o.fields, o.bySize = nil, nil
	}
	o.names.Reset()
	o.to = nil
}

// appendField appends a field, with a comma before it unless it is the first. For a field that is longer than the
// object may be, it appends the name only and marks it to be left out.
func (o *Object) appendField(dst []byte, name string, v pcommon.Value) []byte {
	before := len(dst)
	if len(o.fields) > 0 {
		dst = append(dst, ',')
	}
	from := len(dst)
	if name == "" {
		name = "_"
	}
	if len(name) > maxName {
		o.to.CutName()
		name = name[:Boundary(name, maxName)]
	}
	dst, valid := AppendString(append(dst, '"'), name)
	if !valid {
		o.to.InvalidName()
	}
	dst = append(dst, '"')
	end := len(dst) - 1
	for n := byte('2'); !o.names.Add(dst, from); n++ {
		if n > '9' {
			o.to.Shed()
			return dst[:before]
		}
		dst = append(dst[:end], '_', n, '"')
	}
	f := span{from: from, name: len(dst)}
	limit := o.limit
	if name == o.List { // a list may be longer, because its end can be left out
		limit *= listMay
	}
	dst = append(dst, ':')
	dst, ok := AppendValue(dst, v, o.to, len(dst)+limit)
	if !ok {
		f.shed = true
		dst = append(dst[:f.name], ":0"...)
	}
	f.to = len(dst)
	if name == o.List {
		o.listed += f.to - f.from
	}
	o.fields = append(o.fields, f)
	return dst
}

// listMay is the largest size of a list, as a multiple of the object's limit, before its end is left out.
const listMay = 32

// shed leaves out fields until the rest fits, and names them.
func (o *Object) shed(dst []byte) []byte {
	o.choose(dst, o.limit-2-shedRoom)
	var names [maxShedNames][shedName]byte
	var lengths [maxShedNames]int
	count := o.unwritten
	to := o.open
	var taken [maxSuffix + 1]bool // by suffix
	for _, f := range o.fields {
		if f.shed || f.cut > 0 {
			if i := count - o.unwritten; i < maxShedNames && f.name-f.from <= shedName {
				lengths[i] = copy(names[i][:], dst[f.from:f.name])
			}
			count++
		}
		if f.shed {
			continue
		}
		if to > o.open {
			dst[to] = ','
			to++
		}
		taken[shedSuffix(dst[f.from+1:f.name-1])] = true
		if f.cut > 0 {
			to += copy(dst[to:], dst[f.from:f.cut])
			dst[to] = ']'
			to++
		} else {
			to += copy(dst[to:], dst[f.from:f.to])
		}
	}
	for range count {
		o.to.Shed()
	}
	dst = dst[:to]
	suffix := 1
	for taken[suffix] {
		if suffix++; suffix > maxSuffix {
			return dst
		}
	}
	if to > o.open {
		dst = append(dst, ',')
	}
	dst = append(appendSuffix(append(dst, `"Shed`...), suffix), `":[`...)
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
	dst = append(appendSuffix(append(dst, `],"ShedCount`...), suffix), `":`...)
	return strconv.AppendInt(dst, int64(count), 10)
}

// maxSuffix is the largest number that is appended to a name.
const maxSuffix = 9

// shedSuffix returns the suffix of a name that is Shed or ShedCount: 1 without one, 2 to 9, or 0 for any other name.
func shedSuffix(name []byte) int {
	rest, is := bytes.CutPrefix(name, []byte("Shed"))
	if !is {
		return 0
	}
	rest, _ = bytes.CutPrefix(rest, []byte("Count"))
	switch {
	case len(rest) == 0:
		return 1
	case len(rest) == 2 && rest[0] == '_' && rest[1] >= '2' && rest[1] <= '9':
		return int(rest[1] - '0')
	}
	return 0
}

func appendSuffix(dst []byte, n int) []byte {
	if n == 1 {
		return dst
	}
	return append(dst, '_', byte('0'+n))
}

// choose marks fields to be left out, so that the remaining ones, with commas, have at most room bytes.
func (o *Object) choose(dst []byte, room int) {
	size := len(dst) - o.open
	for _, f := range o.fields {
		if f.shed {
			size -= f.to - f.from + 1
		}
	}
	is := func(f span, name string) bool { return name != "" && string(dst[f.from+1:f.name-1]) == name }
	for _, name := range o.First {
		for i, f := range o.fields {
			if size > room && !f.shed && is(f, name) {
				o.fields[i].shed = true
				size -= f.to - f.from + 1
			}
		}
	}
	for i, f := range o.fields {
		if size <= room || f.shed || !is(f, o.List) {
			continue
		}
		if cut := lastElement(dst[f.name+1:f.to], f.to-f.name-1-(size-room)); cut > 0 {
			o.fields[i].cut = f.name + 1 + cut
			size -= f.to - (f.name + 1 + cut + 1)
		} else {
			o.fields[i].shed = true
			size -= f.to - f.from + 1
		}
	}
	o.bySize = o.bySize[:0]
	for i, f := range o.fields {
		if !f.shed && f.cut == 0 {
			o.bySize = append(o.bySize, span{from: i, to: f.to - f.from})
		}
	}
	slices.SortStableFunc(o.bySize, func(a, b span) int { return cmp.Compare(b.to, a.to) })
	for _, f := range o.bySize {
		if size <= room {
			break
		}
		o.fields[f.from].shed = true
		size -= f.to + 1
	}
}

// CutList returns a JSON list without its last elements, so that it has at most room bytes, with a text at its end that
// marks the cut. It modifies the bytes of the list. room must be at least 10.
func CutList(list []byte, room int) []byte {
	const mark = `"[cut]"]`
	end := lastElement(list, room-len(mark))
	if end == 0 {
		return append(append(list[:0], '['), mark...)
	}
	return append(list[:end+1], mark...)
}

// lastElement returns where the last element ends that fits into room bytes together with the list's end. It returns 0
// if none fits, or if the text is not a list.
func lastElement(list []byte, room int) (end int) {
	if len(list) == 0 || list[0] != '[' {
		return 0
	}
	depth, quoted := 0, false
	for i := 0; i < len(list) && i < room; i++ {
		switch b := list[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '[' || b == '{':
			depth++
		case b == ']' || b == '}':
			depth--
		case b == ',' && depth == 1:
			end = i
		}
	}
	return end
}
