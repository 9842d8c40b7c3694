// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	v1 "github.com/cilium/cilium/pkg/hubble/api/v1"
	"github.com/cilium/cilium/pkg/hubble/container"
	"github.com/cilium/cilium/pkg/hubble/observer"
	"github.com/cilium/cilium/pkg/hubble/observer/namespace"
	"github.com/cilium/cilium/pkg/hubble/observer/observeroption"
	"github.com/cilium/cilium/pkg/hubble/observer/types"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// decoder gives the events themselves.
type decoder struct{}

func (decoder) Decode(e *types.MonitorEvent) (*v1.Event, error) { return e.Payload.(*v1.Event), nil }

// ciliumServer is Cilium's own server. It takes events until the test ends, as an agent's does.
type ciliumServer struct {
	*observer.LocalObserverServer
	t       *testing.T
	address string
	events  uint64
}

func startCiliums(t *testing.T, capacity container.Capacity) *ciliumServer {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s, err := observer.NewLocalServer(decoder{}, namespace.NewManager(), log, observeroption.WithMaxFlows(capacity), observeroption.WithLostEventSendInterval(time.Second))
	require.NoError(t, err)
	go s.Start()
	server := grpc.NewServer()
	observerpb.RegisterObserverServer(server, s)
	check := health.NewServer()
	check.SetServingStatus(v1.ObserverServiceName, healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(server, check)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		close(s.GetEventsChannel())
		<-s.GetStopped()
	})
	return &ciliumServer{LocalObserverServer: s, t: t, address: l.Addr().String()}
}

// take gives flows to the server, and waits until they are in its ring, which shows the last one when another event has come.
func (s *ciliumServer) take(flows []*flowpb.Flow) {
	s.t.Helper()
	for _, f := range flows {
		s.send(&v1.Event{Timestamp: f.Time, Event: f})
	}
	s.written()
}

// show makes the last flow show, with an event behind it that is no flow.
func (s *ciliumServer) show() {
	s.t.Helper()
	s.send(&v1.Event{Timestamp: timestamppb.Now(), Event: &flowpb.AgentEvent{}})
	s.written()
}

func (s *ciliumServer) send(e *v1.Event) {
	s.GetEventsChannel() <- &types.MonitorEvent{Payload: e}
	s.events++
}

// written waits until all events are in the ring.
func (s *ciliumServer) written() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.GetRingBuffer().LastWriteParallel() == s.events-2 }, time.Minute, time.Millisecond)
}

// ciliums serves flows with Cilium's own server, and returns its address.
func ciliums(t *testing.T, flows []*flowpb.Flow, capacity container.Capacity) string {
	t.Helper()
	s := startCiliums(t, capacity)
	s.take(flows)
	s.show()
	return s.address
}

// flows returns all flows of a collector.
func (c *collector) flows() (all []*flowpb.Flow) {
	c.Helper()
	stream, err := c.client.GetFlows(c.Context(), &observerpb.GetFlowsRequest{})
	require.NoError(c, err)
	for {
		answer, err := stream.Recv()
		if err == io.EOF {
			return all
		}
		require.NoError(c, err)
		if f := answer.GetFlow(); f != nil {
			all = append(all, f)
		}
	}
}
