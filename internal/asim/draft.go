// SPDX-License-Identifier: Apache-2.0

// Drafts: how records get their attributes in time that grows with their number and not with its square.

package asim

import "go.opentelemetry.io/collector/pdata/pcommon"

// draft collects the attributes of one record, in order, and then writes them into a pdata map at once.
//
// pcommon.Map compares a key with those that it has before it appends it: a thousand comparisons for a record of 45 attributes.
// Map.CopyTo compares nothing. So there is a blank for each set of keys that has been met: a map with those keys and the values
// that never change. A record is a copy of its blank, in which the other values are set in order. The blank is found on the way:
// the keys met are the nodes of a tree, and each Put goes one step down.
//
// All text of a record that is not constant lies in one string. A draft is used again for the next record, and holds no pointer
// into the last one.
type draft struct {
	main, additional fields
	text             []byte
	slices           []piece   // the elements of all slices
	groups           []piece   // the maps of all lists of maps: their entries
	entries          []entry   // the keys and values of those maps
	kept             []*blanks // all that have trees
	bytes            int       // that the trees take, about
	era              int       // how often they were forgotten
}

// fields are the keys and values of one map.
type fields struct {
	omit   map[string]bool // keys that are left out
	root   *keyNode
	at     *keyNode // the last key
	values []value
	none   value // of a key that is left out
}

// entry is a key and its value in a map of a list.
type entry struct {
	key string
	value
}

// value is one value before it is in a map.
type value struct {
	kind valueKind
	num  int64
	piece
}

// piece is a part of the draft's text, of its slices, its groups or its entries.
type piece struct{ from, to int32 }

type valueKind uint8

const (
	kindConstant valueKind = iota // the node's; it is in the blank
	kindText                      // piece of the draft's text
	kindInt                       // num
	kindBool                      // num is 1 for true
	kindSlice                     // piece of the draft's slices
	kindMap                       // the additional fields
	kindGroups                    // piece of the draft's groups
)

// forget forgets all blanks, for other constants to come.
func (d *draft) forget() {
	for _, b := range d.kept {
		*b = blanks{}
	}
	d.kept, d.bytes, d.era = nil, 0, d.era+1
}

// begin begins a record of the kind that b is for.
func (d *draft) begin(b *blanks) {
	if d.bytes > maxBlankBytes {
		d.forget()
	}
	if b.main == nil {
		*b = blanks{&keyNode{index: -1}, &keyNode{index: -1}}
		d.kept = append(d.kept, b)
		d.bytes += kindBytes
	}
	d.main.begin(b.main)
	d.additional.begin(b.additional)
	d.text, d.slices, d.groups, d.entries = d.text[:0], d.slices[:0], d.groups[:0], d.entries[:0]
}

func (f *fields) begin(root *keyNode) {
	f.root, f.at = root, root
}

// finish writes what was put into the attributes of a record, and gives the record's text.
func (d *draft) finish(to pcommon.Map) (text string) {
	if d.additional.at != d.additional.root {
		v := d.attributes().put(additionalFields)
		v.kind = kindMap
	}
	text = string(d.text)
	d.write(&d.main, text, to)
	return text
}

// write writes fields into a map.
func (d *draft) write(f *fields, text string, to pcommon.Map) {
	d.blank(f).CopyTo(to)
	i := 0
	for _, v := range to.All() {
		if from := &f.values[i]; from.kind != kindConstant {
			d.set(from, text, v)
		}
		i++
	}
}

func (d *draft) set(from *value, text string, to pcommon.Value) {
	switch from.kind {
	case kindText:
		to.SetStr(text[from.from:from.to])
	case kindInt:
		to.SetInt(from.num)
	case kindBool:
		to.SetBool(from.num != 0)
	case kindSlice:
		slice := to.SetEmptySlice()
		slice.EnsureCapacity(int(from.to - from.from))
		for _, p := range d.slices[from.from:from.to] {
			slice.AppendEmpty().SetStr(text[p.from:p.to])
		}
	case kindGroups:
		slice := to.SetEmptySlice()
		slice.EnsureCapacity(int(from.to - from.from))
		for _, p := range d.groups[from.from:from.to] {
			m := slice.AppendEmpty().SetEmptyMap()
			m.EnsureCapacity(int(p.to - p.from))
			for i := range d.entries[p.from:p.to] {
				e := &d.entries[int(p.from)+i]
				d.set(&e.value, text, m.PutEmpty(e.key))
			}
		}
	case kindMap:
		d.write(&d.additional, text, to.SetEmptyMap())
	}
}

// attributes are the fields of a draft, with methods as pcommon.Map has them. A key that is left out is not put, and one that was
// put before gets another value.
type attributes struct {
	*fields
	draft *draft
}

func (d *draft) attributes() attributes { return attributes{&d.main, d} }

