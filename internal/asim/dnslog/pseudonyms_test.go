// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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

// aliases are the fields that stand for those of another name.
var aliases = map[string][]string{
	"IpAddr": {"SrcIpAddr"}, "Query": {"DnsQuery"}, "Domain": {"DnsQuery"}, "Hostname": {"SrcHostname"}, "User": {"SrcUsername", "ActorUsername"}, "Process": {"SrcProcessName"},
}

type knownProcess string

func (p knownProcess) Name(uint32, time.Time) string { return string(p) }

type knownUser string

func (u knownUser) Account(etw.SID) (name, kind string) { return string(u), "Windows" }

// Every text of each event is the same value, so that each field's value is in many others. The device is another one.
func TestTheValueOfAnyNamedFieldIsNowhereInItsRecord(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	texts := []string{"client7.secret-zone.example", "198.51.100.77", "{BF629903-4288-435F-9182-470BEDF5C0A4}", "SecretSetting", `SECRET\account7`}
	seen := map[string]bool{}
	for _, p := range []*dns.Provider{dns.Server(), dns.Client()} {
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
			made := func(of *pseudonym.Pseudonymizer, text string) *Mapper {
				m := NewMapper(p, profile, dc1, "1")
				m.SetProcesses(knownProcess(text))
				m.SetUsers(knownUser(text))
				m.DetailAnswers(true)
				m.Pseudonymize(of)
				return m
			}
			for _, text := range texts {
				plain := made(nil, text)
				masked := map[string]*Mapper{}
				for field, kinds := range pseudonym.DNS() {
					if _, err := netip.ParseAddr(text); err == nil && kinds&pseudonym.Addresses == 0 {
						continue // an address stays the address of another field
					}
					cfg := pseudonym.Config{Fields: []string{field}, Key: key}
					masked[field] = made(cfg.New(pseudonym.DNS()), text)
				}
				decoder := dns.NewDecoder(p)
				for _, tmpl := range decoder.Templates() {
					carried := map[string]any{}
					for _, f := range tmpl.Fields {
						switch {
						case f.Type == schema.ANSI || f.Type == schema.UTF16:
							carried[f.Name] = text
						case f.Type == schema.Binary && f.Length > 0:
							carried[f.Name] = make([]byte, f.Length)
						}
					}
					raw, err := tmpl.Encode(nil, 8, carried)
					require.NoError(t, err)
					e := dns.Event{Record: etw.Record{
						Provider: p.GUID, ID: tmpl.ID, Version: tmpl.Version, Level: tmpl.Level, Keyword: tmpl.Keyword, Flags: etw.Flag64BitHeader,
						TimeStamp: etw.Filetime(testTime.UnixNano()), ProcessID: 852, UserData: raw, User: alice,
					}}
					decoder.Decode(&e)
					record := func(m *Mapper) (plog.LogRecord, string) {
						logs := plog.NewLogs()
						m.Append(m.Begin(logs), &e, 1)
						out, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
						require.NoError(t, err)
						return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0), string(out)
					}
					lr, _ := record(plain)
					values := leaves(lr)
					for field, m := range masked {
						for _, name := range append(aliases[field], field) {
							value := values[name]
							if ours := slices.ContainsFunc([]string{text, "dc1", "corp.example.com", "10.0.0.1", "S-1-5-"}, func(s string) bool { return strings.Contains(value, s) }); !ours {
								continue
							}
							if _, out := record(m); pseudonym.HasWord(out, strings.Trim(strconv.Quote(value), `"`)) {
								t.Errorf("event %d in profile %s has the %s %q:\n%s", tmpl.ID, profile, field, value, out)
								return
							}
							seen[field] = true
						}
					}
				}
			}
		}
	}
	for field := range pseudonym.DNS() {
		require.True(t, seen[field], "%s has had no value", field)
	}
}

// A new attribute must be given what it holds, or be known to hold nothing.
func TestEveryAttributeIsKnownToHoldAValueOrNone(t *testing.T) {
	nothing := []string{
		"AdditionalFields", "ActorUserIdType", "ActorUsernameType", "DvcDomainType", "DvcOs", "DvcOsVersion", "SrcDomainType", "SrcUserIdType", "SrcUsernameType",
		"TargetDomainType", "TargetDvcOs", "TargetAppId", "TargetAppName", "TargetAppType", "SrcPortNumber", "SrcProcessId", "DstPortNumber",
		"NetworkProtocol", "NetworkProtocolVersion", "TransactionIdHex", auditObjectType, auditOperation, auditKind,
		"DnsFlags", "DnsFlagsAuthenticated", "DnsFlagsAuthoritative", "DnsFlagsCheckingDisabled", "DnsFlagsRecursionAvailable", "DnsFlagsRecursionDesired",
		"DnsFlagsTruncated", "DnsFlagsZ", "DnsNetworkDuration", "DnsQueryClass", "DnsQueryClassName", "DnsQueryType", "DnsQueryTypeName",
		"DnsResponseCode", "DnsResponseCodeName", "DnsResponseName", "DnsSessionId", "EventCount", "EventEndTime", "EventOriginalResultDetails",
		"EventOriginalSubType", "EventOriginalType", "EventProduct", "EventResult", "EventResultDetails", "EventSchemaVersion", "EventSeverity",
		"EventStartTime", "EventSubType", "EventType", "EventVendor", eventSchema,
	}
	for _, name := range slices.Concat(dnsAttributes(), auditEventAttributes()) {
		_, holds := mainHoldings[name]
		require.NotEqual(t, holds, slices.Contains(nothing, name), "%s: say in mainHoldings what it holds, or here that it holds nothing", name)
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
