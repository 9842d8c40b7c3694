// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
)

// load reads a filters section as the collector does, validation included.
func load(t *testing.T, yaml string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filters.yaml")
	require.NoError(t, os.WriteFile(path, []byte(yaml), 0o600))
	conf, err := confmaptest.LoadConf(path)
	require.NoError(t, err)
	var c Config
	if err := configyaml.Unmarshal(conf, &c); err != nil {
		return c, err
	}
	return c, confmap.Validate(&c)
}

func TestAnyScalarIsAListOfOne(t *testing.T) {
	for yaml, want := range map[string][]string{
		"exclude: [{DnsQuery: true}]": {"true"}, "exclude: [{EventOriginalType: 257}]": {"257"}, "exclude: [{DnsQuery: a.test}]": {"a.test"},
		"exclude: [{DnsQuery: [false, a.test]}]": {"false", "a.test"},
	} {
		c, err := load(t, yaml)
		require.NoError(t, err, yaml)
		for _, values := range c.Exclude[0] {
			require.Equal(t, want, values, yaml)
		}
	}
}

func TestRulesAreReadAsTheyAreWritten(t *testing.T) {
	c, err := load(t, `
exclude:
  - {DnsQuery: ["*.example.com", "wpad.corp.local"], DnsQueryTypeName: [AAAA]}
  - {EventOriginalType: [260, "261"]}
  - {EventOriginalType: 257, EventResultDetails: nxdomain}
  - DnsQuery: "*.a.test, *.b.test"
    DvcIpAdrr: [10.0.0.1]
    DvcIpAddr: ["2001:db8::/32"]
include:
  - {SrcIpAddr: 10.0.0.0/8}
  - {SrcProcessName: ['C:\Windows\System32\svchost.exe']}
`)
	require.NoError(t, err)
	require.Equal(t, []Rule{
		{"DnsQuery": {"*.example.com", "wpad.corp.local"}, "DnsQueryTypeName": {"AAAA"}},
		{"EventOriginalType": {"260", "261"}},
		{"EventOriginalType": {"257"}, "EventResultDetails": {"nxdomain"}},
		{"DnsQuery": {"*.a.test", "*.b.test"}, "DvcIpAddr": {"2001:db8::/32"}, "DvcIpAdrr": {"10.0.0.1"}},
	}, c.Exclude)
	require.Equal(t, Rule{"DnsQuery": {"*.a.test", "*.b.test"}, "DvcIpAddr": {"2001:db8::/32", "10.0.0.1"}}, c.Exclude[3].split())
	require.Equal(t, []Rule{{"SrcIpAddr": {"10.0.0.0/8"}}, {"SrcProcessName": {`C:\Windows\System32\svchost.exe`}}}, c.Include)

	c, err = load(t, "exclude:\ninclude:")
	require.NoError(t, err)
	require.Empty(t, c.Exclude)
	require.Empty(t, c.Include)
}

