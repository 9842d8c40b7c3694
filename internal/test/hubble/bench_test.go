// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// filters pass at most a hundredth of the capture's flows each.
func filters() (all []*flowpb.FlowFilter) {
	dropped := []flowpb.Verdict{flowpb.Verdict_DROPPED}
	for _, port := range []string{"3868", "25", "3389"} {
		all = append(all, &flowpb.FlowFilter{Verdict: dropped, DestinationPort: []string{port}})
	}
	for _, address := range []string{"203.0.113.81", "198.51.100.240/28", "2001:db8:99::/64"} {
		all = append(all, &flowpb.FlowFilter{SourceIp: []string{address}, Protocol: []string{"tcp"}})
	}
	return append(all, &flowpb.FlowFilter{SourcePod: []string{"shop/cart"}}, &flowpb.FlowFilter{DestinationLabel: []string{"app=cart"}},
		&flowpb.FlowFilter{Protocol: []string{"sctp"}, Verdict: dropped}, &flowpb.FlowFilter{DropReasonDesc: []flowpb.DropReason{flowpb.DropReason_UNSUPPORTED_L2_PROTOCOL}})
}

// cpu returns the processor time of a process.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(b, err)
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+2:])
	ticks := 0
	for _, i := range []int{11, 12} { // utime and stime, 100 a second
		n, err := strconv.Atoi(string(fields[i]))
		require.NoError(b, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// The processor time of the collector at 50,000 flows a second, nine of ten events of the capture: without clients, and with ten followers whose filters pass at most 1 %. The
// followers are this process, whose time does not count.
func BenchmarkTheProcessAt50000FlowsASecond(b *testing.B) {
	path, err := filepath.Abs(root + "/testdata/cilium_events.pcapng")
	require.NoError(b, err)
	address := "127.0.0.1:42440"
	config := filepath.Join(b.TempDir(), "config.yaml")
	require.NoError(b, os.WriteFile(config, fmt.Appendf(nil, `
receivers: {ciliumwindows: {monitor_aggregation_level: none, node_name: node-1, replay: {path: %q, rate: 56000, repeat: 0}}}
exporters: {hubble: {endpoint: %q}}
service: {telemetry: {logs: {level: error}, metrics: {level: none}}, pipelines: {logs: {receivers: [ciliumwindows], exporters: [hubble]}}}
`, path, address), 0o600))
	collector := exec.Command(os.Getenv("WINNET_NODE"), "--config", config)
	require.NoError(b, collector.Start())
	defer func() { _ = collector.Wait() }()
	defer func() { _ = collector.Process.Kill() }()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(b, err)
	defer func() { _ = conn.Close() }()
	client := observerpb.NewObserverClient(conn)
	seen := func() uint64 {
		status, err := client.ServerStatus(b.Context(), &observerpb.ServerStatusRequest{}, grpc.WaitForReady(true))
		require.NoError(b, err)
		return status.SeenFlows
	}
	measure := func(window time.Duration) (perSecond, flows float64) {
		begun, used, before := time.Now(), cpu(b, collector.Process.Pid), seen()
		time.Sleep(window)
		elapsed := time.Since(begun).Seconds()
		return (cpu(b, collector.Process.Pid) - used).Seconds() / elapsed, float64(seen()-before) / elapsed
	}
	seen()
	const window = 5 * time.Second
	measure(window / 5)
	var sums [2]float64
	var received, passed atomic.Int64
	rounds := 3
	for range rounds { // in turn, so that what else the machine does meets both
		alone, rate := measure(window)
		ctx, cancel := context.WithCancel(b.Context())
		var followers sync.WaitGroup
		for _, filter := range filters() {
			followers.Go(func() {
				conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
				if err != nil {
					return
				}
				defer func() { _ = conn.Close() }()
				stream, err := observerpb.NewObserverClient(conn).GetFlows(ctx, &observerpb.GetFlowsRequest{Follow: true, Whitelist: []*flowpb.FlowFilter{filter}})
				for err == nil {
					var answer *observerpb.GetFlowsResponse
					if answer, err = stream.Recv(); answer.GetFlow() != nil {
						passed.Add(1)
					}
				}
			})
		}
		time.Sleep(time.Second)
		followed, rate2 := measure(window)
		cancel()
		followers.Wait()
		received.Add(int64(rate2 * (window + time.Second).Seconds()))
		b.Logf("alone: %.1f %% of a processor at %.0f flows/s; with 10 followers: %.1f %% at %.0f flows/s", 100*alone, rate, 100*followed, rate2)
		sums[0] += alone / rate
		sums[1] += followed / rate2
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(1e9*sums[0]/float64(rounds), "ns/flow-alone")
	b.ReportMetric(1e9*sums[1]/float64(rounds), "ns/flow-10-followers")
	b.ReportMetric(sums[1]/sums[0], "ratio")
	b.ReportMetric(100*float64(passed.Load())/float64(received.Load())/10, "%passed-each")
}
