// SPDX-License-Identifier: Apache-2.0

package observer

//lint:file-ignore SA1019 Older clients send the deprecated field mask.

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	relaypb "github.com/cilium/cilium/api/v1/relay"
	v1 "github.com/cilium/cilium/pkg/hubble/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/convert"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/nodes"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/ring"
)

// counted is telemetry that a test reads.
type counted struct {
	sent   int
	missed uint64
}

func (c *counted) Sent(n int)      { c.sent += n }
func (c *counted) Missed(n uint64) { c.missed += n }

// newServer makes a server with a ring of a capacity and some flows: the port of each is its number.
func newServer(t *testing.T, capacity, flows int) (*Server, *counted) {
	t.Helper()
	c := &counted{}
	s := New(t.Context(), ring.New[convert.Event](capacity), nodes.New(nodes.Options{}, "node-1"), "node-1", "test", c)
	for i := range flows {
		s.Write([]*convert.Event{flow(i)}, 1)
	}
	return s, c
}

var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func flow(port int) *convert.Event { return flowOf("node-1", port) }

func flowOf(node string, port int) *convert.Event {
	at := timestamppb.New(start.Add(time.Duration(port) * time.Second))
	return &convert.Event{Node: node, Hubble: v1.Event{Timestamp: at, Event: &flowpb.Flow{
		Time: at, NodeName: node, Verdict: flowpb.Verdict_FORWARDED,
		L4: &flowpb.Layer4{Protocol: &flowpb.Layer4_TCP{TCP: &flowpb.TCP{DestinationPort: uint32(port)}}},
	}}}
}

func loss(node string, events uint64) *convert.Event {
	return &convert.Event{Node: node, Hubble: v1.Event{
		Timestamp: timestamppb.New(start), Event: &flowpb.LostEvent{Source: flowpb.LostEventSource_PERF_EVENT_RING_BUFFER, NumEventsLost: events},
	}}
}

// stream is a client's stream.
type stream struct {
	grpc.ServerStreamingServer[observerpb.GetFlowsResponse]
	ctx     context.Context
	answers []*observerpb.GetFlowsResponse
	block   func()
}

func (s *stream) Context() context.Context { return s.ctx }

func (s *stream) Send(answer *observerpb.GetFlowsResponse) error {
	s.answers = append(s.answers, answer)
	if s.block != nil {
		s.block()
	}
	return nil
}

func (s *stream) ports() (all []int) {
	for _, answer := range s.answers {
		if f := answer.GetFlow(); f != nil {
			all = append(all, int(f.GetL4().GetTCP().GetDestinationPort()))
		}
	}
	return all
}

func (s *stream) lost() (sum uint64) {
	for _, answer := range s.answers {
		sum += answer.GetLostEvents().GetNumEventsLost()
	}
	return sum
}

func TestAStreamBeginsAndEndsWhereHubblesDoes(t *testing.T) {
	s, _ := newServer(t, 15, 20) // the ring has 5 to 19
	second := func(n int) *timestamppb.Timestamp { return timestamppb.New(start.Add(time.Duration(n) * time.Second)) }
	even := []*flowpb.FlowFilter{{DestinationPort: []string{"6", "8", "10", "12", "14", "16", "18"}}}
	for name, c := range map[string]struct {
		req  *observerpb.GetFlowsRequest
		want []int
	}{
		"all":                {&observerpb.GetFlowsRequest{}, []int{5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
		"last":               {&observerpb.GetFlowsRequest{Number: 3}, []int{17, 18, 19}},
		"last of filter":     {&observerpb.GetFlowsRequest{Number: 2, Whitelist: even}, []int{16, 18}},
		"more than there":    {&observerpb.GetFlowsRequest{Number: 100, Whitelist: even}, []int{6, 8, 10, 12, 14, 16, 18}},
		"first":              {&observerpb.GetFlowsRequest{Number: 2, First: true}, []int{5, 6}},
		"first of filter":    {&observerpb.GetFlowsRequest{Number: 2, First: true, Blacklist: even}, []int{5, 7}},
		"since":              {&observerpb.GetFlowsRequest{Since: second(17)}, []int{17, 18, 19}},
		"since, first":       {&observerpb.GetFlowsRequest{Since: second(10), First: true, Number: 2}, []int{10, 11}},
		"since and until":    {&observerpb.GetFlowsRequest{Since: second(8), Until: second(10)}, []int{8, 9, 10}},
		"until":              {&observerpb.GetFlowsRequest{Until: second(6)}, []int{5, 6}},
		"since the future":   {&observerpb.GetFlowsRequest{Since: second(100)}, nil},
		"until, last before": {&observerpb.GetFlowsRequest{Until: second(6), Number: 3}, nil}, // as Hubble: the last are later
	} {
		t.Run(name, func(t *testing.T) {
			client := &stream{ctx: t.Context()}
			require.NoError(t, s.GetFlows(c.req, client))
			require.Equal(t, c.want, client.ports())
			require.Zero(t, client.lost())
		})
	}
	require.ErrorContains(t, s.GetFlows(&observerpb.GetFlowsRequest{First: true, Follow: true}, &stream{ctx: t.Context()}), "first cannot be specified with follow")
	require.Error(t, s.GetFlows(&observerpb.GetFlowsRequest{Since: &timestamppb.Timestamp{Nanos: -1}}, &stream{ctx: t.Context()}))
}

func TestAFollowerGetsWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newServer(t, 15, 3)
		ctx, cancel := context.WithCancel(t.Context())
		client := &stream{ctx: ctx}
		done := make(chan error)
		go func() { done <- s.GetFlows(&observerpb.GetFlowsRequest{Follow: true}, client) }()
		synctest.Wait()
		s.Write([]*convert.Event{flow(3), flow(4)}, 2)
		synctest.Wait()
		require.Equal(t, []int{2, 3, 4}, client.ports())
		cancel()
		require.Error(t, <-done)
		require.Equal(t, 3, c.sent)
	})
}

