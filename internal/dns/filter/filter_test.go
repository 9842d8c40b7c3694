// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// made gives a decoder's events with the manifest's newest layouts.
type made struct {
	*dns.Decoder
	t testing.TB
}

func server(t testing.TB) made { return made{dns.NewDecoder(dns.Server()), t} }
func client(t testing.TB) made { return made{dns.NewDecoder(dns.Client()), t} }

func (m made) event(id uint16, fields map[string]any) *dns.Event {
	m.t.Helper()
	for i := len(m.Templates()) - 1; i >= 0; i-- {
		tmpl := m.Templates()[i]
		if tmpl.ID != id || tmpl.Source != "" {
			continue
		}
		raw, err := tmpl.Encode(nil, 8, fields)
		require.NoError(m.t, err)
		e := &dns.Event{Record: etw.Record{
			Provider: m.Provider.GUID, ID: id, Version: tmpl.Version, Level: tmpl.Level, Keyword: tmpl.Keyword, ProcessID: 4242, UserData: raw,
		}}
		m.Decode(e)
		require.True(m.t, e.Decoded().Exact)
		return e
	}
	m.t.Fatalf("the manifest has no event %d", id)
	return nil
}

func (m made) filter(rules Config, change func(*Noise)) *Filter {
	m.t.Helper()
	noise := DefaultNoise()
	if change != nil {
		change(&noise)
	}
	f, err := New(m.Provider, dns.ProfileWindows, rules, noise)
	require.NoError(m.t, err)
	return f
}

func exclude(rules ...Rule) Config { return Config{Exclude: rules} }

type fields = map[string]any

func TestByDefaultNothingIsFiltered(t *testing.T) {
	for _, m := range []made{server(t), client(t)} {
		f := m.filter(Config{}, nil)
		for _, tmpl := range m.Templates() {
			if tmpl.Source == "" && tmpl.ID < 60000 { // those above have addresses of fixed size, which would have to be given
				require.False(t, f.Drops(m.event(tmpl.ID, nil)), tmpl.Name)
			}
		}
	}
}

func TestValuesOfAFieldAreOrFieldsAreAndRulesAreOr(t *testing.T) {
	m := server(t)
	f := m.filter(exclude(
		Rule{"DnsQuery": {"*.example.com", "wpad.corp.local"}, "DnsQueryTypeName": {"A", "AAAA"}},
		Rule{"EventOriginalType": {"260", "261"}},
	), nil)
	query := func(id uint16, name string, qtype int) *dns.Event {
		return m.event(id, fields{"QNAME": name, "QTYPE": qtype})
	}
	require.True(t, f.Drops(query(256, "www.example.com.", 1)))
	require.True(t, f.Drops(query(257, "WPAD.corp.local.", 28)))
	require.False(t, f.Drops(query(257, "wpad.corp.local.", 15)), "another type")
	require.False(t, f.Drops(query(257, "example.com.", 1)), "not below example.com")
	require.True(t, f.Drops(query(260, "example.com.", 15)), "the other rule")
	require.True(t, f.Drops(query(261, ".", 2)))
}

func TestOnlyWhatIsIncludedPassesAndExcludeWins(t *testing.T) {
	m := server(t)
	f := m.filter(Config{
		Include: []Rule{{"DnsQuery": {"*.example.com"}}, {"EventResultDetails": {"NXDOMAIN"}}},
		Exclude: []Rule{{"DnsQuery": {"noise.example.com"}}},
	}, nil)
	answer := func(name string, rcode int) *dns.Event { return m.event(257, fields{"QNAME": name, "RCODE": rcode}) }
	require.False(t, f.Drops(answer("www.example.com.", 0)))
	require.False(t, f.Drops(answer("other.test.", 3)))
	require.True(t, f.Drops(answer("other.test.", 0)), "matches no rule of include")
	require.True(t, f.Drops(answer("noise.example.com.", 3)), "exclude wins")
}

