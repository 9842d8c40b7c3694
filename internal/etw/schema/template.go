// SPDX-License-Identifier: Apache-2.0

// Package schema decodes the user data of ETW events by the field lists of their providers' manifests.
//
// The same event id has different fields on different versions of Windows while its version stays 0, so a Catalog may hold
// several lists for one id. Decode tries those of the event's version, newest first, then those of the other versions, and
// accepts the first that consumes the user data exactly. Where none does, the list that explains the longest prefix serves,
// and the result says how many bytes it left.
package schema

import "github.com/otelcol-winnet/otelcol-winnet/internal/etw"

// Type is how a field lies in the user data. All numbers are little endian.
type Type uint8

// The types that the providers' manifests use (win:UInt8 and so on).
const (
	U8       Type = iota + 1
	U32           //
	U64           //
	Bool32        // win:Boolean: 4 bytes
	FileTime      // 8 bytes, 100 ns since 1601 UTC
	GUID          // 16 bytes
	Pointer       // 4 or 8 bytes, as the event header says
	ANSI          // bytes up to a NUL
	UTF16         // 16-bit units up to a NUL
	Binary        // as many bytes as Field.Length or the field Field.LengthField says
)

// Field is one field of a Template.
type Field struct {
	Name string
	Type Type
	// Length is the size in bytes of a Binary field of fixed size.
	Length int
	// LengthField is the index of the field that holds the size of a Binary field in bytes, or -1.
	LengthField int
}

// Template is one layout of one event.
type Template struct {
	// Index is the template's place in its Catalog, for tables beside it.
	Index    int
	Provider etw.GUID
	ID       uint16
	Version  uint8
	// Name is the event's name as the manifest has it.
	Name    string
	Level   uint8
	Keyword uint64 // the channel's bit included
	Channel uint8
	Task    uint16
	// Source says where the layout was read, for an older one; it is empty for the manifest's own.
	Source string
	Fields []Field
}

// Find gives the index of the field of that name, or -1.
func (t *Template) Find(name string) int {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// Catalog holds the templates of one provider.
type Catalog struct {
	Provider     etw.GUID
	ProviderName string
	// Templates are all of them, in the order of the source.
	Templates []*Template

	candidates map[key][]*Template // what to try, in order
	byID       map[uint16][]*Template
}

type key struct {
	id      uint16
	version uint8
}

// Candidates lists the templates to try for an event, in order; none for an id that the provider's manifest does not have.
func (c *Catalog) Candidates(id uint16, version uint8) []*Template {
	if list, ok := c.candidates[key{id, version}]; ok {
		return list
	}
	return c.byID[id]
}

// index fills the look-up tables: for each version its own layouts first, then those of the other versions, newest first.
func (c *Catalog) index() {
	c.candidates = map[key][]*Template{}
	c.byID = map[uint16][]*Template{}
	for i, t := range c.Templates {
		t.Index = i
		c.byID[t.ID] = insertNewestFirst(c.byID[t.ID], t)
	}
	for _, t := range c.Templates {
		k := key{t.ID, t.Version}
		if c.candidates[k] != nil {
			continue
		}
		var own, others []*Template
		for _, other := range c.byID[t.ID] {
			if other.Version == t.Version {
				own = append(own, other)
			} else {
				others = append(others, other)
			}
		}
		c.candidates[k] = append(own, others...)
	}
}

// insertNewestFirst keeps list sorted by falling version; layouts of one version stay in the order of the source.
func insertNewestFirst(list []*Template, t *Template) []*Template {
	at := 0
	for at < len(list) && list[at].Version >= t.Version {
		at++
	}
	list = append(list, nil)
	copy(list[at+1:], list[at:])
	list[at] = t
	return list
}
