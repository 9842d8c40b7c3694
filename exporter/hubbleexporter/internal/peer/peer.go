// SPDX-License-Identifier: Apache-2.0

// Package peer answers Hubble's Peer API: which servers have flows. Hubble Relay asks it, and connects to each.
package peer

import (
	"context"

	peerpb "github.com/cilium/cilium/api/v1/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/nodes"
)

// Server answers the Peer API.
type Server struct {
	peerpb.UnimplementedPeerServer
	nodes *nodes.Nodes
	stop  context.Context
}

// New makes a server. Streams end when stop does.
func New(stop context.Context, n *nodes.Nodes) *Server { return &Server{nodes: n, stop: stop} }

// Notify sends all peers, and then their changes, until the client goes.
func (s *Server) Notify(_ *peerpb.NotifyRequest, stream grpc.ServerStreamingServer[peerpb.ChangeNotification]) error {
	known := map[string]nodes.Node{}
	send := func(typ peerpb.ChangeNotificationType, n *nodes.Node) error {
		c := &peerpb.ChangeNotification{Name: n.FullName(), Address: n.Address, Type: typ}
		if n.ServerName != "" {
			c.Tls = &peerpb.TLS{ServerName: n.ServerName}
		}
		return stream.Send(c)
	}
	for {
		list, changed := s.nodes.Watch()
		now := map[string]bool{}
		for i := range list {
			n := &list[i]
			if !n.Peer {
				continue
			}
			now[n.Name] = true
			if _, ok := known[n.Name]; ok {
				continue
			}
			known[n.Name] = *n
			if err := send(peerpb.ChangeNotificationType_PEER_ADDED, n); err != nil {
				return err
			}
		}
		for name, n := range known {
			if now[name] {
				continue
			}
			delete(known, name)
			if err := send(peerpb.ChangeNotificationType_PEER_DELETED, &n); err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		case <-s.stop.Done():
			return status.Error(codes.Unavailable, "the server stops")
		}
	}
}
