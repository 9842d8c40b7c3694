// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"fmt"
	"slices"
	"testing"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// clientStatus gives what the record of a client's event says of a status: result, details, response code and the status's name.
func clientStatus(t *testing.T, profile DNSProfile, id uint16, status int, results string) []any {
	t.Helper()
	name := map[uint16]string{3008: "QueryStatus", 3011: "ResponseStatus"}[id]
	if name == "" {
		name = "Status"
	}
	fields := map[string]any{name: status}
	if slices.Contains([]uint16{3008, 3013, 3018, 3020}, id) {
		fields["QueryResults"] = results
	}
	return attrsOf(t, dns.Client(), profile, dc1, etw.Record{ID: id}, fields,
		"EventResult", "EventResultDetails", "DnsResponseCode", "EventOriginalResultDetails")
}

func TestAFinalStatusOfTheDNSClientIsAResult(t *testing.T) {
	for _, profile := range []DNSProfile{ProfileWindows, ProfileASIM} {
		for _, id := range []uint16{3008, 3011, 3013, 3020} {
			for status, want := range map[int][]any{
				0:     {"Success", "NOERROR", int64(0), nil},
				9001:  {"Failure", "FORMERR", int64(1), nil},
				9003:  {"Failure", "NXDOMAIN", int64(3), nil},
				9016:  {"Failure", "BADVERS", int64(16), "DNS_ERROR_RCODE_BADSIG"},
				9017:  {"Failure", "BADKEY", int64(17), nil},
				9018:  {"Failure", "BADTIME", int64(18), nil},
				9023:  {"Failure", "BADCOOKIE", int64(23), nil},
				9501:  {"Success", "NOERROR", int64(0), "DNS_INFO_NO_RECORDS"},
				87:    {"Failure", "NA", nil, "ERROR_INVALID_PARAMETER"},
				123:   {"Failure", "NA", nil, "ERROR_INVALID_NAME"},
				1223:  {"Failure", "NA", nil, "ERROR_CANCELLED"},
				1460:  {"Failure", "NA", nil, "ERROR_TIMEOUT"},
				1722:  {"Failure", "NA", nil, "RPC_S_SERVER_UNAVAILABLE"},
				9000:  {"Failure", "NA", nil, "9000"},
				9024:  {"Failure", "NA", nil, "9024"},
				9701:  {"Failure", "NA", nil, "DNS_ERROR_RECORD_DOES_NOT_EXIST"},
				9852:  {"Failure", "NA", nil, "DNS_ERROR_NO_DNS_SERVERS"},
				11001: {"Failure", "NA", nil, "WSAHOST_NOT_FOUND"},
				12345: {"Failure", "NA", nil, "12345"},
				997:   {"NA", "NA", nil, "ERROR_IO_PENDING"},
				9506:  {"NA", "NA", nil, "DNS_REQUEST_PENDING"},
			} {
				require.Equal(t, want, clientStatus(t, profile, id, status, "192.0.2.1;"), "event %d with status %d in profile %s", id, status, profile)
			}
		}
		for _, id := range []uint16{1014, 1015} {
			require.Equal(t, []any{"Failure", "NA"}, attrsOf(t, dns.Client(), profile, dc1, etw.Record{ID: id}, map[string]any{}, "EventResult", "EventResultDetails"))
		}
		require.Equal(t, []any{"NA", "NA", nil, "ERROR_INVALID_PARAMETER"}, clientStatus(t, profile, 3008, 87, ""), "getaddrinfo's probe")
	}
}

func TestTheStatusOfAStepIsNoResult(t *testing.T) {
	for _, profile := range []DNSProfile{ProfileWindows, ProfileASIM} {
		for _, id := range []uint16{3001, 3003, 3005, 3018, 3024} {
			for status, name := range map[int]string{
				0: "ERROR_SUCCESS", 9701: "DNS_ERROR_RECORD_DOES_NOT_EXIST", 9003: "DNS_ERROR_RCODE_NAME_ERROR", 1460: "ERROR_TIMEOUT", 9501: "DNS_INFO_NO_RECORDS",
			} {
				require.Equal(t, []any{"NA", "NA", nil, name}, clientStatus(t, profile, id, status, ""), "event %d with status %d in profile %s", id, status, profile)
			}
		}
	}
}

// The document's code is that of any status.
func TestProfileDocumentedTakesAnyCodeForAResult(t *testing.T) {
	for id, want := range map[uint16]map[int][]any{
		3008: {123: {"NA", "NA", nil, "ERROR_INVALID_NAME"}, 9501: {"NA", "NA", nil, "DNS_INFO_NO_RECORDS"}, 1460: {"Failure", "NA", nil, "ERROR_TIMEOUT"}},
		3018: {0: {"Success", "NOERROR", int64(0), nil}, 9003: {"Failure", "NXDOMAIN", int64(3), nil}, 9701: {"NA", "NA", nil, "DNS_ERROR_RECORD_DOES_NOT_EXIST"}},
		3024: {1460: {"Failure", "NA", nil, "ERROR_TIMEOUT"}},
	} {
		for status, want := range want {
			require.Equal(t, want, clientStatus(t, ProfileDocumented, id, status, ""), "event %d with status %d", id, status)
		}
	}
}

