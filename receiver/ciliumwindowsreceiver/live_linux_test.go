// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/testkit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// liveConfig is a receiver of maps that a test has pinned in dir.
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
	stats := &r.pipeline.Stats
	require.Eventually(t, func() bool { return stats.Received.Load() == 2*n }, 10*time.Second, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Zero(t, stats.Pending(), "%s", stats)
	require.Equal(t, int64(n), stats.Emitted.Load())
	require.Equal(t, int64(n), stats.Filtered.Load(), "debug messages are not enabled, whatever the datapath emits")
	require.Equal(t, n, sink.LogRecordCount())
	testkit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		require.Equal(t, "drop", testkit.Text(lr, "cilium.event.type"))
		require.Less(t, time.Since(lr.Timestamp().AsTime()), time.Minute, "a live event's time is when it was read")
	})
	require.Zero(t, value(0), "the previous values are back")
	require.Zero(t, value(1))
}

func TestTheConfigurationMapIsWorthWhatTheModeSays(t *testing.T) {
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

func TestTwoReceiversOfOneMapAreAnError(t *testing.T) {
	dir := eventstest.Dir(t)
	cfg := liveConfig(dir)
	eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	first, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	second, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorIs(t, second.Start(context.Background(), componenttest.NewNopHost()), events.ErrInUse)
	require.NoError(t, second.Shutdown(context.Background()))
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
	stats := &logs.(*instance).pipeline.Stats
	require.Eventually(t, func() bool { return stats.Received.Load() == n }, 10*time.Second, time.Millisecond)
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
