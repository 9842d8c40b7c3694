// SPDX-License-Identifier: Apache-2.0

package cilium120

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/cilium/cilium/pkg/hubble/metrics/api"
	_ "github.com/cilium/cilium/pkg/hubble/metrics/drop" // registers hubble_drop_total
	_ "github.com/cilium/cilium/pkg/hubble/metrics/flow" // registers hubble_flows_processed_total
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flowmetrics"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/oracle"
)

// hubbleTypes are the names of types in Hubble's metrics, for the types that have one.
var hubbleTypes = map[string]string{"drop": "Drop", "trace": "Trace", "policy-verdict": "PolicyVerdict", "capture": "Capture"}

// hubbleProtocols are Hubble's names of this project's transports.
var hubbleProtocols = map[string]string{
	"tcp": "TCP", "udp": "UDP", "icmp": "ICMPv4", "ipv6-icmp": "ICMPv6", "sctp": "SCTP", "vrrp": "VRRP", "igmp": "IGMP", "other": "Unknown L4", "": "Unknown L4",
}

// unread reports whether the packet's IP header names a protocol whose header was not read, because it is cut short or
// belongs to the other version of IP. This project counts it under that protocol, Hubble under none.
func unread(f *flow.Flow) bool {
	return f.L4.Protocol == flow.L4None && slices.Contains([]uint8{1, 2, 6, 17, 58, 112, 132}, f.IP.Protocol)
}

// The sums of flows equal those of Hubble's own metrics under the names that the README gives for them.
func TestSumsAreHubblesMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	handlers, err := api.DefaultRegistry().ConfigureHandlers(slog.New(slog.DiscardHandler), registry,
		&api.Config{Metrics: []*api.MetricConfig{{Name: "flow"}, {Name: "drop"}}})
	require.NoError(t, err)
	ours := flowmetrics.New(flowmetrics.Naming{})
	g := oracle.NewGenerator(5)
	var n monitor.Notification
	var f flow.Flow
	for range 30_000 {
		if (monitor.Decoder{}).Decode(g.Next(), &n) != nil {
			continue
		}
		f.Decode(&n)
		var line observerpb.ExportEvent
		require.NoError(t, protojson.Unmarshal(f.AppendHubbleJSON(nil, "", time.Unix(0, 0)), &line))
		if line.GetFlow() == nil || hubbleTypes[f.Type.String()] == "" || unread(&f) {
			continue
		}
		ours.Add(&f)
		for _, h := range *handlers {
			require.NoError(t, h.Handler.ProcessFlow(context.Background(), line.GetFlow()))
		}
	}
	flows, drops := map[string]int64{}, map[string]int64{}
	for _, e := range ours.Entries() {
		point := strings.ToLower(strings.ReplaceAll(e.ObservationPoint, "_", "-"))
		if point == "unknown-point" {
			point = ""
		}
		verdict := e.Verdict
		if verdict == "" {
			verdict = "VERDICT_UNKNOWN"
		}
		flows[strings.Join([]string{hubbleProtocols[e.Transport], point, hubbleTypes[e.Type], verdict}, " ")] += e.Events
		if e.Verdict == "DROPPED" {
			drops[hubbleProtocols[e.Transport]+" "+e.DropReason] += e.Events
		}
	}
	theirs := map[string]map[string]int64{}
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		sums := map[string]int64{}
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() { // by name: protocol, subtype, type, verdict; protocol, reason
				value := l.GetValue()
				if l.GetName() == "reason" && strings.Trim(value, "-0123456789") == "" { // without a name; this project counts all of these as one
					value = "DROP_REASON_UNKNOWN"
				}
				labels = append(labels, value)
			}
			sums[strings.Join(labels, " ")] += int64(m.GetCounter().GetValue())
		}
		theirs[family.GetName()] = sums
	}
	require.Greater(t, len(flows), 60)
	require.Greater(t, len(drops), 100)
	require.Equal(t, theirs["hubble_flows_processed_total"], flows)
	require.Equal(t, theirs["hubble_drop_total"], drops)
	t.Logf("%d sums of flows and %d of drops are equal", len(flows), len(drops))
}
