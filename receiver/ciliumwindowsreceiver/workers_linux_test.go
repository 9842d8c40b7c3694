// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// The stream of BenchmarkWorkers.
const (
	liveConnections = 10_000
	betweenEvents   = 5 * time.Microsecond
)

// BenchmarkWorkers measures an event from a filled queue to the next component, with one and two workers: decoding, marks, aggregation and
// records. The events are traces of TCP packets of 10,000 connections in both directions, each packet once. The queue has all events before
// the first is handled. ns/event is the time until the queue has no whole chunk left, and cpu-ns/event the processor time. records is the share of events
// that make a record.
func BenchmarkWorkers(b *testing.B) {
	for _, bm := range []struct {
		config string
		events int
	}{{"lean", 1_500_000}, {"balanced", 1_500_000}, {"full", 400_000}} {
		for workers := 1; workers <= 2; workers++ {
			b.Run(fmt.Sprintf("volume=%s/workers=%d", bm.config, workers), func(b *testing.B) {
				for b.Loop() {
					benchmarkQueue(b, bm.config, workers, bm.events)
				}
			})
		}
	}
}

func benchmarkQueue(b *testing.B, mode string, workers, n int) {
	b.StopTimer()
	cfg := createDefaultConfig().(*Config)
	require.NoError(b, kit.LoadConfig(b, cfg, fmt.Sprintf("volume: %s\nworkers: %d\nreplay: {path: x.pcapng}", mode, workers)))
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(b, err)
	h, err := r.prepare(nil)
	require.NoError(b, err)
	cfg.Queue.MaxSizeMiB = n * 256 >> 20
	p := pipeline.New(pipeline.Settings{
		Batch: cfg.Batch, Queue: cfg.Queue, Retry: cfg.Retry, Handler: h, Next: consumertest.NewNop(), Report: r.Report, Format: "cilium",
		Logger: componenttest.NewNopTelemetrySettings().Logger,
	})
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	for raw := range packetsOfConnections(n) {
		at += int64(betweenEvents)
		binary.LittleEndian.PutUint64(raw, uint64(at))
		require.NoError(b, p.Put(b.Context(), at, raw, nil))
	}
	begun, used := time.Now(), processorTime(b)
	b.StartTimer()
	p.Start()
	for p.QueueSize() > queue.ChunkSize { // the chunk that is being filled waits for the flush interval
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(time.Since(begun))/float64(n), "ns/event")
	b.ReportMetric(float64(processorTime(b)-used)/float64(n), "cpu-ns/event")
	require.NoError(b, p.Shutdown(context.Background(), func(context.Context) error { return nil }))
	b.ReportMetric(float64(p.Stats.Emitted.Load()-liveConnections)/float64(n), "records")
	b.StartTimer()
}

// packetsOfConnections yields records of n packets. Each is valid until the next.
func packetsOfConnections(n int) func(yield func(raw []byte) bool) {
	return func(yield func(raw []byte) bool) {
		const headers = events.HeadSize + 48 + 14 + 20 // of the record, the trace, Ethernet and IPv4
		random := rand.New(rand.NewPCG(1, 2))
		trace := func(from, to netip.AddrPort, reason uint8) []byte {
			packet := mt.IPv4(from.Addr(), to.Addr(), mt.ProtoTCP, mt.TCP(from.Port(), to.Port(), mt.ACK, make([]byte, 40)))
			t := mt.Trace{
				Capture: mt.Capture{Source: 7, Packet: mt.Ethernet(mt.EtherIPv4, packet), PadTo: 128},
				Version: 1, SrcLabel: 1000, DstLabel: 2000, DstID: 9, Reason: reason, IfIndex: 3,
			}
			r := events.Record{CPU: events.UnknownCPU, Data: t.Bytes()}
			return append(r.AppendHead(nil), r.Data...)
		}
		var connections [liveConnections][2][]byte
		for i := range connections {
			client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), uint16(20_000+i))
			server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, 0, byte(i % 50)}), 443)
			connections[i] = [2][]byte{trace(client, server, 1), trace(server, client, 2)}
		}
		for i := range n {
			raw := connections[random.IntN(liveConnections)][random.IntN(2)]
			binary.BigEndian.PutUint64(raw[headers+4:], uint64(i)<<20) // the numbers of the segment and of the acknowledgment
			if !yield(raw) {
				return
			}
		}
	}
}

func BenchmarkApart(b *testing.B) {
	for _, bm := range []struct {
		config string
		events int
	}{{"lean", 1_500_000}, {"balanced", 1_500_000}, {"full", 400_000}} {
		for apart := 1; apart <= 2; apart++ {
			b.Run(fmt.Sprintf("volume=%s/pipelines=%d", bm.config, apart), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					n := bm.events
					var ps []*pipeline.Pipeline
					for range apart {
						cfg := createDefaultConfig().(*Config)
						require.NoError(b, kit.LoadConfig(b, cfg, fmt.Sprintf("volume: %s\nworkers: %d\nreplay: {path: x.pcapng}", bm.config, 1)))
						r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
						require.NoError(b, err)
						h, err := r.prepare(nil)
						require.NoError(b, err)
						cfg.Queue.MaxSizeMiB = n * 256 >> 20
						p := pipeline.New(pipeline.Settings{
							Batch: cfg.Batch, Queue: cfg.Queue, Retry: cfg.Retry, Handler: h, Next: consumertest.NewNop(), Report: r.Report, Format: "cilium",
							Logger: componenttest.NewNopTelemetrySettings().Logger,
						})
						ps = append(ps, p)
					}
					at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).UnixNano()
					for raw := range packetsOfConnections(n) {
						at += int64(betweenEvents)
						binary.LittleEndian.PutUint64(raw, uint64(at))
						i := 0
						if apart == 2 {
							i = int(raw[events.HeadSize+48+14+14]+raw[events.HeadSize+48+14+18]) & 1
						}
						require.NoError(b, ps[i].Put(b.Context(), at, raw, nil))
					}
					begun, used := time.Now(), processorTime(b)
					for _, p := range ps {
						p.Start()
					}
					for {
						q := int64(0)
						for _, p := range ps {
							q = max(q, p.QueueSize())
						}
						if q <= queue.ChunkSize {
							break
						}
						time.Sleep(time.Millisecond)
					}
					b.ReportMetric(float64(time.Since(begun))/float64(n), "ns/event")
					b.ReportMetric(float64(processorTime(b)-used)/float64(n), "cpu-ns/event")
					for i, p := range ps {
						b.ReportMetric(float64(p.Stats.Received.Load())/float64(n), fmt.Sprint("share", i))
						require.NoError(b, p.Shutdown(context.Background(), func(context.Context) error { return nil }))
					}
					b.StartTimer()
				}
			})
		}
	}
}
