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
	server := over(usual, said{"Flags": 0x8180, "AA": 1, "Scope": "contoso", "Zone": "contoso.com", "ServerScope": "Default", "RecursionScope": "Default", "QTYPE": 65, "RCODE": 3, "TCP": 1})
	empty := over(usual, said{"QNAME": ".", "QTYPE": 46, "RD": 0, "Scope": "", "Zone": "", "ServerScope": "", "RecursionScope": "", "CacheScope": "", "PolicyName": "",
		"AdditionalInfo": "", "Flags": 0, "Port": 0, "QueryResults": "", "ServerList": "", "QueryName": "ab", "NetworkQueryIndex": 0, "IsNetworkQuery": 0})
	all := []said{usual, server, empty}
	for _, name := range []string{"10.0.0.1.", "fe80.", "Default.", "x.", "a.b.", "example.org."} { // whoever asks chooses the name
		all = append(all, over(usual, said{"QNAME": name}))
	}
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

func over(a, b said) said {
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

// The server's numbers of 16 bits stand in fields of 32.
func TestALayoutInWhichANumberIsLargerThanItsKindIsNotTheEvents(t *testing.T) {
	d := NewDecoder(Server())
	for _, id := range []uint16{256, 257, 260, 261, 262} {
		template := ServerCatalog().Candidates(id, 0)[0]
		for _, name := range []string{"QTYPE", "XID", "Port", "Flags", "RCODE"} {
			for value, known := range map[uint32]bool{1<<16 - 1: true, 1 << 16: false, 1<<32 - 1: false} {
				if !slices.ContainsFunc(template.Fields, func(f schema.Field) bool { return f.Name == name }) {
					continue
				}
				data, err := template.Encode(nil, 8, map[string]any{"QNAME": "example.org.", "InterfaceIP": "10.0.0.1", name: value})
				require.NoError(t, err)
				e := Event{Record: etw.Record{Provider: Server().GUID, ID: id, Flags: etw.Flag64BitHeader, UserData: data}}
				d.Decode(&e)
				require.Equal(t, known, !e.LayoutUnknown(), "event %d, %s %d", id, name, value)
			}
		}
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

// older gives the layout of Windows Server 2012 R2 to 2019 of an event of the DNS Server.
func older(t *testing.T, d *Decoder, id uint16) *schema.Template {
	t.Helper()
	for _, tmpl := range d.Templates() {
		if tmpl.ID == id && tmpl.Source == "Windows Server 2012 R2 to 2019" {
			return tmpl
		}
	}
	require.Fail(t, "no older layout", "event %d", id)
	return nil
}

func decoded(t *testing.T, d *Decoder, tmpl *schema.Template, fields map[string]any) *Event {
	t.Helper()
	raw, err := tmpl.Encode(nil, 8, fields)
	require.NoError(t, err)
	e := &Event{Record: etw.Record{Provider: d.Provider.GUID, ID: tmpl.ID, Version: tmpl.Version, UserData: raw}}
	d.Decode(e)
	return e
}

// A client may choose its id, flags, name and type so that the packet's bytes look like the fields that newer servers have behind
// a shorter packet.
func TestWhereTwoLayoutsFitThePacketDecides(t *testing.T) {
	d := NewDecoder(Server())
	tmpl := older(t, d, 260)
	packet := append([]byte{0x10, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "\x07contoso\x02ab\x00\x00\x00\x00\x00"...)
	fields := map[string]any{
		"Destination": "198.51.100.53", "InterfaceIP": "10.0.0.1", "RD": 0, "QNAME": "contoso.ab.", "XID": 0x1000, "Port": 57943,
		"ServerScope": ".", "CacheScope": "Default", "PolicyName": "BranchPolicy", "PacketData": packet,
	}
	e := decoded(t, d, tmpl, fields)
	newest := d.catalog.Candidates(260, 0)[0]
	var both schema.Decoded
	d.catalog.Decode(&e.Record, &both)
	require.Same(t, newest, both.Template, "the newest layout fits too")
	require.True(t, both.Exact)

	require.False(t, e.LayoutUnknown())
	require.Same(t, tmpl, e.Decoded().Template)
	port, _ := e.Num(Port)
	require.Equal(t, uint64(57943), port)

	fields["XID"] = 0x1001 // and nothing confirms either
	e = decoded(t, d, tmpl, fields)
	require.True(t, e.LayoutUnknown())
	require.Len(t, e.Decoded().Values, 6, "up to QTYPE both say the same")
	require.Equal(t, "contoso.ab.", string(e.QName(nil)))
	_, has := e.Num(XID)
	require.False(t, has)
}

func TestAKnownLayoutStaysWhateverThePacketSays(t *testing.T) {
	d := NewDecoder(Server())
	other := append([]byte{0x77, 0x77, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, "\x05other\x07example\x00\x00\x01\x00\x01"...)
	for _, tmpl := range d.Templates() {
		if tmpl.Find("PacketData") < 0 || tmpl.Find("QNAME") < 0 {
			continue
		}
		for _, packet := range [][]byte{other, {0xC0, 0xFF, 0xEE}, nil} {
			e := decoded(t, d, tmpl, map[string]any{"QNAME": "WWW.contoso.com.", "PacketData": packet})
			require.False(t, e.LayoutUnknown(), "event %d %s", tmpl.ID, tmpl.Source)
			require.Same(t, tmpl, e.Decoded().Template)
			require.Equal(t, "WWW.contoso.com.", string(e.QName(nil)))
		}
	}
}

// The first letter of the name lies where the flag was, and every layout fits.
func TestANameIsNotReadFromItsSecondLetter(t *testing.T) {
	d := NewDecoder(Server())
	for _, tmpl := range d.Templates() {
		for _, flag := range []string{"RD", "AD"} {
			i := tmpl.Find(flag)
			if i < 0 || tmpl.Find("QNAME") != i+1 {
				continue
			}
			list := pieces(t, tmpl, saidVariants(t)[0])
			e := Event{Record: etw.Record{Provider: d.Provider.GUID, ID: tmpl.ID, UserData: join(slices.Delete(list, i, i+1))}}
			d.Decode(&e)
			require.True(t, e.LayoutUnknown(), "event %d %s", tmpl.ID, tmpl.Source)
			require.Empty(t, e.QName(nil), "event %d %s", tmpl.ID, tmpl.Source)
		}
	}
}

func TestTheHostsFieldListIsNotDoubted(t *testing.T) {
	d := NewDecoder(Server())
	tmpl := older(t, d, 260)
	d.UseHost(func(r *etw.Record) (*schema.Template, error) {
		return &schema.Template{ID: r.ID, Fields: tmpl.Fields}, nil
	}, func(*etw.Record, *schema.Template, error) {})
	e := decoded(t, d, tmpl, map[string]any{"Destination": "not an address", "RD": 7, "QNAME": "www.contoso.com.", "XID": 0x7653})
	require.False(t, e.LayoutUnknown())
	require.Equal(t, "www.contoso.com.", string(e.QName(nil)))
}

func TestTheEndOfAPacketThatIsMissingLeavesWhatTheRestConfirms(t *testing.T) {
	d := NewDecoder(Server())
	for _, s := range saidVariants(t)[:2] {
		for _, id := range []uint16{256, 257, 258, 260, 261} {
			tmpl := d.catalog.Candidates(id, 0)[0]
			list := pieces(t, tmpl, s)
			packet := tmpl.Find("PacketData")
			raw := join(list[:packet+1])
			for cut := range len(list[packet].raw) - 32 { // the header and the question are there
				e := Event{Record: etw.Record{Provider: d.Provider.GUID, ID: id, UserData: raw[:len(raw)-cut-1]}}
				d.Decode(&e)
				require.True(t, e.LayoutUnknown())
				for _, f := range []Field{XID, Port, Flags} {
					n, ok := e.Num(f)
					require.True(t, ok, "event %d, %d bytes are missing", id, cut+1)
					require.NotZero(t, n)
				}
			}
		}
	}
}
