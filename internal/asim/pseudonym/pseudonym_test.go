// SPDX-License-Identifier: Apache-2.0

package pseudonym

import (
	"bytes"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const all = Addresses | Names | Users | Processes | MACs

var testKey = []byte("0123456789abcdef0123456789abcdef")

// The key and the addresses of the sample trace that comes with the authors' implementation of Crypto-PAn.
func TestAddressesHaveThePseudonymsOfTheReferenceImplementation(t *testing.T) {
	key := [32]byte{21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16, 216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2}
	p := New(Addresses, testKey)
	p.address = newCryptoPAn(key)
	for _, pair := range [][2]string{
		{"128.11.68.132", "135.242.180.132"}, {"129.118.74.4", "134.136.186.123"}, {"130.132.252.244", "133.68.164.234"},
		{"141.223.7.43", "141.167.8.160"}, {"141.233.145.108", "141.129.237.235"}, {"152.163.225.39", "151.140.114.167"}, {"156.29.3.236", "147.225.12.42"},
	} {
		require.Equal(t, pair[1], p.Addr(netip.MustParseAddr(pair[0])).String(), pair[0])
	}
}

// A value that several other implementations test IPv6 with.
func TestIPv6HasThePseudonymOfOtherImplementations(t *testing.T) {
	var key [32]byte
	for i := range key {
		key[i] = byte(i)
	}
	p := New(Addresses, testKey)
	p.address = newCryptoPAn(key)
	require.Equal(t, "dd92:2c44:3fc0:ff1e:7ff9:c7f0:8180:7e00", p.Addr(netip.MustParseAddr("2001:db8::1")).String())
	require.Equal(t, "2.90.93.17", p.Addr(netip.MustParseAddr("192.0.2.1")).String())
}

func TestPseudonymsOfAddressesShareThePrefixThatTheAddressesShare(t *testing.T) {
	p := New(all, testKey)
	random := rand.New(rand.NewPCG(1, 2))
	common := func(a, b []byte) (n int) {
		for i := range a {
			if x := a[i] ^ b[i]; x != 0 {
				return n + bits.LeadingZeros8(x)
			}
			n += 8
		}
		return n
	}
	for _, size := range []int{4, 16} {
		for range 200 {
			a := make([]byte, size)
			for i := range a {
				a[i] = byte(random.Uint32())
			}
			b := bytes.Clone(a)
			at := random.IntN(8 * size)
			b[at/8] ^= 0x80 >> (at % 8)
			for i := at/8 + 1; i < size; i++ {
				b[i] = byte(random.Uint32())
			}
			pa, pb := bytes.Clone(a), bytes.Clone(b)
			p.address.replace(pa)
			p.address.replace(pb)
			require.Equal(t, common(a, b), common(pa, pb), "%v %v", a, b) // so no two addresses have one pseudonym
			again := bytes.Clone(a)
			p.address.replace(again)
			require.Equal(t, pa, again)
		}
	}
}

func TestAnAddressHasOnePseudonymInAllItsForms(t *testing.T) {
	p := New(all, testKey)
	want := p.Addr(netip.MustParseAddr("192.168.1.7"))
	require.True(t, want.Is4())
	require.NotEqual(t, "192.168.1.7", want.String())
	require.Equal(t, want, p.Addr(netip.MustParseAddr("::ffff:192.168.1.7")))
	require.Equal(t, p.Addr(netip.MustParseAddr("fe80::1")), p.Addr(netip.MustParseAddr("fe80::1%eth0")))
	require.NotEqual(t, want, New(all, []byte("another key 0123456789abcdef....")).Addr(netip.MustParseAddr("192.168.1.7")))
	require.Equal(t, netip.Addr{}, p.Addr(netip.Addr{}))

	w := want.As4()
	reversed := netip.AddrFrom4([4]byte{w[3], w[2], w[1], w[0]}).String() + ".in-addr.arpa"
	require.Equal(t, reversed, string(p.Name(nil, []byte("7.1.168.192.in-addr.arpa"))))
	require.Equal(t, strings.SplitN(reversed, ".", 2)[1]+".", string(p.Name(nil, []byte("1.168.192.in-addr.arpa."))), "a zone is the pseudonym's")
	six := p.Addr(netip.MustParseAddr("2001:db8::5")).As16()
	name := ""
	for i := 15; i >= 0; i-- {
		name += string("0123456789abcdef"[six[i]&15]) + "." + string("0123456789abcdef"[six[i]>>4]) + "."
	}
	require.Equal(t, name+"ip6.arpa", string(p.Name(nil, []byte("5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.IP6.ARPA"))))

	only := New(Addresses, testKey)
	keep := func(string) bool { return false }
	for text, masked := range map[string]string{
		"192.168.1.7": want.String(), "192.168.1.7:53": want.String() + ":53", "[192.168.1.7]": "[" + want.String() + "]",
		"192.168.1.7;www.example.com":      want.String() + ";www.example.com",
		"host-192-168-1-7.example.com":     "host-" + strings.ReplaceAll(want.String(), ".", "-") + ".example.com",
		"192.168.1.7.example.com":          want.String() + ".example.com",
		"CNAME 7.1.168.192.in-addr.arpa":   "CNAME " + reversed,
		"ServerList=192.168.1.7,10.1":      "ServerList=" + want.String() + ",10.1",
		"::ffff:192.168.1.7;":              want.String() + ";",
		"TYPE65535 \\# 4 C0A80107":         "TYPE65535 \\# 4",
		"10.0.26100.1 2026-03-04 12:34:56": "10.0.26100.1 2026-03-04 12:34:56",
		"1.168.192.in-addr.arpa.dns":       strings.SplitN(reversed, ".", 2)[1] + ".dns",
		"192.168.1.0/24":                   netip.PrefixFrom(want, 24).Masked().String(),
	} {
		require.Equal(t, masked, string(only.Text(nil, []byte(text), keep)), text)
	}
}

func TestANameKeepsItsStructureAndNothingElse(t *testing.T) {
	p := New(Names, testKey)
	name := func(s string) string { return string(p.Name(nil, []byte(s))) }
	www, parent := name("www.example.com"), name("example.com")
	require.Regexp(t, `^[a-z2-7]{13}\.[a-z2-7]{13}\.[a-z2-7]{13}$`, www)
	require.True(t, strings.HasSuffix(www, "."+parent))
	require.True(t, strings.HasSuffix(parent, "."+name("com")))
	require.Equal(t, www, name("WWW.Example.COM"))
	require.Equal(t, www+".", name("www.example.com."))
	require.NotEqual(t, strings.SplitN(www, ".", 2)[0], strings.SplitN(name("www.example.org"), ".", 2)[0], "a label's pseudonym depends on its domain")
	require.Equal(t, "*."+parent, name("*.example.com"))
	require.Equal(t, ".", name("."))
	require.Empty(t, name(""))
	require.Len(t, strings.Split(name(`a\.b.example.com`), "."), 3)
	require.NotContains(t, name("1.1.168.192.in-addr.arpa"), "168")
	require.NotContains(t, name("1.1.168.192.in-addr.arpa"), "arpa")
	require.NotEqual(t, www, string(New(Names, []byte("another key 0123456789abcdef....")).Name(nil, []byte("www.example.com"))))

	require.Len(t, name(strings.Repeat("a.", 40_000)), 14, "a text that is too long for a name has one pseudonym")
	require.Equal(t, maxLabels, strings.Count(name(strings.TrimSuffix(strings.Repeat("a.", 400), ".")), ".")+1)
}

func TestATextHasPseudonymsForItsNames(t *testing.T) {
	p := New(Names, testKey)
	keep := func(w string) bool { return w == "MX" || w == "TXT" }
	mail := string(p.Name(nil, []byte("mail.example.com")))
	require.Equal(t, "MX 10 "+mail, string(p.Text(nil, []byte("MX 10 mail.example.com"), keep)))
	require.Equal(t, "192.0.2.1; "+mail+",", string(p.Text(nil, []byte("192.0.2.1; mail.example.com,"), keep)))
	require.NotContains(t, string(p.Text(nil, []byte(`TXT "v=spf1 include:_spf.example.com ä"`), keep)), "spf")
}

func TestOtherValuesHaveStablePseudonyms(t *testing.T) {
	p := New(all, testKey)
	require.Equal(t, p.Opaque(nil, []byte(`CONTOSO\alice`)), p.Opaque(nil, []byte(`contoso\ALICE`)))
	require.Len(t, p.Opaque(nil, []byte("S-1-5-18")), opaqueSize)
	mac := p.MAC([6]byte{2, 0, 0, 0, 0, 1})
	require.Equal(t, mac, p.MAC([6]byte{2, 0, 0, 0, 0, 1}))
	require.NotEqual(t, mac, p.MAC([6]byte{2, 0, 0, 0, 0, 2}))
	require.EqualValues(t, 2, mac[0]&3, "a local address of one host")
	require.Zero(t, p.EventID([16]byte{}))
	require.NotEqual(t, [16]byte{1}, p.EventID([16]byte{1}))
	id := p.EventID([16]byte{0x0a, 0xbc})
	require.Equal(t, [16]byte(id), p.EventID([16]byte{0x0a, 0xbc}))
	require.Equal(t, "{x}", p.EventIDText("{x}"))
	require.Len(t, p.EventIDText(strings.Repeat("0a", 16)), 32)
	var off *Pseudonymizer
	require.Equal(t, "0a", off.EventIDText("0a"))
	require.Equal(t, [6]byte{1}, off.MAC([6]byte{1}))
	require.False(t, off.Has(all))
}

func TestTheSectionRefusesWhatCannotProtect(t *testing.T) {
	for want, c := range map[string]Config{
		"":                                      {},
		"fields: want at least one field":       {Key: "d41d8cd98f00b204e9800998ecf8427e"},
		"found none":                            {Fields: []string{"SrcIpAddr"}},
		"key: want at least 32 bytes, found 31": {Fields: []string{"SrcIpAddr"}, Key: "d41d8cd98f00b204e9800998ecf8427"},
		"different bytes, found 1":              {Fields: []string{"SrcIpAddr"}, Key: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
	} {
		err := c.Validate()
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
		if c.Key != "" {
			require.NotContains(t, err.Error(), string(c.Key), "the error has no key")
		}
	}
	c := Config{Fields: []string{"SrcIpAddr", "DnsQuery"}, Key: "d41d8cd98f00b204e9800998ecf8427e"}
	require.NoError(t, c.Validate())
	require.NoError(t, c.Check(DNS()))
	require.ErrorContains(t, c.Check(Network()), `"DnsQuery" is no field that can be replaced; want one of Dst, `)
	secret := strings.Repeat("0123456789abcdef", 4)
	c.Fields = []string{secret}
	require.ErrorContains(t, c.Check(Network()), "a text of 64 bytes is no field that can be replaced")
	require.NotContains(t, c.Check(Network()).Error(), secret)
	c.Fields = []string{"SrcIpAddr", "SrcIpAddr"}
	require.ErrorContains(t, c.Check(DNS()), "twice")
	require.Nil(t, (&Config{}).New(DNS()))
	require.NotContains(t, fmt.Sprint(c), "d41d8cd98f00b204e9800998ecf8427e", "nothing prints the key")
}

func TestTheDocumentNamesEveryField(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/privacy.md")
	require.NoError(t, err)
	for _, table := range []Table{DNS(), Network()} {
		for name := range table {
			require.Contains(t, string(raw), "`"+name+"`", name)
		}
	}
}

func BenchmarkAddr(b *testing.B) {
	p := New(all, testKey)
	for name, addr := range map[string]netip.Addr{"IPv4": netip.MustParseAddr("192.0.2.1"), "IPv6": netip.MustParseAddr("2001:db8::1")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Addr(addr)
			}
		})
	}
}

