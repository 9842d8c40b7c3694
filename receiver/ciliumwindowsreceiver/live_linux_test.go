// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"encoding/binary"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadatatest"
)

// liveConfig returns the configuration of a receiver of maps that a test pins in dir.
func liveConfig(dir string) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.EventsMap = filepath.Join(dir, "cilium_events")
	cfg.ObservabilityConfigMap = filepath.Join(dir, "cilium_observability_config")
	return cfg
}

func TestALiveReceiverReadsTheKernelsRingAndSetsItsConfiguration(t *testing.T) {
	dir := eventstest.Dir(t)
	cfg := liveConfig(dir)
	ring := eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	config := eventstest.NewArray(t, cfg.ObservabilityConfigMap, 4, 2)
	value := func(index uint32) uint32 {
		var b [4]byte
		require.NoError(t, config.Lookup(index, &b))
		return binary.LittleEndian.Uint32(b[:])
	}

	sink := &consumertest.LogsSink{}
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, sink)
	require.Equal(t, uint32(1<<1|1<<4|1<<5), value(0), "DROP, TRACE and POLICY_VERDICT by message type")
	require.Equal(t, uint32(4), value(1), "level maximum")

	drop, debug := monitortest.Drop{Version: 2}.Bytes(), monitortest.Debug{}.Bytes()
	const n = 200
	for range n {
		require.True(t, ring.Write(t, drop))
		require.True(t, ring.Write(t, debug))
	}
	stats := &r.Pipeline.Stats
	require.Eventually(t, func() bool { return stats.Received.Load() == 2*n }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Zero(t, stats.Pending(), "%s", stats)
	require.Equal(t, int64(n), stats.Emitted.Load())
	require.Equal(t, int64(n), stats.Filtered.Load(), "debug messages are not enabled, whatever the datapath emits")
	require.Equal(t, n, sink.LogRecordCount())
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		require.Equal(t, "drop", kit.Text(lr, "cilium.event.type"))
		require.Less(t, time.Since(lr.Timestamp().AsTime()), time.Minute, "a live event's time is when it was read")
	})
	require.Zero(t, value(0), "the previous values are restored")
	require.Zero(t, value(1))
}

// A live event carries no time: its identifier has the time of reading, which the recording keeps.
func TestTheRecordingOfALiveSourceHasTheIdentifiersOfItsRecords(t *testing.T) {
	dir := eventstest.Dir(t)
	cfg := liveConfig(dir)
	cfg.NodeName, cfg.Record.Path = "node-1", filepath.Join(t.TempDir(), "live.pcapng")
	ring := eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	eventstest.NewArray(t, cfg.ObservabilityConfigMap, 4, 2)
	sink := &consumertest.LogsSink{}
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, sink)
	const n = 200
	for range n { // all equal
		require.True(t, ring.Write(t, monitortest.Drop{Version: 2}.Bytes()))
	}
	require.Eventually(t, func() bool { return r.Pipeline.Stats.Received.Load() == n }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	live := slices.Sorted(maps.Keys(kit.ByUID(t, sink)))
	require.Len(t, live, n)
	require.Equal(t, live, uidsOf(t, cfg.Record.Path, func(*Config) {}))
}

func TestTheModeDecidesWhetherTheConfigurationMapIsRequired(t *testing.T) {
	dir := eventstest.Dir(t)
	cfg := liveConfig(dir)
	eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	eventstest.NewHash(t, cfg.ObservabilityConfigMap, 4, 4, 2)

	cfg.ConfigMap.Apply = obsconfig.ModeRequired
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorIs(t, r.Start(context.Background(), componenttest.NewNopHost()), obsconfig.ErrMismatch)
	require.NoError(t, r.Shutdown(context.Background()))

	cfg.ConfigMap.Apply = obsconfig.ModeBestEffort
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.Len(t, logs.FilterMessageSnippet("could not be set").All(), 1)
	require.NoError(t, r.Shutdown(context.Background()))

	cfg.ConfigMap.Apply = obsconfig.ModeOff
	r, logs = startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.Empty(t, logs.FilterMessageSnippet("could not be set").All())
	require.NoError(t, r.Shutdown(context.Background()))
}

