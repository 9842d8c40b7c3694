// SPDX-License-Identifier: Apache-2.0

package row

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

func dnsEncoder() *Encoder {
	return NewEncoder(Options{Table: columns.DNS, Schema: "Dns", Resource: []string{"k8s.*"}, Now: func() time.Time { return recordtest.Base }})
}

// write encodes a record. It returns the row as JSON, its text, and the counts by "rule column".
func write(t *testing.T, e *Encoder, lr plog.LogRecord, resource pcommon.Map) (map[string]any, string, map[string]int64) {
	t.Helper()
	e.SetResource(resource)
	dst, _ := e.AppendRow([]byte("before"), lr)
	text, found := strings.CutPrefix(string(dst), "before")
	require.True(t, found)
	require.True(t, utf8.ValidString(text))
	require.LessOrEqual(t, len(text), MaxRow)
	row := map[string]any{}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&row), text)
	counts := map[string]int64{}
	e.Counts.Each(func(r Rule, column int, n int64) { counts[r.String()+" "+e.table.Columns[column].Name] = n })
	e.Reset()
	return row, text, counts
}

func record(attributes map[string]any) plog.LogRecord {
	lr := plog.NewLogRecord()
	lr.SetTimestamp(pcommon.NewTimestampFromTime(recordtest.Base))
	if err := lr.Attributes().FromRaw(attributes); err != nil {
		panic(err)
	}
	return lr
}

func TestADNSRecordBecomesARowOfItsTable(t *testing.T) {
	logs := recordtest.DNS(1)
	rl := logs.ResourceLogs().At(0)
	rl.Resource().Attributes().PutStr("DvcScope", "contoso")
	rl.Resource().Attributes().PutStr("DvcOs", "not this one")
	rl.Resource().Attributes().PutStr("k8s.node.name", "node1")
	row, text, counts := write(t, dnsEncoder(), rl.ScopeLogs().At(0).LogRecords().At(0), rl.Resource().Attributes())
	require.Empty(t, counts)
	require.True(t, strings.HasPrefix(text, `{"TimeGenerated":"2026-03-04T05:06:07.8940001Z","EventProduct":"DNS Server",`), text)
	require.Equal(t, "contoso", row["DvcScope"], "the resource fills a column that the record lacks")
	require.Equal(t, "Windows", row["DvcOs"])
	require.Equal(t, json.Number("53"), row["DstPortNumber"])
	require.Equal(t, true, row["DnsFlagsRecursionDesired"])
	require.Equal(t, "host0.example.com", row["DnsQuery"])
	require.Equal(t, "2026-03-04T05:06:07.8940001Z", row["EventStartTime"])
	require.Equal(t, map[string]any{
		"DnsAnswers": []any{"2607:f8b0:4004:c17::5e"}, "DNSSEC": json.Number("0"), "Flags": json.Number("33152"), "Scope": "Default", "Zone": "..Cache",
		"PolicyName": "NULL", "BufferSize": json.Number("55"),
		"PacketData":     "0x00078180000100010000000006676F6F676C6502657300001C0001C00C001C00010000012C00102607F8B040040C17000000000000005E",
		"AdditionalInfo": "VirtualizationInstance:.", "EventOriginalSubType": "RESPONSE_SUCCESS", "DnsResponseCodeName": "NOERROR", "k8s.node.name": "node1",
	}, row["AdditionalFields"])
	for name := range row {
		require.GreaterOrEqual(t, columns.DNS.Lookup(name), 0, name)
	}
}

