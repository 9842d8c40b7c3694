// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// recorded257 is the packet of a RESPONSE_SUCCESS that a Windows Server 2022 wrote, and recorded261 of a RECURSE_RESPONSE_IN, from
// Elastic's published test events.
const (
	recorded257 = "00078180000100010000000006676F6F676C6502657300001C0001C00C001C00010000012C00102607F8B040040C17000000000000005E"
	recorded261 = "382F8400000100010000000106676F6F676C6502657300001C0001C00C001C00010000012C00102607F8B040040C17000000000000005E0000290200000080000000"
)

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// packed makes the bytes of a response whose answers are given in master file form.
func packed(t testing.TB, change func(*dns.Msg), answers ...string) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion("www.example.com.", dns.TypeA)
	m.Id, m.Response, m.Compress = 0x1234, true, true
	for _, text := range answers {
		rr, err := dns.NewRR(text)
		require.NoError(t, err)
		m.Answer = append(m.Answer, rr)
	}
	if change != nil {
		change(m)
	}
	b, err := m.Pack()
	require.NoError(t, err)
	return b
}

func read(t testing.TB, packet []byte) *Message {
	t.Helper()
	var m Message
	require.NoError(t, m.Read(packet))
	return &m
}

// listed gives the answers as texts.
func listed(a *Answers) (list []string) {
	for i := range a.Len() {
		list = append(list, string(a.At(i)))
	}
	return list
}

func TestRecordedPacketsAreRead(t *testing.T) {
	packet := fromHex(t, recorded257)
	m := read(t, packet)
	require.Equal(t, &Message{
		ID: 7, Flags: 0x8180, HasQuestion: true, QueryType: dns.TypeAAAA, QueryClass: dns.ClassINET,
		Answers: Answers{
			Count: 1, MinTTL: 300, HasTTL: true, text: []byte("2607:f8b0:4004:c17::5e"), ends: []int{22},
			heads: []answerHead{{typ: dns.TypeAAAA, ttl: 300, owner: 27, known: true}},
		},
	}, m)
	require.Equal(t, "google.es.", string(m.AppendQueryName(nil, packet)))
	m = read(t, fromHex(t, recorded261))
	require.Equal(t, uint16(0x8400), m.Flags)
	require.Equal(t, []string{"2607:f8b0:4004:c17::5e"}, listed(&m.Answers))
}

func TestAMessageThatSaysItWasTruncatedKeepsWhatIsWhole(t *testing.T) {
	packet := packed(t, func(m *dns.Msg) { m.Truncated, m.Compress = true, false }, "www.example.com. 60 IN CNAME a.example.net.", "a.example.net. 7 IN A 192.0.2.1")
	question := messageHeader + len("\x03www\x07example\x03com\x00") + questionFixed
	first := question + len("\x03www\x07example\x03com\x00") + recordFixed + len("\x01a\x07example\x03net\x00")
	var m Message
	for n := messageHeader; n < len(packet); n++ {
		require.NoError(t, m.Read(packet[:n]), "%d bytes", n)
		require.Equal(t, n >= question, m.HasQuestion, "%d bytes", n)
		if n >= first {
			require.Equal(t, []string{"CNAME a.example.net"}, listed(&m.Answers), "%d bytes", n)
			require.Equal(t, uint32(60), m.Answers.MinTTL, "of what was read")
		} else {
			require.Empty(t, listed(&m.Answers), "%d bytes", n)
			require.False(t, m.Answers.HasTTL)
		}
	}
	require.NoError(t, m.Read(packet))
	require.Equal(t, uint32(7), m.Answers.MinTTL)
	for n := range messageHeader {
		require.Error(t, m.Read(packet[:n]), "%d bytes are no header", n)
	}
	damaged := slices.Clone(packet)
	damaged[messageHeader] = 0x80 // a label of a reserved kind
	require.Error(t, m.Read(damaged), "truncated is not damaged")
}

