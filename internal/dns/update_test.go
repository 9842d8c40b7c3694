// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// update packs an update of a zone.
func update(t testing.TB, zone string, change func(*dns.Msg)) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetUpdate(zone)
	change(m)
	raw, err := m.Pack()
	require.NoError(t, err)
	return raw
}

func rr(t testing.TB, text string) dns.RR {
	t.Helper()
	r, err := dns.NewRR(text)
	require.NoError(t, err)
	return r
}

// updatesOf lists the updates of a packet as text.
func updatesOf(t *testing.T, packet []byte) (list []string) {
	t.Helper()
	var m Message
	require.NoError(t, m.Read(packet))
	for i := range m.Updates.Len() {
		u := m.Updates.At(i)
		list = append(list, fmt.Sprintf("%s %s %s %d %s", u.Operation, u.Name, dns.Type(u.Type), u.TTL, u.Data))
	}
	return list
}

func TestAnUpdateListsWhatItAsksFor(t *testing.T) {
	packet := update(t, "corp.example.com.", func(m *dns.Msg) {
		m.RRsetUsed([]dns.RR{rr(t, "used.corp.example.com. 0 IN A 192.0.2.1")}) // prerequisites
		m.NameNotUsed([]dns.RR{rr(t, "new.corp.example.com. 0 IN A 192.0.2.1")})
		m.RemoveRRset([]dns.RR{rr(t, "ws1.corp.example.com. 0 IN A 192.0.2.1")})
		m.RemoveName([]dns.RR{rr(t, "old.corp.example.com. 0 IN A 192.0.2.1")})
		m.Remove([]dns.RR{rr(t, "ws2.corp.example.com. 0 IN A 192.0.2.2"), rr(t, "corp.example.com. 0 IN MX 10 mail.corp.example.com.")})
		m.Insert([]dns.RR{rr(t, "ws1.corp.example.com. 1200 IN A 10.1.4.27"), rr(t, `ws1.corp.example.com. 60 IN TXT "a;b"`), rr(t, "_sip._tcp.corp.example.com. 60 IN SRV 0 1 5060 ws1.corp.example.com.")})
		m.Extra = append(m.Extra, rr(t, "glue.corp.example.com. 60 IN A 192.0.2.9"))
	})
	require.Equal(t, []string{
		"delete_rrset ws1.corp.example.com A 0 ", "delete_name old.corp.example.com ANY 0 ", "delete ws2.corp.example.com A 0 192.0.2.2",
		"delete corp.example.com MX 0 10 mail.corp.example.com", "add ws1.corp.example.com A 1200 10.1.4.27",
		`add ws1.corp.example.com TXT 60 "a;b"`, "add _sip._tcp.corp.example.com SRV 60 0 1 5060 ws1.corp.example.com",
	}, updatesOf(t, packet))
	binary.BigEndian.PutUint16(packet[2:], binary.BigEndian.Uint16(packet[2:])|flagQR)
	require.Len(t, updatesOf(t, packet), 7, "a response may repeat the update")
}

func TestTheClassOfTheZoneSaysWhatIsAdded(t *testing.T) {
	packet := update(t, "example.", func(m *dns.Msg) {
		m.Question[0].Qclass = dns.ClassCHAOS
		m.Ns = []dns.RR{
			&dns.TXT{Hdr: dns.RR_Header{Name: "a.example.", Rrtype: dns.TypeTXT, Class: dns.ClassCHAOS, Ttl: 5}, Txt: []string{"x"}},
			&dns.TXT{Hdr: dns.RR_Header{Name: "b.example.", Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 6}, Txt: []string{"y"}},
		}
	})
	require.Equal(t, []string{`add a.example TXT 5 "x"`, `invalid b.example TXT 6 "y"`}, updatesOf(t, packet))
}

// records makes an update of raw records, each a name, type, class and data.
func records(list ...[]byte) []byte {
	packet := []byte{0, 1, 0x28, 0, 0, 0, 0, 0, 0, byte(len(list)), 0, 0}
	for _, r := range list {
		packet = append(packet, r...)
	}
	return packet
}

func rawRecord(name string, typ, class uint16, data string) []byte {
	b := binary.BigEndian.AppendUint16([]byte(name), typ)
	b = append(binary.BigEndian.AppendUint16(b, class), 0, 0, 0, 9)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...)
}

