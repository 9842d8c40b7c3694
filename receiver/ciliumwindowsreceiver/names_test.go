// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
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
	n.Services[netip.AddrPortFrom(dbAddr, 5432)] = &flow.Service{Namespace: "data", Name: "db"}
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