func TestAnswersKnowTheirNameTypeAndTTL(t *testing.T) {
	packet := packed(t, nil, "WWW.example.com. 60 IN CNAME Edge.example.net.", "Edge.example.net. 30 IN A 192.0.2.1", ". 90 IN TXT \"a b\"")
	m := read(t, packet)
	type known struct {
		owner, data string
		typ         uint16
		ttl         uint32
	}
	var got []known
	for i := range m.Answers.Len() {
		typ, ok := m.Answers.Type(i)
		require.True(t, ok)
		ttl, ok := m.Answers.TTL(i)
		require.True(t, ok)
		got = append(got, known{string(m.Answers.AppendOwner(nil, packet, i)), string(m.Answers.At(i)[m.Answers.DataAt(i):]), typ, ttl})
	}
	require.Equal(t, []known{
		{"WWW.example.com", "Edge.example.net", dns.TypeCNAME, 60}, {"Edge.example.net", "192.0.2.1", dns.TypeA, 30}, {".", `"a b"`, dns.TypeTXT, 90},
	}, got)
	require.Equal(t, uint32(30), m.Answers.MinTTL)

	m = read(t, packed(t, nil, "x. 2147483648 IN A 192.0.2.1"))
	require.Equal(t, uint32(0), m.Answers.MinTTL, "RFC 2181: the top bit is never set")

	var a Answers
	a.Listed([]byte("type: 5 Edge.example.net;192.0.2.1;2001:db8::1;type: 65;what ever;"))
	var texts []string
	for i := range a.Len() {
		typ, ok := a.Type(i)
		_, timed := a.TTL(i)
		require.False(t, timed)
		require.Empty(t, a.AppendOwner(nil, nil, i))
		texts = append(texts, fmt.Sprintf("%d %t %s", typ, ok, a.At(i)[a.DataAt(i):]))
	}
	require.Equal(t, []string{"5 true Edge.example.net", "1 true 192.0.2.1", "28 true 2001:db8::1", "65 true ", "0 false what ever"}, texts)
}

func TestEveryCutOfAPacketIsAnErrorAndNoPanic(t *testing.T) {
	packet := packed(t, func(m *dns.Msg) {
		m.Extra = append(m.Extra, &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}, Option: []dns.EDNS0{
			&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{192, 0, 2, 0}},
		}})
	}, "www.example.com. 60 IN CNAME a.example.net.", "a.example.net. 60 IN A 192.0.2.1", "a.example.net. 60 IN MX 10 mail.example.net.")
	var m Message
	for n := range packet {
		if n == messageHeader {
			require.NoError(t, m.Read(packet[:n]), "a header alone is a message")
			continue
		}
		require.ErrorContains(t, m.Read(packet[:n]), "DNS message of ", "%d bytes", n)
	}
	require.NoError(t, m.Read(packet))
}

func TestAnswersOfAnyTypeHaveOneForm(t *testing.T) {
	m := read(t, packed(t, nil,
		"www.example.com. 60 IN CNAME edge.example.net.", "edge.example.net. 60 IN A 192.0.2.1", "edge.example.net. 60 IN AAAA 2001:db8::1",
		"x. 60 IN MX 10 mail.example.net.", "x. 60 IN MX 0 .", "x. 60 IN SRV 0 100 389 dc1.example.com.", `x. 60 IN TXT "v=spf1 -all" "a;b"`,
		"x. 60 IN PTR host.example.com.", "x. 60 IN NS ns.example.com.", "x. 60 IN CNAME .", "x. 60 IN SOA ns.example. admin.example. 1 2 3 4 5",
		`x. 60 IN HTTPS 1 . alpn="h2"`, "x. 60 IN TYPE65281 \\# 4 01020304", "x. 60 IN TXT \"\\195\\188\\255\"",
		"x. 60 IN NSEC a. A RRSIG",
	))
	require.Equal(t, []string{
		"CNAME edge.example.net", "192.0.2.1", "2001:db8::1", "MX 10 mail.example.net", "MX 0 .", "SRV 0 100 389 dc1.example.com",
		`TXT "v=spf1 -all" "a;b"`, "PTR host.example.com", "NS ns.example.com", "CNAME .", "SOA ns.example. admin.example. 1 2 3 4 5",
		`HTTPS 1 . alpn="h2"`, `TYPE65281 \# 4 01020304`, `TXT "\195\188\255"`, "NSEC a. A RRSIG",
	}, listed(&m.Answers))
	require.Equal(t, m.Answers.Len(), m.Answers.Count)
}

func TestOnlyAResponseThatIsNoUpdateHasAnswers(t *testing.T) {
	query := read(t, packed(t, func(m *dns.Msg) { m.Response = false }, "www.example.com. 60 IN A 192.0.2.1"))
	require.Empty(t, listed(&query.Answers))
	require.Zero(t, query.Answers.Count)
	update := read(t, packed(t, func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }, "www.example.com. 60 IN A 192.0.2.1"))
	require.Empty(t, listed(&update.Answers), "they are what the update presumes")
	notify := read(t, packed(t, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }, "www.example.com. 60 IN A 192.0.2.1"))
	require.Equal(t, []string{"192.0.2.1"}, listed(&notify.Answers))
}

