// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow/flowtest"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// namesHost is a host with an extension k8s_names.
type namesHost struct {
	component.Host
	extension component.Component
}

func (h namesHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("k8s_names"): h.extension}
}

// namesExtension is an extension that knows names.
type namesExtension struct {
	component.StartFunc
	component.ShutdownFunc
	flow.Names
}

// named returns a host whose extension k8s_names has the names.
func named(names flow.Names) component.Host {
	return namesHost{componenttest.NewNopHost(), &namesExtension{Names: names}}
}

// The ends of the packets below.
var (
	cartAddr, dbAddr = netip.MustParseAddr("10.244.1.7"), netip.MustParseAddr("10.244.2.9")

	cart = &flow.Endpoint{
		ID: 10, Identity: 20417, ClusterName: "prod", Namespace: "shop", PodName: "cart-7d9f", Local: true,
		Workloads: []flow.Workload{{Kind: "Deployment", Name: "cart"}}, Labels: []string{"k8s:app=cart"},
	}
	db = &flow.Endpoint{Identity: 31, Namespace: "data", PodName: "db-0", Labels: []string{"k8s:app=db"}}
)

// shop has the names of both ends.
func shop() *flowtest.Names {
	n := flowtest.Of(map[string]*flow.Endpoint{cartAddr.String(): cart, dbAddr.String(): db})
	n.Services[flowtest.Frontend{AddrPort: netip.AddrPortFrom(dbAddr, 5432), Protocol: flow.L4TCP}] = &flow.Service{Namespace: "data", Name: "db"}
	return n
}

// toDB is a packet from the cart to the database.
func toDB(flags uint16) mt.Capture {
	return mt.Capture{Source: 10, OrigLen: 60, Packet: mt.Ethernet(mt.EtherIPv4, mt.IPv4(cartAddr, dbAddr, mt.ProtoTCP, mt.TCP(4242, 5432, flags, nil)))}
}

// bodies returns the records' bodies.
func bodies(sink *consumertest.LogsSink) (all []string) {
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { all = append(all, lr.Body().AsString()) })
	return all
}

func TestAStartWithoutTheExtensionThatNamesFails(t *testing.T) {
	for want, host := range map[string]component.Host{
		`names: "k8s_names" is not a configured extension; want the name of an extension, such as k8s_names, that service.extensions lists`: componenttest.NewNopHost(),
		`names: the extension "k8s_names" does not know the names of a flow's ends; want one that does, such as k8s_names`: namesHost{componenttest.NewNopHost(), struct {
			component.StartFunc
			component.ShutdownFunc
		}{}},
	} {
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), replayOf(captureFile, func(c *Config) { c.Names = "k8s_names" }), consumertest.NewNop())
		require.NoError(t, err)
		require.EqualError(t, r.Start(context.Background(), host), want)
		require.NoError(t, r.Shutdown(context.Background()))
	}
}

// Names are those of a record's time, at every level, whether an event is reported at once or kept back.
func TestEventsHaveTheNamesOfTheirTime(t *testing.T) {
	begin := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	names := shop()
	names.Owners[cartAddr] = append(names.Owners[cartAddr], flowtest.Owner{From: begin.Add(20 * time.Second), Endpoint: db})
	var records []events.Record
	for second := range 40 {
		records = append(records, events.Record{
			Time: begin.Add(time.Duration(second) * time.Second).UnixNano(), CPU: -1, Data: mt.Trace{Capture: toDB(mt.ACK), Version: 2, Point: 3, DstLabel: 31}.Bytes(),
		})
	}
	path := writeCaptureOf(t, records...)
	for _, level := range []string{"none", "low", "medium", "maximum"} {
		sink, r, _ := replayAllOn(t, named(names), replayOf(path, func(c *Config) { c.MonitorAggregationLevel, c.Names = level, "k8s_names" }))
		records, shared := map[string]int{}, 0
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			source := "shop/cart-7d9f:4242 (ID:20417)"
			if lr.Timestamp().AsTime().Sub(begin) >= 20*time.Second {
				source = "data/db-0:4242 (ID:31)"
			}
			require.Contains(t, lr.Body().AsString(), source+" -> data/db-0:5432 (ID:31) to-stack")
			records[source]++
			if lr.Attributes().AsRaw()["EventCount"] != int64(1) {
				shared++
			}
		})
		require.Len(t, records, 2, level)
		require.Equal(t, level == "medium" || level == "maximum", shared > 0, level)
		stats := &r.Pipeline.Stats
		require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Aggregated.Load(), level)
	}
}

func TestWithoutNamesNothingIsNamed(t *testing.T) {
	path := writeCaptureOf(t, events.Record{CPU: -1, Data: mt.Trace{Capture: toDB(mt.SYN), Version: 2, Point: 3, DstLabel: 31}.Bytes()})
	sink, _, _ := replayAllOn(t, named(shop()), replayOf(path, nil))
	require.Contains(t, bodies(sink)[0], ": 10.244.1.7:4242 (unknown) -> 10.244.2.9:5432 (ID:31) to-stack")
}

