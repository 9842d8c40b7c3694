// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"net/netip"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// values has for each field a value that the event of TestEveryFieldGoesFromYAMLToAMatch has, and one that it does not have.
var values = map[string]struct{ has, hasNot string }{
	"EventOriginalType": {"257", "256"}, "EventType": {"Query", "Update"}, "EventResult": {"Success", "NA"}, "EventResultDetails": {"NOERROR", "NA"},
	"DnsRole": {"client-response", "client-query"}, "DvcIpAddr": {"172.31.0.0/16", "216.160.83.56"}, "SrcIpAddr": {"216.160.83.56", "172.31.87.64"},
	"DnsQuery": {"google.es", "'*.google.es'"}, "DnsQueryTypeName": {"AAAA", "A"}, "SrcProcessName": {"a.exe", "b.exe"},
}

func TestEveryFieldGoesFromYAMLToAMatch(t *testing.T) {
	m := server(t)
	e := recorded257(m)
	drops := func(yaml string) bool {
		c, err := load(t, yaml)
		require.NoError(t, err, yaml)
		f := m.filter(c, nil)
		f.Process = func(*dns.Event) string { return `C:\Windows\a.exe` }
		return f.Drops(e)
	}
	for _, field := range table {
		v, ok := values[field.name]
		require.True(t, ok, "%s needs values here", field.name)
		for _, name := range []string{field.name, field.alias} {
			if name == "" {
				continue
			}
			require.True(t, drops("exclude: [{"+name+": "+v.has+"}]"), name)
			require.True(t, drops("exclude: [{"+name+": ["+v.hasNot+", "+v.has+"]}]"), name)
			require.False(t, drops("exclude: [{"+name+": "+v.hasNot+"}]"), name)
			require.True(t, drops("include: [{"+name+": "+v.hasNot+"}]"), name)
		}
	}
	require.Len(t, values, len(table), "each field once")
}

// An event of the server's can have each of the values, so no rule of one of them is idle.
func TestNoFieldIsIdleThatAnEventHas(t *testing.T) {
	all := []Source{{dns.Server(), dns.Server().Enable(5, 0)}}
	for _, field := range table {
		require.Empty(t, Idle(all, dns.ProfileWindows, true, exclude(Rule{field.name: {values[field.name].has}}), DefaultNoise()), field.name)
	}
}

func TestTheReadmeDocumentsEveryFieldOfRulesAndNoOther(t *testing.T) {
	var documented, known []string
	section := kit.Section(t, "../../../receiver/asimdnsreceiver/README.md", "### Rules")
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)`(?: \\(`([A-Za-z]+)`[^|]*\\))? \\|").FindAllStringSubmatch(section, -1) {
		documented = append(documented, row[1]+" "+row[2])
	}
	for _, f := range table {
		known = append(known, f.name+" "+f.alias)
	}
	slices.Sort(documented)
	slices.Sort(known)
	require.Equal(t, known, documented)
}

func TestTheSchemaHasEveryFieldOfRulesAndNoOther(t *testing.T) {
	var known []string
	for _, f := range table {
		known = append(known, f.name)
		if f.alias != "" {
			known = append(known, f.alias)
		}
	}
	slices.Sort(known)
	for _, list := range []string{"exclude", "include"} {
		require.Equal(t, known, kit.SchemaKeys(t, "../../../receiver/asimdnsreceiver/config.schema.yaml", list), list)
	}
}

func TestAnAddressOfTheOtherEndIsNoOnesWhoAsks(t *testing.T) {
	m := server(t)
	f := m.filter(exclude(Rule{"SrcIpAddr": {"10.0.0.9"}}), nil)
	f.SetDevice(netip.MustParseAddr("10.0.0.9"))
	require.False(t, f.Drops(m.event(256, fields{"Source": "10.0.0.1"})))
	require.True(t, f.Drops(m.event(260, fields{"Destination": "10.0.0.1"})), "this server asks")
	require.False(t, f.Drops(m.event(256, fields{"Source": "10.0.0.1"})), "the address before is not remembered")
}
