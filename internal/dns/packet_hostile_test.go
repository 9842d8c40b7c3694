// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// hostile builds the packets that cost a careless reader most: responses of 64 KiB.
func hostile(t testing.TB) map[string][]byte {
	t.Helper()
	const size, nameless = 65535, 1 + recordFixed
	add := func(b []byte, owner string, typ uint16, data []byte) []byte {
		b = binary.BigEndian.AppendUint16(append(b, owner...), typ)
		b = append(b, 0, 1, 0, 0, 0, 0)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...)
		binary.BigEndian.PutUint16(b[6:], binary.BigEndian.Uint16(b[6:])+1)
		return b
	}
	header := []byte{0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	of := func(typ uint16, data []byte) []byte {
		b := header[:messageHeader:messageHeader]
		for len(b)+nameless+len(data) <= size {
			b = add(b, "\x00", typ, data)
		}
		return b
	}
	bitmap := []byte{0} // NSEC: the root, then all types there are
	for window := range 256 {
		bitmap = append(append(bitmap, byte(window), 32), strings.Repeat("\xFF", 32)...)
	}

	// One long name, a chain of pointers to it, and thousands of names that point to the chain's end.
	const first = messageHeader + nameless
	chain := []byte(strings.Repeat("\x3D"+strings.Repeat("\xFF", 61), 4) + "\x00")
	next := 0xC000 | uint16(first)
	for range maxNamePointers - 1 {
		chain = binary.BigEndian.AppendUint16(chain, next)
		next = 0xC000 | uint16(first+len(chain)-2)
	}
	pointers := add(header[:messageHeader:messageHeader], "\x00", dns.TypeNULL, chain)
	end := string(binary.BigEndian.AppendUint16(nil, next))
	for len(pointers)+2+recordFixed+2 <= size {
		pointers = add(pointers, end, dns.TypeNS, []byte(end))
	}
	return map[string][]byte{
		"empty records":       of(dns.TypeNULL, nil),
		"all types there are": of(dns.TypeNSEC, bitmap),
		"many types":          of(dns.TypeNSEC, bitmap[:1+7*34]),
		"long texts":          of(dns.TypeTXT, []byte(strings.Repeat(strings.Repeat("\xFF", 256), 255))),
		"circles of names":    of(dns.TypeTALINK, []byte(strings.Repeat("\xC0\x0C", 60))),
		"pointers":            pointers,
	}
}

func TestHostilePacketsEndWithBoundedAnswers(t *testing.T) {
	for name, packet := range hostile(t) {
		require.LessOrEqual(t, len(packet), 65535)
		var m Message
		err := m.Read(packet)
		require.Equal(t, name == "circles of names", err != nil, name)
		requireBounded(t, &m)
	}
}

func BenchmarkHostilePackets(b *testing.B) {
	for name, packet := range hostile(b) {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			var m Message
			b.SetBytes(int64(len(packet)))
			for b.Loop() {
				_ = m.Read(packet)
			}
		})
	}
}

func requireBounded(t testing.TB, m *Message) {
	t.Helper()
	require.LessOrEqual(t, m.Answers.Len(), maxAnswers)
	require.LessOrEqual(t, len(m.Answers.text), maxAnswersText)
}

// rooted adds the dot of the root to a name, which has it only if it is the root. A dot at its end may be one of its last label: \.
func rooted(name string) string {
	if name == "." || strings.HasSuffix(name, " .") {
		return name
	}
	return name + "."
}

func FuzzMessage(f *testing.F) {
	f.Add(fromHex(f, recorded257))
	f.Add(fromHex(f, recorded261))
	f.Add(packed(f, func(m *dns.Msg) { m.SetEdns0(1232, true); m.Rcode = dns.RcodeBadVers }, "x. 60 IN SOA ns. admin. 1 2 3 4 5", `x. 60 IN SVCB 1 a. port=53`))
	truncated := packed(f, func(m *dns.Msg) { m.Truncated = true }, "x. 60 IN A 192.0.2.1", "x. 60 IN A 192.0.2.2")
	for _, end := range []int{messageHeader + 3, len(truncated) - 16, len(truncated) - 3} {
		f.Add(truncated[:end])
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		var m Message
		err := m.Read(packet)
		requireBounded(t, &m)
		var theirs dns.Msg
		if theirs.Unpack(packet) != nil {
			return
		}
		if short := new(Message); errors.Is(short.read(packet), errShort) {
			return // the library forgives a message that ends between two records, or in a question
		}
		require.NoError(t, err, "the library reads it")
		if len(theirs.Question) > 0 {
			require.Equal(t, theirs.Question[0].Qtype, m.QueryType)
			require.Equal(t, theirs.Question[0].Qclass, m.QueryClass)
			require.Equal(t, theirs.Question[0].Name, string(m.AppendQueryName(nil, packet)))
		}
		if theirs.Response && theirs.Opcode != dns.OpcodeUpdate {
			require.Equal(t, len(theirs.Answer), m.Answers.Count)
			for i := range m.Answers.Len() {
				owner := string(m.Answers.AppendOwner(nil, packet, i))
				require.Equal(t, theirs.Answer[i].Header().Name, rooted(owner))
				if alias, ok := theirs.Answer[i].(*dns.CNAME); ok && alias.Target != "" {
					require.Equal(t, "CNAME "+alias.Target, rooted(string(m.Answers.At(i))))
				}
			}
		}
	})
}

func TestAMessageKeepsNothingOfTheOneBefore(t *testing.T) {
	query := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
	query.Response, query.Rcode = true, dns.RcodeNameError
	query.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: "www.example.com.", Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, 1)}}
	query.SetEdns0(4096, false).IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, SourceScope: 20, Address: net.IPv4(198, 51, 100, 0)}}
	full, err := query.Pack()
	require.NoError(t, err)
	update := new(dns.Msg).SetUpdate("example.com.")
	update.Insert(query.Answer)
	changes, err := update.Pack()
	require.NoError(t, err)

	var m, fresh Message
	require.NoError(t, m.Read(full))
	require.True(t, m.ClientSubnet.IsValid() && m.Answers.HasTTL && m.HasQuestion)
	require.NoError(t, m.Read(changes))
	require.Equal(t, 1, m.Updates.Len())
	header := make([]byte, messageHeader)
	require.NoError(t, m.Read(header))
	require.NoError(t, fresh.Read(header))
	for _, left := range []*Message{&m, &fresh} { // the memory of the lists stays
		require.Zero(t, len(left.Answers.text)+len(left.Answers.ends)+len(left.Answers.heads)+len(left.Updates.list)+len(left.Updates.text))
		left.Answers.text, left.Answers.ends, left.Answers.heads, left.Updates.list, left.Updates.text = nil, nil, nil, nil, nil
	}
	require.Equal(t, fresh, m)
}
