// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// eventInfo returns the TRACE_EVENT_INFO that a host would return for a template.
func eventInfo(t *Template) []byte {
	le := binary.LittleEndian
	info := make([]byte, infoProperties+len(t.Fields)*propertySize)
	text := func(at int, s string) {
		le.PutUint32(info[at:], uint32(len(info)))
		for _, u := range append(utf16.Encode([]rune(s)), 0) {
			info = le.AppendUint16(info, u)
		}
	}
	le.PutUint32(info[infoPropertyCount:], uint32(len(t.Fields)))
	le.PutUint32(info[infoTopLevelCount:], uint32(len(t.Fields)))
	text(infoTaskName, t.Name+" ")
	for i, f := range t.Fields {
		at := infoProperties + i*propertySize
		text(at+propertyNameOffset, f.Name)
		for inType, ours := range hostTypes {
			if ours == f.Type {
				le.PutUint16(info[at+propertyInType:], inType)
			}
		}
		le.PutUint16(info[at+propertyCount:], 1)
		le.PutUint16(info[at+propertyLength:], uint16(f.Length))
		if f.LengthField >= 0 {
			le.PutUint32(info[at+propertyFlags:], flagParamLength)
			le.PutUint16(info[at+propertyLength:], uint16(f.LengthField))
		}
	}
	return info
}

func recordOf(t *Template) *etw.Record {
	return &etw.Record{Provider: t.Provider, ID: t.ID, Version: t.Version, Level: t.Level, Keyword: t.Keyword, Channel: t.Channel, Task: t.Task}
}

func TestTheHostsDescriptionOfEveryEventIsRead(t *testing.T) {
	for _, c := range []*Catalog{DNSServer(), DNSClient()} {
		for _, want := range c.Templates {
			got, err := parseEventInfo(eventInfo(want), recordOf(want))
			require.NoError(t, err, "event %d", want.ID)
			require.True(t, want.Same(got), "event %d", want.ID)
			require.Equal(t, want.Name, got.Name)
		}
	}
}

func TestADescriptionThatIsNotSupportedIsRefused(t *testing.T) {
	le := binary.LittleEndian
	event := DNSServer().Candidates(256, 0)[0] // BufferSize is the length of its PacketData
	packet := infoProperties + event.Find("PacketData")*propertySize
	for name, change := range map[string]func(info []byte){
		"a structure":                func(b []byte) { le.PutUint32(b[infoTopLevelCount:], 2) },
		"more properties than bytes": func(b []byte) { le.PutUint32(b[infoPropertyCount:], 1<<30); le.PutUint32(b[infoTopLevelCount:], 1<<30) },
		"an unknown type":            func(b []byte) { le.PutUint16(b[infoProperties+propertyInType:], 19) },
		"an array":                   func(b []byte) { le.PutUint16(b[infoProperties+propertyCount:], 3) },
		"a counted array":            func(b []byte) { le.PutUint32(b[infoProperties+propertyFlags:], 4) },
		"a string of a fixed length": func(b []byte) { le.PutUint32(b[infoProperties+propertySize+propertyFlags:], flagParamFixedLength) },
		"no name":                    func(b []byte) { le.PutUint32(b[infoProperties+propertyNameOffset:], 0) },
		"a length that comes later":  func(b []byte) { le.PutUint16(b[packet+propertyLength:], 99) },
		"a length that is a string":  func(b []byte) { le.PutUint16(b[packet+propertyLength:], 1) },
	} {
		info := eventInfo(event)
		change(info)
		_, err := parseEventInfo(info, recordOf(event))
		require.ErrorIs(t, err, ErrUndescribable, name)
	}
	info := eventInfo(event)
	for n := range info { // cut off anywhere, it is refused, or read with the names that are left
		_, _ = parseEventInfo(info[:n], recordOf(event))
	}
}

func TestAPreferredLayoutIsTriedFirstAndTheOthersStay(t *testing.T) {
	c := DNSServer()
	before := c.Candidates(256, 0)
	c.Prefer(&Template{ID: 256, Fields: []Field{{Name: "Only", Type: U8, LengthField: -1}}})
	var d Decoded
	c.Decode(&etw.Record{ID: 256, UserData: []byte{7}}, &d)
	require.True(t, d.Exact)
	require.Equal(t, "Only", d.Template.Fields[0].Name)
	require.Equal(t, before[0].Name, d.Template.Name)
	require.Same(t, c.Templates[d.Template.Index], d.Template)
	require.Equal(t, before, c.Candidates(256, 0)[1:])

	c.Prefer(&Template{ID: 60000, Name: "NEW", Fields: []Field{{Name: "Field", Type: U8, LengthField: -1}}})
	c.Decode(&etw.Record{ID: 60000, UserData: []byte{7}}, &d)
	require.True(t, d.Exact)
	require.Equal(t, "NEW", d.Template.Name)
}

// A description of 1 MiB whose 40,000 properties all have the name that fills the rest of it.
func TestNamesThatOverlapTakeNoMoreThanTheDescription(t *testing.T) {
	const count, size = 40_000, 1 << 20
	info := bytes.Repeat([]byte{'a', 0}, size/2)
	le := binary.LittleEndian
	clear(info[:infoProperties+count*propertySize])
	le.PutUint32(info[infoPropertyCount:], count)
	le.PutUint32(info[infoTopLevelCount:], count)
	for i := range count {
		p := info[infoProperties+i*propertySize:]
		le.PutUint32(p[propertyNameOffset:], infoProperties+count*propertySize)
		le.PutUint16(p[propertyInType:], 1)
		le.PutUint16(p[propertyCount:], 1)
	}
	_, err := parseEventInfo(info, &etw.Record{})
	require.ErrorIs(t, err, ErrUndescribable)
	le.PutUint32(info[infoPropertyCount:], math.MaxUint32)
	le.PutUint32(info[infoTopLevelCount:], math.MaxUint32)
	_, err = parseEventInfo(info, &etw.Record{})
	require.ErrorContains(t, err, "do not fit", "4 Gi properties reserve no memory")
}

// FuzzHostInfo reads any bytes as the host's description of an event: a template or an error, and none that an event could not be decoded by.
func FuzzHostInfo(f *testing.F) {
	for _, c := range []*Catalog{DNSServer(), DNSClient()} {
		for i := 0; i < len(c.Templates); i += 16 {
			f.Add(eventInfo(c.Templates[i]))
		}
	}
	f.Fuzz(func(t *testing.T, info []byte) {
		template, err := parseEventInfo(info, &etw.Record{})
		if err != nil {
			require.ErrorIs(t, err, ErrUndescribable)
			return
		}
		for i, field := range template.Fields {
			require.NotEmpty(t, field.Name)
			require.LessOrEqual(t, len(field.Name), 3*maxText)
			require.Less(t, field.LengthField, i)
		}
	})
}