func TestTwoReceiversOfOneMapAreAnErrorInAnySpelling(t *testing.T) {
	dir := eventstest.Dir(t)
	cfg := liveConfig(dir)
	other := *cfg
	other.EventsMap = dir + "/./cilium_events"
	refused := func() {
		t.Helper()
		second, err := newReceiver(receivertest.NewNopSettings(metadata.Type), &other, consumertest.NewNop())
		require.NoError(t, err)
		require.ErrorIs(t, second.Start(context.Background(), componenttest.NewNopHost()), events.ErrInUse)
		require.NoError(t, second.Shutdown(context.Background()))
	}
	first, h, _ := startLiveReceiver(t, cfg, consumertest.NewNop())
	refused() // whether a map is pinned or not
	ring := eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	h.requireStatus(t, componentstatus.StatusOK, "")
	refused()
	alias, err := ring.Map.Clone()
	require.NoError(t, err)
	defer alias.Close()
	other.EventsMap = filepath.Join(dir, "other_pin")
	require.NoError(t, alias.Pin(other.EventsMap))
	refused()
	require.NoError(t, first.Shutdown(context.Background()))
}

func TestBothSignalsOfALiveMapComeFromOneReader(t *testing.T) {
	dir := eventstest.Dir(t)
	cfg := liveConfig(dir)
	cfg.NodeName = "node-1"
	ring := eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	cfg.ConfigMap.Apply = obsconfig.ModeOff
	logs, metrics, records, points := pipelines(t, NewFactory(), cfg, true)
	for _, c := range []component.Component{metrics, logs} {
		require.NoError(t, c.Start(context.Background(), componenttest.NewNopHost()))
	}
	const n = 100
	for range n {
		require.True(t, ring.Write(t, monitortest.Drop{Capture: monitortest.Capture{OrigLen: 60}, Version: 2, Reason: 133}.Bytes()))
	}
	stats := &logs.(*instance).Pipeline.Stats
	require.Eventually(t, func() bool { return stats.Received.Load() == n }, time.Minute, time.Millisecond)
	require.NoError(t, metrics.Shutdown(context.Background()))
	require.NoError(t, logs.Shutdown(context.Background()))
	require.Zero(t, stats.Pending(), "%s", stats)
	require.Equal(t, n, records.LogRecordCount())
	const of = " cilium.drop_reason=POLICY_DENIED cilium.event.type=drop cilium.verdict=DROPPED"
	require.Equal(t, map[string]int64{"cilium.event.count" + of: n, "cilium.network.packet.count" + of: n, "cilium.network.io" + of: 60 * n}, sums(t, points))
	resource := points.AllMetrics()[0].ResourceMetrics().At(0).Resource().Attributes()
	require.Equal(t, records.AllLogs()[0].ResourceLogs().At(0).Resource().Attributes().AsRaw(), resource.AsRaw())
	require.Contains(t, resource.AsRaw(), "host.name")
}

// words returns the two values of a configuration map.
func words(t *testing.T, m *ebpf.Map) [2]uint32 {
	t.Helper()
	var values [2]uint32
	for i := range values {
		require.NoError(t, m.Lookup(uint32(i), &values[i]))
	}
	return values
}

// defaultWords are the values of the default settings in the preset bitmask.
var defaultWords = [2]uint32{1<<1 | 1<<4 | 1<<5, 4}

