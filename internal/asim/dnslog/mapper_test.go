// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"encoding/hex"
	"math"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

var testTime = time.Date(2024, 4, 22, 9, 31, 13, 894123400, time.UTC)

// mapEvent encodes an event of the provider from its fields, decodes and maps it.
func mapEvent(t *testing.T, p *dns.Provider, profile dns.Profile, device Device, r etw.Record, fields map[string]any) plog.LogRecord {
	t.Helper()
	decoder := dns.NewDecoder(p)
	for _, tmpl := range decoder.Templates() {
		if tmpl.ID == r.ID && tmpl.Version == r.Version && tmpl.Source == "" && fields != nil {
			raw, err := tmpl.Encode(nil, 8, fields)
			require.NoError(t, err)
			r.UserData = raw
			r.Level = tmpl.Level
		}
	}
	r.Provider = p.GUID
	r.TimeStamp = etw.Filetime(testTime.UnixNano())
	e := dns.Event{Record: r}
	decoder.Decode(&e)
	mapper := NewMapper(p, profile, device, "1.2.3")
	logs := plog.NewLogs()
	mapper.Append(mapper.Begin(logs), &e, testTime.Add(time.Second).UnixNano())
	return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
}

var (
	dc1     = Device{Name: "dc1.corp.example.com", Host: true, Addr: netip.MustParseAddr("10.0.0.1"), OSVersion: "10.0.20348"}
	capture = Device{Name: "capture"}
)

// recorded257 and the other recorded events are Elastic's published test events of a Windows Server 2022.
func recorded257(t *testing.T) map[string]any {
	packet, err := hex.DecodeString("00078180000100010000000006676F6F676C6502657300001C0001C00C001C00010000012C00102607F8B040040C17000000000000005E")
	require.NoError(t, err)
	return map[string]any{
		"AA": 0, "TCP": 0, "AdditionalInfo": "VirtualizationInstance:.", "Destination": "216.160.83.56", "AD": 0, "QNAME": "google.es.",
		"Zone": "..Cache", "Port": 59560, "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}", "ElapsedTime": 9, "Flags": 33152, "XID": 7,
		"DNSSEC": 0, "Scope": "Default", "QTYPE": 28, "PolicyName": "NULL", "InterfaceIP": "172.31.87.64", "RCODE": 0, "PacketData": packet,
	}
}

func TestResponseBecomesTheDocumentsTree(t *testing.T) {
	lr := mapEvent(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 257, ProcessID: 852}, recorded257(t))
	require.Equal(t, map[string]any{
		"EventProduct": "DNS Server", "EventVendor": "Microsoft", "EventSchema": "Dns", "EventSchemaVersion": "0.1.7",
		"EventCount": int64(1), "EventStartTime": "2024-04-22T09:31:13.8941234Z", "EventEndTime": "2024-04-22T09:31:13.8941234Z",
		"EventOriginalType": "257", "EventOriginalSubType": "RESPONSE_SUCCESS", "EventType": "Query", "EventSubType": "response",
		"EventResult": "Success", "EventResultDetails": "NOERROR", "EventSeverity": "Informational",
		"Dvc": "dc1.corp.example.com", "DvcHostname": "dc1", "DvcDomain": "corp.example.com", "DvcDomainType": "FQDN",
		"DvcIpAddr": "172.31.87.64", "DvcOs": "Windows", "DvcOsVersion": "10.0.20348",
		"Src": "216.160.83.56", "SrcIpAddr": "216.160.83.56", "SrcPortNumber": int64(59560),
		"Dst": "172.31.87.64", "DstIpAddr": "172.31.87.64", "DstPortNumber": int64(53),
		"NetworkProtocol": "UDP", "NetworkProtocolVersion": "IPv4",
		"DnsQuery": "google.es", "DnsQueryType": int64(28), "DnsQueryTypeName": "AAAA",
		"DnsQueryClass": int64(1), "DnsQueryClassName": "IN", "DnsResponseCode": int64(0), "DnsResponseName": "NOERROR", "DnsResponseCodeName": "NOERROR",
		"TransactionIdHex": "0007", "DnsSessionId": "{BF629903-4288-435F-9182-470BEDF5C0A4}", "DnsNetworkDuration": int64(9),
		"DnsFlags": "RD,RA", "DnsFlagsAuthenticated": false, "DnsFlagsAuthoritative": false, "DnsFlagsCheckingDisabled": false,
		"DnsFlagsRecursionAvailable": true, "DnsFlagsRecursionDesired": true, "DnsFlagsTruncated": false, "DnsFlagsZ": false,
		"AdditionalFields": map[string]any{
			"DNSSEC": int64(0), "Flags": int64(33152), "Scope": "Default", "Zone": "..Cache", "PolicyName": "NULL", "BufferSize": int64(55),
			"DnsAnswers": []any{"2607:f8b0:4004:c17::5e"},
			"DnsRole":    "client-response", "DnsAnswerMinTtl": int64(300),
			"PacketData":     "0x00078180000100010000000006676F6F676C6502657300001C0001C00C001C00010000012C00102607F8B040040C17000000000000005E",
			"AdditionalInfo": "VirtualizationInstance:.",
		},
	}, lr.Attributes().AsRaw())
	require.Equal(t, "DNS Server Event: Query response (ID: 257)", lr.Body().Str())
	require.Equal(t, testTime, lr.Timestamp().AsTime())
	require.Equal(t, testTime.Add(time.Second), lr.ObservedTimestamp().AsTime())
	require.Equal(t, plog.SeverityNumberInfo, lr.SeverityNumber())
	require.Equal(t, "INFO", lr.SeverityText())
}

