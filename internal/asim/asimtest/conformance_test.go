// SPDX-License-Identifier: Apache-2.0

package asimtest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestTheRulesFindWhatIsWrong(t *testing.T) {
	fields := DNSFields(t)
	record := func(change func(pcommon.Map)) []string {
		a := pcommon.NewMap()
		for name, f := range fields {
			if f.class != "Mandatory" || slices.Contains(columnsOfTheTable, name) {
				continue
			}
			switch {
			case f.kind == "int":
				a.PutInt(name, 1)
			case f.kind == "datetime":
				a.PutStr(name, "2026-01-02T03:04:05.1234567Z")
			case f.Values != nil:
				a.PutStr(name, f.Values[0])
			case f.logical == "schemaversion":
				a.PutStr(name, "0.1.7")
			default:
				a.PutStr(name, "NA")
			}
		}
		change(a)
		var texts []string
		for _, f := range Conform(fields, a) {
			texts = append(texts, f.String())
		}
		slices.Sort(texts)
		return texts
	}
	put := func(name, value string) func(pcommon.Map) {
		return func(a pcommon.Map) { a.PutStr(name, value) }
	}
	for _, tc := range []struct {
		change func(pcommon.Map)
		want   []string
	}{
		{func(pcommon.Map) {}, nil},
		{func(a pcommon.Map) { a.Remove("Dvc") }, []string{"error: Dvc: is missing"}},
		{put("Dvc", ""), []string{"error: Dvc: is empty"}},
		{put("DnsZone", "x"), []string{"error: DnsZone: is not in the schema"}},
		{put("EventCount", "1"), []string{"error: EventCount: Str is no int"}},
		{func(a pcommon.Map) { a.PutInt("DnsResponseCode", 1<<31) }, []string{"error: DnsResponseCode: Int is no int"}},
		{func(a pcommon.Map) { a.PutInt("DnsFlagsZ", 1) }, []string{"error: DnsFlagsZ: Int is no bool"}},
		{put("EventStartTime", "yesterday"), []string{"error: EventStartTime: Str is no datetime"}},
		{put("AdditionalFields", "{}"), []string{"error: AdditionalFields: Str is no dynamic"}},
		{put("EventType", "DnsCache"), []string{`error: EventType: "DnsCache"`}},
		{put("EventSubType", "recursive"), []string{`error: EventSubType: "recursive"`}},
		{put("EventResultDetails", "ERROR_TIMEOUT"), []string{`error: EventResultDetails: "ERROR_TIMEOUT"`}},
		{put("DnsResponseCodeName", "NXDOMAIN"), []string{`error: DnsResponseCodeName: "NXDOMAIN" is not the value of EventResultDetails`}},
		{put("SrcIpAddr", "fe80::1%5"), []string{`error: SrcIpAddr: "fe80::1%5"`}},
		{put("DvcHostname", "dc1.corp"), []string{`error: DvcHostname: "dc1.corp"`}},
		{put("DvcHostname", "192.0.2.1"), nil},
		{put("DvcDomain", "corp.example.com"), []string{"error: DvcDomainType: is missing, though there is DvcDomain"}},
		{put("TransactionIdHex", "12g"), []string{`error: TransactionIdHex: "12g"`}},
		{put("DnsQueryTypeName", "WINS"), []string{`error: DnsQueryTypeName: "WINS"`}},
		{put("DnsQueryTypeName", "TYPE65281"), nil},
		{put("DnsQueryClassName", "INET"), []string{`error: DnsQueryClassName: "INET"`}},
		{put("DnsQueryClassName", "CLASS32"), nil},
		{put("SrcProcessGuid", "1"), []string{`error: SrcProcessGuid: "1"`}},
		{put("DnsQuery", "_ldap._tcp.example.com"), nil},
		{put("DnsQuery", "."), []string{`warning: DnsQuery: "."`}},
		{put("DnsQuery", "a.xn--p1ai"), []string{`warning: DnsQuery: "a.xn--p1ai"`}},
	} {
		require.Equal(t, tc.want, record(tc.change))
	}
}