func TestAReceiverThatIsThereBeforeCiliumBeginsWhenTheMapsAreThere(t *testing.T) {
	dir := eventstest.Dir(t)
	cfg := liveConfig(dir)
	cfg.ConfigMap.Apply = obsconfig.ModeRequired // not a reason to fail while there is no Cilium
	sink := &consumertest.LogsSink{}
	r, h, _ := startLiveReceiver(t, cfg, sink)
	h.requireStatus(t, componentstatus.StatusRecoverableError, "no map is pinned at "+cfg.EventsMap)

	ring := eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	h.requireStatus(t, componentstatus.StatusRecoverableError, "no map is pinned at "+cfg.ObservabilityConfigMap)
	require.True(t, ring.Write(t, monitortest.Drop{Version: 2}.Bytes()))
	require.Eventually(t, func() bool { return sink.LogRecordCount() == 1 }, time.Minute, time.Millisecond, "events are not delayed")

	config := eventstest.NewArray(t, cfg.ObservabilityConfigMap, 4, 2)
	h.requireStatus(t, componentstatus.StatusOK, "")
	require.Equal(t, defaultWords, words(t, config))
	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, [2]uint32{}, words(t, config), "the previous values are restored")
	require.Equal(t, int64(1), r.Pipeline.Stats.Emitted.Load())
}

func TestARestartOfCiliumLosesNoEventAndSetsTheNewConfigurationMap(t *testing.T) {
	dir := eventstest.Dir(t)
	cfg := liveConfig(dir)
	before, configBefore := eventstest.NewRing(t, cfg.EventsMap, 1<<16), eventstest.NewArray(t, cfg.ObservabilityConfigMap, 4, 2)
	sink := &consumertest.LogsSink{}
	r, h, logs := startLiveReceiver(t, cfg, sink)
	require.Equal(t, defaultWords, words(t, configBefore))
	drop := monitortest.Drop{Version: 2}.Bytes()
	write := func(w interface {
		Write(testing.TB, []byte) bool
	}) {
		require.True(t, w.Write(t, drop))
	}
	write(before)

	require.NoError(t, os.Remove(cfg.EventsMap))
	require.NoError(t, os.Remove(cfg.ObservabilityConfigMap))
	gone := time.Now()
	h.requireStatus(t, componentstatus.StatusRecoverableError, "still read")
	require.Less(t, time.Since(gone), 10*time.Second)
	write(before) // a program that is not replaced yet

	after := eventstest.NewPerf(t, cfg.EventsMap)
	configAfter := eventstest.NewArray(t, cfg.ObservabilityConfigMap, 4, 2)
	h.requireStatus(t, componentstatus.StatusOK, "")
	require.Equal(t, defaultWords, words(t, configAfter))
	write(before)
	write(after)
	require.Eventually(t, func() bool { return sink.LogRecordCount() == 4 }, time.Minute, time.Millisecond)
	require.Equal(t, int64(2), r.live.attached())
	require.Len(t, logs.FilterMessage("reading the events map").All(), 2)

	write(after) // a perf event array is emptied before it is left: its content is lost with its reader
	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, int64(5), r.Pipeline.Stats.Emitted.Load(), "%s", &r.Pipeline.Stats)
	require.Equal(t, [2]uint32{}, words(t, configAfter), "the previous values are restored")
}

