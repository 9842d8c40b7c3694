// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// mapMerged maps an event of the server that stands for others too.
func mapMerged(t *testing.T, omit OmitAttributes, id uint16, fields map[string]any, merged Merged) map[string]any {
	t.Helper()
	require.NoError(t, omit.Validate())
	decoder := dns.NewDecoder(dns.Server())
	m := NewMapper(dns.Server(), dns.ProfileWindows, dc1, "")
	m.Omit(omit)
	for _, tmpl := range decoder.Templates() {
		if tmpl.ID != id {
			continue
		}
		raw, err := tmpl.Encode(nil, 8, fields)
		require.NoError(t, err)
		e := dns.Event{Record: etw.Record{ID: id, Level: tmpl.Level, TimeStamp: etw.Filetime(testTime.UnixNano()), UserData: raw}}
		decoder.Decode(&e)
		logs := plog.NewLogs()
		m.AppendMerged(m.Begin(logs), &e, 1, merged)
		return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().AsRaw()
	}
	t.Fatalf("no event %d", id)
	return nil
}

func TestARecordOfIdenticalQueriesCountsThemAndSaysWhen(t *testing.T) {
	got := mapMerged(t, nil, 256, map[string]any{"QNAME": "a.example."}, Merged{Count: 7, Start: testTime.Add(-time.Second), End: testTime.Add(time.Minute)})
	require.Equal(t, int64(7), got["EventCount"])
	require.Equal(t, "2024-04-22T09:31:12.8941234Z", got["EventStartTime"])
	require.Equal(t, "2024-04-22T09:32:13.8941234Z", got["EventEndTime"])
}

func TestARecordOfAResponseAndItsQuerySaysHowLongItTook(t *testing.T) {
	got := mapMerged(t, nil, 257, map[string]any{"ElapsedTime": 9}, Merged{Start: testTime.Add(-1500 * time.Millisecond), Answered: true})
	require.Equal(t, int64(1), got["EventCount"])
	require.Equal(t, "2024-04-22T09:31:12.3941234Z", got["EventStartTime"])
	require.Equal(t, "2024-04-22T09:31:13.8941234Z", got["EventEndTime"])
	require.Equal(t, int64(1500), got["DnsNetworkDuration"])
	got = mapMerged(t, nil, 257, nil, Merged{Start: testTime.Add(time.Second), Answered: true})
	require.Equal(t, int64(0), got["DnsNetworkDuration"], "clocks of processors that differ make no negative time")
	require.Equal(t, "2024-04-22T09:31:13.8941234Z", got["EventStartTime"])
	require.Equal(t, got["EventStartTime"], got["EventEndTime"])
}

func TestARecordOfAResponseAndAQueryOfAnotherTimeHasTheServersOwnDurationOrNone(t *testing.T) {
	for _, leap := range []time.Duration{time.Hour, -time.Hour} {
		merged := Merged{Start: testTime.Add(-leap), Answered: true, Leapt: true}
		got := mapMerged(t, nil, 257, map[string]any{"ElapsedTime": 9}, merged)
		require.Equal(t, int64(9), got["DnsNetworkDuration"])
		require.Equal(t, "2024-04-22T09:31:13.8941234Z", got["EventStartTime"])
		require.Equal(t, got["EventStartTime"], got["EventEndTime"])
		additional := got["AdditionalFields"].(map[string]any)
		require.Equal(t, true, additional["ClockLeap"])
		require.Equal(t, testTime.Add(-leap).UTC().Format("2006-01-02T15:04:05.0000000Z"), additional["QueryTime"])
		got = mapMerged(t, OmitAttributes{"AdditionalFields.ClockLeap", "AdditionalFields.QueryTime"}, 258, map[string]any{"ElapsedTime": -1}, merged)
		require.NotContains(t, got, "DnsNetworkDuration")
		require.NotContains(t, got["AdditionalFields"], "ClockLeap")
		require.NotContains(t, got["AdditionalFields"], "QueryTime")
	}
}

func TestAQueryWithoutAResponseIsAFailure(t *testing.T) {
	got := mapMerged(t, nil, 256, map[string]any{"Flags": 0x0100}, Merged{Unanswered: true})
	require.Equal(t, "Failure", got["EventResult"])
	require.Equal(t, "NA", got["EventResultDetails"])
}

