// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/binary"
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// keySize is the size of what identifies a connection at a trace point: point, direction, protocol and kind of tunnel, two
// ports, the tunnel's identifier and two addresses.
const keySize = 4 + 2*2 + 4 + 2*16

// Where the direction stands in a key, and the bit beside it that tells the records that count their packets' bytes from those
// that do not: a record that stands for several either counts all of them or none.
const (
	directionAt = 1
	primaryBit  = 1 << 7
)

// identify makes c.key the key of the event's connection. It is false for what is never aggregated: all but traces, and
// packets without an IP header. Both directions of a connection are reported each for itself. ICMP's type and code stand for
// the ports; what has neither is told apart by its protocol.
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