func TestARequestHasNoResponseCode(t *testing.T) {
	_, attrs := mapped(t, dns.Server(), unchanged, 277, map[string]any{"QNAME": "corp.example.com.", "RCODE": 0})
	for _, name := range []string{"DnsResponseCode", "DnsResponseCodeName", "DnsResponseName"} {
		require.NotContains(t, attrs, name)
	}
	for _, p := range []*dns.Provider{dns.Server(), dns.Client()} {
		decoder := dns.NewDecoder(p)
		for _, tmpl := range decoder.Templates() {
			raw, err := tmpl.Encode(nil, 8, emptyFields(tmpl))
			require.NoError(t, err)
			e := dns.Event{Record: etw.Record{ID: tmpl.ID, Version: tmpl.Version, UserData: raw}}
			decoder.Decode(&e)
			if e.Phase != dns.Response {
				require.False(t, e.Outcome().HasCode, "event %d", tmpl.ID)
			}
		}
	}
}

// emptyFields are the fields of a layout that have to be there.
func emptyFields(tmpl *schema.Template) map[string]any {
	fields := map[string]any{}
	for _, f := range tmpl.Fields {
		if f.Length > 0 {
			fields[f.Name] = make([]byte, f.Length)
		}
	}
	return fields
}

// The mode LogOnly of response rate limiting logs what it would drop, and drops nothing; the event does not say the mode.
func TestAResponseThatIsToBeDroppedHasNoResult(t *testing.T) {
	names := []string{"EventResult", "EventResultDetails", "DnsResponseCode", "DnsResponseCodeName"}
	for _, code := range []int{0, 3, 5} {
		fields := map[string]any{"RCODE": code, "QNAME": "a.test."}
		for _, profile := range []DNSProfile{ProfileWindows, ProfileASIM} {
			require.Equal(t, []any{"NA", "NA", nil, nil}, attrsOf(t, dns.Server(), profile, dc1, etw.Record{ID: 281}, fields, names...))
			more := attrsOf(t, dns.Server(), profile, dc1, etw.Record{ID: 281}, fields, "AdditionalFields")[0].(map[string]any)
			require.Equal(t, []any{int64(code), "client-response"}, []any{more["RCODE"], more["DnsRole"]}, "what the response says stays")
		}
	}
	documented := attrsOf(t, dns.Server(), ProfileDocumented, dc1, etw.Record{ID: 281}, map[string]any{"RCODE": 0}, names...)
	require.Equal(t, []any{"Success", "NOERROR", int64(0), "NOERROR"}, documented, "the document's")
}

func TestATruncatedPacketKeepsWhatWasRead(t *testing.T) {
	whole := packet(t, func(m *mdns.Msg) {
		m.Truncated = true
		for _, text := range []string{"www.example.com. 60 IN A 192.0.2.80", "www.example.com. 60 IN A 192.0.2.81"} {
			rr, err := mdns.NewRR(text)
			require.NoError(t, err)
			m.Answer = append(m.Answer, rr)
		}
	})
	cut := whole[:len(whole)-2] // within the second address
	m, attrs := mapped(t, dns.Server(), unchanged, 257, map[string]any{"PacketData": cut})
	require.Zero(t, m.Unparsable())
	require.Equal(t, []any{"192.0.2.80"}, additional(attrs, "DnsAnswers"))
	require.Equal(t, int64(2), additional(attrs, "DnsAnswerCount"))
	require.Equal(t, int64(1), attrs["DnsQueryClass"])

	cut = slices.Clone(cut)
	cut[2] &^= 0x02 // it does not say that it was truncated
	m, attrs = mapped(t, dns.Server(), unchanged, 257, map[string]any{"PacketData": cut})
	require.Equal(t, int64(1), m.Unparsable())
	require.Nil(t, additional(attrs, "DnsAnswers"))
}

func TestEveryRecordSaysWhoAsksWhom(t *testing.T) {
	want := map[string][]uint16{
		"client-query":       {256, 287, 3000, 3004, 3006, 3007, 3009, 3010, 3012, 3019},
		"client-response":    {257, 258, 259, 281, 282, 283, 284, 285, 1014, 1015, 3001, 3005, 3008, 3011, 3013, 3014, 3015, 3020},
		"recursive-query":    {260, 289},
		"recursive-response": {261, 262, 286, 288, 290, 291},
		"cache":              {279, 280, 3002, 3003, 3016, 3018},
		"transfer":           {265, 266, 267, 268, 269, 270, 271, 272, 273, 274, 275, 276},
		"update":             {263, 264, 277, 278},
		"audit":              {512, 515, 519, 541, 577, 596},
		"info":               {299, 1001, 1013, 1016, 1019, 1024, 3023, 3024, 9999},
	}
	roles := map[uint16]string{}
	for role, ids := range want {
		for _, id := range ids {
			roles[id] = role
		}
	}
	require.ElementsMatch(t, dns.RoleNames(), slices.Collect(func(yield func(string) bool) {
		for role := range want {
			if !yield(role) {
				return
			}
		}
	}))
	held := 0
	for _, p := range []*dns.Provider{dns.Server(), dns.Client()} {
		decoder := dns.NewDecoder(p)
		for _, tmpl := range decoder.Templates() {
			role, named := roles[tmpl.ID]
			for _, profile := range []DNSProfile{ProfileWindows, ProfileASIM, ProfileDocumented} {
				lr := mapEvent(t, p, profile, dc1, etw.Record{ID: tmpl.ID, Version: tmpl.Version, Channel: tmpl.Channel, Keyword: tmpl.Keyword}, emptyFields(tmpl))
				got := additional(lr.Attributes().AsRaw(), "DnsRole")
				if profile == ProfileDocumented {
					require.Nil(t, got)
					continue
				}
				require.Contains(t, dns.RoleNames(), got, "event %d", tmpl.ID)
				if named {
					held++
					require.Equal(t, role, got, "event %d", tmpl.ID)
				} else {
					require.Contains(t, []string{"audit", "info"}, got, fmt.Sprintf("event %d", tmpl.ID))
				}
			}
		}
	}
	require.Greater(t, held, len(roles))
}