func TestWhatARealPerfArrayLosesIsInARecordWithItsProcessor(t *testing.T) {
	cfg := liveConfig(eventstest.Dir(t))
	everything(cfg)
	cfg.Record.Path = filepath.Join(t.TempDir(), "recorded.pcapng")
	perf := eventstest.NewPerf(t, cfg.EventsMap)
	tel := componenttest.NewTelemetry()
	sink := &consumertest.LogsSink{}
	r, _ := startReceiver(t, metadatatest.NewSettings(tel), cfg, sink)
	source := r.live
	packet := monitortest.Ethernet(monitortest.EtherIPv4, monitortest.IPv4(netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"),
		monitortest.ProtoUDP, monitortest.UDP(1000, 2000, make([]byte, 19))))
	verdicts := [][]byte{
		monitortest.PolicyVerdict{Capture: monitortest.Capture{Packet: packet}, DstPort: 2000, Proto: 17, Direction: 1}.Bytes(),
		monitortest.PolicyVerdict{Capture: monitortest.Capture{Packet: packet}, DstPort: 2000, Proto: 17, Direction: 1, Long: true}.Bytes(),
	}
	written, cpu := uint64(0), slices.Max(eventstest.CPUs(t))
	eventstest.OnCPU(t, cpu, func() {
		for _, v := range verdicts {
			require.True(t, perf.Write(t, v))
			written++
		}
		large := append(monitortest.Debug{}.Bytes(), make([]byte, 2000)...)
		for source.follower.Stats().Lost == 0 {
			const burst = 20_000 // 40 times the room of a ring
			perf.WriteTimes(t, large, burst)
			written += burst
			// The kernel reports a loss with the next record that it stores.
			for !perf.Write(t, large) {
				written++
			}
			written++
		}
	})
	require.Eventually(t, func() bool {
		stats := source.follower.Stats()
		return stats.Records+stats.Lost == written
	}, time.Minute, time.Millisecond)
	lost := source.follower.Stats().Lost
	metadatatest.AssertEqualEventsLost(t, tel, kit.Point(r.Receiver.ID, int64(lost), attribute.String("source", "map")), metricdatatest.IgnoreTimestamp())
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
	stats := &r.Pipeline.Stats
	require.Zero(t, stats.Pending(), "%s", stats)
	require.Zero(t, stats.Undecodable.Total(), "%s", stats)

	require.Zero(t, r.Pipeline.Record.Stats.Lost.Total())
	var recordedLost, recorded uint64
	for _, record := range rawRecords(t, cfg.Record.Path) {
		require.Equal(t, int32(cpu), record.CPU)
		if recordedLost += record.Lost; record.Lost == 0 {
			recorded++
		}
	}
	require.Equal(t, source.follower.Stats().Records, recorded, "the recording has every record, including those that the queue had no room for")
	require.Equal(t, lost, recordedLost)

	var told int64
	seen := 0
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		require.Equal(t, int64(cpu), number(lr, "cilium.cpu"))
		switch kit.Text(lr, "cilium.event.type") {
		case "lost":
			told += number(lr, "cilium.lost.count")
		case "policy-verdict":
			seen++
			require.Equal(t, "10.0.0.2", kit.Text(lr, "DstIpAddr"), "whatever padding the ring adds to the record")
			require.Equal(t, int64(2000), number(lr, "DstPortNumber"))
		}
	})
	require.Equal(t, 2, seen)
	if stats.Dropped.Total() == 0 { // otherwise loss records may be among those that the queue had no room for
		require.Equal(t, int64(lost), told)
	}
}

func TestAFullRingLosesNothingThatItHasTaken(t *testing.T) {
	cfg := liveConfig(eventstest.Dir(t))
	cfg.Queue.MaxSizeMiB = 1
	ring := eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	in, out := make(chan struct{}), make(chan struct{})
	var once sync.Once
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		once.Do(func() { close(in) })
		<-out
		return nil
	})
	require.NoError(t, err)
	r, _, _ := startLiveReceiver(t, cfg, next)
	record := append(monitortest.Drop{Version: 2}.Bytes(), make([]byte, eventstest.MaxRecord-100)...)
	taken := int64(0)
	write := func() {
		for !ring.Write(t, record) { // it is full: the receiver catches up, because it does not wait for its queue
			runtime.Gosched()
		}
		taken++
	}
	write()
	<-in // the next component blocks: from here on the queue fills
	for r.Pipeline.Stats.Dropped.Total() < 1000 {
		write()
	}
	close(out)
	require.Eventually(t, func() bool {
		return r.live.follower.Stats().Waiting == 0
	}, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	stats := &r.Pipeline.Stats
	require.Zero(t, stats.Pending(), "%s", stats)
	require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Dropped.Total())
	require.Equal(t, taken, stats.Received.Load())
}

