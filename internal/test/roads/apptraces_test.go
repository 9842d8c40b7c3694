// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// appTraces is an ingestion endpoint that keeps what it receives.
type appTraces struct {
	*httptest.Server
	mu    sync.Mutex
	items []appTrace
}

// appTrace is an envelope. Unknown fields in it are an error.
type appTrace struct {
	Ver        int               `json:"ver"`
	Name       string            `json:"name"`
	Time       time.Time         `json:"time"`
	SampleRate float64           `json:"sampleRate"`
	Seq        string            `json:"seq"`
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

func newAppTraces(t *testing.T) *appTraces {
	s := &appTraces{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := body(r)
		if err != nil {
			return
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if bytes.HasPrefix(raw, []byte("[")) { // an array; otherwise one after the other
			_, _ = d.Token()
		}
		var items []appTrace
		for d.More() {
			var item appTrace
			if err := d.Decode(&item); err != nil {
				t.Errorf("not an envelope: %v: %.2000s", err, raw)
				break
			}
			items = append(items, item)
		}
		s.mu.Lock()
		s.items = append(s.items, items...)
		s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []any{}})
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *appTraces) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.items)
}

// oddRecords have what the receivers' records do not have: every severity, every type of value, traces, and no time.
func oddRecords() plog.Logs {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	for name, value := range map[string]string{"service.name": "odd", "service.instance.id": "i1", "service.version": "1.2.3", "os.name": "Windows",
		"os.version": "10.0.20348", "device.manufacturer": "maker", "device.model.identifier": "model", "shared": "the resource's"} {
		rl.Resource().Attributes().PutStr(name, value)
	}
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName("odd.scope")
	sl.Scope().SetVersion("0.1")
	now := time.Now()
	for i := range 26 {
		lr := sl.LogRecords().AppendEmpty()
		lr.SetTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Duration(i) * 100)))
		lr.SetSeverityNumber(plog.SeverityNumber(i))
		lr.Body().SetStr(fmt.Sprintf("line %d\n<é😀\"\\>\u2028", i))
		lr.SetTraceID([16]byte{1, 2, byte(i)})
		lr.SetSpanID([8]byte{3, byte(i)})
		lr.SetEventName("not written")
		a := lr.Attributes()
		a.PutInt("int", int64(i)-13)
		a.PutDouble("double", float64(i)*1e20)
		a.PutDouble("small", float64(i)/1e9)
		a.PutBool("bool", i%2 == 0)
		a.PutEmptyBytes("bytes").FromRaw([]byte{0, 1, byte(i)})
		a.PutEmpty("empty")
		a.PutStr("shared", "the record's")
		a.PutStr("instrumentationlibrary.name", "the record's own")
		list := a.PutEmptySlice("list")
		list.AppendEmpty().SetStr("a<b")
		list.AppendEmpty().SetDouble(1e21)
		list.AppendEmpty()
		m := a.PutEmptyMap("AdditionalFields")
		m.PutStr("quoted \"name\"", "line\nbreak")
		m.PutEmptyMap("inner").PutEmptySlice("list").AppendEmpty().SetBool(true)
		if i == 25 {
			lr.SetTimestamp(0)
			lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
			lr.Body().SetEmptyMap().PutInt("n", 1)
		}
	}
	bare := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	bare.SetTimestamp(pcommon.NewTimestampFromTime(now))
	return logs
}

