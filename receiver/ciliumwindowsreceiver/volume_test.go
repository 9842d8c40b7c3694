// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadatatest"
)

func TestTheVolumeSetsTheDefaultsOfOtherKeysAndWhatIsSetWins(t *testing.T) {
	type keys struct {
		level       string
		attributes  asim.AttributeSet
		device      asim.DevicePlace
		body        string
		connections bool
	}
	of := func(c *Config) keys {
		return keys{c.MonitorAggregationLevel, c.Attributes, c.Device.In, c.Body, c.Connections.Enabled}
	}
	full := keys{"maximum", asim.AllAttributes, asim.DeviceInRecord, "summary", false}
	require.Equal(t, full, of(createDefaultConfig().(*Config)))
	for yaml, want := range map[string]keys{
		"volume: full":     full,
		"volume: balanced": {"medium", asim.SlimAttributes, asim.DeviceInResource, "none", false},
		"volume: lean":     {"low", asim.MinimalAttributes, asim.DeviceInResource, "none", true},
		"volume: lean\nmonitor_aggregation_level: none\nattributes: all\ndevice: {in: record}\nbody: summary\nconnections: {enabled: false}": {
			"none", asim.AllAttributes, asim.DeviceInRecord, "summary", false,
		},
		"volume: lean\nconnections: {enabled: false}":                                 {"medium", asim.MinimalAttributes, asim.DeviceInResource, "none", false},
		"volume: lean\nconnections: {enabled: false}\nmonitor_aggregation_level:":     {"medium", asim.MinimalAttributes, asim.DeviceInResource, "none", false},
		"volume: lean\nconnections: {enabled: false}\nmonitor_aggregation_level: low": {"low", asim.MinimalAttributes, asim.DeviceInResource, "none", false},
		"volume: lean\nconnections: {silence: 30s}":                                   {"low", asim.MinimalAttributes, asim.DeviceInResource, "none", true},
		"connections: {enabled: true}":                                                {"maximum", asim.AllAttributes, asim.DeviceInRecord, "summary", true},
	} {
		c, err := load(t, yaml)
		require.NoError(t, err, yaml)
		require.Equal(t, want, of(c), yaml)
	}
	_, err := load(t, "volume: small")
	require.ErrorContains(t, err, `volume: "small" is not a volume; want full, balanced or lean`)
	_, err = load(t, "volume: lean\nbody: hubble_json")
	require.ErrorContains(t, err, "body: hubble_json is not allowed with connections.enabled")
	_, err = load(t, "volume: balanced\nbody: hubble_json")
	require.NoError(t, err)
}

// withVolume replays a file with a volume, as a user's configuration does.
func withVolume(t *testing.T, mode, file, more string) *Config {
	t.Helper()
	cfg, err := load(t, "volume: "+mode+"\nnode_name: node-1\n"+more)
	require.NoError(t, err)
	cfg.Replay.Path = replay.Paths{file}
	return cfg
}

// traffic is what records say of packets that are counted once, of what was refused, and of how many events they stand for.
type traffic struct {
	sent    map[string]kit.Sent // by sender, target, protocol and verdict
	refused map[string]string   // by identifier: what the record of a drop or a denial has
	events  int64
	records int
}

// verdictOf is the verdict of a record, which a slim one has only if DvcAction does not show it.
func verdictOf(lr plog.LogRecord) string {
	if name := kit.Text(lr, "DvcOriginalAction"); name != "" {
		return name
	}
	return map[string]string{"Allow": "FORWARDED", "Drop": "DROPPED", "Deny": "DROPPED"}[kit.Text(lr, "DvcAction")]
}

