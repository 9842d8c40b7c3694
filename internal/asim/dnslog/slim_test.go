// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// eachSlim maps every event of a recording twice: with all attributes, and slim with the device in the resource.
func eachSlim(t *testing.T, r recording, profile dns.Profile, do func(e *dns.Event, all, slim plog.LogRecord, resource pcommon.Map)) (all, slim *Mapper) {
	t.Helper()
	reader, err := etl.Open(filepath.Join("..", "..", "..", "testdata", r.file))
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	decoder := dns.NewDecoder(r.provider)
	all, slim = NewMapper(r.provider, profile, dc1, "1.2.3"), NewMapper(r.provider, profile, dc1, "1.2.3")
	slim.Slim(true)
	slim.PutDevice(asim.DeviceInResource)
	var e dns.Event
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all, slim
		}
		require.NoError(t, err)
		require.NoError(t, e.Parse(raw))
		decoder.Decode(&e)
		logs, slimLogs := plog.NewLogs(), plog.NewLogs()
		records, slimRecords := all.Begin(logs), slim.Begin(slimLogs)
		all.Append(records, &e, 1)
		slim.Append(slimRecords, &e, 1)
		do(&e, records.At(0), slimRecords.At(0), slimLogs.ResourceLogs().At(0).Resource().Attributes())
	}
}

// given are the attributes that a slim record gives up: they tie events that are joined already, or no source gives them a meaning.
var given = []string{
	"DnsSessionId", "AdditionalFields.ActivityId", "AdditionalFields.EDNSCorrelationTag", "AdditionalFields.DataTag", "AdditionalFields.EDNSDataTag",
	"AdditionalFields.QueryBlob", "AdditionalFields.ParentBlob", "AdditionalFields.SendBlob", "AdditionalFields.SendBlobContext",
}

// ordinaryValues are the values that the README's table says of fields that a slim record lacks.
var ordinaryValues = map[string][]any{
	"AdditionalFields.Scope": {"Default", "."}, "AdditionalFields.CacheScope": {"Default"}, "AdditionalFields.ServerScope": {"Default"},
	"AdditionalFields.ZoneScope": {"Default"}, "AdditionalFields.EDNSScopeName": {"Default"}, "AdditionalFields.RecursionScope": {"."},
	"AdditionalFields.EDNSVirtualizationInstance": {"."},
	"AdditionalFields.AdditionalInfo":             {".", "VirtualizationInstance:."}, "AdditionalFields.PolicyName": {"NULL"}, "AdditionalFields.Zone": {"NULL"},
	"AdditionalFields.DNSSEC": {int64(0)}, "AdditionalFields.QueriesAttached": {int64(0)}, "AdditionalFields.RecursionDepth": {int64(0), int64(1)},
	"AdditionalFields.EDNSExtendedRCodeBits": {int64(0)}, "AdditionalFields.EDNSFlags": {int64(0)},
	"AdditionalFields.NetworkQueryIndex": {int64(0)}, "AdditionalFields.NetworkIndex": {int64(0)}, "AdditionalFields.InterfaceIndex": {int64(0)},
	"AdditionalFields.IsNetworkQuery": {int64(0)}, "AdditionalFields.IsAsyncQuery": {int64(0)},
	"AdditionalFields.QueryOptions": {"1073766400", "1073766402"}, "DnsQueryClass": {int64(1)}, "DnsQueryClassName": {"IN"},
	"AdditionalFields.DnsRole": {"client-response"},
}

// derived returns the value of an attribute that a slim record leaves out, from its others and its resource; nil if it cannot be derived.
func derived(name string, slim map[string]any, resource map[string]any, names map[string]string, types map[string]any) any {
	text := func(name string) string { s, _ := slim[name].(string); return s }
	has := func(flag string) any { return slices.Contains(strings.Split(text("DnsFlags"), ","), flag) }
	switch name {
	case "Dst":
		return slim["DstIpAddr"]
	case "DstPortNumber":
		return int64(53)
	case "NetworkProtocolVersion":
		addr, err := netip.ParseAddr(text("DstIpAddr"))
		if err != nil {
			addr, err = netip.ParseAddr(text("SrcIpAddr"))
		}
		switch {
		case err != nil:
			return nil
		case addr.Is4():
			return "IPv4"
		}
		return "IPv6"
	case "EventOriginalSubType":
		return names[text("EventOriginalType")]
	case "DnsResponseCodeName":
		return slim["EventResultDetails"]
	case "DnsResponseName":
		return slim["EventResultDetails"]
	case "DnsResponseCode":
		code, ok := dns.FindResponseCode(text("EventResultDetails"))
		if !ok {
			return nil
		}
		return int64(code)
	case "DnsQueryType":
		return types[text("DnsQueryTypeName")]
	case "AdditionalFields.DnsAnswers":
		var list []any
		for answer := range strings.SplitSeq(text("DnsResponseName"), ";") {
			list = append(list, answer)
		}
		return list
	case "SrcHostname", "SrcDomain", "SrcDomainType":
		return resource["Dvc"+strings.TrimPrefix(name, "Src")]
	case "AdditionalFields.Flags":
		return int64(flagsWord(slim))
	}
	for _, f := range dnsFlags {
		if f.attribute == name {
			return has(f.short)
		}
	}
	if strings.HasPrefix(name, "Dvc") {
		return resource[name]
	}
	return nil
}