// under are the fields of AdditionalFields.
func (d *draft) under() attributes { return attributes{&d.additional, d} }

// put gives the place for a key's value, which the caller sets.
func (a attributes) put(key string) *value {
	if n := a.at.next; n != nil && n.key == key && n.kind == keyAdds && n.row == nil {
		a.at = n
		return &a.values[n.index]
	}
	return a.putOther(key)
}

// PutRow puts the attributes of a row, none of which was put before.
func (a attributes) PutRow(r *row) {
	n := a.at.next
	if n == nil || n.row != r {
		if n = a.stepRow(r); n == nil {
			a.putEach(r)
			return
		}
	}
	for i := a.at.index + 1; i <= n.index; i++ {
		a.values[i].kind = kindConstant
	}
	a.at = n
}

// putOther is put for a key that did not come next the last time, or that adds no value.
func (a attributes) putOther(key string) *value {
	n := a.step(key)
	switch n.kind {
	case keyRepeats:
		return &a.values[n.index]
	case keyOmitted:
		return &a.none
	}
	a.at = n
	a.room(n.index)
	return &a.values[n.index]
}

// isConstant reports whether the blanks have c for the key whose place is v. A new key takes it as its constant.
func (a attributes) isConstant(v *value, c constant) bool {
	n := a.at
	if n == a.root || n.row != nil || v != &a.values[n.index] {
		return false
	}
	if n.constant.kind == kindConstant && n.blank == nil && n.next == nil {
		n.constant = c
		a.draft.bytes += len(c.text)
	}
	return n.constant == c
}

// PutConst puts a text that nearly all records of the kind have here.
func (a attributes) PutConst(key, text string) {
	v := a.put(key)
	v.kind = kindConstant
	if !a.isConstant(v, constant{kindText, 0, text}) {
		a.setStr(v, text)
	}
}

// PutConstInt is PutConst for a number.
func (a attributes) PutConstInt(key string, num int64) {
	v := a.put(key)
	v.kind, v.num = kindInt, num
	if a.isConstant(v, constant{kindInt, num, ""}) {
		v.kind = kindConstant
	}
}

// PutConstBool is PutConst for a truth value.
func (a attributes) PutConstBool(key string, b bool) {
	v := a.put(key)
	v.setBool(b)
	if a.isConstant(v, constant{kindBool, v.num, ""}) {
		v.kind = kindConstant
	}
}

// PutStr puts a text.
func (a attributes) PutStr(key, text string) {
	v := a.put(key)
	a.setStr(v, text)
}

func (a attributes) setStr(v *value, text string) {
	d := a.draft
	from := len(d.text)
	d.text = append(d.text, text...)
	v.kind, v.piece = kindText, d.since(from)
}

// since is what has been appended to the text since it was from long.
func (d *draft) since(from int) piece { return piece{int32(from), int32(len(d.text))} }

// PutText puts what has been appended to the draft's text since it was from long.
func (a attributes) PutText(key string, from int) {
	a.PutPiece(key, a.draft.since(from))
}

// PutPiece puts a piece of the draft's text.
func (a attributes) PutPiece(key string, p piece) {
	v := a.put(key)
	v.kind, v.piece = kindText, p
}

// PutInt puts a number.
func (a attributes) PutInt(key string, n int64) {
	v := a.put(key)
	v.kind, v.num = kindInt, n
}

// PutBool puts a truth value.
func (a attributes) PutBool(key string, b bool) {
	v := a.put(key)
	v.setBool(b)
}

func (v *value) setBool(b bool) {
	v.kind, v.num = kindBool, 0
	if b {
		v.num = 1
	}
}

// PutSlice puts the pieces of the draft's slices since there were from.
func (a attributes) PutSlice(key string, from int) {
	v := a.put(key)
	v.kind, v.piece = kindSlice, piece{int32(from), int32(len(a.draft.slices))}
}

// PutGroups puts a list of maps: the draft's groups since there were from.
func (a attributes) PutGroups(key string, from int) {
	v := a.put(key)
	v.kind, v.piece = kindGroups, piece{int32(from), int32(len(a.draft.groups))}
}

// entryPiece, entryText and entryInt append an entry to the map that comes next in a list: the draft's text since from, a text, a
// number.
func (d *draft) entryPiece(key string, from int) {
	d.entries = append(d.entries, entry{key, value{kind: kindText, piece: d.since(from)}})
}

func (d *draft) entryText(key, text string) {
	from := len(d.text)
	d.text = append(d.text, text...)
	d.entryPiece(key, from)
}

func (d *draft) entryInt(key string, n int64) {
	d.entries = append(d.entries, entry{key, value{kind: kindInt, num: n}})
}

// omits reports whether a key is left out.
func (a attributes) omits(key string) bool { return len(a.omit) > 0 && a.omit[key] }
