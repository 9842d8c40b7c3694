// SPDX-License-Identifier: Apache-2.0

package envelope

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

const key = "00000000-0000-0000-0000-000000000001"

func encoder() *Encoder {
	return NewEncoder(Options{InstrumentationKey: key, SDKVersion: "otelc-1.2.3-lin-amd64", Now: func() time.Time { return recordtest.Base.Add(time.Minute) }})
}

// item is a decoded envelope.
type item struct {
	Ver        int               `json:"ver"`
	Name       string            `json:"name"`
	Time       string            `json:"time"`
	SampleRate float64           `json:"sampleRate"`
	IKey       string            `json:"iKey"`
	Tags       map[string]string `json:"tags"`
	Data       struct {
		BaseType string `json:"baseType"`
		BaseData struct {
			Ver           int               `json:"ver"`
			Message       string            `json:"message"`
			SeverityLevel int               `json:"severityLevel"`
			Properties    map[string]string `json:"properties"`
		} `json:"baseData"`
	} `json:"data"`
}

func record(attributes map[string]any) plog.LogRecord {
	lr := plog.NewLogRecord()
	if err := lr.Attributes().FromRaw(attributes); err != nil {
		panic(err)
	}
	lr.SetTimestamp(pcommon.NewTimestampFromTime(recordtest.Base))
	lr.Body().SetStr("a message")
	return lr
}

func resourceOf(attributes map[string]any) pcommon.Map {
	m := pcommon.NewMap()
	if err := m.FromRaw(attributes); err != nil {
		panic(err)
	}
	return m
}

// write encodes an item, checks it against the service's limits, and returns the counts.
func write(t *testing.T, e *Encoder, lr plog.LogRecord) (item, map[string]int64) {
	t.Helper()
	e.Counts = Counts{}
	text, _ := e.Append(nil, lr)
	counts := map[string]int64{}
	e.Counts.Each(func(r Rule, f Field, n int64) { counts[r.String()+" "+f.String()] = n })
	return check(t, text), counts
}

// writeAlone encodes an item of a scope without a name or a resource.
func writeAlone(t *testing.T, lr plog.LogRecord) (item, map[string]int64) {
	t.Helper()
	e := encoder()
	e.SetScope(pcommon.NewMap(), pcommon.NewInstrumentationScope())
	return write(t, e, lr)
}

// check checks an item against the service's limits, and that its names are unique.
func check(t *testing.T, text []byte) (it item) {
	t.Helper()
	require.True(t, utf8.Valid(text))
	require.LessOrEqual(t, len(text), MaxItem)
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	var known struct {
		item
		Seq string `json:"seq"`
	}
	require.NoError(t, d.Decode(&known), "%s", text)
	it = known.item
	units := func(s string) int { return len(utf16.Encode([]rune(s))) }
	require.NotEmpty(t, it.Data.BaseData.Message)
	require.LessOrEqual(t, units(it.Data.BaseData.Message), maxMessage)
	size := 0
	for name, v := range it.Data.BaseData.Properties {
		require.NotEmpty(t, name)
		require.LessOrEqual(t, units(name), maxName, name)
		require.LessOrEqual(t, units(v), maxValue, name)
		encoded, err := json.Marshal(map[string]string{name: v})
		require.NoError(t, err)
		size += len(encoded)
	}
	require.Equal(t, 1, strings.Count(string(text), `"properties":{`)-strings.Count(string(text), `\"properties\":{`))
	raw := text[strings.Index(string(text), `"properties":`)+len(`"properties":`):]
	require.Equal(t, len(it.Data.BaseData.Properties), countNames(t, raw), "names are unique: %s", text)
	for name, v := range it.Tags {
		require.LessOrEqual(t, units(v), 1024, name)
	}
	_, err := time.Parse(time.RFC3339Nano, it.Time)
	require.NoError(t, err)
	return it
}

