// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"io"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// source gives a provider with the keywords of names.
func source(t testing.TB, p *dns.Provider, names ...string) Source {
	t.Helper()
	var flags uint64
	for _, name := range names {
		bits, err := p.Keyword(name)
		require.NoError(t, err)
		flags |= bits
	}
	return Source{p, p.Enable(5, flags)}
}

func TestWhatCanMatchNoEventIsIdle(t *testing.T) {
	serverOnly := func(names ...string) []Source { return []Source{source(t, dns.Server(), names...)} }
	clientOnly := func(names ...string) []Source { return []Source{source(t, dns.Client(), names...)} }
	both := append(serverOnly("security"), clientOnly("security")...)
	for _, tc := range []struct {
		what    string
		sources []Source
		profile dns.Profile
		rule    Rule
		want    []string
	}{
		{"", serverOnly("security"), dns.ProfileASIM, Rule{"DnsRole": {"audit"}}, nil},
		{"", serverOnly("security"), dns.ProfileASIM, Rule{"DnsRole": {"audit"}, "EventType": {"Create", "Set", "Other"}, "EventResult": {"Success"}}, nil},
		{"what was done has no response code", serverOnly("security"), dns.ProfileASIM, Rule{"EventType": {"Create"}, "EventResult": {"Success"}, "EventResultDetails": {"NA"}}, nil},
		{"what was done is a success", serverOnly("audit"), dns.ProfileASIM, Rule{"EventType": {"Create"}, "EventResult": {"Failure", "NA"}},
			[]string{"exclude[0].EventResult: Failure"}},
		{"of Create no result is unknown", serverOnly("audit"), dns.ProfileASIM, Rule{"EventType": {"Clear"}, "EventResult": {"NA"}}, []string{"exclude[0]"}},
		{"Update is of the schema Dns", serverOnly("audit"), dns.ProfileASIM, Rule{"EventType": {"Update"}}, []string{"exclude[0].EventType: Update"}},
		{"Create is of the schema AuditEvent", serverOnly("security"), dns.ProfileWindows, Rule{"EventType": {"Create"}}, []string{"exclude[0].EventType: Create"}},
		{"", serverOnly("security"), dns.ProfileWindows, Rule{"DnsRole": {"audit"}}, nil},
		{"", serverOnly("security"), dns.ProfileDocumented, Rule{"DnsRole": {"audit"}}, nil},
		{"not collected", serverOnly("default"), dns.ProfileWindows, Rule{"DnsRole": {"audit", "client-query"}}, []string{"exclude[0].DnsRole: audit"}},
		{"", clientOnly("security"), dns.ProfileWindows, Rule{"EventType": {"DnsCache"}}, nil},
		{"the schema has no such type", clientOnly("security"), dns.ProfileASIM, Rule{"EventType": {"DnsCache"}}, []string{"exclude[0].EventType: DnsCache"}},
		{"only the client's", serverOnly("security"), dns.ProfileWindows, Rule{"EventType": {"dnscache"}}, []string{"exclude[0].EventType: dnscache"}},
		{"of the server's", clientOnly("security"), dns.ProfileWindows, Rule{"DnsRole": {"recursive-query", "transfer"}, "EventType": {"Notify"}},
			[]string{"exclude[0].DnsRole: recursive-query", "exclude[0].DnsRole: transfer", "exclude[0].EventType: Notify"}},
		{"", both, dns.ProfileWindows, Rule{"DnsRole": {"recursive-query", "transfer", "cache"}, "EventType": {"Query", "DnsCache"}}, nil},
		{"time-outs and notifications are not of security", serverOnly("security"), dns.ProfileWindows, Rule{"EventOriginalType": {"262", "273", "519", "256"}},
			[]string{"exclude[0].EventOriginalType: 262", "exclude[0].EventOriginalType: 273"}},
		{"", serverOnly("security", "timeouts", "notify"), dns.ProfileWindows, Rule{"EventOriginalType": {"262", "273"}}, nil},
		{"an id of the other provider", serverOnly("security"), dns.ProfileWindows, Rule{"EventOriginalType": {"3008"}}, []string{"exclude[0].EventOriginalType: 3008"}},
		{"an id that a later Windows may bring", serverOnly("security"), dns.ProfileWindows, Rule{"EventOriginalType": {"60597", "9999"}}, nil},
		{"each occurs, and never together", both, dns.ProfileWindows, Rule{"EventType": {"Update"}, "DnsRole": {"client-query"}}, []string{"exclude[0]"}},
		{"a request has no result", serverOnly("queries"), dns.ProfileWindows, Rule{"EventResult": {"Failure", "NA"}, "EventResultDetails": {"NXDOMAIN"}},
			[]string{"exclude[0].EventResult: Failure", "exclude[0].EventResultDetails: NXDOMAIN"}},
		{"an ignored query never succeeds", serverOnly("ignored"), dns.ProfileWindows, Rule{"EventResult": {"Success", "Failure"}}, []string{"exclude[0].EventResult: Success"}},
		{"what rate limiting would drop is no failure", serverOnly("rate_limiting"), dns.ProfileWindows, Rule{"EventOriginalType": {"281"}, "EventResult": {"Failure"}}, []string{"exclude[0]"}},
		{"a transfer's type is IXFR or AXFR", serverOnly("transfers"), dns.ProfileWindows, Rule{"DnsQueryTypeName": {"AXFR", "A"}}, []string{"exclude[0].DnsQueryTypeName: A"}},
		{"names and addresses are not judged one by one", serverOnly("default"), dns.ProfileWindows, Rule{"DnsQuery": {"a.test", "b.test"}, "SrcIpAddr": {"192.0.2.1"}}, nil},
		{"processes have a warning of their own", serverOnly("default"), dns.ProfileWindows, Rule{"SrcProcessName": {"a.exe"}}, nil},
		{"no code is a success but one", both, dns.ProfileWindows, Rule{"EventResultDetails": {"REFUSED"}, "EventResult": {"Success"}}, []string{"exclude[0]"}},
		{"what has a code has a result", both, dns.ProfileASIM, Rule{"EventResultDetails": {"NOERROR"}, "EventResult": {"NA"}}, []string{"exclude[0]"}},
		{"no failure has this code", both, dns.ProfileDocumented, Rule{"EventResultDetails": {"NOERROR"}, "EventResult": {"Failure", "NA"}}, []string{"exclude[0]"}},
		{"a success has a code", both, dns.ProfileWindows, Rule{"EventResultDetails": {"NA", "NXDOMAIN"}, "EventResult": {"Success"}}, []string{"exclude[0]"}},
		{"", both, dns.ProfileWindows, Rule{"EventResultDetails": {"NOERROR"}, "EventResult": {"Success"}}, nil},
		{"", both, dns.ProfileWindows, Rule{"EventResultDetails": {"NA", "REFUSED"}, "EventResult": {"Success", "Failure"}}, nil},
		{"", both, dns.ProfileWindows, Rule{"EventResultDetails": {"NA"}, "EventResult": {"NA"}}, nil},
		{"every keyword", []Source{{dns.Server(), dns.Server().Enable(5, 0)}}, dns.ProfileWindows, Rule{"EventType": {"Query", "Update", "Notify", "Status"}}, nil},
	} {
		require.Equal(t, tc.want, Idle(tc.sources, tc.profile, true, exclude(tc.rule), DefaultNoise()), "%v %v %s", tc.rule, tc.profile, tc.what)
	}
}