func TestResourceAndScopeAreTheDocuments(t *testing.T) {
	logs := plog.NewLogs()
	NewMapper(dns.Client(), dns.ProfileWindows, dc1, "1.2.3").Begin(logs)
	rl := logs.ResourceLogs().At(0)
	require.Equal(t, map[string]any{
		"service.name": "windows_dns_client", "service.namespace": "asim_dns", "host.name": "dc1.corp.example.com", "os.type": "windows",
	}, rl.Resource().Attributes().AsRaw())
	require.Equal(t, "asim.dns.events", rl.ScopeLogs().At(0).Scope().Name())
	require.Equal(t, "1.2.3", rl.ScopeLogs().At(0).Scope().Version())

	logs = plog.NewLogs()
	NewMapper(dns.Server(), dns.ProfileWindows, capture, "").Begin(logs)
	require.Equal(t, map[string]any{"service.name": "windows_dns_server", "service.namespace": "asim_dns", "os.type": "windows"},
		logs.ResourceLogs().At(0).Resource().Attributes().AsRaw(), "the file's name is no host")
}

func TestProfilesDifferAsTheTableSays(t *testing.T) {
	for _, tc := range []struct {
		p                         *dns.Provider
		ids                       []uint16
		windows, asim, documented string
	}{
		{dns.Server(), []uint16{256, 287}, "Query request", "Query request", "Query request"},
		{dns.Server(), []uint16{257}, "Query response", "Query response", "Query request"},
		{dns.Server(), []uint16{284}, "Query response", "Query response", "Query response"},
		{dns.Server(), []uint16{258, 259, 279, 280, 285}, "Query response", "Query response", "Query response"},
		{dns.Server(), []uint16{260, 289}, "Query recursive", "Query request", "Query recursive"},
		{dns.Server(), []uint16{261, 262, 290, 291}, "Query recursive", "Query response", "Query recursive"},
		{dns.Server(), []uint16{263, 277}, "Update request", "Update request", "Update request"},
		{dns.Server(), []uint16{264, 278}, "Update response", "Update response", "Update response"},
		{dns.Server(), []uint16{265, 266, 269, 270}, "Query request", "Query request", "Query request"},
		{dns.Server(), []uint16{267, 268, 271, 272}, "Query response", "Query response", "Query response"},
		{dns.Server(), []uint16{273, 274}, "Notify request", "Notify request", "Notify request"},
		{dns.Server(), []uint16{275, 276}, "Notify response", "Notify response", "Notify response"},
		{dns.Server(), []uint16{281, 282, 283, 286, 288}, "Status response", "Status response", "Status response"},
		{dns.Server(), []uint16{299, 600}, "Status", "Status", "Status"},
		{dns.Server(), []uint16{515, 519, 573}, "Update create", "Create", "Update"},
		{dns.Server(), []uint16{516, 520, 521}, "Update delete", "Delete", "Update"},
		{dns.Server(), []uint16{565}, "Status write", "Other write", "Update"},
		{dns.Server(), []uint16{541, 590}, "Update set", "Set", "Status"},
		{dns.Server(), []uint16{577}, "Update create", "Create", "Status"},
		{dns.Server(), []uint16{536, 580}, "Update delete", "Delete", "Status"},
		{dns.Server(), []uint16{548}, "Status restart", "Other restart", "Status"},
		{dns.Client(), []uint16{3000, 3004, 3006, 3007, 3009, 3010, 3012}, "Query request", "Query request", "Query request"},
		{dns.Client(), []uint16{3002, 3016}, "DnsCache request", "Query request", "DnsCache request"},
		{dns.Client(), []uint16{3001, 3005, 3008, 3011, 3013, 3014, 3015, 1014, 1015}, "Query response", "Query response", "Query response"},
		{dns.Client(), []uint16{3003, 3018}, "DnsCache response", "Query response", "DnsCache response"},
		{dns.Client(), []uint16{3019}, "Query request", "Query request", "DnsCache remove"},
		{dns.Client(), []uint16{3020}, "Query response", "Query response", "DnsCache add"},
		{dns.Client(), []uint16{1001, 1013, 1016, 1019, 3023, 3024, 9999}, "Status", "Status", "Status"},
	} {
		for _, id := range tc.ids {
			decoder := dns.NewDecoder(tc.p)
			e := dns.Event{Record: etw.Record{ID: id}}
			decoder.Decode(&e)
			for profile, want := range map[dns.Profile]string{dns.ProfileWindows: tc.windows, dns.ProfileASIM: tc.asim, dns.ProfileDocumented: tc.documented} {
				m := NewMapper(tc.p, profile, capture, "")
				require.Contains(t, m.kind(&e, e.Decoded().Template).body, " Event: "+want+" (ID: ", "event %d in profile %s", id, profile)
			}
		}
	}
}