func trafficOf(sink *consumertest.LogsSink) traffic {
	tr := traffic{sent: map[string]kit.Sent{}, refused: map[string]string{}}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		tr.records++
		tr.events += amount(lr, "EventCount")
		src := kit.Text(lr, "SrcIpAddr") + " " + kit.Text(lr, "SrcPortNumber")
		dst := kit.Text(lr, "DstIpAddr") + " " + kit.Text(lr, "DstPortNumber")
		add := func(from, to, bytes, packets string) {
			if amount(lr, packets) == 0 {
				return
			}
			key := strings.Join([]string{from, ">", to, kit.Text(lr, "NetworkProtocol"), verdictOf(lr)}, " ")
			s := tr.sent[key]
			tr.sent[key] = kit.Sent{Bytes: s.Bytes + amount(lr, bytes), Packets: s.Packets + amount(lr, packets)}
		}
		if kit.Text(lr, "cilium.packet.primary") == "true" {
			add(src, dst, "SrcBytes", "SrcPackets")
			add(dst, src, "DstBytes", "DstPackets")
		}
		if kit.Text(lr, "EventResult") == "Failure" {
			tr.refused[kit.Text(lr, "EventOriginalUid")] = fmt.Sprint(src, dst, kit.Text(lr, "DvcAction"), kit.Text(lr, "EventOriginalResultDetails"),
				kit.Text(lr, "cilium.drop.primary"), kit.Text(lr, "cilium.policy.cookie"), lr.Timestamp(), lr.SeverityText())
		}
	})
	return tr
}

// sameTraffic holds lean and balanced records of a file against full ones.
func sameTraffic(t *testing.T, file string) (full, lean traffic) {
	t.Helper()
	const all = "enabled_events: [DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE]\n"
	read := func(mode, more string) (traffic, int64) {
		sink, r, _ := replayAll(t, withVolume(t, mode, file, all+more))
		s := &r.Pipeline.Stats
		require.Equal(t, s.Received.Load(), s.Emitted.Load()+s.Filtered.Load()+s.Aggregated.Load()+s.Undecodable.Total(), "%s", s)
		require.EqualValues(t, s.Emitted.Load(), sink.LogRecordCount())
		require.Zero(t, r.handler.Held())
		return trafficOf(sink), s.Filtered.Load()
	}
	full, filtered := read("full", "monitor_aggregation_level: low")
	for mode, more := range map[string]string{"full": "", "balanced": "", "lean": "", "lean ": "aggregation_max_size_mib: 1\nconnections: {silence: 1s, tcp_silence: 1s, interim: 1s}"} {
		got, gotFiltered := read(strings.TrimSpace(mode), more)
		require.Equal(t, full.sent, got.sent, mode)
		require.Equal(t, full.refused, got.refused, mode)
		require.Equal(t, full.events, got.events, mode)
		require.Equal(t, filtered, gotFiltered)
		if mode == "lean" {
			lean = got
		}
	}
	return full, lean
}

func TestLeanRecordsSumToTheSameTrafficAsFullOnes(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.pcapng")
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, file := range files {
		full, lean := sameTraffic(t, file)
		require.NotEmpty(t, full.sent)
		require.NotEmpty(t, full.refused)
		require.Less(t, lean.records, full.records)
		t.Logf("%s: %d records of %d", filepath.Base(file), lean.records, full.records)
	}
}

func TestLeanWithoutConnectionsHasNoMoreRecordsThanFull(t *testing.T) {
	full, _, _ := replayAll(t, withVolume(t, "full", waysFile, ""))
	lean, _, _ := replayAll(t, withVolume(t, "lean", waysFile, "connections: {enabled: false}"))
	require.LessOrEqual(t, lean.LogRecordCount(), full.LogRecordCount())
}

