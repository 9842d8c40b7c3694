// SPDX-License-Identifier: Apache-2.0

// Package observer answers Hubble's Observer API from a ring of events. Requests come in; flows, losses, debug messages and the status go out,
// by the rules of Hubble's own server (pkg/hubble/observer, Cilium 1.20.1). The exporter's README says where they differ, and why.
package observer

//lint:file-ignore SA1019 Older clients send the deprecated field mask.

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	relaypb "github.com/cilium/cilium/api/v1/relay"
	"github.com/cilium/cilium/pkg/hubble/filters"
	"github.com/google/cel-go/cel"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/convert"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/nodes"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/ring"
)

// LostInterval is the least time between two messages of lost events on a stream.
const LostInterval = time.Second

// Telemetry is told what streams send. Its functions are called from the streams' goroutines.
type Telemetry interface {
	Sent(events int)      // events that were sent to a client
	Missed(events uint64) // events that a client has missed because it was too slow
}

// Server answers the Observer API.
type Server struct {
	observerpb.UnimplementedObserverServer

	ring      *ring.Ring[convert.Event]
	nodes     *nodes.Nodes
	node      string // of the server itself
	version   string
	started   time.Time
	seen      atomic.Uint64
	filters   []filters.OnBuildFilter
	names     func() (*cel.Env, error) // of expressions
	telemetry Telemetry
	stop      context.Context // ends the streams
}

var _ observerpb.ObserverServer = (*Server)(nil)

// New makes a server. node is the name of its own node, version what the status says. Streams end when stop does.
func New(stop context.Context, r *ring.Ring[convert.Event], n *nodes.Nodes, node, version string, telemetry Telemetry) *Server {
	return &Server{
		ring: r, nodes: n, node: node, version: version, started: time.Now(), filters: filterList(), names: sync.OnceValues(environment), telemetry: telemetry, stop: stop,
	}
}

// Write adds events to the ring and counts the flows among them.
func (s *Server) Write(events []*convert.Event, flows int) {
	s.seen.Add(uint64(flows))
	s.ring.Write(events)
}

// ServerStatus returns the state of the server.
func (s *Server) ServerStatus(ctx context.Context, _ *observerpb.ServerStatusRequest) (*observerpb.ServerStatusResponse, error) {
	answer := &observerpb.ServerStatusResponse{
		Version:   s.version,
		MaxFlows:  s.ring.Cap(),
		NumFlows:  s.ring.Len(),
		SeenFlows: s.seen.Load(),
		UptimeNs:  uint64(time.Since(s.started)),
	}
	view := s.nodes.View(ctx)
	count, rate := s.recent(view, time.Now())
	answer.FlowsRate = rate
	if view != "" {
		answer.NumFlows = count
		answer.SeenFlows = s.nodes.Flows(view)
	}
	return answer, nil
}

// recent returns how many events of a node ("" for all) are in the ring, and the flows per second of the minute before a time.
func (s *Server) recent(view string, now time.Time) (events uint64, rate float64) {
	var buffer [64]*convert.Event
	since := now.Add(-time.Minute)
	flows, open := 0, true
	oldest, at := s.ring.Range()
	var last time.Time
	for {
		n := s.ring.ReadBack(at, buffer[:])
		if n == 0 {
			break
		}
		at -= uint64(n)
		for _, e := range buffer[:n] {
			if !of(e, view) {
				continue
			}
			events++
			if _, ok := e.Hubble.Event.(*flowpb.Flow); !ok || !open {
				continue
			}
			if t := e.Hubble.Timestamp.AsTime(); t.Before(since) {
				open = false // what is earlier does not count
			} else {
				flows, last = flows+1, t
			}
		}
		if view == "" && !open {
			break
		}
	}
	if open && oldest > 0 && flows > 0 { // the ring has less than a minute
		since = last
	}
	if elapsed := now.Sub(since).Seconds(); elapsed > 0 {
		rate = float64(flows) / elapsed
	}
	return events, rate
}

// GetNodes returns this server's node and the nodes that it has seen. Its own node is left out where only flows of others have come, as on a gateway
// whose node has none. Version and uptime are known of its own node only; of a node that has another server nothing is.
func (s *Server) GetNodes(context.Context, *observerpb.GetNodesRequest) (*observerpb.GetNodesResponse, error) {
	answer := &observerpb.GetNodesResponse{}
	counts := map[string]uint64{}
	var buffer [64]*convert.Event
	for _, at := s.ring.Range(); ; {
		n := s.ring.ReadBack(at, buffer[:])
		if n == 0 {
			break
		}
		at -= uint64(n)
		for _, e := range buffer[:n] {
			if _, ok := e.Hubble.Event.(*flowpb.Flow); ok {
				counts[e.Node]++
			}
		}
	}
	list := s.nodes.List()
	elsewhere := slices.ContainsFunc(list, func(n nodes.Node) bool { return n.Name != s.node && n.Flows > 0 })
	for _, n := range list {
		node := n.Proto()
		switch own := n.Name == s.node; {
		case own && n.Flows == 0 && elsewhere:
			continue
		case own:
			node.Version, node.UptimeNs = s.version, uint64(time.Since(s.started))
		case n.Flows == 0:
			node.State = relaypb.NodeState_UNKNOWN_NODE_STATE
			answer.Nodes = append(answer.Nodes, node)
			continue
		}
		node.NumFlows, node.MaxFlows, node.SeenFlows = counts[n.Name], s.ring.Cap(), n.Flows
		answer.Nodes = append(answer.Nodes, node)
	}
	return answer, nil
}

