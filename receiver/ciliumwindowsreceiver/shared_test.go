// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// pipelines makes the receivers of a logs and a metrics pipeline, in either order.
func pipelines(t *testing.T, f receiver.Factory, cfg *Config, metricsFirst bool) (logs, metrics component.Component, records *consumertest.LogsSink, points *consumertest.MetricsSink) {
	t.Helper()
	set := receivertest.NewNopSettings(metadata.Type)
	records, points = &consumertest.LogsSink{}, &consumertest.MetricsSink{}
	for i := range 2 {
		var err error
		if (i == 0) == metricsFirst {
			metrics, err = f.CreateMetrics(context.Background(), set, cfg, points)
		} else {
			logs, err = f.CreateLogs(context.Background(), set, cfg, records)
		}
		require.NoError(t, err)
	}
	return logs, metrics, records, points
}

func TestALogsAndAMetricsPipelineShareOneReceiver(t *testing.T) {
	want, _ := walk(t, captureFile, byDefault)
	for order := range 8 {
		f, cfg := NewFactory(), replayOf(captureFile, nil)
		logs, metrics, records, points := pipelines(t, f, cfg, order&1 != 0)
		require.Same(t, logs, metrics)
		r := logs.(*instance)
		core, said := observer.New(zapcore.InfoLevel)
		r.Receiver.Logger = zap.New(core)
		ended := func() int { return said.FilterMessage("every event has left the receiver").Len() }

		first, second := logs, metrics
		if order&2 != 0 {
			first, second = metrics, logs
		}
		require.NoError(t, first.Start(context.Background(), componenttest.NewNopHost()))
		require.Nil(t, r.Player, "it starts with the last pipeline: the components behind it there may not run earlier")
		require.NoError(t, second.Start(context.Background(), componenttest.NewNopHost()))
		require.Zero(t, ended())
		<-r.Player.Done()
		if order&4 != 0 {
			first, second = second, first
		}
		require.NoError(t, first.Shutdown(context.Background()))
		require.Equal(t, 1, ended(), "it ends with the first pipeline: the components behind it there may have ended later")
		require.NoError(t, second.Shutdown(context.Background()))

		stats := &r.Pipeline.Stats
		require.Equal(t, int64(1200), stats.Received.Load(), "the file is read once")
		require.Zero(t, stats.Pending())
		require.Equal(t, stats.Emitted.Load(), int64(records.LogRecordCount()))
		require.Equal(t, want, sums(t, points))
		require.Empty(t, r.all.of)
	}
}

func TestOneSignalIsEnough(t *testing.T) {
	f := NewFactory()
	require.Equal(t, component.MustNewType("ciliumwindows"), f.Type())
	for _, create := range []func(*Config) (component.Component, error){
		func(c *Config) (component.Component, error) {
			return f.CreateLogs(context.Background(), receivertest.NewNopSettings(metadata.Type), c, consumertest.NewNop())
		},
		func(c *Config) (component.Component, error) {
			return f.CreateMetrics(context.Background(), receivertest.NewNopSettings(metadata.Type), c, consumertest.NewNop())
		},
	} {
		cfg := replayOf(captureFile, nil)
		for range 2 { // the second is a new receiver, because the first has ended
			c, err := create(cfg)
			require.NoError(t, err)
			require.NoError(t, c.Start(context.Background(), componenttest.NewNopHost()))
			r := c.(*instance)
			<-r.Player.Done()
			require.NoError(t, c.Shutdown(context.Background()))
			require.Equal(t, int64(1200), r.Pipeline.Stats.Received.Load())
			require.Zero(t, r.Pipeline.Stats.Pending())
		}
	}
}

