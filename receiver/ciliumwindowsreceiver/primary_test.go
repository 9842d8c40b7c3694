// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadatatest"
)

const waysFile = "../../testdata/cilium_ways.pcapng"

// amount returns a numeric attribute, or 0 if the record does not have it.
func amount(lr plog.LogRecord, name string) int64 {
	v, _ := lr.Attributes().Get(name)
	return v.Int()
}

// countedBytes sums the bytes of the records that count packets, and of the records that count denials, by sender and
// target, as two queries would. total is the sum over all records.
func countedBytes(sink *consumertest.LogsSink) (counted map[string]kit.Sent, total int64) {
	counted = map[string]kit.Sent{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		total += amount(lr, "NetworkBytes")
		key := kit.Text(lr, "SrcIpAddr") + " " + kit.Text(lr, "SrcPortNumber") + " > " + kit.Text(lr, "DstIpAddr") + " " + kit.Text(lr, "DstPortNumber")
		s := counted[key]
		if kit.Text(lr, "cilium.packet.primary") == "true" {
			s.Packets += amount(lr, "SrcPackets")
			s.Bytes += amount(lr, "SrcBytes")
		}
		if kit.Text(lr, "cilium.drop.primary") == "true" {
			s.DroppedPackets += amount(lr, "SrcPackets")
			s.DroppedBytes += amount(lr, "SrcBytes")
		}
		if s != (kit.Sent{}) {
			counted[key] = s
		}
	})
	return counted, total
}

// The capture has packets on every way through a node, with one to four observation points, in both directions. Some
// are denied, sent again, translated, encapsulated or encrypted.
func TestTheMarksCountWhatWasSentAndWhatWasDroppedAtEveryLevel(t *testing.T) {
	sent := kit.Generated(t, waysFile).Sent
	require.Greater(t, len(sent), 100)
	var bytes int64
	for _, s := range sent {
		bytes += s.Bytes
	}
	for _, level := range []string{"none", "low", "medium", "maximum"} {
		for name, change := range map[string]func(*Config){
			"every event": func(c *Config) { everything(c) },
			"by default":  func(*Config) {},
			"no verdicts": func(c *Config) { c.EnabledEvents = []string{"DROP", "TRACE"} },
			"with names":  func(c *Config) { everything(c); c.Names = "k8s_names" },
		} {
			sink, r, _ := replayAllOn(t, named(namedPods()), replayOf(waysFile, func(c *Config) { change(c); c.MonitorAggregationLevel = level }))
			counted, total := countedBytes(sink)
			require.Equal(t, sent, counted, "%s, %s", level, name)
			require.Greater(t, total, bytes, "a packet has more records than one")
			require.Zero(t, r.handler.marker.unmarked.Load())
		}
	}
}

// If a filter removes the first record of a packet, the next one counts the packet.
func TestTheMarkIsOnTheFirstRecordThatTheFiltersLeave(t *testing.T) {
	var want, got kit.Sent
	cfg := replayOf(waysFile, func(c *Config) {
		c.MonitorAggregationLevel = "low"
		c.Filters.Deny = []filter.Rule{{"event_type": {"trace:to-stack"}}}
	})
	sink, _, _ := replayAll(t, cfg)
	counted, _ := countedBytes(sink)
	for key, s := range kit.Generated(t, waysFile).Sent {
		if strings.HasSuffix(key, " > 10.244.2.40 8443") { // seen by the stack, then encrypted; or by the overlay
			want.Packets, want.Bytes = want.Packets+s.Packets, want.Bytes+s.Bytes
			got.Packets, got.Bytes = got.Packets+counted[key].Packets, got.Bytes+counted[key].Bytes
		}
	}
	require.Positive(t, want.Packets)
	require.Equal(t, want, got)
}

// All packets of a merged record are primary, or none is.
func TestARecordThatStandsForSeveralPacketsCountsAllOfThemOrNone(t *testing.T) {
	sink, r, _ := replayAll(t, replayOf(waysFile, func(c *Config) { c.MonitorAggregationLevel = "maximum" }))
	require.Positive(t, r.Pipeline.Stats.Aggregated.Load())
	several := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if amount(lr, "EventCount") > 1 {
			several[kit.Text(lr, "cilium.packet.primary")]++
			require.Equal(t, amount(lr, "EventCount"), amount(lr, "NetworkPackets"))
			require.Equal(t, amount(lr, "NetworkBytes"), amount(lr, "SrcBytes"))
			require.Equal(t, amount(lr, "NetworkPackets"), amount(lr, "SrcPackets"))
		}
	})
	require.Positive(t, several["true"])
	require.Positive(t, several[""])
}

