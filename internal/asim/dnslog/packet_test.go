// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// packet makes the bytes of a response to www.example.com A.
func packet(t *testing.T, change func(*mdns.Msg)) []byte {
	t.Helper()
	m := new(mdns.Msg)
	m.SetQuestion("www.example.com.", mdns.TypeA)
	m.Id, m.Response = 0x1234, true
	change(m)
	raw, err := m.Pack()
	require.NoError(t, err)
	return raw
}

// mapped maps events with a mapper that change sets up, and gives it and the last record's attributes.
func mapped(t *testing.T, p *dns.Provider, change func(*dns.Decoder, *Mapper), id uint16, fields map[string]any) (*Mapper, map[string]any) {
	t.Helper()
	decoder, m := dns.NewDecoder(p), NewMapper(p, dns.ProfileWindows, dc1, "")
	change(decoder, m)
	for _, tmpl := range decoder.Templates() {
		if tmpl.ID != id || tmpl.Source != "" {
			continue
		}
		raw, err := tmpl.Encode(nil, 8, fields)
		require.NoError(t, err)
		e := dns.Event{Record: etw.Record{ID: id, Version: tmpl.Version, ProcessID: 77, TimeStamp: etw.Filetime(testTime.UnixNano()), UserData: raw}}
		decoder.Decode(&e)
		records := m.Begin(plog.NewLogs())
		m.Append(records, &e, 1)
		return m, records.At(0).Attributes().AsRaw()
	}
	t.Fatalf("no event %d", id)
	return nil, nil
}

func unchanged(*dns.Decoder, *Mapper) {}

func additional(attrs map[string]any, name string) any {
	more, _ := attrs["AdditionalFields"].(map[string]any)
	return more[name]
}

func TestTheResponseCodeOfAPacketHasTheBitsThatFlagsHaveNot(t *testing.T) {
	badCookie := packet(t, func(m *mdns.Msg) { m.SetEdns0(1232, false); m.Rcode = mdns.RcodeBadCookie })
	for _, tc := range []struct {
		id     uint16
		fields map[string]any
		want   []any
	}{
		{261, map[string]any{"Flags": 0x8187, "PacketData": badCookie}, []any{"Failure", "BADCOOKIE", int64(23)}},
		{290, map[string]any{"Flags": 0x8187, "PacketData": badCookie}, []any{"Failure", "BADCOOKIE", int64(23)}},
		{261, map[string]any{"Flags": 0x8183, "PacketData": badCookie}, []any{"Failure", "NXDOMAIN", int64(3)}}, // the packet is of another response
		{261, map[string]any{"Flags": 0x8183, "PacketData": []byte{1}}, []any{"Failure", "NXDOMAIN", int64(3)}},
		{258, map[string]any{"RCODE": 5, "Flags": 0x8185, "PacketData": badCookie}, []any{"Failure", "REFUSED", int64(5)}},
		{260, map[string]any{"Flags": 0x0100, "PacketData": badCookie}, []any{"NA", "NA", nil}},
		{276, map[string]any{"PacketData": badCookie}, []any{"Failure", "BADCOOKIE", int64(23)}},
		{276, map[string]any{"PacketData": packet(t, func(m *mdns.Msg) { m.Response = false })}, []any{"NA", "NA", nil}},
	} {
		got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: tc.id}, tc.fields, "EventResult", "EventResultDetails", "DnsResponseCode")
		require.Equal(t, tc.want, got, "event %d", tc.id)
	}
}

func TestWhatAnEventHasNoFieldForComesFromItsPacket(t *testing.T) {
	notify := packet(t, func(m *mdns.Msg) {
		m.SetNotify("corp.example.com.")
		m.Id, m.Response, m.Authoritative, m.RecursionDesired = 0xBEEF, true, true, false
	})
	got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 276}, map[string]any{"PacketData": notify},
		"DnsQuery", "DnsQueryType", "DnsQueryTypeName", "DnsQueryClass", "TransactionIdHex", "DnsFlags", "DnsResponseName")
	require.Equal(t, []any{"corp.example.com", int64(6), "SOA", int64(1), "beef", "AA", "NOERROR"}, got)
	// A field of the event is not overruled.
	got = attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 257},
		map[string]any{"QNAME": "a.test.", "QTYPE": 28, "XID": 1, "Flags": 0x8080, "PacketData": notify},
		"DnsQuery", "DnsQueryType", "TransactionIdHex", "DnsFlags")
	require.Equal(t, []any{"a.test", int64(28), "0001", "RA"}, got)
}

