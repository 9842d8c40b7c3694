// SPDX-License-Identifier: Apache-2.0

// Every recorded event, held against the schema in each profile.

package dnslog

import (
	"errors"
	"io"
	"maps"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// recording is a file of events and its provider.
type recording struct {
	file     string
	provider *dns.Provider
}

func recordings() []recording {
	return []recording{{"dnsserver.etl", dns.Server()}, {"dnsclient.etl", dns.Client()}}
}

// eachEvent maps every event of a recording, whatever its level and keywords.
func eachEvent(t *testing.T, r recording, profile dns.Profile, do func(*dns.Event, plog.LogRecord)) (mapped int) {
	t.Helper()
	reader, err := etl.Open(filepath.Join("..", "..", "..", "testdata", r.file))
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	decoder, mapper := dns.NewDecoder(r.provider), NewMapper(r.provider, profile, dc1, "1.2.3")
	var e dns.Event
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			require.Less(t, mapper.builder.Bytes(), attrs.MaxTemplateBytes/10, "ordinary events never forget their templates")
			return mapped
		}
		require.NoError(t, err)
		require.NoError(t, e.Parse(raw))
		decoder.Decode(&e)
		mapped++
		records := mapper.Begin(plog.NewLogs())
		mapper.Append(records, &e, 1)
		do(&e, records.At(0))
	}
}

// findings counts what the schema's rules find in a recording.
func findings(t *testing.T, r recording, profile dns.Profile) map[string]int {
	t.Helper()
	found := map[string]int{}
	schemas := map[string]map[string]asimtest.Field{"Dns": asimtest.DNSFields(t), "AuditEvent": asimtest.AuditEventFields(t)}
	mapped := eachEvent(t, r, profile, func(_ *dns.Event, lr plog.LogRecord) {
		schema, _ := lr.Attributes().Get("EventSchema")
		for _, f := range asimtest.Conform(schemas[schema.Str()], lr.Attributes()) {
			found[f.String()]++
		}
	})
	require.Positive(t, mapped)
	return found
}

// What the rules find, and why it is so.
const (
	// The tester's list of products has the DNS Server and Sysmon, not the DNS Client: its events are their own product all the
	// same, as the design document has it.
	unlistedProduct = `error: EventProduct: "DNS Client"`
	// Src is mandatory. An event that does not say who asked has none: 259 of Windows Server 2012 R2 to 2019.
	missingSource = `error: Src: is missing`
	// The root and names in a top-level domain that is not of letters only are names that clients ask for. The schema says of
	// DnsQuery that it takes any value; its pattern is a recommendation.
	theRoot = `warning: DnsQuery: "."`
	// Beyond the schema's values: the design document's own, which profile asim has not.
	recursive        = `error: EventSubType: "recursive"`
	cache            = `error: EventType: "DnsCache"`
	addedToCache     = `error: EventSubType: "add"`
	removedFromCache = `error: EventSubType: "remove"`
	// What an audit event says was done: the schema has request and response only.
	created = `error: EventSubType: "create"`
	deleted = `error: EventSubType: "delete"`
	changed = `error: EventSubType: "set"`
	signed  = `error: EventSubType: "sign"`
	started = `error: EventSubType: "start"`
)

// unlistedServer is found of each record of the schema AuditEvent: the tester's list of products is that of the parsers which come with
// Sentinel, and has no DNS Server.
var unlistedServer = asimtest.Finding{Field: "EventProduct", What: `"DNS Server"`}

// internationalNames are the recorded spellings of a name in a top-level domain in Chinese: ends in letters, digits and hyphens.
func internationalNames(profile dns.Profile) map[string]int {
	if profile == dns.ProfileASIM {
		return map[string]int{`warning: DnsQuery: "www.xn--fsqu00a.xn--fiqs8s"`: 36}
	}
	return map[string]int{
		`warning: DnsQuery: "www.xn--fsqu00a.xn--fiqs8s"`: 28, `warning: DnsQuery: "wwW.Xn--FSQU00A.xn--fiQS8s"`: 4,
		`warning: DnsQuery: "WwW.XN--fsqU00a.xn--FIQS8S"`: 2, `warning: DnsQuery: "Www.Xn--FsqU00A.xN--fIQs8s"`: 2,
	}
}

// TestRecordedEventsConform has every finding there is, of any profile: nothing else is found. Missing Recommended fields are no
// matter of a single record.
func TestRecordedEventsConform(t *testing.T) {
	server, client := recordings()[0], recordings()[1]
	for _, tc := range []struct {
		recording
		profile dns.Profile
		more    map[string]int
	}{
		{server, dns.ProfileASIM, map[string]int{unlistedServer.String(): 56}},
		{server, dns.ProfileWindows, map[string]int{recursive: 494, created: 23, deleted: 19, changed: 11, signed: 1, started: 1}},
		{server, dns.ProfileDocumented, map[string]int{recursive: 494}},
		{client, dns.ProfileASIM, map[string]int{unlistedProduct: 716}},
		{client, dns.ProfileWindows, map[string]int{unlistedProduct: 716, cache: 146}},
		{client, dns.ProfileDocumented, map[string]int{unlistedProduct: 716, cache: 262, addedToCache: 56, removedFromCache: 60}},
	} {
		want := map[string]int{}
		if tc.file == server.file {
			want = internationalNames(tc.profile)
			want[theRoot] = 84
		}
		maps.Copy(want, tc.more)
		require.Equal(t, want, findings(t, tc.recording, tc.profile), "%s in profile %s", tc.file, tc.profile)
	}
}

