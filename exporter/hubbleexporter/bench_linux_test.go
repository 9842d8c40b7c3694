// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
)

// follower is the stream of a client that takes what comes.
type follower struct {
	grpc.ServerStreamingServer[observerpb.GetFlowsResponse]
	ctx context.Context
	got atomic.Int64
}

func (f *follower) Context() context.Context { return f.ctx }

func (f *follower) Send(*observerpb.GetFlowsResponse) error {
	f.got.Add(1)
	return nil
}

// processorTime is what the process has used, in nanoseconds: that of all goroutines, whatever else the machine does.
func processorTime(b *testing.B) int64 {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return used.Utime.Nano() + used.Stime.Nano()
}

// BenchmarkFlow measures what a flow costs: from its record to the ring, and with followers whose filter passes one flow of a hundred. What
// the network and the clients do is not in it.
func BenchmarkFlow(b *testing.B) {
	for _, followers := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("followers=%d", followers), func(b *testing.B) {
			cfg := createDefaultConfig().(*Config)
			cfg.NetAddr.Endpoint, cfg.MaxFlows = "127.0.0.1:0", 65535
			h, err := newHubble(exportertest.NewNopSettings(metadata.Type), cfg)
			require.NoError(b, err)
			require.NoError(b, h.start(b.Context(), componenttest.NewNopHost()))
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error)
			all := make([]*follower, followers)
			for i := range all {
				all[i] = &follower{ctx: ctx}
				filter := &flowpb.FlowFilter{SourceIp: []string{"10.0.0.0/24"}, DestinationPort: []string{fmt.Sprint(100 + i)}}
				go func() {
					done <- h.observe.GetFlows(&observerpb.GetFlowsRequest{Follow: true, Whitelist: []*flowpb.FlowFilter{filter}}, all[i])
				}()
			}
			const batch = 1000
			logs := plog.NewLogs()
			records(batch, 100).ResourceLogs().At(0).CopyTo(logs.ResourceLogs().AppendEmpty())
			for i, r := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
				r.Attributes().PutInt("DstPortNumber", int64(100+i%100))
			}
			b.ReportAllocs()
			b.ResetTimer()
			begun := processorTime(b)
			for range b.N/batch + 1 {
				if err := h.consume(b.Context(), logs); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N/batch+1)/batch, "cpu-ns/flow")
			cancel()
			for range all {
				<-done
			}
			require.NoError(b, h.shutdown(context.Background()))
		})
	}
}