func BenchmarkName(b *testing.B) {
	p := New(all, testKey)
	name, dst := []byte("www.example.com"), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		dst = p.Name(dst[:0], name)
	}
}

// FuzzText replaces what any text holds: the result is as stable as the text, and no address or name that stands alone remains.
func FuzzText(f *testing.F) {
	for _, text := range []string{
		"192.0.2.1", "2001:db8::1%3", "1.2.0.192.in-addr.arpa", "www.example.com.", `CNAME a\.b.example.com`, "[2001:db8::1]:53;10.0.0.0/8", `TYPE1 \# 4 C0000201`,
		"8.b.d.0.1.0.0.2.ip6.arpa", "::ffff:192.0.2.1", strings.Repeat("1.", 300), strings.Repeat("::", 300), "\\", "a\\", ".", "..", "\xff",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keep := func(string) bool { return false }
		for _, kinds := range []Kind{Addresses, Names, all} {
			p := New(kinds, testKey)
			got := string(p.Text(nil, []byte(text), keep))
			require.Equal(t, got, string(p.Text(nil, []byte(text), keep)))
			require.Equal(t, got, string(New(kinds, testKey).Text(nil, []byte(text), keep)))
			p.Name(nil, []byte(text))
			p.Host(nil, []byte(text))
			if addr, err := netip.ParseAddr(text); err == nil && kinds.has(Addresses) {
				require.NotEqual(t, addr.WithZone("").String(), got)
			}
		}
	})
}

func (k Kind) has(kinds Kind) bool { return k&kinds != 0 }