// GetNamespaces returns the namespaces of the last hour's flows.
func (s *Server) GetNamespaces(context.Context, *observerpb.GetNamespacesRequest) (*observerpb.GetNamespacesResponse, error) {
	return &observerpb.GetNamespacesResponse{Namespaces: s.nodes.Namespaces()}, nil
}

// GetFlows sends flows, and how many events the client or the datapath has lost.
func (s *Server) GetFlows(req *observerpb.GetFlowsRequest, stream grpc.ServerStreamingServer[observerpb.GetFlowsResponse]) error {
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	whitelist, blacklist, err := s.filtersOf(ctx, cancel, req)
	if err != nil {
		return err
	}
	paths := req.GetFieldMask()
	if len(paths.GetPaths()) == 0 {
		paths = req.GetExperimental().GetFieldMask()
	}
	mask, err := newMask(paths)
	if err != nil {
		return err
	}
	match := func(e *convert.Event) bool { return filters.Apply(whitelist, blacklist, &e.Hubble) }
	return s.stream(ctx, req, match, &sender{
		event: func(e *convert.Event) (bool, error) {
			f, ok := e.Hubble.Event.(*flowpb.Flow)
			if !ok {
				return false, nil
			}
			if mask != nil {
				f = mask.apply(f)
			}
			return true, stream.Send(&observerpb.GetFlowsResponse{
				Time: f.GetTime(), NodeName: f.GetNodeName(), ResponseTypes: &observerpb.GetFlowsResponse_Flow{Flow: f},
			})
		},
		lost: func(lost *flowpb.LostEvent, at *timestamppb.Timestamp, node string) error {
			return stream.Send(&observerpb.GetFlowsResponse{
				Time: at, NodeName: node, ResponseTypes: &observerpb.GetFlowsResponse_LostEvents{LostEvents: lost},
			})
		},
	})
}

// filtersOf builds the filters of a request. One that cannot decide ends the stream by stop.
func (s *Server) filtersOf(ctx context.Context, stop context.CancelCauseFunc, req *observerpb.GetFlowsRequest) (whitelist, blacklist filters.FilterFuncs, err error) {
	if err := checkFilters(req.GetWhitelist(), req.GetBlacklist()); err != nil {
		return nil, nil, err
	}
	env, err := s.names()
	if err != nil {
		return nil, nil, err
	}
	all := append(slices.Clone(s.filters), expressions(env, stop))
	if whitelist, err = filters.BuildFilterList(ctx, req.GetWhitelist(), all); err != nil {
		return nil, nil, err
	}
	blacklist, err = filters.BuildFilterList(ctx, req.GetBlacklist(), all)
	return whitelist, blacklist, err
}

// GetAgentEvents sends nothing: the records have no events of Cilium's agent. It ends as Hubble's does, and with follow it stays.
func (s *Server) GetAgentEvents(req *observerpb.GetAgentEventsRequest, stream grpc.ServerStreamingServer[observerpb.GetAgentEventsResponse]) error {
	return s.stream(stream.Context(), req, nil, &sender{event: func(*convert.Event) (bool, error) { return false, nil }})
}

// GetDebugEvents sends debug messages.
func (s *Server) GetDebugEvents(req *observerpb.GetDebugEventsRequest, stream grpc.ServerStreamingServer[observerpb.GetDebugEventsResponse]) error {
	return s.stream(stream.Context(), req, nil, &sender{event: func(e *convert.Event) (bool, error) {
		debug, ok := e.Hubble.Event.(*flowpb.DebugEvent)
		if !ok {
			return false, nil
		}
		return true, stream.Send(&observerpb.GetDebugEventsResponse{Time: e.Hubble.Timestamp, NodeName: e.Node, DebugEvent: debug})
	}})
}

// checkRequest returns an error for what Hubble's server refuses.
func checkRequest(req request) error {
	if req.GetFirst() && req.GetFollow() {
		return status.Error(codes.InvalidArgument, "first cannot be specified with follow")
	}
	for _, t := range []*timestamppb.Timestamp{req.GetSince(), req.GetUntil()} {
		if t != nil {
			if err := t.CheckValid(); err != nil {
				return err
			}
		}
	}
	return nil
}