// attrsOf maps an event and gives the named attributes of it; one that is not there is nil.
func attrsOf(t *testing.T, p *dns.Provider, profile dns.Profile, device Device, r etw.Record, fields map[string]any, names ...string) []any {
	t.Helper()
	raw := mapEvent(t, p, profile, device, r, fields).Attributes().AsRaw()
	values := make([]any, len(names))
	for i, name := range names {
		values[i] = raw[name]
	}
	return values
}

func TestTheClientIsTheSourceAndTheServerTheDestination(t *testing.T) {
	const own, peer = "10.0.0.53", "192.0.2.9"
	for _, tc := range []struct {
		ids      []uint16
		peer     string // the field of the other host
		src, dst string
	}{
		{[]uint16{256, 259, 263, 266, 270, 273, 279, 280, 287}, "Source", peer, own},
		{[]uint16{257, 258, 264, 267, 271, 276, 281, 282, 283, 284, 285}, "Destination", peer, own},
		{[]uint16{260, 262, 268, 272, 278, 289, 291}, "Destination", own, peer},
		{[]uint16{261, 265, 269, 274, 275, 286, 290}, "Source", own, peer},
	} {
		for _, id := range tc.ids {
			got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: id}, map[string]any{"InterfaceIP": own, tc.peer: peer},
				"Src", "SrcIpAddr", "Dst", "DstIpAddr", "DvcIpAddr")
			require.Equal(t, []any{tc.src, tc.src, tc.dst, tc.dst, own}, got, "event %d", id)
		}
	}
	got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 277}, map[string]any{"ForwardInterfaceIP": own, "Destination": peer}, "Src", "Dst")
	require.Equal(t, []any{own, peer}, got)
}

func TestTheVersionOfIPIsThatOfTheAddressWhichTheEventNames(t *testing.T) {
	for _, tc := range []struct {
		p      *dns.Provider
		id     uint16
		fields map[string]any
		want   any
	}{
		{dns.Client(), 3010, map[string]any{"DnsServerIpAddress": "2001:db8::53"}, "IPv6"}, // of a host with addresses of both kinds
		{dns.Client(), 3010, map[string]any{"DnsServerIpAddress": "192.0.2.53"}, "IPv4"},
		{dns.Client(), 3009, map[string]any{"LocalAddress": "2001:db8::9;"}, "IPv6"},
		{dns.Client(), 3008, nil, nil}, // it names none
		{dns.Server(), 256, map[string]any{"Source": "2001:db8::9", "InterfaceIP": "2001:db8::53"}, "IPv6"},
		{dns.Server(), 260, map[string]any{"Destination": "2001:db8::9", "InterfaceIP": "0.0.0.0"}, "IPv6"},
		{dns.Server(), 256, map[string]any{"Source": "2001:db8::9", "InterfaceIP": "0.0.0.0"}, "IPv6"}, // dc1 has an IPv4 address
		{dns.Server(), 257, map[string]any{"Destination": "192.0.2.9", "InterfaceIP": "::"}, "IPv4"},
		{dns.Server(), 259, map[string]any{"InterfaceIP": "::"}, nil},
	} {
		require.Equal(t, []any{tc.want}, attrsOf(t, tc.p, dns.ProfileWindows, dc1, etw.Record{ID: tc.id}, tc.fields, "NetworkProtocolVersion"), "event %d %v", tc.id, tc.fields)
	}
}

