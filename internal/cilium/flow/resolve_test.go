// SPDX-License-Identifier: Apache-2.0

package flow_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow/flowtest"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// cart is a pod of this node with all names, db one of another node.
var (
	cart = &flow.Endpoint{
		ID: 10, Identity: 20417, ClusterName: "prod", Namespace: "shop", PodName: "cart-7d9f", Local: true,
		Workloads: []flow.Workload{{Kind: "Deployment", Name: "cart"}}, Labels: []string{"k8s:app=cart", `k8s:odd="\`},
	}
	db        = &flow.Endpoint{ID: 10, Identity: 31, Namespace: "data", PodName: "db-0", Labels: []string{"k8s:app=db"}}
	dbService = &flow.Service{Namespace: "data", Name: "db"}
)

// shop has the owners of the addresses that the tests of this package use.
func shop() *flowtest.Names {
	n := flowtest.Of(map[string]*flow.Endpoint{src4.String(): cart, dst4.String(): db})
	n.Services[flowtest.Frontend{AddrPort: netip.AddrPortFrom(dst4, 443), Protocol: flow.L4TCP}] = dbService
	return n
}

func TestALineHasThePodsOrTheServicesOfItsEnds(t *testing.T) {
	c := mt.Capture{Source: 10, Packet: tcp4(mt.SYN)}
	service := flowtest.Of(nil)
	service.Services[flowtest.Frontend{AddrPort: netip.AddrPortFrom(dst4, 443), Protocol: flow.L4TCP}] = dbService
	for name, tt := range map[string]struct {
		record []byte
		names  flow.Names
		want   string
	}{
		"pods; the service gives the namespace, as in Hubble": {
			mt.Trace{Capture: c, Point: 3, SrcLabel: 20417, DstLabel: 31}.Bytes(), shop(),
			"shop/cart-7d9f:40000 (ID:20417) -> data/db-0:443 (ID:31) to-stack FORWARDED (TCP Flags: SYN)",
		},
		"a reply": {
			mt.Trace{Capture: c, Point: 3, SrcLabel: 20417, DstLabel: 31, Reason: 2}.Bytes(), shop(),
			"data/db-0:443 (ID:31) <- shop/cart-7d9f:40000 (ID:20417) to-stack FORWARDED (TCP Flags: SYN)",
		},
		"a service": {
			mt.Trace{Capture: c, Point: 3, SrcLabel: 20417, DstLabel: 31}.Bytes(), service,
			"10.0.0.1:40000 (ID:20417) -> data/db:443 (ID:31) to-stack FORWARDED (TCP Flags: SYN)",
		},
		"a service of another protocol": {
			mt.Trace{Capture: mt.Capture{Packet: ether4(17, mt.UDP(40000, 443, nil))}, Point: 3, SrcLabel: 20417, DstLabel: 31}.Bytes(), service,
			"10.0.0.1:40000 (ID:20417) -> 10.0.0.2:443 (ID:31) to-stack FORWARDED (UDP)",
		},
		"without ports": {
			mt.Trace{Capture: mt.Capture{Packet: ether4(1, mt.ICMP(8, 0, nil))}, Point: 3}.Bytes(), shop(),
			"shop/cart-7d9f (ID:20417) -> data/db-0 (ID:31) to-stack FORWARDED (ICMPv4 EchoRequest)",
		},
		"nobody known": {
			mt.Trace{Capture: c, Point: 3, SrcLabel: 20417, DstLabel: 31}.Bytes(), flowtest.Of(nil),
			"10.0.0.1:40000 (ID:20417) -> 10.0.0.2:443 (ID:31) to-stack FORWARDED (TCP Flags: SYN)",
		},
		"no IP header": {
			mt.Drop{Capture: mt.Capture{Packet: mt.Ethernet(mt.EtherARP, make([]byte, 28))}, Reason: 139}.Bytes(), shop(),
			"02:00:00:00:00:01 (unknown) <> 02:00:00:00:00:02 (unknown) Unsupported L3 protocol DROPPED (Ethernet)",
		},
		"a socket event": {
			mt.TraceSock{Point: 2, DstIP: dst4, DstPort: 443, L4Proto: 1}.Bytes(), shop(),
			" (unknown) <> data/db-0:443 (ID:31) post-xlate-fwd TRANSLATED (TCP)",
		},
		"a socket event without a protocol": {
			mt.TraceSock{Point: 2, DstIP: dst4, DstPort: 443}.Bytes(), service,
			" (unknown) <> data/db (unknown) post-xlate-fwd TRANSLATED (Unknown)",
		},
	} {
		f := decode(t, tt.record)
		f.Resolve(tt.names, at.UnixNano())
		assert.Equal(t, "Mar  4 05:06:04.007: "+tt.want, string(f.AppendLine(nil, at)), name)
	}
}

func TestJSONHasTheNamesThatHubbleHas(t *testing.T) {
	f := decode(t, mt.Trace{Capture: mt.Capture{Source: 10, Packet: tcp4(mt.SYN)}, Point: 3, DstLabel: 32}.Bytes())
	names := shop()
	names.Identities[32] = &flow.Endpoint{Identity: 32, Labels: []string{"k8s:app=web"}}
	f.Resolve(names, at.UnixNano())
	var got struct {
		Flow *flowpb.Flow `json:"flow"`
	}
	got.Flow = &flowpb.Flow{}
	line := f.AppendHubbleJSON(nil, "", at)
	line = line[len(`{"flow":`) : len(line)-len(`,"time":"2026-03-04T05:06:04.007Z"}`)]
	require.NoError(t, protojson.Unmarshal(line, got.Flow), "%s", line)
	for _, tt := range []struct{ want, got proto.Message }{
		{&flowpb.Endpoint{
			ID: 10, Identity: 20417, ClusterName: "prod", Namespace: "shop", PodName: "cart-7d9f",
			Labels: []string{"k8s:app=cart", `k8s:odd="\`}, Workloads: []*flowpb.Workload{{Name: "cart", Kind: "Deployment"}},
		}, got.Flow.Source},
		{&flowpb.Endpoint{Identity: 32, Labels: []string{"k8s:app=web"}}, got.Flow.Destination},
		{&flowpb.Service{Name: "db", Namespace: "data"}, got.Flow.DestinationService},
	} {
		assert.True(t, proto.Equal(tt.want, tt.got), "want %v, got %v", tt.want, tt.got)
	}
	assert.Nil(t, got.Flow.SourceService)
	assert.Equal(t, flowpb.TrafficDirection_EGRESS, got.Flow.TrafficDirection)

	// An endpoint of another node has no ID, as in Hubble, which finds it by its address only.
	f = decode(t, mt.Trace{Capture: mt.Capture{Packet: tcp4(mt.SYN)}, Point: 3}.Bytes())
	f.Resolve(shop(), at.UnixNano())
	assert.Contains(t, string(f.AppendHubbleJSON(nil, "", at)), `"destination":{"identity":31,"namespace":"data","labels":["k8s:app=db"],"pod_name":"db-0"}`)
}