func TestADeniedPacketIsTwoFailuresOfWhichTheDropCounts(t *testing.T) {
	a, b := netip.MustParseAddr("10.244.1.7"), netip.MustParseAddr("10.244.2.9")
	syn := monitortest.Ethernet(monitortest.EtherIPv4, monitortest.IPv4(a, b, monitortest.ProtoTCP, monitortest.TCP(40000, 443, monitortest.SYN, nil)))
	require.Len(t, syn, 54)
	c := monitortest.Capture{Source: 10, Packet: syn}
	path := writeCapture(t,
		monitortest.Trace{Capture: c, Version: 1, Point: 5, SrcLabel: 1001, Reason: 5}.Bytes(),
		monitortest.PolicyVerdict{Capture: c, Long: true, RemoteLabel: 2, Verdict: -133, DstPort: 443, Proto: monitortest.ProtoTCP, Direction: 2, Cookie: 7}.Bytes(),
		monitortest.Drop{Capture: c, Version: 2, Reason: 133, SrcLabel: 1001, File: 2}.Bytes(),
	)
	for _, level := range []string{"none", "low", "medium", "maximum"} {
		sink, _, _ := replayAll(t, replayOf(path, func(c *Config) { c.MonitorAggregationLevel = level }))
		var failures, primary, denials, bytes int64
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			require.Equal(t, "Outbound", kit.Text(lr, "NetworkDirection"))
			if kit.Text(lr, "cilium.event.type") == "policy-verdict" {
				require.Equal(t, "7", kit.Text(lr, "cilium.policy.cookie"))
			}
			if kit.Text(lr, "EventResult") == "Failure" {
				failures++
			}
			if kit.Text(lr, "cilium.drop.primary") == "true" {
				denials++
				require.Equal(t, "drop", kit.Text(lr, "cilium.event.type"))
			}
			if kit.Text(lr, "cilium.packet.primary") == "true" {
				primary++
				bytes += amount(lr, "NetworkBytes")
				require.Equal(t, "drop", kit.Text(lr, "cilium.event.type"))
			}
		})
		require.Equal(t, [4]int64{2, 1, 1, 54}, [4]int64{failures, primary, denials, bytes}, level)
	}
}

// A trace has counted the packet's bytes before the packet is dropped. The drop still counts as a denial.
func TestADropBehindACountedTraceCountsTheDenial(t *testing.T) {
	a, b := netip.MustParseAddr("10.244.1.7"), netip.MustParseAddr("203.0.113.9")
	syn := monitortest.Ethernet(monitortest.EtherIPv4, monitortest.IPv4(a, b, monitortest.ProtoTCP, monitortest.TCP(40000, 443, monitortest.SYN, nil)))
	c := monitortest.Capture{Source: 10, Packet: syn}
	path := writeCapture(t,
		monitortest.Trace{Capture: c, Version: 1, Point: 3, SrcLabel: 1001, DstLabel: 2}.Bytes(),
		monitortest.PolicyVerdict{Capture: monitortest.Capture{Source: 89, Packet: syn}, Verdict: -133, DstPort: 443, Proto: monitortest.ProtoTCP, Direction: 2}.Bytes(),
		monitortest.Drop{Capture: monitortest.Capture{Source: 89, Packet: syn}, Version: 2, Reason: 133, SrcLabel: 1001, File: 1}.Bytes(),
	)
	for _, level := range []string{"none", "low", "medium", "maximum"} {
		sink, r, _ := replayAll(t, replayOf(path, func(c *Config) { c.MonitorAggregationLevel = level }))
		marked := map[string]string{}
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			for _, mark := range []string{"cilium.packet.primary", "cilium.drop.primary"} {
				if kit.Text(lr, mark) == "true" {
					marked[mark] += kit.Text(lr, "cilium.event.type")
				}
			}
		})
		require.Equal(t, map[string]string{"cilium.packet.primary": "trace", "cilium.drop.primary": "drop"}, marked, level)
		require.Zero(t, r.handler.marker.unmarked.Load())
	}
}

func TestPacketsThatCannotBeToldApartAreCountedAndNotMarked(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	none := monitortest.Capture{Source: 10, OrigLen: 60, NoCapLen: true}
	path := writeCapture(t,
		monitortest.Trace{Capture: none, DstID: 10, Reason: 1}.Bytes(), monitortest.Drop{Capture: none, Reason: 133, Version: 2}.Bytes(),
		monitortest.PolicyVerdict{Capture: none, Verdict: -133}.Bytes(), monitortest.Trace{Capture: none, Point: 5, Reason: 5}.Bytes(),
	)
	sink := &consumertest.LogsSink{}
	r, _ := startReceiver(t, set, replayOf(path, everything), sink)
	<-r.Player.Done()
	metadatatest.AssertEqualPacketsUnmarked(t, tel, kit.Point(r.Receiver.ID, 2), metricdatatest.IgnoreTimestamp())
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
	require.Equal(t, 4, sink.LogRecordCount())
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		require.Empty(t, kit.Text(lr, "cilium.packet.primary"))
	})
}

// One of the packets has no mark. Of the other one, only its arrival is reported.
func TestTheAccountSaysHowManyPacketsHaveNoMark(t *testing.T) {
	a, b := netip.MustParseAddr("10.244.1.7"), netip.MustParseAddr("203.0.113.9")
	syn := monitortest.Ethernet(monitortest.EtherIPv4, monitortest.IPv4(a, b, monitortest.ProtoTCP, monitortest.TCP(40000, 443, monitortest.SYN, nil)))
	path := writeCapture(t,
		monitortest.Trace{Capture: monitortest.Capture{Source: 10, OrigLen: 60, NoCapLen: true}, DstID: 10, Reason: 1}.Bytes(),
		monitortest.Trace{Capture: monitortest.Capture{Source: 10, Packet: syn}, Version: 1, Point: monitor.TraceFromEndpoint, Reason: monitor.TraceReasonUnknown}.Bytes(),
	)
	for level, want := range map[string]int64{"none": 2, "low": 1} {
		_, _, logs := replayAll(t, replayOf(path, func(c *Config) { c.MonitorAggregationLevel = level }))
		account := logs.FilterMessage("every event has left the receiver").All()
		require.Len(t, account, 1)
		require.Equal(t, want, account[0].ContextMap()["packets_unmarked"], level)
	}
}
