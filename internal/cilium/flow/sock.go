// SPDX-License-Identifier: Apache-2.0

// Flows of the socket load balancer's events.

package flow

import (
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// socket decodes an event of the socket load balancer. The event has no source address: only the agent can look it up, by the cgroup. On the way back
// source and destination are exchanged.
func (f *Flow) socket(n *monitor.Notification) {
	s := &n.Sock
	f.Class = ClassSocket
	f.Sock = n.Sock
	switch n.SubType {
	case socketPreForward, socketPreReverse:
		f.Verdict = VerdictTraced
	case socketPostForward, socketPostReverse:
		f.Verdict = VerdictTranslated
	}
	f.IP = IP{Version: 4, Destination: s.DstIP}
	if s.IPv6 {
		f.IP.Version = 6
	}
	switch s.L4Proto {
	case 1:
		f.L4.Protocol, f.Layer, f.IP.Protocol = L4TCP, LayerTCP, protoTCP
	case 2:
		f.L4.Protocol, f.Layer, f.IP.Protocol = L4UDP, LayerUDP, protoUDP
	}
	f.L4.DestinationPort = s.DstPort
	if n.SubType == socketPreReverse || n.SubType == socketPostReverse {
		f.IP.Source, f.IP.Destination = f.IP.Destination, netip.Addr{}
		f.L4.SourcePort, f.L4.DestinationPort = f.L4.DestinationPort, 0
	}
}

// Translation points of the socket load balancer, the sub-type of its events.
const (
	socketPreForward  = 1
	socketPostForward = 2
	socketPreReverse  = 3
	socketPostReverse = 4
)