func TestEachConfigurationHasItsOwnReceiver(t *testing.T) {
	f := NewFactory()
	one, _, _, _ := pipelines(t, f, replayOf(captureFile, nil), false)
	cfg := replayOf(captureFile, nil)
	other, _, _, _ := pipelines(t, f, cfg, false)
	require.NotSame(t, one, other)
	third, err := f.CreateLogs(context.Background(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.NotSame(t, other, third, "a pipeline gets a receiver of its own if another holds its place")
	for _, c := range []component.Component{one, other, third} {
		require.NoError(t, c.Shutdown(context.Background()))
	}
	require.Empty(t, one.(*instance).all.of)
}

// reporting is a host that keeps the status that is reported.
type reporting struct {
	component.Host
	errs []error
}

func (r *reporting) Report(e *componentstatus.Event) { r.errs = append(r.errs, e.Err()) }

func TestTheStatusIsThatOfEachPipeline(t *testing.T) {
	a, b := &reporting{Host: componenttest.NewNopHost()}, &reporting{Host: componenttest.NewNopHost()}
	logs, metrics, _, _ := pipelines(t, NewFactory(), replayOf(captureFile, nil), false)
	require.NoError(t, logs.Start(context.Background(), a))
	require.NoError(t, metrics.Start(context.Background(), b))
	r := logs.(*instance)
	ended := errors.New("the map is gone")
	componentstatus.ReportStatus(r.hosts, componentstatus.NewRecoverableErrorEvent(ended))
	require.Equal(t, []error{ended}, a.errs)
	require.Equal(t, []error{ended}, b.errs)
	require.NoError(t, logs.Shutdown(context.Background()))
}

func TestAFailedStartIsReportedToTheLastPipeline(t *testing.T) {
	logs, metrics, _, _ := pipelines(t, NewFactory(), replayOf("no/such/*.pcapng", nil), false)
	require.NoError(t, logs.Start(context.Background(), componenttest.NewNopHost()))
	require.ErrorContains(t, metrics.Start(context.Background(), componenttest.NewNopHost()), "replay.path")
	require.NoError(t, logs.Shutdown(context.Background()))
	require.NoError(t, metrics.Shutdown(context.Background()))
}

func TestAStartThatFailedCanBeTriedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.pcapng")
	for _, both := range []bool{false, true} {
		set, cfg, records := receivertest.NewNopSettings(metadata.Type), replayOf(path, nil), &consumertest.LogsSink{}
		f := NewFactory()
		last, err := f.CreateLogs(context.Background(), set, cfg, records)
		require.NoError(t, err)
		if both {
			metrics, err := f.CreateMetrics(context.Background(), set, cfg, consumertest.NewNop())
			require.NoError(t, err)
			require.NoError(t, metrics.Start(context.Background(), componenttest.NewNopHost()))
		}
		require.ErrorContains(t, last.Start(context.Background(), componenttest.NewNopHost()), "replay.path")
		capture, err := os.ReadFile(captureFile)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, capture, 0o600))
		require.NoError(t, last.Start(context.Background(), componenttest.NewNopHost()))
		r := last.(*instance)
		<-r.Player.Done()
		for range 2 {
			require.NoError(t, last.Shutdown(context.Background()))
		}
		require.Equal(t, r.Pipeline.Stats.Emitted.Load(), int64(records.LogRecordCount()))
		require.NoError(t, os.Remove(path))
	}
}

// injectedCore is a zap core like the collector's: it has an attribute that can be removed again.
type injectedCore struct {
	zapcore.Core
	without zapcore.Core
}

func (c injectedCore) DropInjectedAttributes(names ...string) zapcore.Core {
	if !slices.Equal(names, []string{"otelcol.signal"}) {
		return c
	}
	return c.without
}

func TestAReceiverOfBothSignalsDoesNotLogAsOneOfThem(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(injectedCore{Core: core.With([]zap.Field{zap.String("otelcol.signal", "metrics")}), without: core})
	f, cfg := NewFactory(), replayOf(captureFile, nil)
	m, err := f.CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	l, err := f.CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	for _, r := range []component.Component{m, l} {
		require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	}
	for _, r := range []component.Component{m, l} {
		require.NoError(t, r.Shutdown(t.Context()))
	}
	require.NotZero(t, logs.Len())
	for _, entry := range logs.All() {
		require.NotContains(t, entry.ContextMap(), "otelcol.signal", entry.Message)
	}
}
