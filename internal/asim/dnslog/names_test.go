// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"fmt"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// answering maps an event in a profile with a mapper that change sets up, and gives the record's attributes.
func answering(t *testing.T, p *dns.Provider, profile dns.Profile, id uint16, fields map[string]any, change func(*Mapper)) map[string]any {
	t.Helper()
	attrs, err := answered(p, profile, id, fields, change)
	require.NoError(t, err)
	return attrs
}

// answered is answering for fields that the event may not have.
func answered(p *dns.Provider, profile dns.Profile, id uint16, fields map[string]any, change func(*Mapper)) (map[string]any, error) {
	decoder, m := dns.NewDecoder(p), NewMapper(p, profile, dc1, "")
	change(m)
	for _, tmpl := range decoder.Templates() {
		if tmpl.ID != id || tmpl.Source != "" {
			continue
		}
		raw, err := tmpl.Encode(nil, 8, fields)
		if err != nil {
			return nil, err
		}
		e := dns.Event{Record: etw.Record{ID: id, Version: tmpl.Version, UserData: raw}}
		decoder.Decode(&e)
		records := m.Begin(plog.NewLogs())
		m.Append(records, &e, 1)
		return records.At(0).Attributes().AsRaw(), nil
	}
	return nil, fmt.Errorf("no event %d", id)
}

func lower(m *Mapper)  { m.Spell(NamesLower) }
func asSent(m *Mapper) { m.Spell(NamesAsSent) }
func detail(m *Mapper) { m.DetailAnswers(true) }