// talk returns the events of random connections on a node, of each packet at up to three points, in a random order.
func talk(r *rand.Rand, packets int) []events.Record {
	points := [][]uint8{{5, 0}, {5, 3, 0}, {5, 3, 11}, {10, 0}, {5, 4, 11}}
	at := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	var all []events.Record
	for id := range uint32(packets) {
		at = at.Add(time.Duration(r.IntN(300)) * time.Millisecond)
		a, b := netip.AddrFrom4([4]byte{10, 0, 0, byte(1 + r.IntN(4))}), netip.AddrFrom4([4]byte{10, 0, 1, byte(1 + r.IntN(4))})
		from, to, reason := uint16(40000+r.IntN(6)), uint16(443), uint8(0)
		if r.IntN(2) == 0 {
			a, b, from, to, reason = b, a, to, from, 2
		}
		var above []byte
		protocol, body := uint8(mt.ProtoTCP), []byte{byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
		switch r.IntN(4) {
		case 0:
			protocol, above = mt.ProtoUDP, mt.UDP(from, to, body)
		case 1:
			protocol, above = mt.ProtoICMP, mt.ICMP([]uint8{8, 0, 3}[r.IntN(3)], 0, body)
		default:
			above = mt.TCP(from, to, []uint16{mt.SYN, mt.SYN | mt.ACK, mt.ACK, mt.ACK, mt.ACK, mt.ACK | mt.FIN, mt.RST}[r.IntN(7)], body)
		}
		c := mt.Capture{Source: uint16(10 + r.IntN(3)), Packet: mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, protocol, above))}
		c.Packet[18], c.Packet[19] = byte(id>>8), byte(id) // IPv4's identification: no two packets are equal
		tell := func(data []byte) {
			at = at.Add(time.Duration(1+r.IntN(50)) * time.Microsecond)
			all = append(all, events.Record{Time: at.UnixNano(), CPU: int32(r.IntN(2)), Data: data})
		}
		switch r.IntN(20) {
		case 0:
			tell(mt.PolicyVerdict{Capture: c, Long: true, RemoteLabel: 2, Verdict: -133, DstPort: to, Proto: protocol, Direction: 2, Cookie: 7}.Bytes())
			tell(mt.Drop{Capture: c, Version: 2, Reason: 133, SrcLabel: 1001, File: 2}.Bytes())
			continue
		case 1:
			tell(mt.PolicyVerdict{Capture: c, Long: true, RemoteLabel: 2, DstPort: to, Proto: protocol, Direction: 2, Cookie: 8}.Bytes())
		case 2:
			tell(mt.Raw(42, 1, 2, 3))
		}
		for _, point := range points[r.IntN(len(points))] {
			if point >= 5 && point <= 10 { // where packets come in, connection tracking has not seen them
				tell(mt.Trace{Capture: c, Version: 1, Point: point, SrcLabel: 1001, Reason: 5}.Bytes())
			} else {
				tell(mt.Trace{Capture: c, Version: 1, Point: point, SrcLabel: 1001, DstLabel: 2, DstID: c.Source, Reason: reason}.Bytes())
			}
		}
	}
	for i := 0; i+8 < len(all); i += 8 { // processors deliver out of order
		if r.IntN(4) == 0 {
			other := i + 1 + r.IntN(7)
			all[i], all[other] = all[other], all[i]
		}
	}
	return all
}

func TestLeanRecordsOfRandomConnectionsSumToTheSameTraffic(t *testing.T) {
	for seed := range uint64(2) {
		full, lean := sameTraffic(t, writeCaptureOf(t, talk(rand.New(rand.NewPCG(seed, 7)), 3000)...))
		require.NotEmpty(t, full.refused)
		require.Less(t, lean.records, full.records/2)
	}
}

func TestBytesSavedAreCountedByReason(t *testing.T) {
	for mode, reasons := range map[string][]string{"full": {"interval"}, "balanced": {"attributes", "interval"}, "lean": {"attributes", "connection"}} {
		tel := componenttest.NewTelemetry()
		set := receivertest.NewNopSettings(metadata.Type)
		set.TelemetrySettings = tel.NewTelemetrySettings()
		sink := &consumertest.LogsSink{}
		r, _ := startReceiver(t, set, withVolume(t, mode, waysFile, ""), sink)
		<-r.Player.Done()
		want := map[string]int64{"attributes": r.handler.mapper.Saved()}
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			reason := "interval"
			if kit.Text(lr, "EventType") == "NetworkSession" {
				reason = "connection"
			}
			want[reason] += (amount(lr, "EventCount") - 1) * int64(r.handler.mapper.RecordSize(lr.Attributes()))
		})
		var points []metricdata.DataPoint[int64]
		for _, reason := range []string{"attributes", "interval", "connection"} {
			points = append(points, metricdata.DataPoint[int64]{
				Value: want[reason], Attributes: kit.Attributes(r.Receiver.ID, attribute.String("mode", mode), attribute.String("reason", reason)),
			})
		}
		metadatatest.AssertEqualBytesSaved(t, tel, points, metricdatatest.IgnoreTimestamp())
		for _, reason := range reasons {
			require.Positive(t, want[reason], "%s: %s", mode, reason)
			delete(want, reason)
		}
		for reason, n := range want {
			require.Zero(t, n, "%s: %s", mode, reason)
		}
		require.NoError(t, r.Shutdown(context.Background()))
		require.NoError(t, tel.Shutdown(context.Background()))
	}
}