func TestAValueIsConvertedWhenItMeansTheSameAndElseMoved(t *testing.T) {
	n := func(s string) json.Number { return json.Number(s) }
	for _, c := range []struct {
		column string
		value  any
		want   any    // nil means moved into AdditionalFields
		counts string // the rule
	}{
		{"DstPortNumber", 53, n("53"), ""},
		{"DstPortNumber", "53", n("53"), "converted"},
		{"DstPortNumber", "-1", n("-1"), "converted"},
		{"DstPortNumber", 53.0, n("53"), "converted"},
		{"DstPortNumber", math.MaxInt32, n("2147483647"), ""},
		{"DstPortNumber", math.MaxInt32 + 1, nil, "moved"},
		{"DstPortNumber", "2147483648", nil, "moved"},
		{"DstPortNumber", "053", nil, "moved"},
		{"DstPortNumber", "+53", nil, "moved"},
		{"DstPortNumber", "-", nil, "moved"},
		{"DstPortNumber", "-0", nil, "moved"},
		{"DstPortNumber", "٥٣", nil, "moved"},
		{"DstPortNumber", 53.5, nil, "moved"},
		{"DstPortNumber", math.NaN(), nil, "moved"},
		{"DstPortNumber", math.Inf(1), nil, "moved"},
		{"DstPortNumber", 1e300, nil, "moved"},
		{"DstPortNumber", true, nil, "moved"},
		{"DstPortNumber", []any{1}, nil, "moved"},
		{"SrcGeoLatitude", 48.5, n("48.5"), ""},
		{"SrcGeoLatitude", 48, n("48"), "converted"},
		{"SrcGeoLatitude", "48.5", n("48.5"), "converted"},
		{"SrcGeoLatitude", "1e999", nil, "moved"},
		{"SrcGeoLatitude", "0x10", nil, "moved"},
		{"SrcGeoLatitude", "inf", nil, "moved"},
		{"SrcGeoLatitude", math.Inf(-1), nil, "moved"},
		{"SrcGeoLatitude", int64(math.MaxInt64), nil, "moved"},
		{"DnsFlagsZ", false, false, ""},
		{"DnsFlagsZ", "True", true, "converted"},
		{"DnsFlagsZ", 1, true, "converted"},
		{"DnsFlagsZ", 2, nil, "moved"},
		{"DnsFlagsZ", "yes", nil, "moved"},
		{"DnsQuery", 7, "7", "converted"},
		{"DnsQuery", true, "true", "converted"},
		{"DnsQuery", 2.5, "2.5", "converted"},
		{"DnsQuery", math.NaN(), nil, "moved"},
		{"DnsQuery", []byte{1, 2}, nil, "moved"},
		{"DnsQuery", map[string]any{"a": 1}, nil, "moved"},
		{"EventEndTime", "2026-03-04T05:06:07.123456789Z", "2026-03-04T05:06:07.1234567Z", ""},
		{"EventEndTime", "2026-03-04T05:06:07+01:00", "2026-03-04T05:06:07+01:00", ""},
		{"EventEndTime", "2026-02-29T05:06:07Z", nil, "moved"},
		{"EventEndTime", "2024-02-29T05:06:07Z", "2024-02-29T05:06:07Z", ""},
		{"EventEndTime", "2026-03-04T24:00:00Z", nil, "moved"},
		{"EventEndTime", "2026-03-04T05:06:07", nil, "moved"},
		{"EventEndTime", "2026-03-04T05:06:07.Z", nil, "moved"},
		{"EventEndTime", "2026-03-04 05:06:07Z", nil, "moved"},
		{"EventEndTime", "2026-03-04T05:06:07+0100", nil, "moved"},
		{"EventEndTime", "yesterday", nil, "moved"},
		{"EventEndTime", 1772600767, nil, "moved"},
	} {
		t.Run(fmt.Sprintf("%s=%v", c.column, c.value), func(t *testing.T) {
			row, _, counts := write(t, dnsEncoder(), record(map[string]any{c.column: c.value}), pcommon.NewMap())
			want := map[string]int64{}
			if c.counts != "" {
				want[c.counts+" "+c.column] = 1
			}
			require.Equal(t, want, counts)
			got, has := row[c.column]
			require.Equal(t, c.want != nil, has)
			require.Equal(t, c.want, got)
			additional, _ := row["AdditionalFields"].(map[string]any)
			if _, moved := additional[c.column]; moved != (c.want == nil) {
				t.Fatalf("in AdditionalFields: %v", additional)
			}
		})
	}
}

