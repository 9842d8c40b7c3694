// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// data builds user data field by field.
type data []byte

func (d data) u8(v uint8) data     { return append(d, v) }
func (d data) u32(v uint32) data   { return binary.LittleEndian.AppendUint32(d, v) }
func (d data) u64(v uint64) data   { return binary.LittleEndian.AppendUint64(d, v) }
func (d data) ansi(s string) data  { return append(append(d, s...), 0) }
func (d data) bytes(b []byte) data { return append(d, b...) }
func (d data) wide(s string) data {
	for _, u := range utf16.Encode([]rune(s)) {
		d = binary.LittleEndian.AppendUint16(d, u)
	}
	return append(d, 0, 0)
}

// recorded257 is a RESPONSE_SUCCESS of a Windows Server 2022, from Elastic's published test events. That version does not have
// StaleRecordsPresent yet.
func recorded257() data {
	return data{}.u8(0).ansi("172.31.87.64").ansi("216.160.83.56").u8(0).u8(0).ansi("google.es.").u32(28).u32(7).u8(0).u32(0).
		u32(59560).u32(33152).wide("Default").wide("..Cache").wide("NULL").u32(3).bytes([]byte{1, 2, 3}).
		wide("VirtualizationInstance:.").u32(9).wide("{BF629903-4288-435F-9182-470BEDF5C0A4}")
}

func texts(d *Decoded) map[string]string {
	m := map[string]string{}
	for i, v := range d.Values {
		f := d.Template.Fields[i]
		switch f.Type {
		case ANSI:
			m[f.Name] = string(AppendANSI(nil, v.Bytes))
		case UTF16:
			m[f.Name] = string(AppendUTF16(nil, v.Bytes))
		}
	}
	return m
}

func TestDecodeTellsTheLayoutsOfOneIDByConsumingTheDataExactly(t *testing.T) {
	c := DNSServer()
	var d Decoded
	c.Decode(&etw.Record{ID: 257, UserData: recorded257()}, &d)
	require.True(t, d.Exact)
	require.Contains(t, d.Template.Source, "Windows Server 2022")
	require.Equal(t, map[string]string{
		"InterfaceIP": "172.31.87.64", "Destination": "216.160.83.56", "QNAME": "google.es.", "Scope": "Default", "Zone": "..Cache",
		"PolicyName": "NULL", "AdditionalInfo": "VirtualizationInstance:.", "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}",
	}, texts(&d))
	require.Equal(t, uint64(33152), d.Values[d.Template.Find("Flags")].Num)
	require.Equal(t, uint64(9), d.Values[d.Template.Find("ElapsedTime")].Num)
	require.Equal(t, []byte{1, 2, 3}, d.Values[d.Template.Find("PacketData")].Bytes)

	c.Decode(&etw.Record{ID: 257, UserData: recorded257().wide("")}, &d)
	require.True(t, d.Exact)
	require.Empty(t, d.Template.Source, "with one more string it is the layout of Windows Server 2025")
	require.Len(t, d.Values, 21)
}

func TestDecodeReadsWhatAllLayoutsAgreeOnWhereNoneFits(t *testing.T) {
	c := DNSServer()
	var d Decoded
	longer := recorded257().wide("").u32(0xAABBCCDD)
	c.Decode(&etw.Record{ID: 257, UserData: longer}, &d)
	require.False(t, d.Exact)
	require.Equal(t, "PacketData", d.Template.Fields[len(d.Values)-1].Name, "Windows Server 2012 R2 to 2019 have nothing behind it")
	require.Equal(t, longer[len(longer)-len(d.Rest):], data(d.Rest))

	c.Decode(&etw.Record{ID: 257, UserData: recorded257()[:45]}, &d)
	require.False(t, d.Exact)
	require.Equal(t, "google.es.", texts(&d)["QNAME"])

	c.Decode(&etw.Record{ID: 260, UserData: longer}, &d)
	require.LessOrEqual(t, len(d.Values), 6, "what follows QTYPE is not the same on all versions of Windows")

	c.Decode(&etw.Record{ID: 299, UserData: []byte{1, 2}}, &d)
	require.Nil(t, d.Template)
	require.False(t, d.Exact)
	require.Equal(t, []byte{1, 2}, d.Rest)
}

