// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

func allPseudonyms() *pseudonym.Pseudonymizer {
	kinds := pseudonym.Addresses | pseudonym.Names | pseudonym.Users | pseudonym.Processes
	return pseudonym.New(kinds, []byte("0123456789abcdef0123456789abcdef"))
}

// Each text and each bytes of each event of both manifests hold a name and an address. None comes out, wherever it is written.
func TestNoFieldOfAnyEventLeaksANameOrAnAddress(t *testing.T) {
	const name, addr = "client7.secret-zone.example", "198.51.100.77"
	for _, p := range []*dns.Provider{dns.Server(), dns.Client()} {
		decoder := dns.NewDecoder(p)
		for _, tmpl := range decoder.Templates() {
			for _, text := range []string{name, addr} {
				carried := map[string]any{}
				for _, f := range tmpl.Fields {
					switch {
					case f.Type == schema.ANSI || f.Type == schema.UTF16:
						carried[f.Name] = text
					case f.Type == schema.Binary && f.Length > 0:
						carried[f.Name] = make([]byte, f.Length)
					case f.Name == "PacketData":
						carried[f.Name] = testPacket(t)
					case f.Type == schema.Binary:
						carried[f.Name] = []byte{2, 0, 0, 53, 198, 51, 100, 77, 0, 0, 0, 0, 0, 0, 0, 0}
					}
				}
				raw, err := tmpl.Encode(nil, 8, carried)
				require.NoError(t, err)
				e := dns.Event{Record: etw.Record{
					Provider: p.GUID, ID: tmpl.ID, Version: tmpl.Version, Level: tmpl.Level, Keyword: tmpl.Keyword, Flags: etw.Flag64BitHeader,
					TimeStamp: etw.Filetime(testTime.UnixNano()), ProcessID: 852, UserData: append(raw, name...),
				}}
				decoder.Decode(&e)
				for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM, dns.ProfileDocumented} {
					mapper := NewMapper(p, profile, Device{Name: name, Host: true, Addr: dc1.Addr}, "1")
					mapper.Pseudonymize(allPseudonyms())
					logs := plog.NewLogs()
					mapper.Append(mapper.Begin(logs), &e, 1)
					out, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
					require.NoError(t, err)
					out = bytes.ToLower(out)
					what := fmt.Sprintf("event %d version %d %s in profile %s: %q", tmpl.ID, tmpl.Version, tmpl.Source, profile, out)
					require.False(t, bytes.Contains(out, []byte("client7")) || bytes.Contains(out, []byte("secret-zone")) || bytes.Contains(out, []byte("packet.example")), what)
					require.False(t, bytes.Contains(out, []byte(addr)) || bytes.Contains(out, []byte("c633644d")) || bytes.Contains(out, []byte("10.0.0.1")), what)
				}
			}
		}
	}
}

// A new attribute must be given what it holds, or be known to hold nothing.
func TestEveryAttributeIsKnownToHoldAValueOrNone(t *testing.T) {
	nothing := []string{
		"AdditionalFields", "ActorUserIdType", "ActorUsernameType", "DvcDomainType", "DvcOs", "DvcOsVersion", "SrcDomainType", "SrcUserIdType", "SrcUsernameType",
		"TargetDomainType", "TargetDvcOs", "TargetAppId", "TargetAppName", "TargetAppType", "SrcPortNumber", "SrcProcessId", "DstPortNumber",
		"NetworkProtocol", "NetworkProtocolVersion", "TransactionIdHex", auditObjectType, auditOperation, auditKind, "DnsResponseName",
	}
	for _, name := range slices.Concat(dnsAttributes(), auditEventAttributes()) {
		_, holds := mainHoldings[name]
		constant := slices.Contains(nothing, name) || strings.HasPrefix(name, "Event") || strings.HasPrefix(name, "Dns") && name != "DnsQuery"
		require.NotEqual(t, holds && name != eventOriginalUID, constant, name)
	}
}

func TestNamesOfTheDeviceStayOneName(t *testing.T) {
	mapper := NewMapper(dns.Client(), dns.ProfileASIM, dc1, "1")
	mapper.Pseudonymize(allPseudonyms())
	e := dns.Event{Record: etw.Record{Provider: dns.Client().GUID, ID: 3006, TimeStamp: etw.Filetime(testTime.UnixNano())}}
	dns.NewDecoder(dns.Client()).Decode(&e)
	logs := plog.NewLogs()
	mapper.Append(mapper.Begin(logs), &e, 1)
	rl := logs.ResourceLogs().At(0)
	all := leaves(rl.ScopeLogs().At(0).LogRecords().At(0))
	require.Equal(t, all["Dvc"], all["DvcHostname"]+"."+all["DvcDomain"])
	require.Equal(t, all["DvcHostname"], all["SrcHostname"])
	host, _ := rl.Resource().Attributes().Get("host.name")
	require.Equal(t, all["Dvc"], host.Str())
}

func BenchmarkPseudonyms(b *testing.B) {
	decoder := dns.NewDecoder(dns.Server())
	var e dns.Event
	for _, tmpl := range decoder.Templates() {
		if tmpl.ID == 256 && tmpl.Source == "" {
			raw, err := tmpl.Encode(nil, 8, map[string]any{"QNAME": "www.example.com.", "Source": "192.0.2.1", "InterfaceIP": "10.0.0.1", "QTYPE": 1})
			require.NoError(b, err)
			e = dns.Event{Record: etw.Record{Provider: dns.Server().GUID, ID: 256, TimeStamp: etw.Filetime(testTime.UnixNano()), UserData: raw}}
			decoder.Decode(&e)
			break
		}
	}
	for name, p := range map[string]*pseudonym.Pseudonymizer{"off": nil, "on": allPseudonyms()} {
		b.Run(name, func(b *testing.B) {
			mapper := NewMapper(dns.Server(), dns.ProfileWindows, dc1, "1")
			mapper.Pseudonymize(p)
			b.ReportAllocs()
			for b.Loop() {
				mapper.Append(mapper.Begin(plog.NewLogs()), &e, 1)
			}
		})
	}
}