func TestTheClassOfAQueryIsNamed(t *testing.T) {
	for class, want := range map[uint16]string{1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY", 0: "Reserved", 65535: "Reserved", 65300: "Reserved", 2: "Unassigned", 300: "Unassigned"} {
		query := packet(t, func(m *mdns.Msg) { m.Question[0].Qclass, m.Response = class, false })
		got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 256}, map[string]any{"PacketData": query}, "DnsQueryClass", "DnsQueryClassName")
		require.Equal(t, []any{int64(class), want}, got)
	}
	got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 259}, map[string]any{"QNAME": "a."}, "DnsQueryClass", "DnsQueryClassName")
	require.Equal(t, []any{nil, nil}, got, "259 carries no packet")
}

func TestAnswersAndClientSubnetStandInAdditionalFields(t *testing.T) {
	response := packet(t, func(m *mdns.Msg) {
		for _, text := range []string{"www.example.com. 60 IN CNAME edge.example.net.", "edge.example.net. 60 IN A 192.0.2.80"} {
			rr, err := mdns.NewRR(text)
			require.NoError(t, err)
			m.Answer = append(m.Answer, rr)
		}
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []mdns.EDNS0{&mdns.EDNS0_SUBNET{
			Code: mdns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, SourceScope: 20, Address: netip.MustParseAddr("198.51.100.0").AsSlice(),
		}}
	})
	fields := map[string]any{"Flags": 0x8180, "PacketData": response}
	_, attrs := mapped(t, dns.Server(), unchanged, 261, fields)
	require.Equal(t, []any{"CNAME edge.example.net", "192.0.2.80"}, additional(attrs, "DnsAnswers"))
	require.Equal(t, "198.51.100.0/24", additional(attrs, "EdnsClientSubnet"))
	require.Equal(t, int64(20), additional(attrs, "EdnsClientSubnetScope"))
	require.Nil(t, additional(attrs, "DnsAnswerCount"))

	got := attrsOf(t, dns.Server(), dns.ProfileASIM, dc1, etw.Record{ID: 261}, fields, "DnsResponseName", "AdditionalFields")
	require.Equal(t, "CNAME edge.example.net;192.0.2.80", got[0])
	require.Equal(t, []any{"CNAME edge.example.net", "192.0.2.80"}, got[1].(map[string]any)["DnsAnswers"], "the one text cannot be taken apart")
}

func TestTheResultsOfTheDNSClientHaveTheFormOfAnswers(t *testing.T) {
	fields := map[string]any{"QueryResults": "type:  5 edge.example.net;::ffff:192.0.2.80;"}
	_, attrs := mapped(t, dns.Client(), unchanged, 3008, fields)
	require.Equal(t, []any{"CNAME edge.example.net", "192.0.2.80"}, additional(attrs, "DnsAnswers"))
	require.Nil(t, additional(attrs, "QueryResults"), "DnsAnswers says the same")
	require.Equal(t, []any{"CNAME edge.example.net;192.0.2.80"}, attrsOf(t, dns.Client(), dns.ProfileASIM, dc1, etw.Record{ID: 3008}, fields, "DnsResponseName"))

	const text = "type: 16 v=DKIM1; k=rsa; p=MIG;"
	_, attrs = mapped(t, dns.Client(), unchanged, 3008, map[string]any{"QueryResults": text})
	require.Equal(t, text, additional(attrs, "QueryResults"), "a semicolon in a text looks like the end of an answer")

	many := strings.Repeat("192.0.2.80;", 1000)
	_, attrs = mapped(t, dns.Client(), unchanged, 3008, map[string]any{"QueryResults": many})
	require.Len(t, additional(attrs, "DnsAnswers"), 128)
	require.Equal(t, int64(1000), additional(attrs, "DnsAnswerCount"))
	require.Equal(t, many, additional(attrs, "QueryResults"), "it says more than the list that was cut")
}

