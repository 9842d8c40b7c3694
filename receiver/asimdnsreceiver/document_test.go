// SPDX-License-Identifier: Apache-2.0

// The two trees of the design document, "OpenTelemetry Log Transformation", as data. The test compares every attribute
// in them with the field of the event that it is made of, for every event that the document's configuration lets
// through.

package asimdnsreceiver

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// branch is one attribute of a tree and its expected value: nil for an event without the attribute. Where the document
// makes up a value that profile windows leaves out, the branch has a value of its own for that profile.
type branch struct {
	attribute string
	value     func(*fields) any
	windows   func(*fields) any
}

// document is the document's configuration for a provider, and its tree. It leaves out attributes that the tree
// abbreviates with an ellipsis.
type document struct {
	file   string
	change func(*Config)
	// classes are EventType and EventSubType by event id, for the ids in the document.
	windows, documented map[uint16]string
	tree                []branch
}

const localIP = "10.1.4.27"

func documents() []document {
	server, client := uint64(0x3F), uint64(0x8000000000000FFF)
	return []document{
		{
			file: serverFile,
			change: func(c *Config) {
				c.ProviderGUID, c.EnableLevel, c.EnableFlags = "{EB79061A-A566-4698-9119-3ED2807060E7}", 4, &server
			},
			windows: map[uint16]string{
				256: "Query request", 257: "Query response", 258: "Query response", 259: "Query response", 260: "Query recursive", 261: "Query recursive",
			},
			documented: map[uint16]string{
				256: "Query request", 257: "Query request", 258: "Query response", 259: "Query response", 260: "Query recursive", 261: "Query recursive",
			},
			tree: []branch{
				{"EventProduct", always("DNS Server"), nil},
				{"EventVendor", always("Microsoft"), nil},
				{"EventOriginalType", func(f *fields) any { return fmt.Sprint(f.ID) }, nil},
				{"DnsQuery", query, nil},
				{"DnsQueryType", queryType, nil},
				{"DnsQueryTypeName", queryTypeName, nil},
				// No field is called CLIENT_IP. The client is the Source of a query and the Destination of a response.
				// When this server asks another one, the client is this server.
				{"SrcIpAddr", func(f *fields) any {
					switch f.ID {
					case 260, 289, 261, 290:
						return f.address("InterfaceIP")
					case 256, 287, 259:
						return f.address("Source")
					}
					return f.address("Destination")
				}, nil},
				{"SrcPortNumber", func(f *fields) any {
					if n, ok := f.number("Port"); ok && n != 0 {
						return int64(n)
					}
					return nil
				}, nil},
				{"DstPortNumber", always(int64(53)), func(f *fields) any {
					if f.ID == 288 {
						return nil // the event names no other host
					}
					return int64(53)
				}},
				{"NetworkProtocol", func(f *fields) any {
					n, ok := f.number("TCP")
					switch {
					case !ok:
						return nil // 288
					case n == 1:
						return "TCP"
					}
					return "UDP"
				}, nil},
				{"DnsFlagsRecursionDesired", func(f *fields) any {
					if rd, ok := f.number("RD"); ok {
						return rd == 1
					}
					if flags, ok := f.number("Flags"); ok {
						return flags&0x0100 != 0
					}
					return nil
				}, nil},
				{"DnsResponseCode", serverCode, nil},
				{"DnsResponseName", codeName(serverCode), nil},
			},
		},
		{
			file: clientFile,
			change: func(c *Config) {
				c.ProviderGUID, c.EnableLevel, c.EnableFlags, c.Device.IP = clientGUID, 5, &client, localIP
			},
			windows: map[uint16]string{
				3006: "Query request", 3008: "Query response", 3020: "Query response", 3019: "Query request", 3016: "DnsCache request", 3018: "DnsCache response",
			},
			documented: map[uint16]string{
				3006: "Query request", 3008: "Query response", 3020: "DnsCache add", 3019: "DnsCache remove", 3016: "DnsCache request", 3018: "DnsCache response",
			},
			tree: []branch{
				{"EventProduct", always("DNS Client"), nil},
				{"EventVendor", always("Microsoft"), nil},
				{"EventOriginalType", func(f *fields) any { return fmt.Sprint(f.ID) }, nil},
				{"DnsQuery", query, nil},
				{"DnsQueryType", queryType, nil},
				{"DnsQueryTypeName", queryTypeName, nil},
				{"SrcIpAddr", func(f *fields) any {
					if a := f.address("LocalAddress"); a != nil {
						return a
					}
					return localIP
				}, nil},
				{"SrcPortNumber", always(nil), nil}, // no event carries a SourcePort
				{"DstIpAddr", func(f *fields) any {
					if addr, ok := dns.ParseSockaddr(f.bytes("Address")); ok {
						return addr.Addr().String()
					}
					return f.address("ServerList", "DnsServerIpAddress", "DNSServerAddress")
				}, nil},
				{"DstPortNumber", func(f *fields) any {
					if f.ID >= 3000 && f.ID < 3023 || f.ID == 1014 || f.ID == 1015 || f.find("Address") >= 0 {
						return int64(53)
					}
					return nil // no query
				}, func(f *fields) any {
					if f.find("Address") >= 0 {
						return int64(53)
					}
					return nil
				}},
				{"NetworkProtocol", func(f *fields) any {
					switch options, _ := f.number("QueryOptions"); {
					case options&2 != 0: // DNS_QUERY_USE_TCP_ONLY
						return "TCP"
					case f.ID >= 3000 && f.ID < 3023 || f.ID == 1014 || f.ID == 1015:
						return "UDP"
					}
					return nil // no query
				}, func(f *fields) any {
					if options, _ := f.number("QueryOptions"); options&2 != 0 {
						return "TCP"
					}
					return nil
				}},
				{"DnsFlagsRecursionDesired", func(f *fields) any {
					if options, ok := f.number("QueryOptions"); ok {
						return options&4 == 0 // DNS_QUERY_NO_RECURSION
					}
					return nil
				}, nil},
				{"DnsResponseCode", clientCode, finalCode},
				{"DnsResponseName", codeName(clientCode), codeName(finalCode)},
			},
		},
	}
}