func TestKeysForNoiseAreIdleOrMakeRulesSo(t *testing.T) {
	noise := DefaultNoise()
	noise.ExcludedEventIDs = []int{256, 3008, 9999}
	require.Equal(t, []string{"excluded_event_ids: 3008"}, Idle([]Source{source(t, dns.Server(), "security")}, dns.ProfileWindows, true, Config{}, noise))
	client := []Source{source(t, dns.Client(), "configuration")}
	rules := Config{Include: []Rule{{"DnsRole": {"info"}}, {"EventOriginalType": {"1001"}}}}
	require.Empty(t, Idle(client, dns.ProfileWindows, true, rules, DefaultNoise()))
	noise = DefaultNoise()
	noise.IncludeInfoEvents = false
	require.Equal(t, []string{"include[1].EventOriginalType: 1001"}, Idle(client, dns.ProfileWindows, true, rules, noise), "a warning is one of info, and stays")
}

func TestAnAddressThatNoEventNamesIsTheDevicesOrIdle(t *testing.T) {
	cached := []Source{source(t, dns.Client(), "cache")}
	rule := exclude(Rule{"SrcIpAddr": {"10.0.0.1", "10.0.0.2"}})
	require.Empty(t, Idle(cached, dns.ProfileWindows, true, rule, DefaultNoise()))
	require.Equal(t, []string{"exclude[0].SrcIpAddr: 10.0.0.1"}, Idle(cached, dns.ProfileWindows, false, rule, DefaultNoise()))
	require.Empty(t, Idle([]Source{source(t, dns.Server(), "queries")}, dns.ProfileWindows, false, rule, DefaultNoise()), "the server's events name the client")
}

