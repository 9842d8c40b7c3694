// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// oneOf, under and within are what a rule's values mean, said of the text in a record.
func oneOf(values ...string) func(string) bool {
	return func(got string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(got, v) })
	}
}

func under(parent string) func(string) bool {
	return func(got string) bool { return strings.HasSuffix(strings.ToLower(got), "."+parent) }
}

func within(networks ...string) func(string) bool {
	return func(got string) bool {
		addr, err := netip.ParseAddr(got)
		return err == nil && slices.ContainsFunc(networks, func(n string) bool { return netip.MustParsePrefix(n).Contains(addr.WithZone("")) })
	}
}

func TestWhatAFilterSeesIsWhatTheRecordSays(t *testing.T) {
	device := dnslog.Device{Name: "host1", Host: true, Addr: netip.MustParseAddr("10.1.4.27")}
	cases := []struct {
		field   string
		values  []string
		matches func(string) bool
		hits    int // in both files
		filter  *Filter
	}{
		{field: "EventOriginalType", values: []string{"256", "3006", "1001", "515", "299", "3099"}, matches: oneOf("256", "3006", "1001", "515", "299", "3099")},
		{field: "EventResultDetails", values: []string{"NXDOMAIN", "SERVFAIL"}, matches: oneOf("NXDOMAIN", "SERVFAIL")},
		{field: "EventResultDetails", values: []string{"NA"}, matches: oneOf("NA")},
		{field: "EventResultDetails", values: []string{"noerror"}, matches: oneOf("NOERROR")},
		{field: "EventResult", values: []string{"Failure"}, matches: oneOf("Failure")},
		{field: "EventResult", values: []string{"success", "NA"}, matches: oneOf("Success", "NA")},
		{field: "EventType", values: []string{"Status", "notify"}, matches: oneOf("Status", "Notify")},
		{field: "EventType", values: []string{"DnsCache", "Update"}, matches: oneOf("DnsCache", "Update")},
		{field: "DnsRole", values: []string{"client-query", "RECURSIVE-response"}, matches: oneOf("client-query", "recursive-response")},
		{field: "DnsRole", values: []string{"cache", "transfer", "update", "audit", "info"}, matches: oneOf("cache", "transfer", "update", "audit", "info")},
		{field: "DnsQuery", values: []string{"*.contoso.com"}, matches: under("contoso.com")},
		{field: "DnsQuery", values: []string{"CONTOSO.com.", "wpad.corp.contoso.com", "."}, matches: oneOf("contoso.com", "wpad.corp.contoso.com", ".")},
		{field: "DnsQueryTypeName", values: []string{"AAAA", "TYPE1", "IXFR"}, matches: oneOf("AAAA", "A", "IXFR")},
		{field: "DnsQueryTypeName", values: []string{"SOA"}, matches: oneOf("SOA")},
		{field: "SrcIpAddr", values: []string{"fe80::/10"}, matches: within("fe80::/10")},
		{field: "SrcIpAddr", values: []string{"10.0.0.0/8"}, matches: within("10.0.0.0/8")},
		{field: "SrcIpAddr", values: []string{"10.1.4.27"}, matches: oneOf("10.1.4.27")},
		{field: "SrcIpAddr", values: []string{"::/0"}, matches: within("::/0")},
		{field: "DvcIpAddr", values: []string{"10.1.4.27"}, matches: oneOf("10.1.4.27")},
		{field: "DvcIpAddr", values: []string{"10.0.0.0/8", "fd00::/8"}, matches: within("10.0.0.0/8", "fd00::/8")},
	}
	for file, p := range map[string]*dns.Provider{"dnsserver.etl": dns.Server(), "dnsclient.etl": dns.Client()} {
		for i := range cases {
			f, err := New(p, dns.ProfileWindows, exclude(Rule{cases[i].field: cases[i].values}), DefaultNoise())
			require.NoError(t, err)
			f.SetDevice(device.Addr)
			cases[i].filter = f
		}
		decoder, mapper := dns.NewDecoder(p), dnslog.NewMapper(p, dns.ProfileWindows, device, "1")
		records := mapper.Begin(plog.NewLogs())
		reader, err := etl.Open("../../../testdata/" + file)
		require.NoError(t, err)
		var e dns.Event
		for {
			raw, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			require.NoError(t, e.Parse(raw))
			decoder.Decode(&e)
			mapper.Append(records, &e, 0)
			attrs := records.At(records.Len() - 1).Attributes()
			for i := range cases {
				c := &cases[i]
				said, ok := attrs.Get(c.field)
				if !ok {
					more, _ := attrs.Get("AdditionalFields")
					said, ok = more.Map().Get(c.field)
				}
				want := ok && c.matches(said.AsString())
				require.Equal(t, want, c.filter.Drops(&e), "%s %v: %v", c.field, c.values, attrs.AsRaw())
				if want {
					c.hits++
				}
			}
		}
		require.NoError(t, reader.Close())
	}
	for _, c := range cases {
		require.Positive(t, c.hits, "%s %v", c.field, c.values)
	}
}
