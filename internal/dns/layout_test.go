// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"unicode/utf16"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// said is what the events of a test say, by field; every value is as Windows writes it.
type said map[string]any

// saidVariants are values that make fields look like each other: zeros, texts of one character, numbers that are characters.
func saidVariants(t *testing.T) []said {
	usual := said{
		"TCP": 0, "InterfaceIP": "10.0.0.1", "ForwardInterfaceIP": "10.0.0.1", "Source": "192.0.2.10", "Destination": "198.51.100.53",
		"RD": 1, "AA": 0, "AD": 0, "DNSSEC": 0, "Secure": 0, "QNAME": "www.contoso.com.", "QTYPE": 1, "RRTYPE": 1, "XID": 0x7653, "QXID": 0x1234,
		"RCODE": 0, "Port": 57943, "Flags": 0x0100, "Reason": "Policy", "Scope": "Default", "Zone": "..Cache", "ZoneScope": "Default",
		"PolicyName": "NULL", "ServerScope": ".", "RecursionScope": ".", "CacheScope": "Default", "AdditionalInfo": ".", "ElapsedTime": 9,
		"RecursionDepth": 1, "QueriesAttached": 2, "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}", "StaleRecordsPresent": "No",
		"QueryGUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}", "EDNSScopeName": ".", "CacheNodeName": "contoso.com.", "AliasFailureReason": "Loop",
		"EDNSCorrelationTag": etw.GUID{1, 2, 3}, "EDNSVirtualizationInstance": ".",

		"QueryName": "www.contoso.com", "QueryType": 28, "QueryOptions": uint64(0x40006000), "Status": 0, "QueryStatus": 0, "ResponseStatus": 0,
		"QueryResults": "::ffff:93.184.216.34;", "ServerList": "192.0.2.53;", "DnsServerIpAddress": "192.0.2.53", "DNSServerAddress": "192.0.2.53;192.0.2.54;",
		"LocalAddress": "192.0.2.10;", "AdapterName": "Ethernet", "NetworkIndex": 0, "InterfaceIndex": 12, "InterfaceCount": 2, "ClientPID": 4711,
		"Interface": "Ethernet", "NetworkQueryIndex": 1, "IsNetworkQuery": 1,
	}
	server := maps(usual, said{"Flags": 0x8180, "AA": 1, "Scope": "contoso", "Zone": "contoso.com", "ServerScope": "Default", "RecursionScope": "Default", "QTYPE": 65, "RCODE": 3, "TCP": 1})
	empty := maps(usual, said{"QNAME": ".", "QTYPE": 46, "RD": 0, "Scope": "", "Zone": "", "ServerScope": "", "RecursionScope": "", "CacheScope": "", "PolicyName": "",
		"AdditionalInfo": "", "Flags": 0, "Port": 0, "QueryResults": "", "ServerList": "", "QueryName": "ab", "NetworkQueryIndex": 0, "IsNetworkQuery": 0})
	all := []said{usual, server, empty}
	for _, s := range all {
		m := new(mdns.Msg)
		m.SetQuestion(s["QNAME"].(string), uint16(s["QTYPE"].(int)))
		raw, err := m.Pack()
		require.NoError(t, err)
		binary.BigEndian.PutUint16(raw, uint16(s["XID"].(int)))
		binary.BigEndian.PutUint16(raw[2:], uint16(s["Flags"].(int)))
		s["PacketData"] = raw
		s["Address"] = append([]byte{2, 0, 0, 53, 192, 0, 2, 53}, make([]byte, 8)...)
		s["DnsAddress"] = s["Address"]
		s["RDATA"] = []byte{10, 0, 0, 7}
	}
	return all
}

func maps(a, b said) said {
	m := said{}
	for _, from := range []said{a, b} {
		for k, v := range from {
			m[k] = v
		}
	}
	return m
}

// piece is one field in the bytes of an event.
type piece struct {
	name string
	raw  []byte
}

// pieces lays out an event field by field.
func pieces(t *testing.T, tmpl *schema.Template, s said) (list []piece) {
	fields := map[string]any{}
	for i, f := range tmpl.Fields {
		if v, ok := s[f.Name]; ok {
			fields[f.Name] = v
		} else if f.Type == schema.ANSI || f.Type == schema.UTF16 {
			fields[f.Name] = "text of " + f.Name
		} else if f.Type == schema.Binary {
			fields[f.Name] = make([]byte, max(f.Length, 1))
		} else if f.Type != schema.GUID && !(i+1 < len(tmpl.Fields) && tmpl.Fields[i+1].LengthField == i) {
			fields[f.Name] = i % 2
		}
	}
	var last int
	for i := range tmpl.Fields {
		part := *tmpl
		part.Fields = tmpl.Fields[:i+1]
		known := map[string]any{}
		for _, f := range part.Fields {
			if v, ok := fields[f.Name]; ok {
				known[f.Name] = v
			}
		}
		if i+1 < len(tmpl.Fields) && tmpl.Fields[i+1].LengthField == i {
			known[tmpl.Fields[i].Name] = len(fields[tmpl.Fields[i+1].Name].([]byte))
		}
		raw, err := part.Encode(nil, 8, known)
		require.NoError(t, err)
		list = append(list, piece{tmpl.Fields[i].Name, slices.Clone(raw[last:])})
		last = len(raw)
	}
	return list
}