func TestARuleThatIsNotAllowedIsRefusedWithKeyValueAndWhatIs(t *testing.T) {
	for yaml, want := range map[string][]string{
		"exclude: [{DnsQuery: ['www.*.com']}]":         {"exclude[0].DnsQuery", `"www.*.com"`, "leftmost label"},
		"include: [{DnsQuery: a}, {DnsQuery: ''}]":     {"include[1].DnsQuery", "no value; want one or a list"},
		"include: [{DnsQuery: a}, {DnsQuery: ['']}]":   {"include[1].DnsQuery", `""`, "want a domain name"},
		"exclude: [{DnsQueryTypeName: AAA}]":           {"exclude[0].DnsQueryTypeName", `"AAA"`, "TYPE and a number"},
		"exclude: [{DnsQueryTypeName: TYPE65536}]":     {`"TYPE65536"`},
		"exclude: [{DnsQueryTypeName: NULL}]":          {`exclude[0].DnsQueryTypeName: it is missing or empty, for example because a variable is not set; want a value, or "null" in quotes`},
		"exclude: [{EventOriginalType: [257, 65536]}]": {"exclude[0].EventOriginalType", `"65536"`, "0 to 65535, such as 257"},
		"exclude: [{EventOriginalType: x}]":            {`"x" is not an event id`},
		"exclude: [{EventOriginalType: -1}]":           {`"-1" is not an event id`},
		"exclude: [{EventOriginalType: 2.5}]":          {"exclude[0].EventOriginalType[0]: 2.5 is not allowed; want text or a whole number"},
		"exclude: [{EventResultDetails: NXDOMAN}]":     {"exclude[0].EventResultDetails", `"NXDOMAN"`, "NA or one of NOERROR, FORMERR, SERVFAIL, NXDOMAIN"},
		"exclude: [{SrcIpAddr: 10.0.0.300}]":           {"exclude[0].SrcIpAddr", `"10.0.0.300"`, "10.0.0.0/8"},
		"exclude: [{DvcIpAdrr: 10.0.0.0/33}]":          {"exclude[0].DvcIpAddr", `"10.0.0.0/33"`},
		"exclude: [{SrcProcessName: ['']}]":            {"exclude[0].SrcProcessName", "chrome.exe"},
		"exclude: [{DnsQery: a.test}]":                 {"exclude[0].DnsQery", "no such field", "EventResultDetails, DnsRole, DvcIpAddr, SrcIpAddr, DnsQuery"},
		"exclude: [{EventResult: Failed}]":             {"exclude[0].EventResult", `"Failed"`, "NA, Success, Failure"},
		"exclude: [{EventType: Querry}]":               {"exclude[0].EventType", `"Querry"`, "Query, Update, Notify, Status, DnsCache"},
		"exclude: [{DnsRole: [client-query, server]}]": {"exclude[0].DnsRole", `"server"`, "client-query, client-response, recursive-query"},
		"exclude: [{}]":                                   {"exclude[0]", "names no field"},
		"exclude: [{DnsQuery: []}]":                       {"exclude[0].DnsQuery", "no value"},
		"exclude: [null]":                                 {"exclude[0]", "missing or empty"},
		"exclude: [{DnsQuery: {a: b}}]":                   {`exclude[0].DnsQuery: {"a":"b"} is not allowed; want a list`},
		"exclude: [{DnsQery: {a: b}}]":                    {"exclude[0].DnsQery: there is no such field"},
		"exclude: {DnsQuery: a}":                          {"exclude"},
		"drop: []":                                        {"drop"},
		"exclude: [{DnsQuery: ['a..b', ok.test, 'c d']}]": {`"a..b"`, `"c d"`},
	} {
		_, err := load(t, yaml)
		require.Error(t, err, yaml)
		for _, part := range want {
			require.ErrorContains(t, err, part, yaml)
		}
	}
}

func TestKeysForNoiseAreChecked(t *testing.T) {
	noise := DefaultNoise()
	require.NoError(t, noise.Check())
	for want, change := range map[string]func(*Noise){
		"excluded_event_ids: 65536 is not allowed; want 0 to 65535":        func(n *Noise) { n.ExcludedEventIDs = []int{1, 65536} },
		"excluded_event_ids: -1 is not allowed":                            func(n *Noise) { n.ExcludedEventIDs = []int{-1} },
		`excluded_domains: "" matches nothing`:                             func(n *Noise) { n.ExcludedDomains = []string{""} },
		`excluded_domains: "a b" has a blank`:                              func(n *Noise) { n.ExcludedDomains = []string{"*.ok", "a b"} },
		"deduplication_window: 0s is not allowed; want 1s to 24h0m0s":      func(n *Noise) { n.DeduplicationWindow = 0 },
		"deduplication_window: 25h0m0s is not allowed; want 1s to 24h0m0s": func(n *Noise) { n.DeduplicationWindow = 25 * time.Hour },
	} {
		noise := DefaultNoise()
		change(&noise)
		require.ErrorContains(t, noise.Check(), want)
	}
}