func TestTheResponseCodeHasTheBitsOfEDNS(t *testing.T) {
	m := read(t, packed(t, func(m *dns.Msg) { m.SetEdns0(1232, false); m.Rcode = dns.RcodeBadCookie }))
	require.Equal(t, uint16(23), m.RCode)
	require.Equal(t, uint16(7), m.Flags&0xF, "the header's four bits")
	m = read(t, packed(t, func(m *dns.Msg) { m.Rcode = dns.RcodeNameError }))
	require.Equal(t, uint16(3), m.RCode)
}

func TestTheClientSubnetIsRead(t *testing.T) {
	with := func(family uint16, bits, scope uint8, addr string) []byte {
		return packed(t, func(m *dns.Msg) {
			o := new(dns.OPT)
			o.Hdr.Name, o.Hdr.Rrtype = ".", dns.TypeOPT
			a := netip.MustParseAddr(addr)
			o.Option = []dns.EDNS0{
				&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"},
				&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: family, SourceNetmask: bits, SourceScope: scope, Address: a.AsSlice()},
			}
			m.Extra = append(m.Extra, o)
		})
	}
	m := read(t, with(1, 24, 20, "198.51.100.0"))
	require.Equal(t, "198.51.100.0/24", m.ClientSubnet.String())
	require.Equal(t, uint8(20), m.SubnetScope)
	m = read(t, with(2, 56, 0, "2001:db8:0:ab00::"))
	require.Equal(t, "2001:db8:0:ab00::/56", m.ClientSubnet.String())

	var n Message
	raw := with(1, 24, 0, "198.51.100.0")
	bits := strings.Index(string(raw), "\x00\x08\x00\x07\x00\x01\x18") + 6
	raw[bits] = 33
	require.ErrorContains(t, n.Read(raw), "client subnet of family 1 with 33 bits in 3 bytes")
	raw[bits] = 25
	require.ErrorContains(t, n.Read(raw), "with 25 bits in 3 bytes")
}

func TestNamesThatDoNotEndAreErrors(t *testing.T) {
	header := fromHex(t, "000101000001000000000000")
	var m Message
	for name, tail := range map[string]string{
		"circles":     "C00C" + "00010001",     // a pointer to itself
		"in circles":  "0161C00C" + "00010001", // a label and back
		"reserved":    "8001" + "00010001",     //
		"longer than": strings.Repeat("3F"+strings.Repeat("61", 63), 4) + "00" + "00010001",
		"ends before": "C0FF" + "00010001", // a pointer behind the end
	} {
		require.ErrorContains(t, m.Read(append(header[:12:12], fromHex(t, tail)...)), name)
	}
	require.NoError(t, m.Read(append(header[:12:12], fromHex(t, strings.Repeat("3D"+strings.Repeat("61", 61), 4)+"00"+"00010001")...)))
}

func TestDataThatIsNotOfItsTypeIsAnError(t *testing.T) {
	good := packed(t, nil, "www.example.com. 60 IN A 192.0.2.1")
	bad := good[:len(good)-1]
	bad[len(bad)-4] = 3 // bytes of data
	var m Message
	require.ErrorContains(t, m.Read(bad), "3 bytes are no data of type A")
	good = packed(t, nil, "www.example.com. 60 IN CNAME other.test.")
	require.NoError(t, m.Read(good))
	require.Equal(t, []string{"CNAME other.test"}, listed(&m.Answers))
	require.ErrorContains(t, m.Read(append(good[:len(good)-1:len(good)], 5)), "no data of type CNAME")
}