// flagsWord is the header's flags word as a slim record says it.
func flagsWord(slim map[string]any) (word uint64) {
	list, _ := slim["DnsFlags"].(string)
	for _, f := range dnsFlags {
		if slices.Contains(strings.Split(list, ","), f.short) {
			word |= f.bit
		}
	}
	if slim["EventType"] == "Update" {
		word |= 5 << 11
	}
	role, _ := slim["AdditionalFields.DnsRole"].(string)
	if role == "" || strings.HasSuffix(role, "response") || slim["EventSubType"] == "response" {
		word |= 0x8000
		if code, ok := dns.FindResponseCode(slim["EventResultDetails"].(string)); ok {
			word |= code & 15
		}
	}
	return word
}

// namesByID are the names in the manifest, by id.
func namesByID(p *dns.Provider) map[string]string {
	names := map[string]string{}
	for _, tmpl := range dns.NewDecoder(p).Templates() {
		names[fmt.Sprint(tmpl.ID)] = tmpl.Name
	}
	return names
}

func TestWhatASlimRecordLeavesOutIsInTheRestOfItOrOrdinary(t *testing.T) {
	omitted, types := map[string]bool{}, map[string]any{}
	for code := range uint64(1 << 16) {
		types[dns.TypeName(code)] = int64(code)
	}
	for _, r := range recordings() {
		names := namesByID(r.provider)
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
			eachSlim(t, r, profile, func(e *dns.Event, all, slim plog.LogRecord, resource pcommon.Map) {
				want, got := flat(all), flat(slim)
				for name, value := range got {
					require.Equal(t, want[name], value, "event %d: %s", e.ID, name)
				}
				for name, value := range want {
					if _, ok := got[name]; ok {
						continue
					}
					omitted[name] = true
					size, isInt := value.(int64)
					switch ordinary, ok := ordinaryValues[name]; {
					case ok:
						require.Contains(t, ordinary, value, "event %d: %s", e.ID, name)
					case name == "AdditionalFields.BufferSize":
						require.True(t, isInt && size <= 512)
					case slices.Contains(given, name):
					default:
						require.Equal(t, value, derived(name, got, resource.AsRaw(), names, types), "event %d in profile %s: %s of %v", e.ID, profile, name, got)
					}
				}
			})
		}
	}
	missing := []string{}
	for name := range ordinaryValues {
		if !omitted[name] {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	require.Empty(t, missing, "every ordinary value is in the recordings")
}

func TestAnAuditEventKeepsEverythingButTheDevice(t *testing.T) {
	audits := 0
	eachSlim(t, recordings()[0], dns.ProfileWindows, func(e *dns.Event, all, slim plog.LogRecord, resource pcommon.Map) {
		if !e.Audit {
			return
		}
		audits++
		got := flat(slim)
		for name, value := range resource.All() {
			if strings.HasPrefix(name, "Dvc") && got[name] == nil {
				got[name] = value.AsRaw()
			}
		}
		require.Equal(t, flat(all), got)
	})
	require.Equal(t, 56, audits)
}

func TestSlimRecordsConformTogetherWithTheirResource(t *testing.T) {
	schemas := map[string]map[string]asimtest.Field{"Dns": asimtest.DNSFields(t), "AuditEvent": asimtest.AuditEventFields(t)}
	for _, r := range recordings() {
		want := findings(t, r, dns.ProfileASIM)
		got := map[string]int{}
		eachSlim(t, r, dns.ProfileASIM, func(_ *dns.Event, _, slim plog.LogRecord, resource pcommon.Map) {
			a := slim.Attributes()
			schema, _ := a.Get("EventSchema")
			for name, v := range resource.All() {
				if _, has := a.Get(name); strings.HasPrefix(name, "Dvc") && !has {
					v.CopyTo(a.PutEmpty(name))
				}
			}
			for _, f := range asimtest.Conform(schemas[schema.Str()], a) {
				got[f.String()]++
			}
		})
		require.Equal(t, want, got, r.file)
	}
}

// TestTheSavedBytesAreTheDifferenceOfTheRecords holds what is counted to the sizes of the records of both mappers.
func TestTheSavedBytesAreTheDifferenceOfTheRecords(t *testing.T) {
	for _, r := range recordings() {
		before, after := 0, 0
		var all, slim *Mapper
		all, slim = eachSlim(t, r, dns.ProfileWindows, func(*dns.Event, plog.LogRecord, plog.LogRecord, pcommon.Map) {})
		eachSlim(t, r, dns.ProfileWindows, func(_ *dns.Event, a, s plog.LogRecord, _ pcommon.Map) {
			before += all.RecordSize(a.Attributes())
			after += slim.RecordSize(s.Attributes())
		})
		saved := int(slim.Saved().Attributes())
		require.Zero(t, all.Saved().Attributes())
		require.InEpsilon(t, before-after, saved, 0.01, "%d bytes of %d", before-after, before)
	}
}

func TestAPacketThatIsNotKeptIsCountedAsSaved(t *testing.T) {
	m := NewMapper(dns.Server(), dns.ProfileWindows, dc1, "1.2.3")
	m.KeepPackets(KeepPacketOnError)
	decoder := dns.NewDecoder(dns.Server())
	reader, err := etl.Open(filepath.Join("..", "..", "..", "testdata", "dnsserver.etl"))
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	var e dns.Event
	want := 0
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.NoError(t, e.Parse(raw))
		decoder.Decode(&e)
		records := m.Begin(plog.NewLogs())
		m.Append(records, &e, 1)
		more, _ := records.At(0).Attributes().Get("AdditionalFields")
		if _, kept := more.Map().Get("PacketData"); !kept && len(e.Bytes(dns.PacketData)) > 0 {
			want += len(`"PacketData":"0x",`) + 2*len(e.Bytes(dns.PacketData))
		}
	}
	require.Positive(t, want)
	require.EqualValues(t, want, m.Saved().Packet())
}