// spelled spells a name in one of many ways, as a resolver with 0x20 does.
func spelled(name string, bits int) string {
	b := []byte(name)
	for i, c := range b {
		if c >= 'a' && c <= 'z' && bits>>(i%6)&1 != 0 {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

func TestSixtySpellingsOfANameAreOneName(t *testing.T) {
	const name = "beacon.example.com"
	for what, tc := range map[string]struct {
		profile dns.Profile
		change  func(*Mapper)
		names   int
	}{
		"asim": {dns.ProfileASIM, asSent, 1}, "windows": {dns.ProfileWindows, asSent, 60}, "windows, lower": {dns.ProfileWindows, lower, 1}, "documented": {dns.ProfileDocumented, lower, 60},
	} {
		seen := map[any]bool{}
		for i := range 60 {
			asked := spelled(name, i)
			for id, field := range map[uint16]string{256: "QNAME", 3008: "QueryName"} {
				p := dns.Server()
				if id == 3008 {
					p = dns.Client()
				}
				attrs := answering(t, p, tc.profile, id, map[string]any{field: asked}, tc.change)
				seen[attrs["DnsQuery"]] = true
				original := additional(attrs, "DnsQueryOriginal")
				if tc.names == 1 && asked != name {
					require.Equal(t, asked, original, what)
				} else {
					require.Nil(t, original, "%s: it is DnsQuery", what)
					require.Equal(t, asked, attrs["DnsQuery"], what)
				}
			}
		}
		require.Len(t, seen, tc.names, what)
	}
}

func TestOnlyASCIILettersHaveACase(t *testing.T) {
	for asked, want := range map[string]string{
		"B\u00dcCHER.Example": "b\u00dccher.example", // RFC 4343: other octets are what they are
		"_LDAP._tcp.A-1.TEST": "_ldap._tcp.a-1.test",
		"A\\.B.test":          "a\\.b.test",
		"X@[`{Z":              "x@[`{z",
	} {
		attrs := answering(t, dns.Client(), dns.ProfileASIM, 3008, map[string]any{"QueryName": asked}, asSent)
		require.Equal(t, want, attrs["DnsQuery"])
		require.Equal(t, asked, additional(attrs, "DnsQueryOriginal"))
	}
	attrs := answering(t, dns.Server(), dns.ProfileASIM, 256, map[string]any{"QNAME": "."}, asSent)
	require.Equal(t, ".", attrs["DnsQuery"])
}

// mixed is a response whose names are spelled in both cases, to a query that was.
func mixed(t *testing.T) map[string]any {
	return map[string]any{"Flags": 0x8180, "QNAME": "WwW.Example.com.", "PacketData": packet(t, func(m *mdns.Msg) {
		m.Question[0].Name = "WwW.Example.com."
		for _, text := range []string{
			"WwW.Example.com. 300 IN CNAME Edge.Example.NET.", "Edge.Example.NET. 20 IN A 203.0.113.20", "Edge.Example.NET. 60 IN MX 10 Mail.Example.NET.",
			`Edge.Example.NET. 60 IN TXT "Key; Value"`, "Edge.Example.NET. 60 IN SRV 0 1 443 Host.Example.NET.", "Edge.Example.NET. 60 IN DNSKEY 257 3 8 AwEAAQ==",
		} {
			rr, err := mdns.NewRR(text)
			require.NoError(t, err)
			m.Answer = append(m.Answer, rr)
		}
	})}
}

func TestNamesInAnswersAreSpelledAsTheQuery(t *testing.T) {
	low := []any{"CNAME edge.example.net", "203.0.113.20", "MX 10 mail.example.net", `TXT "Key; Value"`, "SRV 0 1 443 host.example.net", "DNSKEY 257 3 8 AwEAAQ=="}
	sent := []any{"CNAME Edge.Example.NET", "203.0.113.20", "MX 10 Mail.Example.NET", `TXT "Key; Value"`, "SRV 0 1 443 Host.Example.NET", "DNSKEY 257 3 8 AwEAAQ=="}
	require.Equal(t, low, additional(answering(t, dns.Server(), dns.ProfileASIM, 257, mixed(t), asSent), "DnsAnswers"))
	require.Equal(t, low, additional(answering(t, dns.Server(), dns.ProfileWindows, 257, mixed(t), lower), "DnsAnswers"))
	require.Equal(t, sent, additional(answering(t, dns.Server(), dns.ProfileWindows, 257, mixed(t), asSent), "DnsAnswers"))
	require.Equal(t, sent, additional(answering(t, dns.Server(), dns.ProfileDocumented, 257, mixed(t), lower), "DnsAnswers"))
	var texts []string
	for _, text := range low {
		texts = append(texts, text.(string))
	}
	require.Equal(t, strings.Join(texts, ";"), answering(t, dns.Server(), dns.ProfileASIM, 257, mixed(t), asSent)["DnsResponseName"])
	attrs := answering(t, dns.Client(), dns.ProfileASIM, 3008, map[string]any{"QueryResults": "type: 5 Edge.Example.NET;type: 16 Key;203.0.113.20;"}, asSent)
	require.Equal(t, []any{"CNAME edge.example.net", "TXT Key", "203.0.113.20"}, additional(attrs, "DnsAnswers"))
}

func TestOfDataThatHasMoreThanANameTheNameAloneIsSpelled(t *testing.T) {
	sent := []string{
		`HTTPS 1 Svc.Example. alpn="H3,h2"`, "NSEC Next.Example. A NSEC", "RRSIG A 8 2 300 20260401000000 20260301000000 7 Signer.Example. AbCdEfGh",
		`NAPTR 1 2 "U" "E2U+Sip" "!^.*$!Sip:X@Y!" Rep.Example`,
	}
	low := []any{
		`HTTPS 1 svc.example. alpn="H3,h2"`, "NSEC next.example. A NSEC", "RRSIG A 8 2 300 20260401000000 20260301000000 7 signer.example. AbCdEfGh",
		`NAPTR 1 2 "U" "E2U+Sip" "!^.*$!Sip:X@Y!" rep.example`,
	}
	fields := map[string]any{"Flags": 0x8180, "PacketData": packet(t, func(m *mdns.Msg) {
		for _, text := range sent {
			rr, err := mdns.NewRR(". 60 IN " + text)
			require.NoError(t, err)
			m.Answer = append(m.Answer, rr)
		}
	})}
	require.Equal(t, low, additional(answering(t, dns.Server(), dns.ProfileASIM, 257, fields, asSent), "DnsAnswers"))
	require.Equal(t, low, additional(answering(t, dns.Server(), dns.ProfileWindows, 257, fields, lower), "DnsAnswers"))

	listed := map[string]any{"QueryResults": "type: 65 1 Svc.Example;type: 47 Next.Example;"}
	require.Equal(t, []any{"HTTPS 1 Svc.Example", "NSEC Next.Example"}, additional(answering(t, dns.Client(), dns.ProfileASIM, 3008, listed, asSent), "DnsAnswers"),
		"nobody says in what form the DNS Client lists them")
}

func TestAnswersInDetailHaveNameTypeAndTTL(t *testing.T) {
	record := func(name, typ string, ttl int, data string) any {
		return map[string]any{"name": name, "type": typ, "ttl": int64(ttl), "data": data}
	}
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
		spell := func(name string) string { return name }
		if profile == dns.ProfileASIM {
			spell = strings.ToLower
		}
		edge := spell("Edge.Example.NET")
		attrs := answering(t, dns.Server(), profile, 257, mixed(t), detail)
		require.Equal(t, []any{
			record(spell("WwW.Example.com"), "CNAME", 300, edge), record(edge, "A", 20, "203.0.113.20"), record(edge, "MX", 60, "10 "+spell("Mail.Example.NET")),
			record(edge, "TXT", 60, `"Key; Value"`), record(edge, "SRV", 60, "0 1 443 "+spell("Host.Example.NET")), record(edge, "DNSKEY", 60, "257 3 8 AwEAAQ=="),
		}, additional(attrs, "DnsAnswers"))
		require.Equal(t, int64(20), additional(attrs, "DnsAnswerMinTtl"))
		require.Nil(t, additional(attrs, "DnsAnswerCount"))

		attrs = answering(t, dns.Client(), profile, 3008, map[string]any{"QueryResults": "type: 5 edge.example.net;::ffff:203.0.113.20;2001:db8::1;"}, detail)
		require.Equal(t, []any{
			map[string]any{"type": "CNAME", "data": "edge.example.net"}, map[string]any{"type": "A", "data": "203.0.113.20"},
			map[string]any{"type": "AAAA", "data": "2001:db8::1"},
		}, additional(attrs, "DnsAnswers"))
		require.Nil(t, additional(attrs, "DnsAnswerMinTtl"), "the client's results have no TTL")
	}
}

func TestTheLeastTTLStandsBesideTheAnswers(t *testing.T) {
	for profile, want := range map[dns.Profile]any{dns.ProfileWindows: int64(20), dns.ProfileASIM: int64(20), dns.ProfileDocumented: nil} {
		require.Equal(t, want, additional(answering(t, dns.Server(), profile, 257, mixed(t), asSent), "DnsAnswerMinTtl"), profile)
	}
	none := map[string]any{"Flags": 0x8180, "PacketData": packet(t, func(*mdns.Msg) {})}
	require.Nil(t, additional(answering(t, dns.Server(), dns.ProfileWindows, 257, none, asSent), "DnsAnswerMinTtl"))
}

func TestNamesOfAnswersInDetailAreBounded(t *testing.T) {
	owner := strings.Repeat(strings.Repeat("a", 62)+".", 4)
	many := map[string]any{"Flags": 0x8180, "PacketData": packet(t, func(m *mdns.Msg) {
		m.Compress = true
		for i := range 100 {
			rr, err := mdns.NewRR(fmt.Sprintf("%s 60 IN A 192.0.2.%d", owner, i))
			require.NoError(t, err)
			m.Answer = append(m.Answer, rr)
		}
	})}
	attrs := answering(t, dns.Server(), dns.ProfileWindows, 257, many, detail)
	require.Len(t, additional(attrs, "DnsAnswers"), maxOwners/(len(owner)-1))
	require.Equal(t, int64(100), additional(attrs, "DnsAnswerCount"))
}

// auditNames lists the attributes of audit events that may be made from a name in a field (Object, OldValue, NewValue), and the ids of the
// events for each. In other audit events none of the three is a name.
func auditNames() map[string][]uint16 {
	return map[string][]uint16{
		"Zone": {513, 514, 526, 534, 535, 559, 560, 561, 562, 563, 564, 565, 567, 568}, "ZoneName": {525, 527}, "Name": {512, 544, 545, 546},
		"NAME": {515, 516, 517, 518, 519, 520, 521}, "NodeName": {566}, "QNAME": {536}, "ChildZone": {573}, "NameServer": {573}, "RDATA": {515, 516, 519, 520, 521},
	}
}

func TestEveryNameOfAnAuditEventIsInLowerCaseWithoutTheDot(t *testing.T) {
	place := map[string]string{"NameServer": "NewValue"}
	named := map[string]bool{} // event and place
	for field, ids := range auditNames() {
		for _, id := range ids {
			where := place[field]
			fields := map[string]any{field: "Ns1.Corp.Example.COM."}
			if where == "" {
				where = "Object"
			}
			low, sent := "ns1.corp.example.com", "Ns1.Corp.Example.COM"
			if field == "RDATA" {
				where = map[uint16]string{515: "NewValue", 519: "NewValue"}[id]
				if where == "" {
					where = "OldValue"
				}
				fields = map[string]any{"Type": 33, "NAME": "x", "Zone": "z.", "RDATA": []byte("\x00\x00\x00\x01\x01\xbb\x03Ns1\x04Corp\x07Example\x03COM\x00")}
				low, sent = "0 1 443 "+low, "0 1 443 "+sent
			}
			named[fmt.Sprint(id, where)] = true
			for _, tc := range []struct {
				change func(*Mapper)
				want   string
			}{{lower, low}, {asSent, sent}} {
				attrs := answering(t, dns.Server(), dns.ProfileWindows, id, fields, tc.change)
				require.Equal(t, tc.want, additional(attrs, where), "event %d, %s", id, field)
			}
		}
	}
	// The table is whole: in what other events say the letters are what they are.
	others := 0
	for _, a := range dns.Audits() {
		for where, field := range map[string]string{"Object": a.Object, "OldValue": a.Old, "NewValue": a.New} {
			if field == "" || named[fmt.Sprint(a.ID, where)] {
				continue
			}
			const value = "Value.Of.Setting."
			attrs, err := answered(dns.Server(), dns.ProfileWindows, a.ID, map[string]any{field: value}, lower)
			if err != nil {
				continue // the field is a number
			}
			if stays := additional(attrs, field); additional(attrs, where) != nil {
				require.Equal(t, []any{value, value}, []any{additional(attrs, where), stays}, "event %d, %s", a.ID, field)
				others++
			}
		}
	}
	require.Greater(t, others, 25)
}

func TestTheDataOfUpdatesIsSpelledAsThatOfAnswers(t *testing.T) {
	packet := func() []byte {
		m := new(mdns.Msg)
		m.SetUpdate("Corp.Example.COM.")
		for _, text := range []string{
			"A.Corp.Example.COM. 9 IN CNAME B.Example.NET.", "A.Corp.Example.COM. 9 IN NS B.Example.NET.", "A.Corp.Example.COM. 9 IN PTR B.Example.NET.",
			"A.Corp.Example.COM. 9 IN DNAME B.Example.NET.", "A.Corp.Example.COM. 9 IN MX 10 B.Example.NET.", "A.Corp.Example.COM. 9 IN SRV 0 1 443 B.Example.NET.",
			"A.Corp.Example.COM. 9 IN SOA NS.Example.NET. Admin.Example.NET. 1 2 3 4 5", `A.Corp.Example.COM. 9 IN TXT "Key; Value"`,
			"A.Corp.Example.COM. 9 IN DNSKEY 257 3 8 AwEAAQ==",
		} {
			rr, err := mdns.NewRR(text)
			require.NoError(t, err)
			m.Insert([]mdns.RR{rr})
		}
		m.Remove([]mdns.RR{mdns.Copy(m.Ns[0])})
		raw, err := m.Pack()
		require.NoError(t, err)
		return raw
	}()
	sent := []string{
		"B.Example.NET", "B.Example.NET", "B.Example.NET", "B.Example.NET", "10 B.Example.NET", "0 1 443 B.Example.NET",
		"NS.Example.NET. Admin.Example.NET. 1 2 3 4 5", `"Key; Value"`, "257 3 8 AwEAAQ==", "B.Example.NET",
	}
	for _, tc := range []struct {
		profile dns.Profile
		change  func(*Mapper)
		low     bool
	}{{dns.ProfileASIM, asSent, true}, {dns.ProfileWindows, lower, true}, {dns.ProfileWindows, asSent, false}} {
		for _, id := range []uint16{263, 264, 277, 278} {
			list := additional(answering(t, dns.Server(), tc.profile, id, map[string]any{"PacketData": packet}, tc.change), "DnsUpdates").([]any)
			require.Len(t, list, len(sent))
			for i, want := range sent {
				name := "A.Corp.Example.COM"
				if tc.low {
					name = strings.ToLower(name)
					if i != 7 && i != 8 {
						want = strings.ToLower(want)
					}
				}
				entry := list[i].(map[string]any)
				require.Equal(t, []any{name, want}, []any{entry["name"], entry["data"]}, "event %d, %s", id, tc.profile)
			}
		}
	}
}

func TestThereAreTwoSpellingsOfNames(t *testing.T) {
	require.NoError(t, NamesLower.Validate())
	require.NoError(t, NamesAsSent.Validate())
	require.ErrorContains(t, Names("upper").Validate(), `"upper" is not a spelling of names; want as_sent or lower`)
}