func TestAnEventWithoutTheFieldDoesNotMatch(t *testing.T) {
	m, c := server(t), client(t)
	all := []Rule{
		{"DnsQuery": {"."}}, {"DnsQueryTypeName": {"TYPE0"}}, {"SrcIpAddr": {"0.0.0.0/0", "::/0"}}, {"DvcIpAddr": {"0.0.0.0/0", "::/0"}},
		{"SrcProcessName": {"x"}},
	}
	audit := m.event(541, nil)
	require.False(t, m.filter(exclude(all...), nil).Drops(audit))
	require.True(t, m.filter(Config{Include: all}, nil).Drops(audit), "so with include it does not pass")
	require.False(t, c.filter(exclude(all...), nil).Drops(c.event(3001, nil)))
	require.False(t, m.filter(exclude(all...), nil).Drops(m.event(261, fields{"InterfaceIP": "0.0.0.0", "QTYPE": 1, "QNAME": ""})))
	require.True(t, m.filter(exclude(Rule{"DnsQuery": {"."}}), nil).Drops(m.event(256, fields{"QNAME": "."})), "the root is a name")
}

func TestResultsAreThoseOfTheRecord(t *testing.T) {
	m, c := server(t), client(t)
	drops := func(m made, e *dns.Event, results ...string) bool {
		return m.filter(exclude(Rule{"EventResultDetails": results}), nil).Drops(e)
	}
	require.True(t, drops(m, m.event(258, fields{"RCODE": 3}), "SERVFAIL", "nxdomain"))
	require.False(t, drops(m, m.event(258, fields{"RCODE": 2}), "NXDOMAIN", "NA"))
	require.True(t, drops(m, m.event(261, fields{"Flags": 0x8183}), "NXDOMAIN"), "the flags of a response tell")
	require.True(t, drops(m, m.event(256, fields{"Flags": 0x0100}), "NA"), "a request has no result")
	require.True(t, drops(m, m.event(259, nil), "NA"))
	require.True(t, drops(m, m.event(515, nil), "NA"))
	require.False(t, drops(m, m.event(258, fields{"RCODE": 4000}), "NA", "NOERROR"), "a code without a name is none of them")
	require.True(t, drops(c, c.event(3008, fields{"QueryStatus": 9003}), "NXDOMAIN"))
	require.True(t, drops(c, c.event(3008, fields{"QueryStatus": 0}), "NOERROR"))
	require.True(t, drops(c, c.event(3008, fields{"QueryStatus": 1460}), "NA"))
	require.True(t, drops(c, c.event(3006, nil), "NA"))
}

func TestOnlyFailuresIsOneRule(t *testing.T) {
	m, c := server(t), client(t)
	only := Config{Include: []Rule{{"EventResult": {"failure"}}}}
	for _, failed := range []*dns.Event{
		m.event(259, fields{"QNAME": "a.test."}), m.event(262, nil), m.event(291, nil), m.event(258, fields{"RCODE": 2}), m.event(257, fields{"RCODE": 3}),
		m.event(261, fields{"Flags": 0x8183}), m.event(283, fields{"RCODE": 5}),
	} {
		require.False(t, m.filter(only, nil).Drops(failed), failed.ID)
	}
	for _, other := range []*dns.Event{m.event(256, nil), m.event(257, fields{"RCODE": 0}), m.event(260, nil), m.event(515, nil), m.event(277, nil), m.event(281, fields{"RCODE": 5})} {
		require.True(t, m.filter(only, nil).Drops(other), other.ID)
	}
	for _, failed := range []*dns.Event{
		c.event(3008, fields{"QueryStatus": 1460}), c.event(3008, fields{"QueryStatus": 123}), c.event(3020, fields{"Status": 9003}), c.event(1015, nil),
	} {
		require.False(t, c.filter(only, nil).Drops(failed), failed.ID)
	}
	for _, other := range []*dns.Event{
		c.event(3008, fields{"QueryStatus": 87}), c.event(3018, fields{"Status": 9701}), c.event(3008, fields{"QueryStatus": 9501}), c.event(3006, nil),
	} {
		require.True(t, c.filter(only, nil).Drops(other), other.ID)
	}
	na := Config{Exclude: []Rule{{"EventResult": {"NA", "Success"}}}}
	require.True(t, m.filter(na, nil).Drops(m.event(256, nil)))
	require.False(t, m.filter(na, nil).Drops(m.event(259, nil)))
}

