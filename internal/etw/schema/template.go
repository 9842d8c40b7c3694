// SPDX-License-Identifier: Apache-2.0

// Package schema decodes the user data of ETW events. In come field lists of providers' manifests and the bytes of an event; out come
// the values of its fields.
//
// The same event id has different fields on different versions of Windows, while its version stays 0. So a Catalog may hold several
// lists for one id. Decode tries the lists of the event's version, newest first, then those of the other versions, and accepts the
// first one that consumes the user data exactly. If none does, the layout is unknown: only the fields on which all lists agree are
// read, and the result says which bytes are left.
package schema

import (
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Type is the form of a field in the user data. All numbers are little endian.
type Type uint8

// The types of the providers' manifests (win:UInt8 and so on).
const (
	U8       Type = iota + 1
	U32           //
	U64           //
	Bool32        // win:Boolean: 4 bytes
	FileTime      // 8 bytes, 100 ns since 1601 UTC
	GUID          // 16 bytes
	Pointer       // 4 or 8 bytes, depending on the event header
	ANSI          // bytes up to a NUL
	UTF16         // 16-bit units up to a NUL
	Binary        // its size is Field.Length or the value of the field Field.LengthField
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
	// Index is the template's place in its Catalog, for tables indexed by it.
	Index    int
	Provider etw.GUID
	ID       uint16
	Version  uint8
	// Name is the event's name in the manifest.
	Name    string
	Level   uint8
	Keyword uint64 // including the channel's bit
	Channel uint8
	Task    uint16
	// Source is the source of an older layout; it is empty for the manifest's own.
	Source string
	Fields []Field
}

// Find returns the index of the field of that name, or -1.
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
	// Templates are all templates, in the order of the source.
	Templates []*Template

	byID []versions // by id; an unknown id has none
}

// versions are the layouts of one event id.
type versions struct {
	own   []*layouts // of the known versions
	other *layouts   // of any other version; nil for none
}

// layouts are the templates to try for an event of one version, in order.
type layouts struct {
	version uint8
	list    []*Template
	// shared is, for each layout of list, the number of leading fields with the same form as in the layout before.
	shared []int
	// agreed is the number of leading fields that have the same form and the same name in all of list.
	agreed int
	// rivals are, for each layout of list, those after it that could consume the same user data exactly.
	rivals [][]*Template
}

func newLayouts(version uint8, list []*Template) *layouts {
	l := &layouts{
		version: version, list: list, shared: make([]int, len(list)), agreed: len(list[0].Fields), rivals: make([][]*Template, len(list)),
	}
	for i, t := range list {
		if i > 0 {
			l.shared[i] = t.shares(list[i-1])
		}
		l.agreed = min(l.agreed, t.Agrees(list[0]))
		for _, later := range list[i+1:] {
			if t.shares(later) < min(len(t.Fields), len(later.Fields)) {
				l.rivals[i] = append(l.rivals[i], later)
			}
		}
	}
	return l
}

// shares counts the leading fields that have the same form as in other, whatever their names.
func (t *Template) shares(other *Template) int {
	return t.leading(other, func(a, b Field) bool {
		return a.Type == b.Type && a.Length == b.Length && a.LengthField == b.LengthField
	})
}

// Agrees counts the leading fields that have the same name and form in both.
func (t *Template) Agrees(other *Template) int {
	return t.leading(other, func(a, b Field) bool { return a == b })
}

func (t *Template) leading(other *Template, same func(a, b Field) bool) int {
	for i := range min(len(t.Fields), len(other.Fields)) {
		if !same(t.Fields[i], other.Fields[i]) {
			return i
		}
	}
	return min(len(t.Fields), len(other.Fields))
}

// layouts returns the templates to try for an event; nil for an id that the provider's manifest does not have.
func (c *Catalog) layouts(id uint16, version uint8) *layouts {
	if int(id) >= len(c.byID) {
		return nil
	}
	v := &c.byID[id]
	for _, l := range v.own {
		if l.version == version {
			return l
		}
	}
	return v.other
}

// Candidates returns the templates to try for an event, in order; none for an id that the provider's manifest does not have.
func (c *Catalog) Candidates(id uint16, version uint8) []*Template {
	if l := c.layouts(id, version); l != nil {
		return l.list
	}
	return nil
}

// index fills the lookup tables: for each version its own layouts first, then those of the other versions, newest first.
func (c *Catalog) index() {
	all := map[uint16][]*Template{}
	last := uint16(0)
	for i, t := range c.Templates {
		t.Index = i
		all[t.ID] = insertNewestFirst(all[t.ID], t)
		last = max(last, t.ID)
	}
	c.byID = make([]versions, int(last)+1)
	for id, list := range all {
		v := &c.byID[id]
		v.other = newLayouts(0, list)
		for i, t := range list {
			if i > 0 && t.Version == list[i-1].Version {
				continue
			}
			var own, others []*Template
			for _, other := range list {
				if other.Version == t.Version {
					own = append(own, other)
				} else {
					others = append(others, other)
				}
			}
			v.own = append(v.own, newLayouts(t.Version, append(own, others...)))
		}
	}
}

// prefer puts t before the layouts for its id and version. t has no rivals, because the host knows the layouts of its own events.
func (c *Catalog) prefer(t *Template) {
	for len(c.byID) <= int(t.ID) {
		c.byID = append(c.byID, versions{})
	}
	preferred := newLayouts(t.Version, append([]*Template{t}, c.Candidates(t.ID, t.Version)...))
	preferred.rivals[0] = nil
	v := &c.byID[t.ID]
	v.own = slices.DeleteFunc(v.own, func(l *layouts) bool { return l.version == t.Version })
	v.own = append(v.own, preferred)
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
