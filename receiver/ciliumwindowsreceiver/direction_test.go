// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow/flowtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// pods are the addresses of the pods on the recorded node, by endpoint id.
var pods = map[string][]string{
	"1034": {"10.244.1.12", "fd00:10:244:1::c"}, "2218": {"10.244.1.27", "fd00:10:244:1::1b"}, "571": {"10.244.1.5", "fd00:10:244:1::5"},
}

// namedPods has the names of these pods.
func namedPods() *flowtest.Names {
	owners := map[string]*flow.Endpoint{}
	for id, addresses := range pods {
		number, _ := strconv.Atoi(id)
		for _, address := range addresses {
			owners[address] = &flow.Endpoint{ID: uint32(number), Local: true, Namespace: "default", PodName: "pod-" + id}
		}
	}
	return flowtest.Of(owners)
}

// withAndWithoutNames are changes of a configuration, by what they do.
var withAndWithoutNames = map[string]func(*Config){
	"without names": func(*Config) {}, "with names": func(c *Config) { c.Names = "k8s_names" },
}

// Servers listen on 8443 and 5432. A record's ports thus show who opened the connection, and the endpoint's id shows
// which end reports.
func TestTheDirectionOfARecordIsThatOfItsConnectionAsTheEndpointSeesIt(t *testing.T) {
	for _, level := range []string{"none", "low", "maximum"} {
		for name, names := range withAndWithoutNames {
			t.Run(level+" "+name, func(t *testing.T) { requireDirections(t, level, names) })
		}
	}
}

func requireDirections(t *testing.T, level string, names func(*Config)) {
	sink, _, _ := replayAllOn(t, named(namedPods()), replayOf(waysFile, func(c *Config) { everything(c); names(c); c.MonitorAggregationLevel = level }))
	seen := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		addresses, ok := pods[kit.Text(lr, "cilium.endpoint.id")]
		if !ok || kit.Text(lr, "NetworkProtocol") != "TCP" {
			return
		}
		reports := "DstIpAddr"
		if src := kit.Text(lr, "SrcIpAddr"); src == addresses[0] || src == addresses[1] {
			reports = "SrcIpAddr"
		}
		reply := kit.Text(lr, "SrcPortNumber") == "8443"
		want := "Inbound"
		if (reports == "SrcIpAddr") != reply {
			want = "Outbound"
		}
		what := kit.Text(lr, "cilium.event.type") + " " + kit.Text(lr, "cilium.trace.observation_point")
		require.Equal(t, want, kit.Text(lr, "NetworkDirection"), "%s at level %s: %v", what, level, lr.Attributes().AsRaw())
		seen[what]++
	})
	for _, what := range []string{
		"trace TO_ENDPOINT", "trace TO_STACK", "trace TO_OVERLAY", "trace TO_NETWORK", "trace TO_HOST", "trace TO_PROXY", "drop ", "policy-verdict ",
	} {
		require.Positive(t, seen[what], what)
	}
	require.Equal(t, level == "none", seen["trace FROM_ENDPOINT"] > 500)
}

func TestAnEventThatDoesNotShowItsDirectionHasDirectionNA(t *testing.T) {
	sink, _, _ := replayAll(t, replayOf(captureFile, everything))
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		switch typ := kit.Text(lr, "cilium.event.type"); typ {
		case "capture", "trace-sock", "pktmon-drop":
			require.Equal(t, "NA", kit.Text(lr, "NetworkDirection"), typ)
		case "trace":
			if kit.Text(lr, "cilium.endpoint.id") == "" {
				require.Equal(t, "NA", kit.Text(lr, "NetworkDirection"), "the event has no endpoint")
			}
		}
	})
}