func TestDecodeReadsEachVersionOfAClientEvent(t *testing.T) {
	c := DNSClient()
	v0 := data{}.wide("example.com").u32(1).u32(3).u32(0).u32(0).wide("192.0.2.1;")
	v1 := v0.u32(4242)
	for _, tc := range []struct {
		version uint8
		flags   uint16
		data    data
		fields  int
	}{
		{0, etw.Flag64BitHeader, v0, 6},
		{1, etw.Flag64BitHeader, v1, 7},
		{2, etw.Flag64BitHeader, v1.u64(0x7FF612340000), 8},
		{2, etw.Flag32BitHeader, v1.u32(0x12340000), 8},
		{9, etw.Flag64BitHeader, v1, 7}, // an unknown version in a known layout
	} {
		var d Decoded
		c.Decode(&etw.Record{ID: 3020, Version: tc.version, Flags: tc.flags, UserData: tc.data}, &d)
		require.True(t, d.Exact, "version %d", tc.version)
		require.Len(t, d.Values, tc.fields)
	}
}

func TestEveryTemplateDecodesWhatItEncodes(t *testing.T) {
	for _, c := range []*Catalog{DNSServer(), DNSClient()} {
		require.NotEmpty(t, c.Templates)
		for _, tmpl := range c.Templates {
			fields := map[string]any{}
			for i, f := range tmpl.Fields {
				switch f.Type {
				case ANSI, UTF16:
					fields[f.Name] = "värde." + f.Name
				case GUID:
					fields[f.Name] = c.Provider
				case Binary:
					if f.LengthField >= 0 {
						fields[f.Name] = []byte{byte(i), 2, 3}
					} else {
						fields[f.Name] = make([]byte, f.Length)
					}
				case U8:
					fields[f.Name] = i
				default:
					if f.Name != "BufferSize" && f.Name != "AddressLength" && f.Name != "DnsAddressLength" {
						fields[f.Name] = 1000 + i
					}
				}
			}
			raw, err := tmpl.Encode(nil, 8, fields)
			require.NoError(t, err)
			var d Decoded
			c.Decode(&etw.Record{ID: tmpl.ID, Version: tmpl.Version, Flags: etw.Flag64BitHeader, UserData: raw}, &d)
			require.True(t, d.Exact, "event %d version %d", tmpl.ID, tmpl.Version)
			require.Same(t, tmpl, d.Template)
			for i, f := range tmpl.Fields {
				switch want := fields[f.Name].(type) {
				case int:
					require.Equal(t, uint64(want), d.Values[i].Num, f.Name)
				case string:
					require.Equal(t, want, texts(&d)[f.Name])
				case []byte:
					require.Equal(t, want, d.Values[i].Bytes)
				}
			}
		}
	}
}

// requireFirstExact decodes a record with each layout in turn, each from the beginning, and requires the result of Decode.
func requireFirstExact(t *testing.T, c *Catalog, r *etw.Record) {
	t.Helper()
	var whole, one Decoded
	c.Decode(r, &whole)
	known := c.Begin(r, &one)
	require.Equal(t, whole.Template != nil, known)
	require.Equal(t, one.Candidates(), whole.Candidates())
	if !known {
		return
	}
	agreed := len(one.Candidates()[0].Fields)
	for i, tmpl := range one.Candidates() {
		one.Try(tmpl)
		if one.Exact {
			requireSame(t, &one, &whole)
			for _, later := range one.Candidates()[i+1:] {
				if one.Try(later); one.Exact {
					require.Contains(t, whole.Rivals(), later)
				}
			}
			return
		}
		agreed = min(agreed, tmpl.Agrees(one.Candidates()[0]))
	}
	one.Keep(one.Candidates()[0], agreed)
	requireSame(t, &one, &whole)
}

func requireSame(t *testing.T, want, got *Decoded) {
	t.Helper()
	require.Same(t, want.Template, got.Template)
	requireSameValues(t, want.Values, got.Values)
	require.Equal(t, want.Rest, got.Rest)
	require.Equal(t, want.Exact, got.Exact)
}