func TestAClientThatDoesNotReadLearnsWhatItHasMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newServer(t, 15, 0)
		ctx, cancel := context.WithCancel(t.Context())
		read := make(chan struct{})
		client := &stream{ctx: ctx, block: func() { <-read }}
		done := make(chan error)
		go func() { done <- s.GetFlows(&observerpb.GetFlowsRequest{Follow: true, Number: 1}, client) }()
		synctest.Wait()
		for i := range 1000 { // nobody waits for the client
			s.Write([]*convert.Event{flow(i)}, 1)
			synctest.Wait()
		}
		close(read)
		synctest.Wait()
		require.Equal(t, 0, client.ports()[0])
		require.EqualValues(t, 999-15, client.lost())
		require.Len(t, client.ports(), 16)
		require.EqualValues(t, 999-15, c.missed)
		cancel()
		require.Error(t, <-done)
	})
}

func TestTheServersStopEndsItsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop, cancel := context.WithCancel(t.Context())
		s := New(stop, ring.New[convert.Event](15), nodes.New(nodes.Options{}, "node-1"), "node-1", "test", &counted{})
		done := make(chan error)
		go func() { done <- s.GetFlows(&observerpb.GetFlowsRequest{Follow: true}, &stream{ctx: t.Context()}) }()
		synctest.Wait()
		cancel()
		require.ErrorContains(t, <-done, "the server stops")
	})
}

func TestAMaskTakesWhatIsAskedFor(t *testing.T) {
	s, _ := newServer(t, 15, 2)
	udp := flow(2)
	udp.Hubble.Event.(*flowpb.Flow).L4 = &flowpb.Layer4{Protocol: &flowpb.Layer4_UDP{UDP: &flowpb.UDP{DestinationPort: 53}}}
	s.Write([]*convert.Event{udp}, 1)
	for _, req := range []*observerpb.GetFlowsRequest{
		{FieldMask: &fieldmaskpb.FieldMask{Paths: []string{"verdict", "l4.TCP.destination_port"}}},
		{Experimental: &observerpb.GetFlowsRequest_Experimental{FieldMask: &fieldmaskpb.FieldMask{Paths: []string{"verdict", "l4.TCP.destination_port"}}}},
	} {
		client := &stream{ctx: t.Context()}
		require.NoError(t, s.GetFlows(req, client))
		require.Equal(t, []int{0, 1, 0}, client.ports())
		require.True(t, proto.Equal(&flowpb.Flow{
			Verdict: flowpb.Verdict_FORWARDED, L4: &flowpb.Layer4{Protocol: &flowpb.Layer4_TCP{TCP: &flowpb.TCP{DestinationPort: 1}}},
		}, client.answers[1].GetFlow()))
		require.Nil(t, client.answers[2].GetFlow().GetL4().GetProtocol(), "a packet of UDP has no header of TCP")
		require.Equal(t, "node-1", s.node)
	}
	require.ErrorContains(t, s.GetFlows(&observerpb.GetFlowsRequest{FieldMask: &fieldmaskpb.FieldMask{Paths: []string{"nonsense"}}}, &stream{ctx: t.Context()}), "nonsense")
}