func TestUnknownAddressesAreLeftOutAndTheDeviceStandsIn(t *testing.T) {
	fields := map[string]any{"InterfaceIP": "0.0.0.0", "Destination": "8.8.8.8", "QNAME": ".", "Port": 0}
	got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 260}, fields,
		"Src", "SrcIpAddr", "SrcPortNumber", "Dst", "DstIpAddr", "DvcIpAddr", "DnsQuery")
	require.Equal(t, []any{"10.0.0.1", "10.0.0.1", nil, "8.8.8.8", "8.8.8.8", "10.0.0.1", "."}, got)
	got = attrsOf(t, dns.Server(), dns.ProfileWindows, capture, etw.Record{ID: 260}, fields, "Dvc", "DvcHostname", "DvcIpAddr", "Src")
	require.Equal(t, []any{"capture", nil, nil, "capture"}, got)

	raw := mapEvent(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 256}, map[string]any{"Source": "1st host", "InterfaceIP": "::"}).Attributes().AsRaw()
	require.NotContains(t, raw, "Src", "who asks is not known, and was not this host")
	require.Equal(t, "10.0.0.1", raw["DstIpAddr"])
	require.Equal(t, "1st host", raw["AdditionalFields"].(map[string]any)["Source"], "what no attribute represents is kept")
	require.NotContains(t, raw["AdditionalFields"], "InterfaceIP")
}

func TestResultsFollowTheResponseCode(t *testing.T) {
	names := []string{"EventResult", "EventResultDetails", "DnsResponseCode", "DnsResponseName", "EventOriginalResultDetails"}
	for _, tc := range []struct {
		p      *dns.Provider
		id     uint16
		fields map[string]any
		want   []any
	}{
		{dns.Server(), 256, map[string]any{"Flags": 0x0100}, []any{"NA", "NA", nil, nil, nil}},
		{dns.Server(), 257, map[string]any{"RCODE": 3}, []any{"Failure", "NXDOMAIN", int64(3), "NXDOMAIN", nil}},
		{dns.Server(), 258, map[string]any{"RCODE": 2}, []any{"Failure", "SERVFAIL", int64(2), "SERVFAIL", nil}},
		{dns.Server(), 258, map[string]any{"RCODE": 4000}, []any{"Failure", "Reserved for Private Use", int64(4000), "Reserved for Private Use", nil}},
		{dns.Server(), 259, map[string]any{"Reason": "Policy"}, []any{"Failure", "NA", nil, nil, nil}},
		{dns.Server(), 260, map[string]any{"Flags": 0x0100}, []any{"NA", "NA", nil, nil, nil}},
		{dns.Server(), 261, map[string]any{"Flags": 0x8400}, []any{"Success", "NOERROR", int64(0), "NOERROR", nil}},
		{dns.Server(), 261, map[string]any{"Flags": 0x8183}, []any{"Failure", "NXDOMAIN", int64(3), "NXDOMAIN", nil}},
		{dns.Server(), 262, map[string]any{"Flags": 0x8182}, []any{"Failure", "NA", nil, nil, nil}},
		{dns.Server(), 279, map[string]any{"Flags": 0x0100}, []any{"NA", "NA", nil, nil, nil}},
		{dns.Server(), 264, map[string]any{"RCODE": 5}, []any{"Failure", "REFUSED", int64(5), "REFUSED", nil}},
		{dns.Server(), 282, map[string]any{"RCODE": 0}, []any{"Success", "NOERROR", int64(0), "NOERROR", nil}},
		{dns.Server(), 283, map[string]any{"RCODE": 3}, []any{"Failure", "NXDOMAIN", int64(3), "NXDOMAIN", nil}},
		{dns.Client(), 3006, map[string]any{}, []any{"NA", "NA", nil, nil, nil}},
		{dns.Client(), 3008, map[string]any{"QueryStatus": 0}, []any{"Success", "NOERROR", int64(0), "NOERROR", nil}},
		{dns.Client(), 3008, map[string]any{"QueryStatus": 9003}, []any{"Failure", "NXDOMAIN", int64(3), "NXDOMAIN", nil}},
		{dns.Client(), 3008, map[string]any{"QueryStatus": 9023}, []any{"Failure", "BADCOOKIE", int64(23), "BADCOOKIE", nil}},
		{dns.Client(), 3008, map[string]any{"QueryStatus": 1460}, []any{"Failure", "NA", nil, nil, "ERROR_TIMEOUT"}},
		{dns.Client(), 3008, map[string]any{"QueryStatus": 87}, []any{"NA", "NA", nil, nil, "ERROR_INVALID_PARAMETER"}},
		{dns.Client(), 3018, map[string]any{"Status": 9701}, []any{"NA", "NA", nil, nil, "DNS_ERROR_RECORD_DOES_NOT_EXIST"}},
		{dns.Client(), 1015, map[string]any{"QueryName": "a"}, []any{"Failure", "NA", nil, nil, nil}},
	} {
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileDocumented} {
			require.Equal(t, tc.want, attrsOf(t, tc.p, profile, dc1, etw.Record{ID: tc.id}, tc.fields, names...), "event %d %v, profile %s", tc.id, tc.fields, profile)
		}
	}
}