func TestTypesAreThoseOfTheProfile(t *testing.T) {
	c := client(t)
	for profile, want := range map[dns.Profile]string{dns.ProfileWindows: "DnsCache", dns.ProfileASIM: "Query", dns.ProfileDocumented: "DnsCache"} {
		for _, value := range []string{"DnsCache", "Query"} {
			f, err := New(c.Provider, profile, exclude(Rule{"EventType": {value}}), DefaultNoise())
			require.NoError(t, err)
			require.Equal(t, value == want, f.Drops(c.event(3018, nil)), "%s in profile %s", value, profile)
		}
	}
	m := server(t)
	f := m.filter(exclude(Rule{"EventType": {"update", "Status"}}), nil)
	for id, want := range map[uint16]bool{263: true, 278: true, 281: true, 519: true, 541: true, 273: false, 257: false} {
		require.Equal(t, want, f.Drops(m.event(id, nil)), id)
	}
}

func TestTheServersOwnRecursionIsLeftOutByItsRole(t *testing.T) {
	m := server(t)
	f := m.filter(exclude(Rule{"DnsRole": {"recursive-query", "Recursive-Response"}}), nil)
	for id, want := range map[uint16]bool{256: false, 257: false, 260: true, 261: true, 262: true, 289: true, 291: true, 279: false, 515: false} {
		require.Equal(t, want, f.Drops(m.event(id, nil)), id)
	}
	only := m.filter(Config{Include: []Rule{{"DnsRole": {"audit", "update", "transfer"}}}}, nil)
	for id, want := range map[uint16]bool{256: true, 515: false, 263: false, 273: false, 266: false} {
		require.Equal(t, want, only.Drops(m.event(id, nil)), id)
	}
}

func TestAddressesAreThoseOfTheRecord(t *testing.T) {
	m, c := server(t), client(t)
	drops := func(m made, field string, e *dns.Event, values ...string) bool {
		f := m.filter(exclude(Rule{field: values}), nil)
		f.SetDevice(netip.MustParseAddr("10.9.9.9"))
		return f.Drops(e)
	}
	query := m.event(256, fields{"Source": "192.0.2.7", "InterfaceIP": "10.0.0.1"})
	require.True(t, drops(m, "SrcIpAddr", query, "192.0.2.7"))
	require.True(t, drops(m, "SrcIpAddr", query, "203.0.113.1", "192.0.2.99/24"), "the bits below the prefix do not matter")
	require.False(t, drops(m, "SrcIpAddr", query, "192.0.2.8", "10.0.0.0/8"))
	require.True(t, drops(m, "DvcIpAddr", query, "10.0.0.1"))
	require.False(t, drops(m, "DvcIpAddr", query, "10.9.9.9"))

	recursion := m.event(260, fields{"Destination": "198.51.100.53", "InterfaceIP": "0.0.0.0"})
	require.True(t, drops(m, "SrcIpAddr", recursion, "10.9.9.9"), "this server asks, and names no address")
	require.False(t, drops(m, "SrcIpAddr", recursion, "198.51.100.0/24", "0.0.0.0"))
	require.False(t, drops(m, "SrcIpAddr", m.event(260, fields{"Destination": "2001:db8::53", "InterfaceIP": "::"}), "10.9.9.9"), "IPv4 reaches no IPv6")
	require.True(t, drops(m, "DvcIpAddr", recursion, "10.9.9.9"), "the device's address stands in")

	v6 := m.event(256, fields{"Source": "fe80::1%5", "InterfaceIP": "::ffff:10.0.0.1"})
	require.True(t, drops(m, "SrcIpAddr", v6, "fe80::1"))
	require.True(t, drops(m, "SrcIpAddr", v6, "fe80::/10"))
	require.True(t, drops(m, "DvcIpAddr", v6, "10.0.0.0/8"))
	require.True(t, drops(m, "DvcIpAddr", v6, "::ffff:10.0.0.1"))
	for _, network := range []string{"::ffff:10.0.0.0/104", "::ffff:10.0.0.1/128", "::ffff:0:0/96"} {
		require.True(t, drops(m, "DvcIpAddr", v6, network), network)
	}
	require.False(t, drops(m, "DvcIpAddr", v6, "::ffff:11.0.0.0/104"))

	require.True(t, drops(c, "SrcIpAddr", c.event(3006, nil), "10.9.9.9"), "a client asks for itself")
	require.True(t, drops(c, "SrcIpAddr", c.event(3009, fields{"LocalAddress": "10.1.4.27;"}), "10.1.4.27"))
	require.True(t, drops(c, "DvcIpAddr", c.event(3009, fields{"LocalAddress": "10.1.4.27;"}), "10.9.9.9"))
}