// comparable returns an envelope without the documented differences between the two exporters. theirs is azure_monitor.
func comparable(t *testing.T, item appTrace, theirs bool) string {
	properties := item.Data.BaseData.Properties
	if properties == nil { // azure_monitor leaves out empty values
		properties = map[string]string{}
		item.Data.BaseData.Properties = properties
	}
	old := time.Since(item.Time) > 48*time.Hour-10*time.Minute
	if theirs && old { // ours has the time of sending, and the record's true time if it has none of its own
		if _, has := properties["EventStartTime"]; !has {
			properties["EventStartTime"] = item.Time.UTC().Format("2006-01-02T15:04:05.0000000Z")
		}
	}
	began, err := time.Parse(time.RFC3339Nano, properties["EventStartTime"])
	if old || err == nil && item.Time.Sub(began) > 24*time.Hour {
		item.Time = time.Time{}
	}
	item.Time = item.Time.UTC().Truncate(100)
	require.NotEmpty(t, item.Tags["ai.internal.sdkVersion"])
	delete(item.Tags, "ai.internal.sdkVersion")
	if theirs && item.Data.BaseData.Message == "" {
		item.Data.BaseData.Message = "n/a"
	}
	for name, value := range properties {
		if !strings.HasPrefix(value, "{") && !strings.HasPrefix(value, "[") {
			continue
		}
		var parsed any // the order of an object's names has no meaning
		if err := json.Unmarshal([]byte(value), &parsed); err != nil {
			require.True(t, theirs || name != "AdditionalFields", "it is always JSON: %s", value)
			if theirs && len(value) == 8192 {
				properties[name] = "too long"
			}
			continue // a text, such as a GUID in braces
		}
		if object, ok := parsed.(map[string]any); ok && object["Shed"] != nil {
			require.False(t, theirs)
			properties[name] = "too long"
			continue
		}
		again, err := json.Marshal(parsed)
		require.NoError(t, err)
		properties[name] = string(again)
	}
	text, err := json.Marshal(item)
	require.NoError(t, err)
	return string(text)
}

// Existing queries on AppTraces keep working: both receivers' records of the recorded captures, and some odd ones, go
// through one collector to both exporters. The exporter's README lists the differences.
func TestAppInsightsWritesWhatAzureMonitorWrites(t *testing.T) {
	t.Parallel()
	ours, theirs := newAppTraces(t), newAppTraces(t)
	otlp := loopback.Port(t)
	connection := func(s *appTraces) string {
		return "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=" + s.URL
	}
	data := root(t) + "/testdata/"
	c := start(t, home(t), nil, fmt.Sprintf(`yaml:
receivers:
  asimdns/server: {enable_flags: "0xFFFFFFFFFFFFFFFF", enable_level: 5, replay: {path: '%[1]sdnsserver.etl'}}
  asimdns/client:
    provider_guid: "{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}"
    enable_flags: "0xFFFFFFFFFFFFFFFF"
    replay: {path: '%[1]sdnsclient.etl'}
  ciliumwindows:
    enabled_events: [DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE]
    monitor_aggregation_level: none
    replay: {path: '%[1]scilium_events.pcapng'}
  otlp: {protocols: {http: {endpoint: '127.0.0.1:%[2]d'}}}
exporters:
  app_insights: {connection_string: '%[3]s'}
  azure_monitor: {connection_string: '%[4]s'}
service: {pipelines: {logs: {receivers: [asimdns/server, asimdns/client, ciliumwindows, otlp], exporters: [app_insights, azure_monitor]}}}
`, data, otlp, connection(ours), connection(theirs)))
	odd := oddRecords()
	raw, err := plogotlp.NewExportRequestFromLogs(odd).MarshalProto()
	require.NoError(t, err)
	resp, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/v1/logs", otlp), "application/x-protobuf", bytes.NewReader(raw))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	c.until("the replays have ended", func() bool { return len(account.FindAllString(c.out.String(), -1)) >= 3 })
	want := c.metric("otelcol_receiver_asimdns_events_emitted") + c.metric("otelcol_receiver_ciliumwindows_events_emitted") + odd.LogRecordCount()
	require.Greater(t, want, 3000)
	c.until("all records have arrived from both exporters", func() bool { return ours.count() >= want && theirs.count() >= want })
	c.stopWithin(patience)

	left := map[string]int{}
	for _, item := range theirs.items {
		left[comparable(t, item, true)]++
	}
	var more []string
	for _, item := range ours.items {
		text := comparable(t, item, false)
		if left[text]--; left[text] == 0 {
			delete(left, text)
		} else if left[text] < 0 {
			delete(left, text)
			more = append(more, text)
		}
	}
	require.Len(t, ours.items, want)
	if len(more) > 0 || len(left) > 0 {
		slices.Sort(more)
		var fewer []string
		for text := range left {
			fewer = append(fewer, text)
		}
		slices.Sort(fewer)
		t.Fatalf("%d of %d differ; ours:\n%s\nazure_monitor's:\n%s", len(more), want, more[:min(1, len(more))], fewer[:min(1, len(fewer))])
	}
}