// countNames counts the names of the object at the beginning of a text.
func countNames(t *testing.T, raw []byte) (n int) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	_, err := d.Token()
	require.NoError(t, err)
	for d.More() {
		_, err := d.Token()
		require.NoError(t, err)
		_, err = d.Token()
		require.NoError(t, err)
		n++
	}
	return n
}

func TestARecordBecomesAnEnvelope(t *testing.T) {
	e := encoder()
	scope := pcommon.NewInstrumentationScope()
	scope.SetName("asim.dns.events")
	scope.SetVersion("1.2")
	e.SetScope(resourceOf(map[string]any{
		"service.name": "windows_dns_server", "service.namespace": "asim_dns", "service.instance.id": "i", "service.version": "9", "host.name": "dc1",
		"os.name": "Windows", "os.version": "10", "device.manufacturer": "m", "device.model.identifier": "t", "n": 5,
	}), scope)
	lr := record(map[string]any{"DnsQuery": "a.example", "SrcPortNumber": 53, "ok": true, "f": 1e21, "g": 1e-7, "h": 1_000_000.0, "bytes": []byte("hi"),
		"none": nil, "empty": "", "host.name": "the record's", "list": []any{1, "a"}, "AdditionalFields": map[string]any{"Zone": `x"y\z`, "n": math.NaN()}})
	lr.SetSeverityNumber(plog.SeverityNumberWarn2)
	lr.SetTraceID([16]byte{1: 0xAB})
	lr.SetSpanID([8]byte{7: 1})
	got, counts := write(t, e, lr)
	require.Empty(t, counts)
	require.Equal(t, 1, got.Ver)
	require.Equal(t, "Microsoft.ApplicationInsights.Message", got.Name)
	require.Equal(t, "2026-03-04T05:06:07.8940001Z", got.Time)
	require.Equal(t, 100.0, got.SampleRate)
	require.Equal(t, key, got.IKey)
	require.Equal(t, map[string]string{
		"ai.cloud.role": "asim_dns.windows_dns_server", "ai.cloud.roleInstance": "i", "ai.application.ver": "9", "ai.device.osVersion": "Windows 10",
		"ai.device.model": "m", "ai.device.type": "t", "ai.internal.sdkVersion": "otelc-1.2.3-lin-amd64",
		"ai.operation.id": "00ab0000000000000000000000000000", "ai.operation.parentId": "0000000000000001",
	}, got.Tags)
	require.Equal(t, "MessageData", got.Data.BaseType)
	require.Equal(t, 2, got.Data.BaseData.Ver)
	require.Equal(t, "a message", got.Data.BaseData.Message)
	require.Equal(t, 2, got.Data.BaseData.SeverityLevel)
	properties := got.Data.BaseData.Properties
	require.JSONEq(t, `{"Zone":"x\"y\\z","n":"NaN"}`, properties["AdditionalFields"])
	delete(properties, "AdditionalFields")
	require.Equal(t, map[string]string{
		"DnsQuery": "a.example", "SrcPortNumber": "53", "ok": "true", "f": "1e+21", "g": "1e-7", "h": "1000000", "bytes": "aGk=", "none": "", "empty": "", "list": `[1,"a"]`,
		"host.name": "the record's", "service.name": "windows_dns_server", "service.namespace": "asim_dns", "service.instance.id": "i", "service.version": "9",
		"os.name": "Windows", "os.version": "10", "device.manufacturer": "m", "device.model.identifier": "t", "n": "5",
		"instrumentationlibrary.name": "asim.dns.events", "instrumentationlibrary.version": "1.2",
	}, properties)
}

func TestEverySeverityHasItsLevel(t *testing.T) {
	want := map[plog.SeverityNumber]int{0: 1, 1: 0, 8: 0, 9: 1, 12: 1, 13: 2, 16: 2, 17: 3, 20: 3, 21: 4, 24: 4, 25: 1, -1: 1}
	for number, level := range want {
		lr := record(nil)
		lr.SetSeverityNumber(number)
		got, _ := writeAlone(t, lr)
		require.Equal(t, level, got.Data.BaseData.SeverityLevel, "%d", number)
	}
}