func TestOmittedAttributesAreNotThereAndTheirFieldsDoNotComeBack(t *testing.T) {
	fields := map[string]any{"QNAME": "a.example.", "Source": "10.1.2.3", "Flags": 0x0100, "PacketData": []byte{1, 2}, "GUID": "{1}"}
	all := mapMerged(t, nil, 256, fields, Merged{})
	got := mapMerged(t, OmitAttributes{"DnsSessionId", "SrcIpAddr", "DnsFlagsZ", "EventCount", "AdditionalFields.PacketData", "AdditionalFields.Flags"}, 256, fields, Merged{})
	for _, name := range []string{"DnsSessionId", "SrcIpAddr", "DnsFlagsZ", "EventCount"} {
		require.Contains(t, all, name)
		require.NotContains(t, got, name)
		delete(all, name)
	}
	additional := all["AdditionalFields"].(map[string]any)
	delete(additional, "PacketData")
	delete(additional, "Flags")
	require.Equal(t, all, got)

	got = mapMerged(t, OmitAttributes{"AdditionalFields"}, 256, fields, Merged{})
	require.NotContains(t, got, "AdditionalFields")
	require.Equal(t, "10.1.2.3", got["SrcIpAddr"])
}

func TestOnlyAttributesOfADNSRecordCanBeOmitted(t *testing.T) {
	require.NoError(t, OmitAttributes(dnsAttributes()).Validate())
	require.NoError(t, OmitAttributes(auditEventAttributes()).Validate())
	require.NoError(t, OmitAttributes{"AdditionalFields.Anything"}.Validate())
	require.ErrorContains(t, OmitAttributes{"EventCounter"}.Validate(), `"EventCounter" is not an attribute of a record; want AdditionalFields.<field> or one of`)
	require.Error(t, OmitAttributes{"AdditionalFields."}.Validate())
}

func TestEveryAttributeThatARecordHasCanBeOmitted(t *testing.T) {
	known := map[string]bool{}
	for _, name := range slices.Concat(dnsAttributes(), auditEventAttributes()) {
		known[name] = true
	}
	for _, p := range []*dns.Provider{dns.Server(), dns.Client()} {
		decoder := dns.NewDecoder(p)
		for _, tmpl := range decoder.Templates() {
			fields := map[string]any{}
			for _, f := range tmpl.Fields {
				if f.Name == "Source" || f.Name == "Destination" || f.Name == "InterfaceIP" {
					fields[f.Name] = "10.0.0.1"
				}
				if f.Length > 0 {
					fields[f.Name] = make([]byte, f.Length)
				}
			}
			raw, err := tmpl.Encode(nil, 8, fields)
			require.NoError(t, err)
			e := dns.Event{Record: etw.Record{ID: tmpl.ID, Version: tmpl.Version, UserData: raw, ProcessID: 7, ActivityID: p.GUID}}
			decoder.Decode(&e)
			for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
				m := NewMapper(p, profile, dc1, "")
				records := m.Begin(plog.NewLogs())
				m.Append(records, &e, 1)
				for name := range records.At(0).Attributes().AsRaw() {
					require.True(t, known[name], "%s of event %d is in no list of attributes", name, tmpl.ID)
				}
			}
		}
	}
}

func TestTheRecordOfALookUpHasTheServerThatWasAsked(t *testing.T) {
	decoder := dns.NewDecoder(dns.Client())
	m := NewMapper(dns.Client(), dns.ProfileWindows, dc1, "")
	for _, c := range []struct {
		lookup        Lookup
		server, cache any
		events        any
	}{
		{Lookup{}, "10.0.0.9", nil, nil},
		{Lookup{Events: 1}, "10.0.0.9", nil, nil},
		{Lookup{Events: 2}, "10.0.0.9", nil, int64(2)},
		{Lookup{Events: 4, Cached: true}, "10.0.0.9", true, int64(4)},
		{Lookup{Events: 8, Server: netip.MustParseAddr("fd00::8"), Asked: true}, "fd00::8", false, int64(8)},
		{Lookup{Events: 8, Server: netip.MustParseAddr("10.0.0.8"), Asked: true, Cached: true}, "10.0.0.8", false, int64(8)},
	} {
		for _, tmpl := range decoder.Templates() {
			if tmpl.ID != 3006 {
				continue
			}
			raw, err := tmpl.Encode(nil, 8, map[string]any{"QueryName": "a.example", "ServerList": "10.0.0.9;"})
			require.NoError(t, err)
			e := dns.Event{Record: etw.Record{ID: 3006, TimeStamp: etw.Filetime(testTime.UnixNano()), UserData: raw}}
			decoder.Decode(&e)
			logs := plog.NewLogs()
			m.AppendMerged(m.Begin(logs), &e, 1, Merged{Lookup: c.lookup})
			got := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().AsRaw()
			require.Equal(t, c.server, got["DstIpAddr"])
			more := got["AdditionalFields"].(map[string]any)
			require.Equal(t, c.cache, more["FromCache"])
			require.Equal(t, c.events, more["LookupEvents"])
			if c.lookup.Server.IsValid() {
				require.Equal(t, "10.0.0.9;", more["ServerList"], "what the program named")
			}
		}
	}
}

