// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/binary"
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// keySize is the size in bytes of a key, which identifies a connection at a trace point: point, direction, protocol and kind of
// tunnel, two ports, the tunnel's identifier and two addresses.
const keySize = 4 + 2*2 + 4 + 2*16

// directionAt is the place of the direction in a key. primaryBit, in the same byte, is set for flows whose packets and bytes are counted. It
// keeps them apart from other flows, because a record of several flows counts all of them or none.
const (
	directionAt = 1
	primaryBit  = 1 << 7
)

// identify sets c.key to the key of the event's connection. It reports whether the event may be aggregated: only traces of packets
// with an IP header are. Each direction of a connection has its own key. For ICMP, type and code take the place of
// the ports; a packet with neither is distinguished by its protocol.
func (c *ConnectionAggregator) identify(f *flow.Flow) bool {
	if f.Type != monitor.TypeTrace || f.IP.Version == 0 {
		return false
	}
	src, dst := f.L4.SourcePort, f.L4.DestinationPort
	if f.L4.Protocol == flow.L4ICMPv4 || f.L4.Protocol == flow.L4ICMPv6 {
		src, dst = uint16(f.L4.Type), uint16(f.L4.Code)
	}
	direction := byte(f.Direction)
	if f.Primary {
		direction |= primaryBit
	}
	b := append(c.key[:0], byte(f.SubType), direction, f.IP.Protocol, byte(f.Tunnel.Protocol))
	b = binary.LittleEndian.AppendUint16(b, src)
	b = binary.LittleEndian.AppendUint16(b, dst)
	b = binary.LittleEndian.AppendUint32(b, f.Tunnel.VNI)
	b = appendAddress(b, f.IP.Source)
	appendAddress(b, f.IP.Destination)
	return true
}

func appendAddress(b []byte, a netip.Addr) []byte {
	bytes := a.As16()
	return append(b, bytes[:]...)
}