func join(list []piece) (raw []byte) {
	for _, p := range list {
		raw = append(raw, p.raw...)
	}
	return raw
}

func wide(text string) (raw []byte) {
	for _, u := range append(utf16.Encode([]rune(text)), 0) {
		raw = binary.LittleEndian.AppendUint16(raw, u)
	}
	return raw
}

// strangers are fields that no known layout has where they are put.
func strangers() []piece {
	u32 := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	return []piece{
		{"u8 0", []byte{0}}, {"u8 1", []byte{1}}, {"u8 7", []byte{7}},
		{"u32 0", u32(0)}, {"u32 1", u32(1)}, {"u32 28", u32(28)}, {"u32 65", u32(65)}, {"u32 53", u32(53)}, {"u32 0xB126", u32(0xB126)}, {"u32 big", u32(0xDEADBEEF)},
		{"u64", binary.LittleEndian.AppendUint64(nil, 5)}, {"utf16", wide("Default")}, {"utf16 dot", wide(".")}, {"utf16 empty", wide("")},
		{"ansi", []byte("Default\x00")}, {"ansi empty", []byte{0}}, {"ansi name", []byte("other.example.\x00")},
	}
}

// change is a way to change the layout of an event.
type change struct {
	what string
	list []piece
}

func changes(list []piece) (all []change) {
	for i := range list {
		all = append(all, change{"without " + list[i].name, slices.Delete(slices.Clone(list), i, i+1)})
	}
	for i := range len(list) + 1 {
		for _, s := range strangers() {
			all = append(all, change{fmt.Sprintf("%s before field %d", s.name, i), slices.Insert(slices.Clone(list), i, s)})
		}
	}
	return all
}

// told says which changes nothing can tell, of events that no known layout consumes exactly: what is left is byte for byte what
// another known layout says, or lists of addresses stand beside each other and one of them is gone.
func told(tmpl *schema.Template, what, field string) bool {
	switch tmpl.ID {
	case 259:
		return !(what == "without InterfaceIP" && field == "InterfaceIP") // as before Windows had Source
	case 260:
		return field != "QXID" && field != "ServerScope" && field != "RecursionScope" // the one layout has it, the other not
	case 261:
		return field != "RecursionDepth" && field != "ServerScope" && field != "RecursionScope" && field != "Port"
	case 3009:
		return what != "without LocalAddress"
	}
	return true
}

// Every event of both manifests in every known layout, with each field taken away, and with a field of each kind put in at each
// place: a value that the event then has is the true one.
func TestAnUnknownLayoutGivesNoValueFromTheWrongBytes(t *testing.T) {
	for _, p := range []*Provider{Server(), Client()} {
		d := NewDecoder(p)
		var unknown, values, named, exact int
		for _, s := range saidVariants(t) {
			for _, tmpl := range d.Templates() {
				list := pieces(t, tmpl, s)
				truth := map[string]string{}
				for _, one := range list {
					truth[one.name] = string(one.raw)
				}
				for _, c := range changes(list) {
					e := Event{Record: etw.Record{Provider: p.GUID, ID: tmpl.ID, Version: tmpl.Version, Flags: etw.Flag64BitHeader, UserData: join(c.list)}}
					d.Decode(&e)
					if !e.LayoutUnknown() {
						exact++
						// The values are those of the known layout that this happens to be; but no domain may be wrong for it. 273 and 274
						// have only texts before the name, which empty ones push away.
						if name := e.QName(nil); truth["QNAME"] != "" && !e.Audit && tmpl.ID != 273 && tmpl.ID != 274 && len(name) > 0 {
							require.Equalf(t, truth["QNAME"], string(name)+"\x00", "event %d %s, %s", tmpl.ID, tmpl.Source, c.what)
						}
						continue
					}
					unknown++
					got, at := e.Decoded(), 0
					for i, f := range got.Template.Fields[:len(got.Values)] {
						size := sizeOf(&got.Values[i], f.Type)
						raw := string(e.UserData[at : at+size])
						at += size
						if told(tmpl, c.what, f.Name) {
							require.Equalf(t, truth[f.Name], raw, "event %d version %d %s, %s: %s", tmpl.ID, tmpl.Version, tmpl.Source, c.what, f.Name)
						}
						if values++; f.Name == "QNAME" || f.Name == "QueryName" {
							named++
						}
					}
					require.Equal(t, string(e.UserData[at:]), string(got.Rest), "what is not decoded is kept")
				}
			}
		}
		t.Logf("%s: %d changed events, %d values of %d names; %d are another known layout", p.Name, unknown, values, named, exact)
		require.Greater(t, named, 10_000, "names that are certain are kept")
	}
}

func sizeOf(v *schema.Value, t schema.Type) int {
	switch t {
	case schema.U8:
		return 1
	case schema.U32, schema.Bool32:
		return 4
	case schema.U64, schema.FileTime, schema.Pointer:
		return 8
	case schema.ANSI:
		return len(v.Bytes) + 1
	case schema.UTF16:
		return len(v.Bytes) + 2
	}
	return len(v.Bytes)
}
