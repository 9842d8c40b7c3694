// SPDX-License-Identifier: Apache-2.0

// Where a record saw its packet, and what became of the packet there.

package primary

import (
	"math"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// place is where a packet was seen: a point, the endpoint of the program (or the component of the packet monitor) and an interface.
type place struct {
	ifIndex  uint32
	endpoint uint16
	point    uint8
}

// processor returns the processor that wrote a flow's event, noProcessor when it is not known.
func processor(f *flow.Flow) int16 {
	if f.CPU < 0 || f.CPU > math.MaxInt16 {
		return noProcessor
	}
	return int16(f.CPU)
}

// pointPacketMonitor is the point of the packet monitor's components. It is none of the observation points.
const pointPacketMonitor = 255

// reasonWriteError is the only reason for which a pod's program drops a packet after its own trace at to-overlay: since Cilium 1.14 it
// traces first and then sets the tunnel's key (bpf/lib/encap.h).
const reasonWriteError = 141

// kind is what a record reports of its packet.
type kind uint8

const (
	elsewhere kind = iota // not what became of it
	comesIn               // it has reached a program
	passes                // a program passes it on
	delivered             // it has reached its end
	dropped               // a program has dropped it
	refused               // the program of the sending pod, the first on the way, has dropped it
	monitored             // the packet monitor reports that it was dropped
	unnamed               // a point without a name
)

// whereabouts returns the place of a packet and what its record reports.
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
		if f.IP.Encrypted { // the outside of an encrypted packet: the packet inside is passed on before or after it
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

// outermost reports whether a packet enters the node at the place, so that no program has reported it before.
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

// unnamedTunnel reports whether the packet is a tunnel packet without the datapath's flag for it, as before Cilium 1.18. It is not known
// whether the packet inside is reported as well.
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

// outside reports whether the packet is the outside of an encrypted packet. The packet inside comes in again, decrypted.
func outside(f *flow.Flow) bool {
	return f.IP.Encrypted || f.IP.Protocol == protoESP || f.L4.Protocol == flow.L4UDP && f.L4.DestinationPort == portWireGuard
}