func requireSameValues(t *testing.T, want, got []Value) {
	t.Helper()
	require.Equal(t, len(want), len(got))
	for i := range want {
		require.Equal(t, want[i], got[i])
	}
}

func TestTheFirstZeroUnitIsFound(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 100_000 {
		data := make([]byte, rnd.IntN(40))
		for i := range data {
			data[i] = [...]byte{0, 0, 1, 0x7F, 0x80, 0xFF}[rnd.IntN(6)]
		}
		want := -1
		for i := 0; i+1 < len(data); i += 2 {
			if data[i] == 0 && data[i+1] == 0 {
				want = i
				break
			}
		}
		require.Equal(t, want, indexNUL16(data), "%x", data)
	}
}

func TestTheFirstZeroByteIsFound(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 100_000 {
		data := make([]byte, rnd.IntN(40))
		for i := range data {
			data[i] = [...]byte{1, 0x7F, 0x80, 0x81, 0xFF}[rnd.IntN(5)]
		}
		if len(data) > 0 {
			data[rnd.IntN(len(data))], data[rnd.IntN(len(data))] = byte(rnd.IntN(2)), byte(rnd.IntN(2))
		}
		require.Equal(t, bytes.IndexByte(data, 0), indexNUL(data), "%x", data)
	}
}

func TestDecodeTakesAnyBytes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, c := range []*Catalog{DNSServer(), DNSClient()} {
		var d Decoded
		for range 50_000 {
			tmpl := c.Templates[rnd.IntN(len(c.Templates))]
			raw := make([]byte, rnd.IntN(200))
			for i := range raw {
				if rnd.IntN(2) == 0 { // many zeros, so that strings end
					raw[i] = byte(rnd.Uint32())
				}
			}
			r := etw.Record{ID: tmpl.ID, Version: byte(rnd.IntN(4)), UserData: raw}
			requireFirstExact(t, c, &r)
			c.Decode(&r, &d)
			require.LessOrEqual(t, len(d.Rest), len(raw))
			require.Equal(t, d.Exact, len(d.Rest) == 0 && len(d.Values) == len(d.Template.Fields))
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	c := DNSServer()
	r := etw.Record{ID: 257, UserData: recorded257()}
	var d Decoded
	require.Zero(t, testing.AllocsPerRun(100, func() { c.Decode(&r, &d) }))
}

func TestTextThatIsNotTextBecomesText(t *testing.T) {
	require.Equal(t, "a\uFFFDb\U0001F600", string(AppendUTF16(nil, []byte{'a', 0, 0x00, 0xD8, 'b', 0, 0x3D, 0xD8, 0x00, 0xDE})))
	require.Equal(t, "\uFFFD", string(AppendUTF16(nil, []byte{0x00, 0xD8})))
	require.Equal(t, "abcdefg\u00fc\u4e2dh", string(AppendUTF16(nil, []byte("a\x00b\x00c\x00d\x00e\x00f\x00g\x00\xfc\x00\x2d\x4eh\x00"))))
	require.Equal(t, "b\u00fccher", string(AppendANSI(nil, []byte("b\xfccher"))))
	require.Equal(t, "b\u00fccher", string(AppendANSI(nil, []byte("b\u00fccher"))))
}

func FuzzDecode(f *testing.F) {
	f.Add(uint16(257), uint8(0), []byte(recorded257()))
	f.Add(uint16(3020), uint8(2), []byte(data{}.wide("a").u32(1)))
	server, client := DNSServer(), DNSClient()
	f.Fuzz(func(t *testing.T, id uint16, version uint8, raw []byte) {
		for _, c := range []*Catalog{server, client} {
			requireFirstExact(t, c, &etw.Record{ID: id, Version: version, UserData: raw})
			var d Decoded
			c.Decode(&etw.Record{ID: id, Version: version, UserData: raw}, &d)
			if d.Exact && len(d.Rest) != 0 {
				t.Fatal("exact with a rest")
			}
		}
	})
}

func BenchmarkDecode257(b *testing.B) {
	c := DNSServer()
	r := etw.Record{ID: 257, UserData: recorded257().wide("")}
	var d Decoded
	b.ReportAllocs()
	for b.Loop() {
		c.Decode(&r, &d)
	}
}
