// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

var typeNames = map[string]Type{
	"u8": U8, "u32": U32, "u64": U64, "bool32": Bool32, "filetime": FileTime, "guid": GUID, "pointer": Pointer, "ansi": ANSI,
	"utf16": UTF16,
}

// Read reads the field lists of a provider: a line of the provider, then events and their fields.
//
//	provider {GUID} NAME
//	event ID VERSION NAME LEVEL KEYWORD CHANNEL TASK
//	 FIELD:TYPE FIELD:TYPE …
//	also SOURCE
//	 FIELD:TYPE …
//
// Lines of fields begin with a blank. "also" is another layout of the event before it, with the source of that layout. A type is u8, u32, u64,
// bool32, filetime, guid, pointer, ansi, utf16 or binary(LENGTH), where LENGTH is a number of bytes or an earlier field. Empty lines and
// those that begin with # are comments. An error names the line.
func Read(text string) (*Catalog, error) {
	c := &Catalog{}
	var t *Template
	for i, line := range strings.Split(text, "\n") {
		fail := func(format string, args ...any) (*Catalog, error) {
			return nil, fmt.Errorf("field lists, line %d: %s", i+1, fmt.Sprintf(format, args...))
		}
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0][0] == '#':
		case words[0] == "provider" && len(words) == 3:
			g, err := etw.ParseGUID(words[1])
			if err != nil {
				return fail("%v", err)
			}
			c.Provider, c.ProviderName = g, words[2]
		case words[0] == "event" && len(words) == 8:
			var n [6]uint64
			for j, w := range append(words[1:3:3], words[4:]...) {
				v, err := strconv.ParseUint(w, 0, [...]int{16, 8, 8, 64, 8, 16}[j])
				if err != nil {
					return fail("%v", err)
				}
				n[j] = v
			}
			t = &Template{
				Provider: c.Provider, ID: uint16(n[0]), Version: uint8(n[1]), Name: words[3], Level: uint8(n[2]), Keyword: n[3],
				Channel: uint8(n[4]), Task: uint16(n[5]),
			}
			c.Templates = append(c.Templates, t)
		case words[0] == "also" && t != nil:
			older := *t
			older.Fields, older.Source = nil, strings.Join(words[1:], " ")
			t = &older
			c.Templates = append(c.Templates, t)
		case line[0] == ' ' && t != nil:
			for _, w := range words {
				f, err := readField(t, w)
				if err != nil {
					return fail("%v", err)
				}
				t.Fields = append(t.Fields, f)
			}
		default:
			return fail("%q is neither provider, event, also nor a field", line)
		}
	}
	c.index()
	return c, nil
}

// readField reads "name:type", where a binary's type is "binary(LENGTH)".
func readField(t *Template, word string) (Field, error) {
	name, kind, ok := strings.Cut(word, ":")
	f := Field{Name: name, LengthField: -1}
	if length, isBinary := strings.CutPrefix(kind, "binary("); isBinary {
		f.Type = Binary
		length = strings.TrimSuffix(length, ")")
		if n, err := strconv.Atoi(length); err == nil {
			f.Length = n
			return f, nil
		}
		if f.LengthField = t.Find(length); f.LengthField < 0 {
			return f, fmt.Errorf("the length of %s is %q, which is not an earlier field", name, length)
		}
		return f, nil
	}
	if f.Type = typeNames[kind]; !ok || f.Type == 0 {
		return f, fmt.Errorf("%q has no known type", word)
	}
	return f, nil
}