func TestPacketsAreReadAndKeptAsTheConfigurationSays(t *testing.T) {
	good := map[string]any{"PacketData": packet(t, func(*mdns.Msg) {})}
	bad := map[string]any{"PacketData": []byte{0xDE, 0xAD, 0xBE, 0xEF}}
	for _, tc := range []struct {
		config         PacketConfig
		fields         map[string]any
		read, kept     bool
		unparsable     int64
		classOfTheLast any
	}{
		{DefaultPacketConfig(), good, true, true, 0, int64(1)},
		{DefaultPacketConfig(), bad, true, true, 1, nil},
		{PacketConfig{true, KeepPacketOnError}, good, true, false, 0, int64(1)},
		{PacketConfig{true, KeepPacketOnError}, bad, true, true, 1, nil},
		{PacketConfig{true, KeepPacketNever}, bad, true, false, 1, nil},
		{PacketConfig{false, KeepPacketAlways}, good, false, true, 0, nil},
		{PacketConfig{false, KeepPacketAlways}, bad, false, true, 0, nil},
		{PacketConfig{false, KeepPacketNever}, good, false, false, 0, nil},
	} {
		require.NoError(t, tc.config.Validate())
		m, attrs := mapped(t, dns.Server(), func(d *dns.Decoder, m *Mapper) { d.SkipPackets = !tc.config.Parse; m.KeepPackets(tc.config.Keep) }, 257, tc.fields)
		require.Equal(t, tc.unparsable, m.Unparsable(), "%v", tc)
		require.Equal(t, tc.classOfTheLast, attrs["DnsQueryClass"], "%v", tc)
		require.Equal(t, tc.kept, additional(attrs, "PacketData") != nil, "%v", tc)
		require.NotNil(t, additional(attrs, "BufferSize"))
	}
	require.ErrorContains(t, (&PacketConfig{true, "no"}).Validate(), `"no" is not allowed`)
}

// names is a ProcessNamer that knows one process.
type names struct{ asked []time.Time }

func (n *names) Name(pid uint32, at time.Time) string {
	n.asked = append(n.asked, at)
	if pid == 42 {
		return `C:\Windows\System32\curl.exe`
	}
	return ""
}

func TestTheProcessThatAskedIsNamed(t *testing.T) {
	n := &names{}
	with := func(_ *dns.Decoder, m *Mapper) { m.SetProcesses(n) }
	_, attrs := mapped(t, dns.Client(), with, 3023, map[string]any{"ClientPID": 42})
	require.Equal(t, `C:\Windows\System32\curl.exe`, attrs["SrcProcessName"])
	require.Equal(t, "42", attrs["SrcProcessId"])
	require.Equal(t, []time.Time{testTime}, n.asked, "at the event's time")
	_, attrs = mapped(t, dns.Client(), with, 3023, map[string]any{"ClientPID": 43})
	require.NotContains(t, attrs, "SrcProcessName")
	_, attrs = mapped(t, dns.Client(), unchanged, 3023, map[string]any{"ClientPID": 42})
	require.NotContains(t, attrs, "SrcProcessName", "a replay knows no processes")
	require.Equal(t, "42", attrs["SrcProcessId"])

	got := attrsOf(t, dns.Client(), dns.ProfileWindows, dc1, etw.Record{ID: 3007, ProcessID: 0xFFFFFFFF}, map[string]any{}, "SrcProcessId")
	require.Equal(t, []any{nil}, got)
}

func TestAZoneIsNoPartOfAnAddressAndStaysInTheField(t *testing.T) {
	_, attrs := mapped(t, dns.Server(), unchanged, 256, map[string]any{"Source": "fe80::1%5", "InterfaceIP": "fe80::2%5"})
	for name, want := range map[string]string{"Src": "fe80::1", "SrcIpAddr": "fe80::1", "DstIpAddr": "fe80::2", "DvcIpAddr": "fe80::2"} {
		require.Equal(t, want, attrs[name])
	}
	require.Equal(t, "fe80::1%5", additional(attrs, "Source"))
	require.Equal(t, "fe80::2%5", additional(attrs, "InterfaceIP"))

	sockaddr := append([]byte{23, 0, 0, 53, 0, 0, 0, 0, 0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}, 12, 0, 0, 0)
	_, attrs = mapped(t, dns.Client(), unchanged, 1015, map[string]any{"Address": sockaddr})
	require.Equal(t, "fe80::9", attrs["DstIpAddr"])
	require.Equal(t, "fe80::9%12", additional(attrs, "Address"))
}

func TestADeviceThatChangesIsSeenByTheNextEvent(t *testing.T) {
	m, _ := mapped(t, dns.Client(), unchanged, 3007, map[string]any{"QueryName": "a"})
	m.SetDevice(Device{Name: "ws2.example.net", Host: true, Addr: netip.MustParseAddr("fe80::7%3")})
	decoder := dns.NewDecoder(dns.Client())
	e := dns.Event{Record: etw.Record{ID: 3007}}
	decoder.Decode(&e)
	records := m.Begin(plog.NewLogs())
	m.Append(records, &e, 1)
	attrs := records.At(0).Attributes().AsRaw()
	require.Equal(t, "ws2", attrs["DvcHostname"])
	require.Equal(t, "example.net", attrs["DvcDomain"])
	require.Equal(t, "fe80::7", attrs["DvcIpAddr"])
	require.Equal(t, "fe80::7", attrs["SrcIpAddr"])
	require.NotContains(t, attrs, "DvcOsVersion")
}