// No rule is called idle that a recorded event matches.
func TestWhatARecordSaysIsNotIdle(t *testing.T) {
	device := dnslog.Device{Name: "host1", Host: true, Addr: netip.MustParseAddr("10.1.4.27")}
	fields := []string{"EventOriginalType", "EventType", "EventResult", "EventResultDetails", "DnsRole", "DvcIpAddr", "SrcIpAddr", "DnsQueryTypeName"}
	judged := 0
	for file, p := range map[string]*dns.Provider{"dnsserver.etl": dns.Server(), "dnsserver_2016.etl": dns.Server(), "dnsclient.etl": dns.Client()} {
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM, dns.ProfileDocumented} {
			for _, keywords := range []string{"default", "security", "queries", "all"} {
				s := Source{p, p.Enable(5, 0)}
				if keywords != "all" {
					s = source(t, p, keywords)
				}
				all := occurrences([]Source{s}, profile, true, false)
				decoder, mapper := dns.NewDecoder(p), dnslog.NewMapper(p, profile, device, "1")
				records := mapper.Begin(plog.NewLogs())
				reader, err := etl.Open("../../../testdata/" + file)
				require.NoError(t, err)
				var e dns.Event
				seen := map[string]bool{}
				for {
					raw, err := reader.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					require.NoError(t, err)
					require.NoError(t, e.Parse(raw))
					if !s.Enable.Wants(&e.Record) {
						continue
					}
					decoder.Decode(&e)
					mapper.Append(records, &e, 0)
					attrs := records.At(records.Len() - 1).Attributes()
					whole := Rule{}
					for _, field := range fields {
						said, ok := attrs.Get(field)
						if !ok && field == "DnsRole" {
							if more, has := attrs.Get("AdditionalFields"); has {
								said, ok = more.Map().Get(field)
							}
						}
						if !ok {
							continue
						}
						value := said.AsString()
						var r rule
						if len(r.add(field, []string{value})) > 0 {
							continue // a code or a type without a name
						}
						whole[field] = []string{value}
						if key := field + value; !seen[key] {
							seen[key] = true
							require.True(t, occurs(Rule{field: {value}}, all), "%s, profile %s, %s: %s %s of event %d", file, profile, keywords, field, value, e.ID)
						}
					}
					require.True(t, occurs(whole, all), "%s, profile %s, %s: %v", file, profile, keywords, whole)
				}
				require.NoError(t, reader.Close())
				judged += len(seen)
			}
		}
	}
	require.Greater(t, judged, 300)
}
