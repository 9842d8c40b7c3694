// SPDX-License-Identifier: Apache-2.0

// Lists: the attributes of one record without pdata, for a reader that needs no map. No value in them is a box of its own.

package attrs

import "go.opentelemetry.io/collector/pdata/pcommon"

// Attribute is a key and its value.
type Attribute struct {
	Key string
	Value
}

// Value is a value of a record. Type says which of the other fields is set.
type Value struct {
	Type  pcommon.ValueType
	Num   int64          // ValueTypeInt; 1 for true and 0 for false of ValueTypeBool
	Text  string         // ValueTypeStr
	Texts []string       // ValueTypeSlice, if all elements are texts
	Other *pcommon.Value // any other list or type; nil for the map AdditionalFields
}

// Lists are the attributes of a record: its own, and those of AdditionalFields. The record's own ones include AdditionalFields, as a map without a
// value, if there are any.
type Lists [2][]Attribute

// FinishLists writes the values into lists instead of a map, in the same order. It overwrites to, and uses its memory. The texts are new memory.
func (b *Builder) FinishLists(to *Lists) {
	b.putAdditional()
	text := string(b.Text)
	to[0] = b.list(to[0][:0], &b.main, text)
	to[1] = to[1][:0]
	if b.additional.at != b.additional.root {
		to[1] = b.list(to[1], &b.additional, text)
	}
}

// list appends the attributes of fields.
func (b *Builder) list(to []Attribute, f *fields, text string) []Attribute {
	i := 0
	for key, constant := range b.prepared(f).All() {
		v := &f.values[i]
		i++
		to = appendKey(to, key)
		a := &to[len(to)-1].Value
		switch v.kind {
		case kindConstant:
			a.read(constant)
		case kindText:
			a.setText(text[v.From:v.To])
		case kindInt:
			a.set(pcommon.ValueTypeInt, v.num)
		case kindBool:
			a.set(pcommon.ValueTypeBool, v.num)
		case kindSlice:
			a.set(pcommon.ValueTypeSlice, 0)
			a.Texts = make([]string, 0, v.To-v.From)
			for _, p := range b.slices[v.From:v.To] {
				a.Texts = append(a.Texts, text[p.From:p.To])
			}
		case kindMap:
			a.set(pcommon.ValueTypeMap, 0)
		case kindGroups:
			other := pcommon.NewValueEmpty()
			b.set(v, text, other)
			a.read(other)
		}
	}
	return to
}

// appendKey appends an attribute. Its value is one of an earlier record. Nothing is written that is there already: while garbage is collected, each
// pointer that is written costs more than to compare.
func appendKey(to []Attribute, key string) []Attribute {
	if len(to) == cap(to) {
		return append(to, Attribute{Key: key})
	}
	to = to[:len(to)+1]
	if a := &to[len(to)-1]; a.Key != key {
		a.Key = key
	}
	return to
}

// set sets the value of a type that is no text. The caller sets a list or a map.
func (a *Value) set(t pcommon.ValueType, num int64) {
	a.setText("")
	a.Type, a.Num = t, num
}

func (a *Value) setText(text string) {
	a.Type, a.Num = pcommon.ValueTypeStr, 0
	if a.Text != text {
		a.Text = text
	}
	if a.Texts != nil {
		a.Texts = nil
	}
	if a.Other != nil {
		a.Other = nil
	}
}

// ReadLists reads the attributes of a record into lists. It overwrites to, and uses its memory. The values share lists and maps with the record.
func ReadLists(record pcommon.Map, to *Lists) {
	to[0], to[1] = to[0][:0], to[1][:0]
	for key, v := range record.All() {
		a := Attribute{Key: key}
		if key == AdditionalFields && v.Type() == pcommon.ValueTypeMap {
			a.Type = pcommon.ValueTypeMap
			for key, v := range v.Map().All() {
				of := Attribute{Key: key}
				of.read(v)
				to[1] = append(to[1], of)
			}
		} else {
			a.read(v)
		}
		to[0] = append(to[0], a)
	}
}

func (a *Value) read(v pcommon.Value) {
	t := v.Type()
	switch t {
	case pcommon.ValueTypeStr:
		a.setText(v.Str())
		return
	case pcommon.ValueTypeInt:
		a.set(t, v.Int())
		return
	case pcommon.ValueTypeBool:
		a.set(t, 0)
		if v.Bool() {
			a.Num = 1
		}
		return
	}
	a.set(t, 0)
	if t != pcommon.ValueTypeSlice {
		a.setOther(v)
		return
	}
	for _, element := range v.Slice().All() {
		if element.Type() != pcommon.ValueTypeStr {
			a.setOther(v)
			return
		}
		a.Texts = append(a.Texts, element.Str())
	}
}

// setOther keeps v on the heap. It is not inlined, or each call of read would put its v there.
//
//go:noinline
func (a *Value) setOther(v pcommon.Value) { a.Texts, a.Other = nil, &v }

// Equal reports whether two values are equal. Two maps AdditionalFields are.
func (a *Value) Equal(b *Value) bool {
	if a.Type != b.Type || a.Num != b.Num || a.Text != b.Text || (a.Other != nil) != (b.Other != nil) || len(a.Texts) != len(b.Texts) {
		return false
	}
	for i := range a.Texts {
		if a.Texts[i] != b.Texts[i] {
			return false
		}
	}
	return a.Other == nil || a.Other.Equal(*b.Other)
}

// CopyTo copies the value.
func (a *Value) CopyTo(to pcommon.Value) {
	switch {
	case a.Other != nil:
		a.Other.CopyTo(to)
	case a.Type == pcommon.ValueTypeStr:
		to.SetStr(a.Text)
	case a.Type == pcommon.ValueTypeInt:
		to.SetInt(a.Num)
	case a.Type == pcommon.ValueTypeBool:
		to.SetBool(a.Num != 0)
	case a.Type == pcommon.ValueTypeMap:
		to.SetEmptyMap()
	case a.Type == pcommon.ValueTypeSlice:
		list := to.SetEmptySlice()
		list.EnsureCapacity(len(a.Texts))
		for _, text := range a.Texts {
			list.AppendEmpty().SetStr(text)
		}
	}
}

// Pdata returns a copy.
func (a *Value) Pdata() pcommon.Value {
	v := pcommon.NewValueEmpty()
	a.CopyTo(v)
	return v
}

// AsString is that of pcommon.Value.
func (a *Value) AsString() string {
	if a.Type == pcommon.ValueTypeStr {
		return a.Text
	}
	return a.Pdata().AsString()
}