func TestARecordOfSeveralExchangesHasTheirSumsAndNothingOfTheFirstAlone(t *testing.T) {
	var answers dns.Answers
	answers.Listed([]byte("192.0.2.1;type:  5 www.example.net;"))
	var set dns.AnswerSet
	set, _ = set.Add(&answers)
	s := dns.Sums{
		First: testTime.Add(-time.Second).UnixNano(), Last: testTime.Add(time.Minute).UnixNano(), Timed: 3, TotalMS: 100, MinMS: 5, MaxMS: 80,
		GapMS: 60_000, GapSquareMS: 2_000_000_000, HasSquare: true, AnswersCut: true, MinTTL: 30, HasTTL: true, Recursed: 2, Recursions: 3, RecursionTimeouts: 1,
	}
	s.Answers.Set(set)
	s.Servers, _ = s.Servers.Add(netip.MustParseAddr("192.0.2.53"))
	fields := map[string]any{
		"QNAME": "a.example.", "QTYPE": 1, "Destination": "10.0.0.9", "InterfaceIP": "10.0.0.53", "Port": 50_000, "XID": 7, "Flags": 0x8180, "ElapsedTime": 9,
		"GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}", "AdditionalInfo": "x", "BufferSize": 3, "PacketData": []byte("abc"), "Zone": "..Cache",
	}
	merged := Merged{Count: 7, Start: testTime.Add(-time.Second), Answered: true, Leapt: true, Sums: &s}
	got := mapMerged(t, nil, 257, fields, merged)
	require.Equal(t, int64(7), got["EventCount"])
	require.Equal(t, "2024-04-22T09:31:12.8941234Z", got["EventStartTime"])
	require.Equal(t, "2024-04-22T09:32:13.8941234Z", got["EventEndTime"])
	require.Equal(t, int64(33), got["DnsNetworkDuration"], "the mean")
	require.Equal(t, "10.0.0.9", got["SrcIpAddr"])
	require.Equal(t, "10.0.0.53", got["DstIpAddr"])
	require.Equal(t, "RD,RA", got["DnsFlags"])
	for _, name := range []string{"SrcPortNumber", "TransactionIdHex", "DnsSessionId"} {
		require.NotContains(t, got, name)
	}
	require.Equal(t, map[string]any{
		"DnsRole": "client-response", "DnsAnswers": []any{"192.0.2.1", "CNAME www.example.net"}, "DnsAnswersCut": true, "DnsAnswerMinTtl": int64(30),
		"DnsNetworkDurationMin": int64(5), "DnsNetworkDurationMax": int64(80), "GapSum": int64(60_000), "GapSquareSum": int64(2_000_000_000),
		"RecursionExchanges": int64(2), "RecursionCount": int64(3), "RecursionTimeouts": int64(1), "RecursionServers": []any{"192.0.2.53"},
	}, got["AdditionalFields"])

	s = dns.Sums{First: s.First, Last: s.Last, GapMS: 60_000}
	got = mapMerged(t, nil, 257, fields, merged)
	require.NotContains(t, got, "DnsNetworkDuration", "no exchange has one")
	require.Equal(t, map[string]any{"DnsRole": "client-response", "GapSum": int64(60_000)}, got["AdditionalFields"], "the squares are not known")
}

func TestTheRecordOfAnExchangeSaysWhomTheServerAsked(t *testing.T) {
	r := dns.Recursion{Sent: 2, Answered: 1, TimedOut: 1, First: testTime.UnixNano(), Last: testTime.Add(3 * time.Second).UnixNano(), ServersCut: true}
	r.Servers, _ = r.Servers.Add(netip.MustParseAddr("192.0.2.53"))
	r.Servers, _ = r.Servers.Add(netip.MustParseAddr("2001:db8::53"))
	more := func(omit OmitAttributes) map[string]any {
		return mapMerged(t, omit, 257, nil, Merged{Recursion: r})["AdditionalFields"].(map[string]any)
	}
	got := more(nil)
	require.Equal(t, []any{"192.0.2.53", "2001:db8::53"}, got["RecursionServers"])
	require.Equal(t, []any{int64(2), int64(1), int64(3000), true}, []any{got["RecursionCount"], got["RecursionTimeouts"], got["RecursionDuration"], got["RecursionServersCut"]})
	require.NotContains(t, more(OmitAttributes{"AdditionalFields.RecursionServers"}), "RecursionServers")
	r.Answered = 0
	require.NotContains(t, more(nil), "RecursionDuration", "an event is missing")
	r = dns.Recursion{}
	require.NotContains(t, more(nil), "RecursionCount")
}