func TestFieldsOfLaterReleasesAreFilteredAndMasked(t *testing.T) {
	s, _ := newServer(t, 15, 3)
	traced := flow(3)
	id := protowire.AppendBytes(protowire.AppendTag(nil, 40, protowire.BytesType), []byte{8, 77})
	traced.Hubble.Event.(*flowpb.Flow).ProtoReflect().SetUnknown(id)
	traced.Hubble.Event.(*flowpb.Flow).IP = &flowpb.IP{Encrypted: true}
	s.Write([]*convert.Event{traced}, 1)
	later := func(field []byte) *observerpb.GetFlowsRequest {
		filter := &flowpb.FlowFilter{}
		filter.ProtoReflect().SetUnknown(field)
		return &observerpb.GetFlowsRequest{Whitelist: []*flowpb.FlowFilter{filter}}
	}
	packed := protowire.AppendBytes(protowire.AppendTag(nil, 39, protowire.BytesType), []byte{77, 78})
	encrypted := protowire.AppendVarint(protowire.AppendTag(nil, 40, protowire.VarintType), 1)
	for _, field := range [][]byte{packed, encrypted} {
		client := &stream{ctx: t.Context()}
		require.NoError(t, s.GetFlows(later(field), client))
		require.Equal(t, []int{3}, client.ports())
	}
	require.ErrorContains(t, s.GetFlows(later(protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1)), &stream{ctx: t.Context()}), "field 99")

	client := &stream{ctx: t.Context()}
	require.NoError(t, s.GetFlows(&observerpb.GetFlowsRequest{Number: 1, FieldMask: &fieldmaskpb.FieldMask{Paths: []string{"ip_trace_id.trace_id"}}}, client))
	require.Equal(t, id, []byte(client.answers[0].GetFlow().ProtoReflect().GetUnknown()))

	igmp := flow(4)
	igmp.Hubble.Event.(*flowpb.Flow).L4 = &flowpb.Layer4{}
	igmp.Hubble.Event.(*flowpb.Flow).L4.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), nil))
	s.Write([]*convert.Event{igmp}, 1)
	client = &stream{ctx: t.Context()}
	require.NoError(t, s.GetFlows(&observerpb.GetFlowsRequest{Whitelist: []*flowpb.FlowFilter{{Protocol: []string{"IGMP", "udp"}}}}, client))
	require.Len(t, client.answers, 1)
}

func TestAMaskOfLaterFieldsTakesEachByItself(t *testing.T) {
	id := protowire.AppendBytes(protowire.AppendTag(nil, 40, protowire.BytesType), []byte{8, 77})
	igmp := protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), nil)
	for name, c := range map[string]struct {
		paths    []string
		id, igmp bool
	}{
		"beside a field that no flow has": {[]string{"ip_trace_id", "emitter", "aggregate"}, true, false},
		"only one that no flow has":       {[]string{"emitter.name", "emitter.version"}, false, false},
		"within a message that is whole":  {[]string{"l4", "l4.IGMP"}, false, true},
		"of a message":                    {[]string{"l4.IGMP.type", "l4.TCP.flags"}, false, true},
	} {
		f := flow(0).Hubble.Event.(*flowpb.Flow)
		f.L4 = &flowpb.Layer4{}
		f.ProtoReflect().SetUnknown(id)
		f.L4.ProtoReflect().SetUnknown(igmp)
		m, err := newMask(&fieldmaskpb.FieldMask{Paths: c.paths})
		require.NoError(t, err)
		var streams sync.WaitGroup
		for range 2 { // at the same time: the race detector sees a change of the ring's flow
			streams.Go(func() {
				got := m.apply(f)
				assert.Equal(t, c.id, len(got.ProtoReflect().GetUnknown()) > 0, name)
				assert.Equal(t, c.igmp, len(got.GetL4().ProtoReflect().GetUnknown()) > 0, name)
			})
		}
		streams.Wait()
	}
}

func TestLossesOfTheDatapathReachEveryStream(t *testing.T) {
	s, _ := newServer(t, 15, 3)
	s.Write([]*convert.Event{loss("node-1", 9)}, 0)
	client := &stream{ctx: t.Context()}
	require.NoError(t, s.GetFlows(&observerpb.GetFlowsRequest{Whitelist: []*flowpb.FlowFilter{{DestinationPort: []string{"2"}}}}, client))
	require.Equal(t, []int{2}, client.ports())
	require.EqualValues(t, 9, client.lost())
	status, err := s.ServerStatus(t.Context(), nil)
	require.NoError(t, err)
	require.EqualValues(t, 4, status.NumFlows) // as in Hubble, whose ring has all events
	require.EqualValues(t, 3, status.SeenFlows)
}

