// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// recorded257 is an event of usual size: that of asim's BenchmarkDNSRecord257.
func recorded257(m made) *dns.Event {
	return m.event(257, fields{
		"Destination": "216.160.83.56", "QNAME": "google.es.", "Zone": "..Cache", "Port": 59560, "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}",
		"ElapsedTime": 9, "Flags": 33152, "XID": 7, "Scope": "Default", "QTYPE": 28, "PolicyName": "NULL", "InterfaceIP": "172.31.87.64",
		"AdditionalInfo": "VirtualizationInstance:.", "PacketData": make([]byte, 55),
	})
}

// filters are what a filter may be asked, each of which drops recorded257.
var filters = []struct {
	name   string
	rules  Config
	change func(*Noise)
}{
	{"id", Config{}, func(n *Noise) { n.ExcludedEventIDs = []int{257} }},
	{"domain", Config{}, func(n *Noise) { n.ExcludedDomains = []string{"google.es"} }},
	{"glob", Config{}, func(n *Noise) { n.ExcludedDomains = []string{"goog?e.*"} }},
	{"rule", exclude(Rule{
		"DnsQuery": {"*.es"}, "DnsQueryTypeName": {"AAAA"}, "EventResultDetails": {"NOERROR"}, "SrcIpAddr": {"216.0.0.0/8"}, "DvcIpAddr": {"172.31.87.64"},
	}), nil},
	{"role", exclude(Rule{"EventResult": {"Success"}, "EventType": {"Query"}, "DnsRole": {"client-response"}}), nil},
	{"include", Config{Include: []Rule{{"DnsQuery": {"*.example.com"}}}}, nil},
	{"repetition", Config{}, func(n *Noise) { n.EnableDeduplication = true }},
}

// mapping gives what decodes and maps an event.
func mapping(m made, e *dns.Event) func() {
	mapper := dnslog.NewMapper(m.Provider, dns.ProfileWindows, dnslog.Device{Name: "dc1.corp.example.com", Host: true}, "1")
	logs := plog.NewLogs()
	records := mapper.Begin(logs)
	return func() {
		if records.Len() == 1000 {
			logs = plog.NewLogs()
			records = mapper.Begin(logs)
		}
		m.Decode(e)
		mapper.Append(records, e, 1)
	}
}

// BenchmarkEvent compares what an event costs that is filtered with one that is mapped; both are decoded.
func BenchmarkEvent(b *testing.B) {
	m := server(b)
	e := recorded257(m)
	for _, c := range filters {
		f := m.filter(c.rules, c.change)
		f.Drops(e) // remembers it
		b.Run("filtered/by="+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Decode(e)
				if !f.Drops(e) {
					b.Fatal("not dropped")
				}
			}
		})
	}
	b.Run("mapped", func(b *testing.B) {
		b.ReportAllocs()
		one := mapping(m, e)
		for b.Loop() {
			one()
		}
	})
}

func TestAFilteredEventAllocatesNothing(t *testing.T) {
	m := server(t)
	e := recorded257(m)
	for _, c := range filters {
		f := m.filter(c.rules, c.change)
		f.Drops(e) // remembers it
		require.Zero(t, testing.AllocsPerRun(100, func() {
			m.Decode(e)
			if !f.Drops(e) {
				t.Fatal("not dropped by", c.name)
			}
		}), c.name)
	}
}