func TestWhatAnUpdateMayNotAskForIsSaidAsItIs(t *testing.T) {
	require.Equal(t, []string{
		`add . A 9 \# 3 0a0000`,   // no address
		`invalid a ANY 9 \# 1 01`, // nothing can be deleted so
		`invalid a ANY 9 `,        // class NONE is for one record
		`invalid a TYPE65280 9 `,  // a class that nobody knows
		`add a OPT 9 \# 2 0001`,   // no EDNS: it is not in the additional section
	}, updatesOf(t, records(rawRecord("\x00", 1, 1, "\x0a\x00\x00"), rawRecord("\x01a\x00", 255, 255, "\x01"), rawRecord("\x01a\x00", 255, 254, ""),
		rawRecord("\x01a\x00", 65280, 77, ""), rawRecord("\x01a\x00", 41, 1, "\x00\x01"))))
}

func TestOnlyAnUpdateHasUpdates(t *testing.T) {
	var m Message
	require.NoError(t, m.Read(update(t, "example.", func(m *dns.Msg) { m.Insert([]dns.RR{rr(t, "a.example. 1 IN A 192.0.2.1")}) })))
	require.Equal(t, 1, m.Updates.Count)
	require.NoError(t, m.Read(packed(t, func(m *dns.Msg) { m.Ns = []dns.RR{rr(t, "example. 1 IN NS a.example.")} })))
	require.Zero(t, m.Updates.Count+m.Updates.Len(), "an authority section")
}

func TestTheListOfUpdatesIsBounded(t *testing.T) {
	for name, packet := range hostile(t) {
		packet[2], packet[3] = 0x28, 0
		copy(packet[8:10], packet[6:8])
		packet[6], packet[7] = 0, 0
		var m Message
		err := m.Read(packet)
		require.NoError(t, err, "%s: data that cannot be read is bytes", name)
		require.Positive(t, m.Updates.Count, name)
		requireBoundedUpdates(t, &m)
	}
	var list [][]byte
	for range 200 {
		list = append(list, rawRecord("\x01a\x00", 1, 1, "\x0a\x00\x00\x01"))
	}
	var m Message
	require.NoError(t, m.Read(records(list...)))
	require.Equal(t, []int{200, maxAnswers}, []int{m.Updates.Count, m.Updates.Len()})
	require.NoError(t, m.Read(records(rawRecord("\x01a\x00", 65280, 1, strings.Repeat("x", 9000)))))
	require.Equal(t, []int{1, 0}, []int{m.Updates.Count, m.Updates.Len()})
}

func requireBoundedUpdates(t testing.TB, m *Message) {
	t.Helper()
	require.LessOrEqual(t, m.Updates.Len(), maxAnswers)
	require.LessOrEqual(t, len(m.Updates.text), maxAnswersText)
}

// An update is evidence of what somebody tried: a damaged one keeps what was whole.
func TestADamagedUpdateKeepsTheRecordsBeforeTheDamage(t *testing.T) {
	whole := update(t, "example.", func(m *dns.Msg) {
		m.NameUsed([]dns.RR{rr(t, "a.example. 0 IN A 192.0.2.1")})
		m.Insert([]dns.RR{rr(t, "a.example. 9 IN A 192.0.2.1"), rr(t, "b.example. 9 IN CNAME a.example."), rr(t, "c.example. 9 IN A 192.0.2.3")})
		m.Extra = []dns.RR{rr(t, "glue.example. 60 IN A 192.0.2.9")}
	})
	var m Message
	require.NoError(t, m.Read(whole))
	full := m.Updates.Len()
	require.Equal(t, 3, full)
	var all []string
	for i := range full {
		all = append(all, fmt.Sprint(m.Updates.At(i)))
	}
	last := 0
	for end := messageHeader; end < len(whole); end++ {
		err := m.Read(whole[:end])
		require.Equal(t, end == messageHeader, err == nil, "cut at %d: an error stays one", end)
		require.Equal(t, 3, m.Updates.Count, "the header's, cut at %d", end)
		require.GreaterOrEqual(t, m.Updates.Len(), last)
		last = m.Updates.Len()
		for i := range last {
			require.Equal(t, all[i], fmt.Sprint(m.Updates.At(i)), "cut at %d", end)
		}
	}
	require.Equal(t, full, last, "the damage behind the section takes nothing of it")

	malformed := records(rawRecord("\x01a\x00", 1, 1, "\x0a\x00\x00\x01"), rawRecord("\x80a\x00", 1, 1, "\x0a\x00\x00\x02"), rawRecord("\x01c\x00", 1, 1, "\x0a\x00\x00\x03"))
	require.ErrorIs(t, m.Read(malformed), errLabel)
	require.Equal(t, []int{3, 1}, []int{m.Updates.Count, m.Updates.Len()})
	require.Equal(t, "a add 10.0.0.1", fmt.Sprintf("%s %s %s", m.Updates.At(0).Name, m.Updates.At(0).Operation, m.Updates.At(0).Data))
	require.Error(t, m.Read(whole[:messageHeader-1]))
	require.Zero(t, m.Updates.Count+m.Updates.Len(), "nor is the list the one before it")
	answer := []byte{0, 1, 0xA8, 5, 0, 1, 0, 0, 0, 3, 0, 0}
	require.NoError(t, m.Read(answer))
	require.Zero(t, m.Updates.Count, "a refusal may be a header alone, whatever its counts say")
}