// Names may come from a file, so any text may be one.
func TestANameThatFoolsAReaderIsEscaped(t *testing.T) {
	const name = "a\x1b[2J\u202eb\n\x80\U000e0001\"\\ä"
	evil := &flow.Endpoint{Namespace: name, PodName: name, Labels: []string{name}, ClusterName: name, Workloads: []flow.Workload{{Kind: name, Name: name}}}
	names := flowtest.Of(map[string]*flow.Endpoint{src4.String(): evil})
	f := decode(t, mt.Trace{Capture: mt.Capture{Packet: tcp4(mt.SYN)}, Point: 3}.Bytes())
	f.Resolve(names, 0)
	const shown = `a\u001b[2J\u202eb\u000a\x80\U000e0001"\ä`
	assert.Contains(t, string(f.AppendLine(nil, at)), " "+shown+"/"+shown+":40000 (unknown) -> ")
	line := f.AppendHubbleJSON(nil, "node", at)
	for _, r := range string(line) {
		require.False(t, printable.Hides(r), "%q", line)
	}
	var got struct {
		Flow struct {
			Source struct {
				Pod    string `json:"pod_name"`
				Labels []string
			}
		}
	}
	require.NoError(t, json.Unmarshal(line, &got))
	want := strings.ToValidUTF8(name, "\ufffd")
	assert.Equal(t, want, got.Flow.Source.Pod)
	assert.Equal(t, []string{want}, got.Flow.Source.Labels)
	m, err := flow.NewMask([]string{"source.labels"})
	require.NoError(t, err)
	require.True(t, json.Valid(m.AppendHubbleJSON(nil, f, "node", at)))
}

func TestNamesAreThoseOfTheEventsTime(t *testing.T) {
	moved := at.Add(time.Second)
	names := shop()
	names.Owners[src4] = append(names.Owners[src4], flowtest.Owner{From: moved, Endpoint: db})
	for after, want := range map[time.Duration]*flow.Endpoint{-1: cart, 0: db} {
		f := decode(t, mt.Trace{Capture: mt.Capture{Packet: tcp4(mt.SYN)}, Point: 3}.Bytes())
		f.Resolve(names, moved.Add(after).UnixNano())
		assert.Same(t, want, f.Source)
	}
}

func TestAnEventKeepsItsOwnIdentity(t *testing.T) {
	names := shop()
	web := &flow.Endpoint{Identity: 99, Labels: []string{"k8s:app=web"}}
	names.Identities[99] = web
	f := decode(t, mt.Trace{Capture: mt.Capture{Packet: tcp4(mt.SYN)}, Point: 3, SrcLabel: 99}.Bytes())
	f.Resolve(names, at.UnixNano())
	assert.Equal(t, uint32(99), f.SourceIdentity)
	assert.Same(t, web, f.Source)
	assert.Equal(t, uint32(31), f.DestinationIdentity, "the event has none")
}

