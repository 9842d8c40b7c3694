// SPDX-License-Identifier: Apache-2.0

// The blanks of drafts: for each set of keys that was met, a map with those keys and the values that never change.

package asim

import (
	"slices"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// blanks are the sets of keys that records of one kind have: what has the same constants.
type blanks struct {
	main, additional *keyNode
}

// keyNode is a key, or a row of keys, that has been met after those above it.
type keyNode struct {
	key      string
	constant constant
	row      *row // nil for a key
	kind     nodeKind
	index    int // the value's place; of a row, the last one's
	above    *keyNode
	next     *keyNode     // of the keys that came next, the one that came last
	other    *keyNode     // another key in this one's place
	rows     int          // among those that came next
	blank    *pcommon.Map // the keys down to here; nil until the first record ends here
}

// row is a number of attributes that come one after the other with values that do not change: one step down the tree. It is made
// once for many records.
type row []attribute

type attribute struct {
	key   string
	value constant
}

// text, num and truth add an attribute to the row. A text that is empty is left out.
func (r *row) text(key, text string) {
	if text != "" {
		*r = append(*r, attribute{key, constant{kindText, 0, text}})
	}
}

func (r *row) num(key string, n int64) { *r = append(*r, attribute{key, constant{kindInt, n, ""}}) }

func (r *row) truth(key string, b bool) {
	var v value
	v.setBool(b)
	*r = append(*r, attribute{key, constant{kindBool, v.num, ""}})
}

// constant is a value that the blanks have.
type constant struct {
	kind valueKind // kindConstant is none
	num  int64
	text string
}

type nodeKind uint8

const (
	keyAdds    nodeKind = iota // one more value
	keyRepeats                 // another value for the same key, further up
	keyOmitted                 // no value
)

// maxBlankBytes bounds the memory for the sets of keys met, in bytes, with what a record adds; beyond it all are forgotten. The events
// of testdata/ take less than a tenth of it.
const maxBlankBytes = 16 << 20

// What the parts of the trees take, in bytes, about: a node, the roots of a kind, and a value of a blank with its key.
const (
	nodeBytes  = int(unsafe.Sizeof(keyNode{}))
	kindBytes  = 2*nodeBytes + int(unsafe.Sizeof(&blanks{}))
	valueBytes = 80
)

// blank gives a map with the keys that were put in f, and the constants.
func (d *draft) blank(f *fields) pcommon.Map {
	if f.at.blank == nil {
		var path []*keyNode
		for n := f.at; n != f.root; n = n.above {
			path = append(path, n)
		}
		blank := pcommon.NewMap()
		blank.EnsureCapacity(len(path))
		for _, n := range slices.Backward(path) {
			if n.row == nil {
				n.constant.put(blank, n.key)
				continue
			}
			for _, a := range *n.row {
				if !f.omit[a.key] {
					a.value.put(blank, a.key)
				}
			}
		}
		d.bytes += blank.Len() * valueBytes
		f.at.blank = &blank
	}
	return *f.at.blank
}

// put puts a key with the constant, or without a value.
func (c *constant) put(to pcommon.Map, key string) {
	v := to.PutEmpty(key)
	switch c.kind {
	case kindText:
		v.SetStr(c.text)
	case kindInt:
		v.SetInt(c.num)
	case kindBool:
		v.SetBool(c.num != 0)
	}
}

// step finds the node of a key that did not come next the last time, and puts it first.
func (a attributes) step(key string) *keyNode {
	last := a.at
	if n := last.find(key, nil); n != nil {
		return n
	}
	n := &keyNode{key: key, index: last.index + 1}
	for above := last; above != a.root; above = above.above {
		if place, ok := above.place(key, a.omit); ok {
			n.index, n.kind = place, keyRepeats
		}
	}
	if a.omit[key] {
		n.kind = keyOmitted
	}
	a.add(n)
	return n
}

// maxRows bounds the rows that may come after one key, and so the time to find one: what events say decides which there are.
const maxRows = 64

// stepRow is step for a row; nil when there are too many.
func (a attributes) stepRow(r *row) *keyNode {
	n := a.at.find("", r)
	if n == nil && a.at.rows < maxRows {
		a.at.rows++
		n = &keyNode{row: r, index: a.at.index}
		for _, attribute := range *r {
			if !a.omit[attribute.key] {
				n.index++
			}
		}
		a.room(n.index)
		a.add(n)
	}
	return n
}

// putEach puts the attributes of a row one by one.
func (a attributes) putEach(r *row) {
	for i := range *r {
		switch key, c := (*r)[i].key, &(*r)[i].value; c.kind {
		case kindText:
			a.PutStr(key, c.text)
		case kindInt:
			a.PutInt(key, c.num)
		case kindBool:
			a.PutBool(key, c.num != 0)
		}
	}
}

// find finds a node that came after this one, and puts it first.
func (n *keyNode) find(key string, r *row) *keyNode {
	for at := &n.next; *at != nil; at = &(*at).other {
		if found := *at; found.key == key && found.row == r {
			*at = found.other
			found.other, n.next = n.next, found
			return found
		}
	}
	return nil
}

// place gives the place of a key's value, where the node has it.
func (n *keyNode) place(key string, omit map[string]bool) (place int, ok bool) {
	if n.row == nil {
		return n.index, n.key == key
	}
	place = n.above.index
	for _, a := range *n.row {
		if !omit[a.key] {
			place++
		}
		if a.key == key {
			return place, true
		}
	}
	return 0, false
}

// add adds a node after the last key.
func (a attributes) add(n *keyNode) {
	n.above, n.other = a.at, a.at.next
	a.at.next = n
	a.draft.bytes += nodeBytes + len(n.key)
}

// room makes room for the value of a place.
func (f *fields) room(place int) {
	if place >= len(f.values) {
		f.values = append(f.values, make([]value, place+16-len(f.values))...)
	}
}
