// SPDX-License-Identifier: Apache-2.0

package primary

import (
	"math"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// place is where a packet is seen: a point, in an endpoint's program (or the packet monitor's component), at an interface.
type place struct {
	ifIndex  uint32
	endpoint uint16
	point    uint8
}

// processor is the one that wrote a flow's event; noProcessor when it is not known.
func processor(f *flow.Flow) int16 {
	if f.CPU < 0 || f.CPU > math.MaxInt16 {
		return noProcessor
	}
	return int16(f.CPU)
}

// pointPacketMonitor is a place's point beside the observation points.
const pointPacketMonitor = 255

// reasonWriteError is the one reason for which a pod's program drops a packet behind its own trace at to-overlay: since Cilium 1.14
// it traces first and sets the tunnel's key then (bpf/lib/encap.h).
const reasonWriteError = 141

// kind is what a record says of its packet.
type kind uint8

const (
	elsewhere kind = iota // nothing of what becomes of it
	comesIn               // it has come to a program
	passes                // a program passes it on
	delivered             // it has come to its end
	dropped               // a program has dropped it
	refused               // the program of the pod that sent it has dropped it, which is the first program on its way
	monitored             // the packet monitor tells that it was dropped
	unnamed               // something that this rule does not know
)

// whereabouts gives the place of a packet and what its record says of it.
func whereabouts(f *flow.Flow) (place, kind) {
	switch f.Type {
	case monitor.TypeDrop:
		here := place{endpoint: f.EndpointID}
		if f.PacketDirection == flow.DirectionEgress && f.DropReason != reasonWriteError {
			return here, refused
		}
		return here, dropped
	case monitor.TypePacketMonitorDrop:
		return place{endpoint: f.Pktmon.ComponentID, point: pointPacketMonitor}, monitored
	case monitor.TypeTrace:
	default:
		return place{}, elsewhere
	}
	here := place{f.InterfaceIndex, f.EndpointID, uint8(f.SubType)}
	switch f.SubType {
	case monitor.TraceToEndpoint, monitor.TraceToProxy:
		return here, delivered
	case monitor.TraceToCrypto:
		return here, passes
	case monitor.TraceToHost, monitor.TraceToStack, monitor.TraceToOverlay, monitor.TraceToNetwork:
		if f.IP.Encrypted { // the outside of a packet that was passed on before, or will be
			return here, elsewhere
		}
		return here, passes
	}
	if !f.ObservationPoint.Known() {
		if f.OrigLen == 0 {
			return here, elsewhere
		}
		return here, unnamed
	}
	return here, comesIn
}

// outermost reports whether a packet comes to the node at a point: no program has told of it before.
func (h place) outermost() bool {
	return h.point == monitor.TraceFromEndpoint || h.point == monitor.TraceFromNetwork
}

// UDP ports of tunnels, and the protocol of IPsec.
const (
	portVXLAN       = 8472
	portVXLANByIANA = 4789
	portGeneve      = 6081
	portWireGuard   = 51871
	protoESP        = 50
)

// unnamedTunnel reports whether the packet is a tunnel's that the datapath does not call one, as before Cilium 1.18: the packet
// inside has been passed on already, or will be, or not.
func unnamedTunnel(f *flow.Flow) bool {
	if f.L4.Protocol != flow.L4UDP || f.Tunnel.Protocol != flow.TunnelNone {
		return false
	}
	switch f.L4.DestinationPort {
	case portVXLAN, portVXLANByIANA, portGeneve:
		return true
	}
	return false
}

// outside reports whether the packet is the outside of an encrypted one, which comes in a second time.
func outside(f *flow.Flow) bool {
	return f.IP.Encrypted || f.IP.Protocol == protoESP || f.L4.Protocol == flow.L4UDP && f.L4.DestinationPort == portWireGuard
}