func TestTextsThatAreTooLongAreCutAtARuneAndMarked(t *testing.T) {
	long := map[string]string{
		"ascii": strings.Repeat("x", 8193), "two bytes": strings.Repeat("é", 8193), "surrogates": "x" + strings.Repeat("😀", 4096), "no UTF-8": strings.Repeat("\xff", 9000),
	}
	for name, text := range long {
		t.Run(name, func(t *testing.T) {
			got, counts := writeAlone(t, record(map[string]any{"p": text}))
			p := got.Data.BaseData.Properties["p"]
			require.True(t, strings.HasSuffix(p, jsontext.CutMark))
			require.EqualValues(t, 1, counts["cut property"])
			units := len(utf16.Encode([]rune(p)))
			require.Contains(t, []int{8191, 8192}, units)
			require.True(t, strings.HasPrefix(strings.ToValidUTF8(text, "\uFFFD")+strings.Repeat("\uFFFD", 9000), strings.TrimSuffix(p, jsontext.CutMark)))
		})
	}
	for _, fits := range []string{strings.Repeat("x", 8192), strings.Repeat("é", 8192), strings.Repeat("😀", 4096)} {
		got, counts := writeAlone(t, record(map[string]any{"p": fits}))
		require.Equal(t, fits, got.Data.BaseData.Properties["p"])
		require.Empty(t, counts)
	}
	lr := record(nil)
	lr.Body().SetStr(strings.Repeat("é", 32_769))
	got, counts := writeAlone(t, lr)
	require.Equal(t, strings.Repeat("é", maxMessageOfLarge-6)+jsontext.CutMark, got.Data.BaseData.Message, "the message has 65,530 bytes in UTF-8, too many for an item")
	require.EqualValues(t, 1, counts["large_item item"])
	lr.Body().SetStr(strings.Repeat("x", 32_769))
	got, counts = writeAlone(t, lr)
	require.Equal(t, strings.Repeat("x", 32_768-6)+jsontext.CutMark, got.Data.BaseData.Message)
	require.Equal(t, map[string]int64{"cut message": 1}, counts)
}

func TestAnEmptyMessageIsWrittenAsTheSDKsDo(t *testing.T) {
	lr := record(nil)
	lr.Body().SetStr("")
	got, counts := writeAlone(t, lr)
	require.Equal(t, "n/a", got.Data.BaseData.Message)
	require.Equal(t, map[string]int64{"no_message message": 1}, counts)
	lr = plog.NewLogRecord()
	lr.SetTimestamp(pcommon.NewTimestampFromTime(recordtest.Base))
	got, _ = writeAlone(t, lr)
	require.Equal(t, "n/a", got.Data.BaseData.Message)
	lr.Body().SetEmptyMap().PutStr("a", "b")
	got, _ = writeAlone(t, lr)
	require.Equal(t, `{"a":"b"}`, got.Data.BaseData.Message)
}

func TestNamesAreCutAndUnique(t *testing.T) {
	long := strings.Repeat("n", 200)
	raw := []byte(`{"resourceLogs":[{"resource":{"attributes":[{"key":"instrumentationlibrary.name","value":{"stringValue":"the resource's"}}]},"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{"timeUnixNano":"1772600767894000100","body":{"stringValue":"b"},"attributes":[
		{"key":"x","value":{"intValue":1}},{"key":"x","value":{"intValue":2}},{"key":"","value":{"intValue":3}},
		{"key":"` + long + `a","value":{"intValue":4}},{"key":"` + long + `b","value":{"intValue":5}},{"key":"\\","value":{"intValue":6}},
		{"key":"a\"","value":{"intValue":7}}]}]}]}]}`)
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(raw)
	require.NoError(t, err)
	rl := logs.ResourceLogs().At(0)
	e := encoder()
	e.SetScope(rl.Resource().Attributes(), rl.ScopeLogs().At(0).Scope())
	got, counts := write(t, e, rl.ScopeLogs().At(0).LogRecords().At(0))
	require.Equal(t, map[string]string{"x": "1", "x_2": "2", "_": "3", long[:150]: "4", long[:148] + "_2": "5", `\`: "6", `a"`: "7",
		"instrumentationlibrary.name": "s", "instrumentationlibrary.name_2": "the resource's"}, got.Data.BaseData.Properties)
	require.Equal(t, map[string]int64{"cut name": 2, "repeated name": 3}, counts)
}

