// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	peerpb "github.com/cilium/cilium/api/v1/peer"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	grpcmetadata "google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
)

// window is how many bytes of a stream a client takes before it reads, the least of HTTP/2. The server queues as much again before it waits.
const window = 64 << 10

// rig is a running exporter with a client.
type rig struct {
	*hubble
	client observerpb.ObserverClient
	conn   *grpc.ClientConn
	log    *observer.ObservedLogs // warnings
}

// start starts an exporter on a free port, with more keys of its configuration, and a client. It is patient: a machine may be busy.
func start(t *testing.T, keys map[string]any) *rig {
	t.Helper()
	return startWith(t, keys, time.Hour)
}

// startImpatient starts one for a single client.
func startImpatient(t *testing.T) *rig {
	t.Helper()
	return startWith(t, map[string]any{"max_clients": 1}, 200*time.Millisecond)
}

func startWith(t *testing.T, keys map[string]any, patience time.Duration) *rig {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	all := map[string]any{"endpoint": "127.0.0.1:0", "node_name": "node-1"}
	for key, value := range keys {
		all[key] = value
	}
	require.NoError(t, confmap.NewFromStringMap(all).Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	set := exportertest.NewNopSettings(metadata.Type)
	core, log := observer.New(zap.WarnLevel)
	set.Logger = zap.New(core)
	h, err := newHubble(set, cfg)
	require.NoError(t, err)
	h.clients.patience = patience
	require.NoError(t, h.start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, h.shutdown(context.Background())) })
	conn, err := grpc.NewClient("passthrough:///"+h.nodes.List()[0].Address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStaticStreamWindowSize(window))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // a test may have closed it
	return &rig{h, observerpb.NewObserverClient(conn), conn, log}
}

// firstTime is the time of the first record of records.
var firstTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// records returns records of packets, a second apart, to the ports from a number on.
func records(n, port int) plog.Logs {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("k8s.node.name", "node-1")
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName("asim.network.events")
	for i := range n {
		r := sl.LogRecords().AppendEmpty()
		r.SetTimestamp(pcommon.NewTimestampFromTime(firstTime.Add(time.Duration(port+i) * time.Second)))
		a := r.Attributes()
		a.PutStr("EventProduct", "Cilium")
		a.PutStr("EventSchema", "NetworkSession")
		a.PutStr("EventType", "Flow")
		a.PutStr("EventOriginalUid", fmt.Sprintf("%032x", port+i))
		a.PutStr("cilium.event.type", "trace")
		a.PutStr("cilium.trace.observation_point", "TO_ENDPOINT")
		a.PutStr("cilium.verdict", "FORWARDED")
		a.PutStr("SrcIpAddr", "10.0.0.1")
		a.PutStr("DstIpAddr", "10.0.0.2")
		a.PutStr("NetworkProtocol", "TCP")
		a.PutInt("SrcPortNumber", 40000)
		a.PutInt("DstPortNumber", int64(port+i))
		a.PutStr("cilium.source.namespace", "shop")
		a.PutStr("cilium.source.pod", "cart-1")
	}
	return logs
}

// ports returns the destination ports of the flows that a request gets, until the stream ends.
func (r *rig) ports(t *testing.T, req *observerpb.GetFlowsRequest) (all []uint32) {
	t.Helper()
	stream, err := r.client.GetFlows(t.Context(), req)
	require.NoError(t, err)
	for {
		answer, err := stream.Recv()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		if f := answer.GetFlow(); f != nil {
			all = append(all, f.GetL4().GetTCP().GetDestinationPort())
		}
	}
}

func TestARequestOfTooManyFiltersIsRefusedAndTheNextOneServed(t *testing.T) {
	r := start(t, nil)
	require.NoError(t, r.consume(t.Context(), records(3, 1)))
	many := &observerpb.GetFlowsRequest{Whitelist: slices.Repeat([]*flowpb.FlowFilter{{}}, 10_000)}
	stream, err := r.client.GetFlows(t.Context(), many)
	require.NoError(t, err)
	_, err = stream.Recv()
	require.ErrorContains(t, err, "more than 4096 values")
	many.Whitelist = many.Whitelist[:1000]
	require.Equal(t, []uint32{1, 2, 3}, r.ports(t, many))
}

