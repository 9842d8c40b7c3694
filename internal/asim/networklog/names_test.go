// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// everyone knows the same end and the same service at every address.
var everyone = one{
	&flow.Endpoint{
		ID: 10, Identity: 20417, ClusterName: "prod", Namespace: "shop", PodName: "cart-7d9f", Local: true,
		Workloads: []flow.Workload{{Kind: "Deployment", Name: "cart"}}, Labels: []string{"k8s:app=cart", "k8s:io.kubernetes.pod.namespace=shop"},
	},
	&flow.Service{Namespace: "shop", Name: "cart"},
}

// one names every end alike.
type one struct {
	endpoint *flow.Endpoint
	service  *flow.Service
}

func (o one) Endpoint(netip.Addr, uint32, int64) *flow.Endpoint { return o.endpoint }

func (o one) Service(netip.Addr, uint16, flow.L4Protocol, int64) *flow.Service { return o.service }

// withNames returns those of a record's attributes that names add or change.
func withNames(t *testing.T, options Options, names flow.Names) map[string]any {
	t.Helper()
	before := networkAppend(t, options, networkFlow(t, mtDrop())).Attributes().AsRaw()
	f := networkFlow(t, mtDrop())
	f.Resolve(names, 0)
	added := networkAppend(t, options, f).Attributes().AsRaw()
	for key, value := range before {
		if added[key] == value {
			delete(added, key)
		}
	}
	return added
}

func TestARecordHasTheNamesOfItsEnds(t *testing.T) {
	labels := []any{"k8s:app=cart", "k8s:io.kubernetes.pod.namespace=shop"}
	require.Equal(t, map[string]any{
		"SrcHostname": "cart-7d9f", "SrcAppName": "cart", "SrcAppType": "Resource",
		"cilium.source.pod": "cart-7d9f", "cilium.source.namespace": "shop", "cilium.source.workload.name": "cart", "cilium.source.workload.kind": "Deployment",
		"cilium.source.labels": labels, "cilium.source.cluster": "prod", "cilium.source.service.name": "cart", "cilium.source.service.namespace": "shop",
		"DstHostname": "cart-7d9f", "DstAppName": "cart", "DstAppType": "Resource",
		"cilium.destination.pod": "cart-7d9f", "cilium.destination.namespace": "shop", "cilium.destination.workload.name": "cart",
		"cilium.destination.workload.kind": "Deployment", "cilium.destination.labels": labels, "cilium.destination.cluster": "prod",
		"cilium.destination.service.name": "cart", "cilium.destination.service.namespace": "shop",
	}, withNames(t, networkOptions, everyone))
	require.Empty(t, withNames(t, networkOptions, one{}))
	require.Equal(t, map[string]any{"cilium.source.service.name": "x", "cilium.destination.service.name": "x"},
		withNames(t, networkOptions, one{service: &flow.Service{Name: "x"}}))
	for _, pod := range []string{"a.b", strings.Repeat("a", 64)} {
		added := withNames(t, networkOptions, one{endpoint: &flow.Endpoint{PodName: pod}})
		require.Equal(t, map[string]any{"cilium.source.pod": pod, "cilium.destination.pod": pod}, added, "no host has such a name")
	}
}

// In a slim record the columns of the schema have the pod and the workload.
func TestASlimRecordHasEachNameOnce(t *testing.T) {
	slim := networkOptions
	slim.Slim = true
	added := withNames(t, slim, everyone)
	require.Equal(t, "cart-7d9f", added["SrcHostname"])
	require.Equal(t, "cart", added["DstAppName"])
	for _, key := range []string{"cilium.source.pod", "cilium.destination.pod", "cilium.source.workload.name", "cilium.destination.workload.name"} {
		require.NotContains(t, added, key)
	}
	require.Equal(t, "a.b", withNames(t, slim, one{endpoint: &flow.Endpoint{PodName: "a.b"}})["cilium.source.pod"], "no column has it")
}

func TestAMaskLeavesOutNames(t *testing.T) {
	var err error
	options := networkOptions
	options.Mask, err = flow.NewMask([]string{"source.pod_name", "destination.labels"})
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"SrcHostname": "cart-7d9f", "cilium.source.pod": "cart-7d9f", "cilium.destination.labels": []any{"k8s:app=cart", "k8s:io.kubernetes.pod.namespace=shop"},
	}, withNames(t, options, everyone))
}

func BenchmarkNetworkAppendNames(b *testing.B) {
	f := networkFlow(b, mt.Trace{Capture: mt.Capture{Source: 4, Packet: networkTCP(mt.ACK)}, Version: 2, Point: 11, SrcLabel: 1001, DstLabel: 2}.Bytes())
	f.Resolve(everyone, 0)
	m := NewMapper(networkOptions)
	b.ReportAllocs()
	for b.Loop() {
		m.Append(plog.NewLogRecord(), f, uid.ID{}, networkAt, networkReceived)
	}
}
