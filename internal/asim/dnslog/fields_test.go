// SPDX-License-Identifier: Apache-2.0

// Every event of both manifests, in every version, with a value of its own in every field: each value is found where the table
// below says, and nowhere else.

package dnslog

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// attributesOf says which attributes have a field, where it is not the AdditionalFields: fields of the DNS Server first. Which end
// an address is of depends on the event.
var attributesOf = map[string][]string{
	"TCP":   {"NetworkProtocol"},
	"QNAME": {"DnsQuery"}, "QTYPE": {"DnsQueryType"}, "RRTYPE": {"DnsQueryType"},
	"XID": {"TransactionIdHex"}, "Port": {"SrcPortNumber"}, "RCODE": {"DnsResponseCode"}, "ElapsedTime": {"DnsNetworkDuration"},
	"RD": {"DnsFlagsRecursionDesired"}, "AA": {"DnsFlagsAuthoritative"}, "AD": {"DnsFlagsAuthenticated"},
	"GUID": {"DnsSessionId"}, "QueryGUID": {"DnsSessionId"},
	"InterfaceIP": {"local", "DvcIpAddr"}, "ForwardInterfaceIP": {"local", "DvcIpAddr"}, "Source": {"peer"}, "Destination": {"peer"},

	"QueryName": {"DnsQuery"}, "QueryType": {"DnsQueryType"}, "ClientPID": {"SrcProcessId"},
	"Status": {"DnsResponseCode"}, "QueryStatus": {"DnsResponseCode"}, "ResponseStatus": {"DnsResponseCode"},
	"LocalAddress": {"Src", "SrcIpAddr"},
	"ServerList":   {"Dst", "DstIpAddr"}, "DnsServerIpAddress": {"Dst", "DstIpAddr"}, "DNSServerAddress": {"Dst", "DstIpAddr"},
	"Address":      {"Dst", "DstIpAddr"},
	"QueryResults": {"answer"},
}

// testValue makes a value for the i-th field of an event: what the event carries, nil for a size, and how an attribute shows it.
func testValue(t *testing.T, f schema.Field, i int, audit bool) (carried any, shown string) {
	t.Helper()
	if audit && f.Name != "BufferSize" {
		return auditTestValue(f, i)
	}
	addr := netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}).String()
	switch f.Name {
	case "InterfaceIP", "ForwardInterfaceIP", "Source", "Destination", "DnsServerIpAddress":
		return addr, addr
	case "ServerList", "DNSServerAddress", "LocalAddress", "QueryResults":
		return addr + ";", addr
	case "Address", "DnsAddress":
		raw := netip.MustParseAddr(addr).As4()
		return append([]byte{2, 0, 0, 53}, raw[0], raw[1], raw[2], raw[3], 0, 0, 0, 0, 0, 0, 0, 0), addr
	case "PacketData":
		packet := testPacket(t)
		return packet, fmt.Sprintf("0x%X", packet)
	case "QNAME":
		return "qname.example.", "qname.example"
	case "QueryName":
		return "queryname.example", "queryname.example"
	case "GUID", "QueryGUID":
		text := fmt.Sprintf("{BF629903-4288-435F-9182-%012X}", i)
		return text, text
	case "TCP":
		return 1, "TCP"
	case "RD", "AA", "AD":
		return 1, "true"
	case "RCODE":
		return 5, "5"
	case "Status", "QueryStatus", "ResponseStatus":
		return 9005, "5"
	case "XID":
		return 0x1000 + i, fmt.Sprintf("%04x", 0x1000+i)
	case "BufferSize", "AddressLength", "DnsAddressLength":
		return nil, ""
	}
	return anyValue(f, i)
}

// auditTestValue is testValue for a field of an audit event.
func auditTestValue(f schema.Field, i int) (carried any, shown string) {
	switch f.Name {
	case "NAME", "NodeName":
		text := "value of " + strings.ToLower(f.Name) + ".value of zone" // profile asim has names in lower case
		return text, text
	case "Source":
		text := netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}).String()
		return text, text
	case "RDATA": // of a type that nobody knows
		raw, _ := anyValue(f, i)
		return raw, fmt.Sprintf(`\# 4 %x`, raw)
	}
	return anyValue(f, i)
}