func TestAMapThatIsLeftEarlyIsLoggedAndCounted(t *testing.T) {
	cfg := liveConfig(eventstest.Dir(t))
	ring := eventstest.NewRing(t, cfg.EventsMap, 1<<12)
	first := ring.ID(t)
	tel := componenttest.NewTelemetry()
	r, logs := startReceiver(t, metadatatest.NewSettings(tel), cfg, consumertest.NewNop())
	live := r.live
	require.NoError(t, live.follower.Close(context.Background()))
	require.NoError(t, live.start(time.Millisecond)) // checks without a pause
	abandoned := func(want int64) {
		t.Helper()
		metadatatest.AssertEqualMapAbandoned(t, tel, kit.Point(r.Receiver.ID, want), metricdatatest.IgnoreTimestamp())
	}
	abandoned(0)
	for i := range events.MaxMaps {
		require.NoError(t, os.Remove(cfg.EventsMap))
		eventstest.NewRing(t, cfg.EventsMap, 1<<12)
		require.Eventually(t, func() bool { return live.attached() == int64(i+2) }, time.Minute, time.Millisecond)
	}
	require.Eventually(t, func() bool {
		return logs.FilterMessageSnippet("stopped reading a replaced events map").Len() == 1
	}, time.Minute, time.Millisecond)
	said := logs.FilterMessageSnippet("stopped reading a replaced events map").All()[0].ContextMap()
	require.Equal(t, first, said["id"])
	require.Equal(t, int64(0), said["bytes_not_read"])
	abandoned(1)
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestShutdownWhileMapsComeAndGo(t *testing.T) {
	dir := eventstest.Dir(t)
	cfg := liveConfig(dir)
	drop := monitortest.Drop{Version: 2}.Bytes()
	for i := range 20 {
		r, _, _ := startLiveReceiver(t, cfg, consumertest.NewNop())
		live := r.live
		require.NoError(t, live.follower.Close(context.Background()))
		require.NoError(t, live.start(time.Millisecond)) // checks without a pause
		for range i {
			ring := eventstest.NewRing(t, cfg.EventsMap, 1<<12)
			ring.Write(t, drop)
			require.NoError(t, os.Remove(cfg.EventsMap))
		}
		require.NoError(t, r.Shutdown(context.Background()))
		require.Zero(t, r.Pipeline.Stats.Pending(), "%s", &r.Pipeline.Stats)
		require.Equal(t, int64(live.follower.Stats().Records), r.Pipeline.Stats.Received.Load())
	}
}

// BenchmarkLive measures the way of an event from the kernel's map to its log record. The receiver finds the map full
// of traces of 184 bytes, each with a packet of 128 bytes.
func BenchmarkLive(b *testing.B) {
	packet := monitortest.Ethernet(monitortest.EtherIPv4, monitortest.IPv4(netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"),
		monitortest.ProtoUDP, monitortest.UDP(1000, 2000, make([]byte, 86))))
	trace := monitortest.Trace{Version: 2, Capture: monitortest.Capture{Packet: packet}}.Bytes()
	cfg := liveConfig(eventstest.Dir(b))
	everything(cfg)
	ring := eventstest.NewRing(b, cfg.EventsMap, 1<<24)
	const room = 80_000 // records
	b.SetBytes(int64(len(trace)))
	b.ReportAllocs()
	b.StopTimer()
	for left := b.N; left > 0; {
		n := min(left, room)
		left -= n
		if !ring.WriteTimes(b, trace, uint32(n)) {
			b.Fatal("the ring is full")
		}
		done := make(chan struct{})
		emitted := 0
		next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
			if emitted += logs.LogRecordCount(); emitted == n {
				close(done)
			}
			return nil
		})
		require.NoError(b, err)
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, next)
		require.NoError(b, err)
		b.StartTimer()
		require.NoError(b, r.Start(context.Background(), componenttest.NewNopHost()))
		<-done
		b.StopTimer()
		require.NoError(b, r.Shutdown(context.Background()))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
