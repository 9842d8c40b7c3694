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

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
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

// The processor time of the collector's process for a flow, replayed at a rate: without clients, and with ten followers whose filters pass at most
// 1 %. The followers are this process, whose time does not count. Both sides are offered the same rate, in turn; a round in which the machine did
// not give both of them that rate says nothing of their ratio, and does not count.
func BenchmarkTheProcess(b *testing.B) {
	for _, rate := range []float64{5_000, 50_000} {
		b.Run(fmt.Sprintf("flows-per-second=%.0f", rate), func(b *testing.B) { measureProcess(b, rate) })
	}
}

// usage is what a process used while it was measured.
type usage struct {
	processors float64 // that it used on average
	rate       float64 // flows a second
}

func measureProcess(b *testing.B, rate float64) {
	path, err := filepath.Abs(root + "/testdata/cilium_events.pcapng")
	require.NoError(b, err)
	const eventsOfAFlow = 1.12 // the capture's other events are not flows
	address := loopback.Address(b)
	config := filepath.Join(b.TempDir(), "config.yaml")
	require.NoError(b, os.WriteFile(config, fmt.Appendf(nil, `
receivers: {ciliumwindows: {monitor_aggregation_level: none, node_name: node-1, replay: {path: %q, rate: %.0f, repeat: 0}}}
exporters: {hubble: {endpoint: %q}}
service: {telemetry: {logs: {level: error}, metrics: {level: none}}, pipelines: {logs: {receivers: [ciliumwindows], exporters: [hubble]}}}
`, path, rate*eventsOfAFlow, address), 0o600))
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
	measure := func(window time.Duration) usage {
		begun, used, before := time.Now(), cpu(b, collector.Process.Pid), seen()
		time.Sleep(window)
		elapsed := time.Since(begun).Seconds()
		return usage{(cpu(b, collector.Process.Pid) - used).Seconds() / elapsed, float64(seen()-before) / elapsed}
	}
	seen()
	const window = 5 * time.Second
	measure(window / 5)
	var alone, followed usage // sums
	var received, passed float64
	rounds := 0
	for range 3 { // in turn, so that what else the machine does meets both
		a := measure(window)
		got, stop := follow(b, address)
		time.Sleep(time.Second)
		before := got.Load()
		f := measure(window)
		passed, received = passed+float64(got.Load()-before), received+f.rate*window.Seconds()
		stop()
		b.Logf("alone: %.1f %% of a processor at %.0f flows/s; with 10 followers: %.1f %% at %.0f flows/s", 100*a.processors, a.rate, 100*f.processors, f.rate)
		const enough = 0.95
		if min(a.rate, f.rate) < enough*rate {
			b.Logf("the round does not count: less than %.0f flows/s", enough*rate)
			continue
		}
		rounds++
		alone, followed = usage{alone.processors + a.processors, alone.rate + a.rate}, usage{followed.processors + f.processors, followed.rate + f.rate}
	}
	if rounds == 0 {
		b.Fatal("the machine did not give both sides the rate: there is no ratio")
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(rounds), "rounds")
	b.ReportMetric(alone.rate/float64(rounds), "flows/s-alone")
	b.ReportMetric(followed.rate/float64(rounds), "flows/s-10-followers")
	b.ReportMetric(1e9*alone.processors/alone.rate, "ns/flow-alone")
	b.ReportMetric(1e9*followed.processors/followed.rate, "ns/flow-10-followers")
	b.ReportMetric(followed.processors/followed.rate/(alone.processors/alone.rate), "ratio")
	b.ReportMetric(100*passed/received/10, "%passed-each")
}

// follow starts the followers, and returns how many flows they have got, and what ends them.
func follow(b *testing.B, address string) (got *atomic.Int64, stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	got = &atomic.Int64{}
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
					got.Add(1)
				}
			}
		})
	}
	return got, func() {
		cancel()
		followers.Wait()
	}
}