// anyValue makes a value by the field's type.
func anyValue(f schema.Field, i int) (carried any, shown string) {
	switch f.Type {
	case schema.ANSI, schema.UTF16:
		text := "value of " + strings.ToLower(f.Name)
		return text, text
	case schema.GUID:
		g := etw.GUID{byte(i), 1, 2, 3}
		return g, g.String()
	case schema.Binary:
		b := binary.BigEndian.AppendUint32(nil, uint32(0xAB000000+i))
		for f.LengthField < 0 && len(b) < f.Length {
			b = append(b, 0xCD)
		}
		return b, fmt.Sprintf("0x%X", b)
	case schema.U8:
		return 100 + i, fmt.Sprint(100 + i)
	case schema.Bool32:
		return 1, "true"
	case schema.Pointer:
		return 0x7FF600000000 + i, fmt.Sprintf("0x%x", 0x7FF600000000+i)
	case schema.FileTime:
		return 134000000000000000 + 10_000_000*i, fmt.Sprintf("2025-08-18T14:13:%02d.0000000Z", 20+i)
	}
	return 5000 + i, fmt.Sprint(5000 + i)
}

// testPacket is a response of another transaction, so that its values are told from the fields'.
func testPacket(t *testing.T) []byte {
	t.Helper()
	m := new(mdns.Msg)
	m.SetQuestion("packet.example.", mdns.TypeA)
	m.Id, m.Response = 0x7777, true
	raw, err := m.Pack()
	require.NoError(t, err)
	return raw
}

// leaves gives all values of a record as text, by name; lists by their elements.
func leaves(lr plog.LogRecord) map[string]string {
	all := map[string]string{}
	for name, v := range flat(lr) {
		if list, ok := v.([]any); ok {
			v = fmt.Sprint(list...)
		}
		all[name] = fmt.Sprint(v)
	}
	return all
}