func TestWhatClientsWatchAndSendAsHeadersTakesBoundedMemory(t *testing.T) {
	r := start(t, nil)
	check := healthpb.NewHealthClient(r.conn)
	watch := func(name string) healthpb.HealthCheckResponse_ServingStatus {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := check.Watch(ctx, &healthpb.HealthCheckRequest{Service: name})
		require.NoError(t, err)
		answer, err := stream.Recv()
		require.NoError(t, err)
		return answer.GetStatus()
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	require.Equal(t, healthpb.HealthCheckResponse_SERVING, watch("hubble.server.Observer"))
	before := heap()
	for i := range 50 {
		require.Equal(t, healthpb.HealthCheckResponse_SERVICE_UNKNOWN, watch(strings.Repeat(string(rune('A'+i)), 1_000_000)))
	}
	require.Less(t, heap(), before+25_000_000)

	ctx := grpcmetadata.AppendToOutgoingContext(t.Context(), "token", strings.Repeat("x", maxHeaders))
	_, err := r.client.ServerStatus(ctx, &observerpb.ServerStatusRequest{})
	require.ErrorContains(t, err, "header")
}

func TestAClientGetsTheFlowsOfTheRecords(t *testing.T) {
	r := start(t, nil)
	require.NoError(t, r.consume(t.Context(), records(5, 100)))
	require.Equal(t, []uint32{100, 101, 102, 103, 104}, r.ports(t, &observerpb.GetFlowsRequest{}))
	require.Equal(t, []uint32{103, 104}, r.ports(t, &observerpb.GetFlowsRequest{Number: 2}))
	require.Equal(t, []uint32{100, 101}, r.ports(t, &observerpb.GetFlowsRequest{Number: 2, First: true}))
	require.Equal(t, []uint32{102}, r.ports(t, &observerpb.GetFlowsRequest{Whitelist: []*flowpb.FlowFilter{{DestinationPort: []string{"102"}}}}))
	require.Equal(t, []uint32{100, 101, 103, 104}, r.ports(t, &observerpb.GetFlowsRequest{Blacklist: []*flowpb.FlowFilter{{DestinationPort: []string{"102"}}}}))

	status, err := r.client.ServerStatus(t.Context(), &observerpb.ServerStatusRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 5, status.NumFlows)
	require.EqualValues(t, 5, status.SeenFlows)
	require.EqualValues(t, 4095, status.MaxFlows)
	require.NotZero(t, status.UptimeNs)

	namespaces, err := r.client.GetNamespaces(t.Context(), &observerpb.GetNamespacesRequest{})
	require.NoError(t, err)
	require.Len(t, namespaces.Namespaces, 1)
	require.Equal(t, "shop", namespaces.Namespaces[0].Namespace)
	nodes, err := r.client.GetNodes(t.Context(), &observerpb.GetNodesRequest{})
	require.NoError(t, err)
	require.Len(t, nodes.Nodes, 1)
	require.Equal(t, "node-1", nodes.Nodes[0].Name)
	require.EqualValues(t, 5, nodes.Nodes[0].SeenFlows)
}

// A client such as grpcurl asks which services there are. Hubble's own server has the same.
func TestReflectionListsTheServices(t *testing.T) {
	r := start(t, nil)
	stream, err := reflectionpb.NewServerReflectionClient(r.conn).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	ask := func(request *reflectionpb.ServerReflectionRequest) *reflectionpb.ServerReflectionResponse {
		require.NoError(t, stream.Send(request))
		answer, err := stream.Recv()
		require.NoError(t, err)
		require.Nil(t, answer.GetErrorResponse())
		return answer
	}
	var names []string
	for _, s := range ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}).GetListServicesResponse().Service {
		names = append(names, s.Name)
	}
	require.Subset(t, names, []string{"observer.Observer", "peer.Peer", "grpc.health.v1.Health"})
	for _, name := range names {
		files := ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}})
		require.NotEmpty(t, files.GetFileDescriptorResponse().FileDescriptorProto, name)
	}
	require.NoError(t, stream.CloseSend())
}