func TestAValueThatTheSchemaDoesNotEnumerateIsCountedByColumnAndWrittenAsItIs(t *testing.T) {
	session := NewEncoder(Options{Table: columns.Network, Schema: "NetworkSession", Now: func() time.Time { return recordtest.Base }})
	audit := NewEncoder(Options{Table: columns.Audit, Schema: "AuditEvent", Now: func() time.Time { return recordtest.Base }})
	for _, c := range []struct {
		e          *Encoder
		attributes map[string]any
		want       map[string]int64
	}{
		{dnsEncoder(), map[string]any{"EventType": "Query", "EventSubType": "response", "EventResult": "Success", "EventProduct": "of anybody"}, map[string]int64{}},
		{dnsEncoder(), map[string]any{"EventType": "query", "EventSubType": "LOOK_UP", "EventResult": "Success"},
			map[string]int64{"not_enumerated EventType": 1, "not_enumerated EventSubType": 1}},
		{dnsEncoder(), map[string]any{"EventResult": 0}, map[string]int64{"not_enumerated EventResult": 1, "converted EventResult": 1}},
		{dnsEncoder(), map[string]any{"EventResult": ""}, map[string]int64{}},
		{session, map[string]any{"EventType": "Flow", "DvcAction": "Decrypt", "NetworkDirection": "Local", "EventSubType": "End"}, map[string]int64{}},
		{session, map[string]any{"DvcAction": "Audit", "NetworkDirection": "egress"},
			map[string]int64{"not_enumerated DvcAction": 1, "not_enumerated NetworkDirection": 1}},
		{audit, map[string]any{"EventType": "Set", "EventSeverity": "Low"}, map[string]int64{}},
		{audit, map[string]any{"EventType": "Query"}, map[string]int64{"not_enumerated EventType": 1}},
	} {
		row, _, counts := write(t, c.e, record(c.attributes), pcommon.NewMap())
		require.Equal(t, c.want, counts, "%v", c.attributes)
		for name, v := range c.attributes {
			if v != "" {
				require.Equal(t, fmt.Sprint(v), row[name])
			}
		}
	}
}

func TestALongColumnTakes64Bits(t *testing.T) {
	e := NewEncoder(Options{Table: columns.Network, Schema: "NetworkSession", Now: func() time.Time { return recordtest.Base }})
	row, _, counts := write(t, e, record(map[string]any{"NetworkBytes": int64(math.MaxInt64), "SrcBytes": "-9223372036854775808", "DstBytes": "9223372036854775808"}), pcommon.NewMap())
	require.Equal(t, json.Number("9223372036854775807"), row["NetworkBytes"])
	require.Equal(t, json.Number("-9223372036854775808"), row["SrcBytes"])
	require.Equal(t, map[string]any{"DstBytes": "9223372036854775808"}, row["AdditionalFields"])
	require.Equal(t, map[string]int64{"converted SrcBytes": 1, "moved DstBytes": 1}, counts)
}

func TestEveryColumnsKeyHasRoom(t *testing.T) {
	for _, table := range []*columns.Table{columns.DNS, columns.Network, columns.Audit, columns.Status, columns.DNSArchive, columns.NetworkArchive} {
		for _, c := range table.Columns {
			require.LessOrEqual(t, len(c.Key), longestKey, "%s of %s", c.Name, table.Name)
		}
	}
}

func TestATextOfMoreThan64KBIsCutAtARuneAndMarked(t *testing.T) {
	row, _, counts := write(t, dnsEncoder(), record(map[string]any{"DnsQuery": strings.Repeat("é", 40_000), "Dvc": strings.Repeat("x", maxField)}), pcommon.NewMap())
	query := row["DnsQuery"].(string)
	require.Equal(t, maxField, len(query))
	require.Equal(t, strings.Repeat("é", (maxField-len(jsontext.CutMark))/2)+jsontext.CutMark, query)
	require.Len(t, row["Dvc"], maxField)
	require.Equal(t, map[string]int64{"cut DnsQuery": 1}, counts)
}

func TestBytesThatAreNoUTF8AreReplacedInValuesAndNames(t *testing.T) {
	row, _, counts := write(t, dnsEncoder(), record(map[string]any{
		"DnsQuery": "a\xffb\xed\xa0\x80\"\\\x00\n", "\xff": 1, "\xfe": 2, "nested": map[string]any{"\xff": "\xc3"},
	}), pcommon.NewMap())
	require.Equal(t, "a\uFFFDb\uFFFD\uFFFD\uFFFD\"\\\x00\n", row["DnsQuery"])
	additional := row["AdditionalFields"].(map[string]any)
	require.Equal(t, map[string]any{"\uFFFD": "\uFFFD"}, additional["nested"])
	require.Len(t, additional, 3, "two names that become equal stay two fields")
	require.Contains(t, additional, "\uFFFD")
	require.Contains(t, additional, "\uFFFD_2")
	require.Equal(t, map[string]int64{"invalid_utf8 DnsQuery": 1, "invalid_utf8 AdditionalFields": 4}, counts)
}