// The time must not grow with the square of the number, and omissions must be counted.
func TestANameRepeatedTenThousandTimesIsKeptNineTimes(t *testing.T) {
	one := `{"key":"x","value":{"intValue":1}},`
	raw := []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1772600767894000100","attributes":[` + strings.Repeat(one, 10_000) + `{"key":"y"}]}]}]}]}`)
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(raw)
	require.NoError(t, err)
	got, counts := writeAlone(t, logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0))
	require.Len(t, got.Data.BaseData.Properties, 9+2, "y, and the number of missing properties")
	require.EqualValues(t, 10_000-9, counts["shed property"])
	require.Equal(t, "9991", got.Data.BaseData.Properties["Shed"])
}

// KQL cannot parse JSON that was cut.
func TestAdditionalFieldsOfMoreThan8192CharactersShedsPacketDataThenTheLastAnswers(t *testing.T) {
	answers := make([]any, 900)
	for i := range answers {
		answers[i] = fmt.Sprintf("TXT \"%d\"", i)
	}
	fields := map[string]any{"Zone": "contoso.com", "PacketData": "0x" + strings.Repeat("AB", 4100), "DnsAnswers": answers[:5]}
	got, counts := writeAlone(t, record(map[string]any{"AdditionalFields": fields}))
	var read map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.Data.BaseData.Properties["AdditionalFields"]), &read))
	require.Equal(t, map[string]any{"Zone": "contoso.com", "DnsAnswers": answers[:5], "Shed": []any{"PacketData"}, "ShedCount": 1.0}, read)
	require.Equal(t, map[string]int64{"shed AdditionalFields": 1}, counts)

	fields["DnsAnswers"] = answers
	got, counts = writeAlone(t, record(map[string]any{"AdditionalFields": fields}))
	read = nil
	require.NoError(t, json.Unmarshal([]byte(got.Data.BaseData.Properties["AdditionalFields"]), &read))
	require.ElementsMatch(t, []any{"PacketData", "DnsAnswers"}, read["Shed"])
	kept := read["DnsAnswers"].([]any)
	require.Greater(t, len(kept), 300)
	require.Equal(t, answers[:len(kept)], kept)
	require.Equal(t, "contoso.com", read["Zone"])
	require.Equal(t, map[string]int64{"shed AdditionalFields": 2}, counts)

	for _, v := range []any{strings.Repeat("x", 9000), map[string]any{"a": strings.Repeat("x", 9000)}, []any{strings.Repeat("x", 9000)}, map[string]any{"é": strings.Repeat("é", 5000)}} {
		got, counts = writeAlone(t, record(map[string]any{"AdditionalFields": v}))
		require.True(t, json.Valid([]byte(got.Data.BaseData.Properties["AdditionalFields"])), "%v", got)
		require.EqualValues(t, 1, counts["shed AdditionalFields"])
	}
	got, counts = writeAlone(t, record(map[string]any{"AdditionalFields": `{"short":1}`}))
	require.Equal(t, `{"short":1}`, got.Data.BaseData.Properties["AdditionalFields"])
	require.Empty(t, counts)
}

