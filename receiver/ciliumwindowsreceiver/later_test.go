// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadatatest"
)

const versionUnknown = "cilium.notification.version_unknown"

func laterPacket(flags uint16) []byte {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoTCP, mt.TCP(40000, 443, flags, nil)))
}

// laterNotifications are records of the versions behind the newest known ones, each with eight bytes that nobody knows, and for each a
// record of the newest known version that says the same. Two are undecodable: they are shorter than that.
func laterNotifications() (later, known, undecodable [][]byte) {
	c := mt.Capture{Source: 10, Hash: 5, Packet: laterPacket(mt.SYN)}
	drop := mt.Drop{Capture: c, Version: 3, Reason: 133, SrcLabel: 1001, DstLabel: 2, DstID: 10, File: 2, Line: 7, IPTraceID: 99}
	trace := mt.Trace{Capture: c, Version: 2, Point: 3, SrcLabel: 1001, DstLabel: 2, DstID: 4, IfIndex: 6, IPTraceID: 98}
	verdict := mt.PolicyVerdict{Capture: c, Long: true, RemoteLabel: 1001, Verdict: -133, DstPort: 443, Proto: mt.ProtoTCP, Direction: 1, Match: 2, Cookie: 8}
	known = [][]byte{drop.Bytes(), trace.Bytes(), verdict.Bytes()}
	added := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	drop.Extension, trace.Extension, verdict.Extension = added, added, added
	drop.Version, trace.Version = 4, 3
	later = [][]byte{drop.Bytes(), trace.Bytes(), verdict.Bytes()}
	later[2][14] = 2
	return later, known, [][]byte{later[0][:47], later[1][:55]}
}

// requireAsFarAsKnown checks what has become of the later notifications: records as those of the known ones but for the mark, the
// account, the counter and one line of the log for each type. It shuts the receiver down.
func requireAsFarAsKnown(t *testing.T, r *ciliumReceiver, tel *componenttest.Telemetry, logs *observer.ObservedLogs, sink *consumertest.LogsSink) {
	t.Helper()
	later, known, undecodable := laterNotifications()
	metadatatest.AssertEqualEventsVersionUnknown(t, tel, kit.Point(r.Receiver.ID, len(later)), metricdatatest.IgnoreTimestamp())
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))

	stats := &r.Pipeline.Stats
	require.Equal(t, int64(len(later)+len(undecodable)), stats.Received.Load())
	require.Equal(t, int64(len(later)), stats.Emitted.Load(), "%s", stats)
	require.Equal(t, map[string]int64{"version": int64(len(undecodable))}, stats.Undecodable.Snapshot())
	require.Zero(t, stats.Pending())

	want, _, _ := replayAll(t, replayOf(writeCapture(t, known...), everything))
	expected, got := eventAttributes(want), eventAttributes(sink)
	for i := range expected {
		require.NotContains(t, expected[i], versionUnknown)
		require.Equal(t, "10.0.0.1", expected[i]["SrcIpAddr"], "the packet is there")
		expected[i][versionUnknown] = true
	}
	require.Equal(t, expected, got)
	require.Equal(t, true, got[1]["cilium.packet.primary"], "the trace counts the packet")

	var told []string
	for _, entry := range logs.FilterMessageSnippet("a later version than this receiver knows").All() {
		told = append(told, entry.ContextMap()["type"].(string))
		require.Equal(t, true, entry.ContextMap()["packet_found"])
	}
	require.Equal(t, []string{"drop", "trace", "policy-verdict"}, told)
	account := logs.FilterMessageSnippet("events have not left the receiver").All()
	require.Len(t, account, 1)
	require.Equal(t, int64(len(later)), account[0].ContextMap()["events_version_unknown"])
}

// eventAttributes returns the attributes of records without those of the host and the time, and without the identifier, which depends on both.
func eventAttributes(sink *consumertest.LogsSink) (all []map[string]any) {
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		attributes := lr.Attributes().AsRaw()
		for k := range attributes {
			if strings.HasPrefix(k, "Dvc") && k != "DvcAction" && k != "DvcOriginalAction" || k == "EventStartTime" || k == "EventEndTime" || k == "EventOriginalUid" {
				delete(attributes, k)
			}
		}
		all = append(all, attributes)
	})
	return all
}

func TestAReplayDecodesALaterVersionAsFarAsItIsKnown(t *testing.T) {
	later, _, undecodable := laterNotifications()
	tel := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	sink := &consumertest.LogsSink{}
	r, logs := startReceiver(t, set, replayOf(writeCapture(t, append(later, undecodable...)...), everything), sink)
	<-r.Player.Done()
	requireAsFarAsKnown(t, r, tel, logs, sink)
}

func TestALiveReceiverDecodesALaterVersionAsFarAsItIsKnown(t *testing.T) {
	later, _, undecodable := laterNotifications()
	tel := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	sink := &consumertest.LogsSink{}
	cfg := createDefaultConfig().(*Config)
	cfg.EventsMap = filepath.Join(t.TempDir(), "cilium_events") // there is none: the test is the source
	cfg.CheckCiliumOnWindows = false
	everything(cfg)
	r, logs := startReceiver(t, set, cfg, sink)
	for _, data := range append(later, undecodable...) {
		record := events.Record{CPU: -1, Data: data}
		require.True(t, r.Pipeline.Offer(time.Now().UnixNano(), record.AppendHead(nil), data))
	}
	require.NoError(t, r.Pipeline.Drain(context.Background(), func() {}))
	requireAsFarAsKnown(t, r, tel, logs, sink)
}

// A connection that is aggregated is one of later versions too: what is kept back is decoded again and has the mark, and each event is
// counted once.
func TestALaterVersionIsAggregated(t *testing.T) {
	trace := mt.Trace{Capture: mt.Capture{Source: 10, Packet: laterPacket(mt.ACK), Extension: make([]byte, 8)}, Version: 3, Point: 3, Reason: 1}.Bytes()
	sink, r, _ := replayAll(t, replayOf(writeCapture(t, trace, trace, trace), func(c *Config) { c.MonitorAggregationLevel = "medium" }))
	require.Equal(t, 2, sink.LogRecordCount())
	require.Equal(t, int64(1), r.Pipeline.Stats.Aggregated.Load())
	require.Equal(t, int64(3), r.handler.later.count.Load())
	for _, attributes := range eventAttributes(sink) {
		require.Equal(t, true, attributes[versionUnknown])
	}
}