func TestProcessesAreNamedByPathOrFile(t *testing.T) {
	c := client(t)
	e := c.event(3008, nil)
	f := c.filter(exclude(Rule{"SrcProcessName": {"CHROME.exe", `c:\windows\system32\svchost.exe`}}), nil)
	require.False(t, f.Drops(e), "the process is not known")
	for path, want := range map[string]bool{
		"": false, `C:\Program Files\Google\chrome.exe`: true, "chrome.exe": true, `C:\Windows\System32\svchost.exe`: true,
		`D:\evil\svchost.exe`: false, `C:\chrome.exe\x.exe`: false,
	} {
		f.Process = func(*dns.Event) string { return path }
		require.Equal(t, want, f.Drops(e), path)
	}
}

func TestThousandsOfRulesOfOneFieldAreOneRule(t *testing.T) {
	rules := []Rule{{"DnsQuery": {"*.a.test"}, "DnsQueryTypeName": {"A"}}}
	for range 1000 {
		rules = append(rules, Rule{"DnsQuery": {"b.test"}}, Rule{"EventOriginalType": {"300"}})
	}
	rules = append(rules, Rule{"DnsQuery": {"c.test"}})
	m := server(t)
	f := m.filter(exclude(rules...), nil)
	require.Len(t, f.exclude, 3)
	require.True(t, f.Drops(m.event(256, fields{"QNAME": "c.test."})))
	require.False(t, f.Drops(m.event(256, fields{"QNAME": "x.a.test.", "QTYPE": 28})))
}

func TestKeysForNoiseApplyToEveryKindOfEvent(t *testing.T) {
	m, c := server(t), client(t)
	set := func(n *Noise) {
		n.ExcludedEventIDs, n.ExcludedDomains, n.ExcludeAAAARecords = []int{261, 3019}, []string{"*.noise.test", "wpad*"}, true
	}
	fs, fc := m.filter(Config{}, set), c.filter(Config{}, set)
	for _, id := range []uint16{256, 257, 258, 259, 260, 279, 281, 284, 289} {
		require.True(t, fs.Drops(m.event(id, fields{"QNAME": "a.noise.test.", "QTYPE": 1})), id)
		require.True(t, fs.Drops(m.event(id, fields{"QNAME": "WPAD.corp.", "QTYPE": 1})), id)
		require.True(t, fs.Drops(m.event(id, fields{"QNAME": "a.test.", "QTYPE": 28})), id)
		require.False(t, fs.Drops(m.event(id, fields{"QNAME": "noise.test.", "QTYPE": 1})), id)
	}
	require.True(t, fs.Drops(m.event(261, fields{"QNAME": "a.test."})))
	require.True(t, fs.Drops(m.event(288, fields{"QNAME": "a.test.", "RRTYPE": 28})))
	require.True(t, fs.Drops(m.event(263, fields{"QNAME": "x.noise.test."})), "an update of a zone has a name and no type")
	for _, id := range []uint16{3000, 3002, 3004, 3006, 3008, 3010, 3011, 3016, 3018, 3020} {
		require.True(t, fc.Drops(c.event(id, fields{"QueryName": "a.noise.test", "QueryType": 1})), id)
		require.True(t, fc.Drops(c.event(id, fields{"QueryName": "a.test", "QueryType": 28})), id)
		require.False(t, fc.Drops(c.event(id, fields{"QueryName": "a.test", "QueryType": 1})), id)
	}
	require.True(t, fc.Drops(c.event(3019, nil)))
	require.True(t, fc.Drops(c.event(1016, fields{"QueryName": "wpad"})))
}