// A connection has the names of both sides, also when they change while it lasts.
func TestConnectionsHaveTheNamesOfTheirSides(t *testing.T) {
	c := toDB(mt.SYN)
	back := mt.Capture{Source: 10, OrigLen: 60, Packet: mt.Ethernet(mt.EtherIPv4, mt.IPv4(dbAddr, cartAddr, mt.ProtoTCP, mt.TCP(5432, 4242, mt.SYN|mt.ACK, nil)))}
	path := writeCaptureOf(t,
		events.Record{Time: 1e9, CPU: -1, Data: mt.Trace{Capture: c, Version: 2, Point: 3, DstLabel: 31}.Bytes()},
		events.Record{Time: 2e9, CPU: -1, Data: mt.Trace{Capture: back, Version: 2, Point: 0, Reason: 2, SrcLabel: 31, DstID: 10}.Bytes()},
	)
	sink, r, _ := replayAllOn(t, named(shop()), replayOf(path, func(c *Config) {
		c.Volume, c.Names = volume.Lean, "k8s_names"
		c.useVolume(volume.Lean)
	}))
	require.EqualValues(t, 1, r.Pipeline.Stats.Emitted.Load())
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		a := lr.Attributes().AsRaw()
		require.Equal(t, []any{"cart-7d9f", "cart", "shop", "20417"}, []any{a["SrcHostname"], a["SrcAppName"], a["cilium.source.namespace"], a["SrcZone"]})
		require.Equal(t, []any{"db-0", "data", "db", "31"}, []any{a["DstHostname"], a["cilium.destination.namespace"], a["cilium.destination.service.name"], a["DstZone"]})
		require.Equal(t, []any{"k8s:app=db"}, a["cilium.destination.labels"])
	})
}

func TestFiltersDecideByNames(t *testing.T) {
	path := writeCaptureOf(t, events.Record{CPU: -1, Data: mt.Trace{Capture: toDB(mt.SYN), Version: 2, Point: 3, DstLabel: 31}.Bytes()})
	for yaml, want := range map[string]int64{
		"source_pod: shop/cart": 1, "source_pod: data/": 0, "destination_label: app=db": 1, "source_identity: 20417": 1, "traffic_direction: EGRESS": 1,
	} {
		cfg, err := load(t, "names: k8s_names\nreplay: {path: "+path+"}\nfilters: {allow: [{"+yaml+"}]}")
		require.NoError(t, err)
		_, r, _ := replayAllOn(t, named(shop()), cfg)
		require.Equal(t, want, r.Pipeline.Stats.Emitted.Load(), yaml)
		require.Equal(t, 1-want, r.Pipeline.Stats.Filtered.Load(), yaml)
	}
}

func TestMetricsHaveNamesWithinABound(t *testing.T) {
	const pods = 5
	names := shop()
	var records []events.Record
	for i := range pods {
		addr := netip.AddrFrom4([4]byte{10, 244, 3, byte(i)})
		names.Owners[addr] = []flowtest.Owner{{Endpoint: &flow.Endpoint{Namespace: "web", PodName: fmt.Sprintf("front-%d", i)}}}
		packet := mt.Ethernet(mt.EtherIPv4, mt.IPv4(addr, dbAddr, mt.ProtoTCP, mt.TCP(4242, 5432, mt.SYN, nil)))
		records = append(records, events.Record{Time: int64(1e9 + i), CPU: -1, Data: mt.Trace{Capture: mt.Capture{Packet: packet}, Version: 2, Point: 3}.Bytes()})
	}
	cfg, err := load(t, `
replay: {path: `+writeCaptureOf(t, records...)+`}
names: k8s_names
metrics_max_series: 3
metrics:
  cilium.event.count: {attributes: [source.k8s.pod.name, destination.k8s.namespace.name]}
  cilium.network.io: {enabled: false}
  cilium.network.packet.count: {enabled: false}
`)
	require.NoError(t, err)
	sink := &consumertest.MetricsSink{}
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, nil)
	require.NoError(t, err)
	r.nextMetrics = sink
	require.NoError(t, r.Start(context.Background(), named(names)))
	endReplay(t, r)
	const of = "cilium.event.count destination.k8s.namespace.name="
	require.Equal(t, map[string]int64{
		of + "data source.k8s.pod.name=front-0": 1, of + "data source.k8s.pod.name=front-1": 1, of + "data source.k8s.pod.name=front-2": 1,
		of + "other source.k8s.pod.name=other": pods - 3,
	}, sums(t, sink))
	require.EqualValues(t, pods-3, r.handler.totals.Others())
}