func TestInProfileASIMTheResponseNameIsTheAnswer(t *testing.T) {
	got := attrsOf(t, dns.Server(), dns.ProfileASIM, dc1, etw.Record{ID: 257}, recorded257(t), "DnsResponseName", "DnsResponseCodeName")
	require.Equal(t, []any{"2607:f8b0:4004:c17::5e", "NOERROR"}, got)
	got = attrsOf(t, dns.Client(), dns.ProfileASIM, dc1, etw.Record{ID: 3008}, map[string]any{"QueryResults": "192.0.2.1;"}, "DnsResponseName")
	require.Equal(t, []any{"192.0.2.1"}, got)
	got = attrsOf(t, dns.Server(), dns.ProfileASIM, dc1, etw.Record{ID: 257}, map[string]any{"PacketData": []byte{1, 2, 3}}, "DnsResponseName")
	require.Equal(t, []any{nil}, got, "a packet that does not parse has no answer")
}

func TestFlagsComeFromTheWordTheFieldsOrTheOptions(t *testing.T) {
	names := []string{"DnsFlags", "DnsFlagsRecursionDesired", "DnsFlagsAuthoritative", "DnsFlagsTruncated"}
	got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 257}, map[string]any{"Flags": 0x87F0, "AA": 1, "AD": 1}, names...)
	require.Equal(t, []any{"AA,TC,RD,RA,Z,AD,CD", true, true, true}, got)
	got = attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 256}, map[string]any{"Flags": 0}, names...)
	require.Equal(t, []any{nil, false, false, false}, got, "no flag set is no list")
	got = attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 259}, map[string]any{}, names...)
	require.Equal(t, []any{nil, nil, nil, nil}, got, "259 carries no flags")
	got = attrsOf(t, dns.Client(), dns.ProfileWindows, dc1, etw.Record{ID: 3006}, map[string]any{"QueryOptions": 1073766400}, names...)
	require.Equal(t, []any{"RD", true, nil, nil}, got)
	got = attrsOf(t, dns.Client(), dns.ProfileWindows, dc1, etw.Record{ID: 3006}, map[string]any{"QueryOptions": 4}, names...)
	require.Equal(t, []any{nil, false, nil, nil}, got, "DNS_QUERY_NO_RECURSION")
}

