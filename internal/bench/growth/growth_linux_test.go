// SPDX-License-Identifier: Apache-2.0

package growth

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"golang.org/x/sys/unix"

	"github.com/otelcol-winnet/otelcol-winnet/internal/bench/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// round is the number of events in the recording that is played again and again.
const round = 1000

// sizes are the lengths of the replays. One run plays short ones many times, so that garbage collection has its share.
var sizes = []struct {
	name          string
	events, times int
}{
	{"1k", 1_000, 300},
	{"100k", 100_000, 10},
	{"10M", 10_000_000, 1},
}

// source is a receiver with every event enabled, and a recording for it.
type source struct {
	name    string
	file    string
	record  func(from, to string, n int) error
	factory receiver.Factory
	config  func(component.Config, replay.Config)
}

func sources() []source {
	return []source{
		{"dns", "dnsserver.etl", recording.DNS, asimdnsreceiver.NewFactory(), func(c component.Config, r replay.Config) {
			cfg := c.(*asimdnsreceiver.Config)
			every := ^uint64(0)
			cfg.EnableFlags, cfg.EnableLevel, cfg.Replay = &every, 5, r
		}},
		{"cilium", "cilium_events.pcapng", recording.Cilium, ciliumwindowsreceiver.NewFactory(), func(c component.Config, r replay.Config) {
			cfg := c.(*ciliumwindowsreceiver.Config)
			cfg.EnabledEvents, cfg.MonitorAggregationLevel = []string{"DROP", "TRACE", "POLICY_VERDICT", "DEBUG", "CAPTURE"}, "none"
			cfg.Replay = r
		}},
	}
}

func BenchmarkGrowth(b *testing.B) {
	for _, s := range sources() {
		path := filepath.Join(b.TempDir(), s.file)
		require.NoError(b, s.record(filepath.Join("../../../testdata", s.file), path, round))
		for _, cores := range []int{1, 2} {
			for _, size := range sizes {
				b.Run(fmt.Sprintf("%s/cores=%d/events=%s", s.name, cores, size.name), func(b *testing.B) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
					var cpu, wall time.Duration
					for b.Loop() {
						for range size.times {
							c, w := s.play(b, path, size.events)
							cpu, wall = cpu+c, wall+w
						}
					}
					events := float64(b.N * size.times * size.events)
					b.ReportMetric(0, "ns/op")
					b.ReportMetric(float64(cpu)/events, "cpu-ns/event")
					b.ReportMetric(events/wall.Seconds(), "events/s")
				})
			}
		}
	}
}

// play replays `events` events through a new receiver. It returns the processor time and the elapsed time, from the end
// of a first round, with which the receiver starts, to the last event.
func (s source) play(b *testing.B, path string, events int) (cpu, wall time.Duration) {
	var begunCPU time.Duration
	var begun time.Time
	done := make(chan struct{})
	came := 0
	next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error { // called by the worker only
		came += logs.LogRecordCount()
		switch came {
		case round:
			begunCPU, begun = processorTime(b), time.Now()
		case round + events:
			cpu, wall = processorTime(b)-begunCPU, time.Since(begun)
			close(done)
		}
		return nil
	})
	require.NoError(b, err)
	cfg := s.factory.CreateDefaultConfig()
	s.config(cfg, replay.Config{Path: replay.Paths{path}, Repeat: 1 + events/round})
	r, err := s.factory.CreateLogs(b.Context(), receivertest.NewNopSettings(s.factory.Type()), cfg, next)
	require.NoError(b, err)
	require.NoError(b, r.Start(b.Context(), componenttest.NewNopHost()))
	<-done
	require.NoError(b, r.Shutdown(b.Context()))
	return cpu, wall
}

// processorTime returns the processor time of this process so far, user and system.
func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