func TestAdditionalFieldsIsValidWhateverItIsMadeOf(t *testing.T) {
	deep := any("bottom")
	for range jsontext.MaxDepth + 5 {
		deep = []any{map[string]any{"x": deep}}
	}
	row, _, counts := write(t, dnsEncoder(), record(map[string]any{
		"AdditionalFields": map[string]any{"": 1, "Zone": "a", "nan": math.NaN(), "inf": []any{math.Inf(1), math.Inf(-1)}, "bytes": []byte("hi"), "null": nil, "none": []any{nil}},
		"deep":             deep, "Zone": "b",
	}), pcommon.NewMap())
	additional := row["AdditionalFields"].(map[string]any)
	require.Contains(t, fmt.Sprint(additional["deep"]), "[nested too deep]")
	require.NotContains(t, fmt.Sprint(additional["deep"]), "bottom")
	delete(additional, "deep")
	require.Equal(t, map[string]any{"_": json.Number("1"), "Zone": "a", "Zone_2": "b", "nan": "NaN", "inf": []any{"Infinity", "-Infinity"},
		"bytes": "aGk=", "none": []any{nil}}, additional)
	require.Equal(t, map[string]int64{"nested AdditionalFields": 1}, counts)

	row, _, _ = write(t, dnsEncoder(), record(map[string]any{"AdditionalFields": "text"}), pcommon.NewMap())
	require.Equal(t, map[string]any{"AdditionalFields": "text"}, row["AdditionalFields"])
	row, _, _ = write(t, dnsEncoder(), record(map[string]any{"EventSchema": "Dns", "DnsQuery": ""}), pcommon.NewMap())
	require.Equal(t, map[string]any{"TimeGenerated": "2026-03-04T05:06:07.8940001Z"}, row, "empty values are left out")
}

func TestAdditionalFieldsShedsItsLargestFieldsAndNamesThem(t *testing.T) {
	row, text, counts := write(t, dnsEncoder(), record(map[string]any{
		"Zone": "kept", "PacketData": strings.Repeat("0", 60_000), "Large": strings.Repeat("1", 63_000), "Larger": strings.Repeat("2", 200_000),
		"Quotes": strings.Repeat(`"`, 40_000),
	}), pcommon.NewMap())
	additional := row["AdditionalFields"].(map[string]any)
	require.ElementsMatch(t, []any{"Large", "Larger", "Quotes"}, additional["Shed"])
	require.Equal(t, json.Number("3"), additional["ShedCount"])
	require.Equal(t, "kept", additional["Zone"])
	require.Len(t, additional["PacketData"], 60_000)
	require.Equal(t, map[string]int64{"shed AdditionalFields": 3}, counts)
	_, object, _ := strings.Cut(text, `"AdditionalFields":`)
	require.LessOrEqual(t, len(object)-1, maxField)

	row, _, _ = write(t, dnsEncoder(), record(map[string]any{"Zone": "kept", "Larger": strings.Repeat("2", 200_000)}), pcommon.NewMap())
	require.Equal(t, map[string]any{"Zone": "kept", "Shed": []any{"Larger"}, "ShedCount": json.Number("1")}, row["AdditionalFields"])

	many := map[string]any{"Shed": "the record's own"}
	for i := range 20_000 {
		many[fmt.Sprintf("a%d", i)] = i
	}
	row, text, counts = write(t, dnsEncoder(), record(many), pcommon.NewMap())
	additional = row["AdditionalFields"].(map[string]any)
	there := int64(len(additional))
	if additional["Shed"] == "the record's own" {
		require.Contains(t, additional, "ShedCount_2")
	} else {
		require.Contains(t, additional, "ShedCount")
	}
	there -= 2 // added by the encoder
	require.Equal(t, int64(20_001), there+counts["shed AdditionalFields"], "each field is present or counted")
	require.Greater(t, there, int64(1_000))
	_, object, _ = strings.Cut(text, `"AdditionalFields":`)
	require.LessOrEqual(t, len(object)-1, maxField)
}