func TestEveryTypeHasANameOfItsOwnSoASlimRecordNeedsNoNumber(t *testing.T) {
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
		seen := map[string]uint64{}
		r := dnsRecord{Mapper: &Mapper{profile: profile}}
		for code := range uint64(1 << 16) {
			name := r.typeName(code)
			other, twice := seen[name]
			require.False(t, twice, "%s is %d and %d", name, other, code)
			seen[name] = code
		}
	}
}

func TestAResponseCodeWithoutANameOfItsOwnStaysInASlimRecord(t *testing.T) {
	m := NewMapper(dns.Server(), dns.ProfileWindows, dc1, "1.2.3")
	m.Slim(true)
	codes := func(code uint64) map[string]any {
		to := pcommon.NewMap()
		m.outcomeAttrs(dnsOutcome{dns.Outcome{Code: code, HasCode: true}, true, true}).CopyTo(to)
		return to.AsRaw()
	}
	require.Equal(t, map[string]any{"EventResult": "NA", "EventResultDetails": "NXDOMAIN"}, codes(3))
	require.Equal(t, map[string]any{"EventResult": "NA", "EventResultDetails": "Unassigned", "DnsResponseCode": int64(77)}, codes(77))
	require.Equal(t, map[string]any{"EventResult": "NA", "EventResultDetails": "Reserved for Private Use", "DnsResponseCode": int64(3900)}, codes(3900))
}

func TestAnAddressThatIsNotTheDevicesStaysInTheRecord(t *testing.T) {
	places := map[bool]int{}
	eachSlim(t, recordings()[0], dns.ProfileWindows, func(_ *dns.Event, all, slim plog.LogRecord, resource pcommon.Map) {
		want, _ := all.Attributes().Get("DvcIpAddr")
		have, inRecord := slim.Attributes().Get("DvcIpAddr")
		if !inRecord {
			have, _ = resource.Get("DvcIpAddr")
		}
		require.Equal(t, want.Str(), have.Str())
		places[inRecord]++
	})
	require.NotZero(t, places[true])
	require.NotZero(t, places[false])
}

func TestARecordsSizeIsTheLengthOfItsTexts(t *testing.T) {
	m := NewMapper(dns.Server(), dns.ProfileWindows, dc1, "1.2.3")
	a := pcommon.NewMap()
	require.NoError(t, a.FromRaw(map[string]any{
		"EventSchema": "Dns", "EventOriginalSubType": "s", "Text": "four", "Int": -12, "Bool": false, "AdditionalFields": map[string]any{"A": "x", "L": []any{"y", 12}, "Z": true},
	}))
	require.Equal(t, len("four")+len("-12")+len("false")+len(`{"A":"x","L":["y",12],"Z":true,"EventOriginalSubType":"s"}`), m.RecordSize(a))
	require.Zero(t, m.RecordSize(pcommon.NewMap()))
	m.PutDevice(asim.DeviceInResource)
	require.Equal(t, len("dc1.corp.example.com"+"dc1"+"corp.example.com"+"FQDN"+"Windows"+"10.0.20348"+"10.0.0.1"), m.RecordSize(pcommon.NewMap()))
}
