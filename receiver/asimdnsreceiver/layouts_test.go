// SPDX-License-Identifier: Apache-2.0

// Events whose fields lie at other offsets than today's manifest says: those of older servers, and those of unknown
// layouts.

package asimdnsreceiver

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadatatest"
)

const (
	olderFile   = "../../testdata/dnsserver_2016.etl"
	olderKnown  = 30 // events of known layouts
	olderOthers = 4
)

// olderRecords replays the file of the older server and returns the attributes of its records.
func olderRecords(t *testing.T, change func(*Config)) (known, unknown []map[string]any, r *dnsReceiver) {
	t.Helper()
	sink, r, _ := replayAll(t, replayOf(olderFile, func(c *Config) {
		c.EnableFlags, c.EnableLevel = &everything, 5
		if change != nil {
			change(c)
		}
	}))
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		raw := lr.Attributes().AsRaw()
		if more, _ := raw["AdditionalFields"].(map[string]any); more["LayoutUnknown"] == true {
			unknown = append(unknown, raw)
		} else {
			require.NotContains(t, more, "UndecodedData")
			known = append(known, raw)
		}
	})
	return known, unknown, r
}

func TestEventsOfAnOlderServerHaveTheirOwnFields(t *testing.T) {
	known, _, _ := olderRecords(t, nil)
	require.Len(t, known, olderKnown)
	byID := map[string]int{}
	for _, raw := range known {
		id, more := raw["EventOriginalType"].(string), raw["AdditionalFields"].(map[string]any)
		if byID[id]++; id >= "500" {
			continue
		}
		require.Equal(t, "www.contoso.com", raw["DnsQuery"], "event %s", id)
		require.Equal(t, int64(1), raw["DnsQueryType"], "event %s", id)
		require.Equal(t, "7653", raw["TransactionIdHex"], "event %s", id)
		require.NotContains(t, more, "QXID", "older servers do not log it")
		require.NotContains(t, raw, "DnsSessionId")
		if id == "259" {
			require.Equal(t, []any{"BlackholePolicy", "contoso.com", "Policy"}, []any{more["PolicyName"], more["Zone"], more["Reason"]})
			require.NotContains(t, raw, "SrcIpAddr", "older servers do not log the client")
			continue
		}
		require.Equal(t, int64(57943), raw["SrcPortNumber"], "event %s", id)
		switch id {
		case "260":
			require.Equal(t, []any{"BranchPolicy", "Default", int64(256)}, []any{more["PolicyName"], more["CacheScope"], more["Flags"]})
			require.Contains(t, []any{".", "Default", "Branch"}, more["ServerScope"])
			require.NotContains(t, more, "RecursionScope")
		case "261":
			require.Equal(t, []any{int64(0x8180), int64(0)}, []any{more["Flags"], raw["DnsResponseCode"]})
			require.Equal(t, []any{"198.51.100.80"}, more["DnsAnswers"])
		case "262":
			require.Equal(t, "198.51.100.53", raw["DstIpAddr"])
		case "257", "258":
			require.Equal(t, "10.1.4.21", raw["SrcIpAddr"])
			require.NotContains(t, raw, "DnsNetworkDuration")
		}
	}
	for _, id := range []string{"257", "258", "259", "260", "261", "262", "279", "280"} {
		require.Equal(t, 3, byID[id], id)
	}
}