func TestTheLargestRowOfEachTableFitsIntoACall(t *testing.T) {
	for _, table := range []*columns.Table{columns.DNS, columns.Network, columns.Audit, columns.Status} {
		all := map[string]any{"x": strings.Repeat("\x01", 100_000)}
		for _, c := range table.Columns {
			if c.Type == columns.String {
				all[c.Name] = strings.Repeat("\x01", 100_000)
			}
		}
		e := NewEncoder(Options{Table: table, Now: func() time.Time { return recordtest.Base }})
		row, text, counts := write(t, e, record(all), pcommon.NewMap())
		if len(all) > 4 {
			require.Equal(t, int64(1), counts["large_row AdditionalFields"])
		}
		require.Len(t, row, len(all)+1)
		after, _, _ := write(t, e, record(map[string]any{"x": strings.Repeat("y", 2_000)}), pcommon.NewMap())
		require.Len(t, after["AdditionalFields"].(map[string]any)["x"], 2_000, "the lower limit applies to the large row only")
		t.Logf("%s: %d bytes", table.Name, len(text))
	}
}

func TestTheTimeOfARowIsTheEventsTime(t *testing.T) {
	at := func(lr plog.LogRecord) (any, map[string]int64, map[string]any) {
		row, _, counts := write(t, dnsEncoder(), lr, pcommon.NewMap())
		additional, _ := row["AdditionalFields"].(map[string]any)
		return row["TimeGenerated"], counts, additional
	}
	lr := record(map[string]any{"TimeGenerated": "2026-03-04T01:00:00Z"})
	got, counts, additional := at(lr)
	require.Equal(t, "2026-03-04T05:06:07.8940001Z", got)
	require.Equal(t, map[string]any{"TimeGenerated": "2026-03-04T01:00:00Z"}, additional)
	require.Equal(t, map[string]int64{"moved TimeGenerated": 1}, counts)

	lr.SetTimestamp(0)
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(recordtest.Base.Add(time.Second)))
	got, counts, additional = at(lr)
	require.Equal(t, "2026-03-04T01:00:00.0000000Z", got)
	require.Empty(t, additional)
	require.Empty(t, counts)

	lr.Attributes().Clear()
	got, counts, _ = at(lr)
	require.Equal(t, "2026-03-04T05:06:08.8940001Z", got)
	require.Equal(t, map[string]int64{"no_time TimeGenerated": 1}, counts)

	lr.SetObservedTimestamp(0)
	got, _, _ = at(lr)
	require.Equal(t, "2026-03-04T05:06:07.8940001Z", got, "now")
}

func TestATimeThatTheServiceReplacesIsCountedAndKeptInEventStartTime(t *testing.T) {
	for at, want := range map[pcommon.Timestamp]string{
		pcommon.NewTimestampFromTime(recordtest.Base.Add(-MaxAge)):                    "",
		pcommon.NewTimestampFromTime(recordtest.Base.Add(-MaxAge - time.Nanosecond)):  "too_old",
		pcommon.NewTimestampFromTime(recordtest.Base.Add(MaxAhead)):                   "",
		pcommon.NewTimestampFromTime(recordtest.Base.Add(MaxAhead + time.Nanosecond)): "ahead",
		1:              "too_old",
		math.MaxUint64: "ahead",
	} {
		lr := record(nil)
		lr.SetTimestamp(at)
		row, _, counts := write(t, dnsEncoder(), lr, pcommon.NewMap())
		if want == "" {
			require.Empty(t, counts)
			require.NotContains(t, row, "EventStartTime")
			continue
		}
		require.Equal(t, map[string]int64{want + " TimeGenerated": 1}, counts)
		require.Equal(t, row["TimeGenerated"], row["EventStartTime"])
	}
}

func TestTheBodyGoesIntoItsColumnWhereTheRecordHasNone(t *testing.T) {
	e := NewEncoder(Options{Table: columns.Status, Body: "Message", Now: func() time.Time { return recordtest.Base }})
	lr := record(map[string]any{"Received": 5})
	lr.Body().SetStr("alive")
	row, _, _ := write(t, e, lr, pcommon.NewMap())
	require.Equal(t, "alive", row["Message"])
	lr.Attributes().PutStr("Message", "the attribute")
	row, _, _ = write(t, e, lr, pcommon.NewMap())
	require.Equal(t, "the attribute", row["Message"])
	require.NotContains(t, row, "AdditionalFields")
	lr = record(nil)
	lr.Body().SetEmptyMap().PutInt("a", 1)
	row, _, _ = write(t, e, lr, pcommon.NewMap())
	require.Equal(t, map[string]any{"Body": map[string]any{"a": json.Number("1")}}, row["AdditionalFields"])
}

