// SPDX-License-Identifier: Apache-2.0

// Templates: a map for each set of keys that records had, with those keys and the values that never change.

package attrs

import (
	"slices"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Template holds the sets of keys that the records of one kind had. Records of one kind have the same constants. The zero value is
// empty. A Template belongs to the first Builder that begins a record with it.
type Template struct {
	main, additional *keyNode
}

// keyNode is a key, or a ConstAttrs, that a record had after the keys above it.
type keyNode struct {
	key      string
	constant constant
	group    *ConstAttrs // nil for a key
	kind     nodeKind
	index    int // the value's place; the last value's place for a group
	above    *keyNode
	next     *keyNode     // the key that followed this one most recently
	other    *keyNode     // another key that followed the key above
	groups   int          // how many groups followed this key
	prepared *pcommon.Map // the keys down to here; nil until the first record ends here
	sizes    *keySizes    // of them; nil until the first size is asked for
}

type nodeKind uint8

const (
	keyAdds    nodeKind = iota // one more value
	keyRepeats                 // a new value for the same key further up
	keyOmitted                 // no value
)

// MaxTemplateBytes bounds the memory for the sets of keys, in bytes. When it is exceeded the Builder empties all templates. One record
// may exceed it. The events of testdata/ take less than a tenth of it.
const MaxTemplateBytes = 16 << 20

// Approximate sizes in bytes: a node, the roots of a template, and a value of a prepared map with its key.
const (
	nodeBytes     = int(unsafe.Sizeof(keyNode{}))
	templateBytes = 2*nodeBytes + int(unsafe.Sizeof(&Template{}))
	valueBytes    = 80
)

// prepared returns a map with the keys of f, in order, and the constants.
func (b *Builder) prepared(f *fields) pcommon.Map {
	if f.at.prepared == nil {
		var path []*keyNode
		for n := f.at; n != f.root; n = n.above {
			path = append(path, n)
		}
		prepared := pcommon.NewMap()
		prepared.EnsureCapacity(len(path))
		for _, n := range slices.Backward(path) {
			if n.group == nil {
				n.constant.put(prepared, n.key)
				continue
			}
			for _, a := range n.group.list {
				if !f.omit[a.key] {
					a.value.put(prepared, a.key)
				}
			}
		}
		b.bytes += prepared.Len() * valueBytes
		f.at.prepared = &prepared
	}
	return *f.at.prepared
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

// step finds or adds the node of a key that was not the next one in the last record, and puts it first.
func (a Attributes) step(key string) *keyNode {
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

// maxGroups bounds the groups of constants after one key, and so the time to find one. The number of groups depends on events.
const maxGroups = 64

// stepConsts is step for a ConstAttrs. It returns nil when there are too many.
func (a Attributes) stepConsts(c *ConstAttrs) *keyNode {
	n := a.at.find("", c)
	if n == nil && a.at.groups < maxGroups {
		a.at.groups++
		n = &keyNode{group: c, index: a.at.index}
		for _, attr := range c.list {
			if !a.omit[attr.key] {
				n.index++
			}
		}
		a.room(n.index)
		a.add(n)
	}
	return n
}

// putEach puts constant attributes one by one.
func (a Attributes) putEach(c *ConstAttrs) {
	for i := range c.list {
		switch key, v := c.list[i].key, &c.list[i].value; v.kind {
		case kindText:
			a.PutStr(key, v.text)
		case kindInt:
			a.PutInt(key, v.num)
		case kindBool:
			a.PutBool(key, v.num != 0)
		}
	}
}

// find finds a node after this one, and puts it first.
func (n *keyNode) find(key string, c *ConstAttrs) *keyNode {
	for at := &n.next; *at != nil; at = &(*at).other {
		if found := *at; found.key == key && found.group == c {
			*at = found.other
			found.other, n.next = n.next, found
			return found
		}
	}
	return nil
}

// place returns the place of a key's value, if the node has the key.
func (n *keyNode) place(key string, omit map[string]bool) (place int, ok bool) {
	if n.group == nil {
		return n.index, n.key == key
	}
	place = n.above.index
	for _, a := range n.group.list {
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
func (a Attributes) add(n *keyNode) {
	n.above, n.other = a.at, a.at.next
	a.at.next = n
	a.builder.bytes += nodeBytes + len(n.key)
}

// room makes room for the value of a place.
func (f *fields) room(place int) {
	if place >= len(f.values) {
		f.values = append(f.values, make([]value, place+16-len(f.values))...)
	}
}