func TestAClientThatNamesANodeGetsItsFlows(t *testing.T) {
	known := nodes.New(nodes.Options{TLS: true, Address: "a:1"}, "gateway")
	s := New(t.Context(), ring.New[convert.Event](15), known, "gateway", "test", &counted{})
	s.Write([]*convert.Event{flow(1), flowOf("node-2", 2)}, 2)
	known.Seen("node-1", 1)
	known.Seen("node-2", 1)
	for authority, want := range map[string][]int{"node-2.default.hubble-grpc.cilium.io": {2}, "gateway.example": {1, 2}, "gateway.default.hubble-grpc.cilium.io": nil} {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs(":authority", authority))
		client := &stream{ctx: ctx}
		require.NoError(t, s.GetFlows(&observerpb.GetFlowsRequest{}, client))
		require.Equal(t, want, client.ports(), authority)
		status, err := s.ServerStatus(ctx, nil)
		require.NoError(t, err)
		require.EqualValues(t, len(want), status.NumFlows)
	}
}

// debugStream is a client's stream of debug messages.
type debugStream struct {
	grpc.ServerStreamingServer[observerpb.GetDebugEventsResponse]
	ctx   context.Context
	nodes []string
}

func (s *debugStream) Context() context.Context { return s.ctx }

func (s *debugStream) Send(answer *observerpb.GetDebugEventsResponse) error {
	s.nodes = append(s.nodes, answer.NodeName)
	return nil
}

func TestLossesAndDebugMessagesAreThoseOfTheirNode(t *testing.T) {
	known := nodes.New(nodes.Options{TLS: true, Address: "a:1"}, "gateway")
	s := New(t.Context(), ring.New[convert.Event](15), known, "gateway", "test", &counted{})
	debug := func(node string) *convert.Event {
		return &convert.Event{Node: node, Hubble: v1.Event{Timestamp: timestamppb.New(start), Event: &flowpb.DebugEvent{}}}
	}
	s.Write([]*convert.Event{flow(1), loss("node-1", 9), loss("node-2", 5), debug("node-1"), debug("node-2")}, 1)
	known.Seen("node-1", 1)
	known.Seen("node-2", 1)
	for authority, want := range map[string][]string{
		"gateway.example": {"node-1", "node-2"}, "node-1.default.hubble-grpc.cilium.io": {"node-1"}, "node-2.default.hubble-grpc.cilium.io": {"node-2"},
		"gateway.default.hubble-grpc.cilium.io": nil,
	} {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs(":authority", authority))
		client := &stream{ctx: ctx}
		require.NoError(t, s.GetFlows(&observerpb.GetFlowsRequest{}, client))
		var losses []string
		for _, answer := range client.answers {
			if answer.GetLostEvents() != nil {
				losses = append(losses, answer.NodeName)
			}
		}
		require.Equal(t, want, losses, authority)
		messages := &debugStream{ctx: ctx}
		require.NoError(t, s.GetDebugEvents(&observerpb.GetDebugEventsRequest{}, messages))
		require.Equal(t, want, messages.nodes, authority)
	}
}

func TestTheListOfNodesSaysWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := nodes.New(nodes.Options{Address: "a:1"}, "gateway", nodes.Node{Name: "node-9", Address: "b:1"})
		s := New(t.Context(), ring.New[convert.Event](15), known, "gateway", "test", &counted{})
		time.Sleep(time.Minute)
		list := func() (all []*observerpb.Node) {
			answer, err := s.GetNodes(t.Context(), nil)
			require.NoError(t, err)
			for _, n := range answer.Nodes {
				require.False(t, n.Tls.Enabled)
				n.Tls = nil
			}
			return answer.Nodes
		}
		own := &observerpb.Node{Name: "gateway", Address: "a:1", State: relaypb.NodeState_NODE_CONNECTED, Version: "test", UptimeNs: uint64(time.Minute), MaxFlows: 15}
		other := &observerpb.Node{Name: "node-9", Address: "b:1"} // it has a server of its own
		requireNodes := func(want ...*observerpb.Node) {
			t.Helper()
			got := list()
			require.Len(t, got, len(want))
			for i := range want {
				require.True(t, proto.Equal(want[i], got[i]), "%v", got[i])
			}
		}
		requireNodes(own, other)
		s.Write([]*convert.Event{flow(1)}, 1)
		known.Seen("node-1", 1)
		seen := &observerpb.Node{Name: "node-1", Address: "a:1", State: relaypb.NodeState_NODE_CONNECTED, NumFlows: 1, MaxFlows: 15, SeenFlows: 1}
		requireNodes(seen, other)
		s.Write([]*convert.Event{flowOf("gateway", 2)}, 1)
		known.Seen("gateway", 1)
		own.NumFlows, own.SeenFlows = 1, 1
		requireNodes(own, seen, other)
	})
}

func TestTheRateIsThatOfTheLastMinute(t *testing.T) {
	s, _ := newServer(t, 1023, 200)
	_, rate := s.recent("", start.Add(199*time.Second))
	require.InDelta(t, 1, rate, 0.05)
	_, rate = s.recent("", start.Add(time.Hour))
	require.Zero(t, rate)
}