// A collector keeps duplicate names when it unmarshals OTLP.
func TestADuplicateAttributeIsKept(t *testing.T) {
	raw := []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1772600767894000100","attributes":[
		{"key":"DnsQuery","value":{"stringValue":"a"}},{"key":"DnsQuery","value":{"stringValue":"b"}},
		{"key":"x","value":{"intValue":1}},{"key":"x","value":{"intValue":2}},
		{"key":"AdditionalFields","value":{"kvlistValue":{"values":[{"key":"y","value":{"intValue":3}}]}}},
		{"key":"AdditionalFields","value":{"stringValue":"again"}}]}]}]}]}`)
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(raw)
	require.NoError(t, err)
	row, _, _ := write(t, dnsEncoder(), logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0), pcommon.NewMap())
	require.Equal(t, "a", row["DnsQuery"])
	require.Equal(t, map[string]any{"DnsQuery": "b", "x": json.Number("1"), "x_2": json.Number("2"), "y": json.Number("3"), "AdditionalFields": "again"},
		row["AdditionalFields"])
}

// The time must not grow with the square of the number, and omissions must be counted.
func TestANameRepeatedTenThousandTimesIsKeptNineTimes(t *testing.T) {
	lr := record(nil)
	one := `{"key":"x","value":{"intValue":1}},`
	raw := []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[` + strings.Repeat(one, 10_000) + `{"key":"y"}]}]}]}]}`)
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(raw)
	require.NoError(t, err)
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().MoveTo(lr.Attributes())
	row, _, counts := write(t, dnsEncoder(), lr, pcommon.NewMap())
	require.Len(t, row["AdditionalFields"], 9)
	require.Equal(t, map[string]int64{"shed AdditionalFields": 10_000 - 9}, counts)
}

func TestAUsualRecordCostsNoAllocation(t *testing.T) {
	for name, logs := range map[string]plog.Logs{"dns": recordtest.DNS(1), "network": recordtest.Network(1)} {
		table := map[string]*columns.Table{"dns": columns.DNS, "network": columns.Network}[name]
		e := NewEncoder(Options{Table: table, Now: func() time.Time { return recordtest.Base }, Resource: []string{"k8s.*"}})
		rl := logs.ResourceLogs().At(0)
		buf := make([]byte, 0, 1<<16)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			e.SetResource(rl.Resource().Attributes())
			buf, _ = e.AppendRow(buf[:0], rl.ScopeLogs().At(0).LogRecords().At(0))
		}), name)
	}
}

func FuzzEveryRecordBecomesValidJSON(f *testing.F) {
	for _, logs := range []plog.Logs{recordtest.DNS(2), recordtest.Network(1)} {
		raw, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
		require.NoError(f, err)
		f.Add(raw)
	}
	var encoders []*Encoder
	for _, table := range []*columns.Table{columns.DNS, columns.Network, columns.Audit, columns.Status} {
		encoders = append(encoders, NewEncoder(Options{Table: table, Resource: []string{"*"}, Body: "EventMessage", Now: func() time.Time { return recordtest.Base }}))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(raw)
		if err != nil {
			return
		}
		for _, e := range encoders {
			for _, rl := range logs.ResourceLogs().All() {
				e.SetResource(rl.Resource().Attributes())
				for _, sl := range rl.ScopeLogs().All() {
					for _, lr := range sl.LogRecords().All() {
						text, _ := e.AppendRow(nil, lr)
						check(t, e.table, text)
					}
				}
			}
			e.Reset()
		}
	})
}

// check checks a row against its table: valid JSON, unique names, and each value of its column's type.
func check(t *testing.T, table *columns.Table, text []byte) {
	t.Helper()
	require.True(t, utf8.Valid(text))
	require.LessOrEqual(t, len(text), MaxRow)
	row := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal(text, &row), "%s", text)
	size := 1
	for name, v := range row {
		size += len(name) + 4 + len(v)
		i := table.Lookup(name)
		require.GreaterOrEqual(t, i, 0, name)
		switch first := v[0]; table.Columns[i].Type {
		case columns.Int, columns.Long, columns.Real:
			require.True(t, first == '-' || first >= '0' && first <= '9', "%s: %s", name, v)
		case columns.Bool:
			require.Contains(t, []string{"true", "false"}, string(v))
		case columns.Dynamic:
			require.Equal(t, byte('{'), first)
			require.LessOrEqual(t, len(v), maxField)
		default:
			require.Equal(t, byte('"'), first)
		}
	}
	require.Equal(t, len(text), size, "names are unique: %s", bytes.TrimSpace(text))
}