func TestAnItemOfMoreThan64KBBecomesSmallerAndSaysSo(t *testing.T) {
	all := map[string]any{}
	for i := range 20 {
		all[fmt.Sprint("p", i)] = strings.Repeat("\x01", 8192)
	}
	lr := record(all)
	lr.Body().SetStr(strings.Repeat("\x02", 40_000))
	e := encoder()
	scope := pcommon.NewInstrumentationScope()
	scope.SetName("s")
	e.SetScope(resourceOf(map[string]any{"service.name": strings.Repeat("\x03", 9000), "host.name": "dc1"}), scope)
	got, counts := write(t, e, lr)
	require.EqualValues(t, 1, counts["large_item item"])
	require.Positive(t, counts["shed property"])
	require.Equal(t, fmt.Sprint(counts["shed property"]), got.Data.BaseData.Properties["Shed"])

	many := map[string]any{"AdditionalFields": map[string]any{"Zone": "a"}}
	for i := range 9000 {
		many[fmt.Sprint("attribute", i)] = i
	}
	got, counts = writeAlone(t, record(many))
	require.EqualValues(t, 1, counts["large_item item"])
	require.EqualValues(t, 9001, int64(len(got.Data.BaseData.Properties)-1)+counts["shed property"], "each property is present or counted")
	after, counts := writeAlone(t, record(map[string]any{"p": strings.Repeat("y", 8000)}))
	require.Len(t, after.Data.BaseData.Properties["p"], 8000, "the lower limit applies to the large item only")
	require.Empty(t, counts)
}

func TestAPropertyThatDidNotFitLeavesTheNamesOfTheOthersAlone(t *testing.T) {
	for _, before := range []int{0, 70} { // few names, or many
		lr := record(nil)
		lr.Body().SetStr(strings.Repeat("\x02", 40_000))
		want := map[string]string{}
		for i := range before {
			name := fmt.Sprintf("name%03d", i)
			lr.Attributes().PutStr(name, "x")
			want[name] = "x"
		}
		for i := range 20 { // from some property on they do not fit
			lr.Attributes().PutStr(fmt.Sprintf("large%02d", i), strings.Repeat("\x01", 9000))
			lr.Attributes().PutStr(fmt.Sprintf("small%02d", i), "x")
			want[fmt.Sprintf("small%02d", i)] = "x"
		}
		got, counts := writeAlone(t, lr)
		require.Zero(t, counts["repeated name"])
		kept := got.Data.BaseData.Properties
		require.Positive(t, counts["shed property"])
		for name, value := range want {
			require.Equal(t, value, kept[name], name)
		}
	}
}

// The service permanently refuses items that are more than two days old.
func TestAnEventThatTheServiceWouldRefuseForItsAgeGetsTheTimeOfSending(t *testing.T) {
	now := recordtest.Base.Add(time.Minute)
	for at, old := range map[time.Time]bool{now.Add(-MaxAge): false, now.Add(-MaxAge - 1): true, time.Unix(0, 1): true, now.Add(time.Hour): false} {
		lr := record(nil)
		lr.SetTimestamp(pcommon.NewTimestampFromTime(at))
		got, counts := writeAlone(t, lr)
		sent, err := time.Parse(time.RFC3339Nano, got.Time)
		require.NoError(t, err)
		if !old {
			require.Equal(t, at.Truncate(100).UTC(), sent.UTC())
			require.Empty(t, got.Data.BaseData.Properties)
			require.Empty(t, counts)
			continue
		}
		require.Equal(t, now.Truncate(100).UTC(), sent.UTC())
		began, err := time.Parse(time.RFC3339Nano, got.Data.BaseData.Properties["EventStartTime"])
		require.NoError(t, err)
		require.Equal(t, at.Truncate(100).UTC(), began.UTC(), "the true time")
		require.Equal(t, map[string]int64{"too_old time": 1}, counts)

		lr.Attributes().PutStr("EventStartTime", "the record's own")
		got, _ = writeAlone(t, lr)
		require.Equal(t, map[string]string{"EventStartTime": "the record's own"}, got.Data.BaseData.Properties)
	}
}