func TestAClientsEventSaysWhatItNames(t *testing.T) {
	sockaddr := []byte{2, 0, 0, 53, 192, 0, 2, 53, 0, 0, 0, 0, 0, 0, 0, 0}
	names := []string{"SrcIpAddr", "Dst", "DstIpAddr", "DstPortNumber", "NetworkProtocol", "SrcProcessId"}
	for _, tc := range []struct {
		record           etw.Record
		fields           map[string]any
		want, documented []any
	}{
		{
			etw.Record{ID: 3006, ProcessID: 77}, map[string]any{"ServerList": "192.0.2.1;192.0.2.2;"},
			[]any{"10.0.0.1", "192.0.2.1", "192.0.2.1", nil, nil, "77"}, []any{"10.0.0.1", "192.0.2.1", "192.0.2.1", int64(53), "UDP", "77"},
		},
		{
			etw.Record{ID: 3006, ProcessID: 77}, map[string]any{"QueryOptions": 2},
			[]any{"10.0.0.1", nil, nil, nil, "TCP", "77"}, []any{"10.0.0.1", "dc1.corp.example.com", nil, int64(53), "TCP", "77"},
		},
		{
			etw.Record{ID: 3010, Version: 1, ProcessID: 4}, map[string]any{"DnsServerIpAddress": "8.8.8.8", "ClientPID": 42},
			[]any{"10.0.0.1", "8.8.8.8", "8.8.8.8", nil, nil, "42"}, []any{"10.0.0.1", "8.8.8.8", "8.8.8.8", int64(53), "UDP", "42"},
		},
		{
			etw.Record{ID: 3009, ProcessID: 4}, map[string]any{"LocalAddress": "192.168.1.5;", "DNSServerAddress": "192.168.1.1;"},
			[]any{"192.168.1.5", "192.168.1.1", "192.168.1.1", nil, nil, nil}, []any{"192.168.1.5", "192.168.1.1", "192.168.1.1", int64(53), "UDP", "4"},
		},
		{
			etw.Record{ID: 1015, ProcessID: 4}, map[string]any{"Address": sockaddr},
			[]any{"10.0.0.1", "192.0.2.53", "192.0.2.53", int64(53), nil, nil}, []any{"10.0.0.1", "192.0.2.53", "192.0.2.53", int64(53), "UDP", "4"},
		},
		{
			etw.Record{ID: 1019, ProcessID: 4}, map[string]any{"Location": 1},
			[]any{"10.0.0.1", nil, nil, nil, nil, "4"}, []any{"10.0.0.1", "dc1.corp.example.com", nil, nil, nil, "4"},
		},
	} {
		for profile, want := range map[dns.Profile][]any{dns.ProfileWindows: tc.want, dns.ProfileASIM: tc.want, dns.ProfileDocumented: tc.documented} {
			require.Equal(t, want, attrsOf(t, dns.Client(), profile, dc1, tc.record, tc.fields, names...), "event %d in profile %s", tc.record.ID, profile)
		}
	}
	additional := attrsOf(t, dns.Client(), dns.ProfileWindows, dc1, etw.Record{ID: 3006}, map[string]any{"ServerList": "192.0.2.1;192.0.2.2;"}, "AdditionalFields")[0]
	require.Equal(t, "192.0.2.1;192.0.2.2;", additional.(map[string]any)["ServerList"], "a list says more than its first")
	additional = attrsOf(t, dns.Client(), dns.ProfileWindows, dc1, etw.Record{ID: 1001}, map[string]any{"Interface": "Ethernet", "Address": sockaddr}, "AdditionalFields")[0]
	require.Equal(t, "Ethernet", additional.(map[string]any)["Interface"])
}

// A field has the same type in every record, whatever its value, so that a query need not ask for it.
func TestAFieldOf64BitsIsATextWhateverItsValue(t *testing.T) {
	for _, v := range []uint64{0, 1073766400, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		additional := attrsOf(t, dns.Client(), dns.ProfileWindows, dc1, etw.Record{ID: 3006}, map[string]any{"QueryOptions": v}, "AdditionalFields")[0]
		require.Equal(t, strconv.FormatUint(v, 10), additional.(map[string]any)["QueryOptions"])
	}
}

func TestTransfersHaveTheTypeThatTheirNameSays(t *testing.T) {
	got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 266}, map[string]any{"QNAME": "corp.example.com."}, "DnsQuery", "DnsQueryType", "DnsQueryTypeName")
	require.Equal(t, []any{"corp.example.com", int64(251), "IXFR"}, got)
	got = attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 272}, map[string]any{}, "DnsQueryTypeName")
	require.Equal(t, []any{"AXFR"}, got)
}

