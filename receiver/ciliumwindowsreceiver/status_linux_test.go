// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

func TestWhatSomeoneElseDoesToTheMapsIsASecurityRecordOnceAndItsEndToo(t *testing.T) {
	cfg := liveConfig(eventstest.Dir(t))
	cfg.StatusRecords, cfg.Heartbeat = true, time.Second
	sink := &consumertest.LogsSink{}
	r, _, _ := startLiveReceiver(t, cfg, sink)
	var want []string
	await := func(more ...string) {
		t.Helper()
		want = append(want, more...)
		require.Eventually(t, func() bool { return len(kit.Status(sink, "security")) >= len(want) }, time.Minute, time.Millisecond, "%v", more)
		require.Equal(t, want, kit.Status(sink, "security"))
	}
	beat := func(state string) {
		t.Helper()
		require.Eventually(t, func() bool { return slices.Contains(kit.Status(sink, "heartbeat"), "Heartbeat "+state) }, time.Minute, time.Millisecond)
	}
	beat("waiting")
	config := eventstest.NewArray(t, cfg.ObservabilityConfigMap, 4, 2)
	ring := eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	beat("live")
	await() // a map that was not there yet is no change

	require.NoError(t, config.Put(uint32(0), uint32(2)))
	await("ConfigurationChanged raised")
	require.NoError(t, config.Put(uint32(0), defaultWords[0]))
	await("ConfigurationChanged cleared")

	require.NoError(t, os.Remove(cfg.EventsMap))
	await("MapLost raised")
	require.True(t, ring.Write(t, monitortest.Drop{Version: 2}.Bytes()))
	eventstest.NewRing(t, cfg.EventsMap, 1<<16)
	await("MapReplaced raised", "MapLost cleared")

	require.NoError(t, os.Remove(cfg.ObservabilityConfigMap))
	await("ConfigurationMapLost raised")
	eventstest.NewArray(t, cfg.ObservabilityConfigMap, 4, 2)
	await("ConfigurationMapLost cleared", "ConfigurationMapReplaced raised")

	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, want, kit.Status(sink, "security"))
	require.EqualValues(t, 1, r.Pipeline.Stats.Received.Load(), "status records are no events")
	require.EqualValues(t, 1, r.Pipeline.Stats.Emitted.Load())
	require.EqualValues(t, r.Status.Stats.Received.Load(), r.Status.Stats.Emitted.Load()+r.Status.Stats.Dropped.Total())
}