// Which end reports decides the direction, as in Hubble. Where names do not tell it, it stays what the event tells.
func TestNamesTellTheDirection(t *testing.T) {
	const host, pods = 1, 2
	local := func(id uint32) *flow.Endpoint { return &flow.Endpoint{ID: id, Local: true} }
	away := &flow.Endpoint{ID: 10}
	for name, tt := range map[string]struct {
		record              func(mt.Capture) []byte
		source, destination *flow.Endpoint
		want                both
	}{
		"a drop in the host's program of a packet of the pod":  {func(c mt.Capture) []byte { return mt.Drop{Capture: c, File: host}.Bytes() }, local(10), nil, both{out, out}},
		"a drop in the host's program of a packet for the pod": {func(c mt.Capture) []byte { return mt.Drop{Capture: c, File: host}.Bytes() }, nil, local(10), both{in, in}},
		"a drop at a pod that is the destination":              {func(c mt.Capture) []byte { return mt.Drop{Capture: c, File: pods}.Bytes() }, away, local(10), both{in, in}},
		"a trace that does not tell":                           {func(c mt.Capture) []byte { return mt.Trace{Capture: c, Point: toProxy}.Bytes() }, nil, local(10), both{in, in}},
		"a reply":                                              {func(c mt.Capture) []byte { return mt.Trace{Capture: c, Point: fromHost, Reason: reasonReply}.Bytes() }, local(10), nil, both{out, in}},
		"a trace before connection tracking":                   {func(c mt.Capture) []byte { return mt.Trace{Capture: c, Point: fromHost, Reason: reasonUnknown}.Bytes() }, local(10), nil, both{out, none}},
		"a pod that talks to itself":                           {func(c mt.Capture) []byte { return mt.Trace{Capture: c, Point: toEndpoint, DstID: 10}.Bytes() }, local(10), local(10), both{in, in}},
		"an endpoint of another node with the same id":         {func(c mt.Capture) []byte { return mt.Trace{Capture: c, Point: fromHost}.Bytes() }, away, nil, both{none, none}},
		"an endpoint without an id":                            {func(c mt.Capture) []byte { return mt.Trace{Capture: c, Point: fromEndpoint}.Bytes() }, local(0), away, both{out, out}},
		"an endpoint that is neither end":                      {func(c mt.Capture) []byte { return mt.Trace{Capture: c, Point: toNet}.Bytes() }, local(11), away, both{out, out}},
		"translated on its way out":                            {func(c mt.Capture) []byte { return mt.Trace{Capture: c, Version: 1, Point: toNet, OrigIP: src4}.Bytes() }, nil, local(10), both{in, out}},
		"a policy verdict":                                     {func(c mt.Capture) []byte { return mt.PolicyVerdict{Capture: c, Direction: 1}.Bytes() }, local(10), nil, both{in, in}},
		"a capture":                                            {func(c mt.Capture) []byte { return mt.DebugCapture{Capture: c, Point: 4}.Bytes() }, local(10), nil, both{none, none}},
	} {
		owners := map[string]*flow.Endpoint{}
		if tt.source != nil {
			owners[src4.String()] = tt.source
		}
		if tt.destination != nil {
			owners[dst4.String()] = tt.destination
		}
		f := decode(t, tt.record(mt.Capture{Source: 10, Packet: tcp4(mt.ACK)}))
		f.Resolve(flowtest.Of(owners), at.UnixNano())
		assert.Equal(t, tt.want, both{f.PacketDirection, f.Direction}, name)
	}
}

func TestWhatIsNoFlowHasNoNames(t *testing.T) {
	for _, record := range [][]byte{mt.Debug{SubType: 14, Source: 1}.Bytes(), mt.Raw(130, 0xab), mt.Drop{Reason: 134}.Bytes()} {
		f := decode(t, record)
		before := *f
		f.Resolve(shop(), at.UnixNano())
		assert.Equal(t, before, *f)
	}
}

// Hubble has the labels of an identity also where the event has no address.
func TestAnIdentityHasNamesWithoutAnAddress(t *testing.T) {
	names := shop()
	names.Identities[31] = db
	f := decode(t, mt.Drop{Reason: 134, SrcLabel: 31}.Bytes())
	f.Resolve(names, at.UnixNano())
	assert.Equal(t, flow.Ends{Source: db}, f.Ends)
}

func TestNamingDoesNotAllocate(t *testing.T) {
	names := shop()
	f := decode(t, mt.Trace{Capture: mt.Capture{Source: 10, Packet: tcp4(mt.SYN)}, Point: 3}.Bytes())
	dst := make([]byte, 0, 1<<12)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		f.Resolve(names, at.UnixNano())
		dst = f.AppendLine(f.AppendHubbleJSON(dst[:0], "node", at), at)
	}))
}