func TestAnEventOfAnUnknownLayoutHasOnlyTheCertainFields(t *testing.T) {
	_, unknown, _ := olderRecords(t, nil)
	require.Len(t, unknown, olderOthers)
	for _, raw := range unknown {
		more := raw["AdditionalFields"].(map[string]any)
		require.NotEmpty(t, more["UndecodedData"])
		require.Contains(t, []any{nil, "www.contoso.com"}, raw["DnsQuery"], "never ww.contoso.com")
		require.Contains(t, []any{nil, "7653"}, raw["TransactionIdHex"], "never e257")
		require.Contains(t, []any{nil, int64(57943)}, raw["SrcPortNumber"], "never 256")
		require.Contains(t, []any{nil, "BranchPolicy"}, more["PolicyName"], "never !")
	}
	between, shorter, cut, longer := unknown[0], unknown[1], unknown[2], unknown[3]
	require.Equal(t, []any{"www.contoso.com", "7653", int64(57943)}, []any{between["DnsQuery"], between["TransactionIdHex"], between["SrcPortNumber"]},
		"the packet confirms its fields")
	require.Equal(t, "BranchPolicy", between["AdditionalFields"].(map[string]any)["PolicyName"])
	require.NotContains(t, between, "DnsSessionId")
	require.NotContains(t, shorter, "DnsQuery")
	require.Equal(t, "www.contoso.com", cut["DnsQuery"])
	require.Equal(t, "www.contoso.com", longer["DnsQuery"])
	require.NotContains(t, longer, "TransactionIdHex", "nothing in the packet confirms it")
}

func TestEventsOfUnknownLayoutsAreCountedUnderTheirOwnName(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	r, logs := startReceiver(t, set, replayOf(olderFile, func(c *Config) { c.EnableFlags, c.EnableLevel = &everything, 5 }), &consumertest.LogsSink{})
	<-r.Player.Done()
	want := kit.Point(r.Receiver.ID, olderOthers)
	metadatatest.AssertEqualEventsLayoutUnknown(t, tel, want, metricdatatest.IgnoreTimestamp())
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
	account := logs.FilterMessage("every event has left the receiver").All()[0].ContextMap()
	require.Equal(t, int64(olderOthers), account["layout_unknown"])
}

func TestNoFilterAndNoMergingActsOnUndecodedFields(t *testing.T) {
	_, unknown, _ := olderRecords(t, func(c *Config) { c.Noise.ExcludedDomains = []string{"ww.*", "w.*"} })
	require.Len(t, unknown, olderOthers, "no filter acts on a name read from the wrong bytes")
	for name, change := range map[string]func(*Config){
		"deduplication": func(c *Config) {
			c.Noise = filter.DefaultNoise()
			c.Noise.EnableDeduplication = true
		},
		"aggregation": func(c *Config) { c.Aggregation.Window = 3600e9 },
		"correlation": func(c *Config) { c.Correlate = true },
	} {
		_, unknown, r := olderRecords(t, func(c *Config) {
			c.Replay.Repeat = 2
			change(c)
		})
		if name == "deduplication" { // the same bytes for the second time
			require.GreaterOrEqual(t, len(unknown), olderOthers, name)
			continue
		}
		require.Len(t, unknown, 2*olderOthers, name)
		require.Positive(t, r.Pipeline.Stats.Emitted.Load())
	}
}

func TestQueriesThatCannotBeCorrelatedAreCountedAtTheEnd(t *testing.T) {
	x := newExchanges(t)
	cut := func(raw []byte) []byte {
		var r etw.Record
		require.NoError(t, r.Parse(raw))
		r.UserData = r.UserData[:3]
		raw, err := r.Append(nil)
		require.NoError(t, err)
		return raw
	}
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	cfg := createDefaultConfig().(*Config)
	correlating(cfg)
	r, err := newReceiver(set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	r.Parts.OpenLive = func(component.Host) (func(context.Context) error, error) {
		return func(context.Context) error { return nil }, nil
	}
	require.NoError(t, r.Start(context.Background(), componenttest.NewNopHost()))
	l := live{r, t}
	for i := range 3 {
		l.offer(cut(x.query(traceBegun, i)))
	}
	require.NoError(t, l.Shutdown(context.Background()))
	warned := logs.FilterMessageSnippet("were not correlated").All()
	require.Len(t, warned, 1)
	require.Equal(t, int64(3), warned[0].ContextMap()["events"])
}
