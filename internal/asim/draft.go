// SPDX-License-Identifier: Apache-2.0

// Drafts: how records get their attributes in time that grows with their number and not with its square.

package asim

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// draft collects the attributes of one record, in order, and then writes them into a pdata map at once.
//
// pcommon.Map compares a key with all that it has before it appends it: a thousand comparisons for a record of 45 attributes,
// most of what building one costs. Map.CopyTo compares nothing. So a draft keeps, for each set of keys that it has met, a map
// with those keys and no values; a record is a copy of that map, whose values are set in order. The set is found on the way:
// the keys met are the nodes of a tree, and each Put goes one step down.
//
// All text that a record does not share with others lies in one string. A draft is used again for the next record.
type draft struct {
	main, additional fields
	text             []byte
	slices           []piece // the elements of all slices
}

// fields are the keys and values of one map.
type fields struct {
	omit   map[string]bool // keys that are left out
	root   *keyNode
	at     *keyNode // the last key
	values []value
	nodes  int   // in the tree
	none   value // of a key that is left out
}

// keyNode is a key that has been met after those above it.
type keyNode struct {
	key   string
	above *keyNode
	next  *keyNode // of the keys that came next, the one that came last
	other *keyNode // another key in this one's place
	index int      // the value's place
	kind  nodeKind
	blank *pcommon.Map // the keys down to here without values; nil until the first record ends here
}

type nodeKind uint8

const (
	keyAdds    nodeKind = iota // one more value
	keyRepeats                 // another value for the same key, further up
	keyOmitted                 // no value
)

// maxKeyNodes bounds the memory for the sets of keys met. Those of both manifests' events take some hundreds.
const maxKeyNodes = 1 << 14

// value is one value before it is in a map.
type value struct {
	kind valueKind
	num  int64  // a number; of a slice, where its elements begin
	text string // a text that is shared
	piece
}

// piece is a part of the draft's text, or of its slices.
type piece struct{ from, to int }

type valueKind uint8

const (
	kindShared valueKind = iota // text
	kindText                    // piece of the draft's text
	kindInt                     // num
	kindBool                    // num is 1 for true
	kindSlice                   // piece of the draft's slices
	kindMap                     // the additional fields
)

// reset begins a new record.
func (d *draft) reset() {
	d.main.reset()
	d.additional.reset()
	d.text, d.slices = d.text[:0], d.slices[:0]
}

func (f *fields) reset() {
	if f.root == nil || f.nodes > maxKeyNodes {
		f.root, f.nodes = &keyNode{index: -1}, 0
	}
	f.at, f.values = f.root, f.values[:0]
}

// put gives the place for a key's value, which the caller sets. A key that was put before gets another value.
func (f *fields) put(key string) *value {
	n := f.at.next
	if n == nil || n.key != key {
		n = f.step(key)
	}
	switch n.kind {
	case keyRepeats:
		return &f.values[n.index]
	case keyOmitted:
		return &f.none
	}
	f.at = n
	f.values = append(f.values, value{})
	return &f.values[len(f.values)-1]
}

// step finds the node of a key that did not come next the last time, and puts it first.
func (f *fields) step(key string) *keyNode {
	for at := &f.at.next; *at != nil; at = &(*at).other {
		if n := *at; n.key == key {
			*at = n.other
			n.other, f.at.next = f.at.next, n
			return n
		}
	}
	n := &keyNode{key: key, above: f.at, other: f.at.next, index: f.at.index + 1}
	for above := f.at; above != f.root; above = above.above {
		if above.key == key {
			n.index, n.kind = above.index, keyRepeats
		}
	}
	if f.omit[key] {
		n.kind = keyOmitted
	}
	f.at.next = n
	f.nodes++
	return n
}

// blank gives a map with the keys that were put and no values.
func (f *fields) blank() pcommon.Map {
	if f.at.blank == nil {
		var keys []string
		for n := f.at; n != f.root; n = n.above {
			keys = append(keys, n.key)
		}
		blank := pcommon.NewMap()
		blank.EnsureCapacity(len(keys))
		for _, key := range slices.Backward(keys) {
			blank.PutEmpty(key)
		}
		f.at.blank = &blank
	}
	return *f.at.blank
}

// write writes the fields into a map, whatever it has.
func (d *draft) write(f *fields, text string, to pcommon.Map) {
	f.blank().CopyTo(to)
	i := 0
	for _, v := range to.All() {
		d.set(&f.values[i], text, v)
		i++
	}
}

func (d *draft) set(from *value, text string, to pcommon.Value) {
	switch from.kind {
	case kindShared:
		to.SetStr(from.text)
	case kindText:
		to.SetStr(text[from.from:from.to])
	case kindInt:
		to.SetInt(from.num)
	case kindBool:
		to.SetBool(from.num != 0)
	case kindSlice:
		slice := to.SetEmptySlice()
		slice.EnsureCapacity(from.to - from.from)
		for _, p := range d.slices[from.from:from.to] {
			slice.AppendEmpty().SetStr(text[p.from:p.to])
		}
	case kindMap:
		d.write(&d.additional, text, to.SetEmptyMap())
	}
}

// finish writes what was put into the attributes of a record.
func (d *draft) finish(to pcommon.Map) {
	if len(d.additional.values) > 0 {
		d.main.put(additionalFields).kind = kindMap
	}
	d.write(&d.main, string(d.text), to)
}

// attributes are the fields of a draft, with pcommon.Map's methods. A key that is left out is not put.
type attributes struct {
	*fields
	draft *draft
}

func (d *draft) attributes() attributes { return attributes{&d.main, d} }

// under are the fields of AdditionalFields.
func (d *draft) under() attributes { return attributes{&d.additional, d} }

// PutStr puts a text that outlives the record: a constant, a name of a table.
func (a attributes) PutStr(key, text string) {
	v := a.put(key)
	v.kind, v.text = kindShared, text
}

// PutText puts what has been appended to the draft's text since it was from long. It may be put under several keys.
func (a attributes) PutText(key string, from int) {
	v := a.put(key)
	v.kind, v.piece = kindText, piece{from, len(a.draft.text)}
}

// PutInt puts a number.
func (a attributes) PutInt(key string, n int64) {
	v := a.put(key)
	v.kind, v.num = kindInt, n
}

// PutBool puts a truth value.
func (a attributes) PutBool(key string, b bool) {
	v := a.put(key)
	v.kind, v.num = kindBool, 0
	if b {
		v.num = 1
	}
}

// PutSlice puts the pieces of the draft's slices since there were from.
func (a attributes) PutSlice(key string, from int) {
	v := a.put(key)
	v.kind, v.piece = kindSlice, piece{from, len(a.draft.slices)}
}

// omits tells whether a key is left out.
func (a attributes) omits(key string) bool { return len(a.omit) > 0 && a.omit[key] }