// What Sentinel bills of a row: its attributes, and TimeGenerated.
func TestBalancedIsAtMostHalfOfFullsBytes(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.pcapng")
	require.NoError(t, err)
	for _, file := range files {
		bytes := map[string]int{}
		for _, mode := range []string{"full", "balanced", "lean"} {
			sink, r, _ := replayAll(t, withVolume(t, mode, file, ""))
			kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
				bytes[mode] += r.handler.mapper.RecordSize(lr.Attributes()) + len("2026-03-04T05:06:07.1234567Z")
			})
		}
		t.Logf("%s: %v, balanced is %.3f of full", filepath.Base(file), bytes, float64(bytes["balanced"])/float64(bytes["full"]))
		require.LessOrEqual(t, 2*bytes["balanced"], bytes["full"])
		require.Less(t, bytes["lean"], bytes["balanced"])
	}
}

func TestConnectionsClosedEarlyAreCounted(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	var records []events.Record
	begin := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	for port := range uint16(10_000) {
		records = append(records, packet(1+port, begin.Add(time.Duration(port)*time.Millisecond)))
	}
	sink := &consumertest.LogsSink{}
	r, _ := startReceiver(t, set, withVolume(t, "lean", writeCaptureOf(t, records...), "aggregation_max_size_mib: 1"), sink)
	<-r.Player.Done()
	early := 0
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if kit.Text(lr, "EventOriginalSubType") == "memory" {
			early++
		}
	})
	require.Greater(t, early, 5000)
	metadatatest.AssertEqualConnectionsClosedEarly(t, tel, kit.Point(r.Receiver.ID, early), metricdatatest.IgnoreTimestamp())
	require.NoError(t, r.Shutdown(context.Background()))
	require.Len(t, records, sink.LogRecordCount())
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestTheResourceHasTheDeviceOfSlimRecords(t *testing.T) {
	for _, mode := range []string{"balanced", "lean"} {
		sink, _, _ := replayAll(t, withVolume(t, mode, waysFile, ""))
		kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
			dvc, _ := rl.Resource().Attributes().Get("Dvc")
			require.Equal(t, "node-1", dvc.Str())
			require.Empty(t, kit.Text(lr, "Dvc"))
			require.Empty(t, lr.Body().AsString())
		})
	}
}

// At every moment an event is emitted, filtered, aggregated, or pending: the one that a connection keeps back.
func TestTheAccountOfConnectionsIsWholeAtEveryMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := withVolume(t, string(volume.Lean), "unused", "")
		next := &consumertest.LogsSink{}
		l := startWithConfig(t, cfg, next)
		r := rand.New(rand.NewPCG(5, 6))
		for i, one := range talk(r, 2000) {
			one.Time = time.Now().UnixNano()
			l.offer(one)
			if i%100 == 0 {
				time.Sleep(time.Second) // the batch goes
				synctest.Wait()
				require.EqualValues(t, l.handler.Held(), l.Pipeline.Stats.Pending(), "%s", &l.Pipeline.Stats)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		held := l.handler.Held()
		require.Positive(t, held)
		before := next.LogRecordCount()
		l.shutdown()
		require.Equal(t, before+held, next.LogRecordCount())
	})
}

func TestAConnectionOfALiveMapIsWrittenWhenItHasBeenSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &consumertest.LogsSink{}
		l := startWithConfig(t, withVolume(t, "lean", "unused", ""), next)
		for range 40 {
			l.offer(packet(1, time.Now()))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(55 * time.Second)
		synctest.Wait()
		require.Zero(t, next.LogRecordCount())
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.Equal(t, 1, next.LogRecordCount())
		kit.EachRecord(next, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			require.Equal(t, "silence", kit.Text(lr, "EventOriginalSubType"))
			require.EqualValues(t, 40, amount(lr, "EventCount"))
			require.EqualValues(t, 3900, amount(lr, "NetworkDuration"))
		})
		l.shutdown()
	})
}