// places gives the attributes that shall have a field.
func places(e *dns.Event, f schema.Field, profile dns.Profile) []string {
	if e.Audit {
		return auditPlaces(e, f, profile)
	}
	names, ok := attributesOf[f.Name]
	if f.Name == "RCODE" && e.Phase != dns.Response && profile != dns.ProfileDocumented {
		ok = false // a request has no response code
	}
	if !ok {
		return []string{"AdditionalFields." + f.Name}
	}
	var all []string
	for _, name := range names {
		peer, local := "Src", "Dst"
		if e.PeerIsServer {
			peer, local = local, peer
		}
		switch name {
		case "peer":
			all = append(all, peer, peer+"IpAddr")
		case "local":
			all = append(all, local, local+"IpAddr")
		case "answer":
			all = append(all, "AdditionalFields.DnsAnswers")
			if profile == dns.ProfileASIM {
				all = append(all, "DnsResponseName")
			}
		default:
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// auditPlaces is places for an audit event.
func auditPlaces(e *dns.Event, f schema.Field, profile dns.Profile) []string {
	all := []string{"AdditionalFields." + f.Name}
	if profile == dns.ProfileDocumented {
		return all
	}
	if profile == dns.ProfileASIM {
		return auditEventPlaces(e, f)
	}
	switch plan := e.AuditPlan(); {
	case (f.Name == "Type" || f.Name == "QTYPE") && f.Type == schema.U32:
		return []string{"DnsQueryType"}
	case f.Name == "Source":
		return []string{"Src", "SrcIpAddr"}
	case f.Name == plan.New && f.Name == "RDATA":
		return []string{"AdditionalFields.NewValue"}
	case f.Name == plan.Old && f.Name == "RDATA":
		return []string{"AdditionalFields.OldValue"}
	case f.Name == plan.Object:
		all = append(all, "AdditionalFields.Object")
		if slices.Contains([]string{"NAME", "NodeName", "QNAME"}, f.Name) {
			all = append(all, "DnsQuery")
		}
	case f.Name == plan.Old:
		all = append(all, "AdditionalFields.OldValue")
	case f.Name == plan.New && f.Name != "NewValue":
		all = append(all, "AdditionalFields.NewValue")
	}
	slices.Sort(all)
	return all
}

// auditEventPlaces is places for a record of the schema AuditEvent.
func auditEventPlaces(e *dns.Event, f schema.Field) []string {
	all := []string{"AdditionalFields." + f.Name}
	switch plan := e.AuditPlan(); {
	case (f.Name == "Type" || f.Name == "QTYPE") && f.Type == schema.U32:
		return []string{"AdditionalFields.DnsQueryType"}
	case f.Name == "Source":
		return []string{"Src", "SrcIpAddr"}
	case f.Name == plan.New && (f.Name == "RDATA" || f.Name == "NewValue"):
		return []string{"NewValue"}
	case f.Name == plan.Old && f.Name == "RDATA":
		return []string{"OldValue"}
	case f.Name == plan.Object:
		all = append(all, "Object")
	case f.Name == plan.Old:
		all = append(all, "OldValue")
	case f.Name == plan.New:
		all = append(all, "NewValue")
	}
	return all
}

// isShared are values that other attributes may have as well: they are few.
func isShared(shown string) bool { return slices.Contains([]string{"TCP", "true", "5", "16"}, shown) }

func TestEveryFieldOfEveryEventIsFoundOnceInEveryProfile(t *testing.T) {
	fields, audits, events := asimtest.DNSFields(t), asimtest.AuditEventFields(t), 0
	for _, p := range []*dns.Provider{dns.Server(), dns.Client()} {
		decoder := dns.NewDecoder(p)
		for _, tmpl := range decoder.Templates() {
			carried, shown := map[string]any{}, map[string]string{}
			audit := p.Audits(tmpl.Channel, tmpl.Keyword)
			for i, f := range tmpl.Fields {
				v, text := testValue(t, f, i, audit)
				if v != nil {
					carried[f.Name] = v
				}
				shown[f.Name] = text
			}
			for i, f := range tmpl.Fields { // the size of what it is the size of
				if i+1 < len(tmpl.Fields) && tmpl.Fields[i+1].LengthField == i {
					shown[f.Name] = fmt.Sprint(len(carried[tmpl.Fields[i+1].Name].([]byte)))
				}
			}
			raw, err := tmpl.Encode(nil, 8, carried)
			require.NoError(t, err)
			e := dns.Event{Record: etw.Record{
				Provider: p.GUID, ID: tmpl.ID, Version: tmpl.Version, Level: tmpl.Level, Keyword: tmpl.Keyword, Flags: etw.Flag64BitHeader,
				TimeStamp: etw.Filetime(testTime.UnixNano()), ProcessID: 852, UserData: raw,
			}}
			decoder.Decode(&e)
			require.True(t, e.Decoded().Exact)
			require.Same(t, tmpl, e.Decoded().Template)
			events++
			for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM, dns.ProfileDocumented} {
				what := fmt.Sprintf("event %d version %d %s in profile %s", tmpl.ID, tmpl.Version, tmpl.Source, profile)
				mapper := NewMapper(p, profile, dc1, "1.2.3")
				records := mapper.Begin(plog.NewLogs())
				mapper.Append(records, &e, 1)
				all := leaves(records.At(0))
				more := map[string]bool{"AdditionalFields.DnsRole": true}
				if e.Audit && profile == dns.ProfileASIM && all["AdditionalFields.DnsQueryType"] != "" {
					more["AdditionalFields.DnsQueryTypeName"] = true
				}
				if e.Audit && profile == dns.ProfileWindows {
					more["AdditionalFields.Operation"], more["AdditionalFields.ObjectType"], more["AdditionalFields.OriginalObjectType"] = true, true, true
				}
				shown := maps.Clone(shown)
				if raw, ok := carried["RDATA"]; ok && profile == dns.ProfileDocumented {
					shown["RDATA"] = fmt.Sprintf("0x%X", raw)
				}
				for _, f := range tmpl.Fields {
					want, shown := places(&e, f, profile), shown[f.Name]
					if strings.HasSuffix(f.Name, "Status") && !e.Audit && !e.FinalStatus && profile != dns.ProfileDocumented { // of a step
						want, shown = []string{"EventOriginalResultDetails"}, "DNS_ERROR_RCODE_REFUSED"
					}
					if f.Name == "RCODE" && e.Undecided && profile != dns.ProfileDocumented {
						want = []string{"AdditionalFields.RCODE"}
					}
					for _, name := range want {
						require.Equal(t, shown, all[name], "%s: %s in %s", what, f.Name, name)
						more[name] = true
					}
					var found []string
					for name, text := range all {
						if text == shown {
							found = append(found, name)
						}
					}
					slices.Sort(found)
					if !isShared(shown) {
						require.Equal(t, want, found, "%s: %s is %q", what, f.Name, shown)
					}
				}
				for name := range all {
					require.True(t, !strings.HasPrefix(name, "AdditionalFields.") || more[name], "%s: no field is in %s", what, name)
				}
				if profile == dns.ProfileASIM && e.Audit {
					require.Equal(t, []asimtest.Finding{unlistedServer}, asimtest.Conform(audits, records.At(0).Attributes()), what)
				} else if profile == dns.ProfileASIM {
					for _, f := range asimtest.Conform(fields, records.At(0).Attributes()) {
						if what := f.String(); what != missingSource || tmpl.Find("Source") >= 0 || tmpl.Find("Destination") >= 0 {
							require.Equal(t, unlistedProduct, what)
						}
					}
				}
			}
		}
	}
	require.Equal(t, 291, events, "all layouts of both manifests, one of Windows Server 2022 and 26 of Windows Server 2012 R2 to 2019")
}
