// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// BenchmarkWorkers measures an event from a filled queue to the next component, with one and two workers: decoding, marks, aggregation and
// records. The events are traces of TCP packets of 10,000 connections in both directions, each packet once. The queue has all events before
// the first is handled; in the cases receiver it is a small one, which is filled at the same time. ns/event is the time until the queue has no
// whole chunk left, and cpu-ns/event the processor time. records is the share of events that make a record. In the cases apart, two pipelines
// of one worker have the packets of half the connections each: as much as two processors can do.
func BenchmarkWorkers(b *testing.B) {
	for _, mode := range []struct {
		volume string
		events int
	}{{"lean", 1_500_000}, {"balanced", 1_500_000}, {"full", 400_000}} {
		for _, bm := range []struct {
			name string
			feed
		}{
			{"workers=1", feed{workers: 1, filled: true}}, {"workers=2", feed{workers: 2, filled: true}}, {"apart", feed{workers: 1, filled: true, apart: true}},
			{"receiver/workers=1", feed{workers: 1}}, {"receiver/workers=2", feed{workers: 2}},
		} {
			b.Run(fmt.Sprintf("volume=%s/%s", mode.volume, bm.name), func(b *testing.B) {
				for b.Loop() {
					bm.run(b, mode.volume, mode.events)
				}
			})
		}
	}
}

// feed is how the events reach the workers.
type feed struct {
	workers       int // of each pipeline
	filled, apart bool
}

func (f feed) run(b *testing.B, volume string, n int) {
	b.StopTimer()
	pipelines := []*pipeline.Pipeline{f.pipeline(b, volume, n)}
	if f.apart {
		pipelines = append(pipelines, f.pipeline(b, volume, n))
	}
	start := func() (begun time.Time, used time.Duration) {
		begun, used = time.Now(), processorTime(b)
		b.StartTimer()
		for _, p := range pipelines {
			p.Start()
		}
		return begun, used
	}
	var begun time.Time
	var used time.Duration
	if !f.filled {
		begun, used = start()
	}
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	for connection, raw := range packetsOfConnections(n) {
		at += int64(betweenEvents)
		binary.LittleEndian.PutUint64(raw, uint64(at))
		require.NoError(b, pipelines[connection%len(pipelines)].Put(b.Context(), at, raw, nil))
	}
	if f.filled {
		begun, used = start()
	}
	emitted := int64(0)
	for _, p := range pipelines {
		for p.QueueSize() > queue.ChunkSize { // the chunk that is being filled waits for the flush interval
			time.Sleep(time.Millisecond)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(time.Since(begun))/float64(n), "ns/event")
	b.ReportMetric(float64(processorTime(b)-used)/float64(n), "cpu-ns/event")
	for _, p := range pipelines {
		require.NoError(b, p.Shutdown(context.Background(), func(context.Context) error { return nil }))
		emitted += p.Stats.Emitted.Load()
	}
	b.ReportMetric(float64(emitted)/float64(n), "records")
	b.StartTimer()
}

// pipeline returns a pipeline that is not started. Its queue has room for n events, if it is to be filled.
func (f feed) pipeline(b *testing.B, volume string, n int) *pipeline.Pipeline {
	cfg := createDefaultConfig().(*Config)
	require.NoError(b, kit.LoadConfig(b, cfg, fmt.Sprintf("volume: %s\nworkers: %d\nreplay: {path: x.pcapng}\nqueue: {max_size_mib: 4}", volume, f.workers)))
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(b, err)
	h, err := r.prepare([]string{"x.pcapng"})
	require.NoError(b, err)
	if f.filled {
		cfg.Queue.MaxSizeMiB = n * 256 >> 20
	}
	return pipeline.New(pipeline.Settings{
		Batch: cfg.Batch, Queue: cfg.Queue, Retry: cfg.Retry, Handler: h, Next: consumertest.NewNop(), Report: r.Report, Format: "cilium", Logger: zap.NewNop(),
	})
}
