// SPDX-License-Identifier: Apache-2.0

package mapped

import (
	"context"
	"maps"
	"testing"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/convert"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow/flowtest"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

type host struct {
	component.Host
	ended chan struct{}
}

func (h *host) Report(*componentstatus.Event) { close(h.ended) }

func (h *host) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("k8s_names"): names{Names: known()}}
}

// names is an extension that names the ends of the captures.
type names struct {
	component.StartFunc
	component.ShutdownFunc
	flow.Names
}

func known() *flowtest.Names {
	end := func(pod, app string, id, identity uint32, local bool) *flow.Endpoint {
		return &flow.Endpoint{
			ID: id, Identity: identity, ClusterName: "west", Namespace: "shop", PodName: pod, Local: local, Labels: []string{"k8s:app=" + app, "k8s:tier=x"},
			Workloads: []flow.Workload{{Kind: "Deployment", Name: app}},
		}
	}
	n := flowtest.Of(map[string]*flow.Endpoint{
		"10.244.1.12": end("frontend-1", "frontend", 1034, 20417, true), "fd00:10:244:1::c": end("frontend-1", "frontend", 1034, 20417, true),
		"10.244.1.27": end("back.end-1", "backend", 2218, 31277, true), "10.244.2.40": end("database-0", "database", 0, 47031, false),
	})
	n.Services[flowtest.At(flow.L4UDP, "10.96.0.10:53")] = &flow.Service{Namespace: "kube-system", Name: "kube-dns"}
	return n
}

// replay returns the records of the receiver, with more keys of its configuration.
func replay(t *testing.T, keys map[string]any) []plog.Logs {
	t.Helper()
	ctx := context.Background()
	factory := ciliumwindowsreceiver.NewFactory()
	cfg := factory.CreateDefaultConfig()
	all := map[string]any{
		"replay":         map[string]any{"path": "../../../../testdata/*.pcapng", "exit_when_done": true},
		"node_name":      "node-1",
		"enabled_events": []any{"DROP", "TRACE", "POLICY_VERDICT", "DEBUG", "CAPTURE"},
	}
	for key, value := range keys {
		all[key] = value
	}
	require.NoError(t, confmap.NewFromStringMap(all).Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	sink := new(consumertest.LogsSink)
	receiver, err := factory.CreateLogs(ctx, receivertest.NewNopSettings(factory.Type()), cfg, sink)
	require.NoError(t, err)
	h := &host{Host: componenttest.NewNopHost(), ended: make(chan struct{})}
	require.NoError(t, receiver.Start(ctx, h))
	<-h.ended
	require.NoError(t, receiver.Shutdown(ctx))
	return sink.AllLogs()
}

// converted returns the events of records in their order, and how many records have none, by reason.
func converted(all []plog.Logs, archived bool) (events []*convert.Event, ignored map[convert.Reason]int) {
	c := convert.Converter{Archived: archived}
	ignored = map[convert.Reason]int{}
	for _, logs := range all {
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				r := c.Resource(rl.Resource(), sl.Scope())
				for _, record := range sl.LogRecords().All() {
					e, reason := c.Event(&r, record)
					if e == nil {
						ignored[reason]++
						continue
					}
					events = append(events, e)
				}
			}
		}
	}
	return events, ignored
}

// difference returns how two events differ.
func difference(want, got *convert.Event, options ...cmp.Option) string {
	return cmp.Diff(want.Hubble.Event.(proto.Message), got.Hubble.Event.(proto.Message), append(options, protocmp.Transform())...)
}

// merge returns the keys of both.
func merge(a, b map[string]any) map[string]any {
	all := maps.Clone(b)
	maps.Copy(all, a)
	return all
}

func flowOf(e *convert.Event) *flowpb.Flow {
	f, _ := e.Hubble.Event.(*flowpb.Flow)
	return f
}

func TestTheAttributesGiveTheFlowOfTheJSON(t *testing.T) { compare(t, nil) }

func TestTheAttributesGiveTheNamesOfTheJSON(t *testing.T) {
	compare(t, map[string]any{"names": "k8s_names"})
}

// compare compares the flows of records of every body with those of Hubble's JSON.
func compare(t *testing.T, more map[string]any) {
	want, ignored := converted(replay(t, merge(more, map[string]any{"monitor_aggregation_level": "none", "body": "hubble_json"})), false)
	require.Greater(t, len(want), 3000)
	t.Logf("%d events; not served: %v", len(want), ignored)
	for _, keys := range []map[string]any{
		{"body": "summary"}, {"body": "none"}, {"body": "none", "attributes": "slim"}, {"body": "none", "attributes": "minimal", "device": map[string]any{"in": "resource"}},
	} {
		t.Logf("%v", keys)
		keys["monitor_aggregation_level"] = "none"
		got, alsoIgnored := converted(replay(t, merge(more, keys)), false)
		require.Equal(t, ignored, alsoIgnored)
		require.Len(t, got, len(want))
		options := []cmp.Option{protocmp.IgnoreFields(&flowpb.Endpoint{}, "ID")} // no attribute says which end the endpoint is
		if keys["body"] == "none" {                                              // the schema has six of the nine flags
			options = append(options, protocmp.IgnoreFields(&flowpb.TCPFlags{}, "ECE", "CWR", "NS"), protocmp.IgnoreFields(&flowpb.Flow{}, "Summary"))
		}
		if keys["attributes"] != nil { // an address says more
			options = append(options, protocmp.IgnoreFields(&flowpb.Flow{}, "ethernet", "interface", "traffic_direction"))
		}
		different := 0
		for _, e := range want { // the schema has no column for them
			if sctp := flowOf(e).GetL4().GetSCTP(); sctp != nil {
				sctp.ProtoReflect().SetUnknown(nil)
			}
		}
		for i := range want {
			if diff := difference(want[i], got[i], options...); diff != "" {
				if different++; different < 8 {
					t.Errorf("event %d: %s", i, diff)
				}
			}
		}
		t.Logf("%d different", different)
	}
}