func TestAnEventThatNobodyKnowsIsARecordWithItsHeaderAndBytes(t *testing.T) {
	r := etw.Record{ID: 299, Version: 1, Level: 3, Opcode: 2, Task: 14, Channel: 16, Keyword: 0x8000000000000001, ProcessID: 852, ThreadID: 3, UserData: []byte{0xDE, 0xAD},
		ActivityID: etw.MustGUID("{00000001-0002-0003-0405-060708090A0B}")}
	lr := mapEvent(t, dns.Server(), dns.ProfileWindows, dc1, r, nil)
	raw := lr.Attributes().AsRaw()
	require.Equal(t, map[string]any{
		"Version": int64(1), "Level": int64(3), "Opcode": int64(2), "Task": int64(14), "Channel": int64(16), "Keyword": "0x8000000000000001",
		"ProcessId": int64(852), "ThreadId": int64(3), "UserData": "0xDEAD", "DnsRole": "info",
		"ActivityId": "{00000001-0002-0003-0405-060708090A0B}",
	}, raw["AdditionalFields"])
	require.Equal(t, "299", raw["EventOriginalType"])
	require.NotContains(t, raw, "EventOriginalUid", "no identifier was made")
	documented := mapEvent(t, dns.Server(), dns.ProfileDocumented, dc1, r, nil).Attributes().AsRaw()
	require.Equal(t, []any{"{00000001-0002-0003-0405-060708090A0B}", nil}, []any{documented["EventOriginalUid"], additional(documented, "ActivityId")})
	require.NotContains(t, raw, "EventOriginalSubType")
	require.Equal(t, "Low", raw["EventSeverity"])
	require.Equal(t, "DNS Server Event: Status (ID: 299)", lr.Body().Str())
}

func TestTheRestOfAnEventInAnUnknownLayoutIsKept(t *testing.T) {
	decoder := dns.NewDecoder(dns.Server())
	tmpl := decoder.Templates()[0]
	raw, err := tmpl.Encode(nil, 8, map[string]any{
		"InterfaceIP": "10.0.0.53", "Source": "192.0.2.7", "QNAME": "a.example.", "QTYPE": 1, "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}",
	})
	require.NoError(t, err)
	lr := mapEvent(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: tmpl.ID, UserData: append(raw, 0xAB, 0xCD)}, nil)
	attrs := lr.Attributes().AsRaw()
	require.Equal(t, []any{"a.example", "192.0.2.7"}, []any{attrs["DnsQuery"], attrs["SrcIpAddr"]})
	more := attrs["AdditionalFields"].(map[string]any)
	require.Equal(t, "0xABCD", more["UndecodedData"])
	require.Equal(t, true, more["LayoutUnknown"])
}

// What is not decoded is not taken for what the event does not carry: 3020 is written by the DNS Client service for others.
func TestAFieldThatIsNotDecodedIsNotMadeUp(t *testing.T) {
	for _, tmpl := range dns.NewDecoder(dns.Client()).Templates() {
		if tmpl.ID != 3020 && tmpl.ID != 3016 {
			continue
		}
		raw, err := tmpl.Encode(nil, 8, map[string]any{"QueryName": "www.contoso.com", "QueryType": 1})
		require.NoError(t, err)
		r := etw.Record{ID: tmpl.ID, Version: tmpl.Version, ProcessID: 1234, Flags: etw.Flag64BitHeader, UserData: append(raw, 1, 2, 3, 4, 5)}
		attrs := mapEvent(t, dns.Client(), dns.ProfileWindows, dc1, r, nil).Attributes().AsRaw()
		require.Equal(t, "www.contoso.com", attrs["DnsQuery"])
		require.NotContains(t, attrs, "SrcProcessId")
		require.NotContains(t, attrs["AdditionalFields"], "ClientPID")
		if tmpl.ID == 3016 {
			require.NotContains(t, attrs, "NetworkProtocol", "QueryOptions says it")
		}
	}
}

// The time stamp of OTLP has no sign. 0 is its word for a time that is not known; the attributes say what the event says.
func TestATimeBefore1970IsNoTimeStampFarAhead(t *testing.T) {
	for _, stamp := range []int64{0, etw.Filetime(-100)} {
		e := dns.Event{Record: etw.Record{Provider: dns.Server().GUID, ID: 256, TimeStamp: stamp}}
		dns.NewDecoder(dns.Server()).Decode(&e)
		mapper := NewMapper(dns.Server(), dns.ProfileWindows, dc1, "1.2.3")
		records := mapper.Begin(plog.NewLogs())
		mapper.Append(records, &e, 1)
		require.Zero(t, records.At(0).Timestamp())
		start, _ := records.At(0).Attributes().Get("EventStartTime")
		require.Contains(t, start.Str(), map[bool]string{true: "1677-09-21T00:12:43", false: "1969-12-31T23:59:59.9999999Z"}[stamp == 0])
	}
}