// eachWanted calls do for each event of a file that the configuration lets through, in order.
func eachWanted(t *testing.T, cfg *Config, do func(*dns.Event)) {
	t.Helper()
	providers, err := cfg.wanted()
	require.NoError(t, err)
	reader, err := etl.Open(cfg.Replay.Path[0])
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	decoder, enable := dns.NewDecoder(providers[0].Provider), providers[0].enable
	var e dns.Event
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		require.NoError(t, e.Parse(raw))
		if decoder.Decode(&e); enable.Wants(&e.Record) {
			do(&e)
		}
	}
}

func TestReplaysGiveTheTreesOfTheDesignDocument(t *testing.T) {
	for _, doc := range documents() {
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileDocumented} {
			cfg := replayOf(doc.file, func(c *Config) { doc.change(c); c.Profile = profile })
			sink, _, _ := replayAll(t, cfg)
			var records []plog.LogRecord
			kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
				service, _ := rl.Resource().Attributes().Get("service.name")
				require.Equal(t, map[string]string{serverFile: "windows_dns_server", clientFile: "windows_dns_client"}[doc.file], service.Str())
				require.Equal(t, "asim.dns.events", rl.ScopeLogs().At(0).Scope().Name())
				records = append(records, lr)
			})
			classes, held, i := doc.windows, map[string]int{}, 0
			if profile == dns.ProfileDocumented {
				classes = doc.documented
			}
			eachWanted(t, cfg, func(e *dns.Event) {
				lr, what := records[i], fmt.Sprintf("event %d, the %dth, in profile %s", e.ID, i, profile)
				i++
				attrs := lr.Attributes().AsRaw()
				require.Equal(t, e.Time(), lr.Timestamp().AsTime(), what)
				class, _ := attrs["EventType"].(string)
				if sub, ok := attrs["EventSubType"]; ok {
					class += " " + sub.(string)
				}
				require.Equal(t, fmt.Sprintf("%s Event: %s (ID: %d)", attrs["EventProduct"], class, e.ID), lr.Body().Str(), what)
				if want, ok := classes[e.ID]; ok {
					require.Equal(t, want, class, what)
					held[want]++
				}
				if e.Decoded().Template == nil {
					return // an unknown id has no fields
				}
				for _, b := range doc.tree {
					if profile == dns.ProfileWindows && b.windows != nil {
						b.value = b.windows
					}
					require.Equal(t, b.value(&fields{e}), attrs[b.attribute], "%s: %s", what, b.attribute)
				}
			})
			require.Len(t, records, i, "the document's configuration lets through the ids in its trees")
			for _, class := range classes {
				require.Positive(t, held[class], class)
			}
		}
	}
}