func TestAnotherClientThanMayConnectIsRefused(t *testing.T) {
	r := start(t, map[string]any{"max_clients": 1})
	_, err := r.client.ServerStatus(t.Context(), &observerpb.ServerStatusRequest{})
	require.NoError(t, err)
	second, err := grpc.NewClient("passthrough:///"+r.nodes.List()[0].Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	_, err = observerpb.NewObserverClient(second).ServerStatus(t.Context(), &observerpb.ServerStatusRequest{})
	require.Error(t, err)
	lines := r.log.FilterMessageSnippet("refused a client").All()
	require.Len(t, lines, 1)
	require.EqualValues(t, 1, lines[0].ContextMap()["max_clients"])
	require.NoError(t, r.conn.Close()) // its place is free once the server has seen that it is gone
	require.Eventually(t, func() bool {
		_, err := observerpb.NewObserverClient(second).ServerStatus(t.Context(), &observerpb.ServerStatusRequest{}, grpc.WaitForReady(true))
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, second.Close())
}

// Its connection answers pings, so only the message that it leaves unread shows that it does not read.
func TestAClientThatNeverReadsLosesItsPlace(t *testing.T) {
	r := startImpatient(t)
	stream, err := r.client.GetFlows(t.Context(), &observerpb.GetFlowsRequest{Follow: true})
	require.NoError(t, err)
	for i := range 5 { // far more than the windows of HTTP/2 take
		require.NoError(t, r.consume(t.Context(), records(1000, i)))
		_, err = stream.Recv()
		require.NoError(t, err)
	}
	r.losesItsPlace(t)
	for err == nil { // what has come before the end
		_, err = stream.Recv()
	}
	require.Equal(t, codes.Unavailable, status.Code(err))
}

// losesItsPlace holds that another client gets the place of the first one.
func (r *rig) losesItsPlace(t *testing.T) {
	t.Helper()
	second, err := grpc.NewClient("passthrough:///"+r.nodes.List()[0].Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, second.Close()) }()
	require.Eventually(t, func() bool {
		_, err := observerpb.NewObserverClient(second).ServerStatus(t.Context(), &observerpb.ServerStatusRequest{}, grpc.WaitForReady(true))
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
	lines := r.log.FilterMessageSnippet("does not read").All()
	require.Len(t, lines, 1)
	require.Contains(t, lines[0].ContextMap()["client"], "127.0.0.1:")
}

// ask makes a request, and does not read what the server says.
func (r *rig) ask(t *testing.T, method string, request proto.Message, options ...grpc.CallOption) grpc.ClientStream {
	t.Helper()
	stream, err := r.conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, method, options...)
	require.NoError(t, err)
	require.NoError(t, stream.SendMsg(request))
	require.NoError(t, stream.CloseSend())
	_, err = stream.Header()
	require.NoError(t, err)
	return stream
}

// manyNamespaces notes more namespaces than HTTP/2's window takes, and returns the size of their list.
func (r *rig) manyNamespaces(t *testing.T, n int) int {
	t.Helper()
	for i := range n {
		r.nodes.Namespace("default", fmt.Sprintf("a-namespace-with-a-name-as-long-as-kubernetes-lets-it-be-%06d", i))
	}
	return proto.Size(&observerpb.GetNamespacesResponse{Namespaces: r.nodes.Namespaces()})
}

// Who has served it waits for nobody: gRPC has taken the answer, and keeps it.
func TestAClientThatLeavesAnAnswerUnreadLosesItsPlace(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		r := startImpatient(t)
		require.Greater(t, r.manyNamespaces(t, 16384), 1<<20)
		var options []grpc.CallOption
		if compressed {
			options = append(options, grpc.UseCompressor(gzip.Name))
		}
		stream := r.ask(t, "/observer.Observer/GetNamespaces", &observerpb.GetNamespacesRequest{}, options...)
		r.losesItsPlace(t)
		require.Error(t, stream.RecvMsg(&observerpb.GetNamespacesResponse{}))
	}
}

// So it is with the last messages of a stream.
func TestAClientThatLeavesTheEndOfAStreamUnreadLosesItsPlace(t *testing.T) {
	patient := start(t, nil)
	require.NoError(t, patient.consume(t.Context(), records(600, 1)))
	size := 0
	all, err := patient.client.GetFlows(t.Context(), &observerpb.GetFlowsRequest{})
	require.NoError(t, err)
	for {
		answer, err := all.Recv()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		size += proto.Size(answer) + 5
	}
	require.Greater(t, size, window)
	require.Less(t, size, 2*window, "else the server waits before the end")
	r := startImpatient(t)
	require.NoError(t, r.consume(t.Context(), records(600, 1)))
	r.ask(t, "/observer.Observer/GetFlows", &observerpb.GetFlowsRequest{})
	r.losesItsPlace(t)
}

func TestAClientThatReadsGetsEveryAnswer(t *testing.T) {
	r := start(t, map[string]any{"max_clients": 1})
	r.manyNamespaces(t, 16384)
	for range 3 {
		namespaces, err := r.client.GetNamespaces(t.Context(), &observerpb.GetNamespacesRequest{})
		require.NoError(t, err)
		require.Len(t, namespaces.Namespaces, 16384)
	}
	require.Zero(t, r.log.Len())
}

// What a client leaves unread is bounded meanwhile, whatever it asks for.
func TestAClientThatLeavesTooMuchUnreadGetsNoFurtherAnswer(t *testing.T) {
	r := start(t, nil)
	size := r.manyNamespaces(t, 16384)
	require.Greater(t, size, 1<<20)
	fit := maxUnread / size
	require.Greater(t, fit, 1)
	var streams []grpc.ClientStream
	for range fit {
		streams = append(streams, r.ask(t, "/observer.Observer/GetNamespaces", &observerpb.GetNamespacesRequest{}))
	}
	_, err := r.client.GetNamespaces(t.Context(), &observerpb.GetNamespacesRequest{})
	require.Equal(t, codes.ResourceExhausted, status.Code(err), err)
	require.NoError(t, streams[0].RecvMsg(&observerpb.GetNamespacesResponse{}))
	require.Eventually(t, func() bool { // it is free once the server has seen that it was read
		_, err := r.client.GetNamespaces(t.Context(), &observerpb.GetNamespacesRequest{})
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
}

// A client that never reads holds up nothing: neither the pipeline nor the stop.
func TestAClientThatNeverReadsHoldsUpNothing(t *testing.T) {
	r := start(t, map[string]any{"max_flows": 255})
	_, err := r.client.GetFlows(t.Context(), &observerpb.GetFlowsRequest{Follow: true})
	require.NoError(t, err)
	for i := range 100 { // far more than the windows of HTTP/2 take
		require.NoError(t, r.consume(t.Context(), records(1000, i)))
	}
	status, err := r.client.ServerStatus(t.Context(), &observerpb.ServerStatusRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 100_000, status.SeenFlows)
	require.EqualValues(t, 255, status.NumFlows)
}

func TestThePeersOfAServerAreItsNodeAndTheConfiguredOnes(t *testing.T) {
	r := start(t, map[string]any{"peers": map[string]any{"nodes": []any{map[string]any{"name": "node-2", "address": "10.0.0.2:4244"}}}})
	require.NoError(t, r.consume(t.Context(), records(1, 1)))
	stream, err := peerpb.NewPeerClient(r.conn).Notify(t.Context(), &peerpb.NotifyRequest{})
	require.NoError(t, err)
	for _, want := range []string{"node-1", "node-2"} {
		c, err := stream.Recv()
		require.NoError(t, err)
		require.Equal(t, want, c.Name)
		require.Equal(t, peerpb.ChangeNotificationType_PEER_ADDED, c.Type)
		require.Nil(t, c.Tls)
	}
}

func TestAServerThatAnnouncesNoAddressSaysSo(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.NetAddr.Endpoint, cfg.AllowInsecureRemote = "0.0.0.0:0", true
	set := exportertest.NewNopSettings(metadata.Type)
	core, log := observer.New(zap.WarnLevel)
	set.Logger = zap.New(core)
	h, err := newHubble(set, cfg)
	require.NoError(t, err)
	require.NoError(t, h.start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, h.shutdown(t.Context()))
	require.Equal(t, 1, log.FilterMessageSnippet("peers::address is not set").Len())
}

func TestHealthIsAnsweredForHubblesService(t *testing.T) {
	r := start(t, nil)
	answer, err := healthpb.NewHealthClient(r.conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: "hubble.server.Observer"})
	require.NoError(t, err)
	require.Equal(t, healthpb.HealthCheckResponse_SERVING, answer.Status)
}