// The columns hold 32 bits with a sign, and the fields 32 without. With an unknown layout, a number may be any.
func TestANumberBeyondWhatItsAttributeHoldsStaysInItsField(t *testing.T) {
	packet := []byte{0, 7, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 28, 0, 1}
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM, dns.ProfileDocumented} {
		raw := mapEvent(t, dns.Server(), profile, dc1, etw.Record{ID: 257}, map[string]any{
			"QNAME": "a.", "QTYPE": 28, "RCODE": 3, "ElapsedTime": uint32(1 << 31), "XID": 7, "Port": 53000, "Flags": 0x8183, "PacketData": packet,
		}).Attributes().AsRaw()
		for name, want := range map[string]any{
			"DnsQueryType": int64(28), "DnsQueryTypeName": "AAAA", "DnsResponseCode": int64(3), "EventResultDetails": "NXDOMAIN",
			"DnsNetworkDuration": nil, "TransactionIdHex": "0007", "SrcPortNumber": int64(53000),
		} {
			require.Equal(t, want, raw[name], name)
		}
		require.Equal(t, int64(1<<31), raw["AdditionalFields"].(map[string]any)["ElapsedTime"])
		raw = mapEvent(t, dns.Server(), profile, dc1, etw.Record{ID: 257}, map[string]any{
			"QTYPE": uint32(1<<16 - 1), "RCODE": uint32(1<<16 - 1), "ElapsedTime": uint32(1<<31 - 1),
		}).Attributes().AsRaw()
		require.Equal(t, []any{int64(1<<16 - 1), int64(1<<16 - 1), int64(1<<31 - 1)}, []any{raw["DnsQueryType"], raw["DnsResponseCode"], raw["DnsNetworkDuration"]})
		for _, name := range []string{"QTYPE", "RCODE", "ElapsedTime"} {
			require.NotContains(t, raw["AdditionalFields"], name)
		}
	}
	raw := mapEvent(t, dns.Client(), dns.ProfileWindows, dc1, etw.Record{ID: 3006}, map[string]any{"QueryName": "a", "QueryType": uint32(1<<32 - 1)}).Attributes().AsRaw()
	require.NotContains(t, raw, "DnsQueryType")
	require.NotContains(t, raw, "DnsQueryTypeName")
	require.Equal(t, int64(1<<32-1), raw["AdditionalFields"].(map[string]any)["QueryType"])
}

func TestNamesOfQueryTypes(t *testing.T) {
	for code, want := range map[uint64]string{1: "A", 28: "AAAA", 65: "HTTPS", 255: "ANY", 65281: "WINS", 54: "TYPE54", 65535: "TYPE65535", 1 << 20: "TYPE1048576"} {
		require.Equal(t, want, dns.TypeName(code))
	}
}

func BenchmarkDNSRecord257(b *testing.B) { benchmarkRecord257(b, func(*Mapper) {}) }

func BenchmarkSlimDNSRecord257(b *testing.B) {
	benchmarkRecord257(b, func(m *Mapper) {
		m.Slim(true)
		m.PutDevice(DeviceInResource)
		m.KeepPackets(KeepPacketOnError)
	})
}

func benchmarkRecord257(b *testing.B, set func(*Mapper)) {
	decoder := dns.NewDecoder(dns.Server())
	packet := make([]byte, 55)
	raw, err := decoder.Templates()[1].Encode(nil, 8, map[string]any{
		"Destination": "216.160.83.56", "QNAME": "google.es.", "Zone": "..Cache", "Port": 59560, "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}",
		"ElapsedTime": 9, "Flags": 33152, "XID": 7, "Scope": "Default", "QTYPE": 28, "PolicyName": "NULL", "InterfaceIP": "172.31.87.64",
		"AdditionalInfo": "VirtualizationInstance:.", "PacketData": packet,
	})
	require.NoError(b, err)
	e := dns.Event{Record: etw.Record{ID: 257, Level: 4, Provider: dns.Server().GUID, UserData: raw}}
	m := NewMapper(dns.Server(), dns.ProfileWindows, dc1, "1")
	set(m)
	logs := plog.NewLogs()
	records := m.Begin(logs)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%1000 == 0 {
			logs = plog.NewLogs()
			records = m.Begin(logs)
		}
		decoder.Decode(&e)
		m.Append(records, &e, 1)
	}
}