// The library reads data that ends between two of its fields, and gives the fields that are not there as zero.
func TestDataThatEndsEarlyIsNotFilledUp(t *testing.T) {
	const all = -1
	for text, fixed := range map[string]int{ // how many bytes of the data there must be
		"SOA ns. admin. 1 2 3 4 5": all, "MX 10 mail.": all, "SRV 1 2 389 dc1.": all, `NAPTR 1 2 "u" "E2U+sip" "!.*!x!" a.`: all, `HINFO "cpu" "os"`: all,
		"RP a. b.": all, "PX 1 a. b.": all, "AFSDB 1 a.": all, "KX 1 a.": all, "LOC 52 22 23.000 N 04 53 32.000 E -2m 1m 1m 1m": all, "EUI48 00-00-5e-00-53-2a": all,
		"DS 1 8 2 00FF": 4, "CDS 1 8 2 00FF": 4, "DNSKEY 257 3 8 AwEAAQ==": 4, "RRSIG A 8 2 60 20260102030405 20260101030405 7 a. AwEAAQ==": 21, "NSEC a. A": 3,
		"NSEC3 1 0 1 AB 0123456789ABCDEFGHIJKLMNOPQRSTUV A": 27, "NSEC3PARAM 1 0 1 AB": all, "TLSA 3 1 1 00ff": 3, "SSHFP 1 1 00FF": 2, `CAA 0 issue "ca."`: 7,
		`HTTPS 1 . alpn="h2"`: 3, `URI 1 2 "x"`: 4, "CERT PKIX 2 RSAMD5 AwEAAQ==": 5, "CSYNC 1 3 A": 6, "ZONEMD 1 1 1 " + strings.Repeat("00", 48): 6, `TXT "a" "b"`: 1,
	} {
		whole := packed(t, func(m *dns.Msg) { m.Compress = false }, "www.example.com. 60 IN "+text)
		answer := string(read(t, whole).Answers.At(0))
		require.Equal(t, strings.TrimSuffix(text, "."), answer)
		at := messageHeader + 2*len("\x03www\x07example\x03com\x00") + questionFixed + recordFixed
		data := whole[at:]
		if fixed == all {
			fixed = len(data)
		}
		typ, _, _ := strings.Cut(text, " ")
		for size := range data {
			short := slices.Clone(whole[:at+size])
			binary.BigEndian.PutUint16(short[at-2:], uint16(size))
			var m Message
			if m.Read(short) != nil {
				continue
			}
			got, general := string(m.Answers.At(0)), strings.TrimSpace(fmt.Sprintf(`%s \# %d %x`, typ, size, data[:size]))
			if size < fixed {
				require.Equal(t, general, got, text)
			} else {
				require.NotEqual(t, general, got, text)
				require.Equal(t, strings.TrimSpace(got), got, text)
			}
		}
	}
	ipsec := read(t, packed(t, nil, "x. 60 IN IPSECKEY 10 1 2 192.0.2.38 AwEAAQ=="))
	require.Equal(t, []string{`IPSECKEY \# 11 0a0102c000022603010001`}, listed(&ipsec.Answers), "a type of another kind of layout")
}

func TestALongListOfAnswersIsCutAndCounted(t *testing.T) {
	var many []string
	for range 200 {
		many = append(many, "www.example.com. 60 IN A 192.0.2.1")
	}
	m := read(t, packed(t, nil, many...))
	require.Equal(t, maxAnswers, m.Answers.Len())
	require.Equal(t, 200, m.Answers.Count)
}

func TestResultsOfTheDNSClientHaveTheSameForm(t *testing.T) {
	for results, want := range map[string][]string{
		"":           nil,
		";;":         nil,
		"192.0.2.1;": {"192.0.2.1"},
		"::ffff:104.20.23.154;::ffff:172.66.147.243;":                  {"104.20.23.154", "172.66.147.243"},
		"type: 5 www.example.net;type:  5 a.example.org;23.46.90.101;": {"CNAME www.example.net", "CNAME a.example.org", "23.46.90.101"},
		"type: 65;2001:DB8::1;":                                        {"HTTPS", "2001:db8::1"},
		"type: 16 some text.;type: 6553":                               {"TXT some text.", "TYPE6553"},
		"type: 33 0 100 389 dc1.example.com.;type: 6 ":                 {"SRV 0 100 389 dc1.example.com", "SOA"},
		"type: x y;type:;what ever":                                    {"type: x y", "type:", "what ever"},
		"type: 70000 x":                                                {"type: 70000 x"},
	} {
		var got Answers
		got.Listed([]byte(results))
		require.Equal(t, want, listed(&got), results)
		require.Len(t, want, got.Count)
	}
	for results, plain := range map[string]bool{
		"": true, ";": true, "type: 5 www.example.net;::1;192.0.2.1;": true, "type: 33 0 100 389 dc1.example.com;type: 65;type: 6553;": true,
		"type: 16 v=DKIM1; k=rsa; p=MIG;": false, "type: 16 x;192.0.2.1;": false, "type: 257 0 issue ca.example;": false,
		"what ever;": false, "type: 70000 x;": false,
	} {
		var got Answers
		got.Listed([]byte(results))
		require.Equal(t, plain, !got.Doubtful, results)
		got.Reset()
		require.False(t, got.Doubtful)
	}
	var got Answers
	got.Listed([]byte(strings.Repeat("192.0.2.1;", 1000)))
	require.Equal(t, maxAnswers, got.Len())
	require.Equal(t, 1000, got.Count)
}

func FuzzListedAnswers(f *testing.F) {
	f.Add("type:  5 www.example.net;::ffff:192.0.2.1;")
	f.Fuzz(func(t *testing.T, results string) {
		var got Answers
		got.Listed([]byte(results))
		require.LessOrEqual(t, got.Len(), got.Count)
		require.LessOrEqual(t, got.Len(), maxAnswers)
	})
}

func BenchmarkReadResponse(b *testing.B) {
	packet := fromHex(b, recorded261)
	var m Message
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Read(packet); err != nil {
			b.Fatal(err)
		}
	}
}
