// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
)

// rig is a running exporter with a client.
type rig struct {
	*hubble
	client observerpb.ObserverClient
	conn   *grpc.ClientConn
}

// start starts an exporter on a free port, with more keys of its configuration, and a client.
func start(t *testing.T, keys map[string]any) *rig {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	all := map[string]any{"endpoint": "127.0.0.1:0", "node_name": "node-1"}
	for key, value := range keys {
		all[key] = value
	}
	require.NoError(t, confmap.NewFromStringMap(all).Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	h, err := newHubble(exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, h.start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, h.shutdown(context.Background())) })
	conn, err := grpc.NewClient("passthrough:///"+h.nodes.List()[0].Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return &rig{h, observerpb.NewObserverClient(conn), conn}
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