func TestProfileASIMHasARecordOfTheSchemaAuditEventForEachAuditEventOnly(t *testing.T) {
	audits := 0
	mapped := eachEvent(t, recordings()[0], dns.ProfileASIM, func(e *dns.Event, lr plog.LogRecord) {
		schema, _ := lr.Attributes().Get("EventSchema")
		require.Equal(t, e.Audit, schema.Str() == "AuditEvent", "event %d", e.ID)
		if e.Audit {
			audits++
		}
	})
	require.Equal(t, []int{2393, 56}, []int{mapped, audits})
}

// TestProfilesDifferInNothingElse compares the records of one event attribute by attribute.
func TestProfilesDifferInNothingElse(t *testing.T) {
	// How a record of each profile differs from that of the default, windows, and why.
	differences := map[dns.Profile]map[string]string{
		dns.ProfileASIM: {
			"EventType":                         "only values of the schema",
			"EventSubType":                      "only values of the schema",
			"DnsResponseName":                   "the answer, not the name of the response code",
			"DnsQuery":                          "in lower case",
			"AdditionalFields.DnsQueryOriginal": "as it was asked",
			"AdditionalFields.DnsAnswers":       "their names are in lower case",
			"Body":                              "it names EventType and EventSubType",
		},
		dns.ProfileDocumented: {
			"EventType":    "3019 and 3020 are DnsCache, as the document's table has it",
			"EventSubType": "257 is a request, 3019 remove and 3020 add, as the document's table has it",
			"Body":         "it names EventType and EventSubType",

			"AdditionalFields.DnsRole":         "the document has none",
			"EventResult":                      "any status of the DNS Client is a result",
			"EventResultDetails":               "the same",
			"EventOriginalResultDetails":       "the same",
			"DnsResponseCode":                  "the same, and the code of a request",
			"DnsResponseCodeName":              "the same",
			"DnsResponseName":                  "the same",
			"Src":                              "the device's name stands in for any end that is not known, and for this server where its address is the device's",
			"SrcIpAddr":                        "the same",
			"SrcHostname":                      "the document has none",
			"SrcDomain":                        "the same",
			"SrcDomainType":                    "the same",
			"Dst":                              "the same as Src",
			"DstIpAddr":                        "the same",
			"DstPortNumber":                    "53 of any query",
			"NetworkProtocol":                  "UDP of any query of the DNS Client",
			"NetworkProtocolVersion":           "that of the device's address, where the event names none",
			"SrcProcessId":                     "that of the service that writes an event for others",
			"AdditionalFields.DnsAnswerMinTtl": "the document has none",
			"AdditionalFields.RCODE":           "that of a request is in DnsResponseCode",
			"AdditionalFields.DnsUpdates":      "the document does not have it",
			"SrcUserId":                        "nor this",
			"SrcUserIdType":                    "nor this",
		},
	}
	for _, r := range recordings() {
		windows := map[int]map[string]any{}
		n := 0
		eachEvent(t, r, dns.ProfileWindows, func(e *dns.Event, lr plog.LogRecord) {
			if !e.Audit {
				windows[n] = flat(lr)
				n++
			}
		})
		for profile, allowed := range differences {
			n = 0
			eachEvent(t, r, profile, func(e *dns.Event, lr plog.LogRecord) {
				if e.Audit {
					return
				}
				other := flat(lr)
				for name := range merged(windows[n], other) {
					if !reflect.DeepEqual(windows[n][name], other[name]) {
						require.Contains(t, allowed, name, "event %d in profile %s", e.ID, profile)
					}
				}
				n++
			})
			require.Len(t, windows, n)
		}
	}
}

// flat gives a record's attributes, the AdditionalFields each on its own, and its body.
func flat(lr plog.LogRecord) map[string]any {
	all := lr.Attributes().AsRaw()
	if more, ok := all["AdditionalFields"].(map[string]any); ok {
		delete(all, "AdditionalFields")
		for name, v := range more {
			all["AdditionalFields."+name] = v
		}
	}
	all["Body"] = lr.Body().Str()
	return all
}

func merged(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func TestEveryNameOfATypeIsOneThatASIMTakes(t *testing.T) {
	for code := range uint64(1 << 16) {
		r := dnsRecord{Mapper: &Mapper{profile: dns.ProfileASIM}}
		require.True(t, asimtest.IsTypeName(r.typeName(code)), "type %d is %s", code, r.typeName(code))
	}
	values := asimtest.DNSFields(t)["DnsQueryClassName"].Values
	seen := map[string]bool{}
	for code := range 1 << 16 {
		name := dns.ClassName(uint16(code))
		require.Contains(t, values, name)
		seen[name] = true
	}
	require.Len(t, seen, len(values))
	for code := range uint64(1 << 12) {
		name := dns.ResponseName(code)
		require.True(t, asimtest.IsResponseName(name), name)
	}
}