// FuzzDamagedUpdate cuts and changes an update: what is listed before the damage is what the whole one lists there.
func FuzzDamagedUpdate(f *testing.F) {
	whole := update(f, "example.", func(m *dns.Msg) {
		m.Insert([]dns.RR{rr(f, "a.example. 9 IN A 192.0.2.1"), rr(f, "b.example. 9 IN CNAME a.example."), rr(f, `c.example. 9 IN TXT "x"`)})
	})
	var m Message
	require.NoError(f, m.Read(whole))
	var all []string
	for i := range m.Updates.Len() {
		all = append(all, fmt.Sprint(m.Updates.At(i)))
	}
	f.Add(uint16(messageHeader), byte(0))
	f.Add(uint16(40), byte(0x80))
	f.Add(uint16(len(whole)-1), byte(0xC0))
	f.Fuzz(func(t *testing.T, at uint16, change byte) {
		var m Message
		end := min(int(at), len(whole))
		_ = m.Read(whole[:end])
		for i := range m.Updates.Len() {
			require.Equal(t, all[i], fmt.Sprint(m.Updates.At(i)), "cut at %d", end)
		}
		damaged := slices.Clone(whole)
		if end < len(whole) {
			damaged[end] ^= change
		}
		_ = m.Read(damaged)
		requireBoundedUpdates(t, &m)
		require.LessOrEqual(t, m.Updates.Len(), m.Updates.Count)
	})
}

// FuzzUpdate holds what is read of an update against the library's reading.
func FuzzUpdate(f *testing.F) {
	f.Add(update(f, "example.", func(m *dns.Msg) {
		m.RemoveRRset([]dns.RR{rr(f, "a.example. 0 IN A 192.0.2.1")})
		m.Insert([]dns.RR{rr(f, "a.example. 9 IN A 192.0.2.1"), rr(f, "b.example. 9 IN CNAME a.example.")})
	}))
	f.Add(records(rawRecord("\x01a\x00", 255, 255, "\x01"), rawRecord("\xc0\x0c", 5, 254, "\xc0\x0c")))
	f.Fuzz(func(t *testing.T, packet []byte) {
		if len(packet) > 2 {
			packet[2] = packet[2]&0x87 | dns.OpcodeUpdate<<3
		}
		var m Message
		err := m.Read(packet)
		requireBoundedUpdates(t, &m)
		var theirs dns.Msg
		if err != nil || theirs.Unpack(packet) != nil || len(theirs.Ns) != m.Updates.Count {
			return
		}
		for i := range m.Updates.Len() {
			u, h := m.Updates.At(i), theirs.Ns[i].Header()
			require.Equal(t, h.Name, dns.Fqdn(string(u.Name)))
			require.Equal(t, h.Rrtype, u.Type)
			if a, ok := theirs.Ns[i].(*dns.A); ok && len(a.A) == 4 {
				require.Equal(t, a.A.String(), string(u.Data))
			}
		}
	})
}