func TestARecordWithoutATimeGetsThatOfItsObservationOrOfSending(t *testing.T) {
	lr := record(nil)
	lr.SetTimestamp(0)
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(recordtest.Base.Add(time.Second)))
	got, counts := writeAlone(t, lr)
	require.Equal(t, "2026-03-04T05:06:08.8940001Z", got.Time)
	require.Equal(t, map[string]int64{"no_time time": 1}, counts)
	lr.SetObservedTimestamp(0)
	got, _ = writeAlone(t, lr)
	require.Equal(t, "2026-03-04T05:07:07.8940001Z", got.Time)
}

func TestWhatAScopeAltersCountsForEachOfItsRecords(t *testing.T) {
	e := encoder()
	e.SetScope(resourceOf(map[string]any{"service.name": strings.Repeat("x", 300)}), pcommon.NewInstrumentationScope())
	for range 3 {
		_, counts := write(t, e, record(nil))
		require.Equal(t, map[string]int64{"cut tag": 1}, counts)
	}
}

func TestAUsualRecordCostsNoAllocation(t *testing.T) {
	for name, logs := range map[string]plog.Logs{"dns": recordtest.DNS(1), "network": recordtest.Network(1)} {
		e := encoder()
		rl := logs.ResourceLogs().At(0)
		rl.ScopeLogs().At(0).LogRecords().At(0).Attributes().PutEmptyMap("AdditionalFields").PutStr("Zone", "contoso.com")
		e.SetScope(rl.Resource().Attributes(), rl.ScopeLogs().At(0).Scope())
		buf := make([]byte, 0, 1<<16)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			buf, _ = e.Append(buf[:0], rl.ScopeLogs().At(0).LogRecords().At(0))
		}), name)
	}
}

func FuzzEveryRecordBecomesValidJSON(f *testing.F) {
	for _, logs := range []plog.Logs{recordtest.DNS(2), recordtest.Network(1)} {
		raw, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
		require.NoError(f, err)
		f.Add(raw)
	}
	long := plog.NewLogs()
	lr := long.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	fields := lr.Attributes().PutEmptyMap("AdditionalFields")
	fields.PutStr("PacketData", strings.Repeat("0", 9000))
	for range 900 {
		fields.PutEmptySlice("DnsAnswers").AppendEmpty().SetStr(`"\]`)
	}
	raw, err := (&plog.ProtoMarshaler{}).MarshalLogs(long)
	require.NoError(f, err)
	f.Add(raw)
	e := encoder()
	f.Fuzz(func(t *testing.T, raw []byte) {
		logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(raw)
		if err != nil {
			return
		}
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				e.SetScope(rl.Resource().Attributes(), sl.Scope())
				for _, lr := range sl.LogRecords().All() {
					text, _ := e.Append(nil, lr)
					it := check(t, text)
					if v, ok := lr.Attributes().Get("AdditionalFields"); ok && v.Type() == pcommon.ValueTypeMap {
						require.True(t, json.Valid([]byte(it.Data.BaseData.Properties["AdditionalFields"])) || it.Data.BaseData.Properties["Shed"] != "")
					}
				}
			}
		}
		e.Reset()
	})
}

func TestAnItemsOwnShedIsKeptBesideTheNumberOfWhatIsLeftOut(t *testing.T) {
	for _, of := range []string{"record", "resource"} {
		lr, resource := record(nil), pcommon.NewMap()
		map[string]pcommon.Map{"record": lr.Attributes(), "resource": resource}[of].PutStr("Shed", "its own")
		for i := range 9000 {
			lr.Attributes().PutInt(fmt.Sprint("attribute", i), int64(i))
		}
		e := encoder()
		e.SetScope(resource, pcommon.NewInstrumentationScope())
		got, counts := write(t, e, lr)
		if own, has := got.Data.BaseData.Properties["Shed"]; has {
			require.Equal(t, "its own", own, of)
		}
		require.Equal(t, fmt.Sprint(counts["shed property"]), got.Data.BaseData.Properties["Shed_2"], of)
	}
}