func TestEventsThatOnlyInformAreThoseOfNoQuery(t *testing.T) {
	m, c := server(t), client(t)
	without := func(n *Noise) { n.IncludeInfoEvents = false }
	var dropped []uint16
	f := c.filter(Config{}, without)
	for _, tmpl := range c.Templates() {
		if tmpl.ID < 8000 && tmpl.Source == "" && tmpl.Version == 0 && f.Drops(c.event(tmpl.ID, nil)) {
			dropped = append(dropped, tmpl.ID)
		}
	}
	require.Equal(t, []uint16{
		1000, 1001, 1002, 1003, 1016, 1017, 1018, 1019, 1020, 1021, 1022, 1024, 1025, 1026, 1027, 1028, 3023,
	}, dropped)
	unknown := &dns.Event{Record: etw.Record{Provider: c.Provider.GUID, ID: 3099, Level: 4}}
	c.Decode(unknown)
	require.False(t, f.Drops(unknown), "an event that the manifest does not have is not judged")
	f = m.filter(Config{}, without)
	for _, tmpl := range m.Templates() {
		if tmpl.Source == "" {
			require.False(t, f.Drops(m.event(tmpl.ID, nil)), "%d: a server's events are queries and changes", tmpl.ID)
		}
	}
}

func TestADecisionAllocatesNothing(t *testing.T) {
	m, f, events := busy(t)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, e := range events {
			m.Decode(e)
			f.Drops(e)
		}
	}))
}

// busy gives a filter that asks for everything, and events for it.
func busy(t testing.TB) (made, *Filter, []*dns.Event) {
	m := server(t)
	f := m.filter(Config{
		Exclude: []Rule{
			{"DnsQuery": {"*.ads.test"}, "EventResultDetails": {"NOERROR"}, "DnsQueryTypeName": {"A"}, "SrcIpAddr": {"10.0.0.0/8"}, "DvcIpAddr": {"10.0.0.1"}},
			{"SrcProcessName": {"x.exe"}},
			{"EventResult": {"NA"}, "EventType": {"Query"}, "DnsRole": {"client-query"}},
		},
		Include: []Rule{{"EventOriginalType": {"257"}}},
	}, func(n *Noise) {
		n.IncludeInfoEvents, n.EnableDeduplication, n.ExcludeAAAARecords, n.ExcludedDomains = false, true, true, []string{"wp?d*", "*.x.test"}
	})
	f.Process = func(*dns.Event) string { return `C:\Windows\y.exe` }
	var events []*dns.Event
	for _, name := range []string{"www.ads.test.", "WWW.contoso.com.", strings.Repeat("abc.", 60)} {
		events = append(events, m.event(257, fields{"QNAME": name, "QTYPE": 1, "Destination": "10.0.0.9", "InterfaceIP": "10.0.0.1", "PacketData": make([]byte, 55)}))
	}
	return m, f, events
}

func FuzzDrops(f *testing.F) {
	m, filter, events := busy(f)
	for _, e := range events {
		f.Add(e.ID, e.UserData)
	}
	for _, name := range hostile[:20] {
		f.Add(uint16(257), append([]byte(name), 0))
	}
	f.Fuzz(func(t *testing.T, id uint16, data []byte) {
		e := &dns.Event{Record: etw.Record{Provider: m.Provider.GUID, ID: id, UserData: data}}
		m.Decode(e)
		first := filter.Drops(e)
		if second := filter.Drops(e); first && !second {
			t.Fatalf("event %d was dropped, and the same again was not", id)
		}
	})
}
